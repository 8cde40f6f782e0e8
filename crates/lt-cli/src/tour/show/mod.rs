//! The tour on a page: a heading, what happens, a picture, and what to look for, for each stage.

mod attention;
mod cache;
mod closing;
mod embeddings;
mod heat_map;
mod layers;
mod next_token;
mod outcome;
mod page;
mod pieces;
mod table;

pub(crate) use closing::Again;

use super::data::Tour;
use super::pieces::{Piece, Pieces};
use super::spelling::Token;
use crate::columns::{printable, shortened};
use page::Page;

/// The most rows that a table of pieces has.
const MOST_ROWS: usize = 24;

/// The whole tour, at most `columns` wide; styled, to be stripped where styles are not wanted.
pub(crate) fn tour(tour: &Tour, again: &Again<'_>, columns: usize) -> String {
    let mut page = Page::new(columns);
    page.title(&format!("One sentence through {} layers", tour.model.layers));
    match tour.text.trim() {
        "" => page.say("The sentence is empty."),
        text => page.say(&quoted(text, 300)),
    }
    pieces::show(&mut page, tour);
    embeddings::show(&mut page, tour);
    attention::show(&mut page, tour);
    layers::show(&mut page, tour);
    outcome::show(&mut page, tour);
    if let Some(cache) = &tour.cache {
        cache::show(&mut page, cache);
    }
    closing::show(&mut page, tour, again);
    page.finish()
}

/// A piece by name: as the vocabulary spells it if that can be read, and what it is in the text if
/// that is unknown.
fn name(piece: &Piece) -> String {
    let token = printable(piece.readable.as_ref().unwrap_or(&piece.token));
    if piece.unknown { format!("{token} {}", shortened(&piece.text, 8)) } else { token }
}

/// A token that is no piece of the text, by name; by its id if it has none.
fn token_name(token: &Token) -> String {
    match token.readable.as_ref().unwrap_or(&token.token).as_str() {
        "" => format!("id {}", token.id),
        name => printable(name),
    }
}

/// A piece in a sentence: its name and its number.
fn place(pieces: &Pieces, at: usize) -> String {
    format!("“{}” ({at})", shortened(&name(&pieces.pieces[at]), 20))
}

/// The labels of the first pieces, as many as a table has rows.
fn labels(pieces: &Pieces) -> Vec<String> {
    let first = pieces.pieces.iter().take(MOST_ROWS).enumerate();
    first.map(|(at, piece)| format!("{at} {}", name(piece))).collect()
}

/// A text of the user in a sentence of ours.
fn quoted(text: &str, columns: usize) -> String {
    format!("“{}”", shortened(text, columns))
}

/// With two decimals, and never "-0.00".
fn decimal(number: f32) -> String {
    let written = format!("{number:.2}");
    if written == "-0.00" { "0.00".to_owned() } else { written }
}

/// A share of 1 in percent; never 0 or 100 where that is not what it is. No line breaks before
/// the sign.
fn percent(share: f32) -> String {
    match share {
        0.995.. if share < 1.0 => "over 99\u{a0}%".to_owned(),
        ..0.005 if share > 0.0 => "under 1\u{a0}%".to_owned(),
        _ => format!("{:.0}\u{a0}%", share * 100.0),
    }
}

/// "1 piece", "2 pieces".
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A large number in groups of three digits, which no line break parts.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = (0..digits.len().div_ceil(3))
        .rev()
        .map(|group| {
            let end = digits.len() - 3 * group;
            &digits[end.saturating_sub(3)..end]
        })
        .collect();
    groups.join("\u{a0}")
}

/// "a", "a and b", "a, b and c".
fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
