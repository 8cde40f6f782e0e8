//! Weights: what is shared, what is derived, and when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lt_core::{Dtype, Error, Values, Weight, f32_to_bf16, f32_to_f16};

const NUMBERS: [f32; 6] = [1.0, -2.0, 0.5, 4.0, -0.25, 8.0]; // exact in all three types

fn kinds() -> [(Dtype, Weight); 3] {
    let shape = &[2, 3];
    let bits = |to: fn(f32) -> u16| Arc::new(NUMBERS.map(to));
    [
        (Dtype::F32, Weight::shared_f32(shape, Arc::new(NUMBERS)).unwrap()),
        (Dtype::F16, Weight::shared_f16(shape, bits(f32_to_f16)).unwrap()),
        (Dtype::Bf16, Weight::shared_bf16(shape, bits(f32_to_bf16)).unwrap()),
    ]
}

#[test]
fn numbers_read_alike_however_they_are_stored() {
    let owned = Weight::new(&[2, 3], NUMBERS.to_vec()).unwrap();
    for (dtype, weight) in kinds() {
        assert_eq!(weight.dtype(), dtype);
        assert_eq!((weight.shape(), weight.len(), weight.is_empty()), (&[2, 3][..], 6, false));
        assert_eq!(weight.f32(), NUMBERS);
        assert_eq!(weight.to_f32(), NUMBERS);
        assert_eq!(weight.matrix().row(1), ndarray::array![4.0, -0.25, 8.0]);
        assert_eq!(weight.vector().len(), 6);
        assert_eq!(weight, owned);
        let mut row = [0.0; 3];
        weight.read_row(1, &mut row);
        assert_eq!(row, [4.0, -0.25, 8.0]);
    }
    assert_eq!([Dtype::F32, Dtype::F16, Dtype::Bf16].map(Dtype::bytes), [4, 2, 2]);
}

#[test]
fn a_row_that_is_not_there_or_not_one_row_long_is_a_mistake() {
    for (_, weight) in kinds().into_iter().chain([(Dtype::F32, Weight::zeros(&[2, 3]))]) {
        for (row, width) in [(2, 3), (1, 2), (0, 6)] {
            let read = || weight.read_row(row, &mut vec![0.0; width]);
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
            assert!(caught.is_err(), "{weight:?}: row {row} into {width}");
        }
    }
}

#[test]
fn the_stored_numbers_are_seen_as_they_are() {
    let [single, half, brain] = kinds().map(|(_, weight)| weight);
    assert_eq!(single.values(), Values::F32(&NUMBERS));
    assert_eq!(half.values(), Values::F16(&NUMBERS.map(f32_to_f16)));
    assert_eq!(brain.values(), Values::Bf16(&NUMBERS.map(f32_to_bf16)));
    assert_eq!(format!("{half:?}"), "Weight(f16 [2, 3])");
}

#[test]
fn shared_f32_numbers_are_not_copied() {
    let numbers = Arc::new(NUMBERS);
    let weight = Weight::shared_f32(&[6], numbers.clone()).unwrap();
    assert_eq!(weight.f32().as_ptr(), numbers.as_ptr());
    assert_eq!(weight.clone().f32().as_ptr(), numbers.as_ptr());
}

#[test]
fn zeros_take_no_memory_until_they_are_read() {
    // More than any machine has; nothing is allocated for the shape alone.
    let absurd = Weight::zeros(&[1 << 30, 1 << 20]);
    assert_eq!(absurd.shape(), [1 << 30, 1 << 20]);
    assert_eq!(absurd.values(), Values::Zeros);
    assert_eq!(absurd.dtype(), Dtype::F32);
    let mut row = [1.0; 4];
    Weight::zeros(&[3, 4]).read_row(2, &mut row);
    assert_eq!(row, [0.0; 4]);
    assert_eq!(Weight::zeros(&[2]).f32(), [0.0, 0.0]);
    assert!(Weight::zeros(&[0, 4]).is_empty());
}

#[test]
fn a_count_that_is_not_the_shape_is_refused() {
    for shape in [&[7][..], &[2, 2], &[usize::MAX, 2], &[0]] {
        let refused = Weight::new(shape, NUMBERS.to_vec());
        assert!(matches!(refused, Err(Error::Shape { .. })), "{shape:?}");
        assert!(Weight::shared_f32(shape, Arc::new(NUMBERS)).is_err());
        assert!(Weight::shared_f16(shape, Arc::new([0; 6])).is_err());
        assert!(Weight::shared_bf16(shape, Arc::new([0; 6])).is_err());
    }
}

#[test]
fn changing_a_weight_changes_no_copy_of_it() {
    for (_, mut weight) in kinds() {
        let before = weight.clone();
        assert_eq!(weight.make_mut(), NUMBERS);
        weight.make_mut()[0] = 9.0;
        assert_eq!(weight.f32()[0], 9.0);
        assert_eq!(weight.dtype(), Dtype::F32);
        assert_eq!(before.f32()[0], 1.0);
        assert_ne!(weight, before);
    }
}

#[test]
fn weights_of_other_shapes_are_not_equal() {
    assert_ne!(Weight::zeros(&[2, 3]), Weight::zeros(&[3, 2]));
    assert_eq!(Weight::zeros(&[2]), Weight::new(&[2], vec![0.0, 0.0]).unwrap());
}

#[test]
fn assigning_replaces_numbers_and_refuses_other_shapes() {
    let mut weight = Weight::zeros(&[2, 3]);
    weight.assign(kinds()[1].1.clone()).unwrap();
    assert_eq!(weight.f32(), NUMBERS);
    let refused = weight.assign(Weight::zeros(&[3, 2])).unwrap_err().to_string();
    assert_eq!(refused, "`Weight::assign`: expected [2, 3], got [3, 2]");
    assert_eq!(weight.f32(), NUMBERS);
}

#[test]
fn what_is_derived_is_made_once_and_dropped_when_the_numbers_change() {
    let made = AtomicUsize::new(0);
    let sum = |weight: &Weight| {
        *weight.derived(|weight| {
            made.fetch_add(1, Ordering::Relaxed);
            weight.f32().iter().sum::<f32>()
        })
    };
    let mut weight = kinds()[1].1.clone();
    assert_eq!((sum(&weight), sum(&weight), made.load(Ordering::Relaxed)), (11.25, 11.25, 1));
    assert_eq!((sum(&weight.clone()), made.load(Ordering::Relaxed)), (11.25, 1)); // a copy shares it
    weight.make_mut()[0] = 0.0;
    assert_eq!((sum(&weight), made.load(Ordering::Relaxed)), (10.25, 2));
    weight.assign(Weight::zeros(&[2, 3])).unwrap();
    assert_eq!((sum(&weight), made.load(Ordering::Relaxed)), (0.0, 3));
}

#[test]
fn a_second_kind_of_derivative_does_not_get_the_first() {
    let weight = Weight::zeros(&[3]);
    assert_eq!(*weight.derived(Weight::len), 3_usize);
    assert_eq!(*weight.derived(|weight| weight.len().to_string()), "3");
    assert_eq!(*weight.derived(Weight::len), 3_usize);
}
