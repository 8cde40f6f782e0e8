//! From the way a tensor is stored to the way we hold it: transposed matrices and fused ones.

use std::sync::Arc;

use lt_core::{Part, Result, Values, Weight};

/// How a parameter lies in the tensor it is stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrangement {
    /// Whether the matrix is stored as `[in, out]`.
    pub(crate) transposed: bool,
    /// Which of several equal parts it is, row below row.
    pub(crate) part: Option<Part>,
}

impl Arrangement {
    /// The shape of the tensor in which a parameter of this shape lies.
    pub(crate) fn stored_shape(self, shape: &[usize]) -> Vec<usize> {
        let mut stored = shape.to_vec();
        if let (Some(part), Some(rows)) = (self.part, stored.first_mut()) {
            // Too many to count are more than any tensor has.
            *rows = rows.saturating_mul(part.of);
        }
        if self.turns(shape) {
            stored.reverse();
        }
        stored
    }

    /// The parameter of this shape that lies in a tensor of [`stored_shape`](Self::stored_shape).
    pub(crate) fn extract(self, stored: Weight, shape: &[usize]) -> Result<Weight> {
        if self.part.is_none() && !self.turns(shape) {
            return Ok(stored);
        }
        match stored.values() {
            Values::Zeros => Ok(Weight::zeros(shape)),
            Values::F32(values) => Weight::new(shape, self.pick(values, shape)),
            Values::F16(bits) => Weight::shared_f16(shape, Arc::new(self.pick(bits, shape))),
            Values::Bf16(bits) => Weight::shared_bf16(shape, Arc::new(self.pick(bits, shape))),
            _ => Weight::new(shape, self.pick(&stored.to_f32(), shape)),
        }
    }

    fn pick<T: Copy>(self, stored: &[T], shape: &[usize]) -> Vec<T> {
        let rows = shape.first().copied().unwrap_or(1);
        let columns: usize = shape.iter().skip(1).product();
        let part = self.part.unwrap_or(Part { index: 0, of: 1 });
        let first = part.index * rows;
        if !self.turns(shape) {
            return stored[first * columns..(first + rows) * columns].to_vec();
        }
        let height = rows * part.of;
        (first..first + rows)
            .flat_map(|row| (0..columns).map(move |column| stored[column * height + row]))
            .collect()
    }

    /// Only a matrix can be turned.
    pub(crate) fn turns(self, shape: &[usize]) -> bool {
        self.transposed && shape.len() == 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Arrangement = Arrangement { transposed: false, part: None };

    fn counted(shape: &[usize]) -> Weight {
        let len: usize = shape.iter().product();
        Weight::new(shape, (0..len).map(|i| i as f32).collect()).unwrap()
    }

    #[test]
    fn a_transposed_matrix_is_turned_back() {
        let turned = Arrangement { transposed: true, ..WHOLE };
        assert_eq!(turned.stored_shape(&[3, 2]), [2, 3]);
        let matrix = turned.extract(counted(&[2, 3]), &[3, 2]).unwrap();
        assert_eq!(matrix.f32(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    }

    #[test]
    fn a_vector_is_the_same_either_way() {
        let turned = Arrangement { transposed: true, ..WHOLE };
        assert_eq!(turned.stored_shape(&[3]), [3]);
        assert_eq!(turned.extract(counted(&[3]), &[3]).unwrap(), counted(&[3]));
    }

    #[test]
    fn a_part_is_its_rows() {
        let second = Arrangement { part: Some(Part { index: 1, of: 3 }), ..WHOLE };
        assert_eq!(second.stored_shape(&[2, 2]), [6, 2]);
        let rows = second.extract(counted(&[6, 2]), &[2, 2]).unwrap();
        assert_eq!(rows.f32(), [4.0, 5.0, 6.0, 7.0]);
        assert_eq!(second.extract(counted(&[6]), &[2]).unwrap().f32(), [2.0, 3.0]);
    }

    #[test]
    fn a_part_of_a_transposed_matrix_is_its_columns() {
        let last = Arrangement { transposed: true, part: Some(Part { index: 1, of: 2 }) };
        assert_eq!(last.stored_shape(&[2, 3]), [3, 4]);
        let matrix = last.extract(counted(&[3, 4]), &[2, 3]).unwrap();
        assert_eq!(matrix.f32(), [2.0, 6.0, 10.0, 3.0, 7.0, 11.0]);
    }

    #[test]
    fn sixteen_bits_stay_sixteen_bits() {
        let half = Weight::shared_f16(&[2, 2], Arc::new(vec![1_u16, 2, 3, 4])).unwrap();
        let turned = Arrangement { transposed: true, ..WHOLE };
        let matrix = turned.extract(half, &[2, 2]).unwrap();
        assert_eq!(matrix.values(), Values::F16(&[1, 3, 2, 4]));
    }

    #[test]
    fn rows_beyond_counting_are_no_shape_of_any_tensor() {
        let parts = Arrangement { part: Some(Part { index: 0, of: 3 }), ..WHOLE };
        assert_eq!(parts.stored_shape(&[usize::MAX]), [usize::MAX]);
    }
}
