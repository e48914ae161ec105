//! The library's version, which the whole workspace has, and the names that carry it.

pub const VERSION: &str = env!("CARGO_PKG_VERSION");
pub const MAJOR: &str = env!("CARGO_PKG_VERSION_MAJOR");
pub const MINOR: &str = env!("CARGO_PKG_VERSION_MINOR");
pub const PATCH: &str = env!("CARGO_PKG_VERSION_PATCH");

/// What a program was built against, as the shared library's name has it: a minor version may break while
/// the major one is 0.
pub fn abi() -> String {
    if MAJOR == "0" { format!("{MAJOR}.{MINOR}") } else { MAJOR.to_owned() }
}

/// A shared library ("stepwire") as programs that are linked to it ask for it at run time.
pub fn loaded_name(library: &str) -> String {
    loaded_name_on(std::env::consts::OS, library)
}

/// The same on another system: "windows", "macos", or one that is like Linux.
pub fn loaded_name_on(system: &str, library: &str) -> String {
    match system {
        "windows" => format!("{library}.dll"),
        "macos" | "ios" => format!("lib{library}.{}.dylib", abi()),
        _ => format!("lib{library}.so.{}", abi()),
    }
}

/// A shared library as cargo names it.
pub fn built_name(library: &str) -> String {
    format!("{}{library}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}
