//! What is handed over to a function, and what is put into a list.
//!
//! A list in which the same one stands a thousand times is as long to look at as a thousand of
//! them; so are a thousand arguments. Both are gone through, and paid for, where they are written.

use super::code;
use super::expressions::{New, Rank};
use super::names::KEPT;
use super::shape::Shape;

/// Words behind which brackets are neither those of a call nor an index.
const WORDS: [&str; 11] =
    ["and", "elif", "else", "for", "if", "in", "is", "not", "or", "set", "with"];

/// What is put into code so that arguments and items are looked at.
pub(super) fn looked_at(code: &str, shape: &Shape, new: &mut Vec<New>) {
    for sign in shape.signs.iter().filter(|sign| ['(', '[', '{'].contains(&sign.character)) {
        let end = shape.closing(code, sign.at);
        let inside = sign.at + 1..end.saturating_sub(1).max(sign.at + 1);
        if code.get(inside.clone()).is_none_or(|inside| inside.trim().is_empty()) {
            continue;
        }
        let behind = is_behind_value(&code[..sign.at]);
        match sign.character {
            '(' if behind => {
                let mut begin = inside.start;
                for end in shape.commas(sign.at).iter().copied().chain([inside.end]) {
                    argument(code, begin, end, new);
                    begin = end + 1;
                }
            }
            '[' if behind => {}
            // One with a comma is a tuple.
            '(' if shape.commas(sign.at).is_empty() => {}
            _ => {
                let end = shape.operand(code, sign.at);
                new.push(New::text(end, Rank::BehindList, format!("|{KEPT}")));
            }
        }
    }
}

/// Whether brackets that stand behind it are those of a call or an index.
fn is_behind_value(before: &str) -> bool {
    let before = before.trim_end();
    let word = before.trim_end_matches(code::is_of_name);
    match &before[word.len()..] {
        "" => before.ends_with([')', ']', '}', '\'', '"']),
        word => !WORDS.contains(&word),
    }
}

/// `x`, or `name=x`.
fn argument(code: &str, begin: usize, end: usize, new: &mut Vec<New>) {
    let part = &code[begin..end];
    let named = code::name(part).and_then(|(_, rest)| {
        let value = rest.trim_start().strip_prefix('=')?;
        (!value.starts_with('=')).then_some(end - value.len())
    });
    let begin = named.unwrap_or(begin);
    // `*x` and `**x` are several.
    if !code[begin..end].trim().is_empty() && !part.trim_start().starts_with('*') {
        new.push(New::text(begin, Rank::Begin, format!("{KEPT}((")));
        new.push(New::text(end, Rank::BehindArgument, "))"));
    }
}
