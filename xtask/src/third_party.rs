//! The notices that have to go with the library: of all crates that are linked into it, on any system.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

pub const FILE: &str = "THIRD-PARTY-LICENSES";

/// The packages whose binaries are installed.
const INSTALLED: [&str; 2] = ["stepwire", "stepwire-cluster"];
/// Those in archives.
const ARCHIVED: [&str; 1] = ["stepwire"];

const INTRODUCTION: &str = "\
The stepwire libraries contain the works of others named below, each under the licence beside it; whoever ships the
library, or a program that has it linked in, has to ship these notices too. Some of the works are only in one of the
libraries, or only for some systems. Written by `cargo xtask licences` from what Cargo.lock names: do not edit.

Besides, the library contains Rust's standard library (https://github.com/rust-lang/rust), MIT OR Apache-2.0, of the
toolchain that built it, which has its notices in share/doc/rust/. Built from source
on Linux it uses OpenSSL (Apache-2.0), which is not part of it, unless a program is linked fully statically.
";

/// What of `cargo metadata` is of interest here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    /// None for packages of the workspace, which are under the project's own licences.
    source: Option<String>,
    manifest_path: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// None for what is linked in; else "dev" or "build".
    kind: Option<String>,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The text of the file as it should be.
pub fn generate(root: &Path) -> Result<String> {
    let metadata = metadata(root, &["--all-features"])?;
    let packages = linked(&metadata, &INSTALLED)?;

    let mut text = String::from(INTRODUCTION);
    text.push('\n');
    for package in &packages {
        text.push_str(&package.line()?);
    }
    // Most crates have the same few texts, but for the names in them.
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = Vec::new();
    for package in packages {
        let its_own = package.texts()?;
        if its_own.is_empty() {
            without.push(package);
        }
        for licence in its_own {
            texts.entry(licence).or_default().push(format!("{} {}", package.name, package.version));
        }
    }
    text.push_str(&under_our_text(&without)?);
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort_by(|one, other| one.1.cmp(&other.1));
    for (licence, names) in texts {
        text.push_str(&format!("\n{}\n{}\n\n{licence}\n", "=".repeat(80), names.join(", ")));
    }
    Ok(text)
}

/// What is said of works that come without a text of a licence: of those they offer, one has its text beside this file.
fn under_our_text(packages: &[&Package]) -> Result<String> {
    if let Some(other) = packages.iter().find(|package| !package.offers("Apache-2.0")) {
        return Err(format!("{} comes without the text of its licence", other.name).into());
    }
    let names: Vec<_> =
        packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
    let names = names.join(", ");
    Ok(format!(
        "\nWithout a text of their own come, here under Apache-2.0, which LICENSE-APACHE has: {names}\n"
    ))
}

/// A crate that is linked into the library.
#[derive(Debug)]
pub struct Linked {
    pub name: String,
    pub version: String,
    pub licence: String,
    pub repository: Option<String>,
}

/// What is linked into the library when it is built for a target with these features alone.
pub fn linked_for(root: &Path, target: &str, features: &str) -> Result<Vec<Linked>> {
    let choice = ["--no-default-features", "--features", features, "--filter-platform", target];
    let metadata = metadata(root, &choice)?;
    let crates = linked(&metadata, &ARCHIVED)?.into_iter().map(|package| Linked {
        name: package.name.clone(),
        version: package.version.clone(),
        licence: package.license.clone().unwrap_or_default(),
        repository: package.repository.clone(),
    });
    Ok(crates.collect())
}

fn metadata(root: &Path, choice: &[&str]) -> Result<Metadata> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(choice)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What is linked into these libraries, by name: neither what builds or tests it nor what writes code at compile time.
fn linked<'a>(metadata: &'a Metadata, into: &[&str]) -> Result<Vec<&'a Package>> {
    let packages: HashMap<_, _> = metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let nodes: HashMap<_, _> = metadata.resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut found = BTreeSet::new();
    let wanted = metadata.packages.iter().filter(|package| into.contains(&package.name.as_str()));
    let mut to_visit: Vec<_> = wanted.map(|package| &package.id).collect();
    while let Some(id) = to_visit.pop() {
        let is_needed = |dependency: &&Dependency| {
            let is_linked = dependency.dep_kinds.iter().any(|kind| kind.kind.is_none());
            is_linked && !packages[&dependency.pkg].is_macro()
        };
        for dependency in nodes[id].deps.iter().filter(is_needed) {
            if found.insert(&dependency.pkg) {
                to_visit.push(&dependency.pkg);
            }
        }
    }
    let mut found: Vec<_> =
        found.into_iter().map(|id| packages[id]).filter(|package| package.source.is_some()).collect();
    found.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    Ok(found)
}

impl Package {
    fn is_macro(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
    }

    /// Whether it may be had under that licence alone.
    fn offers(&self, licence: &str) -> bool {
        let offered = self.license.as_deref().unwrap_or_default();
        !offered.contains(" AND ") && offered.split([' ', '/']).any(|one| one == licence)
    }

    fn line(&self) -> Result<String> {
        let licence = self.license.as_ref().ok_or_else(|| format!("{} names no licence", self.name))?;
        let source = self.repository.as_deref().unwrap_or("https://crates.io");
        Ok(format!("{} {}: {licence} ({source})\n", self.name, self.version))
    }

    /// The licences and notices that lie in the crate's folder, and in those of what it has taken in.
    fn texts(&self) -> Result<BTreeSet<String>> {
        let mut texts = BTreeSet::new();
        let folder = Path::new(&self.manifest_path).parent().ok_or("a manifest is in a folder")?;
        let mut to_visit = vec![folder.to_owned()];
        while let Some(folder) = to_visit.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    to_visit.push(path);
                } else if is_notice(&path) {
                    texts.insert(tidy(&fs::read_to_string(path)?));
                }
            }
        }
        Ok(texts)
    }
}

fn is_notice(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    let is_named_so = ["LICEN", "COPY", "NOTICE", "UNLICEN"].iter().any(|start| name.starts_with(start));
    is_named_so && path.extension().is_none_or(|ending| ending != "rs")
}

/// The same text, however its lines end.
fn tidy(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
