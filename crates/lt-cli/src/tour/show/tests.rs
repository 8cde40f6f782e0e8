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
    check_widths(&sample::written());
}

#[test]
fn no_line_of_a_tour_without_text_or_with_a_wild_one_is_wider_than_the_terminal() {
    let mut empty = sample::tour();
    empty.pieces.pieces.retain(|piece| piece.special);
    empty.attention.weights = vec![vec![Some(0.5); 2]; 2];
    empty.attention.shown.habit.looks_at = crate::tour::heads::Target::Itself;
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
    let goes_on = sample::written();
    let mut both = Tour { result: goes_on.result, cache: goes_on.cache, ..wild.clone() };
    if let Outcome::NextToken(result) = &mut both.result {
        for candidate in &mut result.next {
            candidate.token.token = "\u{1b}[31m很长".repeat(30);
        }
    }
    if let Some(cache) = &mut both.cache {
        for step in &mut cache.steps {
            step.bytes = usize::MAX >> 24;
            step.next.token.token = "很\u{1b}[31m长".repeat(30);
        }
    }
    check_widths(&both);
    assert!(!tour(&both, &Again { model: None }, 80).contains("\u{1b}[31m"));
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
fn the_page_of_a_model_that_goes_on_says_what_the_numbers_say() {
    let page = page(&sample::written(), 100).replace(['\n', '\u{a0}'], " ");
    for said in [
        "The tokenizer added <s>, which stands for no text.",
        "“京” is in pieces that end within a character: 京⟨E4BA⟩ and 京⟨AC⟩.",
        "this character is 3 of them in UTF-8",
        "turn queries and keys by the position, inside attention (RoPE, 旋转位置编码).",
        "Each row is multiplied by 1.73",
        "never of those behind it: they are hidden (causal mask, 因果掩码)",
        "a window (滑动窗口): a piece sees itself and the 3 before it; what is farther away is hidden",
        "heads 0 and 1 have questions of their own, and one head of keys and values, number 0 of 1",
        "The first row has one piece to look at, so it says nothing.",
        "“Ġtoday” gets 62 %, “id 99” 25 %: what stands before leaves little choice.",
        "2 of 6 were the model's first guess.",
        "The greatest surprise is “京⟨E4BA⟩” (2), at under 1 %: 1 234 tokens were likelier.",
        "The perplexity (困惑度) of the text is 7.25",
        "looked at 12 keys for each head (2 layers together)",
        "it would have been 8 tokens, 100 keys and 8 000: 8.0 times the work.",
        "48 bytes for a token, 2 × 2 × 1 × 3 numbers of 4 bytes",
        "With a head of keys for each of the 2 heads it would be 2 times as much.",
        "what has left it is kept all the same here.",
        "and has the same bits.",
        "The text is as long as the model takes now, so here it stops.",
        "7  Where the numbers came from",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[test]
fn other_bits_are_said_to_be_other() {
    let mut sample = sample::written();
    if let Some(cache) = &mut sample.cache {
        cache.steps[1].same_bits = false;
    }
    let page = page(&sample, 100).replace(['\n', '\u{a0}'], " ");
    assert!(page.contains("In 1 of 2 steps the scores have other bits"), "{page}");
    assert!(!page.contains("has the same bits"), "{page}");
}

#[test]
fn digits_stand_in_groups_of_three() {
    let written = [0, 999, 1000, 1_234_567].map(|number| grouped(number).replace('\u{a0}', "_"));
    assert_eq!(written, ["0", "999", "1_000", "1_234_567"]);
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
