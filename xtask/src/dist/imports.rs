//! What the DLLs load: nothing that Windows does not have itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use object::Object;

use super::Result;

/// Libraries that every Windows from 10 on has, in lower case. `api-ms-win-...` are names that it gives to parts of
/// them.
const OF_THE_SYSTEM: [&str; 14] = [
    "advapi32.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "crypt32.dll",
    "dbghelp.dll",
    "iphlpapi.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ncrypt.dll",
    "ntdll.dll",
    "secur32.dll",
    "userenv.dll",
    "winmm.dll",
    "ws2_32.dll",
];

pub fn check(libraries: &[&Path]) -> Result<String> {
    let mut counts = Vec::new();
    for library in libraries {
        let loaded = of_the_system(library)?;
        let name = library.file_name().unwrap_or_default().to_string_lossy();
        println!("{name} loads {}", loaded.iter().cloned().collect::<Vec<_>>().join(", "));
        counts.push(format!("{name} {}", loaded.len()));
    }
    Ok(format!("system libraries: {}", counts.join(", ")))
}

/// The libraries that a DLL loads; fails if Windows does not have them all.
pub fn of_the_system(library: &Path) -> Result<BTreeSet<String>> {
    let loaded = imports(library)?;
    let foreign: Vec<_> = loaded.iter().filter(|name| !is_of_the_system(name)).cloned().collect();
    if foreign.is_empty() {
        return Ok(loaded);
    }
    Err(format!("{} loads {}, which Windows does not have", library.display(), foreign.join(", ")).into())
}

fn is_of_the_system(name: &str) -> bool {
    name.starts_with("api-ms-win-") || OF_THE_SYSTEM.contains(&name)
}

/// The libraries it cannot be loaded without, in lower case.
fn imports(library: &Path) -> Result<BTreeSet<String>> {
    let content = fs::read(library).map_err(|error| format!("{}: {error}", library.display()))?;
    let mut names = BTreeSet::new();
    for import in object::File::parse(&*content)?.imports()? {
        names.insert(String::from_utf8_lossy(import?.library()).to_lowercase());
    }
    if names.is_empty() { Err(format!("{}: no imports", library.display()).into()) } else { Ok(names) }
}
