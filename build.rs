//! Gives the shared library the name by which programs ask for it at run time, and cargo's folder a link of
//! that name, so that programs find the library where cargo leaves it; cargo itself does neither.

mod version_resource;

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=version_resource.rs");
    let major = variable("CARGO_PKG_VERSION_MAJOR");
    let minor = variable("CARGO_PKG_VERSION_MINOR");
    // A minor version may break while the major one is 0.
    let abi = if major == "0" { format!("{major}.{minor}") } else { major };
    let family = env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    let vendor = env::var("CARGO_CFG_TARGET_VENDOR").unwrap_or_default();

    if vendor == "apple" {
        let name = format!("libstepwire.{abi}.dylib");
        link_arg(&format!("-Wl,-install_name,@rpath/{name}"));
        link_arg(&format!("-Wl,-current_version,{}", variable("CARGO_PKG_VERSION")));
        place_link(&name, "libstepwire.dylib");
    } else if family.split(',').any(|name| name == "unix") {
        let name = format!("libstepwire.so.{abi}");
        link_arg(&format!("-Wl,-soname,{name}"));
        // The I/O thread runs this library's code: unmapping it by dlclose would crash the host.
        link_arg("-Wl,-z,nodelete");
        place_link(&name, "libstepwire.so");
    } else if family == "windows" {
        version_resource::add("stepwire", "stepwire: GameMaker's networking functions for everybody");
    }
}

fn variable(name: &str) -> String {
    env::var(name).expect("cargo sets it")
}

fn link_arg(argument: &str) {
    println!("cargo::rustc-cdylib-link-arg={argument}");
}

/// Puts a link to the library beside it. That it cannot be made is no reason to have no library.
fn place_link(name: &str, library: &str) {
    let Some(folder) = profile_folder() else { return };
    let link = folder.join(name);
    if link.symlink_metadata().is_err() && make_link(library, &link).is_err() {
        println!("cargo::warning=could not make {}", link.display());
    }
}

/// Where cargo leaves what it built, such as target/release: OUT_DIR is build/stepwire-.../out in it.
fn profile_folder() -> Option<PathBuf> {
    let out = PathBuf::from(variable("OUT_DIR"));
    let build = out.ancestors().nth(2)?;
    build.ends_with("build").then(|| build.parent().map(Path::to_owned))?
}

#[cfg(unix)]
fn make_link(library: &str, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(library, link)
}

#[cfg(not(unix))]
fn make_link(_: &str, _: &Path) -> std::io::Result<()> {
    // Systems whose links need a privilege are not those that run the library either.
    Ok(())
}
