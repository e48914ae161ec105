//! Running a binding's conformance script, and seeing that it has gone through every case of docs/bindings.md
//! with the library that was installed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Result;
use crate::build::root;

/// Runs a script that prints `ok   NAME` for each case that has passed, and lets no line wait in a buffer; returns
/// in a few words how many those were. Cases of its own are welcome, a case of the page that is missing is a failure,
/// and so is a library from elsewhere than the folder `installed`.
///
/// The command must be the process that loads the library.
pub fn run(script: &mut Command, installed: &Path) -> Result<String> {
    let mut process = script.stdout(Stdio::piped()).spawn()?;
    let mut text = String::new();
    let mut output = BufReader::new(process.stdout.take().ok_or("no standard output")?);
    // After its first case it has loaded the library, and the others are still to come.
    output.read_line(&mut text)?;
    let loaded = loaded(process.id());
    output.read_to_string(&mut text)?;
    let status = process.wait()?;
    if !status.success() {
        return Err(format!("{text}the conformance script failed: {status}").into());
    }
    let passed: BTreeSet<_> =
        text.lines().filter_map(|line| line.strip_prefix("ok ")).map(|name| name.trim().to_owned()).collect();
    let page = fs::read_to_string(root().join("docs/bindings.md"))?;
    let missing: Vec<_> = cases(&page)?.into_iter().filter(|case| !passed.contains(*case)).collect();
    if !missing.is_empty() {
        return Err(format!("{text}the conformance script lacks {}", missing.join(", ")).into());
    }
    let installed = installed.canonicalize().unwrap_or_else(|_| installed.to_owned());
    if cfg!(target_os = "linux") && !loaded.as_ref().is_some_and(|library| library.starts_with(&installed)) {
        let what =
            loaded.map_or("none that was still loaded".into(), |library| library.display().to_string());
        return Err(format!("not the library below {}, but {what}", installed.display()).into());
    }
    Ok(format!("{} cases", passed.len()))
}

/// Where the stepwire is that a process has loaded, on Linux.
fn loaded(process: u32) -> Option<PathBuf> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let files = maps.lines().filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])));
    let is_library = |file: &&Path| {
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libstepwire."))
    };
    files.filter(is_library).map(Path::to_owned).next()
}

/// The names of the cases in the page's table.
fn cases(page: &str) -> Result<Vec<&str>> {
    let table = page.split("<!-- conformance: begin -->").nth(1).ok_or("the page has no cases")?;
    let table = table.split("<!-- conformance: end -->").next().ok_or("the cases have no end")?;
    Ok(table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a script does that says so of all cases of the page, but as many.
    fn error_of_all_but(number: usize, more: &str) -> String {
        let page = fs::read_to_string(root().join("docs/bindings.md")).unwrap();
        let cases = cases(&page).unwrap();
        assert!(cases.len() >= 12, "{cases:?}");
        let passed: String = cases[number..].iter().map(|case| format!("echo 'ok   {case}'; ")).collect();
        let mut command = Command::new("sh");
        run(command.args(["-c", &format!("{passed}{more}")]), Path::new("/installed"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn every_case_of_the_page_must_have_passed() {
        assert!(error_of_all_but(1, "").contains("lacks server_and_client"));
        assert!(error_of_all_but(0, "exit 1").contains("failed"));
    }

    #[test]
    fn the_library_must_be_the_installed_one() {
        assert!(error_of_all_but(0, "echo 'ok   one of its own'").contains("below /installed"));
    }
}
