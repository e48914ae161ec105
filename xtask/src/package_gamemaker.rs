//! `cargo xtask package-gamemaker`: the GameMaker package (`.yymps`) from `gamemaker/`, with the
//! binaries at hand.
//!
//! Everything that lists functions or constants is generated from `gamemaker/functions.json` and
//! committed; `--generate` writes it anew.

mod archive;
mod binaries;
mod description;
mod entry_points;
mod extension;
mod gml;
mod reference;
mod yy;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use xtask::version::VERSION;

use binaries::Platform;
use description::Description;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask package-gamemaker [--generate] [--binary FILE]... [--out FILE]

Makes target/gamemaker/stepwire.yymps. Without --binary it takes every release build under target/
and builds the one for this machine if there is none.
--generate  only writes the generated files anew from gamemaker/functions.json";

/// Runs the command.
pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut arguments = arguments;
    let root = root();
    let mut generate = false;
    let mut given = Vec::new();
    let mut out = root.join("target/gamemaker/stepwire.yymps");
    while let Some(argument) = arguments.next() {
        let mut file = || arguments.next().map(PathBuf::from).ok_or(USAGE);
        match argument.as_str() {
            "--generate" => generate = true,
            "--binary" => given.push(file()?),
            "--out" => out = file()?,
            _ => return Err(USAGE.into()),
        }
    }
    if generate {
        for (path, text) in generated_files(&Description::read(&root)?) {
            fs::write(root.join(&path), text)?;
            println!("wrote {}", path.display());
        }
        return Ok(());
    }
    let files = if given.is_empty() { binaries::at_hand(&root)? } else { given };
    let missing = make(&out, &files)?;
    println!("wrote {}", out.display());
    if !missing.is_empty() {
        eprintln!("\n{}", incomplete(&missing));
    }
    Ok(())
}

/// Makes the package of these libraries; returns for what it has none.
pub fn make(out: &Path, files: &[PathBuf]) -> Result<Vec<Platform>> {
    let root = root();
    let description = Description::read(&root)?;
    refuse_stale(&root, &generated_files(&description))?;
    let binaries = files.iter().map(|file| binaries::Binary::open(file)).collect::<Result<Vec<_>>>()?;
    for binary in &binaries {
        binary.check(&description)?;
        println!("{}: {}", binary.platform.name(), binary.file.display());
    }
    archive::write(&root, out, &binaries)?;
    Ok(binaries::missing(&binaries))
}

/// What whoever made the package must not miss.
pub fn incomplete(missing: &[Platform]) -> String {
    let names: Vec<&str> = missing.iter().map(|platform| platform.name()).collect();
    let names = names.join(" and ");
    format!(
        "WARNING: THIS PACKAGE IS INCOMPLETE: it has no library for {names}.\n\
         Games exported to {names} with it cannot call one function of the extension. Build the library there\n\
         (cargo build --release --package stepwire-extension, or with --target) and pass every file with --binary."
    )
}

/// Every generated file with its text.
fn generated_files(description: &Description) -> Vec<(PathBuf, String)> {
    [
        ("extension/src/entry_points.rs", entry_points::text(description)),
        ("gamemaker/extensions/stepwire/stepwire.yy", extension::text(description, VERSION)),
        ("gamemaker/scripts/stepwire_redirect/stepwire_redirect.gml", gml::redirect(description)),
        ("gamemaker/scripts/stepwire_constants/stepwire_constants.gml", gml::constants(description)),
        ("gamemaker/legacy/stepwire_external.gml", gml::external(description)),
        ("docs/gamemaker-functions.md", reference::text(description)),
    ]
    .map(|(path, text)| (PathBuf::from(path), text))
    .into()
}

fn refuse_stale(root: &Path, generated: &[(PathBuf, String)]) -> Result<()> {
    for (path, text) in generated {
        let committed = fs::read_to_string(root.join(path)).unwrap_or_default();
        if committed != *text {
            return Err(format!(
                "{} does not follow from gamemaker/functions.json: run cargo xtask package-gamemaker --generate",
                path.display()
            )
            .into());
        }
    }
    Ok(())
}

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").into()
}

#[cfg(test)]
mod tests;
