//! `cargo xtask header`: writes include/stepwire.h and docs/reference.md.

use std::error::Error;
use std::path::Path;

pub fn run() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
    std::fs::write(root.join("include/stepwire.h"), xtask::header_text::generate(root)?)?;
    std::fs::write(root.join("docs/reference.md"), xtask::reference_text::generate())?;
    Ok(())
}
