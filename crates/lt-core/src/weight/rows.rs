//! The rows of a matrix that are not zero.

/// Some rows of a matrix `[rows, d]`; the others are zero and take no memory.
///
/// The gradient of an embedding table is such: of 30 000 words a text has a hundred.
/// Made by [`Weight::add_row`](crate::Weight::add_row).
///
/// ```
/// use lt_core::{Values, Weight};
/// let mut gradient = Weight::zeros(&[30_000, 2]);
/// gradient.add_row(700, &[0.5, 1.0]);
/// gradient.add_row(3, &[2.0, 0.0]);
/// gradient.add_row(700, &[0.5, 0.0]);
/// let Values::Rows(rows) = gradient.values() else { panic!() };
/// assert_eq!(rows.iter().collect::<Vec<_>>(), [(3, &[2.0, 0.0][..]), (700, &[1.0, 1.0])]);
/// ```
///
/// PyTorch: the gradient of `torch.nn.Embedding(…, sparse=True)`, coalesced.
#[derive(Debug, Clone)]
pub struct SparseRows {
    columns: usize,
    /// The number of each row in the matrix, ascending, and its place in `numbers`: rows that come
    /// later are not moved to make room for one between them.
    order: Vec<(usize, usize)>,
    /// Row after row, in the order in which they came.
    numbers: Vec<f32>,
}

impl SparseRows {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns, order: Vec::new(), numbers: Vec::new() }
    }

    /// The width of a row, d.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many rows are stored.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none is: all are zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The rows that are stored, by their number in the matrix, ascending.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (usize, &[f32])> + '_ {
        self.order.iter().map(|&(index, place)| (index, self.at(place)))
    }

    /// The row of this number, if it is stored.
    #[must_use]
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        self.find(index).ok().map(|found| self.at(self.order[found].1))
    }

    /// The row of this number; zeros if it was not there.
    pub(super) fn row_mut(&mut self, index: usize) -> &mut [f32] {
        let columns = self.columns;
        let place = match self.find(index) {
            Ok(found) => self.order[found].1,
            Err(before) => {
                let place = self.order.len();
                self.order.insert(before, (index, place));
                self.numbers.resize(self.numbers.len() + columns, 0.0);
                place
            }
        };
        &mut self.numbers[place * columns..(place + 1) * columns]
    }

    /// Where a row stands in the order, or before which it would.
    fn find(&self, index: usize) -> Result<usize, usize> {
        // Gradients are added in ascending order for the most part.
        match self.order.last() {
            Some(&(last, _)) if last < index => Err(self.order.len()),
            _ => self.order.binary_search_by_key(&index, |&(index, _)| index),
        }
    }

    fn at(&self, place: usize) -> &[f32] {
        &self.numbers[place * self.columns..(place + 1) * self.columns]
    }
}

/// Equal if the same rows are stored with the same numbers, in whatever order they came.
impl PartialEq for SparseRows {
    fn eq(&self, other: &Self) -> bool {
        self.columns == other.columns && self.iter().eq(other.iter())
    }
}
