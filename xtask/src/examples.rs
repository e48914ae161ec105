//! Builds the library and c_examples/ with cargo and the system's C compiler alone.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

use crate::build::{cargo, root, target_dir};
use crate::machine::{Tool, provide};
use xtask::version::{built_name, loaded_name};

const COMPILER: Tool = Tool::new("cc", "gcc");

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The folder that has the programs and, beside them, the library.
pub fn build() -> Result<PathBuf> {
    provide(&[COMPILER], &[])?;
    println!("Building the library");
    let mut library = cargo();
    library.args(["build", "--release", "--locked", "--lib", "--package", "stepwire", "--target-dir"]);
    finish(library.arg(target_dir()))?;

    let programs = target_dir().join("examples");
    std::fs::create_dir_all(&programs)?;
    let library = programs.join(loaded_name());
    std::fs::copy(target_dir().join("release").join(built_name()), &library)?;

    for entry in std::fs::read_dir(root().join("c_examples"))? {
        let source = entry?.path();
        if source.extension().is_none_or(|extension| extension != "c") {
            continue;
        }
        let name = source.file_stem().ok_or("a source file without a name")?;
        println!("Building {}", name.display());
        let mut compile = Command::new(COMPILER.program);
        compile.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-I"]).arg(root().join("include"));
        compile.arg(&source).arg("-o").arg(programs.join(name)).arg(&library).arg("-lm");
        if cfg!(target_vendor = "apple") {
            compile.arg("-Wl,-rpath,@loader_path");
        } else if cfg!(unix) {
            compile.arg("-Wl,-rpath,$ORIGIN");
        }
        finish(&mut compile)?;
    }
    Ok(programs)
}

fn finish(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("cannot run {name}: {error}"))?;
    if !status.success() {
        return Err(format!("{name} failed: {status}").into());
    }
    Ok(())
}
