//! The kernels under the laws of softmax and attention.

use lt_core::{Mask, Ragged, Scratch};
use lt_kernels::{
    Attention, Gain, LayerNorm, Norm, RmsNorm, RootMeanSquare, attention, layer_norm, reference,
    rms_norm, softmax,
};
use lt_laws::attention::Inputs;
use ndarray::{Array2, ArrayView2};

fn problem<'a>(inputs: &Inputs<'a>) -> Attention<'a> {
    let Inputs { query, key, value, queries, keys, mask } = *inputs;
    Attention::new(query, key, value, queries, 1).keys(keys).mask(mask)
}

/// All laws of attention but one: whether a mask fits the batch is asked by the layer above.
fn hold(attention: impl Fn(&Attention<'_>) -> Array2<f32>) {
    let attention = |inputs: Inputs<'_>| attention(&problem(&inputs));
    lt_laws::attention::agrees_with_its_definition(attention);
    lt_laws::attention::output_lies_among_the_values(attention);
    lt_laws::attention::order_of_keys_does_not_matter(attention);
    lt_laws::attention::output_follows_the_queries(attention);
    lt_laws::attention::a_hidden_key_may_hold_anything(attention);
    lt_laws::attention::a_query_without_keys_gets_zeros(attention);
    lt_laws::attention::masks_intersect(attention);
    // Attention has a softmax of its own.
    lt_laws::softmax::all(|scores| probabilities(scores, attention));
}

/// Softmax as attention computes it: a query of 1 for each row, its scores as keys of width 1, and
/// values of which each is a column of the identity.
fn probabilities(
    scores: ArrayView2<'_, f32>,
    attention: impl Fn(Inputs<'_>) -> Array2<f32>,
) -> Array2<f32> {
    let (rows, width) = scores.dim();
    let query = Array2::ones((rows, 1));
    let key = Array2::from_shape_fn((rows * width, 1), |(i, _)| scores[[i / width, i % width]]);
    let value = Array2::from_shape_fn((rows * width, width), |(i, j)| f32::from(i % width == j));
    let queries = Ragged::from_lengths(std::iter::repeat_n(1, rows));
    let keys = Ragged::from_lengths(std::iter::repeat_n(width, rows));
    attention(Inputs {
        query: query.view(),
        key: key.view(),
        value: value.view(),
        queries: &queries,
        keys: &keys,
        mask: &Mask::all(),
    })
}

#[test]
fn softmax_obeys_its_laws() {
    lt_laws::softmax::all(|rows: ArrayView2<'_, f32>| {
        let mut rows = rows.to_owned();
        softmax(rows.view_mut());
        rows
    });
}

#[test]
fn the_reference_softmax_obeys_its_laws() {
    lt_laws::softmax::all(|rows: ArrayView2<'_, f32>| {
        let probabilities = rows.rows().into_iter().flat_map(reference::softmax).collect();
        Array2::from_shape_vec(rows.raw_dim(), probabilities)
    });
}

#[test]
fn attention_obeys_its_laws() {
    hold(|problem| attention(problem, &mut Scratch::new()));
}

#[test]
fn the_reference_attention_obeys_its_laws() {
    hold(reference::attention);
}

#[test]
fn layer_norm_obeys_its_laws() {
    let unit =
        |x: ArrayView2<'_, f32>, epsilon: f32, run: &dyn Fn(&LayerNorm<'_>) -> Array2<f32>| {
            let d = x.ncols();
            let gain = lt_core::Weight::new(&[d], vec![1.0; d]).unwrap();
            run(&LayerNorm::new(x, Norm::new(&gain, epsilon)))
        };
    lt_laws::layer_norm::all(|x, epsilon| {
        unit(x, epsilon, &|problem| layer_norm(problem, &mut Scratch::new()))
    });
    lt_laws::layer_norm::all(|x, epsilon| unit(x, epsilon, &reference::layer_norm));
}

#[test]
fn rms_norm_obeys_its_laws() {
    type Run = dyn Fn(&RmsNorm<'_>) -> Array2<f32>;
    let with = |x: ArrayView2<'_, f32>, weight: Vec<f32>, gain, epsilon, run: &Run| {
        let weight = lt_core::Weight::new(&[weight.len()], weight).unwrap();
        run(&RmsNorm::new(x, RootMeanSquare::new(&weight, epsilon).gain(gain)))
    };
    let fast = |problem: &RmsNorm<'_>| rms_norm(problem, &mut Scratch::new());
    for run in [&fast as &Run, &reference::rms_norm] {
        lt_laws::rms_norm::all(|x, epsilon| {
            with(x, vec![1.0; x.ncols()], Gain::Weight, epsilon, run)
        });
        lt_laws::rms_norm::one_is_added_to_the_weight(
            |x, weight| with(x, weight.to_vec(), Gain::Weight, 1e-5, run),
            |x, weight| with(x, weight.to_vec(), Gain::OnePlusWeight, 1e-5, run),
        );
        lt_laws::rms_norm::heads_stand_alone(|x, width| {
            with(x, vec![0.5; width], Gain::Weight, 1e-5, run)
        });
    }
}
