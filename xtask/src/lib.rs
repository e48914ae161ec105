//! What the project's commands and its tests have in common.

pub mod api;
pub mod cpp_binding;
pub mod csharp_binding;
pub mod declarations;
pub mod from_api;
mod header_finish;
pub mod header_text;
pub mod links;
pub mod lua_binding;
pub mod markdown;
pub mod performance;
pub mod reference_text;
pub mod scripting_bindings;
pub mod surface;
pub mod third_party;
pub mod version;

// The library's tables, which import nothing: what is generated is made of what the library uses.
#[path = "../../src/catalog/mod.rs"]
pub mod catalog;
