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

/// The shared library as programs that are linked to it ask for it at run time.
pub fn loaded_name() -> String {
    if cfg!(target_vendor = "apple") {
        format!("libstepwire.{}.dylib", abi())
    } else if cfg!(unix) {
        format!("libstepwire.so.{}", abi())
    } else {
        built_name()
    }
}

/// The shared library as cargo names it.
pub fn built_name() -> String {
    format!("{}stepwire{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}
