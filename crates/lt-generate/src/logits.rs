//! Rows of scores over the vocabulary.

/// What a model says about the next token: rows `[rows, v]`, a score (logit) for each token of the
/// vocabulary, in memory that is used again from step to step.
///
/// ```
/// let mut logits = lt_generate::Logits::default();
/// logits.clear(3);
/// logits.add_row().copy_from_slice(&[0.5, 1.0, -2.0]);
/// assert_eq!((logits.rows(), logits.width()), (1, 3));
/// assert_eq!(logits.row(0), [0.5, 1.0, -2.0]);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logits {
    width: usize,
    numbers: Vec<f32>,
}

impl Logits {
    /// Forgets all rows; those that are added next have this width, the size of the vocabulary.
    pub fn clear(&mut self, width: usize) {
        self.width = width;
        self.numbers.clear();
    }

    /// Adds a row of zeros, to be written to.
    pub fn add_row(&mut self) -> &mut [f32] {
        self.add_rows(1)
    }

    /// Adds rows of zeros, to be written to: `[rows · v]`, row after row.
    pub fn add_rows(&mut self, rows: usize) -> &mut [f32] {
        let before = self.numbers.len();
        self.numbers.resize(before + rows * self.width, 0.0);
        &mut self.numbers[before..]
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.numbers.len().checked_div(self.width).unwrap_or(0)
    }

    /// How wide they are.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Row `row`, which must exist.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.numbers[row * self.width..][..self.width]
    }

    /// Row `row`, which must exist, to be changed.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.numbers[row * self.width..][..self.width]
    }

    /// All numbers, row after row.
    #[must_use]
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }
}
