//! From the Markdown of rustdoc to that of the book.
//!
//! Headings go down one level, for a page of the book has its title as the first; blocks of code without
//! a language are Rust; links to items of the code and to its lines become their names, and links to
//! other chapters lead to their pages.

use std::ops::Range;

use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag};

use crate::target::Target;

/// Rewrites a page; `target` says where each link leads.
pub(crate) fn rewrite(title: Option<&str>, text: &str, target: impl Fn(&str) -> Target) -> String {
    let demoted = title.is_some();
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    // What stands in square brackets and has no definition is an item of the code.
    let item = |link: BrokenLink<'_>| {
        let name = link.reference.trim_matches('`').to_owned();
        let is_item = link.reference.starts_with('`') || name.contains("::");
        is_item.then(|| (CowStr::from(name), CowStr::from("")))
    };
    let mut inner: Option<(Range<usize>, Target, Option<Range<usize>>)> = None;
    for (event, range) in
        Parser::new_with_broken_link_callback(text, options(), Some(item)).into_offset_iter()
    {
        if let Some((_, _, within)) = &mut inner {
            let begin = within.as_ref().map_or(range.start, |within| within.start);
            if !matches!(event, Event::End(_)) {
                *within = Some(begin..range.end);
            }
        }
        match event {
            Event::Start(Tag::Heading { .. })
                if demoted && text[range.clone()].starts_with('#') =>
            {
                edits.push((range.start..range.start, "#".to_owned()));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let line = text[range.start..].lines().next().unwrap_or_default();
                let fence = line.len() - line.trim_start_matches('`').len();
                let begin = range.start + fence;
                edits.push((begin..range.start + line.len(), language(&info)));
            }
            Event::Start(Tag::Link { link_type, dest_url, .. })
                if link_type != LinkType::Autolink =>
            {
                inner = Some((range, target(&dest_url), None));
            }
            Event::End(pulldown_cmark::TagEnd::Link) => {
                let Some((range, target, Some(within))) = inner.take() else { continue };
                let words = &text[within];
                edits.push(match target {
                    Target::Page(page) => (range, format!("[{words}]({page})")),
                    Target::Item => (range, words.to_owned()),
                });
            }
            Event::SoftBreak if inner.is_none() && within_chinese(text, &range) => {
                let indent = text[range.end..].len() - text[range.end..].trim_start().len();
                edits.push((range.start..range.end + indent, String::new()));
            }
            Event::Html(html) if html.contains(LINK) => {
                edits.push((range, without_links(&html)));
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                if let Target::Page(page) = target(&dest_url) {
                    let image = text[range.clone()].replace(&*dest_url, &page);
                    edits.push((range, image));
                }
            }
            _ => {}
        }
    }
    let mut page = title.map_or_else(String::new, |title| format!("# {title}\n\n"));
    let mut done = 0;
    for (range, replacement) in edits {
        page += &text[done..range.start];
        page += &replacement;
        done = range.end;
    }
    page + &text[done..]
}

/// Whether the end of a line stands between two Chinese letters or signs: a browser would show a space.
fn within_chinese(text: &str, line_end: &Range<usize>) -> bool {
    let chinese =
        |letter: char| matches!(letter, '\u{2e80}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}');
    let quote = |letter: char| matches!(letter, '“' | '”' | '‘' | '’');
    let before = text[..line_end.start].trim_end().trim_end_matches([']', '*']).chars().next_back();
    let after = text[line_end.end..].trim_start().trim_start_matches(['[', '*']).chars().next();
    before.zip(after).is_some_and(|(a, b)| {
        (chinese(a) || quote(a)) && (chinese(b) || quote(b)) && (chinese(a) || chinese(b))
    })
}

/// How a link in HTML begins.
pub(crate) const LINK: &str = "<a href=\"";

/// HTML whose links lead to addresses only: those to rustdoc's pages of the sources, below each
/// formula, become what stands in them.
fn without_links(html: &str) -> String {
    let mut pieces = html.split(LINK);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let target = piece.split('"').next().unwrap_or_default();
        if target.contains("://") {
            text += LINK;
            text += piece;
        } else {
            let (_, words) = piece.split_once('>').unwrap_or_default();
            text += &words.replacen("</a>", "", 1);
        }
    }
    text
}

/// As mdBook and rustdoc read Markdown.
pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
}

/// What rustdoc calls a block, as mdBook does: without a language it is Rust.
fn language(info: &str) -> String {
    const RUST: [&str; 4] = ["should_panic", "no_run", "ignore", "compile_fail"];
    match info.split(',').next().unwrap_or_default() {
        "" => "rust".to_owned(),
        first if RUST.contains(&first) => format!("rust,{info}"),
        _ => info.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(link: &str) -> Target {
        if link.contains("::") || !link.contains('.') {
            Target::Item
        } else {
            Target::Page(link.replace("html", "md"))
        }
    }

    #[test]
    fn headings_go_down_and_code_is_rust() {
        let page =
            rewrite(Some("T"), "# A\n\n```\n# let x = 1;\n```\n\n```text\nplain\n```\n", target);
        assert_eq!(page, "# T\n\n## A\n\n```rust\n# let x = 1;\n```\n\n```text\nplain\n```\n");
        let page = rewrite(Some("T"), "```should_panic\npanic!()\n```\n", target);
        assert_eq!(page, "# T\n\n```rust,should_panic\npanic!()\n```\n");
        assert_eq!(rewrite(None, "# A\n", target), "# A\n");
    }

    #[test]
    fn lines_of_chinese_are_joined_without_a_space() {
        let rewritten = |text: &str| rewrite(None, text, target);
        assert_eq!(rewritten("一行，\n又一行。\n"), "一行，又一行。\n");
        assert_eq!(rewritten("- 一行“甲”\n  又一行。\n"), "- 一行“甲”又一行。\n");
        let defined = "\n\n[甲]: a.html\n";
        let joined = rewritten(&format!("一行\n[甲]，**又**\n一行。{defined}"));
        assert_eq!(joined, format!("一行[甲](a.md)，**又**一行。{defined}"));
        assert_eq!(rewritten("一行 BERT\n又一行。\n"), "一行 BERT\n又一行。\n");
        assert_eq!(rewritten("一段。\n\n又一段。\n"), "一段。\n\n又一段。\n");
        assert_eq!(rewritten("“a”\n“b”\n"), "“a”\n“b”\n");
    }

    #[test]
    fn items_lose_their_link_and_pages_keep_theirs() {
        let text = "[`Mask`] and [the mask](crate::Mask), [next](a.html) and [`b` c](b.html).\n";
        assert_eq!(
            rewrite(None, text, target),
            "`Mask` and the mask, [next](a.md) and [`b` c](b.md).\n"
        );
        // Not in code.
        assert_eq!(rewrite(None, "`[`x`]` and `x[0]`\n", target), "`[`x`]` and `x[0]`\n");
        let html = "<math>\nx\n</math>\n<p>See <a href=\"../src/a.rs.html#3\"><code>f</code></a> \
                    and <a href=\"https://example.org\">g</a>.</p>\n";
        assert_eq!(
            rewrite(None, html, target),
            "<math>\nx\n</math>\n<p>See <code>f</code> and <a href=\"https://example.org\">g</a>.</p>\n"
        );
        let defined = "See [`p`] here.\n\n[`p`]: crate::p()\n";
        assert_eq!(rewrite(None, defined, target), "See `p` here.\n\n[`p`]: crate::p()\n");
    }
}
