//! `cargo xtask header`: writes the C headers and docs/reference.md.

use std::error::Error;

use xtask::header_text::{CLUSTER, STEPWIRE};

use crate::build::root;

pub fn run() -> Result<(), Box<dyn Error>> {
    for header in [STEPWIRE, CLUSTER] {
        std::fs::write(root().join(header.path), header.generate(&root())?)?;
    }
    std::fs::write(root().join("docs/reference.md"), xtask::reference_text::generate())?;
    Ok(())
}
