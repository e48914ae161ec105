//! Gives the shared library the name by which programs ask for it at run time, and cargo's folder a link of
//! that name, so that programs find the library where cargo leaves it; cargo itself does neither.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
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
    } else if family == "windows" && env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|compiler| compiler == "gnu")
    {
        add_version_resource(&variable("CARGO_PKG_VERSION"));
    }
}

fn variable(name: &str) -> String {
    env::var(name).expect("cargo sets it")
}

/// What Windows shows of a library in its properties.
fn add_version_resource(version: &str) {
    let target = variable("TARGET");
    let folder = PathBuf::from(variable("OUT_DIR"));
    let (source, object) = (folder.join("stepwire.rc"), folder.join("stepwire.res.o"));
    std::fs::write(&source, version_resource(version)).expect("OUT_DIR can be written");
    println!("cargo::rerun-if-env-changed=WINDRES");
    let own = env::var("WINDRES").ok();
    let machine = target.split('-').next().unwrap_or_default();
    let cross = format!("{machine}-w64-mingw32-windres");
    for windres in own.as_deref().into_iter().chain([&cross[..], "windres"]) {
        let mut command = Command::new(windres);
        command.arg("--output-format=coff").arg(&source).arg(&object);
        if command.status().is_ok_and(|status| status.success()) {
            link_arg(&object.display().to_string());
            return;
        }
    }
    println!("cargo::warning=no windres was found: the library is built without its version resource");
}

fn version_resource(version: &str) -> String {
    let numbers = format!("{},0", version.split('-').next().unwrap_or(version).replace('.', ","));
    format!(
        r#"1 VERSIONINFO
FILEVERSION {numbers}
PRODUCTVERSION {numbers}
FILEOS 0x40004L
FILETYPE 0x2L
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904B0"
    BEGIN
      VALUE "FileDescription", "stepwire: GameMaker's networking functions for everybody"
      VALUE "FileVersion", "{version}"
      VALUE "InternalName", "stepwire"
      VALUE "LegalCopyright", "MIT OR Apache-2.0"
      VALUE "OriginalFilename", "stepwire.dll"
      VALUE "ProductName", "stepwire"
      VALUE "ProductVersion", "{version}"
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x409, 1200
  END
END
"#
    )
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
