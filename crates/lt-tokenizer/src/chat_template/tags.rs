//! Tags that are rewritten before a template is parsed.
//!
//! `{% generation %}` marks what a model has written, for training: here it is a scope that writes
//! nothing. What a namespace is to keep goes through a function that looks at it: only so could a
//! template make values that hold themselves, or each other without end.

/// The function that looks at what a namespace is to keep.
pub(super) const KEPT: &str = "kept_by_namespace";

/// The template with those tags rewritten. What is no template stays as it is.
pub(super) fn rewritten(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find('{') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let length = match tag.as_bytes().get(1) {
            Some(b'#') => tag.find("#}").map_or(tag.len(), |end| end + 2),
            Some(b'{') => end_of(tag, "}}"),
            Some(b'%') => end_of(tag, "%}"),
            _ => 1,
        };
        let (tag, behind) = tag.split_at(length);
        let Some(inside) = tag.strip_prefix("{%").and_then(|inside| inside.strip_suffix("%}"))
        else {
            text.push_str(tag);
            rest = behind;
            continue;
        };
        let (left, inside) = split_sign(inside);
        let (inside, right) = inside
            .strip_suffix(['-', '+'])
            .map_or((inside, ""), |within| (within, &inside[within.len()..]));
        text.push_str(&format!("{{%{left}{}{right}%}}", instead_of(inside)));
        rest = behind;
        if inside.trim() == "raw" {
            let end = end_of_raw(rest);
            text.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    text + rest
}

fn split_sign(text: &str) -> (&str, &str) {
    text.split_at(usize::from(text.starts_with(['-', '+'])))
}

/// What is inside a tag, as it is to be parsed.
fn instead_of(inside: &str) -> String {
    match inside.trim() {
        "generation" => return " with ".to_owned(),
        "endgeneration" => return " endwith ".to_owned(),
        _ => {}
    }
    let is_set = inside
        .trim_start()
        .strip_prefix("set")
        .filter(|rest| rest.starts_with([' ', '\n', '\t', '\r', '(']));
    match (is_set, inside.split_once('=')) {
        // No text stands before the sign, so it is no comparison and in no text.
        (Some(_), Some((target, value))) if target.contains('.') => {
            format!("{target}= {KEPT}(({value})) ")
        }
        _ => inside.to_owned(),
    }
}

/// Where a tag ends: behind the first of these signs that is in no text and in no braces.
fn end_of(tag: &str, sign: &str) -> usize {
    let (mut quote, mut escaped, mut braces) = (None, false, 0_usize);
    for (at, c) in tag.char_indices().skip(2) {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            // A tag of a block has no braces left open where it ends.
            (None, _) if tag[at..].starts_with(sign) && (braces == 0 || sign == "%}") => {
                return at + sign.len();
            }
            (None, '{') => braces += 1,
            (None, '}') => braces = braces.saturating_sub(1),
            (None, _) => {}
        }
    }
    tag.len()
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
    use super::rewritten;

    #[test]
    fn generation_tags_become_scopes_and_others_stay() {
        let source = "{%- generation -%}a{% if generation %}{{ '{%' }}{%endgeneration+%}{% gen";
        let expected = "{%- with -%}a{% if generation %}{{ '{%' }}{% endwith +%}{% gen";
        assert_eq!(rewritten(source), expected);
        for stays in [
            "{% generation",
            "{ {% if x %}{{ {'a': {}} }}{# {% generation %} #}{{ '}}{% generation %}' }}",
            "{% raw %}{% generation %}{% set a.b = 1 %}{%- endraw %}",
            "{{ \"\\\"{% generation %}\" }}{",
        ] {
            assert_eq!(rewritten(stays), stays);
        }
    }

    #[test]
    fn what_a_namespace_keeps_is_looked_at() {
        for (source, expected) in [
            ("{%- set ns.x = 1 -%}", "{%- set ns.x = kept_by_namespace(( 1 )) -%}"),
            (
                "{% set a , ns . x=1, '%}=' %}",
                "{% set a , ns . x= kept_by_namespace((1, '%}=' )) %}",
            ),
            ("{%set ns.x == 1%}", "{%set ns.x = kept_by_namespace((= 1)) %}"),
            ("{% set x = ns.x %}", "{% set x = ns.x %}"),
            ("{% set ns.x %}a{% endset %}", "{% set ns.x %}a{% endset %}"),
            ("{% settle.x = 1 %}", "{% settle.x = 1 %}"),
        ] {
            assert_eq!(rewritten(source), expected);
        }
    }
}
