//! A look at the site as it was made: every link leads to a page, a file or a heading that is there, and nothing is
//! loaded from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use xtask::links;

use super::Result;
use crate::dist::contents;

/// The number of pages; an error lists what is wrong.
pub fn check(site: &Path) -> Result<usize> {
    let mut pages = BTreeMap::new();
    for path in contents::files(site)? {
        if path.extension().is_some_and(|kind| kind == "html") {
            pages.insert(path.clone(), fs::read_to_string(site.join(path))?);
        }
    }
    let anchors: BTreeMap<&PathBuf, BTreeSet<&str>> =
        pages.iter().map(|(path, text)| (path, values(text, " id=\"").collect())).collect();
    let mut wrong = Vec::new();
    for (page, text) in &pages {
        // mdBook's own page for what is not found has links from the server's root.
        if page == Path::new("404.html") {
            continue;
        }
        for url in loaded(text).filter(|url| is_elsewhere(url)) {
            wrong.push(format!("{} loads {url}", page.display()));
        }
        for url in values(text, " href=\"").chain(values(text, " src=\"")) {
            let Some((target, anchor)) = links::target(page, url) else {
                if !is_elsewhere(url) && !url.starts_with("mailto:") {
                    wrong.push(format!("{}: {url}", page.display()));
                }
                continue;
            };
            let has_anchor = anchor.is_empty()
                || anchors.get(&target).is_some_and(|anchors| anchors.contains(anchor.as_str()));
            if !site.join(&target).is_file() || !has_anchor {
                wrong.push(format!("{}: {url}", page.display()));
            }
        }
    }
    if wrong.is_empty() { Ok(pages.len()) } else { Err(wrong.join("\n").into()) }
}

fn is_elsewhere(url: &str) -> bool {
    url.contains("://") || url.starts_with("//")
}

/// The values of an attribute.
fn values<'a>(text: &'a str, attribute: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next())
}

/// What a page needs to be shown: styles, scripts, images.
fn loaded(text: &str) -> impl Iterator<Item = &str> {
    let styles =
        text.split("<link ").skip(1).filter_map(|rest| values(rest.split('>').next()?, "href=\"").next());
    styles.chain(values(text, " src=\""))
}
