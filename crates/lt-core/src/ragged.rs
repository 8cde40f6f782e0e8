//! A batch of sequences laid end to end.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array3, ArrayView2, s};

use crate::{Error, Result, Shape, shape};

/// Where the sequences of a batch begin and end: their rows are laid end to end, without padding.
///
/// Three sequences of 2, 1 and 3 tokens are rows 0..6 of one matrix `[6, d]`, cut at 0, 2, 3, 6
/// (`FlashAttention` calls these numbers `cu_seqlens`). A position-wise layer does not need them;
/// embedding, attention and pooling do. Cheap to clone.
///
/// ```
/// let batch = lt_core::Ragged::from_lengths([2, 1, 3]);
/// assert_eq!(batch.offsets(), [0, 2, 3, 6]);
/// assert_eq!(batch.tokens(), 6);
/// assert_eq!(batch.ranges().nth(2), Some(3..6));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ragged {
    offsets: Arc<[usize]>,
}

impl Ragged {
    /// A batch of sequences of these lengths; a length may be 0.
    #[must_use]
    pub fn from_lengths(lengths: impl IntoIterator<Item = usize>) -> Self {
        // More tokens than can be counted are as many as can be counted: no array has so many.
        let mut end = 0_usize;
        let ends = lengths.into_iter().map(|length| {
            // formula: ragged
            end = end.saturating_add(length);
            end
        });
        Self { offsets: std::iter::once(0).chain(ends).collect() }
    }

    /// A batch of one sequence.
    #[must_use]
    pub fn single(tokens: usize) -> Self {
        Self::from_lengths([tokens])
    }

    /// The sequences laid end to end, and where they begin.
    ///
    /// ```
    /// let (ids, batch) = lt_core::Ragged::concatenate(&[vec![101, 102], vec![7]]);
    /// assert_eq!(ids, [101, 102, 7]);
    /// assert_eq!(batch.offsets(), [0, 2, 3]);
    /// ```
    #[must_use]
    pub fn concatenate<T: Copy>(sequences: &[impl AsRef<[T]>]) -> (Vec<T>, Self) {
        let rows = sequences.iter().flat_map(AsRef::as_ref).copied().collect();
        (rows, Self::from_lengths(sequences.iter().map(|sequence| sequence.as_ref().len())))
    }

    /// A padded batch as Hugging Face has it, made ragged: `ids` `[b, longest]`, and a mask of the
    /// same shape that is 1 where there is a token and 0 where there is padding.
    ///
    /// Padding may stand before or behind the tokens of a row. It is dropped, and positions count
    /// from the first token in both cases.
    ///
    /// ```
    /// use ndarray::array;
    /// let ids = array![[7_u32, 8, 0], [9, 0, 0]];
    /// let (ids, batch) = lt_core::Ragged::from_padded(
    ///     ids.view(), array![[1_u8, 1, 0], [1, 0, 0]].view())?;
    /// assert_eq!(ids, [7, 8, 9]);
    /// assert_eq!(batch.offsets(), [0, 2, 3]);
    /// # Ok::<(), lt_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes differ, a number of the mask is neither 0 nor 1, or padding stands between
    /// the tokens of a row.
    pub fn from_padded<T: Copy>(
        ids: ArrayView2<'_, T>,
        mask: ArrayView2<'_, u8>,
    ) -> Result<(Vec<T>, Self)> {
        const AT: &str = "Ragged::from_padded";
        if ids.dim() != mask.dim() {
            let (expected, got) = (Shape::of(ids.shape()), Shape::of(mask.shape()));
            return Err(Error::Shape { at: AT, expected, got });
        }
        let refuse = |row: usize, got: String, expected: &str| {
            let got = format!("{got} in row {row}");
            Err(Error::Config { at: AT, field: "attention_mask", got, expected: expected.into() })
        };
        let (mut rows, mut lengths) = (Vec::new(), Vec::with_capacity(ids.nrows()));
        for (number, (ids, mask)) in ids.outer_iter().zip(mask.outer_iter()).enumerate() {
            if let Some(other) = mask.iter().find(|&&keep| keep > 1) {
                return refuse(number, other.to_string(), "0 (padding) or 1 (a token)");
            }
            let first = mask.iter().position(|&keep| keep == 1).unwrap_or(0);
            let length = mask.iter().filter(|&&keep| keep == 1).count();
            if mask.iter().skip(first).take(length).any(|&keep| keep == 0) {
                return refuse(number, "a gap".into(), "padding before or behind the tokens only");
            }
            rows.extend(ids.iter().skip(first).take(length));
            lengths.push(length);
        }
        Ok((rows, Self::from_lengths(lengths)))
    }

    /// Rows `[tokens, d]` as a padded array `[b, longest, d]`; what is past a sequence's end is
    /// `fill`.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many rows as tokens.
    pub fn to_padded(&self, rows: ArrayView2<'_, f32>, fill: f32) -> Result<Array3<f32>> {
        self.check("Ragged::to_padded", rows.nrows())?;
        let mut padded = Array3::from_elem((self.len(), self.longest(), rows.ncols()), fill);
        for (number, range) in self.ranges().enumerate() {
            let sequence = rows.slice(s![range, ..]);
            padded.slice_mut(s![number, ..sequence.nrows(), ..]).assign(&sequence);
        }
        Ok(padded)
    }

    /// Where each sequence begins, and last where the batch ends.
    #[must_use]
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The rows of each sequence, in order.
    #[must_use]
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        // formula: ragged
        self.offsets.windows(2).map(|ends| ends[0]..ends[1])
    }

    /// How many sequences there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no sequence at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many tokens all sequences have together.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.offsets[self.len()]
    }

    /// The length of the longest sequence; 0 if there is none.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.ranges().map(|range| range.len()).max().unwrap_or(0)
    }

    /// Refuses arrays that do not have one row per token.
    ///
    /// # Errors
    /// [`Error::Shape`] if `rows` is not the number of tokens.
    pub fn check(&self, at: &'static str, rows: usize) -> Result<()> {
        if rows == self.tokens() {
            return Ok(());
        }
        Err(Error::Shape { at, expected: shape![self.tokens(), "d"], got: shape![rows, "d"] })
    }
}
