//! Running servers, on the first processor.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Result;
use crate::process::{Process, number_after};

const PATIENCE: Duration = Duration::from_secs(30);

/// A server program.
pub struct Program {
    pub name: String,
    path: PathBuf,
    first_arguments: Vec<String>,
    last_argument: Option<String>,
    environment: Option<String>,
}

impl Program {
    pub fn new(name: &str, path: &Path, first_arguments: &[&str]) -> Self {
        Self {
            name: name.into(),
            path: path.to_owned(),
            first_arguments: first_arguments.iter().map(ToString::to_string).collect(),
            last_argument: None,
            environment: None,
        }
    }

    pub fn with_last(mut self, argument: &str) -> Self {
        self.last_argument = Some(argument.into());
        self
    }

    pub fn with_environment(mut self, name: &str, value: &Path) -> Self {
        self.environment = Some(format!("{name}={}", value.display()));
        self
    }

    /// `what` it serves, such as `echo gm`.
    pub fn start(&self, what: &[&str]) -> Result<Server> {
        // As many descriptors as it may have: not each asks for them itself. `exec` keeps the process the same.
        let mut arguments =
            vec!["-c", "ulimit -n $(ulimit -Hn); exec \"$@\"", "-", "taskset", "-c", "0", "env"];
        arguments.extend(self.environment.as_deref());
        arguments.push(self.path.to_str().ok_or("a program's path is not UTF-8")?);
        arguments.extend(self.first_arguments.iter().map(String::as_str));
        arguments.extend(what);
        arguments.extend(self.last_argument.as_deref());
        let mut process = Process::start_silent(&self.name, Path::new("/bin/sh"), &arguments)?;
        let port = number_after(&process.wait_for_line("port", PATIENCE)?, "port")? as u16;
        Ok(Server { process, port })
    }
}

/// A running one.
pub struct Server {
    process: Process,
    port: u16,
}

impl Server {
    /// How the load is told where it is.
    pub fn target(&self) -> String {
        format!("{}:{}", self.port, self.process.id())
    }

    /// What it prints when it is asked to end.
    pub fn last_words(mut self, start: &str) -> Result<String> {
        self.process.terminate()?;
        self.process.wait_for_line(start, PATIENCE)
    }
}
