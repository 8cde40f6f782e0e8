//! Implementations that are kept wrong on purpose, each with the law that catches it: so that a
//! law that cannot fail is found.

use lt_core::{Error, Mask, Weight};
use lt_laws::gradient::Subject;
use lt_laws::*;
use ndarray::Axis;

use crate::added;
use crate::cuts::{Cut, bucket};
use crate::plain::{self, Flaw, refusal};
use crate::sieves::{Sieve, cool, min_p, top_k, top_p};
use crate::sums::{Lapse, keeping, sums_of_all, sums_up_to};
use crate::toys::{Linear, Norm, Slip};
use crate::turns::{Twist, both_ways, turns, windowed};
use crate::wrong::*;

macro_rules! mutants {
    ($($name:ident is caught by $law:expr => $wrong:expr;)*) => {
        $(#[test] fn $name() { catches(&$law, || $wrong); })*

        #[test]
        fn every_law_catches_something() {
            let catching = [$(&$law),*];
            for law in book() {
                assert!(catching.contains(&law), "nothing shows that `{}` can fail", law.name);
            }
        }
    };
}

mutants! {
    // Softmax.
    softmax_with_one_added_to_the_sum is caught by softmax::ROWS_SUM_TO_ONE =>
        softmax::rows_sum_to_one(softmax_of(|x, _| x.exp(), |sum| sum + 1.0));
    softmax_that_is_a_share_of_the_sum is caught by softmax::A_SHIFT_CHANGES_NOTHING =>
        softmax::a_shift_changes_nothing(softmax_of(|x, _| x.abs(), |sum| sum + 1e-9));
    softmax_in_base_two is caught by softmax::RATIOS_ARE_EXPONENTIALS =>
        softmax::ratios_are_exponentials(softmax_of(|x, top| (x - top).exp2(), |sum| sum));
    softmax_without_subtracting_the_largest is caught by softmax::LARGE_SCORES_SURVIVE =>
        softmax::large_scores_survive(softmax_of(|x, _| x.exp(), |sum| sum));
    softmax_that_clamps is caught by softmax::LARGE_SCORES_SURVIVE =>
        softmax::large_scores_survive(|rows| {
            plain::softmax(rows.mapv(|x| x.clamp(-1000.0, 1000.0)).view())
        });
    softmax_that_divides_zero_by_zero is caught by softmax::NOTHING_ALLOWED_GIVES_ZEROS =>
        softmax::nothing_allowed_gives_zeros(softmax_of(|x, top| (x - top).exp(), |sum| sum));

    // Attention.
    attention_without_scale is caught by attention::AGREES_WITH_ITS_DEFINITION =>
        attention::agrees_with_its_definition(flawed(Flaw::Unscaled));
    attention_whose_weights_sum_to_two is caught by attention::OUTPUT_LIES_AMONG_THE_VALUES =>
        attention::output_lies_among_the_values(flawed(Flaw::CountsTwice));
    attention_whose_columns_have_weights_of_their_own
        is caught by attention::OUTPUT_LIES_AMONG_THE_VALUES =>
        attention::output_lies_among_the_values(column_by_column);
    attention_that_favours_later_keys is caught by attention::ORDER_OF_KEYS_DOES_NOT_MATTER =>
        attention::order_of_keys_does_not_matter(flawed(Flaw::FavoursLaterKeys));
    attention_whose_rows_differ is caught by attention::OUTPUT_FOLLOWS_THE_QUERIES =>
        attention::output_follows_the_queries(flawed(Flaw::RowsDiffer));
    attention_that_multiplies_by_the_mask
        is caught by attention::A_HIDDEN_KEY_MAY_HOLD_ANYTHING =>
        attention::a_hidden_key_may_hold_anything(flawed(Flaw::MultipliesByTheMask));
    attention_that_fills_with_minus_1e4
        is caught by attention::A_QUERY_WITHOUT_KEYS_GETS_ZEROS =>
        attention::a_query_without_keys_gets_zeros(flawed(Flaw::FillsWithMinus1e4));
    attention_that_divides_zero_by_zero
        is caught by attention::A_QUERY_WITHOUT_KEYS_GETS_ZEROS =>
        attention::a_query_without_keys_gets_zeros(flawed(Flaw::DividesByZero));
    attention_that_takes_a_range_for_the_mask is caught by attention::MASKS_INTERSECT =>
        attention::masks_intersect(flawed(Flaw::TakesTheRangeForTheMask));
    attention_that_does_not_check_the_mask
        is caught by attention::A_MASK_OF_ANOTHER_BATCH_IS_REFUSED =>
        attention::a_mask_of_another_batch_is_refused(flawed(Flaw::DoesNotCheckTheMask));

    // Multi-head attention.
    a_head_without_scale is caught by multi_head::ONE_HEAD_IS_PLAIN_ATTENTION =>
        multi_head::one_head_is_plain_attention(self_head, flawed(Flaw::Unscaled));
    a_cross_head_without_scale is caught by multi_head::ONE_CROSS_HEAD_IS_PLAIN_ATTENTION =>
        multi_head::one_cross_head_is_plain_attention(flawed(Flaw::Unscaled), flawed(Flaw::None));
    heads_of_a_width_rounded_down is caught by multi_head::HEADS_DIVIDE_THE_WIDTH =>
        multi_head::heads_divide_the_width(|width, heads| {
            width.checked_div(heads).ok_or_else(refusal)
        });

    // Layer norm.
    a_norm_that_subtracts_no_mean is caught by layer_norm::MEAN_IS_ZERO =>
        layer_norm::mean_is_zero(plain::rms_norm);
    a_norm_that_divides_by_d_minus_one is caught by layer_norm::VARIANCE_IS_ONE =>
        layer_norm::variance_is_one(norm_of(|squares, d, epsilon| {
            (squares / (d - 1.0).max(1.0) + epsilon).sqrt()
        }));
    a_norm_with_epsilon_outside_the_root is caught by layer_norm::VARIANCE_IS_ONE =>
        layer_norm::variance_is_one(norm_of(|squares, d, epsilon| {
            (squares / d).sqrt() + epsilon
        }));
    a_norm_of_one_pass is caught by layer_norm::A_SHIFT_CHANGES_NOTHING =>
        layer_norm::a_shift_changes_nothing(one_pass_norm);
    a_norm_without_the_root is caught by layer_norm::A_SCALE_CHANGES_NOTHING =>
        layer_norm::a_scale_changes_nothing(norm_of(|squares, d, epsilon| squares / d + epsilon));

    // RMS norm.
    an_rms_norm_that_divides_by_d_minus_one is caught by rms_norm::MEAN_SQUARE_IS_ONE =>
        rms_norm::mean_square_is_one(rms_of(|squares, d, epsilon| {
            (squares / (d - 1.0).max(1.0) + epsilon).sqrt()
        }));
    an_rms_norm_with_epsilon_outside_the_root is caught by rms_norm::MEAN_SQUARE_IS_ONE =>
        rms_norm::mean_square_is_one(rms_of(|squares, d, epsilon| (squares / d).sqrt() + epsilon));
    an_rms_norm_that_subtracts_the_mean is caught by rms_norm::DIRECTION_IS_KEPT =>
        rms_norm::direction_is_kept(plain::layer_norm);
    an_rms_norm_without_the_root is caught by rms_norm::A_SCALE_CHANGES_NOTHING =>
        rms_norm::a_scale_changes_nothing(rms_of(|squares, d, epsilon| squares / d + epsilon));
    an_rms_norm_that_adds_no_one is caught by rms_norm::ONE_IS_ADDED_TO_THE_WEIGHT =>
        rms_norm::one_is_added_to_the_weight(with_gain(0.0), with_gain(0.0));
    an_rms_norm_of_all_heads_together is caught by rms_norm::HEADS_STAND_ALONE =>
        rms_norm::heads_stand_alone(|rows, _| plain::rms_norm(rows, 1e-5));

    // Position by position.
    a_norm_over_the_batch is caught by position_wise::EACH_ROW_STANDS_ALONE =>
        position_wise::each_row_stands_alone(3, |rows| &rows - &rows.sum_axis(Axis(0)));

    // Gated layers.
    a_gate_taken_for_what_goes_through_it is caught by gated::UP_IS_NOT_BENT =>
        gated::up_is_not_bent(3, |rows, factor| {
            rows.mapv(|x| x * (factor * x) / (1.0 + (-factor * x).exp()))
        });

    // What is kept.
    a_model_that_looks_ahead is caught by kept::WHAT_FOLLOWS_DOES_NOT_COUNT =>
        kept::what_follows_does_not_count(2, sums_of_all);
    a_model_that_forgets is caught by kept::PIECES_ARE_THE_WHOLE =>
        kept::pieces_are_the_whole(2, sums_up_to, keeping(Lapse::Forgets));
    a_text_that_runs_on_from_another is caught by kept::PIECES_ARE_THE_WHOLE =>
        kept::pieces_are_the_whole(2, sums_up_to, keeping(Lapse::RunsOn));
    a_cache_that_is_not_cut is caught by kept::WHAT_IS_CUT_IS_FORGOTTEN =>
        kept::what_is_cut_is_forgotten(2, sums_up_to, keeping(Lapse::DoesNotCut));
    a_cache_that_is_not_reordered is caught by kept::CHOSEN_TEXTS_GO_ON_APART =>
        kept::chosen_texts_go_on_apart(2, sums_up_to, keeping(Lapse::DoesNotReorder));

    // Rotary positions.
    positions_that_are_added is caught by rotary::ONLY_THE_DISTANCE_COUNTS =>
        rotary::only_the_distance_counts(6, turns(Twist::Adds));
    pairs_of_one_layout_with_angles_of_the_other
        is caught by rotary::ONLY_THE_DISTANCE_COUNTS =>
        rotary::only_the_distance_counts(6, turns(Twist::MixesLayouts));
    a_rotation_by_nothing is caught by rotary::POSITIONS_ARE_TOLD_APART =>
        rotary::positions_are_told_apart(6, |rows, _| rows.to_owned());
    a_rotation_with_one_sign is caught by rotary::LENGTHS_ARE_KEPT =>
        rotary::lengths_are_kept(6, turns(Twist::SameSign));
    a_rotation_that_counts_from_one is caught by rotary::THE_FIRST_POSITION_IS_NOT_TURNED =>
        rotary::the_first_position_is_not_turned(6, turns(Twist::CountsFromOne));
    a_rotation_that_counts_through_the_batch
        is caught by rotary::THE_FIRST_POSITION_IS_NOT_TURNED =>
        rotary::the_first_position_is_not_turned(6, turns(Twist::CountsThrough));
    a_rotation_undone_by_itself is caught by rotary::TURNING_BACK_UNDOES =>
        rotary::turning_back_undoes(6, turns(Twist::None), turns(Twist::None));

    // Buckets of distances.
    buckets_of_which_the_near_are_mixed_before is caught by buckets::FARTHER_IS_NO_LOWER =>
        buckets::farther_is_no_lower(128, |distance| bucket(Cut::CutsBefore, distance));
    buckets_with_a_logarithm_from_one is caught by buckets::NEAR_DISTANCES_ARE_TOLD_APART =>
        buckets::near_distances_are_told_apart(32, |distance| bucket(Cut::LogarithmFromOne, distance));
    buckets_of_one_side is caught by buckets::SIDES_ARE_TOLD_APART =>
        buckets::sides_are_told_apart(32, 128, |distance| bucket(Cut::OneSide, distance));
    buckets_without_a_last is caught by buckets::THE_FARTHEST_SHARE_THE_LAST =>
        buckets::the_farthest_share_the_last(32, 128, |distance| bucket(Cut::NoLast, distance));
    buckets_of_the_other_sign is caught by buckets::THE_FARTHEST_SHARE_THE_LAST =>
        buckets::the_farthest_share_the_last(32, 128, |distance| bucket(Cut::OtherSign, distance));

    // Windows.
    a_window_that_is_one_too_wide is caught by window::BEYOND_THE_WINDOW_NOTHING_IS_SEEN =>
        window::beyond_the_window_nothing_is_seen(4, windowed(|reach, mask| {
            both_ways(reach + 1, mask)
        }));
    a_window_that_is_the_reach_of_both_sides_together
        is caught by window::A_WIDE_WINDOW_IS_FULL_ATTENTION =>
        window::a_wide_window_is_full_attention(4, windowed(|reach, mask| {
            both_ways(reach / 2, mask)
        }), encoder(Flaw::None));
    a_window_that_looks_only_back is caught by window::A_WIDE_WINDOW_IS_FULL_ATTENTION =>
        window::a_wide_window_is_full_attention(4, windowed(|reach, mask| {
            Mask::window(reach, 0) & mask.clone()
        }), encoder(Flaw::None));
    a_window_in_place_of_the_mask is caught by window::A_WIDE_WINDOW_IS_FULL_ATTENTION =>
        window::a_wide_window_is_full_attention(4, windowed(|reach, _| {
            Mask::window(reach, reach)
        }), encoder(Flaw::None));

    // Encoders.
    positions_that_are_not_relative is caught by encoder::A_SHIFT_CHANGES_NOTHING =>
        encoder::a_shift_changes_nothing(4, plain::encoder_with_positions);
    an_encoder_that_adds_positions
        is caught by encoder::ORDER_IS_NOT_SEEN_WITHOUT_POSITIONS =>
        encoder::order_is_not_seen_without_positions(4, plain::encoder_with_positions);
    an_encoder_that_adds_no_positions is caught by encoder::ORDER_IS_SEEN_WITH_POSITIONS =>
        encoder::order_is_seen_with_positions(4, encoder(Flaw::None));
    an_encoder_that_drops_causal is caught by encoder::THE_FUTURE_CHANGES_NOTHING =>
        encoder::the_future_changes_nothing(4, encoder(Flaw::IgnoresTheMask));
    an_encoder_that_multiplies_by_the_mask
        is caught by encoder::A_HIDDEN_TOKEN_CHANGES_NO_OTHER =>
        encoder::a_hidden_token_changes_no_other(4, encoder(Flaw::MultipliesByTheMask));
    an_encoder_that_divides_zero_by_zero is caught by encoder::BLIND_TOKENS_STAY_FINITE =>
        encoder::blind_tokens_stay_finite(4, encoder(Flaw::DividesByZero));
    an_encoder_that_stretches_masks is caught by encoder::A_MASK_OF_ANOTHER_BATCH_IS_REFUSED =>
        encoder::a_mask_of_another_batch_is_refused(4, encoder(Flaw::DoesNotCheckTheMask));

    // Same text, same bits.
    attention_across_sequences is caught by same_bits::SAME_ROWS_SAME_BITS =>
        same_bits::same_rows_same_bits(4, encoder(Flaw::MixesSequences), |batch, _| {
            plain::encoder(Flaw::MixesSequences, batch)
        });
    a_sum_that_depends_on_the_threads is caught by same_bits::SAME_ROWS_SAME_BITS =>
        same_bits::same_rows_same_bits(4, |batch| sums(batch, 1), |batch, scratch| {
            sums(batch, scratch.threads().count())
        });
    a_buffer_that_is_not_cleared is caught by same_bits::SAME_ROWS_SAME_BITS =>
        same_bits::same_rows_same_bits(4, |batch| batch.rows.to_owned(), |batch, scratch| {
            let used = scratch.take(9, 9).into_raw_vec_and_offset().0.capacity() > 81;
            &batch.rows + if used { 1.0 } else { 0.0 }
        });
    positions_that_count_through_the_batch is caught by same_bits::SAME_IDS_SAME_BITS =>
        same_bits::same_ids_same_bits(9, 8, counting_through, |ids, batch, _| {
            counting_through(ids, batch)
        });

    // Saving.
    numbers_saved_with_six_digits is caught by saving::SAVED_LOADS_TO_THE_SAME_BITS =>
        saving::saved_loads_to_the_same_bits(&pair(), |model| each_weight(model, |weight| {
            let text = weight.to_f32().into_iter().map(|value| format!("{value:.5e}"));
            Weight::new(weight.shape(), text.filter_map(|text| text.parse().ok()).collect())
        }));
    a_matrix_saved_transposed is caught by saving::SAVED_LOADS_TO_THE_SAME_BITS =>
        saving::saved_loads_to_the_same_bits(&pair(), |model| each_weight(model, |weight| {
            Weight::new(weight.shape(), weight.matrix().t().iter().copied().collect())
        }));
    halves_saved_as_f32 is caught by saving::SAVED_HALVES_LOAD_TO_THE_SAME_BITS =>
        saving::saved_halves_load_to_the_same_bits(&pair(), |model| each_weight(model, |weight| {
            Weight::new(weight.shape(), weight.to_f32())
        }));

    // Shards.
    gradients_added_as_they_come is caught by shards::WORKERS_CHANGE_NO_BIT =>
        shards::workers_change_no_bit(added::as_they_come);
    gradients_added_thread_by_thread is caught by shards::WORKERS_CHANGE_NO_BIT =>
        shards::workers_change_no_bit(added::a_share_for_each_thread);
    gradients_accumulated_in_another_order is caught by shards::ONE_BY_ONE_IS_THE_STEP =>
        shards::one_by_one_is_the_step(added::in_a_row, added::in_a_tree);

    // Offsets.
    offsets_in_bytes is caught by offsets::OFFSETS_ARE_CHARACTERS =>
        offsets::offsets_are_characters(|text| in_units(text, char::len_utf8));
    offsets_in_utf_16 is caught by offsets::OFFSETS_ARE_CHARACTERS =>
        offsets::offsets_are_characters(|text| in_units(text, char::len_utf16));
    offsets_one_too_far is caught by offsets::SLICES_ARE_TOKENS =>
        offsets::slices_are_tokens(|text| tokens(text, |from, to| (from + 1, to + 1)), str::to_owned);
    offsets_of_the_whole_text is caught by offsets::SLICES_ARE_TOKENS =>
        offsets::slices_are_tokens(
            |text| tokens(text, |_, _| (0, text.chars().count())),
            str::to_owned,
        );
    offsets_of_the_first_word_that_looks_alike is caught by offsets::OFFSETS_MOVE_FORWARD =>
        offsets::offsets_move_forward(first_alike);
    a_tokenizer_that_drops_what_is_not_ascii is caught by offsets::EVERY_LETTER_IS_IN_A_TOKEN =>
        offsets::every_letter_is_in_a_token(|text| {
            let letters = text.chars().enumerate().filter(|(_, c)| c.is_ascii());
            letters.map(|(i, _)| (i, i + 1)).collect()
        });

    // Limits.
    a_limit_on_the_batch_instead_of_its_sequences is caught by limits::TOO_LONG_IS_REFUSED =>
        limits::too_long_is_refused(8, |batch| check(batch.tokens() <= 8));
    a_limit_that_is_one_too_high is caught by limits::TOO_LONG_IS_REFUSED =>
        limits::too_long_is_refused(8, |batch| check(batch.longest() <= 9));
    positions_that_are_not_checked is caught by limits::TOO_LONG_IS_REFUSED =>
        limits::too_long_is_refused(8, |batch| {
            let table = [0; 8];
            Ok::<i32, Error>(batch.ranges().flat_map(|range| 0..range.len()).map(|i| table[i]).sum())
        });
    ids_that_wrap_around is caught by limits::UNKNOWN_IDS_ARE_REFUSED =>
        limits::unknown_ids_are_refused(8, |ids| {
            Ok::<u32, Error>(ids.iter().map(|id| id % 8).sum())
        });

    // Scores of the next token.
    a_filter_that_fills_with_minus_1e4 is caught by logits::A_FILTER_FORBIDS_OR_LEAVES_ALONE =>
        logits::a_filter_forbids_or_leaves_alone(|scores| {
            top_k(Sieve::FillsWithMinus1e4, 2, scores);
        });
    a_filter_that_keeps_the_worst is caught by logits::THE_BETTER_STAY =>
        logits::the_better_stay(|scores| top_p(Sieve::UpsideDown, 0.5, scores));
    a_min_p_that_may_leave_nothing is caught by logits::THE_BETTER_STAY =>
        logits::the_better_stay(|scores| min_p(Sieve::Absolute, 0.9, scores));
    a_top_k_that_keeps_one_more is caught by logits::THE_K_BEST_ARE_LEFT =>
        logits::the_k_best_are_left(|k, scores| top_k(Sieve::OffByOne, k, scores));
    a_top_k_that_prefers_higher_ids is caught by logits::THE_K_BEST_ARE_LEFT =>
        logits::the_k_best_are_left(|k, scores| top_k(Sieve::HigherIds, k, scores));
    a_top_p_without_the_token_that_crosses is caught by logits::THE_NUCLEUS_IS_LEFT =>
        logits::the_nucleus_is_left(|p, scores| top_p(Sieve::OffByOne, p, scores));
    a_top_p_that_takes_too_much is caught by logits::THE_NUCLEUS_IS_LEFT =>
        logits::the_nucleus_is_left(|p, scores| top_p(Sieve::None, p.sqrt(), scores));
    a_min_p_that_is_absolute is caught by logits::NOTHING_FAR_BELOW_THE_BEST_IS_LEFT =>
        logits::nothing_far_below_the_best_is_left(|p, scores| min_p(Sieve::Absolute, p, scores));
    a_temperature_that_multiplies is caught by logits::DIFFERENCES_ARE_DIVIDED =>
        logits::differences_are_divided(|t, scores| cool(1.0 / t, scores));
    a_temperature_that_overflows is caught by logits::A_LOW_TEMPERATURE_IS_GREEDY =>
        logits::a_low_temperature_is_greedy(|t, scores| {
            scores.iter_mut().for_each(|score| *score /= t);
        });
    a_penalty_that_divides_what_is_below_zero
        is caught by logits::A_PENALTY_LOWERS_WHAT_WAS_WRITTEN =>
        logits::a_penalty_lowers_what_was_written(|written, scores| {
            for (_, score) in (0..).zip(scores).filter(|(id, _)| written.contains(id)) {
                *score /= 2.0;
            }
        });

    // Derivatives.
    a_forward_cached_that_rounds_otherwise is caught by gradient::FORWARD_PASSES_AGREE =>
        gradient::forward_passes_agree(&linear(|| Linear::new(Slip::RoundsOtherwise)));
    a_gradient_too_large_by_the_root_of_d is caught by gradient::BACKWARD_IS_THE_SLOPE =>
        gradient::backward_is_the_slope(&linear(|| Linear::new(Slip::RootOfWidth)));
    a_norm_gradient_without_its_mean is caught by gradient::BACKWARD_IS_THE_SLOPE =>
        gradient::backward_is_the_slope(&norm(|| Norm::new(Slip::WithoutTheMean)));
    a_norm_gradient_without_its_projection is caught by gradient::BACKWARD_IS_THE_SLOPE =>
        gradient::backward_is_the_slope(&norm(|| Norm::new(Slip::WithoutTheProjection)));
    a_gradient_off_by_half_a_hundredth is caught by gradient::BACKWARD_IS_THE_SLOPE =>
        gradient::backward_is_the_slope(&linear(|| Linear::new(Slip::OffByHalfAHundredth)));
    a_gradient_with_one_nan is caught by gradient::BACKWARD_IS_THE_SLOPE =>
        gradient::backward_is_the_slope(&linear(|| Linear::new(Slip::OneNan)));
    a_backward_that_overwrites is caught by gradient::BACKWARD_ADDS =>
        gradient::backward_adds(&linear(|| Linear::new(Slip::Overwrites)));
    a_bias_without_gradient is caught by gradient::EVERY_PARAMETER_HAS_A_GRADIENT =>
        gradient::every_parameter_has_a_gradient(&linear(|| Linear::new(Slip::NoBiasGradient)));
    a_bias_declared_without_gradient
        is caught by gradient::EVERY_PARAMETER_HAS_A_GRADIENT =>
        gradient::every_parameter_has_a_gradient(&Subject {
            without_gradient: vec!["bias"],
            ..linear(|| Linear::new(Slip::None))
        });
    a_backward_that_takes_any_shape is caught by gradient::WRONG_SHAPES_ARE_REFUSED =>
        gradient::wrong_shapes_are_refused(&linear(|| Linear::new(Slip::DoesNotCheck)));
}
