//! `cargo xtask test --target windows`: the library as a DLL, with the tests that can be run under Wine.
//!
//! What differs from Linux is listed, with the reason, in tests/windows/differences.txt: such a test is run all
//! the same, and whether it fails does not count.

mod border;
mod cases;
mod differences;

use std::error::Error;
use std::path::Path;
use std::process::Command;

use crate::build;
use crate::cross::Windows;
use crate::dist::{self, imports};
use crate::peers;
use crate::steps::Steps;
use crate::wine::{SLOWNESS, TIMES_SLOWER, Wine};
use differences::Differences;

/// What there is to run, in this order; `cargo xtask test --target windows c border` runs two of them.
const PARTS: [&str; 7] = ["imports", "c", "gamemaker", "examples", "linking", "interop", "border"];

/// How many test programs run at the same time: they wait for each other's timeouts more than they work.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) + 1
}

/// Runs the parts named, or all.
pub fn run(windows: &Windows, parts: &[&str]) -> Result<(), Box<dyn Error>> {
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        return Err(format!("there is no part {unknown}: {}", PARTS.join(", ")).into());
    }
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
    let library = folder.join("lib/stepwire.dll");
    let library_folder = format!("Z:{}", folder.join("lib").display());
    // SAFETY: no other thread is running yet.
    unsafe { std::env::set_var("WINEPATH", library_folder) };

    for part in PARTS.into_iter().filter(|part| parts.is_empty() || parts.contains(part)) {
        match part {
            "imports" => {
                let extension =
                    dist::cargo_folder().join(windows.triple).join("release/stepwire_extension.dll");
                steps.carry_out(part, || imports::check(&[&library, &extension]))
            }
            "c" => steps.carry_out("C harness", || cases::run(&wine, &folder.join("tests/c"), &differences)),
            "gamemaker" => ctest(&mut steps, part, &folder, part),
            "examples" => ctest(&mut steps, part, &folder, "example"),
            "linking" => ctest(&mut steps, part, &folder, "link"),
            "interop" => interop(&mut steps, &wine, windows),
            _ => steps.carry_out(part, || border::run(&wine, &folder)),
        };
    }
    println!("\nWhat differs from Linux, and why:\n{differences}");
    steps.conclude()
}

/// Runs CTest's tests that have this label.
fn ctest(steps: &mut Steps, name: &'static str, folder: &Path, label: &str) -> bool {
    let mut command = Command::new("ctest");
    command.current_dir(folder).args(["-L", label, "--output-on-failure", "--repeat", "until-pass:2", "-j"]);
    command.arg(at_once().to_string()).env(SLOWNESS, TIMES_SLOWER);
    steps.run(name, command)
}

/// The Python peers, in this system, against the library in a Windows process.
fn interop(steps: &mut Steps, wine: &Wine, windows: &Windows) -> bool {
    let python = match peers::python() {
        Ok(python) => python,
        Err(reason) => {
            steps.skip("interop", &reason);
            return true;
        }
    };
    let mut remote = wine.launcher().to_vec();
    remote.push(windows.cmake_dir().join("tests/windows/remote.exe").display().to_string());
    let mut command = Command::new(python);
    command.arg(build::root().join("tests/interop/run.py"));
    command.arg("--differences").arg(differences::file()).args(["--jobs", &at_once().to_string()]);
    command.env("STEPWIRE_REMOTE", remote.join(" "));
    if let Ok(modules) = peers::node_modules() {
        command.env("STEPWIRE_NODE_MODULES", &modules).env("NODE_PATH", modules);
    }
    steps.run("interop", command)
}
