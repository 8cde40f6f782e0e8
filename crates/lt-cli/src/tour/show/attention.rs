//! Stage 3 on the page: one head as a heat map, and the habits of others.

use super::heat_map::HeatMap;
use super::page::Page;
use super::table::Table;
use super::{count, list, name, percent, place};
use crate::columns::printable;
use crate::tour::attention::{Attention, KeyHead};
use crate::tour::data::Tour;
use crate::tour::heads::{Habit, Head, Target};
use crate::tour::pieces::Pieces;

pub(crate) fn show(page: &mut Page, tour: &Tour) {
    let attention = &tour.attention;
    let Head { layer, head, sharpness, .. } = attention.shown;
    let causal = attention.sight.causal;
    page.heading(3, if causal { "Pieces look back" } else { "Pieces look at each other" });
    let why = match attention.chosen {
        true if causal && sharpness == 0.0 => {
            "the first, for no piece has a choice that tells more"
        }
        true => "chosen because it is the sharpest: its pieces look at few others",
        false => "as you asked",
    };
    let whom = match causal {
        true => {
            "itself and the pieces before it, never of those behind it: they are hidden (causal \
             mask, 因果掩码)"
        }
        false => "all pieces",
    };
    page.say(&format!(
        "In a layer, each piece takes something from the vectors of {whom}. It takes from each a \
         share, and the shares add up to 100\u{a0}%. That is attention. Each of the {} does it {} \
         side by side, in heads that learned to look for different things. This is head {head} of \
         layer {layer}, both counted from 0, {why}. A row is a piece that looks, a column one that \
         is looked at.",
        count(tour.model.layers, "layer"),
        count(tour.model.heads, "time"),
    ));
    let more: Vec<String> = [window(attention, tour.pieces.len()), shared(&attention.keys)]
        .into_iter()
        .flatten()
        .collect();
    if !more.is_empty() {
        page.say(&more.join(" "));
    }
    let labels = tour.pieces.pieces.iter().map(name).collect();
    let map = HeatMap { labels, weights: &attention.weights };
    page.lines(map.lines(page.columns()));
    page.line("");
    page.lines(map.legend());
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

/// How far the layer lets a piece look, if not everywhere.
fn window(attention: &Attention, pieces: usize) -> Option<String> {
    let reach = attention.sight.window?;
    let within = match (attention.sight.causal, reach) {
        (true, 0) => "a piece sees itself alone".to_owned(),
        (true, _) => format!("a piece sees itself and the {reach} before it"),
        (false, _) => format!("a piece sees itself and {reach} on each side"),
    };
    let effect = match reach + 1 < pieces {
        true => "what is farther away is hidden too",
        false => "this text is shorter, so the window hides nothing",
    };
    Some(format!("This layer has a window (滑动窗口): {within}; {effect}."))
}

/// Which head of keys the head looks with, if heads share them.
fn shared(keys: &KeyHead) -> Option<String> {
    let others: Vec<String> = keys.shared_by.iter().map(ToString::to_string).collect();
    (others.len() > 1).then(|| {
        format!(
            "Heads share what they look at (grouped-query attention, 分组查询注意力): heads {} have \
             questions of their own, and one head of keys and values, number {} of {}, counted \
             from 0.",
            list(&others),
            keys.head,
            keys.of
        )
    })
}

fn notice(attention: &Attention, pieces: &Pieces) -> String {
    let mut seen = vec![format!("{}.", habit(&attention.shown, pieces))];
    seen.extend(neighbours(attention.shown.habit).map(str::to_owned));
    if let Some(link) = attention.strongest {
        seen.push(format!(
            "The strongest link between two different pieces{}: {} gives {} to {}.",
            if attention.sight.causal { " behind the first" } else { "" },
            place(pieces, link.from),
            percent(link.share),
            place(pieces, link.to)
        ));
    }
    if let Some(share) = attention.shown.to_first {
        let sink = match share {
            0.3.. => {
                ": there a decoder sends attention that finds nothing (attention sink, 注意力汇)"
            }
            _ => "",
        };
        seen.push(format!(
            "The first row has one piece to look at, so it says nothing. The pieces behind it give \
             {} to {}, the first{sink}.",
            percent(share),
            place(pieces, 0)
        ));
        return seen.join(" ");
    }
    let special: Vec<String> = pieces
        .pieces
        .iter()
        .filter(|piece| piece.special)
        .map(|piece| printable(&piece.token))
        .collect();
    if !special.is_empty() && pieces.of_text().next().is_some() {
        seen.push(format!(
            "{} of the attention of the text's pieces goes to {}, which {} for no text.",
            percent(attention.shown.to_special),
            list(&special),
            if special.len() == 1 { "stands" } else { "stand" }
        ));
    }
    seen.join(" ")
}

fn habit(head: &Head, pieces: &Pieces) -> String {
    let target = target(head, pieces);
    let habit = head.habit;
    match habit.count {
        _ if habit.of == 0 => "No piece has a choice: each sees itself alone".to_owned(),
        count if count == habit.of => format!("Each piece looks most at {target}"),
        count => {
            let target = if habit.looks_at == Target::Itself { "themselves" } else { &target };
            format!("{count} of {} pieces look most at {target}", habit.of)
        }
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
        _ if head.habit.of == 0 => "–".to_owned(),
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
    let causal = attention.sight.causal;
    page.say(&format!(
        "Other heads have other habits. The sharpest of each layer: where the largest number of \
         its pieces look most, how many these are, and how much goes to {}:",
        if causal { "the first piece" } else { "added pieces" }
    ));
    let table = Table::new()
        .number("layer", heads.iter().map(|head| head.layer.to_string()))
        .number("head", heads.iter().map(|head| head.head.to_string()))
        .text("mostly at", heads.iter().map(|head| target(head, pieces)))
        .number(
            "pieces",
            heads.iter().map(|head| format!("{} of {}", head.habit.count, head.habit.of)),
        )
        .number(
            if causal { "first" } else { "added" },
            heads.iter().map(|head| match head.to_first {
                Some(share) => percent(share),
                None if causal => "–".to_owned(),
                None => percent(head.to_special),
            }),
        );
    page.lines(table.lines(page.columns()));
}
