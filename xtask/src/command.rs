//! Commands that have to succeed.

use std::process::Command;

/// Runs it; says by its name what failed.
pub fn must(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("cannot run {name}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed: {status}")) }
}

/// The same; says what it was for, too.
pub fn must_for(what: &str, command: &mut Command) -> Result<(), String> {
    must(command).map_err(|error| format!("{what}: {error}"))
}
