//! For Python: a wheel for each platform, with the library inside. One serves every version of Python, since ctypes
//! loads the library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use xtask::surface;

use super::{Binding, Library, Result, conformance, copy, copy_licences, in_clean_environment, new_folder};
use crate::build::{root, target_dir};
use crate::command::must;
use crate::dist::contents;
use crate::machine::{Tool, provide};
use crate::peers;

const PYTHON: [Tool; 1] = [Tool::new("python3", "python3")];

/// The versions that the package is for. Those that can be had here are tried out.
const VERSIONS: [&str; 5] = ["3.9", "3.10", "3.11", "3.12", "3.13"];

/// What every Linux that pip takes for one of a manylinux has, by the definition of those.
const EVERYWHERE: [&str; 7] =
    ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "librt.so.1", "ld-linux"];

pub struct Python;

impl Binding for Python {
    fn language(&self) -> &'static str {
        "python"
    }

    fn package(&self, libraries: &[Library], folder: &Path) -> Result<Vec<PathBuf>> {
        let mut wheels = Vec::new();
        for library in libraries {
            let stage = stage(library)?;
            let mut pip = Command::new(tools()?);
            pip.args(["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]);
            let made = new_folder(&target_dir().join("bindings/python/made"))?;
            pip.arg(&made).arg(&stage).env("STEPWIRE_WHEEL_PLATFORM", platform(library)?);
            // The same content is the same wheel, whenever it is made: zip's first day.
            must(pip.env("SOURCE_DATE_EPOCH", "315532800"))?;
            for wheel in contents::files(&made)? {
                fs::copy(made.join(&wheel), folder.join(&wheel))?;
                wheels.push(folder.join(wheel));
            }
        }
        Ok(wheels)
    }

    fn provide_runtime(&self) -> std::result::Result<(), String> {
        provide(&PYTHON, &[])?;
        tools().map(drop)
    }

    fn check(&self, packages: &[PathBuf], clean: &Path) -> Result<String> {
        let here = root().join("tests/bindings/python");
        let python = install(&packages[0], "python3", &clean.join("environment"))?;
        for script in ["conformance.py", "typed.py"] {
            fs::copy(here.join(script), clean.join(script))?;
        }
        let mut script = in_clean_environment(&python.to_string_lossy(), clean);
        let cases = conformance::run(script.args(["-X", "dev", "conformance.py"]), clean)?;

        let mut types = Command::new(tools()?);
        types.args(["-m", "mypy", "--strict", "--no-error-summary", "--cache-dir"]).arg(clean.join("mypy"));
        types.arg("--python-executable").arg(&python).args(["--package", "stepwire"]);
        must(types.current_dir(clean))?;
        let mut typed = Command::new(tools()?);
        typed.args(["-m", "mypy", "--strict", "--warn-unused-ignores", "--no-error-summary", "--cache-dir"]);
        typed.arg(clean.join("mypy")).arg("--python-executable").arg(&python).arg("typed.py");
        must(typed.current_dir(clean))?;

        let mut example = Command::new("python3");
        example.arg(root().join("tests/bindings/examples.py")).args(["server", "--"]).arg(&python);
        must(example.arg(root().join("bindings/python/examples/gamemaker_server.py")).arg("0"))?;

        let mut versions = Vec::new();
        for (version, interpreter) in others() {
            // One wheel serves them all: what was installed for one is there for the others.
            let mut script = in_clean_environment(&interpreter, clean);
            script.arg("conformance.py").env("PYTHONPATH", site_packages(&clean.join("environment"))?);
            conformance::run(&mut script, clean)?;
            versions.push(version);
        }
        let versions =
            if versions.is_empty() { String::new() } else { format!(", also with {}", versions.join(", ")) };
        Ok(format!("{cases}, the types, the example{versions}"))
    }
}

/// A Python that can make wheels and check types.
fn tools() -> std::result::Result<PathBuf, String> {
    peers::python_with("tests/bindings/python/requirements.txt", "bindings/python/tools")
}

/// What pip makes a wheel of.
fn stage(library: &Library) -> Result<PathBuf> {
    let source = root().join("bindings/python");
    let stage = new_folder(&target_dir().join("bindings/python/stage"))?;
    for file in contents::files(&source)? {
        let is_source = ["src/stepwire", "pyproject.toml", "setup.py", "README.md"]
            .iter()
            .any(|wanted| file.starts_with(wanted));
        // What a Python has compiled, and a library that somebody has put there to try things out.
        let is_made = file
            .extension()
            .is_none_or(|extension| extension == "pyc" || extension == "so" || extension == "2");
        if is_source && !is_made {
            copy(&source.join(&file), &stage.join(&file))?;
        }
    }
    copy_licences(&stage)?;
    copy(&library.file, &stage.join("src/stepwire").join(library.name()))?;
    Ok(stage)
}

/// The platform of a wheel, as pip compares it with the machine.
fn platform(library: &Library) -> Result<String> {
    let machine = match library.platform {
        "linux-x64" => "x86_64",
        "linux-arm64" => "aarch64",
        "windows-x64" => return Ok("win_amd64".to_owned()),
        "windows-x86" => return Ok("win32".to_owned()),
        other => return Err(format!("no name for the wheel's platform {other}").into()),
    };
    let needs = surface::needed_libraries(&library.file);
    let everywhere = needs.iter().all(|name| EVERYWHERE.iter().any(|known| name.starts_with(known)));
    Ok(if everywhere {
        let (major, minor) = surface::needed_glibc(&library.file).unwrap_or((2, 17)).max((2, 17));
        format!("manylinux_{major}_{minor}_{machine}")
    } else {
        format!("linux_{machine}")
    })
}

/// A new environment of that Python with the wheel and nothing else; returns its Python.
fn install(wheel: &Path, python: &str, environment: &Path) -> Result<PathBuf> {
    must(Command::new(python).args(["-m", "venv", "--without-pip", "--clear"]).arg(environment))?;
    let installed = environment.join("bin/python");
    let mut pip = Command::new(tools()?);
    pip.args(["-m", "pip", "--python"]).arg(&installed);
    must(pip.args(["install", "--quiet", "--no-index", "--no-deps"]).arg(wheel))?;
    Ok(installed)
}

/// Where an environment has its packages.
fn site_packages(environment: &Path) -> Result<PathBuf> {
    let version = fs::read_dir(environment.join("lib"))?.next().ok_or("an environment has a library")??;
    Ok(version.path().join("site-packages"))
}

/// Other versions of Python than the system's that are here: on the path, or where pyenv installs them.
fn others() -> Vec<(&'static str, String)> {
    let of_pyenv = std::env::home_dir().unwrap_or_default().join(".pyenv/versions");
    let installed = fs::read_dir(of_pyenv).map_or_else(
        |_| Vec::new(),
        |entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
    );
    let own = version_of("python3");
    let mut found = Vec::new();
    for version in VERSIONS {
        let is_it = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.strip_prefix(version).is_some_and(|rest| rest.starts_with('.'))
        };
        let candidates =
            installed.iter().filter(is_it).map(|path| path.join("bin/python3").display().to_string());
        let mut candidates = candidates.chain([format!("python{version}")]);
        if own.as_deref() != Some(version)
            && let Some(python) = candidates.find(|python| version_of(python).as_deref() == Some(version))
        {
            found.push((version, python));
        }
    }
    found
}

/// "3.11", if that can be run.
fn version_of(python: &str) -> Option<String> {
    let words = ["-c", "import sys, ctypes; print('%d.%d' % sys.version_info[:2])"];
    let output = Command::new(python).args(words).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
