//! Gives the shared library its name and version for the dynamic linker; cargo itself sets none.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let major = env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets it");
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets it");
    let family = env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    let vendor = env::var("CARGO_CFG_TARGET_VENDOR").unwrap_or_default();

    if vendor == "apple" {
        link_arg(&format!("-Wl,-install_name,@rpath/libstepwire.{major}.dylib"));
        link_arg(&format!("-Wl,-current_version,{version}"));
    } else if family.split(',').any(|name| name == "unix") {
        link_arg(&format!("-Wl,-soname,libstepwire.so.{major}"));
        // The I/O thread runs this library's code: unmapping it by dlclose would crash the host.
        link_arg("-Wl,-z,nodelete");
    }
}

fn link_arg(argument: &str) {
    println!("cargo::rustc-cdylib-link-arg={argument}");
}
