//! Tags that are rewritten before a template is parsed.
//!
//! `{% generation %}` marks what a model has written, for training: here it is a scope that writes
//! nothing. Tags that give names, and what stands in tags, are rewritten as `names` and `expressions` say. And
//! every tag begins with a mark of our own: what is no tag here is none to the parser either, so
//! that nothing goes by what is rewritten.

use super::names::Named;
use super::{code, expressions, names};

/// What every tag begins with, once it is rewritten: in front of `%`, `{` or `#`.
pub(super) const MARK: char = '\u{1}';

/// So many characters may a tag have, those in texts not counted: the parser looks at what an
/// expression holds again for each level.
pub(super) const LONGEST: usize = 4096;

/// A tag that is longer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong {
    /// Its length.
    pub(super) length: usize,
    /// Where it begins, counted from 1.
    pub(super) line: usize,
}

/// The template with its tags rewritten.
pub(super) fn rewritten(source: &str) -> Result<String, TooLong> {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find('{') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let (kind, length) = match tag.as_bytes().get(1) {
            Some(b'#') => ('#', tag.find("#}").map_or(tag.len(), |end| end + 2)),
            Some(b'{') => ('{', code::end_of(tag, "}}")),
            Some(b'%') => ('%', code::end_of(tag, "%}")),
            _ => {
                text.push('{');
                rest = &tag[1..];
                continue;
            }
        };
        let (tag, behind) = tag.split_at(length);
        let length = code::signs(tag).count();
        if kind != '#' && length > LONGEST {
            let before = &source[..source.len() - behind.len() - tag.len()];
            return Err(TooLong { length, line: before.matches('\n').count() + 1 });
        }
        rest = behind;
        text.extend([MARK, kind]);
        let inside = &tag[2..];
        match (kind, inside.strip_suffix("%}")) {
            ('%', Some(inside)) => statement(inside, &mut text),
            ('{', _) => text.push_str(&expressions::rewritten(inside)),
            _ => text.push_str(inside),
        }
        if kind == '%' && inside.trim_end_matches("%}").trim() == "raw" {
            let end = end_of_raw(rest);
            text.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    Ok(text + rest)
}

/// A tag that begins a block or does something, and what has to be done behind it.
fn statement(inside: &str, text: &mut String) {
    let (left, inside) = split_sign(inside);
    let (inside, right) = inside
        .strip_suffix(['-', '+'])
        .map_or((inside, ""), |within| (within, &inside[within.len()..]));
    text.push_str(left);
    let named = match inside.trim() {
        "generation" => Named::nothing(" with "),
        "endgeneration" => Named::nothing(" endwith "),
        _ => names::rewritten(&expressions::rewritten(inside)),
    };
    text.push_str(&named.inside);
    for name in named.names {
        text.push_str(&format!("%}}{MARK}% set {name} = {}({name}) ", names::KEPT));
    }
    // What is cut off behind the tag is cut off behind the last one.
    text.push_str(right);
    text.push_str("%}");
}

fn split_sign(text: &str) -> (&str, &str) {
    text.split_at(usize::from(text.starts_with(['-', '+'])))
}

/// Where what is not to be read ends.
fn end_of_raw(text: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text[from..].find("{%") {
        let tag = from + at;
        if split_sign(&text[tag + 2..]).1.trim_start().starts_with("endraw") {
            return tag;
        }
        from = tag + 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MARK, TooLong, rewritten};

    /// With the mark shown as `@`.
    fn shown(source: &str) -> String {
        rewritten(source).expect("short tags").replace(MARK, "@")
    }

    #[test]
    fn generation_tags_become_scopes_and_others_stay() {
        let source = "{%- generation -%}a{% if generation %}{{ '{%' }}{%endgeneration+%}{% gen";
        let expected = "@%- with -%}a@% if generation %}@{ '{%' }}@% endwith +%}@% gen";
        assert_eq!(shown(source), expected);
        for (stays, expected) in [
            ("{% generation", "@% generation"),
            (
                "{ {% if x %}{{ {'a': {}} }}{# {% generation %} #}{{ '}}{% generation %}' }}",
                "{ @% if x %}@{ {'a': {}}|kept_by_name }}@# {% generation %} #}@{ '}}{% generation %}' }}",
            ),
            (
                "{% raw %}{% generation %}{% set a.b = 1 %}{%- endraw %}",
                "@% raw %}{% generation %}{% set a.b = 1 %}@%- endraw %}",
            ),
            ("{{ \"\\\"{% generation %}\" }}{", "@{ \"\\\"{% generation %}\" }}{"),
        ] {
            assert_eq!(shown(stays), expected);
        }
    }

    #[test]
    fn what_gets_a_name_in_a_block_is_looked_at_where_the_block_begins() {
        for (source, expected) in [
            ("{% for a in b -%} x", "@% for a in b %}@% set a = kept_by_name(a) -%} x"),
            (
                "{%- macro f(a, b=1) %}",
                "@%- macro f(a, b=1) %}@% set a = kept_by_name(a) %}@% set b = kept_by_name(b) %}",
            ),
            ("{%- set ns.x = 1 -%}", "@%- set ns.x = kept_by_namespace(( 1 )) -%}"),
        ] {
            assert_eq!(shown(source), expected);
        }
    }

    #[test]
    fn a_tag_is_long_by_its_code_and_not_by_its_texts() {
        let long = |code: &str| rewritten(&format!("a\n{{{{ {code} }}}}"));
        assert!(long(&format!("'{}'", "a".repeat(60_000))).is_ok());
        assert!(long(&"-".repeat(LONGEST - 6)).is_ok());
        assert_eq!(long(&"-".repeat(LONGEST - 5)), Err(TooLong { length: LONGEST + 1, line: 2 }));
        assert!(rewritten(&format!("{{# {} #}}", "a".repeat(60_000))).is_ok());
    }
}
