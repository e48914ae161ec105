//! What a shared library shows of itself, and what its header says that it does. For tests on Linux.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A library of that name that cargo has built beside the test that asks.
pub fn library(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    test.parent().expect("a program is in a folder").join(name)
}

fn tool(program: &str, arguments: &[&str], library: &Path) -> String {
    let output =
        Command::new(program).args(arguments).arg(library).output().expect("binutils come with the linker");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names are plain text")
}

/// The names a shared library exports.
pub fn exported(library: &Path) -> BTreeSet<String> {
    names(&tool("nm", &["-D", "--defined-only"], library))
}

/// The names a program that links an archive can meet.
pub fn archived(library: &Path) -> BTreeSet<String> {
    names(&tool("nm", &["--defined-only", "--extern-only"], library))
}

fn names(listed: &str) -> BTreeSet<String> {
    listed.lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect()
}

/// What the dynamic linker is told, as text.
pub fn dynamic_section(library: &Path) -> String {
    tool("readelf", &["--dynamic", "--wide"], library)
}

/// The functions of a header whose names begin like this: the words before a parenthesis in its code.
pub fn declared(header: &Path, prefix: &str) -> BTreeSet<String> {
    let header = std::fs::read_to_string(header).expect("the header is part of the project");
    let code: String =
        header.split("/*").map(|piece| piece.split_once("*/").map_or(piece, |(_, code)| code)).collect();
    code.match_indices('(')
        .map(|(at, _)| {
            code[..at].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
        })
        .filter(|name| name.starts_with(prefix))
        .map(str::to_owned)
        .collect()
}
