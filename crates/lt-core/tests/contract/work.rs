//! Scratch, threads, training passes, boxed modules and messages.

use std::sync::Arc;

use lt_core::{
    Error, Module, Ragged, Result, Scratch, Shape, Threads, Train, Workers, check_columns,
    check_shape, shape,
};
use ndarray::{Array2, array};

#[test]
fn an_array_given_back_is_taken_again_and_is_zero() {
    let mut scratch = Scratch::new();
    let mut rows = scratch.take(4, 4);
    rows.fill(7.0);
    let address = rows.as_ptr();
    scratch.give(rows);
    let again = scratch.take(3, 5);
    assert_eq!((again.as_ptr(), again.sum(), again.dim()), (address, 0.0, (3, 5)));
}

#[test]
fn the_smallest_array_that_fits_is_taken() {
    let mut scratch = Scratch::new();
    let (small, large) = (scratch.take(1, 4), scratch.take(1, 40));
    let addresses = (small.as_ptr(), large.as_ptr());
    scratch.give(large);
    scratch.give(small);
    let taken = (scratch.take(1, 3), scratch.take(1, 5), scratch.take(1, 40));
    assert_eq!((taken.0.as_ptr(), taken.1.as_ptr()), addresses);
    assert_ne!(taken.2.as_ptr(), addresses.1);
}

#[test]
fn an_empty_array_is_no_array_to_keep() {
    let mut scratch = Scratch::new();
    scratch.give(Array2::zeros((0, 3)));
    assert_eq!(scratch.take(0, 3).dim(), (0, 3));
    assert_eq!(scratch.take(2, 2).sum(), 0.0);
}

#[test]
fn what_is_kept_is_no_more_than_what_was_out_at_once() {
    // Batches of rising size: each grows the one buffer.
    let mut scratch = Scratch::new();
    for rows in 1..=100 {
        let taken = scratch.take(rows, 4);
        scratch.give(taken);
    }
    assert_eq!(scratch.kept(), 1);
    // A layer that allocates its own output, which a stack of such layers gives back.
    let mut hidden = scratch.take(3, 4);
    for _ in 0..100 {
        scratch.give(std::mem::replace(&mut hidden, Array2::zeros((3, 4))));
    }
    scratch.give(hidden);
    assert_eq!(scratch.kept(), 1);
    // Outputs that stay with the caller, and arrays from elsewhere.
    let mut longer = Scratch::new();
    for _ in 0..100 {
        drop(longer.take(1, 1));
        longer.give(Array2::zeros((3, 4)));
        longer.give(Array2::zeros((3, 4)));
    }
    assert!(longer.kept() <= 32, "{}", longer.kept());
    // Two at once.
    let (one, other) = (scratch.take(1, 1), scratch.take(1, 1));
    assert_eq!(scratch.kept(), 0);
    scratch.give(one);
    scratch.give(other);
    assert_eq!(scratch.kept(), 2);
    let two = scratch.with(Threads::with(Arc::new(Two)));
    assert_eq!((two.kept(), two.threads().count()), (2, 2));
}

struct Two;
impl Workers for Two {
    fn count(&self) -> usize {
        2
    }
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..tasks).rev().for_each(task); // any order will do
    }
}

#[test]
fn threads_are_those_that_were_lent() {
    let order = |threads: &Threads, tasks| {
        let seen = std::sync::Mutex::new(Vec::new());
        threads.run(tasks, &|task| seen.lock().unwrap().push(task));
        seen.into_inner().unwrap()
    };
    let two = Threads::with(Arc::new(Two));
    assert_eq!((two.count(), Threads::single().count()), (2, 1));
    assert_eq!((order(&two, 3), order(&Threads::single(), 3)), (vec![2, 1, 0], vec![0, 1, 2]));
    assert_eq!((order(&two, 1), order(&two, 0)), (vec![0], vec![]));
    assert_eq!(format!("{two:?}"), "Threads(2)");
    assert_eq!(Scratch::with_threads(two).threads().count(), 2);
}

#[test]
fn a_training_pass_numbers_its_places_and_knows_its_rows() {
    let mut train = Train::new(7, 3);
    assert_eq!(train.seed_and_step(), (7, 3));
    assert_eq!([train.next_site(), train.next_site(), train.next_site()], [0, 1, 2]);
    assert_eq!([train.row_key(0), train.row_key(5)], [0, 5]);
    let train = train.with_sequences(10, &Ragged::from_lengths([2, 1]));
    let keys = [0, 1, 2].map(|row| train.row_key(row));
    assert_eq!(keys, [10 << 32, (10 << 32) | 1, 11 << 32]);
}

struct Double;
impl Module<f32> for Double {
    type Output = f32;
    fn forward(&self, x: f32) -> Result<f32> {
        Ok(2.0 * x)
    }
}

struct Reuse;
impl Module<f32> for Reuse {
    type Output = f32;
    fn forward(&self, x: f32) -> Result<f32> {
        self.forward_in(x, &mut Scratch::new())
    }
    fn forward_in(&self, x: f32, scratch: &mut Scratch) -> Result<f32> {
        Ok(x + scratch.threads().count() as f32)
    }
}

#[test]
fn a_module_behind_a_reference_or_a_box_is_the_module() {
    let scratch = &mut Scratch::with_threads(Threads::with(Arc::new(Two)));
    assert_eq!((Double.forward(3.0), Double.forward_in(3.0, scratch)), (Ok(6.0), Ok(6.0)));
    let boxed: Box<dyn Module<f32, Output = f32>> = Box::new(Reuse);
    let by_reference: &dyn Module<f32, Output = f32> = &Reuse;
    for module in [&boxed as &dyn Module<f32, Output = f32>, &by_reference] {
        assert_eq!((module.forward(1.0), module.forward_in(1.0, scratch)), (Ok(2.0), Ok(3.0)));
    }
}

#[test]
fn messages_say_what_was_expected_and_what_came() {
    let at = "Embedding::forward";
    for (error, message) in [
        (
            Error::Index { at, what: "token id", index: 30522, row: 4, len: 30522 },
            "`Embedding::forward`: token id 30522 at row 4 is out of range: expected less than 30522; \
             was the text tokenised with this model's own tokenizer?",
        ),
        (
            Error::TooLong { at, sequence: 1, length: 600, limit: 512 },
            "`Embedding::forward`: sequence 1 has 600 tokens, expected at most 512: truncate it or split it",
        ),
        (
            Error::Empty { at, sequence: 0 },
            "`Embedding::forward`: sequence 0 is empty, expected at least one token: leave it out",
        ),
        (
            Error::Config { at, field: "rate", got: "2".into(), expected: "below 1".into() },
            "`Embedding::forward`: rate is 2, expected below 1",
        ),
    ] {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn shapes_fit_where_numbers_agree_and_names_stand_for_any() {
    let expected = shape!["tokens", 4];
    assert!(expected.fits(&[9, 4]) && expected.fits(&[0, 4]));
    assert!(!expected.fits(&[9, 5]) && !expected.fits(&[4]) && !expected.fits(&[9, 4, 1]));
    assert!(check_shape("here", expected.clone(), &[1, 4]).is_ok());
    let refused = check_shape("here", expected, &[4, 1]).unwrap_err();
    assert_eq!(
        refused,
        Error::Shape { at: "here", expected: shape!["tokens", 4], got: Shape::of(&[4, 1]) }
    );
    assert!(check_columns("here", 2, &array![[1.0, 2.0]].view()).is_ok());
    let refused = check_columns("here", 3, &array![[1.0, 2.0]].view()).unwrap_err().to_string();
    assert_eq!(refused, "`here`: expected [tokens, 3], got [1, 2]");
    assert_eq!(shape![].to_string(), "[]");
}
