//! A project that knows nothing but an unpacked archive: built against it, and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Result;
use super::archive::must;
use crate::build::{self, root};

/// The programs of tests/consumer.
const PROGRAMS: [&str; 2] = ["shared", "static"];

/// Through CMake, with `emulator` before the programs.
pub fn with_cmake(unpacked: &Path, definitions: &[String], emulator: &[String]) -> Result<()> {
    let build = unpacked.with_extension("consumer");
    let mut configure = Command::new(build::CMAKE.program);
    configure.arg("-S").arg(root().join("tests/consumer/find_package")).arg("-B").arg(&build);
    configure.args(["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=NEVER"]);
    configure.arg(build::define("CMAKE_PREFIX_PATH", unpacked)).args(definitions);
    must(&mut configure)?;
    must(Command::new(build::CMAKE.program).arg("--build").arg(&build))?;
    let library = unpacked.join("bin/stepwire.dll");
    if library.exists() {
        fs::copy(&library, build.join("stepwire.dll"))?;
    }
    for program in PROGRAMS {
        let program = find(&build, program)?;
        let words: Vec<String> = emulator.iter().cloned().chain([program.display().to_string()]).collect();
        must(Command::new(&words[0]).args(&words[1..]))?;
    }
    Ok(())
}

fn find(build: &Path, program: &str) -> Result<PathBuf> {
    let names = [program.to_owned(), format!("{program}.exe")];
    let mut paths = names.iter().map(|name| build.join(name));
    paths.find(|path| path.is_file()).ok_or_else(|| format!("{program} was not built").into())
}
