//! Packing: the same content is the same archive, whenever it is packed.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Result, contents, folder};
use crate::command::must;

/// For systems that have tar: with the links that name the library.
pub fn tar(stage: &Path, name: &str) -> Result<PathBuf> {
    let archive = folder().join(format!("{name}.tar.gz"));
    let parent = stage.parent().ok_or("the stage is in a folder")?;
    let mut tar = Command::new("tar");
    tar.args([
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mode=u+rw,go-w,a+rX",
    ]);
    tar.args(["--use-compress-program=gzip -n", "-C"]).arg(parent).arg("-cf").arg(&archive).arg(name);
    must(&mut tar)?;
    Ok(archive)
}

/// For Windows, and for all systems: the folder with all that is in it.
pub fn zip(stage: &Path, archive: &Path) -> Result<PathBuf> {
    let name = stage.file_name().ok_or("a folder has a name")?.to_string_lossy();
    zip_contents(stage, &format!("{name}/"), archive)
}

/// What is in a folder, each file's name after the same words.
pub fn zip_contents(stage: &Path, before: &str, archive: &Path) -> Result<PathBuf> {
    let mut zip = ZipWriter::new(File::create(archive)?);
    // Without times, so that the same content is the same archive.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for file in contents::files(stage)? {
        zip.start_file(format!("{before}{}", file.display()), options)?;
        zip.write_all(&fs::read(stage.join(&file))?)?;
    }
    zip.finish()?;
    Ok(archive.to_owned())
}

/// Unpacks into a new folder; returns the folder that the archive has in it.
pub fn unpack(archive: &Path, into: &Path) -> Result<PathBuf> {
    if into.exists() {
        fs::remove_dir_all(into)?;
    }
    fs::create_dir_all(into)?;
    if archive.extension().is_some_and(|extension| extension == "zip" || extension == "yymps") {
        zip::ZipArchive::new(File::open(archive)?)?.extract(into)?;
    } else {
        must(Command::new("tar").arg("-C").arg(into).arg("-xf").arg(archive))?;
    }
    let mut entries = fs::read_dir(into)?;
    Ok(entries.next().ok_or("the archive is empty")??.path())
}
