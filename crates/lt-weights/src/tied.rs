//! Whether a tensor that should be a copy of another is one.

use lt_core::{Values, Weight};

/// How many numbers of two weights of one shape differ, to the bit; a NaN equals itself.
pub(crate) fn differing(a: &Weight, b: &Weight) -> usize {
    match (a.values(), b.values()) {
        (Values::F32(a), Values::F32(b)) => {
            a.iter().zip(b).filter(|(a, b)| a.to_bits() != b.to_bits()).count()
        }
        (Values::F16(a), Values::F16(b)) | (Values::Bf16(a), Values::Bf16(b)) => {
            a.iter().zip(b).filter(|(a, b)| a != b).count()
        }
        _ => by_rows(a, b),
    }
}

/// Stored in different types: as f32, a row at a time.
fn by_rows(a: &Weight, b: &Weight) -> usize {
    let width = a.shape().last().copied().unwrap_or(1);
    let (mut one, mut other) = (vec![0.0; width], vec![0.0; width]);
    let mut count = 0;
    for row in 0..a.len().checked_div(width).unwrap_or(0) {
        a.read_row(row, &mut one);
        b.read_row(row, &mut other);
        count += one.iter().zip(&other).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    }
    count
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn differences_are_counted_to_the_bit() {
        let numbers = vec![1.0, 0.0, f32::NAN, 4.0];
        let a = Weight::new(&[2, 2], numbers.clone()).unwrap();
        assert_eq!(differing(&a, &Weight::new(&[2, 2], numbers).unwrap()), 0);
        let b = Weight::new(&[2, 2], vec![1.0, -0.0, f32::NAN, 5.0]).unwrap();
        assert_eq!(differing(&a, &b), 2);
    }

    #[test]
    fn types_do_not_matter_where_the_numbers_are_the_same() {
        let single = Weight::new(&[2, 1], vec![1.5, 2.0]).unwrap();
        let half = |bits| Weight::shared_f16(&[2, 1], Arc::new(bits)).unwrap();
        let brain = |bits| Weight::shared_bf16(&[2, 1], Arc::new(bits)).unwrap();
        assert_eq!(differing(&single, &half(vec![0x3e00_u16, 0x4000])), 0);
        assert_eq!(differing(&single, &brain(vec![0x3fc0_u16, 0x4001])), 1);
        assert_eq!(differing(&half(vec![0x3e00_u16, 0]), &half(vec![0x3e00_u16, 1])), 1);
        assert_eq!(differing(&Weight::zeros(&[2, 1]), &half(vec![0_u16, 1])), 1);
    }

    #[test]
    fn nothing_differs_from_nothing() {
        assert_eq!(differing(&Weight::zeros(&[0, 3]), &Weight::zeros(&[0, 3])), 0);
        assert_eq!(differing(&Weight::zeros(&[3, 0]), &Weight::zeros(&[3, 0])), 0);
    }
}
