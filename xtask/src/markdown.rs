//! Links and headings of pages in Markdown, as GitHub and mdBook read them.

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

/// A link, or an image.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    /// Where in the page its destination stands.
    pub at: Range<usize>,
    pub destination: String,
}

fn events(page: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    Parser::new_ext(page, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).into_offset_iter()
}

/// The links of a page, in their order.
pub fn links(page: &str) -> Vec<Link> {
    let link = |(event, range): (Event<'_>, Range<usize>)| {
        let Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. }) =
            event
        else {
            return None;
        };
        // Others have their destination, if any, where they are seen.
        if link_type != LinkType::Inline {
            return None;
        }
        let start = range.start + page[range].rfind(&*dest_url)?;
        Some(Link { at: start..start + dest_url.len(), destination: dest_url.into_string() })
    };
    events(page).filter_map(link).collect()
}

/// The page with other destinations where `change` has one.
pub fn with_links(page: &str, mut change: impl FnMut(&str) -> Option<String>) -> String {
    let mut changed = String::with_capacity(page.len());
    let mut end = 0;
    let mut links = links(page);
    // An image inside of a link stands before the link's own destination.
    links.sort_by_key(|link| link.at.start);
    for link in links {
        changed.push_str(&page[end..link.at.start]);
        changed.push_str(&change(&link.destination).unwrap_or(link.destination));
        end = link.at.end;
    }
    changed.push_str(&page[end..]);
    changed
}

/// A heading, and the name by which links lead to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Heading {
    pub title: String,
    pub anchor: String,
    /// 1 is the page's own.
    pub level: usize,
    /// Where it begins.
    pub at: usize,
}

/// The headings of a page.
pub fn headings(page: &str) -> Vec<Heading> {
    let mut found: Vec<Heading> = Vec::new();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut inside: Option<Heading> = None;
    for (event, range) in events(page) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let (title, anchor) = (String::new(), String::new());
                inside = Some(Heading { title, anchor, level: level as usize, at: range.start });
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut inside {
                    heading.title.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some(mut heading) = inside.take() {
                    let anchor = anchor(&heading.title);
                    let before = taken.entry(anchor.clone()).or_insert(0);
                    heading.anchor = if *before == 0 { anchor } else { format!("{anchor}-{before}") };
                    *before += 1;
                    found.push(heading);
                }
            }
            _ => (),
        }
    }
    found
}

fn anchor(title: &str) -> String {
    let letter = |letter: char| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ if letter.is_alphanumeric() => Some(letter),
        _ => None,
    };
    title.to_lowercase().chars().filter_map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A page\n\nSee [this](a.md#b) and `[no](link)`, [![image](x.png)](y.md), <https://z.example>.\n\n\
        | a | b |\n|---|---|\n| [cell](c.md) | |\n\n## The `name`: twice\n\n    [code](no.md)\n\n## The name twice\n";

    #[test]
    fn links_are_found_where_they_stand() {
        let destinations: Vec<_> = links(PAGE).into_iter().map(|link| link.destination).collect();
        assert_eq!(destinations, ["a.md#b", "y.md", "x.png", "c.md"]);
        for link in links(PAGE) {
            assert_eq!(PAGE[link.at], link.destination);
        }
    }

    #[test]
    fn destinations_change_and_nothing_else_does() {
        assert_eq!(with_links(PAGE, |_| None), PAGE);
        let changed = with_links(PAGE, |old| Some(old.replace(".md", ".html")));
        assert_eq!(changed.matches(".html").count(), 3);
        assert!(changed.contains("`[no](link)`, [![image](x.png)](y.html)"), "{changed}");
        assert!(changed.contains("[code](no.md)"), "{changed}");
    }

    #[test]
    fn headings_have_the_anchors_that_github_gives_them() {
        let headings: Vec<_> = headings(PAGE).into_iter().map(|found| (found.level, found.anchor)).collect();
        let expected = [(1, "a-page"), (2, "the-name-twice"), (2, "the-name-twice-1")];
        assert_eq!(headings, expected.map(|(level, anchor)| (level, anchor.to_owned())));
    }
}
