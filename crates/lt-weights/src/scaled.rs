//! Matrices of whole numbers of 8 bits: each row has a scale, which the numbers are multiples of.

use std::collections::HashMap;
use std::ops::Range;

use safetensors::Dtype as FileDtype;

use crate::header::Placed;

/// What the scales are called, behind the name of the matrix.
pub(crate) const SUFFIX: &str = "_scale";

/// The largest multiple: both signs have as many.
const LARGEST: f32 = 127.0;

/// Gives each matrix of whole numbers its scales, which then are no tensor of their own.
pub(crate) fn join(places: Vec<Placed>) -> Vec<Placed> {
    let rows: HashMap<String, usize> = places
        .iter()
        .filter(|tensor| tensor.dtype == FileDtype::I8 && tensor.shape.len() == 2)
        .map(|tensor| (format!("{}{SUFFIX}", tensor.name), tensor.shape[0]))
        .collect();
    let is_scale = |tensor: &Placed| {
        tensor.dtype == FileDtype::F32
            && rows
                .get(&tensor.name)
                .is_some_and(|&rows| [vec![rows], vec![rows, 1]].contains(&tensor.shape))
    };
    let (scales, mut tensors): (Vec<Placed>, Vec<Placed>) = places.into_iter().partition(is_scale);
    let mut scales: HashMap<String, Range<usize>> =
        scales.into_iter().map(|scale| (scale.name, scale.range)).collect();
    for tensor in &mut tensors {
        tensor.scales = scales.remove(&format!("{}{SUFFIX}", tensor.name));
    }
    tensors
}

/// The numbers that multiples of these scales stand for, row after row.
pub(crate) fn multiply(multiples: &[i8], scales: &[f32]) -> Vec<f32> {
    let columns = multiples.len() / scales.len().max(1);
    let rows = multiples.chunks_exact(columns.max(1)).zip(scales);
    rows.flat_map(|(row, scale)| row.iter().map(move |&multiple| f32::from(multiple) * scale))
        .collect()
}

/// The scale of a row, and the nearest multiples of it.
pub(crate) fn divide(row: &[f32]) -> (f32, impl Iterator<Item = i8>) {
    let scale = row.iter().fold(0.0_f32, |largest, x| largest.max(x.abs())) / LARGEST;
    let multiple = move |x: &f32| if scale > 0.0 { (x / scale).round() as i8 } else { 0 };
    (scale, row.iter().map(multiple))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn by_hand() {
        let (scale, multiples) = divide(&[2.54, -1.0, 0.0]);
        assert_eq!((scale, multiples.collect::<Vec<_>>()), (0.02, vec![127, -50, 0]));
        assert_eq!(multiply(&[127, -50, 0, 1], &[0.02, 3.0]), [2.54, -1.0, 0.0, 3.0]);
        let (scale, mut multiples) = divide(&[0.0]);
        assert_eq!((scale, multiples.next()), (0.0, Some(0)));
    }

    proptest! {
        #[test]
        fn a_number_moves_by_half_a_scale_at_the_most(row in prop::collection::vec(-9.0_f32..9.0, 1..40)) {
            let (scale, multiples) = divide(&row);
            let multiples: Vec<i8> = multiples.collect();
            let found = multiply(&multiples, &[scale]);
            for (x, found) in row.iter().zip(&found) {
                prop_assert!((x - found).abs() <= scale * 0.501, "{x} {found}");
            }
        }

        #[test]
        fn what_was_divided_is_divided_alike_again(row in prop::collection::vec(-9.0_f32..9.0, 1..40)) {
            let (scale, multiples) = divide(&row);
            let multiples: Vec<i8> = multiples.collect();
            let again = multiply(&multiples, &[scale]);
            prop_assert_eq!(divide(&again).1.collect::<Vec<_>>(), multiples);
        }
    }
}
