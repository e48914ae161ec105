//! Builds the library and c_examples/ with cargo and the system's C compiler alone.

use std::error::Error;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The folder that has the programs and, beside them, the library.
pub fn build() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);

    println!("Building the library");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--locked", "--lib", "--package", "stepwire", "--target-dir"]);
    finish(cargo.arg(&target).current_dir(root), "cargo build")?;

    let programs = target.join("examples");
    std::fs::create_dir_all(&programs)?;
    let library = programs.join(loaded_name(root)?);
    std::fs::copy(target.join("release").join(built_name()), &library)?;

    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    for entry in std::fs::read_dir(root.join("c_examples"))? {
        let source = entry?.path();
        if source.extension().is_none_or(|extension| extension != "c") {
            continue;
        }
        let name = source.file_stem().ok_or("a source file without a name")?;
        println!("Building {}", name.display());
        let mut command = Command::new(&compiler);
        command.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-I"]).arg(root.join("include"));
        command.arg(&source).arg("-o").arg(programs.join(name)).arg(&library).arg("-lm");
        if cfg!(target_vendor = "apple") {
            command.arg("-Wl,-rpath,@loader_path");
        } else if cfg!(unix) {
            command.arg("-Wl,-rpath,$ORIGIN");
        }
        finish(&mut command, &compiler)?;
    }
    Ok(programs)
}

fn finish(command: &mut Command, name: &str) -> Result<()> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed: {status}").into()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("{name} is missing; a C compiler is installed by: apt-get install gcc libc6-dev")
                .into())
        }
        Err(error) => Err(error.into()),
    }
}

/// As cargo names the library.
fn built_name() -> String {
    format!("{}stepwire{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

/// As programs linked to the library ask for it: with the major version in its name.
fn loaded_name(root: &Path) -> Result<String> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml"))?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = \""));
    let major = version.and_then(|version| version.split('.').next()).ok_or("Cargo.toml has no version")?;
    Ok(if cfg!(target_vendor = "apple") {
        format!("libstepwire.{major}.dylib")
    } else if cfg!(unix) {
        format!("libstepwire.so.{major}")
    } else {
        built_name()
    })
}
