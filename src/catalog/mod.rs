//! What the C ABI has by number or by name, one table each: the options, the counters, the keys of
//! events. Parsing, the header, the extension's constants and `docs/reference.md` come from here.
//!
//! Pure data that imports nothing, so that the project's own commands read the same file.

pub mod event_keys;
pub mod options;
pub mod stats;
