//! What the shared library exports is what the header declares: nothing that GameMaker's runners look
//! up either, which a program may have functions of the same names as.
#![cfg(target_os = "linux")]

use std::path::Path;

use xtask::surface::{archived, declared, dynamic_section, exported, library};

#[test]
fn the_header_and_the_exports_agree() {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/stepwire.h");
    let expected = declared(&header, "network_");
    assert!(expected.contains("network_create_socket") && expected.len() >= 32, "{expected:?}");
    assert_eq!(exported(&library("libstepwire.so")), expected);
}

/// What a program that links the archive gets must not meet what it has itself.
#[test]
fn the_archive_has_nothing_for_runners() {
    let names = archived(&library("libstepwire.a"));
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
    let dynamic = dynamic_section(&library("libstepwire.so"));
    let soname = format!("Library soname: [{}]", xtask::version::loaded_name("stepwire"));
    assert!(dynamic.contains(&soname), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}
