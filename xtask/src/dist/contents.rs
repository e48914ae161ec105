//! What goes into every archive beside the library: checksums, and a list of what is linked in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use xtask::third_party::{self, Linked};
use xtask::version::VERSION;

use super::Result;
use super::toolchain::Part;
use crate::build::root;

pub const SUMS: &str = "SHA256SUMS";
/// What the archives' TLS is, as a feature of the crate.
pub const FEATURES: &str = "rustls";

/// Writes the checksums of all files below a folder; of the folder of all archives, those of the archives.
pub fn write_sums(folder: &Path) -> Result<()> {
    let files = if folder.join("stage").exists() { shallow(folder)? } else { files(folder)? };
    let files = files.iter().filter(|file| !file.ends_with(SUMS));
    let sums = Command::new("sha256sum").current_dir(folder).arg("--").args(files).output()?;
    if !sums.status.success() {
        return Err(String::from_utf8_lossy(&sums.stderr).into());
    }
    fs::write(folder.join(SUMS), sums.stdout)?;
    Ok(())
}

/// The files of a folder itself, in order.
fn shallow(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            found.push(entry.file_name().into());
        }
    }
    found.sort();
    Ok(found)
}

/// The headers of the project, by their paths from where they are installed.
pub fn headers() -> Result<Vec<PathBuf>> {
    let files = files(&root().join("include"))?;
    Ok(files.into_iter().filter(|path| path.extension() != Some("json".as_ref())).collect())
}

/// Every file below a folder, by its path from there, in order; no links.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut to_visit = vec![PathBuf::new()];
    while let Some(path) = to_visit.pop() {
        for entry in fs::read_dir(folder.join(&path))? {
            let entry = entry?;
            let path = path.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                to_visit.push(path);
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The CycloneDX list of what is linked in: crates, and what the toolchain adds.
pub fn write_bill_of_materials(folder: &Path, triple: &str, parts: &[Part]) -> Result<()> {
    write_list(folder, triple, &third_party::linked_for(&root(), triple, FEATURES)?, parts)
}

/// The same of crates that are known.
pub fn write_list(folder: &Path, triple: &str, crates: &[Linked], parts: &[Part]) -> Result<()> {
    let parts = parts.iter().map(|part| {
        let licence = json!({ "expression": part.licence });
        json!({ "type": "library", "name": part.name, "version": part.version, "licenses": [licence] })
    });
    let components: Vec<_> = crates
        .iter()
        .map(|one| {
            let url = format!("pkg:cargo/{}@{}", one.name, one.version);
            json!({
                "type": "library",
                "bom-ref": url,
                "name": one.name,
                "version": one.version,
                "purl": url,
                "licenses": [{ "expression": one.licence.replace('/', " OR ") }],
            })
        })
        .chain(parts)
        .collect();
    let list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "library",
            "name": "stepwire",
            "version": VERSION,
            "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            "properties": [{ "name": "target", "value": triple }],
        } },
        "components": components,
    });
    fs::write(folder.join("sbom.cdx.json"), serde_json::to_string_pretty(&list)? + "\n")?;
    Ok(())
}
