//! Stage 4 on the page: the vectors from layer to layer, and one word followed through them.

use super::page::Page;
use super::table::Table;
use super::{count, decimal, name, place, quoted};
use crate::tour::data::Tour;
use crate::tour::layers::{Followed, Layer, Neighbour, Step};
use crate::tour::pieces::Pieces;

pub(crate) fn show(page: &mut Page, tour: &Tour) {
    let layers = &tour.layers.layers;
    page.heading(
        4,
        match tour.attention.sight.causal {
            true => "Layer by layer, the vectors take in what stands before them",
            false => "Layer by layer, the vectors take in their surroundings",
        },
    );
    page.say(&format!(
        "Each of the {} adds to each vector what its attention gathered, and what its \
         feed-forward network makes of that. How far do the vectors turn? The cosine says how \
         much two of them point the same way: 1 the same, 0 nothing in common. Averaged over the \
         {}: “start” compares each with itself at the start, “before” with itself one layer \
         before, “others” with the other pieces.",
        count(tour.model.layers, "layer"),
        count(tour.pieces.subjects().len(), "piece"),
    ));
    table(page, layers);
    page.line("");
    page.notice(&notice(layers));
    if let Some(followed) = &tour.layers.followed {
        page.line("");
        follow(page, &tour.pieces, followed);
    }
}

fn table(page: &mut Page, layers: &[Layer]) {
    let optional = |cosine: Option<f32>| cosine.map_or("–".to_owned(), decimal);
    let table = Table::new()
        .text("after", layers.iter().map(|layer| after(layer.layer)))
        .number("start", layers.iter().map(|layer| decimal(layer.to_start)))
        .bar(layers.iter().map(|layer| layer.to_start), 1.0)
        .number("before", layers.iter().map(|layer| optional(layer.to_previous)))
        .bar(layers.iter().map(|layer| layer.to_previous.unwrap_or(0.0)), 1.0)
        .number("others", layers.iter().map(|layer| optional(layer.to_each_other)))
        .bar(layers.iter().map(|layer| layer.to_each_other.unwrap_or(0.0)), 1.0);
    page.lines(table.lines(page.columns()));
}

/// The hidden states are numbered as transformers has them: 0 is what the embeddings give.
fn after(layer: usize) -> String {
    match layer.checked_sub(1) {
        None => "start".to_owned(),
        Some(layer) => format!("layer {layer}"),
    }
}

fn notice(layers: &[Layer]) -> String {
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else { return String::new() };
    let mut seen = vec![format!(
        "In the end a vector's cosine to its own start is {}.",
        decimal(last.to_start)
    )];
    let steps = layers.iter().filter_map(|layer| Some((layer.layer, layer.to_previous?)));
    if let Some((layer, cosine)) = steps.reduce(|a, b| if b.1 < a.1 { b } else { a }) {
        seen.push(format!("The largest step is {}’s ({}).", after(layer), decimal(cosine)));
    }
    if let (Some(start), Some(end)) = (first.to_each_other, last.to_each_other) {
        let change = if end > start { "more alike" } else { "less alike" };
        seen.push(format!(
            "The pieces become {change}, from {} to {}: {}.",
            decimal(start),
            decimal(end),
            if end > start {
                "each has taken in something of the others"
            } else {
                "each goes a way of its own"
            }
        ));
    }
    seen.join(" ")
}

fn follow(page: &mut Page, pieces: &Pieces, followed: &Followed) {
    match followed.at[..] {
        [first, second] => twice(page, pieces, followed, first, second),
        [at] => once(page, pieces, followed, at),
        _ => {}
    }
}

fn twice(page: &mut Page, pieces: &Pieces, followed: &Followed, first: usize, second: usize) {
    let token = quoted(&name(&pieces.pieces[first]), 20);
    page.say(&format!(
        "Follow {token}, which stands at {first} and at {second}: how alike the two vectors are, \
         and which other piece each is nearest to."
    ));
    let table = columns(Table::new(), followed)
        .text(&format!("nearest {first}"), nearest(pieces, followed, 0))
        .text(&format!("nearest {second}"), nearest(pieces, followed, 1));
    page.lines(table.lines(page.columns()));
    page.line("");
    let (Some(start), Some(end)) = (followed.steps.first(), followed.steps.last()) else { return };
    let (start, end) = (start.cosine, end.cosine);
    let apart = match (followed.unknown, start - end) {
        (true, _) => {
            "Both are unknown to the model: what is in them comes from position and surroundings"
                .to_owned()
        }
        (false, 0.2..) => {
            "The words around them have pulled them apart: one spelling, two vectors, \
                           each for what it means in its place"
                .to_owned()
        }
        (false, 0.05..) => "The words around them have pulled them apart a little".to_owned(),
        (false, ..-0.05) => "They come closer: the model makes less and less of a difference \
                             between them here"
            .to_owned(),
        (false, _) => {
            "They stay together: the model makes no great difference between them here".to_owned()
        }
    };
    page.notice(&format!(
        "The cosine of the two goes from {} to {}. {apart}.",
        decimal(start),
        decimal(end)
    ));
}

fn once(page: &mut Page, pieces: &Pieces, followed: &Followed, at: usize) {
    let token = place(pieces, at);
    page.say(&format!(
        "Follow {token}, the word that moves furthest: its cosine to its own start, and \
         which other piece it is nearest to."
    ));
    let table = columns(Table::new(), followed).text("nearest", nearest(pieces, followed, 0));
    page.lines(table.lines(page.columns()));
    page.line("");
    let end = followed.steps.last().map_or(1.0, |step| step.cosine);
    let names = |step: usize| followed.steps.get(step).and_then(|step| step.nearest[0].as_ref());
    let near = match (names(0), names(followed.steps.len().saturating_sub(1))) {
        (Some(first), Some(last)) if first.at != last.at => format!(
            " Its nearest piece was {} and is {} now.",
            place(pieces, first.at),
            place(pieces, last.at)
        ),
        (Some(first), Some(last)) => format!(
            " {} is its nearest piece at the start and at the end, but the cosine goes from {} to \
             {}.",
            place(pieces, first.at),
            decimal(first.cosine),
            decimal(last.cosine)
        ),
        _ => String::new(),
    };
    let layers = count(followed.steps.len().saturating_sub(1), "layer");
    page.notice(&format!("After {layers} its cosine to its own start is {}.{near}", decimal(end)));
}

fn columns(table: Table, followed: &Followed) -> Table {
    let steps = &followed.steps;
    table
        .text("after", steps.iter().map(|step| after(step.layer)))
        .number("cosine", steps.iter().map(|step| decimal(step.cosine)))
        .bar(steps.iter().map(|step| step.cosine), 1.0)
}

fn nearest(pieces: &Pieces, followed: &Followed, place: usize) -> Vec<String> {
    let written = |neighbour: &Neighbour| {
        format!("{} {}", decimal(neighbour.cosine), name(&pieces.pieces[neighbour.at]))
    };
    let place = |step: &Step| {
        step.nearest.get(place).and_then(Option::as_ref).map_or("–".to_owned(), written)
    };
    followed.steps.iter().map(place).collect()
}
