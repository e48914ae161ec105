//! A project that knows nothing but an unpacked archive: built against it without cargo, and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use xtask::version::VERSION;

use super::Result;
use crate::build::{self, root};
use crate::command::must;
use crate::machine::{Tool, provide};

/// The programs of tests/consumer/find_package.
const PROGRAMS: [&str; 2] = ["shared", "static"];

/// The machine that an archive is for.
pub struct Machine<'a> {
    /// For CMake.
    pub definitions: &'a [String],
    pub compiler: &'a str,
    /// How it runs a program.
    pub start: &'a dyn Fn(&Path) -> Command,
}

impl Machine<'_> {
    pub fn try_out(&self, unpacked: &Path) -> Result<()> {
        let cmake = self.build_with_cmake(unpacked)?;
        let make = self.build_with_pkg_config(unpacked)?;
        let library = unpacked.join("bin/stepwire.dll");
        for folder in [&cmake, &make] {
            if library.exists() {
                fs::copy(&library, folder.join("stepwire.dll"))?;
            }
            for program in PROGRAMS {
                must(&mut (self.start)(&find(folder, program)?))?;
            }
        }
        certify(&cmake)?;
        let encrypted = |authorities: &Path| {
            let mut command = (self.start)(&find(&cmake, "encrypted")?);
            command.arg(cmake.join("certificate.pem")).arg(cmake.join("key.pem"));
            command.env("SSL_CERT_FILE", authorities);
            Ok::<_, Box<dyn std::error::Error>>(command)
        };
        must(&mut encrypted(&cmake.join("certificate.pem"))?)?;
        if encrypted(&cmake.join("nowhere.pem"))?.stderr(Stdio::null()).status()?.success() {
            return Err("a certificate of nobody was accepted".into());
        }
        Ok(())
    }

    fn build_with_cmake(&self, unpacked: &Path) -> Result<PathBuf> {
        let build = beside(unpacked, "cmake")?;
        let mut configure = Command::new(build::CMAKE.program);
        configure.arg("-S").arg(root().join("tests/consumer/find_package")).arg("-B").arg(&build);
        configure.args(["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=NEVER"]);
        configure.arg(build::define("CMAKE_PREFIX_PATH", unpacked)).args(self.definitions);
        configure.arg(format!("-Dexpected_version={VERSION}"));
        must(&mut configure)?;
        must(Command::new(build::CMAKE.program).arg("--build").arg(&build))?;
        Ok(build)
    }

    fn build_with_pkg_config(&self, unpacked: &Path) -> Result<PathBuf> {
        provide(&[Tool::new("pkg-config", "pkg-config")], &[])?;
        let out = beside(unpacked, "make")?;
        let mut make = Command::new("make");
        make.arg("-C").arg(root().join("tests/consumer/pkg_config"));
        make.arg(format!("OUT={}", out.display())).arg(format!("CC={}", self.compiler));
        must(make.env("PKG_CONFIG_LIBDIR", unpacked.join("lib/pkgconfig")))?;
        Ok(out)
    }
}

/// A certificate for localhost that is its own authority: certificate.pem and key.pem.
pub fn certify(folder: &Path) -> Result<()> {
    provide(&[Tool::new("openssl", "openssl")], &[])?;
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    openssl.args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl.arg("-keyout").arg(folder.join("key.pem")).arg("-out").arg(folder.join("certificate.pem"));
    Ok(must(openssl.stderr(Stdio::null()))?)
}

/// A new folder that is not in the archive's.
fn beside(unpacked: &Path, name: &str) -> Result<PathBuf> {
    let folder = unpacked.parent().ok_or("an archive is unpacked into a folder")?.join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn find(folder: &Path, program: &str) -> Result<PathBuf> {
    let names = [program.to_owned(), format!("{program}.exe")];
    let mut paths = names.iter().map(|name| folder.join(name));
    paths.find(|path| path.is_file()).ok_or_else(|| format!("{program} was not built").into())
}
