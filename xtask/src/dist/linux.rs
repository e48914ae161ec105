//! Archives for Linux: for C libraries from 2.17 on, which is as old as Rust's standard library allows.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::{self, must};
use super::zig::Zig;
use super::{Platform, Result, check, contents, folder, old_system};
use crate::build::{self, root};
use crate::cross;
use crate::machine::{Tool, provide};

/// The oldest version of the C library that will do.
const GLIBC: &str = "2.17";

pub enum Linux {
    X64,
    Arm64,
}

impl Platform for Linux {
    fn name(&self) -> String {
        match self {
            Self::X64 => format!("linux-x64-glibc{GLIBC}"),
            Self::Arm64 => format!("linux-arm64-glibc{GLIBC}"),
        }
    }

    fn triple(&self) -> &str {
        match self {
            Self::X64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    fn install(&self, stage: &Path) -> Result<()> {
        build::provide_tools(&[])?;
        let zig = Zig::provide()?;
        let build = folder().join("build").join(self.name());
        let mut configure = Command::new(build::CMAKE.program);
        configure.arg("-S").arg(root()).arg("-B").arg(&build);
        configure
            .args(["-DCMAKE_BUILD_TYPE=Release", "-DSTEPWIRE_TLS=rustls", "-DSTEPWIRE_CLUSTER=OFF"])
            .args(["-DSTEPWIRE_TESTS=OFF", "-DSTEPWIRE_EXAMPLES=OFF", "-DSTEPWIRE_TOOLS=OFF"])
            .arg("-DCMAKE_INSTALL_LIBDIR=lib")
            .arg(build::define("STEPWIRE_CARGO", &zig.cargo()))
            .arg(build::define("STEPWIRE_CARGO_TARGET_DIR", &cargo_folder()))
            .arg(format!("-DSTEPWIRE_RUST_TARGET={}.{GLIBC}", self.triple()));
        if let Self::Arm64 = self {
            provide_arm64()?;
            let toolchain = root().join("cmake/toolchains/linux-arm64.cmake");
            configure.arg(build::define("CMAKE_TOOLCHAIN_FILE", &toolchain));
        }
        must(&mut configure)?;
        must(self.with_compiler(&mut build::cmake_build(&build), &zig)?)?;
        must(Command::new(build::CMAKE.program).arg("--install").arg(&build).arg("--prefix").arg(stage))?;
        for file in contents::files(&stage.join("lib"))? {
            let name = file.to_string_lossy();
            let strip =
                |what: &str| must(Command::new(self.strip()).arg(what).arg(stage.join("lib").join(&file)));
            if name.contains(".so.") {
                strip("--strip-unneeded")?;
            } else if name.ends_with(".a") {
                strip("--strip-debug")?;
            }
        }
        Ok(())
    }

    fn extension(&self) -> Result<Option<PathBuf>> {
        // GameMaker's runners for Linux are 64-bit PCs' alone.
        let Self::X64 = self else { return Ok(None) };
        let zig = Zig::provide()?;
        let mut command = Command::new(zig.cargo());
        command.args(["zigbuild", "--release", "--locked", "--package", "stepwire-extension"]);
        command.args(["--no-default-features", "--features=rustls", "--target"]);
        command.arg(format!("{}.{GLIBC}", self.triple())).arg("--target-dir").arg(cargo_folder());
        must(self.with_compiler(command.current_dir(root()), &zig)?)?;
        Ok(Some(cargo_folder().join(self.triple()).join("release/libstepwire_extension.so")))
    }

    fn pack(&self, stage: &Path, name: &str) -> Result<PathBuf> {
        archive::tar(stage, name)
    }

    fn check(&self, archive: &Path) -> Result<String> {
        let unpacked = archive::unpack(archive, &folder().join("check").join(self.name()))?;
        match self {
            Self::X64 => {
                check::with_cmake(&unpacked, &[], &[])?;
                let old = old_system::try_out(&unpacked)?;
                Ok(format!("built against and run here and in {old}"))
            }
            Self::Arm64 => {
                let emulator = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"].map(str::to_owned);
                let toolchain = root().join("cmake/toolchains/linux-arm64.cmake");
                check::with_cmake(
                    &unpacked,
                    &[build::define("CMAKE_TOOLCHAIN_FILE", &toolchain)],
                    &emulator,
                )?;
                Ok("built against and run by qemu-user".to_owned())
            }
        }
    }
}

impl Linux {
    /// This machine's own toolchain, or for another machine Debian's, which builds the standard library.
    fn with_compiler<'a>(&self, command: &'a mut Command, zig: &Zig) -> Result<&'a mut Command> {
        if let Self::Arm64 = self {
            cross::with_debian_rust(command);
            command.env("CARGO", cross::DEBIAN_CARGO);
        }
        Ok(command.env("PATH", zig.path()?))
    }

    fn strip(&self) -> &'static str {
        match self {
            Self::X64 => "strip",
            Self::Arm64 => "aarch64-linux-gnu-strip",
        }
    }
}

/// Apart from the folder of the machine's own builds, which would wait for each other.
fn cargo_folder() -> PathBuf {
    folder().join("cargo")
}

fn provide_arm64() -> Result<()> {
    const TOOLS: [Tool; 2] = [
        Tool::new("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
        Tool::new("aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu"),
    ];
    cross::provide_debian_rust()?;
    provide(&TOOLS, &[Tool::new("qemu-aarch64", "qemu-user")])?;
    Ok(())
}
