//! Which pages the site has, and where each one comes from.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use xtask::links;
use xtask::markdown::{self, Heading};

use super::Result;

/// A page of the site.
pub struct Page {
    /// Where it is, below the book's sources.
    pub path: String,
    pub title: String,
    /// The page of the project that it is.
    pub origin: PathBuf,
    /// The text as the project has it; of README.md the section.
    pub text: String,
    /// The names by which the project's links lead to it: all of its own, where it is a part of another page.
    pub anchors: Option<BTreeSet<String>>,
    /// 1 stands below the page before it that has 0.
    pub depth: usize,
}

/// A part of the table of contents.
pub struct Part {
    pub title: &'static str,
    pub pages: Vec<Page>,
}

/// A page, or after `README.md#` a section; where it stands in the site; how deep.
type Row = (&'static str, &'static str, usize);

pub const README: &str = "README.md";

const GUIDES: [Row; 14] = [
    ("README.md#a-first-program", "readme/first-program.md", 0),
    ("README.md#two-commands", "readme/two-commands.md", 1),
    ("docs/porting-gamemaker.md", "porting-gamemaker.md", 0),
    ("README.md#from-gml-to-c", "readme/gml-to-c.md", 1),
    ("docs/dedicated-server.md", "dedicated-server.md", 0),
    ("docs/websocket.md", "websocket.md", 0),
    ("docs/websocket-conformance.md", "websocket-conformance.md", 1),
    ("docs/reliable-udp.md", "reliable-udp.md", 0),
    ("docs/scaling.md", "scaling.md", 0),
    ("README.md#building-against-it", "readme/building.md", 0),
    ("docs/shipping.md", "shipping.md", 0),
    ("docs/security.md", "security.md", 0),
    ("SECURITY.md", "security-reports.md", 1),
    ("README.md#limits", "readme/limits.md", 1),
];
const PERFORMANCE: [Row; 3] = [
    ("README.md#performance", "readme/performance.md", 0),
    ("docs/performance.md", "performance.md", 1),
    ("benches/reliable/README.md", "performance-reliable.md", 1),
];
const GAMEMAKER: [Row; 2] = [
    ("gamemaker/README.md", "gamemaker.md", 0),
    ("docs/gamemaker-functions.md", "gamemaker-functions.md", 0),
];
const TOOLS: [Row; 2] = [("docs/gmcat.md", "gmcat.md", 0), ("docs/wireshark.md", "wireshark.md", 0)];
const LANGUAGES: [Row; 1] = [("docs/bindings.md", "bindings.md", 0)];
const INSIDE: [Row; 4] = [
    ("docs/architecture.md", "architecture.md", 0),
    ("CONTRIBUTING.md", "contributing.md", 0),
    ("docs/mutants.md", "mutants.md", 1),
    ("CHANGELOG.md", "changelog.md", 0),
];
/// The first page.
const FIRST: Row = ("docs/index.md", "index.md", 0);
/// Pages whose content the site has in another form.
const ELSEWHERE: [&str; 2] = [README, "docs/reference.md"];

/// All pages but those of the reference. A page of `docs` or `bindings` that no row names stands with the languages.
pub fn all(root: &Path) -> Result<Vec<Part>> {
    let readme = fs::read_to_string(root.join(README))?;
    let rows = |rows: &[Row]| rows.iter().map(|row| page(root, &readme, row)).collect::<Result<Vec<_>>>();
    let mut parts = vec![
        Part { title: "", pages: rows(&[FIRST])? },
        Part { title: "Guides", pages: rows(&GUIDES)? },
        Part { title: "Performance", pages: rows(&PERFORMANCE)? },
        Part { title: "GameMaker", pages: rows(&GAMEMAKER)? },
        Part { title: "Tools", pages: rows(&TOOLS)? },
        Part { title: "Languages", pages: rows(&LANGUAGES)? },
        Part { title: "Inside", pages: rows(&INSIDE)? },
    ];
    let known: BTreeSet<_> =
        parts.iter().flat_map(|part| &part.pages).map(|page| page.origin.clone()).collect();
    for origin in links::pages(root)? {
        let is_elsewhere = ELSEWHERE.iter().any(|page| origin == Path::new(page));
        let is_guide = origin.starts_with("docs") || origin.starts_with("bindings");
        if is_guide && !is_elsewhere && !known.contains(&origin) {
            let text = fs::read_to_string(root.join(&origin))?;
            let path = origin.to_string_lossy().trim_start_matches("docs/").replace('/', "-").to_lowercase();
            let path = path.replace("-readme.md", ".md");
            parts[5].pages.push(whole(path, origin, text, 0)?);
        }
    }
    Ok(parts)
}

fn page(root: &Path, readme: &str, (from, path, depth): &Row) -> Result<Page> {
    match from.split_once('#') {
        None => whole((*path).to_owned(), from.into(), fs::read_to_string(root.join(from))?, *depth),
        Some((origin, anchor)) => {
            let headings = markdown::headings(readme);
            let first = headings.iter().position(|heading| heading.anchor == anchor);
            let first = first.ok_or_else(|| format!("{origin} has no section {anchor}"))?;
            let level = headings[first].level;
            let inside = headings[first + 1..].iter().take_while(|heading| heading.level > level);
            let count = 1 + inside.count();
            let end = headings.get(first + count).map_or(readme.len(), |heading| heading.at);
            let section = &headings[first..first + count];
            Ok(Page {
                path: (*path).to_owned(),
                title: section[0].title.clone(),
                origin: origin.into(),
                text: lifted(&readme[section[0].at..end], level - 1),
                anchors: Some(section.iter().map(|heading: &Heading| heading.anchor.clone()).collect()),
                depth: *depth,
            })
        }
    }
}

fn whole(path: String, origin: PathBuf, text: String, depth: usize) -> Result<Page> {
    let headings = markdown::headings(&text);
    let title = headings.first().ok_or_else(|| format!("{} has no heading", origin.display()))?.title.clone();
    Ok(Page { path, title, origin, text, anchors: None, depth })
}

/// A section whose headings are so many levels higher.
fn lifted(section: &str, levels: usize) -> String {
    let mut lifted = String::with_capacity(section.len());
    let mut end = 0;
    for heading in markdown::headings(section) {
        lifted.push_str(&section[end..heading.at]);
        end = heading.at + levels;
    }
    lifted + &section[end..]
}
