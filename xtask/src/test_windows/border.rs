//! Programs of one system with those of the other, both ways: the game of c_examples/, and gmcat over every transport.

mod echoes;
mod game;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::examples;
use crate::process::Process;
use crate::wine::Wine;

/// How much longer than planned anything may take under Wine on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// `build` is where CMake has built for Windows.
pub fn run(wine: &Wine, build: &Path) -> Result<String> {
    let programs = examples::build()?;
    examples::add_gmcat(&programs)?;
    let windows = Side {
        name: "Windows",
        launcher: wine.launcher(),
        programs: vec![build.join("c_examples"), build.join("tools/gmcat")],
        extension: "exe",
        root: "Z:",
    };
    let linux = Side { name: "Linux", launcher: &[], programs: vec![programs], extension: "", root: "" };
    let certificate = echoes::Certificate::make(&build.join("border"))?;
    let mut report = Vec::new();
    for (server, client) in [(&windows, &linux), (&linux, &windows)] {
        report.push(game::play(server, client)?);
        report.push(echoes::over_every_transport(server, client, &certificate)?);
    }
    Ok(report.join("; "))
}

/// Where programs run.
struct Side<'a> {
    name: &'a str,
    launcher: &'a [String],
    /// The folders that programs are in.
    programs: Vec<PathBuf>,
    extension: &'a str,
    /// What stands before the paths of this machine.
    root: &'a str,
}

impl Side<'_> {
    fn start(
        &self,
        name: &str,
        program: &str,
        arguments: &[&str],
        wanted: fn(&str) -> bool,
    ) -> Result<Process> {
        let mut paths =
            self.programs.iter().map(|folder| folder.join(program).with_extension(self.extension));
        let path = paths.find(|path| path.is_file()).ok_or_else(|| format!("{program} was not built"))?;
        let Some((first, words)) = self.launcher.split_first() else {
            return Process::start(name, &path, arguments, wanted);
        };
        let path = self.path(&path);
        let mut all: Vec<&str> = words.iter().map(String::as_str).collect();
        all.push(&path);
        all.extend(arguments);
        Process::start(name, &PathBuf::from(first), &all, wanted)
    }

    /// What a file of this machine is called there.
    fn path(&self, file: &Path) -> String {
        format!("{}{}", self.root, file.display())
    }
}

/// The port in a line that ends in it.
fn port_in(line: &str) -> String {
    line.trim().rsplit(' ').next().unwrap_or_default().to_owned()
}
