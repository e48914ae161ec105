//! `cargo xtask dist`: an archive of the library for each platform that can be built for here, and the GameMaker
//! package with every binary. What could not be made, and why, is listed at the end.
//!
//! In the archives TLS is rustls, linked in: they need no OpenSSL on the machine, and every system's is the same.

pub mod archive;
mod check;
mod compare;
mod complete;
pub mod contents;
pub mod imports;
pub mod linux;
mod msvc;
mod old_system;
mod reproducible;
mod symbols;
mod toolchain;
mod windows;
mod zig;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use xtask::version::VERSION;

use crate::build::{root, target_dir};
use crate::command::must;
use crate::cross::{WINDOWS_X64, WINDOWS_X86};
use crate::package_gamemaker;
use toolchain::Part;

pub use reproducible::settle;
pub use zig::Zig;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask dist [--twice | --untried] [PLATFORM]...
       cargo xtask dist --compare FOLDER

Makes target/dist/stepwire-VERSION-PLATFORM.tar.gz or .zip, stepwire.yymps and SHA256SUMS. Without a PLATFORM all of
linux-x64, linux-arm64, windows-x64 and windows-x86. Every archive is unpacked, looked through, built against and run.
--twice    makes them once more from a copy of the sources in another folder, and says what differs
--untried  does not build against them
--compare  only says what differs between those in target/dist and those in FOLDER, which were made before or elsewhere";

/// What an archive is made of, and how it is tried out.
trait Platform {
    /// As in the archive's name.
    fn name(&self) -> String;
    /// Rust's name of it.
    fn triple(&self) -> &str;
    /// Builds the library and installs it into a folder.
    fn install(&self, folder: &Path) -> Result<()>;
    /// What the toolchain adds to the library.
    fn parts(&self) -> Result<Vec<Part>>;
    /// Builds the extension that GameMaker's runners load, where there are runners.
    fn extension(&self) -> Result<Option<PathBuf>>;
    /// Packs the folder; returns the archive.
    fn pack(&self, folder: &Path, name: &str) -> Result<PathBuf>;
    /// The libraries that are in it, by their paths there.
    fn files(&self) -> Vec<String>;
    /// Looks whether those in the unpacked archive show and need what they should; tells in a few words what.
    fn examine(&self, unpacked: &Path) -> Result<String>;
    /// Builds against what was unpacked and runs that; tells in a few words on what.
    fn check(&self, unpacked: &Path) -> Result<String>;
}

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut wanted: Vec<_> = arguments.collect();
    if let [option, other] = &wanted[..]
        && option == "--compare"
    {
        return compare::compare(Path::new(other));
    }
    let mut option = |name: &str| {
        let is_first = wanted.first().is_some_and(|first| first == name);
        if is_first {
            wanted.remove(0);
        }
        is_first
    };
    let (twice, untried) = (option("--twice"), option("--untried"));
    let all: [Box<dyn Platform>; 4] = [
        Box::new(linux::Linux::X64),
        Box::new(linux::Linux::Arm64),
        Box::new(windows::Archive(&WINDOWS_X64)),
        Box::new(windows::Archive(&WINDOWS_X86)),
    ];
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| name.starts_with(wanted));
    if wanted.iter().any(|wanted| !all.iter().any(|platform| platform.name().starts_with(wanted.as_str()))) {
        return Err(USAGE.into());
    }
    fs::create_dir_all(folder())?;
    let mut report = Report { untried, ..Report::default() };
    let mut extensions = Vec::new();
    let mut has_runners = false;
    for platform in all.iter().filter(|platform| is_wanted(&platform.name())) {
        println!("==> {}", platform.name());
        report.archive(platform.as_ref());
        match platform.extension() {
            Ok(extension) => extensions.extend(extension),
            Err(error) => {
                has_runners = true;
                report.missing.push(format!("the extension for {}: {error}", platform.name()));
            }
        }
    }
    has_runners |= !extensions.is_empty();
    if has_runners {
        report.package(&extensions);
    }
    contents::write_sums(&folder())?;
    report.conclude()?;
    if twice { compare::build_again(&wanted) } else { Ok(()) }
}

/// Where it all is made.
pub fn folder() -> PathBuf {
    target_dir().join("dist")
}

/// Where cargo builds for the archives: with other settings than elsewhere.
pub fn cargo_folder() -> PathBuf {
    folder().join("cargo")
}

/// A copy of a library without what only its developers want to see of it.
fn stripped(library: &Path, strip: &str, platform: &str) -> Result<PathBuf> {
    let folder = folder().join("extensions").join(platform);
    fs::create_dir_all(&folder)?;
    let copy = folder.join(library.file_name().ok_or("a library has a name")?);
    let mut command = Command::new(strip);
    command.arg("--strip-all").arg(library).arg("-o").arg(&copy);
    must(reproducible::settle(&mut command))?;
    Ok(copy)
}

#[derive(Default)]
struct Report {
    /// Whether nothing is to be built against the archives.
    untried: bool,
    made: Vec<String>,
    missing: Vec<String>,
    /// Of what is there, but not whole.
    warnings: Vec<String>,
}

impl Report {
    fn archive(&mut self, platform: &dyn Platform) {
        let name = platform.name();
        let start = Instant::now();
        let archive = match make(platform) {
            Ok(archive) => archive,
            Err(error) => {
                self.missing.push(format!("{name}: {error}"));
                return;
            }
        };
        let size = fs::metadata(&archive).map_or(0, |file| file.len());
        let made = format!("{} ({size} bytes, made in {} s)", archive.display(), start.elapsed().as_secs());
        let unpacked = archive::unpack(&archive, &folder().join("check").join(&name));
        let seen = unpacked.and_then(|unpacked| Ok((complete::examine(&unpacked, platform)?, unpacked)));
        let (seen, unpacked) = match seen {
            Ok((seen, unpacked)) => (format!("{made}: {seen}"), unpacked),
            Err(error) => {
                self.made.push(format!("{made}, NOT WHOLE"));
                self.missing.push(format!("a whole {name}: {error}"));
                return;
            }
        };
        if self.untried {
            self.made.push(format!("{seen}; not built against"));
            return;
        }
        match platform.check(&unpacked) {
            Ok(how) => self.made.push(format!("{seen}; {how}")),
            Err(error) => {
                self.made.push(format!("{seen}; NOT RUN"));
                self.missing.push(format!("a run of {name}: {error}"));
            }
        }
    }

    fn package(&mut self, extensions: &[PathBuf]) {
        let out = folder().join("stepwire.yymps");
        if extensions.is_empty() {
            self.missing.push("stepwire.yymps: there is no extension to put into it".to_owned());
            return;
        }
        match forget(&out).and_then(|()| package_gamemaker::make(&out, extensions)) {
            Ok(without) => {
                self.made.push(format!("{}, with {} libraries", out.display(), extensions.len()));
                if !without.is_empty() {
                    self.warnings.push(package_gamemaker::incomplete(&without));
                }
            }
            Err(error) => self.missing.push(format!("stepwire.yymps: {error}")),
        }
    }

    fn conclude(self) -> Result<()> {
        println!("\nMade:");
        self.made.iter().for_each(|line| println!("  {line}"));
        println!("MISSING:");
        self.missing.iter().for_each(|line| println!("  {line}"));
        println!("  macOS, iOS and Android: cannot be built here, see docs/shipping.md");
        self.warnings.iter().for_each(|warning| println!("\n{warning}"));
        if self.missing.is_empty() { Ok(()) } else { Err("something is missing, see above".into()) }
    }
}

fn forget(file: &Path) -> Result<()> {
    if file.exists() {
        fs::remove_file(file)?;
    }
    Ok(())
}

fn make(platform: &dyn Platform) -> Result<PathBuf> {
    let name = format!("stepwire-{VERSION}-{}", platform.name());
    // What an earlier run has made is not to be taken for this one's.
    for ending in ["tar.gz", "zip"] {
        forget(&folder().join(format!("{name}.{ending}")))?;
    }
    let stage = folder().join("stage").join(&name);
    if stage.exists() {
        fs::remove_dir_all(&stage)?;
    }
    fs::create_dir_all(&stage)?;
    platform.install(&stage)?;
    for file in ["README.md", "CHANGELOG.md", "docs/shipping.md"] {
        let from = root().join(file);
        fs::copy(&from, stage.join(from.file_name().ok_or("a file has a name")?))?;
    }
    let parts = platform.parts()?;
    toolchain::write_notices(&stage, &parts)?;
    contents::write_bill_of_materials(&stage, platform.triple(), &parts)?;
    reproducible::require_no_folders(&stage)?;
    contents::write_sums(&stage)?;
    platform.pack(&stage, &name)
}
