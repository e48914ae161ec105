//! Builds the libraries and their examples with cargo and the system's C compiler alone.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{cargo, root, target_dir};
use crate::machine::{Tool, provide};
use xtask::version::{built_name, loaded_name};

const COMPILER: Tool = Tool::new("cc", "gcc");

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The folder that has the programs of c_examples/ and, beside them, the library.
pub fn build() -> Result<PathBuf> {
    let programs = folder_with(&["stepwire"])?;
    compile_all("c_examples", &programs, &["stepwire"])?;
    Ok(programs)
}

/// gmcat, beside the programs of c_examples/ that were built there.
pub fn add_gmcat(programs: &Path) -> Result<()> {
    compile(&sources("tools/gmcat")?, &programs.join("gmcat"), &["stepwire"])
}

/// The folder that has the cluster's programs and, beside them, both libraries.
pub fn build_cluster() -> Result<PathBuf> {
    const LIBRARIES: [&str; 2] = ["stepwire", "stepwire_cluster"];
    let programs = folder_with(&LIBRARIES)?;
    compile_all("cluster/examples", &programs, &LIBRARIES)?;
    Ok(programs)
}

/// Builds the libraries and puts them where the programs will be, under the names that those ask for.
fn folder_with(libraries: &[&str]) -> Result<PathBuf> {
    provide(&[COMPILER], &[])?;
    println!("Building the library");
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--lib", "--target-dir"]).arg(target_dir());
    for library in libraries {
        build.args(["--package", &library.replace('_', "-")]);
    }
    finish(&mut build)?;
    let programs = target_dir().join("examples");
    std::fs::create_dir_all(&programs)?;
    for library in libraries {
        let built = target_dir().join("release").join(built_name(library));
        std::fs::copy(built, programs.join(loaded_name(library)))?;
    }
    Ok(programs)
}

fn compile_all(folder: &str, programs: &Path, libraries: &[&str]) -> Result<()> {
    for source in sources(folder)? {
        let name = source.file_stem().ok_or("a source file without a name")?.to_owned();
        compile(&[source], &programs.join(name), libraries)?;
    }
    Ok(())
}

/// The C sources in a folder of the project.
fn sources(folder: &str) -> Result<Vec<PathBuf>> {
    let paths: std::io::Result<Vec<_>> =
        std::fs::read_dir(root().join(folder))?.map(|entry| Ok(entry?.path())).collect();
    Ok(paths?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "c")).collect())
}

/// Makes one program, with the libraries beside it.
fn compile(sources: &[PathBuf], program: &Path, libraries: &[&str]) -> Result<()> {
    let folder = program.parent().ok_or("a program without a folder")?;
    println!("Building {}", program.file_name().unwrap_or_default().display());
    let mut compile = Command::new(COMPILER.program);
    compile.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic"]);
    compile.arg("-I").arg(root().join("include")).arg("-I").arg(root().join("cluster/include"));
    compile.args(sources).arg("-o").arg(program);
    compile.args(libraries.iter().map(|library| folder.join(loaded_name(library)))).arg("-lm");
    if cfg!(target_vendor = "apple") {
        compile.arg("-Wl,-rpath,@loader_path");
    } else if cfg!(unix) {
        compile.arg("-Wl,-rpath,$ORIGIN");
    }
    finish(&mut compile)
}

fn finish(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("cannot run {name}: {error}"))?;
    if !status.success() {
        return Err(format!("{name} failed: {status}").into());
    }
    Ok(())
}
