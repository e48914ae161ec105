//! Archives for Windows, with import libraries for MinGW and for MSVC.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::{NameOrOrdinal, Object};

use super::archive::{self, must};
use super::zig::Zig;
use super::{Platform, Result, check, folder};
use crate::build::{self, target_dir};
use crate::cross::Windows;
use crate::wine::Wine;

pub struct Archive(pub &'static Windows);

impl Platform for Archive {
    fn name(&self) -> String {
        self.0.name.to_owned()
    }

    fn triple(&self) -> &str {
        self.0.triple
    }

    fn install(&self, stage: &Path) -> Result<()> {
        self.0.provide_tools()?;
        let build = folder().join("build").join(self.name());
        let mut configure = self.0.cmake_configure(&build, &[]);
        configure.args(["-DSTEPWIRE_TESTS=OFF", "-DSTEPWIRE_EXAMPLES=OFF", "-DSTEPWIRE_TOOLS=OFF"]);
        must(&mut configure)?;
        must(&mut self.0.cmake_build(&build))?;
        must(Command::new(build::CMAKE.program).arg("--install").arg(&build).arg("--prefix").arg(stage))?;
        let library = stage.join("bin/stepwire.dll");
        let strip = format!("{}-w64-mingw32-strip", self.0.mingw);
        must(Command::new(&strip).arg(&library))?;
        must(Command::new(&strip).arg("--strip-debug").arg(stage.join("lib/libstepwire.a")))?;
        self.make_msvc_import_library(&library, &stage.join("lib"))
    }

    fn extension(&self) -> Result<Option<PathBuf>> {
        // GameMaker's runners for Windows have 64 bits.
        if self.0.mingw != "x86_64" {
            return Ok(None);
        }
        let mut command = self.0.cargo();
        command.args(["build", "--release", "--locked", "--package", "stepwire-extension"]);
        command.args(["--no-default-features", "--features=rustls", "--target", self.0.triple]);
        must(command.arg("--target-dir").arg(target_dir()))?;
        Ok(Some(target_dir().join(self.0.triple).join("release/stepwire_extension.dll")))
    }

    fn pack(&self, stage: &Path, name: &str) -> Result<PathBuf> {
        archive::zip(stage, &folder().join(format!("{name}.zip")))
    }

    fn check(&self, archive: &Path) -> Result<String> {
        let unpacked = archive::unpack(archive, &folder().join("check").join(self.name()))?;
        let wine = Wine::start(self.0)?;
        let definitions = [
            build::define("CMAKE_TOOLCHAIN_FILE", &self.0.toolchain_file()),
            format!("-DSTEPWIRE_MINGW={}", self.0.mingw),
        ];
        check::with_cmake(&unpacked, &definitions, wine.launcher())?;
        Ok(format!("built against and run under {}", wine.version))
    }
}

impl Archive {
    /// Writes stepwire.def, the names that the library exports, and stepwire.lib, made from it.
    fn make_msvc_import_library(&self, library: &Path, into: &Path) -> Result<()> {
        let content = fs::read(library)?;
        let mut names = Vec::new();
        for export in object::File::parse(&*content)?.exports()? {
            if let NameOrOrdinal::Name(name) = export?.name() {
                names.push(String::from_utf8_lossy(name).into_owned());
            }
        }
        names.sort();
        let definition = into.join("stepwire.def");
        fs::write(&definition, format!("LIBRARY stepwire.dll\nEXPORTS\n    {}\n", names.join("\n    ")))?;
        let machine = if self.0.mingw == "x86_64" { "i386:x86-64" } else { "i386" };
        let mut dlltool = Zig::provide()?.tool("dlltool");
        dlltool.arg("-d").arg(&definition).arg("-l").arg(into.join("stepwire.lib")).args(["-m", machine]);
        must(&mut dlltool)
    }
}
