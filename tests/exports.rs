//! What the shared library exports is what the header declares.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Exported on purpose, but not for C programs.
const BESIDES_THE_HEADER: &[&str] = &["RegisterCallbacks"];

/// C++ names are for GameMaker's runners; xtask's tests hold them against the extension's description.
fn is_for_runners(name: &str) -> bool {
    name.starts_with("_Z")
}

/// Cargo puts the cdylib beside the tests that it builds.
fn library() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    test.parent().expect("a program is in a folder").join("libstepwire.so")
}

fn tool(program: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(program).args(arguments).arg(library()).output().expect("binutils come with the linker");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names are plain text")
}

fn exported() -> BTreeSet<String> {
    tool("nm", &["-D", "--defined-only"])
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .filter(|name| !is_for_runners(name))
        .map(str::to_owned)
        .collect()
}

/// The words before a parenthesis in the header's code.
fn declared() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/stepwire.h");
    let header = std::fs::read_to_string(path).expect("the header is part of the project");
    let code: String =
        header.split("/*").map(|piece| piece.split_once("*/").map_or(piece, |(_, code)| code)).collect();
    code.match_indices('(')
        .map(|(at, _)| {
            code[..at].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
        })
        .filter(|name| name.starts_with("network_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_header_and_the_exports_agree() {
    let mut expected = declared();
    assert!(expected.contains("network_create_socket") && expected.len() >= 32, "{expected:?}");
    expected.extend(BESIDES_THE_HEADER.iter().map(|&name| name.to_owned()));
    assert_eq!(exported(), expected);
}

#[test]
fn the_library_has_its_soname_and_stays_loaded() {
    let dynamic = tool("readelf", &["--dynamic", "--wide"]);
    let soname = format!("Library soname: [{}]", xtask::version::loaded_name());
    assert!(dynamic.contains(&soname), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}
