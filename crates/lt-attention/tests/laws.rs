//! Attention under its laws, and the defects D1, D2, D3, D6 and D8 of the course it starts from.

#![allow(clippy::unwrap_used)] // what fails here is the test

#[path = "laws/positions.rs"]
mod positions;

use lt_attention::lt_core::{self, Mask, Module, Ragged, Scratch, Weight};
use lt_attention::{
    AttentionConfig, AttentionInput, HiddenStates, MultiHeadAttention, Projections,
    ScaledDotProduct,
};
use lt_laws::attention::Inputs;
use lt_laws::sample::{filled, rows};
use lt_laws::{Batch, attention, encoder, multi_head, same_bits};
use lt_layers::Linear;
use ndarray::{Array2, Axis, array};

fn input(inputs: Inputs<'_>) -> AttentionInput<'_> {
    let Inputs { query, key, value, queries, keys, mask } = inputs;
    AttentionInput::new(query, key, value, queries).keys(keys).mask(mask)
}

fn states(batch: Batch<'_>) -> HiddenStates<'_> {
    HiddenStates::new(batch.rows, batch.sequences).mask(batch.mask)
}

fn plain(inputs: Inputs<'_>) -> lt_core::Result<Array2<f32>> {
    ScaledDotProduct::new(1)?.forward(input(inputs))
}

fn config(heads: usize) -> AttentionConfig {
    AttentionConfig::new(heads)
}

/// Multi-head attention whose projections are all the identity.
fn identity(d: usize) -> MultiHeadAttention {
    let identity = || {
        let numbers = Array2::<f32>::eye(d).into_raw_vec_and_offset().0;
        Linear::new(Weight::new(&[d, d], numbers).unwrap(), None).unwrap()
    };
    let (query, key, value, output) = (identity(), identity(), identity(), identity());
    MultiHeadAttention::new(Projections { query, key, value, output }, config(1)).unwrap()
}

fn multi_head() -> MultiHeadAttention {
    filled(MultiHeadAttention::zeros(6, config(3)).unwrap(), 1)
}

#[test]
fn scaled_dot_product_attention_obeys_its_laws() {
    attention::all(plain);
}

#[test]
fn one_head_with_identity_projections_is_plain_attention() {
    multi_head::one_head_is_plain_attention(
        |batch| identity(batch.rows.ncols()).forward(states(batch)),
        plain,
    );
    multi_head::one_cross_head_is_plain_attention(
        |inputs| {
            let Inputs { query, key, queries, keys, mask, .. } = inputs;
            identity(query.ncols())
                .forward(HiddenStates::new(query, queries).mask(mask).attending_to(key, keys))
        },
        plain,
    );
}

/// D6: the course's code divided without asking.
#[test]
fn heads_that_do_not_divide_the_width_are_refused() {
    multi_head::heads_divide_the_width(|d, heads| MultiHeadAttention::zeros(d, config(heads)));
}

#[test]
fn the_same_rows_have_the_same_bits_on_every_path() {
    let layer = multi_head();
    same_bits::same_rows_same_bits(
        6,
        |batch| layer.forward(states(batch)),
        |batch, scratch| layer.forward_in(states(batch), scratch),
    );
}

#[test]
fn self_attention_obeys_the_laws_of_masks() {
    let layer = multi_head();
    encoder::masks_are_obeyed(6, |batch| layer.forward(states(batch)));
    encoder::order_is_not_seen_without_positions(6, |batch| layer.forward(states(batch)));
}

/// D1: a wholly masked row was 0/0 after one layer, and every row NaN after two.
#[test]
fn a_token_that_may_look_at_nothing_spoils_no_other() {
    let layer = multi_head();
    let blind = Mask::custom(|place| place.query != 2 && place.key != 2);
    let (batch, x) = (Ragged::single(4), rows(4, 6, 2));
    let run = |hidden: &Array2<f32>| {
        let hidden = hidden.view();
        layer.forward(HiddenStates::new(hidden, &batch).mask(&blind)).unwrap()
    };
    let once = run(&x);
    // Zeros from every head: what is left is the output bias.
    let bias = lt_core::weights(&layer).into_iter().find(|(name, _)| name == "output.bias");
    assert_eq!(once.row(2), bias.unwrap().1.vector());
    assert!(run(&once).iter().all(|value| value.is_finite()));
}

/// D2: a mask of queries and keys replaced the causal one. Here masks are joined.
#[test]
fn a_causal_mask_survives_being_joined_with_another() {
    let (batch, x) = (Ragged::single(3), rows(3, 6, 2));
    let run =
        |mask: &Mask| multi_head().weights(HiddenStates::new(x.view(), &batch).mask(mask)).unwrap();
    let both = run(&(Mask::causal() & Mask::custom(|place| place.key != 0)));
    for ((_, query, key), &weight) in both[0].indexed_iter() {
        assert_eq!(weight != 0.0, key <= query && key != 0, "query {query}, key {key}");
    }
    assert_ne!(both, run(&Mask::causal()));
}

/// D3: a mask of the shape of the ids was broadcast over queries without a word.
#[test]
fn a_mask_made_for_another_batch_is_refused() {
    let (batch, x) = (Ragged::from_lengths([2, 2]), rows(4, 6, 2));
    let run = |tables| {
        let mask = Mask::table(tables);
        multi_head().forward(HiddenStates::new(x.view(), &batch).mask(&mask))
    };
    let table = |rows, columns| Array2::from_elem((rows, columns), true);
    assert!(run(vec![table(2, 2), table(2, 2)]).is_ok());
    assert!(run(vec![table(2, 2)]).is_err());
    assert!(run(vec![table(2, 2), table(1, 2)]).is_err());
    assert!(run(vec![table(2, 2), table(2, 3)]).is_err());
}

/// D8: no weights came out of the course's attention, and nothing was dropped from them.
#[test]
fn the_weights_that_come_out_are_those_that_were_used() {
    let layer = identity(4);
    let (batch, x) = (Ragged::from_lengths([3, 2]), rows(5, 4, 2));
    let mask = Mask::causal();
    let input = HiddenStates::new(x.view(), &batch).mask(&mask);
    let weights = layer.weights(input).unwrap();
    assert_eq!(
        weights.iter().map(ndarray::ArrayBase::dim).collect::<Vec<_>>(),
        [(1, 3, 3), (1, 2, 2)]
    );
    let output = layer.forward(input).unwrap();
    for (weights, range) in weights.iter().zip(batch.ranges()) {
        let values = x.slice(ndarray::s![range.clone(), ..]);
        let average = weights.index_axis(Axis(0), 0).dot(&values);
        for (got, expected) in average.iter().zip(output.slice(ndarray::s![range, ..])) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }
}

#[test]
fn the_weights_of_cross_attention_have_one_column_per_key() {
    let (queries, keys) = (Ragged::from_lengths([1, 2]), Ragged::from_lengths([4, 3]));
    let (x, memory, mask) = (rows(3, 6, 2), rows(7, 6, 3), Mask::all());
    let weights = multi_head().cross_weights(
        HiddenStates::new(x.view(), &queries).mask(&mask).attending_to(memory.view(), &keys),
    );
    let shapes: Vec<_> = weights.unwrap().iter().map(ndarray::ArrayBase::dim).collect();
    assert_eq!(shapes, [(3, 1, 4), (3, 2, 3)]);
}

#[test]
fn a_query_that_matches_one_key_far_better_gets_its_value() {
    let (query, key) = (array![[100.0]], array![[1.0], [-1.0]]);
    let value = array![[3.0], [5.0]];
    let output = ScaledDotProduct::new(1).unwrap().forward(
        AttentionInput::new(query.view(), key.view(), value.view(), &Ragged::single(1))
            .keys(&Ragged::single(2)),
    );
    assert_eq!(output.unwrap(), array![[3.0]]);
}

#[test]
fn attention_refuses_arrays_that_do_not_fit() {
    let run = |heads: usize, shapes: [(usize, usize); 3], queries: &[usize], keys: &[usize]| {
        let [query, key, value] = shapes.map(|(r, c)| rows(r, c, 1));
        ScaledDotProduct::new(heads)?.forward(
            AttentionInput::new(
                query.view(),
                key.view(),
                value.view(),
                &Ragged::from_lengths(queries.iter().copied()),
            )
            .keys(&Ragged::from_lengths(keys.iter().copied())),
        )
    };
    let fitting = [(2, 4), (3, 4), (3, 6)];
    assert_eq!(run(2, fitting, &[2], &[3]).unwrap().dim(), (2, 6));
    for (heads, shapes, queries, keys) in [
        (0, fitting, &[2][..], &[3][..]),
        (3, fitting, &[2], &[3]),                  // 3 heads, 4 columns
        (2, [(2, 4), (3, 4), (3, 5)], &[2], &[3]), // 2 heads, 5 columns of values
        (2, [(2, 4), (3, 2), (3, 6)], &[2], &[3]), // keys narrower than queries
        (2, [(2, 4), (3, 4), (2, 6)], &[2], &[3]), // fewer values than keys
        (2, fitting, &[3], &[3]),
        (2, fitting, &[2], &[2]),
        (2, fitting, &[1, 1], &[3]), // two sequences look at one
    ] {
        assert!(
            run(heads, shapes, queries, keys).is_err(),
            "{heads} {shapes:?} {queries:?} {keys:?}"
        );
    }
}

#[test]
fn multi_head_attention_refuses_projections_that_do_not_fit() {
    let new = |[query, key, value, output]: [(usize, usize); 4]| {
        let linear = |(inputs, outputs)| Linear::zeros(inputs, outputs).unwrap();
        let (query, key, value, output) =
            (linear(query), linear(key), linear(value), linear(output));
        MultiHeadAttention::new(Projections { query, key, value, output }, config(2))
    };
    let layer = new([(3, 4), (5, 4), (5, 6), (6, 7)]).unwrap();
    assert_eq!((layer.width(), layer.output_width(), layer.config()), (3, 7, config(2)));
    assert!(new([(3, 4), (5, 6), (5, 6), (6, 7)]).is_err()); // keys of another width than queries
    assert!(new([(3, 4), (4, 4), (5, 6), (6, 7)]).is_err()); // keys and values of two memories
    assert!(new([(3, 4), (5, 4), (5, 6), (4, 7)]).is_err()); // W^O of another width than the heads
    assert!(new([(3, 3), (5, 3), (5, 6), (6, 7)]).is_err()); // two heads in three columns
    assert!(new([(3, 4), (5, 4), (5, 5), (5, 7)]).is_err()); // two heads in five columns of values
}

#[test]
fn multi_head_attention_refuses_rows_that_do_not_fit() {
    let layer = multi_head();
    let refused = |tokens: usize, width: usize, lengths: &[usize]| {
        let (x, mask) = (rows(tokens, width, 1), Mask::all());
        let sequences = Ragged::from_lengths(lengths.iter().copied());
        let input = HiddenStates::new(x.view(), &sequences).mask(&mask);
        layer.forward(input).map_err(|error| error.to_string())
    };
    assert!(refused(3, 6, &[1, 2]).is_ok());
    assert_eq!(
        refused(3, 7, &[3]).unwrap_err(),
        "`MultiHeadAttention::forward`: expected [tokens, 6], got [3, 7]"
    );
    assert_eq!(
        refused(3, 6, &[2]).unwrap_err(),
        "`MultiHeadAttention::forward`: expected [2, d], got [3, d]"
    );
}

#[test]
fn other_rows_keep_the_sequences_and_the_mask() {
    let (batch, mask) = (Ragged::single(2), Mask::causal());
    let (x, y) = (rows(2, 3, 1), rows(2, 3, 2));
    let input = HiddenStates::new(x.view(), &batch).mask(&mask);
    let other = input.with(y.view());
    assert_eq!((other.hidden, other.sequences), (y.view(), &batch));
    assert_eq!(format!("{:?}", other.mask), "Mask(causal)");
}

/// Queries, keys, values and the heads' output are all taken from the scratch and given back.
#[test]
fn a_second_pass_finds_every_buffer_it_needs() {
    let (layer, batch, x) = (multi_head(), Ragged::single(5), rows(5, 6, 2));
    let scratch = &mut Scratch::new();
    let mut kept = || {
        let output = layer.forward_in(HiddenStates::new(x.view(), &batch), scratch).unwrap();
        scratch.give(output);
        scratch.kept()
    };
    let once = kept();
    assert!(once >= 3, "{once}");
    assert_eq!(kept(), once);
}
