//! `cargo xtask header`: writes the C headers, the description of the ABI for bindings, docs/reference.md and
//! what bindings have of stepwire.h.

use std::error::Error;

use xtask::header_text::{CLUSTER, STEPWIRE};

use crate::build::root;

pub fn run() -> Result<(), Box<dyn Error>> {
    for header in [STEPWIRE, CLUSTER] {
        std::fs::write(root().join(header.path), header.generate(&root())?)?;
    }
    std::fs::write(root().join(xtask::api::PATH), xtask::api::generate(&root())?)?;
    for (path, text) in xtask::from_api::generate(&root())? {
        std::fs::write(root().join(path), text)?;
    }
    let binding = root().join("bindings/lua/stepwire.lua");
    let declared = std::fs::read_to_string(root().join(STEPWIRE.path))?;
    let updated = xtask::lua_binding::update(&std::fs::read_to_string(&binding)?, &declared)?;
    std::fs::write(binding, updated)?;
    std::fs::write(root().join("docs/reference.md"), xtask::reference_text::generate())?;
    Ok(())
}
