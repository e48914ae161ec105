//! zig, from Python's registry: a linker for old C libraries of Linux, and what makes import libraries for MSVC.

use std::path::PathBuf;
use std::process::Command;

use super::Result;
use super::archive::must;
use crate::build::target_dir;

const PACKAGES: [&str; 2] = ["ziglang==0.17.1", "cargo-zigbuild==0.24.1"];

pub struct Zig {
    programs: PathBuf,
}

impl Zig {
    pub fn provide() -> Result<Self> {
        let folder = target_dir().join("zig");
        let zig = Self { programs: folder.join("bin") };
        if !zig.cargo().exists() {
            println!("installing {}", PACKAGES.join(" "));
            must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
            must(Command::new(zig.python()).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
        }
        Ok(zig)
    }

    /// To be used as cargo: it is told the C library's version after the target.
    pub fn cargo(&self) -> PathBuf {
        self.programs.join("cargo-zigbuild")
    }

    fn python(&self) -> PathBuf {
        self.programs.join("python")
    }

    /// What a command that starts [`Zig::cargo`] needs to find zig.
    pub fn path(&self) -> Result<std::ffi::OsString> {
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&others));
        Ok(std::env::join_paths(all)?)
    }

    /// One of the tools that zig brings.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.python());
        command.args(["-m", "ziglang", name]);
        command
    }
}
