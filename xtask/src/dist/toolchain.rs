//! What compilers and linkers add to the library of their own: for the list of what is in it, and for the notices.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Result;
use super::zig::Zig;

/// Where archives have licences and notices.
pub const NOTICES: &str = "share/licenses/stepwire";

pub struct Part {
    pub name: &'static str,
    pub version: String,
    /// As SPDX has it.
    pub licence: &'static str,
    notices: PathBuf,
}

impl Part {
    fn rust(compiler: &Path, notices: PathBuf) -> Result<Self> {
        let version = word(Command::new(compiler).arg("--version"), 1)?;
        Ok(Self { name: "rust-std", version, licence: "MIT OR Apache-2.0", notices })
    }

    /// The standard library of the toolchain that runs this.
    pub fn rust_of_rustup() -> Result<Self> {
        let compiler = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
        let sysroot = word(Command::new(&compiler).args(["--print", "sysroot"]), 0)?;
        let folder = Path::new(&sysroot).join("share/doc/rust");
        let names = ["COPYRIGHT-library.html", "COPYRIGHT.html", "COPYRIGHT"].map(|name| folder.join(name));
        let notices = names.into_iter().find(|path| path.is_file());
        let notices =
            notices.ok_or_else(|| format!("{}: there are no notices of Rust's", folder.display()))?;
        Self::rust(&compiler, notices)
    }

    /// Debian's standard library, built from source.
    pub fn rust_of_debian() -> Result<Self> {
        Self::rust(Path::new(crate::cross::DEBIAN_RUSTC), "/usr/share/doc/rust-web-src/copyright".into())
    }

    /// With zig the library has its own unwinder, and does not need GCC's.
    pub fn unwinder(zig: &Zig) -> Result<Self> {
        Ok(Self {
            name: "libunwind",
            version: format!("of zig {}", word(&mut zig.tool("version"), 0)?),
            licence: "Apache-2.0 WITH LLVM-exception",
            notices: zig.library()?.join("libunwind/LICENSE.TXT"),
        })
    }

    pub fn mingw() -> Result<Self> {
        Ok(Self {
            name: "mingw-w64",
            version: debian_version("mingw-w64-common")?,
            licence: "LicenseRef-mingw-w64-runtime",
            notices: "/usr/share/doc/mingw-w64-common/copyright".into(),
        })
    }

    pub fn gcc() -> Result<Self> {
        Ok(Self {
            name: "libgcc",
            version: debian_version("gcc-mingw-w64-base")?,
            licence: "GPL-3.0-or-later WITH GCC-exception-3.1",
            notices: "/usr/share/doc/gcc-mingw-w64-base/copyright".into(),
        })
    }

    /// Of its notices in archives.
    pub fn file_name(&self) -> String {
        let is_page = self.notices.extension().is_some_and(|ending| ending == "html");
        format!("{}.{}", self.name, if is_page { "html" } else { "txt" })
    }
}

pub fn write_notices(stage: &Path, parts: &[Part]) -> Result<()> {
    for part in parts {
        let to = stage.join(NOTICES).join(part.file_name());
        fs::copy(&part.notices, to).map_err(|error| format!("{}: {error}", part.notices.display()))?;
    }
    Ok(())
}

fn debian_version(package: &str) -> Result<String> {
    word(Command::new("dpkg-query").args(["--show", "--showformat=${Version}", package]), 0)
}

/// One word of what a program says.
fn word(command: &mut Command, index: usize) -> Result<String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let word = text.split_whitespace().nth(index).filter(|_| output.status.success());
    Ok(word.ok_or_else(|| format!("{command:?} failed"))?.to_owned())
}
