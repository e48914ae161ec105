//! For programs of Microsoft's compiler: an import library, and a look whether such a program can use it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::zig::Zig;
use super::{Result, symbols};
use crate::build::root;
use crate::command::must;
use crate::cross::Windows;

/// What the program takes from Windows, with the sizes of the arguments, which 32-bit programs have in the names.
const OF_WINDOWS: [(&str, u32); 3] = [("ExitProcess", 4), ("GetStdHandle", 4), ("WriteFile", 20)];

/// Writes stepwire.def, the names that the library exports, and stepwire.lib, made from it.
pub fn write_import_library(library: &Path, into: &Path, windows: &Windows) -> Result<()> {
    let names: Vec<_> = symbols::exported(library)?.into_iter().collect();
    let definition = into.join("stepwire.def");
    fs::write(&definition, exports("stepwire.dll", &names))?;
    Ok(must(&mut import_library(&definition, &into.join("stepwire.lib"), windows)?)?)
}

/// Fails unless stepwire.def names the library's functions and nothing else.
pub fn require_definition(definition: &Path) -> Result<()> {
    let names: Vec<_> = symbols::functions().into_iter().collect();
    if fs::read_to_string(definition)? == exports("stepwire.dll", &names) {
        return Ok(());
    }
    Err(format!("{} does not name what the header declares", definition.display()).into())
}

/// Builds tests/consumer/msvc by clang and lld, which follow Microsoft's ABI; returns the program.
pub fn build(unpacked: &Path, windows: &Windows) -> Result<PathBuf> {
    let folder = unpacked.parent().ok_or("an archive is unpacked into a folder")?.join("msvc");
    fs::create_dir_all(&folder)?;
    let [definition, of_windows, object, program] =
        ["kernel32.def", "kernel32.lib", "main.obj", "msvc.exe"].map(|name| folder.join(name));
    let names = OF_WINDOWS.map(
        |(name, size)| {
            if is_x64(windows) { name.to_owned() } else { format!("{name}@{size}") }
        },
    );
    fs::write(&definition, exports("kernel32.dll", &names))?;
    must(&mut import_library(&definition, &of_windows, windows)?)?;

    let zig = Zig::provide()?;
    let target = format!("{}-windows-msvc", if is_x64(windows) { "x86_64" } else { "x86" });
    let mut compile = zig.tool("cc");
    compile.args([
        "-target",
        &target,
        "-c",
        "-O1",
        "-ffreestanding",
        "-fno-sanitize=all",
        "-Wall",
        "-Werror",
    ]);
    compile.arg("-I").arg(unpacked.join("include"));
    must(compile.arg(root().join("tests/consumer/msvc/main.c")).arg("-o").arg(&object))?;
    let mut link = zig.tool("lld-link");
    link.args(["-nologo", "-subsystem:console", "-entry:start", "-nodefaultlib", "-safeseh:no"]);
    link.arg(format!("-out:{}", program.display())).arg(&object).arg(&of_windows);
    must(link.arg(unpacked.join("lib/stepwire.lib")))?;
    fs::copy(unpacked.join("bin/stepwire.dll"), folder.join("stepwire.dll"))?;
    Ok(program)
}

/// What a .def file says of a library.
fn exports(library: &str, names: &[String]) -> String {
    format!("LIBRARY {library}\nEXPORTS\n    {}\n", names.join("\n    "))
}

fn import_library(definition: &Path, library: &Path, windows: &Windows) -> Result<Command> {
    let machine = if is_x64(windows) { "i386:x86-64" } else { "i386" };
    let mut dlltool = Zig::provide()?.tool("dlltool");
    // Without what stands behind the @, which is no part of the names that DLLs export.
    dlltool.arg("--kill-at").arg("-d").arg(definition).arg("-l").arg(library).args(["-m", machine]);
    Ok(dlltool)
}

fn is_x64(windows: &Windows) -> bool {
    windows.mingw == "x86_64"
}
