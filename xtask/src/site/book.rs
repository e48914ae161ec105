//! The sources of the book that mdBook makes the site from.

use std::fs;
use std::path::Path;

use xtask::{links, markdown};

use super::files::{Files, relative};
use super::pages::{self, Page};
use super::{Result, reference};

const CONFIGURATION: &str = "[book]
title = \"stepwire\"
language = \"en\"
src = \".\"

[output.html]
no-section-label = true
additional-css = [\"stepwire.css\"]

[output.html.fold]
enable = true

[output.html.print]
enable = false
";

const STYLE: &str = "\
.content main { overflow-wrap: break-word; }
/* Wide tables scroll by themselves, and code in them does not break. */
.content .table-wrapper { overflow-x: auto; }
.content table { margin-inline: 0; }
.content table td, .content table th { padding: 3px 10px; }
.content table code { overflow-wrap: normal; }
/* A table without headings. */
.content thead:not(:has(th:not(:empty))) { display: none; }
@media (max-width: 620px) {
  .content h1 { font-size: 1.7em; }
  .content h2 { font-size: 1.35em; }
  /* The names of functions in one line. */
  .content h2 code { font-size: 0.7em; }
  .content table td, .content table th { padding: 3px 6px; }
}
";

pub fn write(root: &Path, source: &Path) -> Result<()> {
    let parts = pages::all(root)?;
    let reference = reference::pages(root)?;
    let instead = reference.iter().filter_map(|page| Some((page.instead_of?, page.path.as_str())));
    let instead: Vec<_> = instead.collect();
    let all: Vec<&Page> = parts.iter().flat_map(|part| &part.pages).collect();
    let mut files = Files::new(root, &all, &instead);

    let mut summary = String::from("# Summary\n\n");
    for part in &parts {
        if !part.title.is_empty() {
            summary += &format!("\n# {}\n\n", part.title);
        }
        for page in &part.pages {
            write_page(source, &page.path, &placed(page, &mut files))?;
            let line = format!("[{}]({})\n", page.title, page.path);
            // What stands before all parts is no chapter.
            summary +=
                &if part.title.is_empty() { line } else { format!("{}- {line}", "  ".repeat(page.depth)) };
        }
        if part.title == "Guides" {
            summary += "\n# Reference\n\n";
            for page in &reference {
                write_page(source, &page.path, &page.text)?;
                summary += &format!("- [{}]({})\n", page.title, page.path);
            }
        }
    }
    summary += "\n# Files\n\n";
    for (path, title, text) in files.folder_pages()? {
        write_page(source, &path, &text)?;
        summary += &format!("- [{title}]({path})\n");
    }
    files.copy(source)?;
    fs::write(source.join("SUMMARY.md"), summary)?;
    fs::write(source.join("book.toml"), CONFIGURATION)?;
    fs::write(source.join("stepwire.css"), STYLE)?;
    Ok(())
}

/// The text of a page with the site's own places in its links.
fn placed(page: &Page, files: &mut Files<'_>) -> String {
    markdown::with_links(&page.text, |destination| {
        let (target, anchor) = links::target(&page.origin, destination)?;
        Some(relative(&page.path, &files.place(&target, &anchor)))
    })
}

fn write_page(source: &Path, path: &str, text: &str) -> Result<()> {
    let to = source.join(path);
    fs::create_dir_all(to.parent().ok_or("a page is in a folder")?)?;
    fs::write(to, text)?;
    Ok(())
}
