//! What the shared library exports is what the header declares: nothing that GameMaker's runners look
//! up either, which a program may have functions of the same names as.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Cargo puts the libraries beside the tests that it builds.
fn library(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    test.parent().expect("a program is in a folder").join(name)
}

fn tool(program: &str, arguments: &[&str], library: &Path) -> String {
    let output =
        Command::new(program).args(arguments).arg(library).output().expect("binutils come with the linker");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names are plain text")
}

fn exported() -> BTreeSet<String> {
    tool("nm", &["-D", "--defined-only"], &library("libstepwire.so"))
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
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
    let expected = declared();
    assert!(expected.contains("network_create_socket") && expected.len() >= 32, "{expected:?}");
    assert_eq!(exported(), expected);
}

/// What a program that links the archive gets must not meet what it has itself.
#[test]
fn the_archive_has_nothing_for_runners() {
    let names = tool("nm", &["--defined-only", "--extern-only"], &library("libstepwire.a"));
    let names: BTreeSet<&str> = names.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert!(names.contains("network_create_socket"), "{} names", names.len());
    let for_runners: Vec<_> = names
        .iter()
        .filter(|name| {
            **name == "RegisterCallbacks"
                || ["Initialise", "RValue", "CInstance"].iter().any(|part| name.contains(part))
                || name.starts_with("stepwire_")
        })
        .collect();
    assert!(for_runners.is_empty(), "{for_runners:?}");
}

#[test]
fn the_library_has_its_soname_and_stays_loaded() {
    let dynamic = tool("readelf", &["--dynamic", "--wide"], &library("libstepwire.so"));
    let soname = format!("Library soname: [{}]", xtask::version::loaded_name());
    assert!(dynamic.contains(&soname), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}
