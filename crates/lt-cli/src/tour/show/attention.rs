//! Stage 3 on the page: one head as a heat map, and the habits of others.

use super::heat_map::HeatMap;
use super::page::Page;
use super::table::Table;
use super::{count, list, name, percent, place};
use crate::columns::printable;
use crate::tour::attention::{Attention, Habit, Head, Target};
use crate::tour::data::Tour;
use crate::tour::pieces::Pieces;

pub(crate) fn show(page: &mut Page, tour: &Tour) {
    let attention = &tour.attention;
    let Head { layer, head, .. } = attention.shown;
    page.heading(3, "Pieces look at each other");
    let why = match attention.chosen {
        true => "chosen because it is the sharpest: its pieces look at few others",
        false => "as you asked",
    };
    page.say(&format!(
        "In a layer, each piece takes something from the vectors of all pieces: from each a \
         share, and the shares add up to 100\u{a0}%. That is attention. Each of the {} does it {} \
         times side by side, in heads that learned to look for different things. This is head \
         {head} of layer {layer}, both counted from 0, {why}. A row is a piece that looks, a \
         column one that is looked at.",
        count(tour.model.layers, "layer"),
        tour.model.heads,
    ));
    let labels = tour.pieces.pieces.iter().map(name).collect();
    let map = HeatMap { labels, weights: &attention.weights };
    page.lines(map.lines(page.columns()));
    page.line("");
    page.line(&HeatMap::legend());
    let shown = map.shown(page.columns());
    if shown < tour.pieces.len() {
        page.note(&format!(
            "The first {shown} of {} pieces, as many as there is room for; what is missing from \
             a row's 100 % goes to the others.",
            tour.pieces.len()
        ));
    }
    page.line("");
    page.notice(&notice(attention, &tour.pieces));
    page.line("");
    others(page, attention, &tour.pieces);
}

fn notice(attention: &Attention, pieces: &Pieces) -> String {
    let mut seen = vec![format!("{}.", habit(&attention.shown, pieces))];
    seen.extend(neighbours(attention.shown.habit).map(str::to_owned));
    if let Some(link) = attention.strongest {
        seen.push(format!(
            "The strongest link between two different pieces: {} gives {} to {}.",
            place(pieces, link.from),
            percent(link.share),
            place(pieces, link.to)
        ));
    }
    let special: Vec<String> = pieces
        .pieces
        .iter()
        .filter(|piece| piece.special)
        .map(|piece| printable(&piece.token))
        .collect();
    if !special.is_empty() && pieces.of_text().next().is_some() {
        seen.push(format!(
            "{} of the attention of the text's pieces goes to {}, which stand for no text.",
            percent(attention.shown.to_special),
            list(&special)
        ));
    }
    seen.join(" ")
}

fn habit(head: &Head, pieces: &Pieces) -> String {
    let target = target(head, pieces);
    let habit = head.habit;
    match habit.count {
        count if count == habit.of => format!("Each piece looks most at {target}"),
        count => format!("{count} of {} pieces look most at {target}", habit.of),
    }
}

/// What a habit is good for, where that is plain.
fn neighbours(habit: Habit) -> Option<&'static str> {
    match habit.looks_at {
        _ if habit.count * 2 <= habit.of => None,
        Target::PieceBefore => Some("That is how a piece learns what stands before it."),
        Target::PieceAfter => Some("That is how a piece learns what comes after it."),
        _ => None,
    }
}

fn target(head: &Head, pieces: &Pieces) -> String {
    match head.habit.looks_at {
        Target::PieceBefore => "the one before".to_owned(),
        Target::PieceAfter => "the one after".to_owned(),
        Target::Itself => "itself".to_owned(),
        Target::SameWordElsewhere => "the same elsewhere".to_owned(),
        Target::Piece(at) => place(pieces, at),
    }
}

/// The sharpest head of each layer.
fn others(page: &mut Page, attention: &Attention, pieces: &Pieces) {
    let heads = &attention.sharpest_of_each_layer;
    if heads.len() < 2 {
        return;
    }
    page.say(
        "Other heads have other habits. The sharpest of each layer: where the largest number of \
         its pieces look most, how many these are, and how much goes to added pieces:",
    );
    let table = Table::new()
        .number("layer", heads.iter().map(|head| head.layer.to_string()))
        .number("head", heads.iter().map(|head| head.head.to_string()))
        .text("mostly at", heads.iter().map(|head| target(head, pieces)))
        .number(
            "pieces",
            heads.iter().map(|head| format!("{} of {}", head.habit.count, head.habit.of)),
        )
        .number("added", heads.iter().map(|head| percent(head.to_special)));
    page.lines(table.lines(page.columns()));
}
