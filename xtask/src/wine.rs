//! Wine, which runs Windows programs here. Debian 12's own, version 8, cannot serve TLS; where this is possible
//! the newer Debian's is installed into a folder of its own and run from there.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::build::{root, target_dir};
use crate::cross::Windows;
use crate::machine::{Tool, provide};

const DEBOOTSTRAP: Tool = Tool::new("debootstrap", "debootstrap");
const RELEASE: &str = "trixie";
const MIRROR: &str = "http://deb.debian.org/debian";
/// For 64-bit and 32-bit programs, and their TLS.
const INSTALL: &str = "dpkg --add-architecture i386 && apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    wine wine64 wine32:i386 libgnutls30t64 libgnutls30t64:i386";

/// Says to the tests how many times their patience is needed.
pub const SLOWNESS: &str = "STEPWIRE_TEST_SLOWNESS";
/// What an emulated system needs more.
pub const TIMES_SLOWER: &str = "3";

pub struct Wine {
    /// The words before a Windows program.
    launcher: Vec<String>,
    prefix: PathBuf,
    /// What it says of itself.
    pub version: String,
    chrooted: bool,
}

impl Wine {
    /// Provides Wine for programs of that machine and starts its server, which ends with this value.
    pub fn start(windows: &Windows) -> Result<Self, String> {
        let folder = env::var_os("STEPWIRE_WINE").map_or_else(|| target_dir().join("wine"), PathBuf::from);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut wine = match newer_system(&folder) {
            Ok(system) => Self::in_system(&system, &folder, loader(windows)),
            Err(reason) => {
                println!("Wine of {RELEASE} cannot be had: {reason}; this system's own has to do");
                Self::of_this_system(&folder, loader(windows))?
            }
        };
        fs::create_dir_all(&wine.prefix).map_err(|error| format!("{}: {error}", wine.prefix.display()))?;
        // What a run that was interrupted has left behind.
        let _ = wine.tool(&["wineserver", "-k"]).stderr(Stdio::null()).status();
        // The server stays, so that programs start at once.
        if !wine.tool(&["wineserver", "-p"]).status().is_ok_and(|status| status.success()) {
            return Err("Wine's server does not start".to_owned());
        }
        let initialised =
            wine.tool(&["wineboot", "--init"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !initialised.is_ok_and(|status| status.success()) {
            return Err("Wine cannot be set up".to_owned());
        }
        wine.version = wine.ask_version();
        if !wine.chrooted {
            wine.add_missing_library()?;
        }
        Ok(wine)
    }

    fn in_system(system: &Path, folder: &Path, loader: &str) -> Self {
        let prefix = folder.join("prefix");
        let shared = [root(), target_dir(), folder.to_owned(), env::temp_dir()];
        let shared: Vec<_> = shared.iter().map(|path| path.display().to_string()).collect();
        let script = root().join("tests/windows/wine-in-chroot.sh");
        let launcher = vec![
            script.display().to_string(),
            system.display().to_string(),
            prefix.display().to_string(),
            shared.join(":"),
            loader.to_owned(),
        ];
        Self { launcher, prefix, version: String::new(), chrooted: true }
    }

    fn of_this_system(folder: &Path, loader: &str) -> Result<Self, String> {
        provide(&[Tool::new("wine", "wine")], &[Tool::new("wine64", "wine64")])?;
        let prefix = folder.join("prefix-of-this-system");
        let launcher = vec!["env".to_owned(), format!("WINEPREFIX={}", prefix.display()), loader.to_owned()];
        Ok(Self { launcher, prefix, version: String::new(), chrooted: false })
    }

    /// The words before a Windows program, to be given to others.
    pub fn launcher(&self) -> &[String] {
        &self.launcher
    }

    /// A command that runs a Windows program.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(&self.launcher[0]);
        // A path of Windows: for others Wine starts a second process.
        let program = format!("Z:{}", program.display());
        command.args(&self.launcher[1..]).arg(program).env("WINEDEBUG", "-all");
        command.env(SLOWNESS, TIMES_SLOWER);
        command
    }

    /// One of Wine's own programs.
    fn tool(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.launcher[0]);
        // The last word is the loader.
        command.args(&self.launcher[1..self.launcher.len() - 1]).args(words).env("WINEDEBUG", "-all");
        command
    }

    fn ask_version(&self) -> String {
        let output = self.tool(&["wine", "--version"]).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    }

    /// Rust's standard library takes random bytes from a library that Wine 8 lacks.
    fn add_missing_library(&self) -> Result<(), String> {
        let library = self.prefix.join("drive_c/windows/system32/bcryptprimitives.dll");
        if library.exists() {
            return Ok(());
        }
        let mut compile = Command::new("x86_64-w64-mingw32-gcc");
        compile.arg("-shared").arg(root().join("tests/windows/bcryptprimitives.c")).arg("-o").arg(library);
        if compile.arg("-ladvapi32").status().is_ok_and(|status| status.success()) {
            return Ok(());
        }
        Err("the library that Wine lacks could not be built".to_owned())
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // Ends the programs of this prefix too.
        let _ = self.tool(&["wineserver", "-k"]).status();
    }
}

/// The program that loads Windows programs: each of the two starts a second process for those of the other.
fn loader(windows: &Windows) -> &'static str {
    if windows.mingw == "x86_64" { "/usr/lib/wine/wine64" } else { "/usr/lib/wine/wine" }
}

/// The tree of a system that has the newer Wine, made if there is none.
fn newer_system(folder: &Path) -> Result<PathBuf, String> {
    let system = folder.join("system");
    // Written last: what was interrupted is begun anew.
    let complete = folder.join("system-is-complete");
    if complete.exists() {
        return Ok(system);
    }
    provide(&[DEBOOTSTRAP], &[])?;
    let run = |command: &mut Command| match command.stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} failed: {status}", command.get_program().to_string_lossy())),
        Err(error) => Err(format!("{}: {error}", command.get_program().to_string_lossy())),
    };
    println!("installing Wine of {RELEASE} into {} (about five minutes, 5 GB)", system.display());
    if system.exists() {
        fs::remove_dir_all(&system).map_err(|error| error.to_string())?;
    }
    run(Command::new(DEBOOTSTRAP.program).args(["--variant=minbase", RELEASE]).arg(&system).arg(MIRROR))?;
    for name in ["hosts", "resolv.conf"] {
        let _ = fs::copy(Path::new("/etc").join(name), system.join("etc").join(name));
    }
    run(Command::new("chroot").arg(&system).args(["sh", "-c", INSTALL]))?;
    fs::write(&complete, "").map_err(|error| error.to_string())?;
    Ok(system)
}
