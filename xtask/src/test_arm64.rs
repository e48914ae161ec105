//! `cargo xtask test --target linux-arm64`: the C harness and the examples with the library of the archive for 64-bit
//! ARM, run by qemu-user.

use std::error::Error;
use std::process::Command;

use crate::build;
use crate::dist::linux::{ARM64_EMULATOR, Linux};
use crate::machine::{Tool, provide};
use crate::steps::Steps;

pub fn run() -> Result<(), Box<dyn Error>> {
    let folder = build::target_dir().join("linux-arm64");
    let mut configure = Linux::Arm64.cmake_configure(&folder)?;
    provide(&[Tool::new("qemu-aarch64", "qemu-user")], &[])?;
    configure.args(["-DSTEPWIRE_TESTS=ON", "-DSTEPWIRE_EXAMPLES=ON"]);
    configure.arg(format!("-DCMAKE_CROSSCOMPILING_EMULATOR={ARM64_EMULATOR}"));

    let mut steps = Steps::default();
    if steps.run("cmake configure", configure) && steps.run("cmake build", Linux::Arm64.cmake_build(&folder)?)
    {
        for (name, label) in [("C harness", "^c$"), ("linking", "^link$"), ("examples", "^example$")] {
            let mut command = Command::new("ctest");
            command.current_dir(&folder).args([
                "-L",
                label,
                "-j2",
                "--output-on-failure",
                "--repeat",
                "until-pass:2",
            ]);
            // Those look at the memory of the process, which is the emulator's; and one moves more than that can in the
            // time.
            command.args(["-E", "^leak_|^net_receive"]);
            command.env("STEPWIRE_TEST_SLOWNESS", "3");
            // For the programs that the tests start.
            command.env("STEPWIRE_TEST_LAUNCHER", ARM64_EMULATOR.replace(';', " "));
            steps.run(name, command);
        }
    }
    steps.conclude()
}
