//! The C harness under Wine: each case in a process of its own, so that one failure hides no other case.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::differences::Differences;
use crate::wine::{SLOWNESS, Wine};

/// The longest that a case may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// With an I/O thread and without.
const MODES: [&str; 2] = ["thread", "manual"];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub fn run(wine: &Wine, folder: &Path, differences: &Differences) -> Result<String> {
    let output = folder.join("output.txt");
    let (mut passed, mut different, mut unsteady, mut failed) = (0, 0, 0, Vec::new());
    for program in programs(folder)? {
        let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for mode in MODES {
            for case in list(wine, &program, mode)? {
                let start = Instant::now();
                let test = format!("{name}.{case}");
                let mut command = wine.command(&program);
                command.args([mode, &case]);
                let reason = differences.reason(&test);
                if reason.is_some() {
                    // What will not come is not waited for as long as what may.
                    command.env(SLOWNESS, "1");
                }
                let fate = run_case(&mut command, &output)?;
                let time = start.elapsed().as_secs_f64();
                let Some(fate) = fate else {
                    passed += 1;
                    println!("passed   {test} {mode} {time:.1} s");
                    continue;
                };
                if let Some(reason) = reason {
                    different += 1;
                    println!("differs  {test} {mode} {time:.1} s: {reason}");
                    continue;
                }
                println!("failed   {test} {mode} {time:.1} s: {fate}");
                println!("{}", fs::read_to_string(&output).unwrap_or_default());
                // Chance gets one more attempt, as on Linux.
                if run_case(&mut command, &output)?.is_none() {
                    unsteady += 1;
                    println!("UNSTEADY {test} {mode}: failed, and passed the second time");
                } else {
                    println!("FAILED   {test} {mode}");
                    failed.push(format!("{test} {mode}"));
                }
            }
        }
    }
    let counts = format!("{passed} passed, {different} differ, {unsteady} unsteady, {} failed", failed.len());
    if failed.is_empty() { Ok(counts) } else { Err(format!("{counts}: {}", failed.join(", ")).into()) }
}

/// The programs of the harness; the others of this folder have no cases.
fn programs(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut programs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_test = ["api_", "net_", "leak_"].iter().any(|class| name.starts_with(class));
        if is_test && name.ends_with(".exe") {
            programs.push(path);
        }
    }
    programs.sort();
    if programs.is_empty() { Err("no test programs were built".into()) } else { Ok(programs) }
}

/// The cases of that mode.
fn list(wine: &Wine, program: &Path, mode: &str) -> Result<Vec<String>> {
    let output = wine.command(program).args([mode, "--list"]).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{} cannot be run: {said}", program.display()).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(|line| line.trim().to_owned()).collect())
}

/// None when it passed, else why not in a few words.
fn run_case(command: &mut Command, output: &Path) -> Result<Option<String>> {
    let file = File::create(output)?;
    let mut child = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((!status.success()).then(|| status.to_string()));
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(Some(format!("did not end within {PATIENCE:?}")));
        }
        thread::sleep(Duration::from_millis(10));
    }
}
