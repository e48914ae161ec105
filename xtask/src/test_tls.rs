//! `cargo xtask test --tls KIND`: the tests of TLS, with a library built for another TLS than the system's.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

use crate::machine::{Tool, provide};
use crate::steps::Steps;
use crate::{build, peers};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Kind {
    /// As CMake's STEPWIRE_TLS.
    name: &'static str,
    /// What cargo is told.
    features: &'static [&'static str],
    /// The modules of tests/interop.
    interop: &'static str,
    steps: [&'static str; 3],
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "system",
        features: &["--features=tls"],
        interop: "test_tls*",
        steps: ["build, system", "unit tests, system", "interop, system"],
    },
    Kind {
        name: "rustls",
        features: &["--features=rustls"],
        interop: "test_tls*",
        steps: ["build, rustls", "unit tests, rustls", "interop, rustls"],
    },
    Kind {
        name: "none",
        features: &[],
        interop: "without_tls",
        steps: ["build, none", "unit tests, none", "interop, none"],
    },
];

/// All kinds, or the one that is named.
pub fn run(wanted: Option<&str>) -> Result<()> {
    if let Some(name) = wanted
        && !KINDS.iter().any(|kind| kind.name == name)
    {
        return Err("--tls takes system, rustls, none or nothing".into());
    }
    build::provide_tools(&[])?;
    provide(&[Tool::new("openssl", "openssl")], &[])?;
    let python = peers::python()?;
    let mut steps = Steps::default();
    for kind in KINDS.iter().filter(|kind| wanted.is_none_or(|name| name == kind.name)) {
        let [build, unit_tests, interop] = kind.steps;
        if !steps.run(build, kind.cargo(&["build", "--release"])) {
            continue;
        }
        steps.run(unit_tests, kind.cargo(&["test"]));
        let mut command = Command::new(&python);
        command.arg(build::root().join("tests/interop/run.py")).arg(kind.interop);
        command.env("STEPWIRE_LIBRARY", library());
        steps.run(interop, command);
    }
    steps.conclude()
}

/// Builds the library of that kind; returns the file.
pub fn build(name: &str) -> Result<PathBuf> {
    let kind = KINDS.iter().find(|kind| kind.name == name).ok_or("no such kind of TLS")?;
    if !kind.cargo(&["build", "--release"]).status()?.success() {
        return Err(format!("cannot be built: {name}").into());
    }
    Ok(library())
}

/// The one that was built last.
fn library() -> PathBuf {
    build::target_dir().join("tls/release/libstepwire.so")
}

impl Kind {
    fn cargo(&self, what: &[&str]) -> Command {
        let mut command = build::cargo();
        command.args(what).args(["--locked", "--lib", "--no-default-features"]).args(self.features);
        command.arg("--target-dir").arg(build::target_dir().join("tls"));
        command
    }
}
