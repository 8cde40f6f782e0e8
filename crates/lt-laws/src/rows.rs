//! What laws are told in: rows of numbers, batches of them, and what a closure may return.

use std::fmt;
use std::ops::Deref;

use lt_core::{Mask, Ragged};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// A matrix that prints as its numbers alone, as a counter-example should.
///
/// ```
/// let rows = lt_laws::Rows(ndarray::array![[1.0, 0.5], [2.0, 0.25]]);
/// assert_eq!(format!("{rows:?}"), "[[1.0, 0.5], [2.0, 0.25]]");
/// ```
#[derive(Clone, PartialEq)]
pub struct Rows(pub Array2<f32>);

impl Deref for Rows {
    type Target = Array2<f32>;

    fn deref(&self) -> &Array2<f32> {
        &self.0
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, row) in self.outer_iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, shown(row))?;
        }
        f.write_str("]")
    }
}

/// A row as `[1.0, 0.5]`, on one line.
pub(crate) fn shown(row: ArrayView1<'_, f32>) -> String {
    format!("{:?}", row.to_vec())
}

/// A batch as a layer gets it: rows laid end to end, where sequences begin, who may look at whom.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// `[tokens, d]`.
    pub rows: ArrayView2<'a, f32>,
    /// Where the sequences begin.
    pub sequences: &'a Ragged,
    /// Which token may look at which.
    pub mask: &'a Mask,
}

/// What a closure under a law may return: rows, or a `Result` with rows.
///
/// An error breaks a law, unless the law is about what must be refused.
pub trait IntoRows {
    /// The rows, or why there are none.
    ///
    /// # Errors
    /// If there are none.
    fn into_rows(self) -> Result<Array2<f32>, String>;
}

impl IntoRows for Array2<f32> {
    fn into_rows(self) -> Result<Array2<f32>, String> {
        Ok(self)
    }
}

impl<E: fmt::Display> IntoRows for Result<Array2<f32>, E> {
    fn into_rows(self) -> Result<Array2<f32>, String> {
        self.map_err(|error| error.to_string())
    }
}

/// The rows of a result that must have this shape.
pub(crate) fn shaped(
    result: impl IntoRows,
    rows: usize,
    columns: usize,
) -> Result<Array2<f32>, String> {
    let result = result.into_rows().map_err(|error| format!("it was refused: {error}"))?;
    if result.dim() == (rows, columns) {
        Ok(result)
    } else {
        Err(format!("expected [{rows}, {columns}], got {:?}", result.shape()))
    }
}

/// Whether two rows are equal to the bit; else says where they are not.
pub(crate) fn same_bits(
    what: &str,
    got: ArrayView1<'_, f32>,
    expected: ArrayView1<'_, f32>,
) -> Result<(), String> {
    if got.len() == expected.len()
        && got.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits())
    {
        return Ok(());
    }
    Err(format!("{what} is {}, expected the bits of {}", shown(got), shown(expected)))
}

/// Whether two numbers agree within `tolerance`. NaN never does.
pub(crate) fn within(got: f64, expected: f64, tolerance: f64) -> bool {
    (got - expected).abs() <= tolerance
}

/// Whether two matrices agree within `tolerance`; else says where they do not. NaN never agrees.
pub(crate) fn close(
    got: &Array2<f32>,
    expected: &Array2<f32>,
    tolerance: f32,
) -> Result<(), String> {
    for (i, (got, expected)) in got.outer_iter().zip(expected.outer_iter()).enumerate() {
        if !got.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= tolerance) {
            return Err(format!(
                "row {i} is {}, expected {} within {tolerance:e}",
                shown(got),
                shown(expected)
            ));
        }
    }
    Ok(())
}

/// The largest absolute value; 0 if there is none.
pub(crate) fn largest<'a>(values: impl IntoIterator<Item = &'a f32>) -> f32 {
    values.into_iter().fold(0.0, |largest, value| value.abs().max(largest))
}

/// The rows in another order: row `i` of the result is row `order[i]`.
pub(crate) fn reordered(rows: ArrayView2<'_, f32>, order: &[usize]) -> Array2<f32> {
    rows.select(Axis(0), order)
}
