//! What a machine must have for the project's commands, and how it gets it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program the commands need, and the Debian package that brings it.
pub struct Tool {
    pub program: &'static str,
    pub package: &'static str,
}

impl Tool {
    pub const fn new(program: &'static str, package: &'static str) -> Self {
        Self { program, package }
    }

    pub fn is_here(&self) -> bool {
        self.path().is_some()
    }

    pub fn path(&self) -> Option<PathBuf> {
        let folders = std::env::var_os("PATH")?;
        // Debian puts servers where only the administrator's shell looks.
        let folders = std::env::split_paths(&folders).chain([PathBuf::from("/usr/sbin")]);
        folders.map(|folder| folder.join(self.program)).find(|path| path.is_file())
    }
}

/// Installs those of `needed` and `useful` that are missing where that is possible without asking
/// anybody. An error, in one line, names what is needed and still missing; what is merely useful may
/// stay away.
pub fn provide(needed: &[Tool], useful: &[Tool]) -> Result<(), String> {
    let missing: Vec<_> =
        needed.iter().chain(useful).filter(|tool| !tool.is_here()).map(|tool| tool.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing);
    let still_missing: Vec<_> =
        needed.iter().filter(|tool| !tool.is_here()).map(|tool| tool.package).collect();
    if still_missing.is_empty() {
        return Ok(());
    }
    Err(format!("please install: {} (Debian: apt-get install {0})", still_missing.join(" ")))
}

/// Installs Debian packages where that is possible without asking anybody.
pub fn install(packages: &[&str]) {
    if let Some(administrator) = administrator() {
        println!("installing {}", packages.join(" "));
        apt_get(administrator, &["update", "-qq"]);
        let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
        arguments.extend(packages);
        apt_get(administrator, &arguments);
    }
}

/// Installs a Debian package, where that is possible without asking anybody, unless a file of it is there.
pub fn install_unless(file: &str, package: &str) {
    if !Path::new(file).exists() && !Path::new(&file.replacen("/usr", "/usr/local", 1)).exists() {
        install(&[package]);
    }
}

/// The words before a command that make it run as administrator; None where that is not possible.
fn administrator() -> Option<&'static [&'static str]> {
    if !Path::new("/usr/bin/apt-get").exists() {
        return None;
    }
    if output_of("id", &["-u"])? == "0" {
        return Some(&[]);
    }
    output_of("sudo", &["-n", "true"]).map(|_| &["sudo", "-n"][..])
}

/// What a program prints, if it succeeds.
fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A failure shows in what is still missing afterwards.
fn apt_get(administrator: &[&str], arguments: &[&str]) {
    // In the runlevel of maintenance Debian starts no service that a package brings.
    let environment = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get"];
    let words: Vec<&str> = administrator.iter().chain(&environment).copied().collect();
    let status = Command::new(words[0]).args(&words[1..]).args(arguments).stdout(Stdio::null()).status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("apt-get {} failed", arguments[0]);
    }
}
