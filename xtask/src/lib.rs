//! What the project's commands and its tests have in common.

pub mod header_text;
pub mod third_party;
pub mod version;
