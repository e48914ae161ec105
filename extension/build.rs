//! What the extension asks of the linker.

#[path = "../version_resource.rs"]
mod version_resource;

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../version_resource.rs");
    let family = env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    let vendor = env::var("CARGO_CFG_TARGET_VENDOR").unwrap_or_default();
    if vendor != "apple" && family.split(',').any(|name| name == "unix") {
        // The I/O thread runs this library's code: unmapping it by dlclose would crash the game.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
        // The C functions are exported with the rest. Its own calls are for its own copy, whatever else
        // the process has loaded. (There is no exported data, to which this would apply as well; some linkers
        // do not know -Bsymbolic-functions.)
        println!("cargo::rustc-cdylib-link-arg=-Wl,-Bsymbolic");
    } else if family == "windows" {
        version_resource::add("stepwire_extension", "stepwire for GameMaker");
    }
}
