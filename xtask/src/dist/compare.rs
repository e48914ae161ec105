//! Whether two builds are the same, byte for byte, and what differs where they are not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::unpack;
use super::{Result, contents, folder};
use crate::build::{self, root};
use crate::command::must;

/// Copies the sources as they are into another folder, has its own command make the archives there, and compares them.
pub fn build_again(platforms: &[String]) -> Result<()> {
    let copy = build::target_dir().join("dist-again");
    let sources = copy.join("sources");
    copy_sources(&sources)?;
    println!("==> once more, in {}", sources.display());
    let mut again = build::cargo();
    again.current_dir(&sources).args(["xtask", "dist", "--untried"]).args(platforms);
    again.env("CARGO_TARGET_DIR", copy.join("target"));
    must(&mut again)?;
    compare(&copy.join("target/dist"))
}

/// What git knows, with what has changed since the last commit, and what is new and not ignored.
fn copy_sources(to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    let mut list = Command::new("git");
    list.current_dir(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = list.output().map_err(|error| format!("cannot run git: {error}"))?;
    if !output.status.success() {
        return Err("git does not know these sources".into());
    }
    for file in String::from_utf8(output.stdout)?.split_terminator('\0') {
        let (from, to) = (root().join(file), to.join(file));
        if from.is_file() {
            fs::create_dir_all(to.parent().ok_or("a file is in a folder")?)?;
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

/// Compares what is in [`folder`] with the archives in another one that both have; fails if any differs.
pub fn compare(theirs: &Path) -> Result<()> {
    let ours = archives(&folder())?;
    let theirs_too = archives(theirs)?;
    let common: Vec<_> = ours.intersection(&theirs_too).collect();
    if common.is_empty() {
        return Err(format!("{} has no archive of the same name", theirs.display()).into());
    }
    println!("\nCompared with {}:", theirs.display());
    let mut different = 0;
    for name in common {
        if fs::read(folder().join(name))? == fs::read(theirs.join(name))? {
            println!("  {name}: the same bytes");
            continue;
        }
        different += 1;
        println!("  {name} DIFFERS:");
        let differences = differences(&folder().join(name), &theirs.join(name))?;
        differences.iter().for_each(|line| println!("    {line}"));
    }
    for name in ours.symmetric_difference(&theirs_too) {
        println!("  {name}: is in one of the two alone");
    }
    if different == 0 { Ok(()) } else { Err(format!("{different} archives differ, see above").into()) }
}

/// The archives in a folder, by name.
fn archives(folder: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_archive = [".tar.gz", ".zip", ".yymps"].iter().any(|ending| name.ends_with(ending));
        if is_archive && name.starts_with("stepwire") {
            found.insert(name);
        }
    }
    Ok(found)
}

/// What differs between two archives of one name.
fn differences(ours: &Path, theirs: &Path) -> Result<Vec<String>> {
    let place = folder().join("compare");
    let unpacked =
        [(ours, "ours"), (theirs, "theirs")].map(|(archive, name)| unpack_all(archive, &place.join(name)));
    let [ours, theirs] = unpacked;
    let (ours, theirs) = (ours?, theirs?);
    let mut lines = differing_files(&ours, &theirs)?;
    if lines.is_empty() {
        lines.push("the files are the same: their order, times or rights are not".to_owned());
    }
    Ok(lines)
}

fn unpack_all(archive: &Path, into: &Path) -> Result<PathBuf> {
    unpack(archive, into)?;
    Ok(into.to_owned())
}

fn differing_files(ours: &Path, theirs: &Path) -> Result<Vec<String>> {
    let list =
        |folder: &Path| contents::files(folder).map(|files| files.into_iter().collect::<BTreeSet<_>>());
    let (our_files, their_files) = (list(ours)?, list(theirs)?);
    let mut lines = Vec::new();
    for file in our_files.union(&their_files) {
        let name = file.display();
        if !their_files.contains(file) {
            lines.push(format!("{name}: only ours"));
        } else if !our_files.contains(file) {
            lines.push(format!("{name}: only theirs"));
        } else {
            let (our, their) = (fs::read(ours.join(file))?, fs::read(theirs.join(file))?);
            if our != their {
                let at = our.iter().zip(&their).position(|(one, other)| one != other);
                let at = at.unwrap_or(our.len().min(their.len()));
                lines.push(format!(
                    "{name}: {} and {} bytes, differ from byte {at} on",
                    our.len(),
                    their.len()
                ));
            }
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_differs_is_named() {
        let place = std::env::temp_dir().join(format!("stepwire-compare-{}", std::process::id()));
        let [ours, theirs] = ["ours", "theirs"].map(|name| place.join(name));
        for (folder, files) in [
            (&ours, [("same", "x"), ("a", "abc"), ("b", "")]),
            (&theirs, [("same", "x"), ("a", "abd"), ("c", "")]),
        ] {
            fs::create_dir_all(folder).expect("a folder can be made");
            for (file, text) in files {
                fs::write(folder.join(file), text).expect("a file can be written");
            }
        }
        let lines = differing_files(&ours, &theirs).expect("both can be read");
        assert_eq!(lines, ["a: 3 and 3 bytes, differ from byte 2 on", "b: only ours", "c: only theirs"]);
        fs::remove_dir_all(place).expect("it can be removed");
    }
}
