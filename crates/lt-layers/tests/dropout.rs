//! What dropout drops.

#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_layers::Dropout;
use lt_layers::lt_core::{Ragged, Train};
use ndarray::Array2;

/// What is left of ones.
fn dropped(rows: usize, rate: f32, train: &mut Train) -> Array2<f32> {
    let mut ones = Array2::ones((rows, 50));
    Dropout::new(rate).unwrap().apply(&mut ones, train);
    ones
}

#[test]
fn dropout_at_rate_zero_touches_nothing() {
    assert_eq!(dropped(3, 0.0, &mut Train::new(1, 0)), Array2::<f32>::ones((3, 50)));
}

#[test]
fn what_is_dropped_depends_on_seed_step_and_place_alone() {
    let first = dropped(3, 0.5, &mut Train::new(1, 2));
    assert_eq!(dropped(3, 0.5, &mut Train::new(1, 2)), first);
    assert_ne!(dropped(3, 0.5, &mut Train::new(2, 2)), first);
    assert_ne!(dropped(3, 0.5, &mut Train::new(1, 3)), first);
    let mut train = Train::new(1, 2);
    assert_eq!(dropped(3, 0.5, &mut train), first);
    assert_ne!(dropped(3, 0.5, &mut train), first); // the next place in the network
}

/// A run must be repeatable on every machine and in every later version. What is kept here was
/// computed by another program from the definition: SplitMix64 folded over seed, step, place and
/// token, then 32 bits of that and the column, compared with the rate.
#[test]
fn what_is_dropped_is_the_same_for_all_time() {
    let kept = |token: u64, place: usize| {
        let train = &mut Train::new(7, 2).with_sequences(0, &Ragged::single(2));
        for _ in 0..place {
            train.next_site();
        }
        let mut rows = Array2::from_elem((2, 16), 3.0);
        Dropout::new(0.5).unwrap().apply(&mut rows, train);
        let row = rows.row(token as usize).to_vec();
        assert!(row.iter().all(|&x| x == 0.0 || x == 6.0), "{row:?}"); // 3 / (1 − 0.5)
        row.iter().map(|&x| u8::from(x != 0.0)).collect::<Vec<_>>()
    };
    assert_eq!(kept(0, 0), [0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0]);
    assert_eq!(kept(1, 0), [0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1]);
    assert_eq!(kept(0, 1), [0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1]);
    let mut rows = Array2::from_elem((1, 64), 3.0);
    Dropout::new(0.25).unwrap().apply(&mut rows, &mut Train::new(1, 1));
    assert!(rows.iter().all(|&x| x == 0.0 || x == 4.0)); // 3 / 0.75
}

#[test]
fn a_token_is_dropped_from_alike_in_every_batch() {
    let batch = |first, lengths: &[usize]| {
        let sequences = Ragged::from_lengths(lengths.iter().copied());
        dropped(sequences.tokens(), 0.5, &mut Train::new(1, 0).with_sequences(first, &sequences))
    };
    let both = batch(4, &[2, 3]);
    assert_eq!(batch(5, &[3]), both.slice(ndarray::s![2.., ..]));
    assert_ne!(batch(6, &[3]), both.slice(ndarray::s![2.., ..]));
    assert_ne!(both.row(0), both.row(1));
}

#[test]
fn dropping_again_drops_the_same() {
    let mut rows = Array2::ones((4, 30));
    let dropped = Dropout::new(0.3).unwrap().apply(&mut rows, &mut Train::new(9, 9));
    let mut gradient = Array2::ones((4, 30));
    dropped.apply(0, gradient.view_mut());
    assert_eq!(gradient, rows);
    let mut last_two = Array2::ones((2, 30));
    dropped.apply(2, last_two.view_mut());
    assert_eq!(last_two, rows.slice(ndarray::s![2.., ..]));
}
