//! `cargo xtask mutants`: changes the pure rooms of `src` in small ways, one at a time, and names the changes that no
//! test of the room notices (cargo-mutants).
//!
//! Whatever knows neither sockets nor the other rooms is compiled alone for that, in target/mutants: in a tenth of the
//! time that the library takes. Those that are named are looked at by somebody: the ones that make no difference are
//! in docs/mutants.md.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{self, root, target_dir};
use crate::command::must;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask mutants [ROOM...]";
const VERSION: &str = "27.1.0";
/// The rooms of which every change is tried.
const ROOMS: [&str; 12] = [
    "address_limits",
    "backlog",
    "conditioner",
    "datagram_records",
    "encoder",
    "protocol",
    "proxy",
    "quota",
    "rate",
    "timers",
    "url",
    "websocket",
];
/// What those need besides.
const NEEDED: [&str; 2] = ["clock", "random"];
/// A test that takes so many seconds hangs, which is noticed too.
const PATIENCE: &str = "60";

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let wanted: Vec<_> = arguments.collect();
    if let Some(unknown) = wanted.iter().find(|room| !ROOMS.contains(&room.as_str())) {
        return Err(format!("{USAGE}\nthere is no {unknown}; there are {}", ROOMS.join(", ")).into());
    }
    let tool = provide_tool()?;
    let folder = target_dir().join("mutants");
    write_crate(&folder)?;
    let mut missed = Vec::new();
    for room in ROOMS.iter().filter(|room| wanted.is_empty() || wanted.iter().any(|name| name == *room)) {
        println!("--> {room}");
        let outcomes = folder.join("outcomes").join(room);
        fs::create_dir_all(&outcomes)?;
        let mut command = Command::new(&tool);
        command.current_dir(&folder).args(["mutants", "--in-place", "--no-shuffle", "--timeout", PATIENCE]);
        command.arg("--output").arg(outcomes);
        command.args(["--file", &format!("src/{room}.rs"), "--file", &format!("src/{room}/**")]);
        command.args(["--", "--lib", "--", &format!("{room}::")]);
        // What is found goes to standard output; the number at the end says whether there was something.
        if !command.status()?.success() {
            missed.push(*room);
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("see above: {}", missed.join(", ")).into()) }
}

/// cargo-mutants, which cargo builds once.
fn provide_tool() -> Result<PathBuf> {
    let folder = target_dir().join("cargo-mutants");
    let tool = folder.join("bin/cargo-mutants");
    let said = Command::new(&tool).args(["mutants", "--version"]).output();
    if said.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(VERSION)) {
        return Ok(tool);
    }
    let mut install = build::cargo();
    install.args(["install", "--locked", &format!("cargo-mutants@{VERSION}"), "--root"]).arg(folder);
    must(&mut install)?;
    Ok(tool)
}

/// A crate of these rooms alone.
fn write_crate(folder: &Path) -> Result<()> {
    let sources = folder.join("src");
    if sources.exists() {
        fs::remove_dir_all(&sources)?;
    }
    fs::create_dir_all(&sources)?;
    // What the other rooms use is not used here.
    let mut library = String::from("#![allow(warnings)]\n");
    for room in ROOMS.iter().chain(&NEEDED) {
        copy(&root().join("src").join(room), &sources.join(room))?;
        library.push_str(&format!("pub mod {room};\n"));
    }
    fs::write(sources.join("lib.rs"), library)?;
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(fs::write(folder.join("Cargo.toml"), manifest(&fs::read_to_string(root().join("Cargo.toml"))?))?)
}

/// A room is a file or a folder of that name.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::copy(from.with_extension("rs"), to.with_extension("rs"))?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, target)?;
        }
    }
    Ok(())
}

/// With the library's dependencies, but for those of its features; without what debuggers want to know.
fn manifest(library: &str) -> String {
    let mut manifest = String::from(
        "[package]\nname = \"pure-rooms\"\nedition = \"2024\"\n\n[workspace]\n\n[lib]\ndoctest = false\n\n\
         [profile.dev]\ndebug = 0\n\n",
    );
    let mut is_copied = false;
    for line in library.lines() {
        if line.starts_with('[') {
            is_copied = matches!(line, "[dependencies]" | "[dev-dependencies]");
        }
        // Neither what is only there with a feature, nor what lies beside the library, nor what measures.
        let is_left = ["optional = true", "path = ", "criterion"].iter().any(|mark| line.contains(mark));
        if is_copied && !is_left {
            manifest.push_str(line);
            manifest.push('\n');
        }
    }
    manifest
}
