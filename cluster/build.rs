//! Gives the shared library its name, and makes the linker note that it needs libstepwire: cargo itself does neither.
//! The library that it is linked with is an empty one of that name, made here: the real one may not be built yet, and
//! the system's linker resolves the names when the program starts.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the project's shared libraries have behind their names: a minor version may break while the major one is 0.
fn abi() -> String {
    let part = |name| env::var(name).expect("cargo sets it");
    let major = part("CARGO_PKG_VERSION_MAJOR");
    if major == "0" { format!("{major}.{}", part("CARGO_PKG_VERSION_MINOR")) } else { major }
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/stepwire.rs");
    let family = env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    let vendor = env::var("CARGO_CFG_TARGET_VENDOR").unwrap_or_default();
    let version = abi();

    if vendor == "apple" {
        link_arg(&format!("-Wl,-install_name,@rpath/libstepwire_cluster.{version}.dylib"));
        link_arg("-Wl,-rpath,@loader_path");
        // Whatever the program has loaded under these names.
        link_arg("-Wl,-undefined,dynamic_lookup");
    } else if family.split(',').any(|name| name == "unix") {
        link_arg(&format!("-Wl,-soname,libstepwire_cluster.so.{version}"));
        link_arg("-Wl,-z,nodelete");
        // They lie side by side, and a program that calls the cluster alone has no path to the other one.
        link_arg("-Wl,-rpath,$ORIGIN");
        let stand_in = stand_in(&format!("libstepwire.so.{version}"));
        link_arg("-Wl,--no-as-needed");
        link_arg(stand_in.to_str().expect("cargo's directories have plain names"));
        link_arg("-Wl,--as-needed");
    }
    // On Windows src/stepwire.rs names the DLL, and nothing more is needed.
}

fn link_arg(argument: &str) {
    println!("cargo::rustc-cdylib-link-arg={argument}");
}

/// A shared library without code that has this name.
fn stand_in(soname: &str) -> PathBuf {
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let library = folder.join("libstepwire.so");
    let source = folder.join("stepwire.c");
    std::fs::write(&source, "").expect("cargo's folder for us can be written");
    let status = Command::new(linker())
        .args(["-shared", "-nostdlib", "-o"])
        .arg(&library)
        .arg(format!("-Wl,-soname,{soname}"))
        .arg(&source)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{} cannot make a shared library",
        linker().display()
    );
    library
}

/// The C compiler that rustc links with.
fn linker() -> PathBuf {
    env::var_os("RUSTC_LINKER").map_or_else(|| Path::new("cc").to_owned(), PathBuf::from)
}
