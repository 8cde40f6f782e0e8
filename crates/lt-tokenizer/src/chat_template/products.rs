//! Products, which are of numbers and texts only.
//!
//! A list times a number is short to write, and nested it is endless: `[[x] * 1000] * 1000`. The
//! parts of a product go through a function that refuses lists; no conversation needs any.

use super::code::{self, Sign};
use super::expressions::{New, Rank};
use super::shape::Shape;

/// The function, and the filter, that refuses what cannot be repeated.
pub(super) const FACTOR: &str = "as_factor";

/// What is put into code so that both sides of each product are looked at.
pub(super) fn looked_at(code: &str, shape: &Shape, new: &mut Vec<New>) {
    for &Sign { at, .. } in shape.signs.iter().filter(|sign| sign.character == '*') {
        let (before, after) = (&code[..at], &code[at + 1..]);
        let power = before.ends_with('*') || after.starts_with('*');
        // Behind an opening bracket or a comma it is no product.
        let of_two = before.trim_end().ends_with(|c: char| {
            code::is_of_name(c) || [')', ']', '}', '\'', '"', '.'].contains(&c)
        });
        let begin = code.len() - after.trim_start_matches([' ', '\t', '\r', '\n', '-', '+']).len();
        let end = shape.operand(code, begin);
        if !power && of_two && begin < end {
            new.push(New::text(at, Rank::BehindLeft, format!("|{FACTOR} ")));
            new.push(New::text(begin, Rank::Begin, format!("{FACTOR}(")));
            new.push(New::text(end, Rank::BehindRight, ")"));
        }
    }
}
