//! The C harness under Wine: each case in a process of its own, so that one failure hides no other case.

use std::cmp::Reverse;
use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::at_once;
use super::differences::Differences;
use crate::wine::{SLOWNESS, Wine};

/// The longest that a case may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// With an I/O thread and without.
const MODES: [&str; 2] = ["thread", "manual"];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub fn run(wine: &Wine, folder: &Path, differences: &Differences) -> Result<String> {
    let cases = list_all(wine, folder)?;
    let tally = Mutex::new(Tally::default());
    with_each(&cases, |worker, case| {
        let run = case.run(wine, &folder.join(format!("output-{worker}.txt")), differences);
        tally.lock().expect("nobody panics with it").count(case, run);
    });
    let mut tally = tally.into_inner().expect("nobody panics with it");
    // Chance gets one more attempt, alone, as on Linux.
    for case in std::mem::take(&mut tally.failed) {
        let run = case.run(wine, &folder.join("output-again.txt"), differences);
        tally.count_again(case, &run);
    }
    tally.conclude()
}

/// Does something with each, several at once; tells which of the workers does it.
fn with_each<'a, T: Sync>(all: &'a [T], work: impl Fn(usize, &'a T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for worker in 0..at_once() {
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(worker, one);
                }
            });
        }
    });
}

struct Case {
    program: PathBuf,
    /// As tests/windows/differences.txt calls it.
    test: String,
    name: String,
    mode: &'static str,
}

/// How a case went.
struct Run<'a> {
    seconds: f64,
    /// Why it failed, in a few words.
    failure: Option<String>,
    output: String,
    /// Why it may fail.
    reason: Option<&'a str>,
}

impl Case {
    fn run<'a>(&self, wine: &Wine, output: &Path, differences: &'a Differences) -> Run<'a> {
        let start = Instant::now();
        let mut command = wine.command(&self.program);
        command.args([self.mode, &self.name]);
        let reason = differences.reason(&self.test);
        if reason.is_some() {
            // What will not come is not waited for as long as what may.
            command.env(SLOWNESS, "1");
        }
        let failure = wait_for(&mut command, output).unwrap_or_else(|error| Some(error.to_string()));
        let output = fs::read(output).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Run { seconds: start.elapsed().as_secs_f64(), failure, output: output.unwrap_or_default(), reason }
    }
}

#[derive(Default)]
struct Tally<'a> {
    passed: usize,
    different: usize,
    unsteady: usize,
    failed: Vec<&'a Case>,
}

impl<'a> Tally<'a> {
    fn count(&mut self, case: &'a Case, run: Run<'_>) {
        let (test, mode, seconds) = (&case.test, case.mode, run.seconds);
        match (run.failure, run.reason) {
            (None, _) => {
                self.passed += 1;
                println!("passed   {test} {mode} {seconds:.1} s");
            }
            (Some(_), Some(reason)) => {
                self.different += 1;
                println!("differs  {test} {mode} {seconds:.1} s: {reason}");
            }
            (Some(failure), None) => {
                self.failed.push(case);
                println!("failed   {test} {mode} {seconds:.1} s: {failure}\n{}", run.output);
            }
        }
    }

    fn count_again(&mut self, case: &'a Case, run: &Run<'_>) {
        let (test, mode) = (&case.test, case.mode);
        if let Some(failure) = &run.failure {
            self.failed.push(case);
            println!("FAILED   {test} {mode}: {failure}\n{}", run.output);
        } else {
            self.unsteady += 1;
            println!("UNSTEADY {test} {mode}: failed, and passed alone");
        }
    }

    fn conclude(self) -> Result<String> {
        let Self { passed, different, unsteady, failed } = self;
        let counts =
            format!("{passed} passed, {different} differ, {unsteady} unsteady, {} failed", failed.len());
        if failed.is_empty() {
            return Ok(counts);
        }
        let names: Vec<_> = failed.iter().map(|case| format!("{} {}", case.test, case.mode)).collect();
        Err(format!("{counts}: {}", names.join(", ")).into())
    }
}

/// The cases of all programs of the harness; the others of this folder have none.
fn list_all(wine: &Wine, folder: &Path) -> Result<Vec<Case>> {
    let mut programs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_test = ["api_", "net_", "leak_"].iter().any(|class| name.starts_with(class));
        if is_test && name.ends_with(".exe") {
            programs.push(path);
        }
    }
    if programs.is_empty() {
        return Err("no test programs were built".into());
    }
    let listed = Mutex::new(Vec::new());
    with_each(&programs, |_, program| {
        for mode in MODES {
            let cases = list(wine, program, mode).map_err(|error| error.to_string());
            listed.lock().expect("nobody panics with it").push((program, mode, cases));
        }
    });
    let mut listed = listed.into_inner().expect("nobody panics with it");
    listed.sort_by_key(|(program, mode, _)| (*program, Reverse(*mode)));
    let mut all = Vec::new();
    for (_, _, cases) in listed {
        all.extend(cases?);
    }
    Ok(all)
}

/// The cases of that program and mode.
fn list(wine: &Wine, program: &Path, mode: &'static str) -> Result<Vec<Case>> {
    let output = wine.command(program).args([mode, "--list"]).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{} cannot be run: {said}", program.display()).into());
    }
    let title = program.file_stem().unwrap_or_default().to_string_lossy();
    let case = |name: &str| Case {
        program: program.to_owned(),
        test: format!("{title}.{name}"),
        name: name.to_owned(),
        mode,
    };
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(|line| case(line.trim())).collect())
}

/// None when it passed, else why not in a few words.
fn wait_for(command: &mut Command, output: &Path) -> io::Result<Option<String>> {
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
