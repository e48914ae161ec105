//! tests/windows/differences.txt: what is expected to fail, and why.

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::build::root;

pub struct Differences(Vec<Difference>);

struct Difference {
    /// `program.case` of the C harness, or the name of a Python test.
    test: String,
    reason: String,
}

pub fn file() -> PathBuf {
    root().join("tests/windows/differences.txt")
}

impl Differences {
    pub fn read() -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(file())?;
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let parse = |line: &str| match line.split_once(": ") {
            Some((test, reason)) => Ok(Difference { test: test.to_owned(), reason: reason.to_owned() }),
            None => Err(format!("differences.txt: no reason in \"{line}\"")),
        };
        Ok(Self(lines.map(parse).collect::<Result<_, _>>()?))
    }

    /// Why this test may fail.
    pub fn reason(&self, test: &str) -> Option<&str> {
        self.0.iter().find(|difference| difference.test == test).map(|difference| difference.reason.as_str())
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.0 {
            writeln!(to, "  {}: {}", difference.test, difference.reason)?;
        }
        Ok(())
    }
}
