//! Every link of the project's pages leads somewhere, headings included.

use std::path::Path;

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = xtask::links::pages(root).expect("the pages can be read");
    assert!(pages.len() > 15 && pages.contains(&"docs/bindings.md".into()), "{pages:?}");
    let broken = xtask::links::broken(root).expect("the pages can be read");
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}
