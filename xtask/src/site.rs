//! `cargo xtask site`: the project's pages as a website, in target/site, which can be read from any folder and any
//! web server and asks no other for anything.
//!
//! Its sources are the pages that stand in the project, README.md by its sections; the reference is made from the
//! description of the ABI. What those link to besides comes along as plain text.

mod book;
mod check;
mod files;
mod pages;
mod reference;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::build::{root, target_dir};
use crate::command::must;
use crate::machine::Tool;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Makes a website of Markdown.
const MDBOOK: Tool = Tool::new("mdbook", "mdbook");
const MDBOOK_VERSION: &str = "0.5.4";

pub fn run() -> Result<()> {
    let broken = xtask::links::broken(&root())?;
    if !broken.is_empty() {
        return Err(format!("links that lead nowhere:\n{}", broken.join("\n")).into());
    }
    let mdbook = mdbook()?;
    let (source, site) = (target_dir().join("site-source"), target_dir().join("site"));
    for folder in [&source, &site] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    book::write(&root(), &source)?;
    let mut command = Command::new(mdbook);
    command.arg("build").arg(&source).arg("--dest-dir").arg(&site);
    must(&mut command)?;
    let pages = check::check(&site)?;
    println!("{pages} pages in {}", site.join("index.html").display());
    Ok(())
}

/// The system's own mdBook if it has the version, else one that cargo builds once.
fn mdbook() -> Result<PathBuf> {
    let is_right = |path: &PathBuf| {
        let output = Command::new(path).arg("--version").output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(MDBOOK_VERSION))
    };
    let folder = target_dir().join("mdbook");
    let ours = folder.join("bin/mdbook");
    if let Some(there) = [Some(ours.clone()), MDBOOK.path()].into_iter().flatten().find(is_right) {
        return Ok(there);
    }
    let mut install = crate::build::cargo();
    install.args(["install", "--locked", "--no-default-features", "--features=search"]);
    install.arg(format!("mdbook@{MDBOOK_VERSION}")).arg("--root").arg(folder);
    must(&mut install)?;
    Ok(ours)
}
