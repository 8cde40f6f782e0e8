//! Stage 5 on the page: the sentence's vector, or a guess for a masked word.

use super::next_token;
use super::page::Page;
use super::table::Table;
use super::{count, decimal, name, percent, place, quoted};
use crate::columns::{printable, shortened, width};
use crate::tour::data::Tour;
use crate::tour::outcome::{Hidden, Mask, Outcome, SentenceVector};

/// How many of the nearest pieces are shown.
const NEAREST: usize = 5;

pub(crate) fn show(page: &mut Page, tour: &Tour) {
    match &tour.result {
        Outcome::SentenceVector(vector) => sentence(page, tour, vector),
        Outcome::MaskedWords { masks } => masked(page, tour, masks),
        Outcome::NextToken(result) => next_token::show(page, tour, result),
    }
}

fn sentence(page: &mut Page, tour: &Tour, result: &SentenceVector) {
    page.heading(5, "The result: one vector for the sentence");
    page.say(&format!("{} {}", pooling(tour, result), scaling(result)));
    page.line(&numbers(&result.vector, page.columns()));
    page.line("");
    page.say(
        "Alone these numbers mean nothing. They are for comparing: sentences that mean similar \
         things get vectors that point the same way, a cosine near 1.",
    );
    let comparisons = &result.comparisons;
    let table = Table::new()
        .number("cosine", comparisons.iter().map(|other| decimal(other.cosine)))
        .bar(comparisons.iter().map(|other| other.cosine), 1.0)
        .text("compared with", comparisons.iter().map(|other| printable(&other.text)));
    page.lines(table.lines(page.columns()));
    page.line("");
    page.notice(&compared(result));
    if !result.nearest_pieces.is_empty() {
        page.line("");
        page.say("Which pieces is the sentence nearest to? The cosine of its vector to theirs:");
        let nearest = || result.nearest_pieces.iter().take(NEAREST);
        let table = Table::new()
            .text(
                "piece",
                nearest()
                    .map(|piece| format!("{} {}", piece.at, name(&tour.pieces.pieces[piece.at]))),
            )
            .number("cosine", nearest().map(|piece| decimal(piece.cosine)))
            .bar(nearest().map(|piece| piece.cosine), 1.0);
        page.lines(table.lines(page.columns()));
        page.line("");
        page.notice(&nearest_piece(tour, result));
    }
}

fn nearest_piece(tour: &Tour, result: &SentenceVector) -> String {
    let Some(nearest) = result.nearest_pieces.first() else { return String::new() };
    let meaning = match nearest.token.contains(char::is_alphanumeric) {
        true => "",
        false => ": no word, and yet its vector holds what it gathered from the words around it",
    };
    format!("The nearest is {}{meaning}.", place(&tour.pieces, nearest.at))
}

fn pooling(tour: &Tour, result: &SentenceVector) -> String {
    let pieces = count(tour.pieces.len(), "piece");
    match result.pooling[..] {
        ["mean"] => format!("The last layer's vectors of all {pieces} are averaged."),
        ["cls"] => "The last layer's vector of the first piece is taken for the whole.".to_owned(),
        _ => format!(
            "The last layer's vectors of all {pieces} are pooled into one ({}).",
            result.pooling.join(", ")
        ),
    }
}

fn scaling(result: &SentenceVector) -> String {
    let (width, before) = (result.vector.len(), result.length_before);
    match result.normalized {
        true => format!(
            "That gives {width} numbers, a vector of length {before:.2}, which is scaled to \
             length {:.2}.",
            result.length
        ),
        false => format!("That gives {width} numbers, a vector of length {before:.2}."),
    }
}

/// The first numbers, as many as fit on a line.
fn numbers(vector: &[f32], columns: usize) -> String {
    const MOST: usize = 10;
    let mut line = "[".to_owned();
    for (at, number) in vector.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let next = format!("{comma}{number:.3}");
        if at == MOST || width(&line) + width(&next) + 4 > columns {
            return line + ", …]";
        }
        line += &next;
    }
    line + "]"
}

fn compared(result: &SentenceVector) -> String {
    let comparisons = &result.comparisons;
    // These do not ask where a piece stands.
    let orderless = result.pooling.iter().all(|name| ["mean", "cls", "max"].contains(name));
    let mut seen = Vec::new();
    if let Some(turned) = comparisons.iter().find(|other| other.reordered) {
        let what = if turned.same_pieces { "The same pieces" } else { "The same text" };
        let verdict = match turned.cosine {
            cosine if cosine >= 0.995 => "here the order makes no difference",
            _ if turned.same_pieces && orderless => {
                "order counts. Without the position vectors it would be 1, for nothing else in \
                 this model knows what comes first"
            }
            _ => "order counts",
        };
        seen.push(format!(
            "{what} in the opposite order have a cosine of {}: {verdict}.",
            decimal(turned.cosine)
        ));
    }
    let others = comparisons.iter().filter(|other| !other.reordered);
    if let Some(best) = others.reduce(|a, b| if b.cosine > a.cosine { b } else { a }) {
        seen.push(format!(
            "Of the sentences that we made up, the nearest is {}, at {}.",
            quoted(&best.text, 60),
            decimal(best.cosine)
        ));
    }
    seen.join(" ")
}

fn masked(page: &mut Page, tour: &Tour, masks: &[Mask]) {
    page.heading(5, "The result: a guess for a masked word");
    page.say(&format!(
        "This model was trained to guess words that were masked. Its head turns the last vector at \
         the mask into a score for each of the {} pieces; softmax turns the scores into \
         probabilities that add up to 100\u{a0}%.",
        tour.model.vocabulary
    ));
    if masks.is_empty() {
        page.say("There is no word here that could be masked.");
    }
    for mask in masks {
        page.line(&shortened(&mask.text, page.columns()));
        page.line("");
        let table = Table::new()
            .text("guess", mask.guesses.iter().map(|guess| printable(&guess.token)))
            .number("", mask.guesses.iter().map(|guess| format!("{:.1} %", guess.score * 100.0)))
            .bar(mask.guesses.iter().map(|guess| guess.score), 1.0);
        page.lines(table.lines(page.columns()));
        page.line("");
        page.notice(&guessed(mask));
    }
}

fn guessed(mask: &Mask) -> String {
    if let Some(Hidden { token, score, likelier }) = &mask.hidden {
        let token = quoted(token, 20);
        return match likelier {
            0 => format!(
                "The text has no mask, so the tour put one where {token} was. It is the model's \
                 first guess, at {}.",
                percent(*score)
            ),
            _ => format!(
                "The text has no mask, so the tour put one where {token} was. The model gives it \
                 {} and finds {} likelier.",
                percent(*score),
                count(*likelier, "piece")
            ),
        };
    }
    match &mask.guesses[..] {
        [first, second, ..] => format!(
            "The first guess gets {}, the second {}: {}.",
            percent(first.score),
            percent(second.score),
            match first.score {
                0.5.. => "the surroundings leave little choice",
                _ => "the surroundings leave several possibilities",
            }
        ),
        _ => "The guess is made from both sides of the mask.".to_owned(),
    }
}
