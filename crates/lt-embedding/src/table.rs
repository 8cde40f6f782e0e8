//! A table of vectors, one per id.

#[cfg(feature = "train")]
mod backward;

use lt_core::{Error, Module, Result, Scratch, Shape, Weight, params, shape};
use ndarray::{Array2, ArrayViewMut1};

/// A table of vectors: id `i` is row `i`.
///
/// # Shapes
/// The table is `[v, d]`; ids `[tokens]` become `[tokens, d]`.
///
/// PyTorch: `torch.nn.Embedding(v, d)`.
///
/// ```
/// use lt_embedding::{Embedding, lt_core::{Module, Weight}};
/// let table = Embedding::new(Weight::new(&[3, 2], vec![0.0, 0.1, 1.0, 1.1, 2.0, 2.1])?)?;
/// assert_eq!(table.forward(&[2, 0])?, ndarray::array![[2.0, 2.1], [0.0, 0.1]]);
/// # Ok::<(), lt_embedding::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    weight: Weight,
}

params!(Embedding { weight });

impl Embedding {
    /// A table `[v, d]`.
    ///
    /// # Errors
    /// If the weight is no matrix, or has no row or no column.
    pub fn new(weight: Weight) -> Result<Self> {
        if weight.shape().len() == 2 && !weight.is_empty() {
            return Ok(Self { weight });
        }
        let (expected, got) = (shape!["at least 1", "at least 1"], Shape::of(weight.shape()));
        Err(Error::Shape { at: "Embedding::new", expected, got })
    }

    /// The table, `[v, d]`.
    #[must_use]
    pub fn weight(&self) -> &Weight {
        &self.weight
    }

    /// How many ids there are, v.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.weight.shape()[0]
    }

    /// The width of a vector, d.
    #[must_use]
    pub fn width(&self) -> usize {
        self.weight.shape()[1]
    }

    /// Adds the vector of `id` to `row`, through `vector`, a buffer of the same length.
    pub(crate) fn add_to(&self, id: usize, vector: &mut [f32], mut row: ArrayViewMut1<'_, f32>) {
        self.weight.read_row(id, vector);
        for (sum, value) in row.iter_mut().zip(vector) {
            *sum += *value;
        }
    }

    /// Refuses ids that the table does not have.
    pub(crate) fn check(&self, at: &'static str, what: &'static str, ids: &[u32]) -> Result<()> {
        match ids.iter().position(|&id| id as usize >= self.entries()) {
            None => Ok(()),
            Some(row) => {
                let (index, len) = (ids[row] as usize, self.entries());
                Err(Error::Index { at, what, index, row, len })
            }
        }
    }
}

impl<'a> Module<&'a [u32]> for Embedding {
    type Output = Array2<f32>;

    fn forward(&self, ids: &'a [u32]) -> Result<Array2<f32>> {
        self.forward_in(ids, &mut Scratch::new())
    }

    fn forward_in(&self, ids: &'a [u32], scratch: &mut Scratch) -> Result<Array2<f32>> {
        self.check("Embedding::forward", "id", ids)?;
        let mut rows = scratch.take(ids.len(), self.width());
        let mut vector = scratch.take(1, self.width());
        for (&id, row) in ids.iter().zip(rows.rows_mut()) {
            self.add_to(id as usize, vector.as_slice_mut().unwrap_or_default(), row);
        }
        scratch.give(vector);
        Ok(rows)
    }
}

/// An array of ids written in place, `&[2, 0]`.
impl<'a, const N: usize> Module<&'a [u32; N]> for Embedding {
    type Output = Array2<f32>;

    fn forward(&self, ids: &'a [u32; N]) -> Result<Array2<f32>> {
        self.forward(ids.as_slice())
    }
}
