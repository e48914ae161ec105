//! The project's files that pages link to: they come along, programs as plain text, which every browser shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::Result;
use super::pages::{Page, README};

/// Where a link of the project leads in the site.
pub struct Files<'a> {
    root: &'a Path,
    pages: &'a [&'a Page],
    /// Of the reference: a page of the project with its place in the site.
    instead: &'a [(&'a str, &'a str)],
    /// The files that were linked to, and where each one comes from.
    files: BTreeMap<String, PathBuf>,
    /// The folders without a page of their own.
    folders: BTreeSet<PathBuf>,
}

/// What browsers show themselves.
const SHOWN: [&str; 3] = ["png", "svg", "jpg"];

impl<'a> Files<'a> {
    pub fn new(root: &'a Path, pages: &'a [&'a Page], instead: &'a [(&'a str, &'a str)]) -> Self {
        Self { root, pages, instead, files: BTreeMap::new(), folders: BTreeSet::new() }
    }

    /// The place in the site of a path below the project's folder.
    pub fn place(&mut self, target: &Path, anchor: &str) -> String {
        let with_anchor =
            |path: &str| if anchor.is_empty() { path.to_owned() } else { format!("{path}#{anchor}") };
        if target == Path::new(README) {
            let is_section = |page: &&&Page| page.anchors.as_ref().is_some_and(|all| all.contains(anchor));
            return match self.pages.iter().find(is_section) {
                Some(page) => with_anchor(&page.path),
                None => "index.md".to_owned(),
            };
        }
        if let Some((_, path)) = self.instead.iter().find(|(origin, _)| target == Path::new(origin)) {
            return (*path).to_owned();
        }
        let readme = target.join(README);
        if let Some(page) = self.pages.iter().find(|page| page.origin == target || page.origin == readme) {
            return with_anchor(&page.path);
        }
        if self.root.join(target).is_dir() {
            self.folders.insert(target.to_owned());
            return folder_page(target);
        }
        self.file(target)
    }

    fn file(&mut self, target: &Path) -> String {
        let is_shown =
            target.extension().is_some_and(|kind| SHOWN.iter().any(|shown| kind == Path::new(shown)));
        let mut path = format!("files/{}", target.display());
        if !is_shown {
            path.push_str(".txt");
        }
        self.files.insert(path.clone(), target.to_owned());
        path
    }

    /// The folders that were linked to, as pages: path, title, text.
    pub fn folder_pages(&mut self) -> Result<Vec<(String, String, String)>> {
        let mut pages = Vec::new();
        for folder in self.folders.clone() {
            let mut text = format!("# {}\n\n", folder.display());
            let mut entries = Vec::new();
            for entry in fs::read_dir(self.root.join(&folder))? {
                let entry = entry?;
                entries.extend(entry.file_type()?.is_file().then(|| folder.join(entry.file_name())));
            }
            entries.sort();
            for entry in entries {
                let path = self.file(&entry);
                let name = entry.file_name().unwrap_or_default().to_string_lossy();
                text += &format!("- [{name}]({})\n", relative(&folder_page(&folder), &path));
            }
            pages.push((folder_page(&folder), folder.display().to_string(), text));
        }
        Ok(pages)
    }

    /// Copies all files that were linked to below `source`.
    pub fn copy(&self, source: &Path) -> Result<()> {
        for (path, from) in &self.files {
            let to = source.join(path);
            fs::create_dir_all(to.parent().ok_or("a file is in a folder")?)?;
            fs::copy(self.root.join(from), to)?;
        }
        Ok(())
    }
}

fn folder_page(folder: &Path) -> String {
    format!("files/{}.md", folder.display())
}

/// The way from a page to a place of the site.
pub fn relative(page: &str, place: &str) -> String {
    "../".repeat(page.matches('/').count()) + place
}
