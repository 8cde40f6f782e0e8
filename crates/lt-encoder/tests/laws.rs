//! The encoder under its laws, with the norms in both places.

#![allow(clippy::unwrap_used)] // what fails here is the test

#[path = "laws/modern.rs"]
mod modern;
#[path = "laws/shared.rs"]
mod shared;

use lt_attention::{AttentionConfig, MultiHeadAttention};
use lt_encoder::lt_core::{self, Error, Mask, Module, Ragged, Scratch};
use lt_encoder::{
    Encoder, EncoderLayer, HiddenStates, NormPlacement, Norms, Pooler, Sequences, Stack,
    SublayerDropout,
};
use lt_laws::sample::{filled, rows};
use lt_laws::{Batch, encoder, same_bits};
use lt_layers::{Activation, Dropout, FeedForward, LayerNorm, Linear};
use ndarray::{Array2, array};

const D: usize = 6;
const PLACEMENTS: [NormPlacement; 2] = [NormPlacement::Post, NormPlacement::Pre];

fn layer(placement: NormPlacement) -> EncoderLayer {
    let config = AttentionConfig::new(2);
    let linear = |inputs, outputs| Linear::zeros(inputs, outputs).unwrap();
    let norm = || LayerNorm::zeros(D, 1e-5).unwrap();
    EncoderLayer::new(
        MultiHeadAttention::zeros(D, config).unwrap(),
        FeedForward::new(linear(D, 9), Activation::Gelu, linear(9, D)).unwrap(),
        Norms { attention: Some(norm()), feed_forward: norm(), placement },
    )
    .unwrap()
}

fn encoder(placement: NormPlacement) -> Encoder {
    let norm = (placement == NormPlacement::Pre).then(|| LayerNorm::zeros(D, 1e-5).unwrap());
    filled(Encoder::new(vec![layer(placement), layer(placement)], norm), 1)
}

fn states(batch: Batch<'_>) -> HiddenStates<'_> {
    HiddenStates::new(batch.rows, batch.sequences).mask(batch.mask)
}

/// The rows with a vector of their position added, as an embedding does it.
fn with_positions(batch: Batch<'_>) -> Array2<f32> {
    let positions = rows(64, D, 9);
    let mut hidden = batch.rows.to_owned();
    for range in batch.sequences.ranges() {
        for (position, row) in range.enumerate() {
            let mut row = hidden.row_mut(row);
            row += &positions.row(position);
        }
    }
    hidden
}

#[test]
fn masks_are_obeyed() {
    for placement in PLACEMENTS {
        let encoder = encoder(placement);
        encoder::masks_are_obeyed(D, |batch| encoder.forward(states(batch)));
    }
}

#[test]
fn order_is_seen_with_positions_and_only_with_them() {
    for placement in PLACEMENTS {
        let encoder = encoder(placement);
        encoder::order_is_not_seen_without_positions(D, |batch| encoder.forward(states(batch)));
        encoder::order_is_seen_with_positions(D, |batch| {
            let hidden = with_positions(batch);
            encoder.forward(states(batch).with(hidden.view()))
        });
    }
}

#[test]
fn the_same_rows_have_the_same_bits_on_every_path() {
    for placement in PLACEMENTS {
        let encoder = encoder(placement);
        same_bits::same_rows_same_bits(
            D,
            |batch| encoder.forward(states(batch)),
            |batch, scratch| encoder.forward_in(states(batch), scratch),
        );
    }
    let pooler = pooler();
    same_bits::same_rows_same_bits(
        D,
        |batch| pooler.forward(first_of(batch)),
        |batch, scratch| pooler.forward_in(first_of(batch), scratch),
    );
}

fn pooler() -> Pooler {
    filled(Pooler::new(Linear::zeros(D, D).unwrap()), 2)
}

fn first_of(batch: Batch<'_>) -> Sequences<'_> {
    Sequences { hidden: batch.rows, sequences: batch.sequences }
}

/// Errata: text and code of more than one course disagree about this one line.
#[test]
fn the_norms_stand_where_the_formulas_have_them() {
    let (x, batch, mask) = (rows(5, D, 3), Ragged::from_lengths([2, 3]), Mask::causal());
    let input = HiddenStates::new(x.view(), &batch).mask(&mask);
    let norm = |norm: &LayerNorm, rows: &Array2<f32>| norm.forward(rows.view()).unwrap();
    for placement in PLACEMENTS {
        let layer = filled(layer(placement), 4);
        let attend =
            |rows: &Array2<f32>| layer.attention().forward(input.with(rows.view())).unwrap();
        let feed = |rows: &Array2<f32>| layer.feed_forward().forward(rows.view()).unwrap();
        let (norm_1, norm_2) = (layer.attention_norm().unwrap(), layer.feed_forward_norm());
        let expected = match layer.placement() {
            NormPlacement::Post => {
                let a = norm(norm_1, &(attend(&x) + &x));
                norm(norm_2, &(feed(&a) + &a))
            }
            NormPlacement::Pre => {
                let a = attend(&norm(norm_1, &x)) + &x;
                feed(&norm(norm_2, &a)) + &a
            }
        };
        assert_eq!(layer.forward(input).unwrap(), expected, "{placement:?}");
    }
}

#[test]
fn a_trace_has_the_bits_of_the_forward_pass_and_all_on_the_way() {
    let (x, batch, mask) = (rows(5, D, 3), Ragged::from_lengths([2, 3]), Mask::all());
    let input = HiddenStates::new(x.view(), &batch).mask(&mask);
    for placement in PLACEMENTS {
        let encoder = encoder(placement);
        let trace = encoder.trace(input, &mut Scratch::new()).unwrap();
        assert_eq!(trace.hidden_states.len(), 3);
        assert_eq!(trace.hidden_states[0], x);
        let first = encoder.layers()[0].forward(input).unwrap();
        assert_eq!(trace.hidden_states[1], first);
        assert_eq!(trace.hidden_states[2], encoder.forward(input).unwrap());
        assert_eq!(trace.attentions.len(), 2);
        for (layer, weights) in encoder.layers().iter().zip(&trace.attentions) {
            assert_eq!(
                weights.iter().map(ndarray::ArrayBase::dim).collect::<Vec<_>>(),
                [(2, 2, 2), (2, 3, 3)]
            );
            let hidden =
                if std::ptr::eq(layer, &raw const encoder.layers()[0]) { &x } else { &first };
            let input = input.with(hidden.view());
            assert_eq!(*weights, layer.attention_weights(input).unwrap());
        }
    }
}

#[test]
fn the_weights_of_a_pre_norm_layer_are_those_of_the_normalised_rows() {
    let (x, batch, mask) = (rows(3, D, 3), Ragged::single(3), Mask::all());
    let input = HiddenStates::new(x.view(), &batch).mask(&mask);
    for placement in PLACEMENTS {
        let layer = filled(layer(placement), 4);
        let normed = layer.attention_norm().unwrap().forward(x.view()).unwrap();
        let looked_at = if placement == NormPlacement::Pre { &normed } else { &x };
        let expected = input.with(looked_at.view());
        let expected = layer.attention().weights(expected).unwrap();
        assert_eq!(layer.attention_weights(input).unwrap(), expected);
    }
}

/// A layer of the reader's own.
struct Shift(f32);

impl<'a> Module<HiddenStates<'a>> for Shift {
    type Output = Array2<f32>;
    fn forward(&self, input: HiddenStates<'a>) -> lt_core::Result<Array2<f32>> {
        Ok(&input.hidden * 2.0 + self.0)
    }
}

#[test]
fn a_stack_runs_layers_of_any_kind_the_first_first() {
    let (x, batch, mask) = (array![[1.0], [2.0]], Ragged::single(2), Mask::all());
    let input = HiddenStates::new(x.view(), &batch).mask(&mask);
    let stack = Stack::new(vec![Shift(1.0), Shift(10.0)]);
    assert_eq!(stack.forward(input).unwrap(), array![[16.0], [20.0]]); // (2x + 1)·2 + 10
    assert_eq!(stack.layers().len(), 2);
    let none: Stack<Shift> = Stack::new(vec![]);
    assert_eq!(none.forward(input).unwrap(), x);
}

#[test]
fn rows_that_are_not_one_per_token_are_refused() {
    let (x, mask) = (rows(5, D, 3), Mask::all());
    let batch = Ragged::from_lengths([2, 2]);
    let input = HiddenStates::new(x.view(), &batch).mask(&mask);
    let encoder = encoder(NormPlacement::Post);
    assert!(matches!(encoder.forward(input), Err(Error::Shape { .. })));
    assert!(matches!(encoder.trace(input, &mut Scratch::new()), Err(Error::Shape { .. })));
    let sequences = Sequences { hidden: x.view(), sequences: &batch };
    assert!(matches!(pooler().forward(sequences), Err(Error::Shape { .. })));
}

#[test]
fn parts_of_different_widths_are_refused() {
    let linear = |inputs, outputs| Linear::zeros(inputs, outputs).unwrap();
    let new = |attention: usize, wide: (usize, usize), norms: (usize, usize)| {
        let config = AttentionConfig::new(1);
        let norm = |d| LayerNorm::zeros(d, 1e-5).unwrap();
        EncoderLayer::new(
            MultiHeadAttention::zeros(attention, config).unwrap(),
            FeedForward::new(linear(wide.0, 9), Activation::Relu, linear(9, wide.1)).unwrap(),
            Norms {
                attention: Some(norm(norms.0)),
                feed_forward: norm(norms.1),
                placement: NormPlacement::Post,
            },
        )
    };
    assert!(new(4, (4, 4), (4, 4)).is_ok());
    for (attention, wide, norms) in [
        (5, (4, 4), (4, 4)),
        (4, (5, 4), (4, 4)),
        (4, (4, 5), (4, 4)),
        (4, (4, 4), (5, 4)),
        (4, (4, 4), (4, 5)),
    ] {
        assert!(new(attention, wide, norms).is_err(), "{attention} {wide:?} {norms:?}");
    }
}

#[test]
fn the_pooler_looks_at_the_first_token_of_each_sequence_alone() {
    let (mut x, batch) = (rows(5, D, 3), Ragged::from_lengths([2, 3]));
    let pooler = pooler();
    let pool = |x: &Array2<f32>| {
        pooler.forward(Sequences { hidden: x.view(), sequences: &batch }).unwrap()
    };
    let before = pool(&x);
    assert_eq!(before.dim(), (2, D));
    x.row_mut(1).fill(9.0);
    x.row_mut(3).fill(9.0);
    assert_eq!(pool(&x), before);
    x.row_mut(2).fill(9.0);
    assert_eq!(pool(&x).row(0), before.row(0));
    assert_ne!(pool(&x).row(1), before.row(1));
}

#[test]
fn the_pooler_refuses_an_empty_sequence() {
    let (x, batch) = (rows(2, D, 3), Ragged::from_lengths([2, 0]));
    let refused = pooler().forward(Sequences { hidden: x.view(), sequences: &batch });
    assert_eq!(refused.unwrap_err(), Error::Empty { at: "Pooler::forward", sequence: 1 });
}

#[test]
fn a_stack_has_the_parameters_of_its_layers_by_number() {
    let stack = Stack::new(vec![layer(NormPlacement::Post), layer(NormPlacement::Post)]);
    let names: Vec<String> = lt_core::weights(&stack).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 2 * lt_core::weights(&stack.layers()[0]).len());
    assert_eq!(names[0], "0.attention.query.weight");
    assert!(names.iter().any(|name| name == "1.feed_forward_norm.bias"));
}

#[test]
fn what_training_drops_is_kept_with_the_layer() {
    let dropout = Dropout::new(0.25).unwrap();
    assert_eq!(layer(NormPlacement::Pre).dropout(), SublayerDropout::default());
    assert_eq!(layer(NormPlacement::Pre).with_dropout(dropout).dropout(), dropout.into());
}
