//! The whole page, on a small made-up sentence.

use super::*;
use crate::columns::width;
use crate::tour::outcome::Outcome;
use crate::tour::sample;

fn page(sentence: &Tour, columns: usize) -> String {
    let page = tour(sentence, &Again { model: None }, columns);
    anstream::adapter::strip_str(&page).to_string()
}

fn check_widths(sentence: &Tour) {
    for columns in [40, 41, 60, 80, 100, 120, 200] {
        for line in page(sentence, columns).lines() {
            // The commands at the end are to be pasted, so they stay whole.
            let fits = width(line) <= columns || line.starts_with("  lt ");
            assert!(fits, "{} of {columns}: {line}", width(line));
        }
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    check_widths(&sample::tour());
    check_widths(&Tour { result: sample::masked(), ..sample::tour() });
}

#[test]
fn no_line_of_a_tour_without_text_or_with_a_wild_one_is_wider_than_the_terminal() {
    let mut empty = sample::tour();
    empty.pieces.pieces.retain(|piece| piece.special);
    empty.attention.weights = vec![vec![0.5; 2]; 2];
    empty.attention.shown.habit.looks_at = crate::tour::attention::Target::Itself;
    empty.attention.sharpest_of_each_layer.clear();
    empty.attention.strongest = None;
    empty.layers.followed = None;
    empty.result = Outcome::MaskedWords { masks: Vec::new() };
    check_widths(&empty);
    assert!(page(&empty, 80).contains("Even no text is something"));

    let mut wild = sample::tour();
    for piece in &mut wild.pieces.pieces {
        piece.token = format!("##{}\u{1b}[31m", "很长".repeat(30));
        piece.text = "👩\u{200d}👩\u{200d}👧".repeat(20);
        piece.id = u32::MAX;
    }
    wild.text = "\u{1b}[2J很长".repeat(100);
    check_widths(&wild);
    assert!(!tour(&wild, &Again { model: None }, 80).contains("\u{1b}[31m"));
}

#[test]
fn the_page_says_what_the_numbers_say() {
    let page = page(&sample::tour(), 100);
    for said in [
        "Here 10 characters became 5 pieces.",
        "The tokenizer added [CLS] and [SEP]",
        "“👍” is not in this vocabulary: it became [UNK], the id 100",
        "“can” is piece 1 and piece 4.",
        "This is head 1 of layer 0",
        "Each piece looks most at the one before.",
        "“京” (2) gives 100 % to “can” (1)",
        "scaled to length 1.00",
        "have a cosine of 0.75: order counts",
    ] {
        assert!(page.replace(['\n', '\u{a0}'], " ").contains(said), "{said}: {page}");
    }
}

#[test]
fn a_masked_word_is_named_with_what_the_model_gives_it() {
    let page = page(&Tour { result: sample::masked(), ..sample::tour() }, 100);
    let said = "put one where “can” was. The model gives it 25 % and finds 1 piece likelier.";
    assert!(page.replace(['\n', '\u{a0}'], " ").contains(said), "{page}");
}

#[test]
fn shares_are_rounded_but_never_to_all_or_nothing() {
    let shares = [0.0, 0.004, 0.25, 0.996, 1.0].map(|share| percent(share).replace('\u{a0}', "_"));
    assert_eq!(shares, ["0_%", "under 1_%", "25_%", "over 99_%", "100_%"]);
}
