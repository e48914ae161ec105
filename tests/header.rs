//! The C headers are what the sources say, complete and documented.

use std::fs;
use std::path::Path;

use xtask::header_text::{CLUSTER, Header, STEPWIRE};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(header: &Header) -> String {
    fs::read_to_string(root().join(header.path)).expect("the header is part of the project")
}

#[test]
fn the_headers_are_up_to_date() {
    for header in [STEPWIRE, CLUSTER] {
        let expected = header.generate(root()).expect("the header can be made");
        assert!(
            text_of(&header) == expected,
            "{} is not what the sources make it: run `cargo xtask header`",
            header.path
        );
    }
}

#[test]
fn the_reference_is_up_to_date() {
    let page = fs::read_to_string(root().join("docs/reference.md"))
        .expect("docs/reference.md is part of the project");
    assert!(
        page == xtask::reference_text::generate(),
        "docs/reference.md is not what the tables make it: run `cargo xtask header`"
    );
}

#[test]
fn the_lua_binding_declares_what_the_header_does() {
    let binding =
        fs::read_to_string(root().join("bindings/lua/stepwire.lua")).expect("there is a Lua binding");
    let expected =
        xtask::lua_binding::update(&binding, &text_of(&STEPWIRE)).expect("the binding has its two lines");
    assert!(
        binding == expected,
        "bindings/lua/stepwire.lua is not what the header makes it: run `cargo xtask header`"
    );
}

/// The first line of everything the header declares: macros, types, their fields, functions.
fn declarations(header: &str) -> Vec<(usize, &str)> {
    let mut inside_comment = false;
    let mut found = Vec::new();
    for (number, line) in header.lines().enumerate() {
        let text = line.trim();
        if inside_comment || text.starts_with("/*") {
            inside_comment = !text.ends_with("*/");
            continue;
        }
        let names_something = text.starts_with("#define ") && text.split_whitespace().count() > 2
            || text.starts_with("typedef ")
            || text.starts_with("double ")
            || text.starts_with("const ");
        // The further lines of a long parameter list are indented further than a field.
        if names_something && line.len() - text.len() <= 4 {
            found.push((number, line));
        }
    }
    found
}

/// How many of what is declared begins like this.
fn count(declared: &[(usize, &str)], start: &str) -> usize {
    declared.iter().filter(|(_, line)| line.trim_start().starts_with(start)).count()
}

fn expect_comments(header: &str, declared: &[(usize, &str)]) {
    let lines: Vec<_> = header.lines().collect();
    let bare: Vec<_> = declared
        .iter()
        .filter(|(number, _)| !lines[number.saturating_sub(1)].trim_end().ends_with("*/"))
        .map(|(_, line)| line)
        .collect();
    assert!(bare.is_empty(), "without a comment: {bare:#?}");
}

#[test]
fn everything_public_is_documented() {
    let header = text_of(&STEPWIRE);
    let declared = declarations(&header);
    let count = |start| count(&declared, start);
    // The parser above sees what there is: constants, the event with its fields, functions.
    assert!(count("#define network_") > 40, "{declared:?}");
    assert_eq!(count("typedef "), 2, "{declared:?}");
    assert!(count("double ") + count("const ") > 32 + 9, "{declared:?}");
    expect_comments(&header, &declared);
}

#[test]
fn everything_public_of_the_cluster_is_documented() {
    let header = text_of(&CLUSTER);
    let declared = declarations(&header);
    assert!(count(&declared, "#define cluster_") >= 15, "{declared:?}");
    assert_eq!(count(&declared, "typedef "), 1, "{declared:?}");
    assert!(count(&declared, "double ") + count(&declared, "const ") >= 26 + 20, "{declared:?}");
    expect_comments(&header, &declared);
}
