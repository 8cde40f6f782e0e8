//! Weights that are added to: what stays sparse, and that the sums are those of dense ones.

use std::sync::Arc;

use lt_core::{Dtype, Values, Weight, f32_to_bf16, f32_to_f16};

const SHAPE: [usize; 2] = [4, 2];
/// Exact in 16 bits, too.
const NUMBERS: [f32; 8] = [0.5, -1.0, 0.0, 0.0, 2.0, 0.25, 0.0, -8.0];

/// The same numbers, as each kind of storage has them.
fn kinds(numbers: [f32; 8]) -> Vec<Weight> {
    let bits = |to: fn(f32) -> u16| Arc::new(numbers.map(to));
    let mut rows = Weight::zeros(&SHAPE);
    for row in [3, 0, 2, 1] {
        let stored = &numbers[row * 2..row * 2 + 2];
        if stored != [0.0, 0.0] {
            rows.add_row(row, stored);
        }
    }
    let all = vec![
        Weight::new(&SHAPE, numbers.to_vec()).unwrap(),
        Weight::shared_f32(&SHAPE, Arc::new(numbers)).unwrap(),
        Weight::shared_f16(&SHAPE, bits(f32_to_f16)).unwrap(),
        Weight::shared_bf16(&SHAPE, bits(f32_to_bf16)).unwrap(),
        rows,
    ];
    let zeros = (numbers == [0.0; 8]).then(|| Weight::zeros(&SHAPE));
    all.into_iter().chain(zeros).collect()
}

#[test]
fn sums_are_the_same_however_both_are_stored() {
    let others = [[1.0, 1.0, 0.0, 0.0, -2.0, 4.0, 0.0, 0.0], [0.0; 8]];
    for (ours, theirs) in [(NUMBERS, others[0]), (NUMBERS, others[1]), (others[1], NUMBERS)] {
        let expected: Vec<f32> = ours.iter().zip(theirs).map(|(a, b)| a + b).collect();
        for sum in kinds(ours) {
            let mut dense = sum.clone();
            dense.add(&theirs);
            assert_eq!(dense.f32(), expected, "{sum:?}");
            for other in kinds(theirs) {
                let mut sum = sum.clone();
                sum.add_weight(&other);
                assert_eq!(sum.to_f32(), expected, "{sum:?} + {other:?}");
            }
            let mut by_rows = sum.clone();
            (0..4).for_each(|row| by_rows.add_row(row, &theirs[row * 2..row * 2 + 2]));
            assert_eq!(by_rows.f32(), expected, "{sum:?} row by row");
            assert_eq!(sum.to_f32(), ours, "a copy was changed");
        }
    }
}

#[test]
fn only_what_was_added_to_is_stored_and_in_order() {
    // More than any machine has.
    let mut weight = Weight::zeros(&[1 << 40, 2]);
    for row in [9, 1 << 39, 4, 9, 5] {
        weight.add_row(row, &[row as f32, 1.0]);
    }
    let mut other = weight.clone();
    other.add_row(6, &[1.0, 1.0]);
    weight.add_weight(&other);
    let Values::Rows(rows) = weight.values() else { panic!("{weight:?}") };
    let expected = [
        (4, [8.0, 2.0]),
        (5, [10.0, 2.0]),
        (6, [1.0, 1.0]),
        (9, [36.0, 4.0]),
        (1 << 39, [2_f32.powi(40), 2.0]),
    ];
    assert_eq!(
        rows.iter().map(|(row, numbers)| (row, numbers.to_vec())).collect::<Vec<_>>(),
        expected.map(|(row, numbers)| (row, numbers.to_vec()))
    );
    assert_eq!((rows.len(), rows.columns(), rows.is_empty()), (5, 2, false));
    assert_eq!((rows.row(9), rows.row(8)), (Some(&[36.0, 4.0][..]), None));
    assert_eq!(weight.dtype(), Dtype::F32);
    let mut row = [1.0; 2];
    weight.read_row(6, &mut row);
    assert_eq!(row, [1.0, 1.0]);
    weight.read_row(7, &mut row);
    assert_eq!(row, [0.0, 0.0]);
    assert_eq!(Weight::zeros(&[3, 2]).values(), Values::Zeros);
}

/// 0 − 0 is 0, and 0 + −0 is too: a row that came first has the bits of a sum.
#[test]
fn a_first_row_has_the_bits_that_it_would_have_as_a_sum() {
    let (mut rows, mut dense) =
        (Weight::zeros(&[2, 1]), Weight::new(&[2, 1], vec![0.0; 2]).unwrap());
    for weight in [&mut rows, &mut dense] {
        weight.add_row(1, &[-0.0]);
        assert_eq!(weight.f32()[1].to_bits(), 0);
    }
    assert_eq!(rows, dense);
}

#[test]
fn what_was_derived_is_dropped_with_each_sum() {
    let sum = |weight: &Weight| *weight.derived(|weight| weight.f32().iter().sum::<f32>());
    let mut weight = Weight::zeros(&[2, 1]);
    assert_eq!(sum(&weight), 0.0);
    weight.add_row(1, &[2.0]);
    assert_eq!((sum(&weight), weight.f32()), (2.0, &[0.0, 2.0][..]));
    weight.add_row(1, &[2.0]);
    assert_eq!((sum(&weight), weight.f32()), (4.0, &[0.0, 4.0][..]));
    weight.add(&[1.0, 1.0]);
    assert_eq!((sum(&weight), weight.f32()), (6.0, &[1.0, 5.0][..]));
    weight.add_row(0, &[1.0]);
    assert_eq!((sum(&weight), weight.f32()), (7.0, &[2.0, 5.0][..]));
}

#[test]
fn rows_are_changed_and_compared_like_other_numbers() {
    for mut weight in kinds(NUMBERS) {
        assert!(kinds(NUMBERS).iter().all(|other| *other == weight), "{weight:?}");
        weight.make_mut()[2] = 7.0;
        assert_eq!(weight.f32()[1..4], [-1.0, 7.0, 0.0]);
        assert!(kinds(NUMBERS).iter().all(|other| *other != weight), "{weight:?}");
    }
    // The same rows, in whatever order they came.
    let (mut one, mut other) = (Weight::zeros(&[3, 1]), Weight::zeros(&[3, 1]));
    for (a, b) in [(0, 2), (2, 0)] {
        one.add_row(a, &[a as f32 + 1.0]);
        other.add_row(b, &[b as f32 + 1.0]);
    }
    assert_eq!(one.values(), other.values());
}

#[test]
fn what_does_not_fit_is_a_mistake() {
    let fails = |act: fn(&mut Weight)| {
        let act = || act(&mut Weight::zeros(&[2, 3]));
        std::panic::catch_unwind(act).is_err()
    };
    assert!(fails(|weight| weight.add(&[0.0; 5])));
    assert!(fails(|weight| weight.add_row(2, &[0.0; 3])));
    assert!(fails(|weight| weight.add_row(0, &[0.0; 2])));
    assert!(fails(|weight| weight.add_weight(&Weight::zeros(&[3, 2]))));
    assert!(!fails(|weight| weight.add_row(1, &[0.0; 3])));
}
