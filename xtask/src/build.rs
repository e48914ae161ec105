//! Building the library, the C programs and their tests through CMake, all in cargo's own target
//! directory, so that the release library is built once.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine::{Tool, provide};

pub const CMAKE: Tool = Tool::new("cmake", "cmake");

/// The folder of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the project's folder").to_owned()
}

/// The cargo that runs this.
pub fn cargo() -> Command {
    let mut command = Command::new(cargo_path());
    command.current_dir(root());
    command
}

fn cargo_path() -> PathBuf {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).into()
}

/// Where cargo builds.
pub fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// Where CMake builds.
pub fn cmake_dir() -> PathBuf {
    target_dir().join("cmake")
}

/// The release library, once [`cmake_build`] has run.
pub fn library() -> PathBuf {
    cmake_dir().join("lib/libstepwire.so")
}

/// The command that configures the CMake build, of the tests and examples too.
pub fn cmake_configure() -> Command {
    let mut command = Command::new(CMAKE.program);
    command
        .arg("-S")
        .arg(root())
        .arg("-B")
        .arg(cmake_dir())
        .args(["-DCMAKE_BUILD_TYPE=Release", "-DSTEPWIRE_TESTS=ON", "-DSTEPWIRE_EXAMPLES=ON"])
        .arg(define("STEPWIRE_CARGO", &cargo_path()))
        .arg(define("STEPWIRE_CARGO_TARGET_DIR", &target_dir()));
    command
}

/// The command that builds everything that was configured there.
pub fn cmake_build(folder: &Path) -> Command {
    let jobs = std::thread::available_parallelism().map_or(2, usize::from);
    let mut command = Command::new(CMAKE.program);
    command.arg("--build").arg(folder).arg("--parallel").arg(jobs.to_string());
    command
}

/// Provides what [`cmake_configure`] and [`cmake_build`] need, and `useful` where possible.
pub fn provide_tools(useful: &[Tool]) -> Result<(), String> {
    const NEEDED: [Tool; 4] =
        [CMAKE, Tool::new("make", "make"), Tool::new("cc", "gcc"), Tool::new("c++", "g++")];
    provide(&NEEDED, useful)
}

/// A definition on CMake's command line.
pub fn define(name: &str, path: &Path) -> String {
    format!("-D{name}={}", path.display())
}
