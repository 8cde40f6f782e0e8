//! The nearest of many vectors, without shortcuts.

use lt_core::{Scratch, Weight, check_columns};
use lt_kernels::{Product, product};
use ndarray::{Array2, ArrayView2, Axis};
use serde::Serialize;

use crate::TaskError;
use crate::finite::finite_rows;
use crate::largest::keep_largest;
use crate::normalize;

/// So many vectors are compared at a time: what comes out for them stays small.
const BLOCK: usize = 4096;

/// So many queries are compared at a time.
const QUERIES: usize = 256;

/// Vectors to search in: every one is compared with the query, so that what is found is what is
/// nearest.
///
/// With a [`SentenceEncoder`](crate::SentenceEncoder): its vectors are the index, and the vector
/// of a question, made by the same encoder, the query.
///
/// ```
/// use lt_tasks::{Scratch, SearchIndex};
/// use ndarray::array;
/// let index = SearchIndex::new(array![[0.0, 2.0], [1.0, 1.0], [5.0, 0.0]])?;
/// let hits = index.nearest(array![[3.0, 0.0]].view(), 2, &mut Scratch::new())?;
/// assert_eq!((hits[0][0].index, hits[0][0].score), (2, 1.0)); // the same direction
/// assert_eq!(hits[0][1].index, 1); // 45°
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// PyTorch: `sentence_transformers.util.semantic_search`.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchIndex {
    unit: Array2<f32>,
}

/// A vector that was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Hit {
    /// Which of the vectors, counted from 0.
    pub index: usize,
    /// The cosine of the angle between it and the query, from −1 to 1.
    pub score: f32,
}

impl SearchIndex {
    /// Of these vectors, one a row.
    ///
    /// # Errors
    /// [`TaskError::Text`] with [`TaskError::NotFinite`] if one of them is not finite.
    pub fn new(vectors: Array2<f32>) -> Result<Self, TaskError> {
        finite_rows(&vectors)?;
        Ok(Self { unit: unit(vectors) })
    }

    /// How many vectors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.unit.nrows()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For each query the `top` vectors whose direction is nearest, the nearest first; of equally
    /// near ones that with the lowest number.
    ///
    /// A row of zeros has no direction: its cosines are 0. The cosines are those of
    /// [`cosine`](crate::cosine), to the bit, whatever else is searched for or searched in.
    ///
    /// # Shapes
    /// `[q, d]` to q lists, for an index of `[n, d]`.
    ///
    /// # Errors
    /// [`Error::Shape`](lt_core::Error::Shape) if the queries have another width than the index;
    /// [`TaskError::Text`] with [`TaskError::NotFinite`] if one of them is not finite.
    pub fn nearest(
        &self,
        queries: ArrayView2<'_, f32>,
        top: usize,
        scratch: &mut Scratch,
    ) -> Result<Vec<Vec<Hit>>, TaskError> {
        check_columns("SearchIndex::nearest", self.unit.ncols(), &queries)?;
        let queries = queries.to_owned();
        finite_rows(&queries)?;
        let queries = unit(queries);
        let mut found = Vec::with_capacity(queries.nrows());
        for some in queries.axis_chunks_iter(Axis(0), QUERIES) {
            found.extend(self.nearest_to_some(some, top, scratch)?);
        }
        Ok(found)
    }

    fn nearest_to_some(
        &self,
        queries: ArrayView2<'_, f32>,
        top: usize,
        scratch: &mut Scratch,
    ) -> Result<Vec<Vec<Hit>>, TaskError> {
        let (count, d) = queries.dim();
        // The queries are what is packed: the index is read once, as it lies.
        let columns = Weight::new(&[count, d], queries.iter().copied().collect())?;
        let mut best: Vec<Best> = vec![Best::default(); count];
        for (block, rows) in self.unit.axis_chunks_iter(Axis(0), BLOCK).enumerate() {
            let cosines = product(&Product::new(rows, &columns), scratch); // [rows, count]
            for (index, row) in (block * BLOCK..).zip(cosines.outer_iter()) {
                for (best, cosine) in best.iter_mut().zip(row) {
                    // Rounding may carry a cosine a little past 1.
                    best.add(index, cosine.clamp(-1.0, 1.0), top);
                }
            }
            scratch.give(cosines);
        }
        best.iter_mut().for_each(|best| keep_largest(&mut best.found, top));
        let hit = |(index, score)| Hit { index, score };
        Ok(best.into_iter().map(|best| best.found.into_iter().map(hit).collect()).collect())
    }
}

/// The best that were found so far, and some more.
#[derive(Debug, Clone, Default)]
struct Best {
    found: Vec<(usize, f32)>,
    /// What is no higher cannot be among them any more: there are enough as good, and earlier.
    bar: Option<f32>,
}

impl Best {
    fn add(&mut self, index: usize, score: f32, top: usize) {
        if self.bar.is_some_and(|bar| score <= bar) {
            return;
        }
        self.found.push((index, score));
        // Not each time: a long list would be gone through again and again.
        if self.found.len() >= top.saturating_mul(2).max(BLOCK) {
            keep_largest(&mut self.found, top);
            self.bar = self.found.last().map(|&(_, score)| score);
        }
    }
}

fn unit(mut vectors: Array2<f32>) -> Array2<f32> {
    vectors.outer_iter_mut().for_each(normalize);
    vectors
}
