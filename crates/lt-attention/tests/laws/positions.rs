//! Attention with rotary positions and with a window, under the laws of both.

use lt_attention::lt_core::{self, Mask, Module, Place, Ragged, Scratch};
use lt_attention::{
    AttentionConfig, AttentionInput, HiddenStates, MultiHeadAttention, ScaledDotProduct,
};
use lt_embedding::{Rotary, RotaryInput, RotaryLayout};
use lt_laws::sample::{filled, rows};
use lt_laws::{Batch, encoder, same_bits, window};
use lt_layers::Linear;
use ndarray::{Axis, concatenate, s};

const D: usize = 8;
const LAYOUTS: [RotaryLayout; 2] = [RotaryLayout::Halves, RotaryLayout::Interleaved];

fn states(batch: Batch<'_>) -> HiddenStates<'_> {
    HiddenStates::new(batch.rows, batch.sequences).mask(batch.mask)
}

fn rotary(layout: RotaryLayout) -> Rotary {
    Rotary::new(D / 2, 100.0, layout).unwrap()
}

/// Two heads, the same numbers each time.
fn layer(config: AttentionConfig) -> MultiHeadAttention {
    filled(MultiHeadAttention::zeros(D, config).unwrap(), 1)
}

fn two_heads() -> AttentionConfig {
    AttentionConfig::new(2)
}

fn turning(layout: RotaryLayout) -> MultiHeadAttention {
    layer(two_heads()).with_rotary(rotary(layout)).unwrap()
}

/// Both, as in ModernBERT's local layers.
fn local(reach: usize) -> MultiHeadAttention {
    layer(two_heads().window(reach)).with_rotary(rotary(RotaryLayout::Halves)).unwrap()
}

#[test]
fn with_rotary_positions_order_is_seen_and_a_shift_is_not() {
    for layout in LAYOUTS {
        let layer = turning(layout);
        encoder::order_is_seen_with_positions(D, |batch| layer.forward(states(batch)));
        encoder::a_shift_changes_nothing(D, |batch| layer.forward(states(batch)));
        encoder::masks_are_obeyed(D, |batch| layer.forward(states(batch)));
    }
    let layer = local(2);
    encoder::a_shift_changes_nothing(D, |batch| layer.forward(states(batch)));
    encoder::masks_are_obeyed(D, |batch| layer.forward(states(batch)));
}

#[test]
fn a_window_hides_what_lies_beyond_it_and_nothing_else() {
    let windowed =
        |batch: Batch<'_>, reach| layer(two_heads().window(reach)).forward(states(batch));
    window::beyond_the_window_nothing_is_seen(D, windowed);
    window::a_wide_window_is_full_attention(D, windowed, |batch| {
        layer(two_heads()).forward(states(batch))
    });
    let windowed = |batch: Batch<'_>, reach| local(reach).forward(states(batch));
    window::beyond_the_window_nothing_is_seen(D, windowed);
    let layer = turning(RotaryLayout::Halves);
    window::a_wide_window_is_full_attention(D, windowed, |batch| layer.forward(states(batch)));
}

#[test]
fn the_same_rows_have_the_same_bits_on_every_path() {
    for layer in [turning(RotaryLayout::Halves), turning(RotaryLayout::Interleaved), local(2)] {
        same_bits::same_rows_same_bits(
            D,
            |batch| layer.forward(states(batch)),
            |batch, scratch| layer.forward_in(states(batch), scratch),
        );
    }
}

/// The linear layer of this name.
fn linear(layer: &MultiHeadAttention, name: &str) -> Linear {
    let numbers = lt_core::weights(layer);
    let find = |part: &str| {
        let name = format!("{name}.{part}");
        numbers.iter().find(|(other, _)| *other == name).unwrap().1.clone()
    };
    Linear::new(find("weight"), Some(find("bias"))).unwrap()
}

/// The parts that it is made of, each of which has laws of its own.
#[test]
fn it_is_attention_of_rows_that_were_turned_under_both_masks() {
    let (layer, rotary) = (local(1), rotary(RotaryLayout::Halves));
    let (x, batch, mask) = (rows(9, D, 2), Ragged::from_lengths([2, 7]), Mask::causal());
    let project = |name: &str| linear(&layer, name).forward(x.view()).unwrap();
    let turned =
        |name: &str| rotary.forward(RotaryInput::new(project(name).view(), &batch)).unwrap();
    let (query, key, value) = (turned("query"), turned("key"), project("value"));
    let both = Mask::causal() & Mask::window(1, 1);
    let input = AttentionInput::new(query.view(), key.view(), value.view(), &batch).mask(&both);
    let heads = ScaledDotProduct::new(2).unwrap();
    let context = heads.forward(input).unwrap();
    let expected = linear(&layer, "output").forward(context.view()).unwrap();

    let states = HiddenStates::new(x.view(), &batch).mask(&mask);
    assert_eq!(layer.weights(states).unwrap(), heads.weights(&input).unwrap());
    assert_eq!(layer.forward(states).unwrap(), expected);
    let residual = rows(9, D, 3);
    let added = layer.forward_added(states, residual.view(), &mut Scratch::new()).unwrap();
    assert_eq!(added, expected + &residual);
}

/// `local_attention = 128` of ModernBERT is 64 back and 64 ahead, the token itself beside.
#[test]
fn weights_lie_in_the_window_and_in_the_mask() {
    let (x, batch) = (rows(150, D, 2), Ragged::single(150));
    let weights = |mask: &Mask| {
        let input = HiddenStates::new(x.view(), &batch).mask(mask);
        local(64).weights(input).unwrap().remove(0)
    };
    for mask in [Mask::all(), Mask::causal(), Mask::custom(|place| place.key % 3 != 0)] {
        for ((_, query, key), &weight) in weights(&mask).indexed_iter() {
            let place = Place { sequence: 0, query, key };
            let seen = query.abs_diff(key) <= 64 && mask.allows(place);
            assert_eq!(weight != 0.0, seen, "{mask:?}: query {query}, key {key}");
        }
    }
}

/// Queries count from the start of their text, keys from that of the memory.
#[test]
fn cross_attention_is_self_attention_where_the_memory_is_the_text() {
    let (x, batch) = (rows(9, D, 2), Ragged::from_lengths([4, 5]));
    for layer in [turning(RotaryLayout::Interleaved), local(1)] {
        let own = HiddenStates::new(x.view(), &batch);
        let cross = own.attending_to(x.view(), &batch);
        assert_eq!(layer.forward(cross).unwrap(), layer.forward(own).unwrap());
        assert_eq!(layer.cross_weights(cross).unwrap(), layer.weights(own).unwrap());
        // A memory that ends earlier: of the second text nothing changes.
        let shorter = Ragged::from_lengths([3, 5]);
        let memory = concatenate![Axis(0), x.slice(s![..3, ..]), x.slice(s![4.., ..])];
        let cross = own.attending_to(memory.view(), &shorter);
        let (shorter, whole) = (layer.forward(cross).unwrap(), layer.forward(own).unwrap());
        assert_eq!(shorter.slice(s![4.., ..]), whole.slice(s![4.., ..]));
    }
}

#[test]
fn a_rotation_for_heads_of_another_width_is_refused() {
    let wrong = Rotary::new(D, 100.0, RotaryLayout::Halves).unwrap();
    let refused = layer(two_heads()).with_rotary(wrong).unwrap_err().to_string();
    assert_eq!(
        refused,
        "`MultiHeadAttention::with_rotary`: rotary.width is 8, expected 4, the width of a head"
    );
    let layer = local(3);
    assert_eq!(layer.rotary(), Some(&rotary(RotaryLayout::Halves)));
    assert_eq!(layer.config().window, Some(3));
    assert_eq!(self::layer(two_heads()).rotary(), None);
    assert_eq!(two_heads().window, None);
}

/// Rotation is in place, and angles are kept.
#[test]
fn a_second_pass_finds_every_buffer_it_needs() {
    let (layer, batch, x) = (local(2), Ragged::single(5), rows(5, D, 2));
    let scratch = &mut Scratch::new();
    let mut kept = || {
        let output = layer.forward_in(HiddenStates::new(x.view(), &batch), scratch).unwrap();
        scratch.give(output);
        scratch.kept()
    };
    let once = kept();
    assert_eq!(kept(), once);
}
