//! For C++: the headers and the library, for programs that are built without the project's sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use xtask::version::VERSION;

use super::{Binding, Library, Result, conformance, in_clean_environment, new_folder};
use crate::build::{root, target_dir};
use crate::command::must;
use crate::dist::archive;
use crate::machine::{Tool, provide};

const GCC: Tool = Tool::new("g++", "g++");
const CLANG: Tool = Tool::new("clang++", "clang");

const STANDARDS: [&str; 3] = ["c++17", "c++20", "c++2b"];
const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"];

/// What is in the archive besides the libraries.
const FILES: [&str; 15] = [
    "include/stepwire.h",
    "include/stepwire.hpp",
    "include/stepwire/abi.hpp",
    "include/stepwire/bytes.hpp",
    "include/stepwire/events.hpp",
    "include/stepwire/library.hpp",
    "include/stepwire/result.hpp",
    "include/stepwire/sockets.hpp",
    "cpp_examples/echo_server.cpp",
    "cpp_examples/game_loop.cpp",
    "cpp_examples/sdl_players.cpp",
    "docs/cpp.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "THIRD-PARTY-LICENSES",
];

pub struct Cpp;

impl Binding for Cpp {
    fn language(&self) -> &'static str {
        "cpp"
    }

    fn package(&self, libraries: &[Library], folder: &Path) -> Result<Vec<PathBuf>> {
        let name = format!("stepwire-cpp-{VERSION}");
        let stage = new_folder(&target_dir().join("bindings/cpp").join(&name))?;
        for file in FILES {
            let to = stage.join(file);
            fs::create_dir_all(to.parent().ok_or("a file is in a folder")?)?;
            fs::copy(root().join(file), to)?;
        }
        for library in libraries {
            let place = stage.join(library.platform);
            fs::create_dir_all(&place)?;
            fs::copy(&library.file, place.join(library.name()))?;
        }
        Ok(vec![archive::zip(&stage, &folder.join(name + ".zip"))?])
    }

    fn provide_runtime(&self) -> std::result::Result<(), String> {
        provide(&[GCC], &[CLANG])
    }

    fn check(&self, packages: &[PathBuf], clean: &Path) -> Result<String> {
        let package = archive::unpack(&packages[0], &clean.join("package"))?;
        let library = Library::of_this_machine(PathBuf::new())?;
        let library = package.join(library.platform).join(library.name());
        for file in ["conformance.cpp", "headers.cpp"] {
            fs::copy(root().join("tests/bindings/cpp").join(file), clean.join(file))?;
        }
        programs_in_words(&package, clean)?;

        let compilers: Vec<&Tool> = [&GCC, &CLANG].into_iter().filter(|tool| tool.is_here()).collect();
        if !CLANG.is_here() {
            println!("there is no clang: compiled with gcc alone");
        }
        // Compilers side by side, a compiler's work one after the other.
        let all: Result<Vec<()>> = thread::scope(|scope| {
            let started: Vec<_> = compilers
                .iter()
                .map(|tool| {
                    let (package, library) = (&package, &library);
                    scope.spawn(move || {
                        compile(tool, package, library, clean).map_err(|error| error.to_string())
                    })
                })
                .collect();
            started
                .into_iter()
                .map(|thread| thread.join().map_err(|_| "a thread has panicked")?.map_err(Into::into))
                .collect()
        });
        all?;

        let mut ran = String::new();
        for tool in &compilers {
            for variant in ["exceptions", "none"] {
                let program = clean.join(format!("conformance-{}-{variant}", tool.program));
                ran = conformance::run(&mut in_clean_environment(&program.to_string_lossy(), clean), clean)?;
            }
        }
        let names: Vec<_> = compilers.iter().map(|tool| tool.program).collect();
        Ok(format!("{ran}, with {} as {}", names.join(" and "), STANDARDS.join(", ")))
    }
}

/// Everything with one compiler: the programs of the manuals, no macros, each standard and each order of the headers; and
/// the conformance script with exceptions and without.
fn compile(compiler: &Tool, package: &Path, library: &Path, clean: &Path) -> Result<()> {
    let include = format!("-I{}", package.join("include").display());
    let command = |standard: &str| {
        let mut command = Command::new(compiler.program);
        command.current_dir(clean).arg(format!("-std={standard}")).args(WARNINGS).arg(&include);
        command
    };
    no_macros(&mut command("c++17"))?;
    must(command("c++17").args(["-fsyntax-only", "in_header.cpp", "in_guide.cpp"]))?;
    must(command("c++20").args(["-fsyntax-only", "-DSTEPWIRE_H_FIRST", "conformance.cpp", "headers.cpp"]))?;
    must(command("c++2b").args(["-fsyntax-only", "conformance.cpp", "headers.cpp"]))?;
    let folder = library.parent().ok_or("a library is in a folder")?;
    let found_at = format!("-Wl,-rpath,{}", folder.display());
    let example = format!("echo_server-{}", compiler.program);
    let mut link = command("c++17");
    link.arg(package.join("cpp_examples/echo_server.cpp")).args(["-o", &example]).arg(library);
    must(link.arg(&found_at))?;
    must(&mut in_clean_environment(&clean.join(example).to_string_lossy(), clean))?;
    for (variant, order, exceptions) in [
        ("exceptions", "-DSTEPWIRE_H_FIRST", "-fexceptions"),
        ("none", "-DSTEPWIRE_HPP_FIRST", "-fno-exceptions"),
    ] {
        let mut link = command("c++17");
        link.args([order, exceptions, "conformance.cpp", "headers.cpp", "-o"]);
        link.arg(format!("conformance-{}-{variant}", compiler.program)).arg(library);
        must(link.arg(&found_at))?;
    }
    Ok(())
}

/// The C++ header alone leaves no macro behind but its include guards.
fn no_macros(compiler: &mut Command) -> Result<()> {
    let output =
        compiler.args(["-include", "stepwire.hpp", "-x", "c++", "-dM", "-E", "/dev/null"]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.lines().filter_map(|line| line.strip_prefix("#define ")?.split([' ', '(']).next());
    let ours = |name: &&str| name.starts_with("network_") || name.to_lowercase().starts_with("stepwire");
    let (guards, others): (Vec<_>, Vec<_>) = names.filter(ours).partition(|name| name.ends_with("_HPP"));
    if guards.len() < 7 || !others.is_empty() {
        return Err(format!("macros after stepwire.hpp: {guards:?}, {others:?}").into());
    }
    Ok(())
}

/// Writes the programs that stand in the header's manual and in the guide to files of their own.
fn programs_in_words(package: &Path, clean: &Path) -> Result<()> {
    let header = fs::read_to_string(package.join("include/stepwire.hpp"))?;
    let program = between(&header, "A COMPLETE PROGRAM", " * OWNERS AND NAMES")?;
    let lines = program.lines().skip(1).map(|line| line.strip_prefix(" *   ").unwrap_or_default());
    fs::write(clean.join("in_header.cpp"), lines.collect::<Vec<_>>().join("\n"))?;
    let guide = fs::read_to_string(package.join("docs/cpp.md"))?;
    fs::write(clean.join("in_guide.cpp"), between(&guide, "```cpp\n", "```")?)?;
    Ok(())
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Result<&'a str> {
    let (_, rest) = text.split_once(begin).ok_or_else(|| format!("there is no \"{begin}\""))?;
    Ok(rest.split_once(end).ok_or_else(|| format!("there is no \"{end}\""))?.0)
}
