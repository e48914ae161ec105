//! The `.yymps` file: a zip with the project, the binaries, and a manifest.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use md5::{Digest, Md5};
use serde_json::json;
use xtask::version::VERSION;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::binaries::{self, Binary};
use super::{Result, yy};

/// The package and its project file must be called the same.
const NAME: &str = "stepwire";
/// The oldest IDE whose project format this is.
const IDE_VERSION: &str = "2024.2.0.132";
/// What is in `gamemaker/` but not part of the project.
const NOT_IN_PACKAGE: [&str; 4] = ["functions.json", "README.md", "legacy", "server"];

pub fn write(root: &Path, out: &Path, binaries: &[Binary]) -> Result<()> {
    if binaries.is_empty() {
        return Err("no library to put into the package".into());
    }
    let mut files = Vec::new();
    collect(&root.join("gamemaker"), "", &mut files)?;
    for (path, content) in &mut files {
        if path == &format!("{NAME}.yyp") {
            *content = package_project(content)?;
        }
    }
    for binary in binaries {
        let path = format!("extensions/{NAME}/{}", binary.platform.file_name());
        if files.iter().any(|(taken, _)| *taken == path) {
            return Err(format!("two libraries for {}", binary.platform.name()).into());
        }
        files.push((path, binary.content.clone()));
    }
    let metadata = json!({
        "package_id": NAME,
        "display_name": display_name(binaries),
        "version": VERSION,
        "package_type": "asset",
        "ide_version": IDE_VERSION,
    });
    files.push(("metadata.json".to_owned(), serde_json::to_vec_pretty(&metadata)?));
    files.sort();
    files.push(("yymanifest.xml".to_owned(), manifest(&files).into_bytes()));

    if let Some(directory) = out.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut zip = ZipWriter::new(File::create(out)?);
    // Without times, so that the same content is the same package.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (path, content) in &files {
        zip.start_file(path.as_str(), options)?;
        zip.write_all(content)?;
    }
    zip.finish()?;
    Ok(())
}

/// The IDE shows it before the import: an incomplete package says so there, too.
fn display_name(binaries: &[Binary]) -> String {
    let missing: Vec<&str> = binaries::missing(binaries).iter().map(|platform| platform.name()).collect();
    if missing.is_empty() { NAME.to_owned() } else { format!("{NAME} (without {})", missing.join(" and ")) }
}

/// Every file of the project, by its path with slashes.
fn collect(directory: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("not a name: {name:?}"))?;
        if prefix.is_empty() && NOT_IN_PACKAGE.contains(&name.as_str()) || name.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.push((path, fs::read(entry.path())?));
        }
    }
    Ok(())
}

/// The project file says that it is a package.
fn package_project(project: &[u8]) -> Result<Vec<u8>> {
    let mut project = yy::parse(std::str::from_utf8(project)?)?;
    project["MetaData"] = json!({
        "IDEVersion": IDE_VERSION,
        "PackageType": "Asset",
        "PackageName": NAME,
        "PackageID": NAME,
        "PackagePublisher": NAME,
        "PackageVersion": VERSION,
    });
    Ok(yy::to_string(&project).into_bytes())
}

fn manifest(files: &[(String, Vec<u8>)]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<files>\n");
    for (path, content) in files {
        let digest = u128::from_be_bytes(Md5::digest(content).into());
        let path = path.replace('/', "\\").replace('&', "&amp;");
        text.push_str(&format!("  <file md5=\"{digest:032X}\">{path}</file>\n"));
    }
    text.push_str("</files>\n");
    text
}
