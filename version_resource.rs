//! What Windows shows of a library in its properties. Of this file build scripts are made.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// Adds it to the shared library of that name, where the linker is MinGW's.
pub fn add(name: &str, description: &str) {
    println!("cargo::rerun-if-env-changed=WINDRES");
    if variable("CARGO_CFG_TARGET_ENV") != "gnu" {
        return;
    }
    let folder = PathBuf::from(variable("OUT_DIR"));
    let (source, object) = (folder.join("version.rc"), folder.join("version.res.o"));
    std::fs::write(&source, text(name, description, &variable("CARGO_PKG_VERSION")))
        .expect("OUT_DIR can be written");
    let target = variable("TARGET");
    let machine = target.split('-').next().unwrap_or_default();
    let cross = format!("{machine}-w64-mingw32-windres");
    let own = env::var("WINDRES").ok();
    for windres in own.as_deref().into_iter().chain([&cross[..], "windres"]) {
        let mut command = Command::new(windres);
        command.arg("--output-format=coff").arg(&source).arg(&object);
        if command.status().is_ok_and(|status| status.success()) {
            println!("cargo::rustc-cdylib-link-arg={}", object.display());
            return;
        }
    }
    println!("cargo::warning=no windres was found: {name}.dll is built without its version resource");
}

fn variable(name: &str) -> String {
    env::var(name).expect("cargo sets it")
}

fn text(name: &str, description: &str, version: &str) -> String {
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
      VALUE "FileDescription", "{description}"
      VALUE "FileVersion", "{version}"
      VALUE "InternalName", "{name}"
      VALUE "LegalCopyright", "MIT OR Apache-2.0"
      VALUE "OriginalFilename", "{name}.dll"
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
