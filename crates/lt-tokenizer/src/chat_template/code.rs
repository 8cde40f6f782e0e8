//! Where code begins and ends: texts and brackets.

/// A character of code that is in no text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sign {
    pub(super) at: usize,
    pub(super) character: char,
    /// How many brackets are open around it. Those that open and close are outside of themselves.
    pub(super) depth: usize,
}

/// The characters of code that are in no text.
pub(super) fn signs(code: &str) -> impl Iterator<Item = Sign> {
    let (mut quote, mut escaped, mut depth) = (None, false, 0_usize);
    code.char_indices().filter_map(move |(at, character)| {
        match (quote, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => {
                depth += 1;
                return Some(Sign { at, character, depth: depth - 1 });
            }
            (None, ')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                return Some(Sign { at, character, depth });
            }
            (None, _) => return Some(Sign { at, character, depth }),
        }
        None
    })
}

/// Where a tag ends: behind the first of these signs that is in no text and in no braces.
pub(super) fn end_of(tag: &str, sign: &str) -> usize {
    let mut braces = 0_usize;
    for Sign { at, character, .. } in signs(&tag[2..]) {
        let at = at + 2;
        // A tag of a block has no braces left open where it ends.
        if tag[at..].starts_with(sign) && (braces == 0 || sign == "%}") {
            return at + sign.len();
        }
        match character {
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
    }
    tag.len()
}

/// The parts between commas that are in no text and in no brackets.
pub(super) fn parts(code: &str) -> Vec<&str> {
    let commas = signs(code).filter(|sign| sign.character == ',' && sign.depth == 0);
    let mut parts = Vec::new();
    let mut begin = 0;
    for Sign { at, .. } in commas {
        parts.push(&code[begin..at]);
        begin = at + 1;
    }
    parts.push(&code[begin..]);
    parts
}

/// The name that code begins with, if it does, and what follows.
pub(super) fn name(code: &str) -> Option<(&str, &str)> {
    let code = code.trim_start();
    let end = code.find(|c: char| !is_of_name(c)).unwrap_or(code.len());
    let (name, rest) = code.split_at(end);
    (!name.is_empty()).then_some((name, rest))
}

/// Whether names are made of it.
pub(super) fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
