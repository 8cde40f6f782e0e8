//! What layers share: their parameters, as in ALBERT, and the numbers of distances, as in `MPNet`.

use lt_attention::lt_core::Weight;
use lt_embedding::{Buckets, Embedding, RelativeBias};
use lt_encoder::lt_core::{Module, Ragged, Scratch, weights};
use lt_encoder::{Encoder, HiddenStates, NormPlacement, Stack};
use lt_laws::sample::{filled, rows, weight};
use lt_laws::{encoder, same_bits};

use super::{D, layer, states};

const POST: NormPlacement = NormPlacement::Post;

/// Three groups of two layers, of which the second runs twice and the last never.
fn groups() -> Encoder {
    let group = || vec![layer(POST), layer(POST)];
    let stack = Stack::of_groups(vec![group(), group(), group()], vec![0, 1, 1]).unwrap();
    filled(Encoder::of_stack(stack, None), 1)
}

#[test]
fn a_group_runs_as_often_as_the_order_says() {
    let (encoder, x, batch) = (groups(), rows(5, D, 3), Ragged::from_lengths([2, 3]));
    let input = HiddenStates::new(x.view(), &batch);
    let run: Vec<_> = [0, 1, 2, 3, 2, 3].map(|n| encoder.layers()[n].clone()).into();
    let unrolled = Encoder::new(run, None);
    let output = encoder.forward(input).unwrap();
    assert_eq!(output, unrolled.forward(input).unwrap());

    let trace = encoder.trace(input, &mut Scratch::new()).unwrap();
    let expected = unrolled.trace(input, &mut Scratch::new()).unwrap();
    assert_eq!(trace.hidden_states, expected.hidden_states);
    assert_eq!(trace.attentions, expected.attentions);
    assert_eq!(trace.attentions.len(), 6);
    assert_eq!(trace.hidden_states.last(), Some(&output));
}

#[test]
fn a_group_has_its_parameters_once_by_two_numbers() {
    let encoder = groups();
    let names: Vec<String> = weights(&encoder).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 6 * weights(&layer(POST)).len());
    assert_eq!(names[0], "layers.0.0.attention.query.weight");
    assert!(names.iter().any(|name| name == "layers.2.1.feed_forward_norm.bias"));
}

#[test]
fn groups_that_do_not_fit_are_refused() {
    let refusal = |groups: Vec<Vec<u8>>, order: Vec<usize>| {
        Stack::of_groups(groups, order).unwrap_err().to_string()
    };
    let error = refusal(vec![vec![1, 2], vec![3]], vec![0]);
    assert!(error.contains("is 1, expected 2, as in the first"), "{error}");
    let error = refusal(vec![vec![1], vec![2]], vec![0, 2]);
    assert!(error.contains("order is 2, expected less than 2 groups"), "{error}");
    assert_eq!(Stack::<u8>::of_groups(vec![], vec![]).unwrap().running().count(), 0);
}

fn relative() -> RelativeBias {
    let table = Embedding::new(weight(&[8, 2], 5)).unwrap();
    RelativeBias::new(table, Buckets::new(8, 16).unwrap()).unwrap()
}

fn with_relative() -> Encoder {
    let encoder = Encoder::new(vec![layer(POST), layer(POST)], None);
    filled(encoder.with_relative(relative()).unwrap(), 1)
}

#[test]
fn with_numbers_for_distances_order_is_seen_and_a_shift_is_not() {
    let encoder = with_relative();
    encoder::order_is_seen_with_positions(D, |batch| encoder.forward(states(batch)));
    encoder::a_shift_changes_nothing(D, |batch| encoder.forward(states(batch)));
    encoder::masks_are_obeyed(D, |batch| encoder.forward(states(batch)));
    same_bits::same_rows_same_bits(
        D,
        |batch| encoder.forward(states(batch)),
        |batch, scratch| encoder.forward_in(states(batch), scratch),
    );
}

/// The weights are e^(score + number), so that those with and without the numbers have the ratio
/// of e^number.
#[test]
fn each_layer_adds_the_number_of_the_distance_to_the_score() {
    let (encoder, x, batch) = (with_relative(), rows(30, D, 3), Ragged::from_lengths([1, 29]));
    let input = HiddenStates::new(x.view(), &batch);
    let biased = &encoder.trace(input, &mut Scratch::new()).unwrap().attentions[0];
    let plain = encoder.layers()[0].attention_weights(input).unwrap();
    let relative = encoder.relative().unwrap();
    for (biased, plain) in biased.iter().zip(&plain) {
        for ((head, query, key), weight) in biased.indexed_iter() {
            let number = |key: usize| {
                let bucket = relative.buckets().of(key as isize - query as isize);
                relative.table().weight().matrix()[[bucket, head]]
            };
            let ratio =
                |key: usize, weight: f32| weight / plain[[head, query, key]] / number(key).exp();
            let itself = ratio(query, biased[[head, query, query]]);
            assert!((ratio(key, *weight) / itself - 1.0).abs() < 1e-5, "{head} {query} {key}");
        }
    }
}

#[test]
fn numbers_for_another_number_of_heads_are_refused() {
    let table = Embedding::new(Weight::zeros(&[8, 3])).unwrap();
    let three = RelativeBias::new(table, Buckets::new(8, 16).unwrap()).unwrap();
    let error = Encoder::new(vec![layer(POST)], None).with_relative(three).unwrap_err();
    assert!(error.to_string().contains("relative.heads is 3, expected 2"), "{error}");
}
