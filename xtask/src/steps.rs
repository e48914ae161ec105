//! The steps of a test run.

use std::error::Error;
use std::process::Command;
use std::time::Instant;

/// The status of a test program that cannot run here and has said why, as automake has it.
const SKIPPED: i32 = 77;

/// Runs one step after the other, also after a failure, so that one run shows all that is wrong.
#[derive(Default)]
pub struct Steps {
    /// One line each.
    report: Vec<String>,
    failed: Vec<&'static str>,
}

impl Steps {
    pub fn run(&mut self, name: &'static str, mut command: Command) -> bool {
        println!("==> {name}");
        let start = Instant::now();
        let passed = match command.status() {
            Ok(status) if status.code() == Some(SKIPPED) => {
                self.report.push(format!("{name:16} skipped: see above"));
                return true;
            }
            Ok(status) => status.success(),
            Err(error) => {
                eprintln!("cannot run {}: {error}", command.get_program().to_string_lossy());
                false
            }
        };
        self.done(name, passed, start, "")
    }

    /// A step of ours: what it returns, in a few words, is added to its line of the report.
    pub fn carry_out(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> Result<String, Box<dyn Error>>,
    ) -> bool {
        println!("==> {name}");
        let start = Instant::now();
        let result = step();
        if let Err(error) = &result {
            eprintln!("{name}: {error}");
        }
        let passed = result.is_ok();
        self.done(name, passed, start, &result.unwrap_or_else(|error| error.to_string()))
    }

    fn done(&mut self, name: &'static str, passed: bool, start: Instant, details: &str) -> bool {
        let verdict = if passed { "passed" } else { "FAILED" };
        let line = format!("{name:16} {verdict} {:6.1} s  {details}", start.elapsed().as_secs_f64());
        self.report.push(line.trim_end().to_owned());
        if !passed {
            self.failed.push(name);
        }
        passed
    }

    pub fn skip(&mut self, name: &'static str, reason: &str) {
        println!("==> {name}: skipped, {reason}");
        self.report.push(format!("{name:16} skipped: {reason}"));
    }

    pub fn conclude(self) -> Result<(), Box<dyn Error>> {
        println!("\n{}", self.report.join("\n"));
        if self.failed.is_empty() {
            Ok(())
        } else {
            Err(format!("failed: {}", self.failed.join(", ")).into())
        }
    }
}
