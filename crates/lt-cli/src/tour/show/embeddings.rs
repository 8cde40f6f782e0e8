//! Stage 2 on the page: what each embedding adds.

use super::page::Page;
use super::table::Table;
use super::{MOST_ROWS, count, decimal, labels, quoted};
use crate::tour::data::{Sizes, Tour};
use crate::tour::embeddings::{Embeddings, Repeated};

pub(crate) fn show(page: &mut Page, tour: &Tour) {
    let embeddings = &tour.embeddings;
    let sizes = tour.model;
    page.heading(2, "Ids become vectors");
    page.say(&format!(
        "A vector is a list of {width} numbers here. The id picks a row of a table that training \
         filled, [{vocabulary}, {width}]{position} {segment} {sum}{widened} The table shows \
         how long each vector is (the root of the sum of its squares).",
        width = sizes.embedding_width,
        vocabulary = sizes.vocabulary,
        position = position(sizes),
        segment = segment(embeddings),
        sum = match (sizes.position_rows, has_segments(embeddings)) {
            (None, false) => "It is normalised.",
            _ => "They are added, and the sum is normalised.",
        },
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
    let mut table = Table::new()
        .text("piece", labels(&tour.pieces))
        .number("token", written(&token))
        .bar(token, longest);
    if sizes.position_rows.is_some() {
        table = table.number("position", written(&position)).bar(position, longest);
    }
    let table = table.number("normalised", written(&embeddings.output));
    page.lines(table.lines(page.columns()));
    if tour.pieces.len() > MOST_ROWS {
        page.note(&format!("… and {} more", count(tour.pieces.len() - MOST_ROWS, "piece")));
    }
    page.line("");
    page.notice(&notice(tour));
}

/// What the position adds, and where it comes in if it adds nothing here.
fn position(sizes: Sizes) -> String {
    match sizes.position_rows {
        Some(rows) => format!(
            "; the position picks one of another, [{rows}, {width}].",
            width = sizes.embedding_width
        ),
        None => ". There is no table of positions: the layers turn queries and keys by the \
                 position, inside attention."
            .to_owned(),
    }
}

fn has_segments(embeddings: &Embeddings) -> bool {
    embeddings.segment.first().is_some_and(|&length| length > 0.0)
}

/// What the segments add: to every piece the same, for there is one text.
fn segment(embeddings: &Embeddings) -> String {
    match embeddings.segment.first() {
        Some(&length) if has_segments(embeddings) => format!(
            "Another table tells the two halves of a pair of texts apart; there is one text here, \
             so all pieces get the same row of it, of length {length:.2}."
        ),
        _ => "There is no table that tells the two texts of a pair apart.".to_owned(),
    }
}

fn notice(tour: &Tour) -> String {
    let positions = tour.model.position_rows.is_some();
    let twice = tour.embeddings.repeated.as_ref().map(|it| repeated(it, tour.model));
    let longest = positions.then(|| longest_part(tour));
    let none = "No vector knows its place yet, nor the words around it.".to_owned();
    let seen: Vec<String> = twice.into_iter().chain(longest).collect();
    if seen.is_empty() { none } else { seen.join(" ") }
}

/// The same piece in two places.
fn repeated(repeated: &Repeated, sizes: Sizes) -> String {
    let Repeated { at: [first, second], output_cosine: cosine, .. } = *repeated;
    let token = quoted(&repeated.token, 20);
    let same = format!(
        "{token} is piece {first} and piece {second}. Both get the same row of the token table"
    );
    if sizes.position_rows.is_none() {
        return format!("{same}, and so the same vector: it does not know its place yet.");
    }
    let verdict = match cosine {
        0.9.. => "nearly the same direction. Nothing has looked at the words around them yet",
        _ => "1 would be the same direction, 0 nothing in common",
    };
    format!(
        "{same}; only the position differs. The cosine of the two results is {}: {verdict}.",
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
