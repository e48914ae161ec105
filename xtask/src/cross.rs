//! Compilers for other systems than this machine's. rustup's toolchain has the standard library of this machine
//! alone; Debian's compiler comes with the library's source, from which cargo builds it for any target.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build;
use crate::dist;
use crate::machine::{Tool, provide};

/// A Windows that MinGW builds for.
pub struct Windows {
    /// Rust's name.
    pub triple: &'static str,
    /// MinGW's name of the machine.
    pub mingw: &'static str,
    /// What to call it.
    pub name: &'static str,
    tools: [Tool; 2],
}

pub const WINDOWS_X64: Windows = Windows {
    triple: "x86_64-pc-windows-gnu",
    mingw: "x86_64",
    name: "windows-x64",
    tools: [
        Tool::new("x86_64-w64-mingw32-gcc-posix", "gcc-mingw-w64-x86-64"),
        Tool::new("x86_64-w64-mingw32-g++-posix", "g++-mingw-w64-x86-64"),
    ],
};

pub const WINDOWS_X86: Windows = Windows {
    triple: "i686-pc-windows-gnu",
    mingw: "i686",
    name: "windows-x86",
    tools: [
        Tool::new("i686-w64-mingw32-gcc-posix", "gcc-mingw-w64-i686"),
        Tool::new("i686-w64-mingw32-g++-posix", "g++-mingw-w64-i686"),
    ],
};

pub const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
pub const DEBIAN_CARGO: &str = "/usr/bin/cargo";
pub const STANDARD_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";

/// Provides Debian's compiler with the source of its standard library.
pub fn provide_debian_rust() -> Result<(), String> {
    let complete =
        || [DEBIAN_RUSTC, DEBIAN_CARGO, STANDARD_LIBRARY].iter().all(|path| Path::new(path).exists());
    if !complete() {
        crate::machine::install(&["rustc-web", "cargo-web", "rust-web-src"]);
    }
    if complete() {
        return Ok(());
    }
    Err("please install Debian's compiler: apt-get install rustc-web cargo-web rust-web-src".to_owned())
}

/// Has a command, and the cargo that it starts, use Debian's compiler and build the standard library too.
pub fn with_debian_rust(command: &mut Command) -> &mut Command {
    // Building the standard library is an unstable option, which the distribution's compiler has to be told to allow.
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", DEBIAN_RUSTC)
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_unwind")
        // What the cargo that runs this command says to itself.
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN")
}

impl Windows {
    pub fn provide_tools(&self) -> Result<(), String> {
        provide(&self.tools, &[])?;
        build::provide_tools(&[])?;
        provide_debian_rust()?;
        self.provide_start_objects()
    }

    /// Where CMake builds for it.
    pub fn cmake_dir(&self) -> PathBuf {
        build::target_dir().join(self.name)
    }

    /// The command that configures a CMake build of the library, as it is shipped: so that what is tested is that.
    pub fn cmake_configure(&self, folder: &Path, emulator: &[String]) -> Command {
        let mut command = Command::new(build::CMAKE.program);
        command
            .arg("-S")
            .arg(build::root())
            .arg("-B")
            .arg(folder)
            .args(["-G", "Unix Makefiles", "-DCMAKE_BUILD_TYPE=Release"])
            .arg(build::define("CMAKE_TOOLCHAIN_FILE", &self.toolchain_file()))
            .arg(format!("-DSTEPWIRE_MINGW={}", self.mingw))
            .arg(format!("-DCMAKE_CROSSCOMPILING_EMULATOR={}", emulator.join(";")))
            .args(["-DSTEPWIRE_TLS=rustls", "-DSTEPWIRE_CLUSTER=OFF"])
            .arg(format!("-DSTEPWIRE_CARGO={DEBIAN_CARGO}"))
            .arg(format!("-DSTEPWIRE_RUST_TARGET={}", self.triple))
            .arg("-DSTEPWIRE_LIST_NATIVE_LIBS=OFF")
            .arg(build::define("STEPWIRE_CARGO_TARGET_DIR", &dist::cargo_folder()));
        command
    }

    /// The command that builds what was configured there.
    pub fn cmake_build(&self, folder: &Path) -> Command {
        self.with_compiler(build::cmake_build(folder))
    }

    /// A cargo that builds for it.
    pub fn cargo(&self) -> Command {
        let mut command = self.with_compiler(Command::new(DEBIAN_CARGO));
        command.current_dir(build::root());
        command
    }

    fn with_compiler(&self, mut command: Command) -> Command {
        with_debian_rust(&mut command);
        if self.mingw == "i686" {
            // Not by a flag of cargo's, which would make a folder's name part of what is built.
            command.env("RUSTC", start_objects_sysroot().join("rustc"));
        }
        dist::settle(&mut command);
        command
    }

    /// CMake's description of the compiler.
    pub fn toolchain_file(&self) -> PathBuf {
        build::root().join("cmake/toolchains/mingw.cmake")
    }

    /// 32-bit programs begin and end with two objects of Rust's that building the standard library leaves out.
    fn provide_start_objects(&self) -> Result<(), String> {
        if self.mingw != "i686" {
            return Ok(());
        }
        let sysroot = start_objects_sysroot();
        let folder = sysroot.join("lib/rustlib").join(self.triple).join("lib");
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for name in ["rsbegin", "rsend"] {
            let mut command = Command::new(DEBIAN_RUSTC);
            command.env("RUSTC_BOOTSTRAP", "1").args([
                "--target",
                self.triple,
                "-Cpanic=abort",
                "--emit=obj",
                "-o",
            ]);
            command.arg(folder.join(name).with_extension("o"));
            command.arg(Path::new(STANDARD_LIBRARY).join("rtstartup").join(name).with_extension("rs"));
            if !command.status().is_ok_and(|status| status.success()) {
                return Err(format!("{DEBIAN_RUSTC} could not build {name}.o"));
            }
        }
        // For this target alone: of the machine's own cargo wants to know where the library's source is.
        let options = format!(
            "case \" $* \" in *' {} '*) set -- --sysroot '{}' \"$@\";; esac",
            self.triple,
            sysroot.display()
        );
        let program = format!("{options}\nexec {DEBIAN_RUSTC} \"$@\"");
        write_script(&sysroot.join("rustc"), &program).map_err(|error| error.to_string())
    }
}

/// Writes a program for the shell, unless it is there: cargo would take a new one for another compiler.
fn write_script(path: &Path, command: &str) -> std::io::Result<()> {
    let text = format!("#!/bin/sh\n{command}\n");
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// A sysroot that has those objects and nothing else: all libraries are built anew.
fn start_objects_sysroot() -> PathBuf {
    build::target_dir().join("windows-x86-sysroot")
}
