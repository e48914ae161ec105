//! What makes the same sources the same bytes, in whatever folder they lie and whoever builds them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Result, contents};
use crate::build::root;

/// The time that linkers write into what they make.
const NO_TIME: &str = "0";

/// Has a command, and the compilers that it starts, leave out where and when they are.
pub fn settle(command: &mut Command) -> &mut Command {
    // Panics say in which file they are: not where this user keeps it. Of the project itself files have no folder.
    let flag = format!("--remap-path-prefix={}=registry", cargo_home().join("registry/src").display());
    command.env("CARGO_ENCODED_RUSTFLAGS", flag).env("SOURCE_DATE_EPOCH", NO_TIME)
}

/// Fails if a file tells in which folders it was made.
pub fn require_no_folders(stage: &Path) -> Result<()> {
    let folders = [root(), cargo_home()].map(|folder| folder.display().to_string());
    for file in contents::files(stage)? {
        let content = fs::read(stage.join(&file))?;
        for folder in &folders {
            if content.windows(folder.len()).any(|bytes| bytes == folder.as_bytes()) {
                return Err(format!("{} has {folder} in it", file.display()).into());
            }
        }
    }
    Ok(())
}

fn cargo_home() -> PathBuf {
    let own = || std::env::home_dir().unwrap_or_default().join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(own, PathBuf::from)
}
