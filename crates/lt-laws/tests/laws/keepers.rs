//! Plain right implementations keep every law: a law that nothing can keep is no law.

use crate::added;
use crate::cuts::{Cut, bucket};
use crate::plain::{self, Flaw, refusal};
use crate::sieves::{Sieve, cool, min_p, penalise, top_k, top_p};
use crate::sums::{Lapse, keeping, sums_up_to};
use crate::turns::{Twist, both_ways, turned, turned_attention, turns, windowed};
use crate::wrong::{tokens, with_gain};
use lt_core::{Ragged, Weight, params, weights};
use lt_laws::*;

#[test]
fn a_plain_softmax() {
    softmax::all(plain::softmax);
}

#[test]
fn a_plain_attention() {
    attention::all(|inputs| plain::attention(Flaw::None, inputs));
}

#[test]
fn a_plain_head() {
    multi_head::one_head_is_plain_attention(
        |Batch { rows, sequences, mask }| {
            let (queries, keys) = (sequences, sequences);
            let inputs =
                attention::Inputs { query: rows, key: rows, value: rows, queries, keys, mask };
            plain::attention(Flaw::None, inputs)
        },
        |inputs| plain::attention(Flaw::None, inputs),
    );
    multi_head::one_cross_head_is_plain_attention(
        |inputs| plain::attention(Flaw::None, attention::Inputs { value: inputs.key, ..inputs }),
        |inputs| plain::attention(Flaw::None, inputs),
    );
    multi_head::heads_divide_the_width(|width, heads| match width.checked_rem(heads) {
        Some(0) => Ok(()),
        _ => Err(refusal()),
    });
}

#[test]
fn a_plain_layer_norm() {
    layer_norm::all(plain::layer_norm);
    position_wise::each_row_stands_alone(9, |rows| plain::layer_norm(rows, 1e-12));
}

#[test]
fn a_plain_rms_norm() {
    rms_norm::all(plain::rms_norm);
    rms_norm::one_is_added_to_the_weight(with_gain(0.0), with_gain(1.0));
    rms_norm::heads_stand_alone(|rows, width| {
        let heads = rows.to_owned().into_shape_clone((rows.len() / width, width));
        let normed = plain::rms_norm(heads.unwrap().view(), 1e-5);
        normed.into_shape_clone(rows.raw_dim()).unwrap()
    });
}

#[test]
fn a_model_that_keeps_sums() {
    kept::all(2, sums_up_to, keeping(Lapse::None));
}

#[test]
fn a_plain_gate() {
    gated::up_is_not_bent(3, |rows, factor| rows.mapv(|x| x / (1.0 + (-x).exp()) * (factor * x)));
}

#[test]
fn a_plain_rotation() {
    rotary::all(6, turns(Twist::None));
    let back =
        |rows: ndarray::ArrayView2<'_, f32>, batch: &Ragged| turned(Twist::None, -1.0, rows, batch);
    rotary::turning_back_undoes(6, turns(Twist::None), back);
}

#[test]
fn plain_buckets() {
    buckets::all(32, 128, |distance| bucket(Cut::None, distance));
}

#[test]
fn a_plain_window() {
    window::beyond_the_window_nothing_is_seen(6, windowed(both_ways));
    let full = |batch: Batch<'_>| plain::encoder(Flaw::None, batch);
    window::a_wide_window_is_full_attention(6, windowed(both_ways), full);
}

#[test]
fn a_plain_encoder_whose_positions_are_relative() {
    encoder::order_is_seen_with_positions(6, turned_attention);
    encoder::a_shift_changes_nothing(6, turned_attention);
}

#[test]
fn a_plain_encoder() {
    let encoder = |batch: Batch<'_>| plain::encoder(Flaw::None, batch);
    encoder::masks_are_obeyed(6, encoder);
    encoder::order_is_not_seen_without_positions(6, encoder);
    encoder::order_is_seen_with_positions(6, plain::encoder_with_positions);
    same_bits::same_rows_same_bits(6, encoder, |batch, _| encoder(batch));
}

#[test]
fn a_plain_model() {
    same_bits::same_ids_same_bits(50, 40, plain::model, |ids, batch, _| plain::model(ids, batch));
    limits::too_long_is_refused(5, |batch: &Ragged| match batch.longest() {
        0..=5 => Ok(()),
        _ => Err(refusal()),
    });
    limits::unknown_ids_are_refused(7, |ids| match ids.iter().all(|&id| id < 7) {
        true => Ok(()),
        false => Err(refusal()),
    });
}

#[test]
fn a_pooled_vector_per_sequence() {
    let pooled = |ids: &[u32], batch: &Ragged| {
        let rows = plain::model(ids, batch)?;
        let firsts: Vec<usize> = batch.ranges().map(|range| range.start).collect();
        Ok::<_, lt_core::Error>(rows.select(ndarray::Axis(0), &firsts))
    };
    same_bits::same_ids_same_bits(50, 40, pooled, |ids, batch, _| pooled(ids, batch));
}

#[test]
fn a_copy_of_the_bits() {
    #[derive(Clone)]
    struct Model {
        weight: Weight,
        bias: Option<Weight>,
    }
    params!(Model { weight, bias });
    let model = Model { weight: Weight::zeros(&[3, 4]), bias: Some(Weight::zeros(&[3])) };
    assert_eq!(weights(&model).len(), 2);
    let clone = |model: &Model| Ok::<_, lt_core::Error>(model.clone());
    saving::saved_loads_to_the_same_bits(&model, clone);
    saving::saved_halves_load_to_the_same_bits(&model, clone);
}

#[test]
fn gradients_added_in_a_tree() {
    shards::workers_change_no_bit(|shards, seed, _| added::in_a_tree(shards, seed));
    shards::one_by_one_is_the_step(added::in_a_tree, added::in_a_tree);
}

#[test]
fn words_in_characters() {
    offsets::all(plain::words);
    offsets::slices_are_tokens(|text| tokens(text, |from, to| (from, to)), str::to_owned);
}

#[test]
fn plain_filters_of_scores() {
    fn filter(filter: impl Fn(&mut [f32])) {
        logits::a_filter_forbids_or_leaves_alone(&filter);
        logits::the_better_stay(&filter);
    }
    filter(|scores| top_k(Sieve::None, 3, scores));
    filter(|scores| top_p(Sieve::None, 0.7, scores));
    filter(|scores| min_p(Sieve::None, 0.2, scores));
    logits::the_k_best_are_left(|k, scores| top_k(Sieve::None, k, scores));
    logits::the_nucleus_is_left(|p, scores| top_p(Sieve::None, p, scores));
    logits::nothing_far_below_the_best_is_left(|p, scores| min_p(Sieve::None, p, scores));
}

#[test]
fn a_plain_temperature_and_a_plain_penalty() {
    logits::differences_are_divided(cool);
    logits::a_low_temperature_is_greedy(cool);
    logits::the_better_stay(|scores| cool(0.3, scores));
    logits::a_penalty_lowers_what_was_written(penalise);
}
