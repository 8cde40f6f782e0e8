//! Stage 5 of a language model on the page: what comes next, and what came as it was expected.

use super::page::Page;
use super::table::Table;
use super::{MOST_ROWS, count, grouped, name, percent, place, quoted, token_name};
use crate::tour::data::Tour;
use crate::tour::next_token::{Candidate, Foretold, NextToken};

pub(crate) fn show(page: &mut Page, tour: &Tour, result: &NextToken) {
    page.heading(5, "The result: which token comes next");
    page.say(&format!(
        "The head turns the last vector of a piece into a score for each of the {} tokens; softmax \
         turns the scores into probabilities that add up to 100\u{a0}%. Behind the text:",
        result.probabilities.len()
    ));
    let next = &result.next;
    let table = Table::new()
        .text("next", next.iter().map(|it| token_name(&it.token)))
        .number("", next.iter().map(|it| chance(it.probability)))
        .bar(next.iter().map(|it| it.probability), 1.0);
    page.lines(table.lines(page.columns()));
    page.line("");
    page.notice(&choice(next));
    if !result.foretold.is_empty() {
        page.line("");
        at_every_piece(page, tour, result);
    }
}

/// With one decimal; never 0.0 or 100.0 where that is not what it is.
fn chance(share: f32) -> String {
    match share {
        0.9995.. if share < 1.0 => ">99.9 %".to_owned(),
        ..0.0005 if share > 0.0 => "<0.1 %".to_owned(),
        _ => format!("{:.1} %", share * 100.0),
    }
}

fn choice(next: &[Candidate]) -> String {
    match next {
        [first, second, ..] => format!(
            "{} gets {}, {} {}: {}.",
            quoted(&token_name(&first.token), 20),
            percent(first.probability),
            quoted(&token_name(&second.token), 20),
            percent(second.probability),
            match first.probability {
                0.5.. => "what stands before leaves little choice",
                _ => "what stands before leaves several possibilities",
            }
        ),
        _ => "There is one token to choose from.".to_owned(),
    }
}

/// Whether what came was expected.
fn at_every_piece(page: &mut Page, tour: &Tour, result: &NextToken) {
    page.say(
        "No piece sees those behind it (causal, 因果). So one pass foretells at every piece what \
         comes behind it, and the text itself says what came: that is how such a model is trained, \
         and how it writes (autoregressive, 自回归). For each piece: how likely it was from those \
         before it, which rank it had, and what was expected.",
    );
    let foretold = || result.foretold.iter().take(MOST_ROWS);
    let table = Table::new()
        .text(
            "came",
            foretold().map(|it| format!("{} {}", it.at, name(&tour.pieces.pieces[it.at]))),
        )
        .number("", foretold().map(|it| chance(it.probability)))
        .bar(foretold().map(|it| it.probability), 1.0)
        .number("rank", foretold().map(|it| it.rank.to_string()))
        .text("expected", foretold().map(|it| token_name(&it.expected.token)))
        .number("", foretold().map(|it| chance(it.expected.probability)));
    page.lines(table.lines(page.columns()));
    if result.foretold.len() > MOST_ROWS {
        page.note(&format!("… and {} more", count(result.foretold.len() - MOST_ROWS, "piece")));
    }
    page.line("");
    page.notice(&surprise(tour, result));
}

fn surprise(tour: &Tour, result: &NextToken) -> String {
    let foretold = &result.foretold;
    let first = foretold.iter().filter(|it| it.rank == 1).count();
    let mut seen = vec![format!("{first} of {} were the model's first guess.", foretold.len())];
    let worst = |a: &'_ Foretold, b: &'_ Foretold| b.probability < a.probability;
    let least = foretold.iter().reduce(|a, b| if worst(a, b) { b } else { a });
    if let Some(least) = least.filter(|it| it.rank > 1) {
        seen.push(format!(
            "The greatest surprise is {}, at {}: {} were likelier.",
            place(&tour.pieces, least.at),
            percent(least.probability),
            match least.rank - 1 {
                1 => "1 token".to_owned(),
                likelier => format!("{} tokens", grouped(likelier as u64)),
            }
        ));
    }
    if let Some(perplexity) = result.perplexity {
        seen.push(format!(
            "The perplexity (困惑度) of the text is {}, e to the mean of −ln p: the model was as \
             unsure as between so many tokens that are equally likely. One that knows nothing has \
             {}, one that knows all 1.",
            large(perplexity),
            result.probabilities.len()
        ));
    }
    seen.join(" ")
}

/// Two decimals say little of a large number.
fn large(number: f64) -> String {
    match number {
        ..1e3 => format!("{number:.2}"),
        ..1e9 => format!("{number:.0}"),
        _ => format!("{number:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rounded_is_never_nothing_or_all() {
        let shares = [0.0, 0.0004, 0.0005, 0.25, 0.9994, 0.9999, 1.0].map(chance);
        assert_eq!(shares, ["0.0 %", "<0.1 %", "0.1 %", "25.0 %", "99.9 %", ">99.9 %", "100.0 %"]);
        assert_eq!([1.5, 1e3, 2.5e10].map(large), ["1.50", "1000", "2.5e10"]);
    }
}
