//! The derivatives against their forward passes.

#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_embedding::lt_core::{
    Backward, Module, Ragged, Result, Scratch, Train, Values, Weight, weights, zeros_like,
};
use lt_embedding::{
    Buckets, Embedding, PositionIds, Positions, RelativeBias, Rotary, RotaryInput, RotaryLayout,
    RotaryScaling, TextEmbeddings, TokenIds, YarnBorders,
};
use lt_laws::gradient::{self, Subject};
use lt_laws::sample::filled;
use lt_layers::{Dropout, LayerNorm};
use ndarray::Array2;

fn table(entries: usize, d: usize) -> Embedding {
    Embedding::new(Weight::zeros(&[entries, d])).unwrap()
}

lt_laws::conformance! {
    embedding: Embedding = table(5, 3);
    inputs: [];
    input: |_inputs| &[4, 1, 4, 0, 4][..];
    gradients: |grad| { let () = grad; vec![] };
    without_gradient: [];
    wrong: [];
}

/// Ids of which some occur twice, in one sequence and in two.
const IDS: [u32; 5] = [3, 1, 3, 0, 1];
const SEGMENTS: [u32; 5] = [0, 0, 1, 1, 0];

fn text(
    segment: Option<Embedding>,
    position: impl Into<Option<Positions>>,
    norm: impl Into<Option<LayerNorm>>,
) -> TextEmbeddings {
    TextEmbeddings::new(table(6, 4), segment, position, norm, Dropout::default()).unwrap()
}

fn positions(numbering: PositionIds) -> Positions {
    Positions::new(table(6, 4), numbering).unwrap()
}

fn norm() -> LayerNorm {
    LayerNorm::zeros(4, 0.1).unwrap()
}

fn two_and_three() -> Ragged {
    Ragged::from_lengths([2, 3])
}

lt_laws::conformance! {
    text_as_bert_has_it: TextEmbeddings =
        text(Some(table(2, 4)), positions(PositionIds::FromZero), norm());
    inputs: [];
    input: |_inputs| TokenIds::new(&IDS, &two_and_three()).segments(&SEGMENTS);
    gradients: |grad| { let () = grad; vec![] };
    without_gradient: [];
    wrong: [];
}

lt_laws::conformance! {
    text_as_roberta_has_it: TextEmbeddings =
        text(Some(table(2, 4)), positions(PositionIds::AfterPadding(1)), norm());
    inputs: [];
    // All of the first segment. Id 1 is padding, which has a position of its own.
    input: |_inputs| TokenIds::new(&IDS, &two_and_three());
    gradients: |grad| { let () = grad; vec![] };
    without_gradient: [];
    wrong: [];
}

lt_laws::conformance! {
    scaled_text_that_goes_on: TextEmbeddings =
        text(None, positions(PositionIds::FromZero), None).with_scale(2.0);
    inputs: [];
    input: |_inputs| TokenIds::new(&IDS, &two_and_three()).before(&[1, 3]);
    gradients: |grad| { let () = grad; vec![] };
    without_gradient: [];
    wrong: [];
}

lt_laws::conformance! {
    text_as_modernbert_has_it: TextEmbeddings = text(None, None, norm());
    inputs: [];
    input: |_inputs| TokenIds::new(&IDS, &two_and_three());
    gradients: |grad| { let () = grad; vec![] };
    without_gradient: [];
    wrong: [];
}

lt_laws::conformance! {
    relative_bias: RelativeBias =
        // Two rows more than buckets.
        RelativeBias::new(table(10, 3), Buckets::new(8, 16).unwrap()).unwrap();
    inputs: [];
    input: |_inputs| ();
    gradients: |grad| { let () = grad; vec![] };
    without_gradient: [];
    wrong: [];
}

/// Whose rows are longer by a fifth.
fn yarn() -> Rotary {
    let scaling = RotaryScaling::Yarn {
        factor: 4.0,
        original: 64,
        beta_fast: 32.0,
        beta_slow: 1.0,
        borders: YarnBorders::Whole,
        attention_factor: 1.2,
    };
    Rotary::new(16, 10_000.0, RotaryLayout::Halves).unwrap().with_scaling(scaling).unwrap()
}

fn rotary_of(width: usize, layout: RotaryLayout) -> Rotary {
    Rotary::new(width, 100.0, layout).unwrap()
}

lt_laws::conformance! {
    halves: Rotary = rotary_of(4, RotaryLayout::Halves);
    inputs: [[5, 8]];
    input: |inputs| RotaryInput::new(inputs[0].view(), &Ragged::from_lengths([2, 3]));
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 6]], [[4, 8]]];
}

lt_laws::conformance! {
    interleaved: Rotary = rotary_of(4, RotaryLayout::Interleaved);
    inputs: [[5, 8]];
    input: |inputs| RotaryInput::new(inputs[0].view(), &Ragged::from_lengths([2, 3]));
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 6]], [[4, 8]]];
}

lt_laws::conformance! {
    yarn_is_longer: Rotary = yarn();
    inputs: [[5, 16]];
    input: |inputs| RotaryInput::new(inputs[0].view(), &Ragged::from_lengths([2, 3])).before(&[7, 0]);
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 6]], [[4, 16]]];
}

#[test]
fn only_rows_of_ids_that_occur_are_stored() {
    let layer = filled(text(None, positions(PositionIds::FromZero), norm()), 1);
    let (batch, mut grads) = (two_and_three(), zeros_like(&layer));
    let input = TokenIds::new(&IDS, &batch);
    let (output, cache) = layer.forward_cached(input, &mut Train::default()).unwrap();
    layer.backward(input, &cache, &output, &mut grads, &mut Scratch::new()).unwrap();
    let stored = |weight: &Weight| match weight.values() {
        Values::Rows(rows) => rows.iter().map(|(row, _)| row).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(stored(grads.token().weight()), [0, 1, 3]);
    assert_eq!(stored(grads.position().unwrap().table().weight()), [0, 1, 2]);
}

/// A table that is both the first and the last layer: the slope of x·Tᵀ of the rows it gave.
#[test]
fn a_tied_table_gets_both_shares() {
    fn forward(table: &Embedding, inputs: &[Array2<f32>]) -> Result<Array2<f32>> {
        let x = &inputs[0] + &table.forward(&IDS)?;
        Ok(x.dot(&table.weight().matrix().t()))
    }
    gradient::backward_is_the_slope(&Subject {
        layer: || table(6, 4),
        inputs: vec![[5, 4]],
        without_gradient: vec![],
        wrong: vec![],
        forward,
        forward_in: |table, inputs, _| forward(table, inputs),
        forward_cached: forward,
        backward: |table, inputs, d_output, grads, scratch| {
            let x = &inputs[0] + &table.forward(&IDS)?;
            let d_x = table.scores_backward(x.view(), d_output.view(), grads, scratch)?;
            table.backward(&IDS[..], &(), &d_x, grads, scratch)?;
            Ok(vec![d_x])
        },
    });
    let (table, scratch) = (table(6, 4), &mut Scratch::new());
    let mut grads = zeros_like(&table);
    for (x, d) in [([5, 3], [5, 6]), ([5, 4], [4, 6]), ([5, 4], [5, 7])] {
        let (x, d) = (Array2::zeros(x), Array2::zeros(d));
        assert!(table.scores_backward(x.view(), d.view(), &mut grads, scratch).is_err());
    }
}

/// What is dropped in the forward pass sends nothing back.
#[test]
fn dropped_numbers_send_nothing_back() {
    let dropout = Dropout::new(0.5).unwrap();
    let layer = TextEmbeddings::new(table(6, 4), None, None, None, dropout).unwrap();
    let (layer, batch) = (filled(layer, 1), Ragged::single(2));
    let input = TokenIds::new(&[2, 5], &batch);
    let (output, cache) = layer.forward_cached(input, &mut Train::new(1, 1)).unwrap();
    let mut grads = zeros_like(&layer);
    let d_output = Array2::ones((2, 4));
    layer.backward(input, &cache, &d_output, &mut grads, &mut Scratch::new()).unwrap();
    let gradient = grads.token().weight().matrix();
    for (row, id) in [2, 5].into_iter().enumerate() {
        for column in 0..4 {
            let expected = if output[[row, column]] == 0.0 { 0.0 } else { 2.0 }; // 1 / (1 − 0.5)
            assert_eq!(gradient[[id, column]], expected);
        }
    }
    assert!(output.iter().any(|&x| x == 0.0) && output.iter().any(|&x| x != 0.0));
    assert_eq!(weights(&grads).len(), 1);
}
