//! Archives for Linux: for C libraries from 2.17 on, which is as old as Rust's standard library allows.

use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::surface;
use xtask::version::{VERSION, loaded_name};

use super::archive;
use super::check::Machine;
use super::toolchain::Part;
use super::zig::Zig;
use super::{Platform, Result, cargo_folder, contents, folder, old_system, reproducible, stripped, symbols};
use crate::build::{self, root};
use crate::command::must;
use crate::cross;
use crate::machine::{Tool, provide};

/// The oldest version of the C library that will do.
const GLIBC: &str = "2.17";

/// What runs programs for 64-bit ARM here, as CMake has it.
pub const ARM64_EMULATOR: &str = "qemu-aarch64;-L;/usr/aarch64-linux-gnu";

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
        let build = folder().join("build").join(self.name());
        let mut configure = self.cmake_configure(&build)?;
        configure.args(["-DSTEPWIRE_TESTS=OFF", "-DSTEPWIRE_EXAMPLES=OFF"]);
        must(&mut configure)?;
        must(&mut self.cmake_build(&build)?)?;
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
        must(self.with_compiler(command.current_dir(root()))?)?;
        let library = cargo_folder().join(self.triple()).join("release/libstepwire_extension.so");
        require_old_system(&library)?;
        Ok(Some(stripped(&library, self.strip(), &self.name())?))
    }

    fn pack(&self, stage: &Path, name: &str) -> Result<PathBuf> {
        archive::tar(stage, name)
    }

    fn files(&self) -> Vec<String> {
        vec![format!("lib/libstepwire.so.{VERSION}"), "lib/libstepwire.a".to_owned()]
    }

    fn examine(&self, unpacked: &Path) -> Result<String> {
        let shared = unpacked.join(format!("lib/libstepwire.so.{VERSION}"));
        for link in [loaded_name("stepwire"), "libstepwire.so".to_owned()] {
            if unpacked.join("lib").join(&link).canonicalize()? != shared.canonicalize()? {
                return Err(format!("{link} leads elsewhere").into());
            }
        }
        symbols::require_exports(&shared)?;
        symbols::require_in_archive(&unpacked.join("lib/libstepwire.a"), &[""])?;
        require_old_system(&shared)
    }

    fn check(&self, unpacked: &Path) -> Result<String> {
        match self {
            Self::X64 => {
                let start = |program: &Path| Command::new(program);
                Machine { definitions: &[], compiler: "cc", start: &start }.try_out(unpacked)?;
                let old = old_system::try_out(unpacked)?;
                Ok(format!("built against and run here and in {old}"))
            }
            Self::Arm64 => {
                let definitions = [build::define("CMAKE_TOOLCHAIN_FILE", &arm64_toolchain_file())];
                let start = |program: &Path| {
                    let mut words = ARM64_EMULATOR.split(';');
                    let mut command = Command::new(words.next().unwrap_or_default());
                    command.args(words).arg(program);
                    command
                };
                Machine { definitions: &definitions, compiler: "aarch64-linux-gnu-gcc", start: &start }
                    .try_out(unpacked)?;
                Ok("built against and run by qemu-user".to_owned())
            }
        }
    }
}

impl Linux {
    /// The command that configures a CMake build of the library, as it is shipped: so that what is tested is that.
    pub fn cmake_configure(&self, folder: &Path) -> Result<Command> {
        build::provide_tools(&[])?;
        let mut configure = Command::new(build::CMAKE.program);
        configure.arg("-S").arg(root()).arg("-B").arg(folder);
        configure
            .args(["-DCMAKE_BUILD_TYPE=Release", "-DSTEPWIRE_TLS=rustls", "-DSTEPWIRE_CLUSTER=OFF"])
            .args(["-DSTEPWIRE_TOOLS=OFF", "-DCMAKE_INSTALL_LIBDIR=lib", "-DSTEPWIRE_LIST_NATIVE_LIBS=OFF"])
            .arg(build::define("STEPWIRE_CARGO", &Zig::provide()?.cargo()))
            .arg(build::define("STEPWIRE_CARGO_TARGET_DIR", &cargo_folder()))
            .arg(format!("-DSTEPWIRE_RUST_TARGET={}.{GLIBC}", self.triple()));
        if let Self::Arm64 = self {
            provide_arm64()?;
            configure.arg(build::define("CMAKE_TOOLCHAIN_FILE", &arm64_toolchain_file()));
        }
        Ok(configure)
    }

    /// The command that builds what was configured there.
    pub fn cmake_build(&self, folder: &Path) -> Result<Command> {
        let mut command = build::cmake_build(folder);
        self.with_compiler(&mut command)?;
        Ok(command)
    }

    /// This machine's own toolchain, or for another machine Debian's, which builds the standard library.
    fn with_compiler<'a>(&self, command: &'a mut Command) -> Result<&'a mut Command> {
        if let Self::Arm64 = self {
            cross::with_debian_rust(command);
            command.env("CARGO", cross::DEBIAN_CARGO);
        }
        Ok(reproducible::settle(command).env("PATH", Zig::provide()?.path()?))
    }

    fn strip(&self) -> &'static str {
        match self {
            Self::X64 => "strip",
            Self::Arm64 => "aarch64-linux-gnu-strip",
        }
    }
}

fn arm64_toolchain_file() -> PathBuf {
    root().join("cmake/toolchains/linux-arm64.cmake")
}

/// Fails unless every Linux with a C library of [`GLIBC`] or later can load the library; tells what it takes.
fn require_old_system(library: &Path) -> Result<String> {
    let needed = surface::needed_libraries(library);
    let foreign: Vec<_> = needed.iter().filter(|name| !is_of_the_c_library(name)).cloned().collect();
    if !foreign.is_empty() {
        return Err(format!("{} needs {}", library.display(), foreign.join(", ")).into());
    }
    let (major, minor) = surface::needed_glibc(library).ok_or("the library needs no C library")?;
    let version = format!("{major}.{minor}");
    let oldest = GLIBC.split_once('.').ok_or("a version has a dot")?;
    if (major, minor) > (oldest.0.parse()?, oldest.1.parse()?) {
        return Err(format!("{} needs version {version} of the C library", library.display()).into());
    }
    Ok(format!("takes nothing but glibc {version}"))
}

/// What every Linux of this C library has.
fn is_of_the_c_library(name: &str) -> bool {
    ["libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1", "libutil.so.1"].contains(&name)
        || name.starts_with("ld-linux-")
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
