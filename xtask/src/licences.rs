//! `cargo xtask licences`: writes THIRD-PARTY-LICENSES.

use std::error::Error;

use xtask::third_party;

use crate::build::root;

pub fn run() -> Result<(), Box<dyn Error>> {
    std::fs::write(root().join(third_party::FILE), third_party::generate(&root())?)?;
    Ok(())
}
