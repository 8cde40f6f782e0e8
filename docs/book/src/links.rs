//! Whether the links between the pages lead somewhere.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::pages::Page;
use crate::rewrite::{LINK, options};
use crate::target::joined;

/// The links that lead to no page, or to no heading of it, and the images that are not among the files:
/// `page: link`. In HTML there is none but to addresses.
pub(crate) fn dead(pages: &[Page], files: &[&str]) -> Vec<String> {
    let anchors: BTreeMap<&str, BTreeSet<String>> =
        pages.iter().map(|page| (page.path.as_str(), anchors(&page.text))).collect();
    let mut dead = Vec::new();
    for page in pages {
        let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for event in Parser::new_ext(&page.text, options()) {
            let (link, lives) = match event {
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let (path, anchor) = dest_url.split_once('#').unwrap_or((&dest_url, ""));
                    let path =
                        if path.is_empty() { page.path.clone() } else { joined(folder, path) };
                    let lives = anchors
                        .get(path.as_str())
                        .is_some_and(|known| anchor.is_empty() || known.contains(anchor));
                    (dest_url, lives)
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    let lives = files.contains(&joined(folder, &dest_url).as_str());
                    (dest_url, lives)
                }
                Event::Html(html) | Event::InlineHtml(html) if html.contains(LINK) => {
                    let targets = html.split(LINK).skip(1).filter_map(|it| it.split('"').next());
                    let targets = targets.filter(|target| !target.contains("://"));
                    dead.extend(targets.map(|target| format!("{}: {target}", page.path)));
                    continue;
                }
                _ => continue,
            };
            if !lives && !link.contains("://") {
                dead.push(format!("{}: {link}", page.path));
            }
        }
    }
    dead
}

/// The ids of the headings, as mdBook gives them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    *heading += &words;
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let id = slug(&heading.take().unwrap_or_default());
                // A second heading of one name is numbered.
                let mut candidate = id.clone();
                let mut count = 0;
                while !anchors.insert(candidate.clone()) {
                    count += 1;
                    candidate = format!("{id}-{count}");
                }
            }
            _ => {}
        }
    }
    anchors
}

/// `What, then?` is `what-then`.
fn slug(heading: &str) -> String {
    let kept = |letter: char| match letter {
        letter if letter.is_alphanumeric() || "_-".contains(letter) => {
            Some(letter.to_lowercase().to_string())
        }
        letter if letter.is_whitespace() => Some("-".to_owned()),
        _ => None,
    };
    heading.chars().filter_map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_links_are_named() {
        let page = |path: &str, text: &str| Page { path: path.into(), text: text.into() };
        let pages = [
            page("a.md", "# One two (三)\n\n[x](b.md) [y](c.md) [z](#one-two-三) [w](#three)\n"),
            page("b.md", "[x](a.md#one-two-三) [y](https://example.org)\n"),
            page(
                "b/a.md",
                "<p>\n<a href=\"https://example.org\">x</a>, <a href=\"../s.html\">y</a>\n</p>\n",
            ),
            page("b/c.md", "[x](../a.md) [y](../d.md) ![p](../p.svg) ![q](q.svg)\n"),
        ];
        let expected =
            ["a.md: c.md", "a.md: #three", "b/a.md: ../s.html", "b/c.md: ../d.md", "b/c.md: q.svg"];
        assert_eq!(dead(&pages, &["p.svg"]), expected);
    }
}
