//! THIRD-PARTY-LICENSES names what Cargo.lock does.

use std::fs;
use std::path::Path;

#[test]
fn the_notices_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let written = fs::read_to_string(root.join(xtask::third_party::FILE)).expect("it is part of the project");
    let expected = xtask::third_party::generate(root).expect("the notices can be made");
    assert!(expected.contains("\nmio "), "what the library stands on is not in: {expected}");
    assert!(
        written == expected,
        "THIRD-PARTY-LICENSES is not what Cargo.lock makes it: run `cargo xtask licences`"
    );
}
