//! The shared libraries that go into the package, and a look at what they export.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Architecture, BinaryFormat, NameOrOrdinal, Object};

use super::Result;
use super::description::Description;
use super::entry_points::{itanium_name, msvc_name};

/// Where GameMaker's runner is a program of the system and loads libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Linux,
    MacOs,
    Windows,
}

impl Platform {
    pub const ALL: [Self; 3] = [Self::MacOs, Self::Windows, Self::Linux];

    pub fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::MacOs => "macOS",
            Self::Windows => "Windows",
        }
    }

    /// The name under which runners look for the library.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Linux => "stepwire.so",
            Self::MacOs => "libstepwire.dylib",
            Self::Windows => "stepwire_x64.dll",
        }
    }

    /// The IDE's number for it.
    pub fn target(self) -> u32 {
        match self {
            Self::Linux => 7,
            Self::MacOs => 1,
            Self::Windows => 6,
        }
    }

    /// What cargo calls the library there.
    pub fn built_name(self) -> &'static str {
        match self {
            Self::Linux => "libstepwire_extension.so",
            Self::MacOs => "libstepwire_extension.dylib",
            Self::Windows => "stepwire_extension.dll",
        }
    }

    fn entry_point(self, name: &str) -> String {
        match self {
            Self::Windows => msvc_name(name),
            _ => itanium_name(name),
        }
    }

    /// `void YYExtensionInitialise(const struct YYRunnerInterface*, size_t)`.
    fn initialise(self) -> &'static str {
        match self {
            Self::Windows => "?YYExtensionInitialise@@YAXPEBUYYRunnerInterface@@_K@Z",
            _ => "_Z21YYExtensionInitialisePK17YYRunnerInterfacem",
        }
    }
}

/// `extern "C" void GMExtensionInitialise(const GMRTRunnerInterface *, size_t)`.
const NEW_RUNTIME: &str = "GMExtensionInitialise";

/// One shared library.
pub struct Binary {
    pub file: PathBuf,
    pub platform: Platform,
    pub content: Vec<u8>,
}

impl Binary {
    pub fn open(file: &Path) -> Result<Self> {
        let content = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let object = parse(file, &content)?;
        let platform = match object.format() {
            BinaryFormat::Elf => Platform::Linux,
            BinaryFormat::MachO => Platform::MacOs,
            BinaryFormat::Pe => Platform::Windows,
            _ => return Err(format!("{}: not a shared library", file.display()).into()),
        };
        // Runners of Windows and Linux are x64 under these names; macOS has both kinds of processor.
        if platform != Platform::MacOs && object.architecture() != Architecture::X86_64 {
            let architecture = object.architecture();
            return Err(format!("{}: for {architecture:?}, not for x64", file.display()).into());
        }
        Ok(Self { file: file.to_owned(), platform, content })
    }

    /// Fails unless the library exports exactly the functions of the description.
    pub fn check(&self, description: &Description) -> Result<()> {
        let exported = self.exports()?;
        let mut expected: BTreeSet<String> = description
            .functions
            .iter()
            .map(|function| self.platform.entry_point(&description.gml_name(&function.name)))
            .collect();
        expected.insert(self.platform.initialise().to_owned());
        let own_names = description.functions.iter().map(|function| description.gml_name(&function.name));
        let plain = own_names.chain(description.legacy.iter().map(|function| function.name.clone()));
        let plain: BTreeSet<String> = plain.chain([NEW_RUNTIME.to_owned()]).collect();
        let missing: Vec<&str> =
            expected.union(&plain).filter(|name| !exported.contains(*name)).map(String::as_str).collect();
        if !missing.is_empty() {
            return Err(format!("{} lacks {}", self.file.display(), missing.join(", ")).into());
        }
        let unknown: Vec<&str> = exported
            .iter()
            .filter(|name| is_entry_point(name) && !expected.contains(*name))
            .map(String::as_str)
            .collect();
        if !unknown.is_empty() {
            let list = unknown.join(", ");
            return Err(
                format!("{} has functions that the package lacks: {list}", self.file.display()).into()
            );
        }
        Ok(())
    }

    /// Every name that can be looked up.
    pub fn exports(&self) -> Result<BTreeSet<String>> {
        let object = parse(&self.file, &self.content)?;
        let mut names = BTreeSet::new();
        for export in object.exports()? {
            // Numbered exports have no name that a runner could look up.
            if let NameOrOrdinal::Name(name) = export?.name() {
                let name = String::from_utf8_lossy(name);
                // Mach-O has one more underscore before every name.
                let prefix = if self.platform == Platform::MacOs { "_" } else { "" };
                names.insert(name.strip_prefix(prefix).unwrap_or(&name).to_owned());
            }
        }
        Ok(names)
    }
}

/// The platforms that none of the libraries is for.
pub fn missing(binaries: &[Binary]) -> Vec<Platform> {
    let is_there = |platform: &Platform| binaries.iter().any(|binary| binary.platform == *platform);
    Platform::ALL.into_iter().filter(|platform| !is_there(platform)).collect()
}

fn parse<'a>(file: &Path, content: &'a [u8]) -> Result<object::File<'a>> {
    object::File::parse(content).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// Whether a symbol is for runners: a C++ name.
fn is_entry_point(name: &str) -> bool {
    name.starts_with("_Z") || name.starts_with('?')
}

/// Every release build under `target/`; the one for this machine is made if there is none.
pub fn at_hand(root: &Path) -> Result<Vec<PathBuf>> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", "stepwire-extension"])
        .current_dir(root)
        .status()?;
    if !status.success() {
        return Err("the library could not be built".into());
    }
    let mut found = Vec::new();
    for platform in Platform::ALL {
        let mut places = vec![target.join("release")];
        if let Ok(directories) = fs::read_dir(&target) {
            places.extend(directories.flatten().map(|entry| entry.path().join("release")));
        }
        places.sort();
        // Builds for other processors lie there, too.
        let mut files = places.into_iter().map(|place| place.join(platform.built_name()));
        found.extend(files.find(|file| file.is_file() && Binary::open(file).is_ok()));
    }
    Ok(found)
}
