//! Stage 2 on the page: what each embedding adds.

use super::page::Page;
use super::table::Table;
use super::{MOST_ROWS, count, decimal, labels, quoted};
use crate::tour::data::Tour;
use crate::tour::embeddings::{Embeddings, Repeated};

pub(crate) fn show(page: &mut Page, tour: &Tour) {
    let embeddings = &tour.embeddings;
    let sizes = &tour.model;
    page.heading(2, "Ids become vectors");
    page.say(&format!(
        "A vector is a list of {width} numbers here. The id picks a row of a table that training \
         filled, [{vocabulary}, {width}]; the position picks one of another, [{positions}, \
         {width}]. {segment} They are added, and the sum is normalised.{widened} The table shows \
         how long each vector is (the root of the sum of its squares).",
        width = sizes.embedding_width,
        vocabulary = sizes.vocabulary,
        positions = sizes.positions,
        segment = segment(embeddings),
        widened = match sizes.width {
            width if width == sizes.embedding_width => String::new(),
            width => format!(" A matrix makes {width} numbers of it for the layers."),
        },
    ));
    let first = |lengths: &[f32]| -> Vec<f32> { lengths.iter().take(MOST_ROWS).copied().collect() };
    let (token, position) = (first(&embeddings.token), first(&embeddings.position));
    let longest = token.iter().chain(&position).copied().fold(0.0, f32::max);
    let written = |lengths: &[f32]| -> Vec<String> {
        lengths.iter().take(MOST_ROWS).map(|length| format!("{length:.2}")).collect()
    };
    let table = Table::new()
        .text("piece", labels(&tour.pieces))
        .number("token", written(&token))
        .bar(token, longest)
        .number("position", written(&position))
        .bar(position, longest)
        .number("normalised", written(&embeddings.output));
    page.lines(table.lines(page.columns()));
    if tour.pieces.len() > MOST_ROWS {
        page.note(&format!("… and {} more", count(tour.pieces.len() - MOST_ROWS, "piece")));
    }
    page.line("");
    page.notice(&notice(tour));
}

/// What the segments add: to every piece the same, for there is one text.
fn segment(embeddings: &Embeddings) -> String {
    match embeddings.segment.first() {
        Some(&length) if length > 0.0 => format!(
            "A third table tells the two halves of a pair of texts apart; there is one text here, \
             so all pieces get the same row of it, of length {length:.2}."
        ),
        _ => "There is no third table that tells the two texts of a pair apart.".to_owned(),
    }
}

fn notice(tour: &Tour) -> String {
    let mut seen = Vec::new();
    seen.extend(tour.embeddings.repeated.as_ref().map(repeated));
    seen.push(longest_part(tour));
    seen.join(" ")
}

/// The same piece at two positions.
fn repeated(repeated: &Repeated) -> String {
    let Repeated { at: [first, second], output_cosine: cosine, .. } = *repeated;
    let token = quoted(&repeated.token, 20);
    let verdict = match cosine {
        0.9.. => "nearly the same direction. Nothing has looked at the words around them yet",
        _ => "1 would be the same direction, 0 nothing in common",
    };
    format!(
        "{token} is piece {first} and piece {second}. Both get the same row of the token table; \
         only the position differs. The cosine of the two results is {}: {verdict}.",
        decimal(cosine)
    )
}

/// Which part is the longest, and where it is not.
fn longest_part(tour: &Tour) -> String {
    let Embeddings { token, position, .. } = &tour.embeddings;
    let pieces = &tour.pieces.pieces;
    let shorter: Vec<usize> = (0..pieces.len()).filter(|&at| token[at] <= position[at]).collect();
    match shorter[..] {
        [] => "The token's vector is longer than the position's in every row.".to_owned(),
        [at] if pieces.len() > 1 => format!(
            "The token's vector is the longer one in every row but that of {}.",
            quoted(&pieces[at].token, 20)
        ),
        _ => format!(
            "The token's vector is longer than the position's in {} of {} rows.",
            pieces.len() - shorter.len(),
            pieces.len()
        ),
    }
}
