//! `include/api.json`, from which bindings are made, says what the library is.

use std::ffi::CStr;
use std::path::Path;

use stepwire::abi::{NetworkEvent, network_error_name};
use xtask::layout;
use xtask::surface::{described, described_layout, described_names};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_description_is_up_to_date() {
    let written = std::fs::read_to_string(root().join(xtask::api::PATH))
        .expect("the description is part of the project");
    let expected = xtask::api::generate(root()).expect("the description can be made");
    assert!(
        written == expected,
        "{} is not what the sources make it: run `cargo xtask header`",
        xtask::api::PATH
    );
}

#[test]
fn what_bindings_make_of_it_is_up_to_date() {
    for (path, expected) in xtask::from_api::generate(root()).expect("the files can be made") {
        let written = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        assert!(written == expected, "{path} is not what the sources make it: run `cargo xtask header`");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn it_has_every_function_that_the_header_declares_and_the_library_exports() {
    use xtask::surface::{declared, exported, library};

    let functions = described_names(&described(root(), "stepwire")["functions"]);
    assert!(functions.contains("network_create_socket"), "{functions:?}");
    assert_eq!(functions, declared(&root().join("include/stepwire.h"), "network_"));
    assert_eq!(functions, exported(&library("libstepwire.so")));
}

#[test]
fn it_has_every_constant_of_the_header() {
    let constants = described_names(&described(root(), "stepwire")["constants"]);
    let header = std::fs::read_to_string(root().join("include/stepwire.h")).expect("the header");
    let defined = header.lines().filter_map(|line| line.strip_prefix("#define network_")?.split_once(' '));
    let defined = defined.filter(|(name, _)| !name.contains('(')).map(|(name, _)| format!("network_{name}"));
    assert_eq!(constants, defined.collect());
}

#[test]
#[cfg(target_pointer_width = "64")]
fn the_event_lies_in_memory_as_it_says() {
    let structs = &described(root(), "stepwire")["structs"];
    assert_eq!(structs.as_array().map(Vec::len), Some(1));
    let expected = layout!(NetworkEvent {
        r#type,
        id,
        socket,
        server,
        port,
        succeeded,
        message_type,
        error,
        size,
        buffer,
        ip,
        reason,
        user,
        code,
        reserved,
    });
    assert_eq!(described_layout(&structs[0]), expected);
}

#[test]
fn its_errors_are_those_that_the_library_knows_by_name() {
    let stepwire = described(root(), "stepwire");
    let errors = stepwire["errors"].as_array().expect("a list");
    let name_of = |number: f64| {
        // SAFETY: the string is valid for ever.
        unsafe { CStr::from_ptr(network_error_name(number)) }.to_str().expect("plain text").to_owned()
    };
    for error in errors {
        let number = error["number"].as_f64().expect("a number");
        assert_eq!(Some(name_of(number).as_str()), error["name"].as_str());
        assert!(!error["sentence"].as_str().unwrap_or_default().is_empty(), "{error}");
    }
    let known = (1..1000).filter(|number| !name_of(-f64::from(*number)).is_empty()).count();
    assert_eq!(known, errors.len());
}
