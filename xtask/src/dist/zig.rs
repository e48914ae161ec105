//! zig, from Python's registry: a linker for old C libraries of Linux, and what makes import libraries for MSVC.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::Result;
use crate::build::target_dir;
use crate::command::must;
use crate::machine::{Tool, install, provide};

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
            provide(&[Tool::new("python3", "python3")], &[])?;
            let mut make_environment = Command::new("python3");
            make_environment.args(["-m", "venv", "--clear"]).arg(&folder);
            // Debian has what makes environments in a package without a program.
            if !make_environment.stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
                install(&["python3-venv"]);
                must(&mut make_environment)?;
            }
            must(Command::new(zig.python()).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
        }
        Ok(zig)
    }

    /// To be used as cargo: it is told the C library's version after the target.
    pub fn cargo(&self) -> PathBuf {
        self.programs.join("cargo-zigbuild")
    }

    pub fn python(&self) -> PathBuf {
        self.programs.join("python")
    }

    /// What a command that starts [`Zig::cargo`] needs to find zig.
    pub fn path(&self) -> Result<std::ffi::OsString> {
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&others));
        Ok(std::env::join_paths(all)?)
    }

    /// Where the parts are that it adds to what it links.
    pub fn library(&self) -> Result<PathBuf> {
        let mut ask = Command::new(self.python());
        ask.args(["-c", "import ziglang; print(ziglang.__path__[0])"]);
        let output = ask.output()?;
        if !output.status.success() {
            return Err("zig is not where it was installed".into());
        }
        Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()).join("lib"))
    }

    /// One of the tools that zig brings.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.python());
        command.args(["-m", "ziglang", name]);
        command
    }
}
