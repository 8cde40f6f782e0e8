//! The processors, held against the laws of scores.

use lt_generate::processors::{
    FrequencyPenalty, MinP, PresencePenalty, RepetitionPenalty, Temperature, TopK, TopP,
};
use lt_generate::{Buffers, LogitsProcessor, Prefix, Result};
use lt_laws::logits;

/// Applies it to the scores behind these ids, of which the first `prompt` are the prompt.
fn apply(processor: Result<impl LogitsProcessor>, ids: &[u32], prompt: usize, scores: &mut [f32]) {
    let processor = processor.expect("a setting that can be");
    processor.process(Prefix::new(ids, prompt), scores, &mut Buffers::default());
}

#[test]
fn filters_forbid_or_leave_alone_and_keep_the_best() {
    fn filter(filter: impl Fn(&mut [f32])) {
        logits::a_filter_forbids_or_leaves_alone(&filter);
        logits::the_better_stay(&filter);
    }
    filter(|scores| apply(TopK::new(1), &[], 0, scores));
    filter(|scores| apply(TopK::new(3), &[], 0, scores));
    filter(|scores| apply(TopP::new(0.7), &[], 0, scores));
    filter(|scores| apply(TopP::new(1e-9), &[], 0, scores));
    filter(|scores| apply(MinP::new(0.2), &[], 0, scores));
    filter(|scores| apply(MinP::new(1.0), &[], 0, scores));
}

#[test]
fn top_k_leaves_the_k_best() {
    logits::the_k_best_are_left(|k, scores| apply(TopK::new(k), &[], 0, scores));
}

#[test]
fn top_p_leaves_the_fewest_that_have_the_mass() {
    logits::the_nucleus_is_left(|p, scores| apply(TopP::new(p), &[], 0, scores));
}

#[test]
fn min_p_leaves_what_is_not_far_below_the_best() {
    logits::nothing_far_below_the_best_is_left(|p, scores| apply(MinP::new(p), &[], 0, scores));
}

#[test]
fn a_temperature_divides_and_near_zero_leaves_the_best() {
    let temperature = |t, scores: &mut [f32]| apply(Temperature::new(t), &[], 0, scores);
    logits::differences_are_divided(temperature);
    logits::a_low_temperature_is_greedy(temperature);
    logits::the_better_stay(|scores| temperature(0.3, scores));
}

#[test]
fn penalties_lower_what_was_written_and_nothing_else() {
    logits::a_penalty_lowers_what_was_written(|written, scores| {
        apply(RepetitionPenalty::new(1.7), written, written.len() / 2, scores);
    });
    logits::a_penalty_lowers_what_was_written(|written, scores| {
        apply(PresencePenalty::new(0.7), written, 0, scores);
    });
    logits::a_penalty_lowers_what_was_written(|written, scores| {
        apply(FrequencyPenalty::new(0.7), written, 0, scores);
    });
}
