//! Archives for Linux: for C libraries from 2.17 on, which is as old as Rust's standard library allows.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::{self, must};
use super::check::Machine;
use super::toolchain::Part;
use super::zig::Zig;
use super::{Platform, Result, cargo_folder, contents, folder, old_system, reproducible, stripped};
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
            .args(["-DCMAKE_INSTALL_LIBDIR=lib", "-DSTEPWIRE_LIST_NATIVE_LIBS=OFF"])
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

    fn parts(&self) -> Result<Vec<Part>> {
        let rust = match self {
            Self::X64 => Part::rust_of_rustup()?,
            Self::Arm64 => Part::rust_of_debian()?,
        };
        Ok(vec![rust, Part::unwinder(&Zig::provide()?)?])
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
        let library = cargo_folder().join(self.triple()).join("release/libstepwire_extension.so");
        Ok(Some(stripped(&library, self.strip(), &self.name())?))
    }

    fn pack(&self, stage: &Path, name: &str) -> Result<PathBuf> {
        archive::tar(stage, name)
    }

    fn check(&self, archive: &Path) -> Result<String> {
        let unpacked = archive::unpack(archive, &folder().join("check").join(self.name()))?;
        match self {
            Self::X64 => {
                let start = |program: &Path| Command::new(program);
                Machine { definitions: &[], compiler: "cc", start: &start }.try_out(&unpacked)?;
                let old = old_system::try_out(&unpacked)?;
                Ok(format!("built against and run here and in {old}"))
            }
            Self::Arm64 => {
                let toolchain = root().join("cmake/toolchains/linux-arm64.cmake");
                let definitions = [build::define("CMAKE_TOOLCHAIN_FILE", &toolchain)];
                let start = |program: &Path| {
                    let mut command = Command::new("qemu-aarch64");
                    command.args(["-L", "/usr/aarch64-linux-gnu"]).arg(program);
                    command
                };
                Machine { definitions: &definitions, compiler: "aarch64-linux-gnu-gcc", start: &start }
                    .try_out(&unpacked)?;
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
        Ok(reproducible::settle(command).env("PATH", zig.path()?))
    }

    fn strip(&self) -> &'static str {
        match self {
            Self::X64 => "strip",
            Self::Arm64 => "aarch64-linux-gnu-strip",
        }
    }
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
