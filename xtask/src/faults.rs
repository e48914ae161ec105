//! `cargo xtask faults`: the n-th system call fails, for every n. What runs is in `tests/faults`.

use std::error::Error;
use std::process::Command;

use crate::build;
use crate::machine::Tool;

const PYTHON: Tool = Tool::new("python3", "python3");

pub fn run(calls: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    build::provide_tools(&[PYTHON])?;
    if !build::cargo().args(["build", "--release", "--locked"]).status()?.success() {
        return Err("the library does not build".into());
    }
    let mut command = runner();
    command.arg("--library").arg(build::target_dir().join("release")).args(calls);
    if !command.status()?.success() {
        return Err("not every session ended well: see above".into());
    }
    Ok(())
}

/// Some of them, with the library that CMake has built.
pub fn slice() -> Command {
    let mut command = runner();
    command.arg("--slice").arg("--library").arg(build::cmake_dir().join("lib"));
    command
}

fn runner() -> Command {
    let mut command = Command::new(PYTHON.program);
    command.arg(build::root().join("tests/faults/run.py"));
    command
}
