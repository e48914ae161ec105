//! `cargo xtask package-bindings`: packages of the library for other languages, with the library inside. And the
//! step of the tests that installs each of them where nothing else of the project is, and runs its conformance script.

mod conformance;
mod cpp;
mod csharp;
mod lua;
mod node;
mod python;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice;

use xtask::version::{VERSION, built_name, loaded_name_on};

use crate::build::{self, root, target_dir};
use crate::command::must;
use crate::dist;
use crate::steps::Steps;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask package-bindings [--dist|--check] [LANGUAGE]...

Makes the packages in target/dist, each with the library of this machine, which is built.
--dist    with the libraries of the archives that cargo xtask dist has made instead, which run on other machines too
--check   makes them elsewhere, installs them into clean folders and runs their conformance scripts
LANGUAGE  cpp, csharp, lua, python or node; without one all";

/// A language that there is a package for.
trait Binding {
    /// As on the command line.
    fn language(&self) -> &'static str;
    /// Makes the packages in `folder`, each with the libraries that belong into it; returns their files.
    fn package(&self, libraries: &[Library], folder: &Path) -> Result<Vec<PathBuf>>;
    /// What the language takes to run is here, or is installed; else why it cannot be had, in one line.
    fn provide_runtime(&self) -> std::result::Result<(), String>;
    /// Installs the packages into `clean`, an empty folder, and runs the language's conformance script from there
    /// ([`conformance::run`]); returns in a few words what was done.
    fn check(&self, packages: &[PathBuf], clean: &Path) -> Result<String>;
}

const BINDINGS: [&dyn Binding; 5] = [&lua::Lua, &cpp::Cpp, &csharp::CSharp, &python::Python, &node::Node];

/// A shared library, and the platform that it is for.
struct Library {
    /// "linux-x64" and so on.
    platform: &'static str,
    file: PathBuf,
}

/// The platforms of archives: as here, as in the archives' names, and where the library is in them.
const PLATFORMS: [(&str, &str, &str); 4] = [
    ("linux-x64", "linux-x64-glibc2.17", "lib/libstepwire.so"),
    ("linux-arm64", "linux-arm64-glibc2.17", "lib/libstepwire.so"),
    ("windows-x64", "windows-x64", "bin/stepwire.dll"),
    ("windows-x86", "windows-x86", "bin/stepwire.dll"),
];

impl Library {
    /// The file's name in packages: what programs that were linked with it look for.
    fn name(&self) -> String {
        let system = self.platform.split('-').next().unwrap_or_default();
        loaded_name_on(system, "stepwire")
    }

    /// The one for this machine.
    fn of_this_machine(file: PathBuf) -> Result<Self> {
        let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => "linux-x64",
            ("linux", "aarch64") => "linux-arm64",
            ("macos", "x86_64") => "macos-x64",
            ("macos", "aarch64") => "macos-arm64",
            ("windows", "x86_64") => "windows-x64",
            ("windows", "x86") => "windows-x86",
            (system, processor) => return Err(format!("no package for {system} on {processor}").into()),
        };
        Ok(Self { platform, file })
    }

    /// Builds the one for this machine.
    fn build() -> Result<Self> {
        must(build::cargo().args(["build", "--release", "--locked", "--lib"]))?;
        Self::of_this_machine(target_dir().join("release").join(built_name("stepwire")))
    }

    /// Those of the archives that are there.
    fn of_archives() -> Result<Vec<Self>> {
        let stage = dist::folder().join("stage");
        let library = |&(platform, archive, file): &(&'static str, &str, &str)| {
            let file = stage.join(format!("stepwire-{VERSION}-{archive}")).join(file);
            file.is_file().then_some(Self { platform, file })
        };
        let found: Vec<_> = PLATFORMS.iter().filter_map(library).collect();
        if found.is_empty() {
            return Err("there are no archives: run cargo xtask dist first".into());
        }
        Ok(found)
    }
}

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let (options, languages): (Vec<_>, Vec<_>) = arguments.partition(|argument| argument.starts_with('-'));
    let wanted: Vec<_> = BINDINGS
        .into_iter()
        .filter(|binding| languages.is_empty() || languages.iter().any(|name| name == binding.language()))
        .collect();
    if languages.len() > wanted.len() {
        return Err(USAGE.into());
    }
    match options.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => package(&wanted, &[Library::build()?]),
        ["--dist"] => package(&wanted, &Library::of_archives()?),
        ["--check"] => {
            let mut steps = Steps::default();
            check(&mut steps, &wanted, &Library::build()?);
            steps.conclude()
        }
        _ => Err(USAGE.into()),
    }
}

fn package(bindings: &[&dyn Binding], libraries: &[Library]) -> Result<()> {
    let folder = dist::folder();
    fs::create_dir_all(&folder)?;
    for binding in bindings {
        for file in binding.package(libraries, &folder)? {
            println!("wrote {}", file.display());
        }
    }
    Ok(())
}

/// The step of the tests: with the library that CMake has built.
pub fn check_all(steps: &mut Steps) {
    match Library::of_this_machine(build::library()) {
        Ok(library) => check(steps, &BINDINGS, &library),
        Err(reason) => steps.skip("bindings", &reason.to_string()),
    }
}

/// Makes each package and tries it out as its users have it.
fn check(steps: &mut Steps, bindings: &[&dyn Binding], library: &Library) {
    for binding in bindings {
        let language = binding.language();
        if let Err(reason) = binding.provide_runtime() {
            steps.skip(language, &reason);
            continue;
        }
        steps.carry_out(language, || {
            let folder = target_dir().join("bindings").join(language);
            let packages = new_folder(&folder.join("packages"))?;
            let clean = new_folder(&folder.join("installed"))?;
            binding.check(&binding.package(slice::from_ref(library), &packages)?, &clean)
        });
    }
}

fn new_folder(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

/// Copies a file, into a folder that may have to be made.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().ok_or("a file is in a folder")?)?;
    fs::copy(from, to)?;
    Ok(())
}

/// What whoever ships the library has to ship as well.
fn copy_licences(stage: &Path) -> Result<()> {
    for licence in ["LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY-LICENSES"] {
        copy(&root().join(licence), &stage.join(licence))?;
    }
    Ok(())
}

/// A program that finds nothing by the variables of this process's environment but programs.
fn in_clean_environment(program: &str, folder: &Path) -> Command {
    const KEPT: [&str; 2] = ["PATH", "LANG"];
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().env("HOME", folder);
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
}
