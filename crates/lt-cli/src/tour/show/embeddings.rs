//! Stage 2 on the page: what each embedding adds.

use super::page::Page;
use super::table::Table;
use super::{MOST_ROWS, count, decimal, labels, name, quoted};
use crate::tour::data::{Sizes, Tour};
use crate::tour::embeddings::{Build, Embeddings, Repeated};

pub(crate) fn show(page: &mut Page, tour: &Tour) {
    let embeddings = &tour.embeddings;
    let sizes = tour.model;
    page.heading(2, "Ids become vectors");
    let made: Vec<String> = [
        Some(position(tour)),
        segment(tour),
        scaled(embeddings.build),
        summed(tour),
        widened(sizes),
    ]
    .into_iter()
    .flatten()
    .collect();
    page.say(&format!(
        "A vector is a list of {width} numbers here. The id picks a row of a table that training \
         filled, [{vocabulary}, {width}]{} The table shows how long each vector is (the root of \
         the sum of its squares).",
        made.join(" "),
        width = sizes.embedding_width,
        vocabulary = sizes.vocabulary,
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
    let table = match (embeddings.build.normalised, sizes.position_rows) {
        (true, _) => table.number("normalised", written(&embeddings.output)),
        (false, Some(_)) => table.number("sum", written(&embeddings.output)),
        (false, None) => table,
    };
    page.lines(table.lines(page.columns()));
    if tour.pieces.len() > MOST_ROWS {
        page.note(&format!("… and {} more", count(tour.pieces.len() - MOST_ROWS, "piece")));
    }
    page.line("");
    page.notice(&notice(tour));
}

/// What the position adds, and where it comes in if it adds nothing here.
fn position(tour: &Tour) -> String {
    let sizes = tour.model;
    match (sizes.position_rows, tour.embeddings.build.rotary_theta) {
        (Some(rows), _) => format!(
            "; the position picks one of another, [{rows}, {width}].",
            width = sizes.embedding_width
        ),
        (None, Some(_)) => ". There is no table of positions: the layers turn queries and keys by \
                            the position, inside attention (RoPE, 旋转位置编码)."
            .to_owned(),
        (None, None) => ". There is no table of positions.".to_owned(),
    }
}

fn has_segments(embeddings: &Embeddings) -> bool {
    embeddings.segment.first().is_some_and(|&length| length > 0.0)
}

/// What the segments add: to every piece the same, for there is one text. Decoders know no pairs.
fn segment(tour: &Tour) -> Option<String> {
    match tour.embeddings.segment.first() {
        Some(&length) if has_segments(&tour.embeddings) => Some(format!(
            "Another table tells the two halves of a pair of texts apart; there is one text here, \
             so all pieces get the same row of it, of length {length:.2}."
        )),
        _ if tour.attention.sight.causal => None,
        _ => Some("There is no table that tells the two texts of a pair apart.".to_owned()),
    }
}

fn scaled(build: Build) -> Option<String> {
    (build.scale != 1.0).then(|| {
        format!(
            "Each row is multiplied by {:.2}, the root of its width; below it is as long as that \
             makes it.",
            build.scale
        )
    })
}

/// What becomes of the parts.
fn summed(tour: &Tour) -> Option<String> {
    let several = tour.model.position_rows.is_some() || has_segments(&tour.embeddings);
    let sum = match (several, tour.embeddings.build.normalised) {
        (true, true) => "They are added, and the sum is normalised.",
        (true, false) => "They are added; the layers normalise what they read of it.",
        (false, true) => "It is normalised.",
        (false, false) => return None,
    };
    Some(sum.to_owned())
}

/// The layers may be wider.
fn widened(sizes: Sizes) -> Option<String> {
    (sizes.width != sizes.embedding_width)
        .then(|| format!("A matrix makes {} numbers of it for the layers.", sizes.width))
}

fn notice(tour: &Tour) -> String {
    let positions = tour.model.position_rows.is_some();
    let twice = tour.embeddings.repeated.as_ref().map(|it| repeated(it, tour));
    let longest = positions.then(|| longest_part(tour));
    let none = "No vector knows its place yet, nor the words around it.".to_owned();
    let seen: Vec<String> = twice.into_iter().chain(longest).collect();
    if seen.is_empty() { none } else { seen.join(" ") }
}

/// The same piece in two places.
fn repeated(repeated: &Repeated, tour: &Tour) -> String {
    let Repeated { at: [first, second], output_cosine: cosine, .. } = *repeated;
    let token = quoted(&name(&tour.pieces.pieces[first]), 20);
    let same = format!(
        "{token} is piece {first} and piece {second}. Both get the same row of the token table"
    );
    if tour.model.position_rows.is_none() {
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
            quoted(&name(&pieces[at]), 20)
        ),
        _ => format!(
            "The token's vector is longer than the position's in {} of {} rows.",
            pieces.len() - shorter.len(),
            pieces.len()
        ),
    }
}
