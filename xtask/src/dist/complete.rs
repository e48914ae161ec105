//! Whether an unpacked archive is whole and right: all files and no others, their checksums, and a list of what is
//! linked in that agrees with the notices.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use xtask::third_party::{self, Linked};
use xtask::version::VERSION;

use super::toolchain::{NOTICES, Part};
use super::{Platform, Result, contents};
use crate::build::root;

/// What archives for all systems have beside headers, libraries and the toolchain's notices.
const FILES: [&str; 15] = [
    "CHANGELOG.md",
    "README.md",
    "SHA256SUMS",
    "lib/cmake/stepwire/stepwireConfig.cmake",
    "lib/cmake/stepwire/stepwireConfigVersion.cmake",
    "lib/pkgconfig/stepwire-link.pc",
    "lib/pkgconfig/stepwire.pc",
    "sbom.cdx.json",
    "share/licenses/stepwire/LICENSE-APACHE",
    "share/licenses/stepwire/LICENSE-MIT",
    "share/licenses/stepwire/THIRD-PARTY-LICENSES",
    "share/lua/5.1/stepwire.lua",
    "share/stepwire/api.json",
    "share/stepwire/wireshark/stepwire.lua",
    "shipping.md",
];

/// Returns in a few words what was seen.
pub fn examine(unpacked: &Path, platform: &dyn Platform) -> Result<String> {
    let parts = platform.parts()?;
    let files = require_files(unpacked, &platform.files(), &parts)?;
    require_sums(unpacked, &files)?;
    let linked = third_party::linked_for(&root(), platform.triple(), contents::FEATURES)?;
    let listed = require_bill_of_materials(unpacked, &linked, &parts)?;
    let libraries = platform.examine(unpacked)?;
    Ok(format!("{} files, {listed} works of others, {libraries}", files.len()))
}

/// Fails unless these files are there, each with something in it, and no others.
fn require_files(unpacked: &Path, libraries: &[String], parts: &[Part]) -> Result<BTreeSet<String>> {
    let mut expected: BTreeSet<_> = FILES.iter().map(|file| (*file).to_owned()).collect();
    expected.extend(libraries.iter().cloned());
    expected.extend(contents::headers()?.iter().map(|header| format!("include/{}", header.display())));
    expected.extend(parts.iter().map(|part| format!("{NOTICES}/{}", part.file_name())));
    let mut present = BTreeSet::new();
    for file in contents::files(unpacked)? {
        if fs::metadata(unpacked.join(&file))?.len() == 0 {
            return Err(format!("{} is empty", file.display()).into());
        }
        present.insert(file.to_string_lossy().into_owned());
    }
    match present.symmetric_difference(&expected).next() {
        None => Ok(present),
        Some(file) if expected.contains(file) => Err(format!("{file} is missing").into()),
        Some(file) => Err(format!("{file} does not belong there").into()),
    }
}

/// Fails unless the checksums are right, and there is one of each file but their own.
fn require_sums(folder: &Path, files: &BTreeSet<String>) -> Result<()> {
    let mut check = Command::new("sha256sum");
    check.current_dir(folder).args(["--check", "--strict", "--quiet", contents::SUMS]);
    let output = check.output()?;
    if !output.status.success() {
        return Err(format!("wrong checksums: {}", String::from_utf8_lossy(&output.stdout).trim()).into());
    }
    let sums = fs::read_to_string(folder.join(contents::SUMS))?;
    let summed: BTreeSet<_> =
        sums.lines().filter_map(|line| line.split_once("  ")).map(|(_, file)| file).collect();
    match files.iter().find(|file| *file != contents::SUMS && !summed.contains(file.as_str())) {
        None => Ok(()),
        Some(file) => Err(format!("there is no checksum of {file}").into()),
    }
}

/// Fails unless all that is linked in is in the list, and nothing else, and the notices have it too; returns how
/// many works that are.
fn require_bill_of_materials(unpacked: &Path, linked: &[Linked], parts: &[Part]) -> Result<usize> {
    let list: Value = serde_json::from_slice(&fs::read(unpacked.join("sbom.cdx.json"))?)?;
    let (format, product) = (&list["bomFormat"], &list["metadata"]["component"]);
    if *format != "CycloneDX" || product["name"] != "stepwire" || product["version"] != VERSION {
        return Err("sbom.cdx.json is not about this version of stepwire".into());
    }
    let mut listed = BTreeMap::new();
    for component in list["components"].as_array().ok_or("sbom.cdx.json lists nothing")? {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = format!("{} {}", word(&component["name"]), word(&component["version"]));
        let licence = word(&component["licenses"][0]["expression"]);
        if licence.is_empty() || listed.insert(name.clone(), licence).is_some() {
            return Err(format!("sbom.cdx.json has no licence of {name}, or has it twice").into());
        }
    }
    let crates = linked.iter().map(|one| format!("{} {}", one.name, one.version));
    let parts = parts.iter().map(|part| format!("{} {}", part.name, part.version));
    let expected: BTreeSet<_> = crates.clone().chain(parts).collect();
    if let Some(name) = expected.symmetric_difference(&listed.keys().cloned().collect()).next() {
        let fault = if expected.contains(name) { "lacks" } else { "has" };
        return Err(format!("sbom.cdx.json {fault} {name}").into());
    }
    let notices = fs::read_to_string(unpacked.join(NOTICES).join(third_party::FILE))?;
    match crates.into_iter().find(|name| !notices.contains(&format!("\n{name}: "))) {
        None => Ok(listed.len()),
        Some(name) => Err(format!("{} has nothing of {name}", third_party::FILE).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A folder of this process, which goes with the value.
    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, files: &[(&str, &str)]) -> Self {
            let folder = Self(std::env::temp_dir().join(format!("stepwire-{name}-{}", std::process::id())));
            for (file, text) in files {
                let path = folder.0.join(file);
                fs::create_dir_all(path.parent().expect("it is in the folder"))
                    .expect("a folder can be made");
                fs::write(path, text).expect("a file can be written");
            }
            folder
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn every_file_has_a_checksum_that_is_its_own() {
        let folder = Folder::with("sums", &[("a", "one"), ("b/c", "two")]);
        let files = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        contents::write_sums(&folder.0).expect("the checksums are written");
        require_sums(&folder.0, &files(&["a", "b/c", contents::SUMS])).expect("they are right");
        assert!(require_sums(&folder.0, &files(&["a", "b/c", "d"])).is_err());
        fs::write(folder.0.join("a"), "other").expect("a file can be written");
        assert!(require_sums(&folder.0, &files(&["a", "b/c"])).is_err());
    }

    #[test]
    fn what_is_missing_or_superfluous_is_noticed() {
        let headers: Vec<_> = contents::headers()
            .expect("there are headers")
            .iter()
            .map(|path| format!("include/{}", path.display()))
            .collect();
        let whole: Vec<_> =
            FILES.iter().copied().chain(headers.iter().map(String::as_str)).map(|file| (file, "x")).collect();
        let folder = Folder::with("files", &whole);
        assert!(require_files(&folder.0, &[], &[]).is_ok());
        let fault = |libraries: &[String]| {
            require_files(&folder.0, libraries, &[]).map_or_else(|error| error.to_string(), |_| String::new())
        };
        assert_eq!(fault(&["lib/other.a".to_owned()]), "lib/other.a is missing");
        fs::write(folder.0.join("core"), "x").expect("a file can be written");
        assert_eq!(fault(&[]), "core does not belong there");
        fs::write(folder.0.join("core"), "").expect("a file can be written");
        assert_eq!(fault(&[]), "core is empty");
    }

    #[test]
    fn the_list_of_what_is_linked_in_is_whole_and_no_more() {
        let one = |name: &str| Linked {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            repository: None,
        };
        let folder =
            Folder::with("sbom", &[("share/licenses/stepwire/THIRD-PARTY-LICENSES", "Of:\na 1.0.0: MIT\n")]);
        contents::write_list(&folder.0, "somewhere", &[one("a")], &[]).expect("the list is written");
        assert_eq!(require_bill_of_materials(&folder.0, &[one("a")], &[]).expect("it is right"), 1);
        let fault = |linked: &[Linked]| {
            require_bill_of_materials(&folder.0, linked, &[])
                .map_or_else(|error| error.to_string(), |_| String::new())
        };
        assert_eq!(fault(&[one("a"), one("b")]), "sbom.cdx.json lacks b 1.0.0");
        assert_eq!(fault(&[]), "sbom.cdx.json has a 1.0.0");
        contents::write_list(&folder.0, "somewhere", &[one("a"), one("b")], &[])
            .expect("the list is written");
        assert_eq!(fault(&[one("a"), one("b")]), "THIRD-PARTY-LICENSES has nothing of b 1.0.0");
    }
}
