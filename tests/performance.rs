//! What the pages say about performance is what was measured: made of `docs/performance.json`.

use std::fs;
use std::path::{Path, PathBuf};

use xtask::performance::{self, Results};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn results() -> Results {
    serde_json::from_str(&read(performance::RESULTS)).expect("the results have the form of this version")
}

/// With the tables in their place the page is what it was.
fn has_tables(page: &str, place: &str, tables: &str) {
    let text = read(page);
    let made = performance::insert(&text, place, tables).expect("the page has that place");
    assert!(made == text, "{page} has other figures than {}: cargo xtask bench", performance::RESULTS);
}

#[test]
fn readme_has_the_measured_table() {
    has_tables("README.md", "performance", &performance::readme_table(&results()));
}

#[test]
fn the_page_has_all_tables() {
    has_tables("docs/performance.md", "tables", &performance::page_tables(&results()));
}

#[test]
fn the_plots_are_of_these_results() {
    for (file, plot) in performance::plots(&results()) {
        assert!(read(&format!("docs/{file}")) == plot, "docs/{file} is of other results: cargo xtask bench");
    }
}
