//! Everything that names the version names the same one.

use std::ffi::CStr;
use std::fs;
use std::path::Path;

use stepwire::abi::network_version;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is part of the project")
}

/// What the header defines this macro as.
fn defined(name: &str) -> String {
    let start = format!("#define {name} ");
    let header = file("include/stepwire.h");
    let value = header.lines().find_map(|line| line.strip_prefix(&start));
    value.unwrap_or_else(|| panic!("the header has no {name}")).to_owned()
}

#[test]
fn of_the_header() {
    assert_eq!(defined("STEPWIRE_VERSION"), format!("\"{VERSION}\""));
    let numbers = ["MAJOR", "MINOR", "PATCH"].map(|part| defined(&format!("STEPWIRE_VERSION_{part}")));
    assert_eq!(numbers.join("."), VERSION);
}

#[test]
fn of_the_library() {
    let told = unsafe { CStr::from_ptr(network_version()) };
    assert_eq!(told.to_str(), Ok(VERSION));
}

/// While the major version is 0, a program that was built against one minor version must not load another.
#[test]
#[cfg(all(unix, not(target_vendor = "apple")))]
fn of_the_name_that_programs_load() {
    let mut parts = VERSION.split('.');
    let (major, minor) = (parts.next().unwrap(), parts.next().unwrap());
    let expected = match major {
        "0" => format!("libstepwire.so.0.{minor}"),
        _ => format!("libstepwire.so.{major}"),
    };
    assert_eq!(xtask::version::loaded_name("stepwire"), expected);
}

#[test]
fn of_the_newest_entry_in_the_changelog() {
    let changelog = file("CHANGELOG.md");
    let newest = changelog.lines().find_map(|line| line.strip_prefix("## ")).expect("an entry");
    assert_eq!(newest.split(' ').next(), Some(VERSION), "{newest}");
}

#[test]
#[cfg(all(unix, not(target_vendor = "apple")))]
fn of_what_the_readme_tells_to_look_for() {
    let name = xtask::version::loaded_name("stepwire");
    assert!(file("README.md").contains(&format!("look for the shared library as `{name}`")), "{name}");
}
