//! Archives for Windows, with import libraries for MinGW and for MSVC.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive;
use super::check::Machine;
use super::toolchain::Part;
use super::{Platform, Result, cargo_folder, folder, imports, msvc, reproducible, stripped, symbols};
use crate::build;
use crate::command::must;
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
        let strip = |what: &str, file: &Path| {
            must(reproducible::settle(Command::new(self.strip()).arg(what).arg(file)))
        };
        // Its symbols are named after folders that a compiler makes for the time; what it exports stays.
        strip("--strip-all", &library)?;
        strip("--strip-debug", &stage.join("lib/libstepwire.a"))?;
        msvc::write_import_library(&library, &stage.join("lib"), self.0)
    }

    fn parts(&self) -> Result<Vec<Part>> {
        Ok(vec![Part::rust_of_debian()?, Part::mingw()?, Part::gcc()?])
    }

    fn extension(&self) -> Result<Option<PathBuf>> {
        // GameMaker's runners for Windows have 64 bits.
        if self.0.mingw != "x86_64" {
            return Ok(None);
        }
        let mut command = self.0.cargo();
        command.args(["build", "--release", "--locked", "--package", "stepwire-extension"]);
        command.args(["--no-default-features", "--features=rustls", "--target", self.0.triple]);
        must(command.arg("--target-dir").arg(cargo_folder()))?;
        let library = cargo_folder().join(self.0.triple).join("release/stepwire_extension.dll");
        imports::of_the_system(&library)?;
        Ok(Some(stripped(&library, &self.strip(), self.0.name)?))
    }

    fn pack(&self, stage: &Path, name: &str) -> Result<PathBuf> {
        archive::zip(stage, &folder().join(format!("{name}.zip")))
    }

    fn files(&self) -> Vec<String> {
        [
            "bin/stepwire.dll",
            "lib/libstepwire.a",
            "lib/libstepwire.dll.a",
            "lib/stepwire.lib",
            "lib/stepwire.def",
        ]
        .map(str::to_owned)
        .into()
    }

    fn examine(&self, unpacked: &Path) -> Result<String> {
        let shared = unpacked.join("bin/stepwire.dll");
        symbols::require_exports(&shared)?;
        // 32-bit compilers put a _ before each name.
        let (name, import) = if self.0.mingw == "x86_64" { ("", "__imp_") } else { ("_", "__imp__") };
        symbols::require_in_archive(&unpacked.join("lib/libstepwire.a"), &[name])?;
        for library in ["libstepwire.dll.a", "stepwire.lib"] {
            symbols::require_in_archive(&unpacked.join("lib").join(library), &[name, import])?;
        }
        msvc::require_definition(&unpacked.join("lib/stepwire.def"))?;
        let loaded = imports::of_the_system(&shared)?;
        Ok(format!("takes {} libraries of the system", loaded.len()))
    }

    fn check(&self, unpacked: &Path) -> Result<String> {
        let wine = Wine::start(self.0)?;
        let definitions = [
            build::define("CMAKE_TOOLCHAIN_FILE", &self.0.toolchain_file()),
            format!("-DSTEPWIRE_MINGW={}", self.0.mingw),
        ];
        let compiler = format!("{}-w64-mingw32-gcc-posix", self.0.mingw);
        let start = |program: &Path| wine.command(program);
        Machine { definitions: &definitions, compiler: &compiler, start: &start }.try_out(unpacked)?;
        must(&mut wine.command(&msvc::build(unpacked, self.0)?))?;
        Ok(format!("built against by MinGW and with Microsoft's ABI and run under {}", wine.version))
    }
}

impl Archive {
    fn strip(&self) -> String {
        format!("{}-w64-mingw32-strip", self.0.mingw)
    }
}
