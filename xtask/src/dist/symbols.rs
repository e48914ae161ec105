//! The functions of the library, and whether its files have them all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use object::read::archive::ArchiveFile;
use object::{NameOrOrdinal, Object};
use xtask::surface;

use super::Result;
use crate::build::root;

/// What the header declares.
pub fn functions() -> BTreeSet<String> {
    surface::described_names(&surface::described(&root(), "stepwire")["functions"])
}

/// The names that a shared library of any system shows.
pub fn exported(library: &Path) -> Result<BTreeSet<String>> {
    let content = fs::read(library).map_err(|error| format!("{}: {error}", library.display()))?;
    let mut names = BTreeSet::new();
    for export in object::File::parse(&*content)?.exports()? {
        if let NameOrOrdinal::Name(name) = export?.name() {
            names.insert(String::from_utf8_lossy(name).into_owned());
        }
    }
    Ok(names)
}

/// Fails unless a shared library shows the functions and nothing else.
pub fn require_exports(library: &Path) -> Result<()> {
    let (exported, declared) = (exported(library)?, functions());
    match exported.symmetric_difference(&declared).next() {
        None => Ok(()),
        Some(name) => {
            let fault = if declared.contains(name) { "lacks" } else { "shows" };
            Err(format!("{} {fault} {name}", library.display()).into())
        }
    }
}

/// Fails unless linkers find every function in an archive, with each of the words before its name.
pub fn require_in_archive(library: &Path, before: &[&str]) -> Result<()> {
    let content = fs::read(library).map_err(|error| format!("{}: {error}", library.display()))?;
    let index = ArchiveFile::parse(&*content)?.symbols()?;
    let mut names = BTreeSet::new();
    for symbol in index.ok_or_else(|| format!("{} has no index", library.display()))? {
        names.insert(String::from_utf8_lossy(symbol?.name()).into_owned());
    }
    for function in functions() {
        for word in before {
            let name = format!("{word}{function}");
            if !names.contains(&name) {
                return Err(format!("{} lacks {name}", library.display()).into());
            }
        }
    }
    Ok(())
}
