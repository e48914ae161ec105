//! Links between the project's pages, and from them to its files.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::markdown;

/// What is not the project's own, wherever it is.
const NOT_OURS: [&str; 4] = ["target", "build", "node_modules", "__pycache__"];

/// Every page of the project, by its path below `root`, in order.
pub fn pages(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut to_visit = vec![PathBuf::new()];
    while let Some(folder) = to_visit.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if entry.file_type()?.is_dir() {
                if !name.starts_with('.') && !NOT_OURS.contains(&name.as_str()) {
                    to_visit.push(path);
                }
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Where a link of the page at `page` leads: a path below the project's folder, and an anchor or "". None for other
/// places of the network, and for what lies outside of the project.
pub fn target(page: &Path, destination: &str) -> Option<(PathBuf, String)> {
    if destination.contains("://") || destination.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = destination.split_once('#').unwrap_or((destination, ""));
    if path.is_empty() {
        return Some((page.to_owned(), anchor.to_owned()));
    }
    let mut target = page.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir if target.pop() => (),
            Component::ParentDir => return None,
            Component::Normal(name) => target.push(name),
            _ => (),
        }
    }
    Some((target, anchor.to_owned()))
}

/// The links of all pages that lead nowhere, a line each.
pub fn broken(root: &Path) -> std::io::Result<Vec<String>> {
    let mut broken = Vec::new();
    for page in pages(root)? {
        let text = fs::read_to_string(root.join(&page))?;
        for link in markdown::links(&text) {
            if link.destination.contains("://") {
                continue;
            }
            let leads_somewhere = match target(&page, &link.destination) {
                None => false,
                Some((path, anchor)) if anchor.is_empty() => root.join(path).exists(),
                Some((path, anchor)) => fs::read_to_string(root.join(path))
                    .is_ok_and(|text| markdown::headings(&text).iter().any(|found| found.anchor == anchor)),
            };
            if !leads_somewhere {
                broken.push(format!("{}: {}", page.display(), link.destination));
            }
        }
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_from_its_page() {
        let from = Path::new("docs/a.md");
        let to = |destination| {
            target(from, destination).map(|(path, anchor)| format!("{} {anchor}", path.display()))
        };
        assert_eq!(to("b.md#c").as_deref(), Some("docs/b.md c"));
        assert_eq!(to("#c").as_deref(), Some("docs/a.md c"));
        assert_eq!(to("../README.md").as_deref(), Some("README.md "));
        assert_eq!(to("../../elsewhere"), None);
        assert_eq!(to("https://example.org/"), None);
    }
}
