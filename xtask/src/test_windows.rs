//! `cargo xtask test --target windows`: the library as a DLL, with the tests that can be run under Wine.
//!
//! What differs from Linux is listed, with the reason, in tests/windows/differences.txt: such a test is run all
//! the same, and whether it fails does not count.

mod border;
mod cases;
mod differences;

use std::error::Error;
use std::process::Command;

use crate::cross::Windows;
use crate::steps::Steps;
use crate::wine::Wine;
use crate::{build, peers};
use differences::Differences;

pub fn run(windows: &Windows) -> Result<(), Box<dyn Error>> {
    windows.provide_tools()?;
    let differences = Differences::read()?;
    let folder = windows.cmake_dir();
    let mut steps = Steps::default();
    let wine = Wine::start(windows)?;
    println!("running under {}", wine.version);
    let mut configure = windows.cmake_configure(&folder, wine.launcher());
    configure.args(["-DSTEPWIRE_TESTS=ON", "-DSTEPWIRE_EXAMPLES=ON"]);
    if !steps.run("cmake configure", configure) || !steps.run("cmake build", windows.cmake_build(&folder)) {
        return steps.conclude();
    }
    let library = format!("Z:{}", folder.join("lib").display());
    // SAFETY: no other thread is running yet.
    unsafe { std::env::set_var("WINEPATH", &library) };

    steps.carry_out("C harness", || cases::run(&wine, &folder.join("tests/c"), &differences));
    for (name, label) in [("GameMaker", "gamemaker"), ("examples", "example"), ("linking", "link")] {
        let mut ctest = Command::new("ctest");
        ctest.current_dir(&folder).args(["-L", label, "--output-on-failure"]);
        steps.run(name, ctest);
    }
    interop(&mut steps, &wine, windows);
    steps.carry_out("border", || border::run(&wine, &folder.join("c_examples")));
    println!("\nWhat differs from Linux, and why:\n{differences}");
    steps.conclude()
}

/// The Python peers, in this system, against the library in a Windows process.
fn interop(steps: &mut Steps, wine: &Wine, windows: &Windows) {
    let python = match peers::python() {
        Ok(python) => python,
        Err(reason) => {
            steps.skip("interop", &reason);
            return;
        }
    };
    let mut remote = wine.launcher().to_vec();
    remote.push(windows.cmake_dir().join("tests/windows/remote.exe").display().to_string());
    let mut command = Command::new(python);
    command.arg(build::root().join("tests/interop/run.py"));
    command.arg("--differences").arg(differences::file());
    command.env("STEPWIRE_REMOTE", remote.join(" "));
    if let Ok(modules) = peers::node_modules() {
        command.env("STEPWIRE_NODE_MODULES", &modules).env("NODE_PATH", modules);
    }
    steps.run("interop", command);
}
