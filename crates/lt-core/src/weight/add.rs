//! What a gradient does: it is added to.

use std::sync::{Arc, OnceLock};

use super::{SparseRows, Storage, Values, Weight};

impl Weight {
    /// Adds a number to each of its own.
    ///
    /// # Panics
    /// If there are not as many.
    ///
    /// ```
    /// let mut gradient = lt_core::Weight::zeros(&[2]);
    /// gradient.add(&[1.0, 2.0]);
    /// gradient.add(&[0.5, 0.5]);
    /// assert_eq!(gradient.f32(), [1.5, 2.5]);
    /// ```
    pub fn add(&mut self, found: &[f32]) {
        assert_eq!(found.len(), self.len(), "a number for each of {:?}", self.shape);
        add_each(self.make_mut(), found);
    }

    /// Adds to one row. Zeros become a matrix of which only the rows that were added to are
    /// stored: [`Values::Rows`].
    ///
    /// # Panics
    /// If there is no such row, or `found` is not one row long.
    pub fn add_row(&mut self, row: usize, found: &[f32]) {
        let columns = self.columns();
        assert_eq!(found.len(), columns, "one row of {:?}", self.shape);
        assert!(row < self.rows(), "row {row} of {:?}", self.shape);
        match self.sparse_mut() {
            Some(rows) => add_each(rows.row_mut(row), found),
            None => add_each(&mut self.make_mut()[row * columns..(row + 1) * columns], found),
        }
    }

    /// Adds the numbers of another weight, each to its own. Rows that are not stored in the other
    /// are not touched.
    ///
    /// # Panics
    /// If the shapes differ.
    ///
    /// ```
    /// use lt_core::{Values, Weight};
    /// let (mut sum, mut other) = (Weight::zeros(&[4, 1]), Weight::zeros(&[4, 1]));
    /// sum.add_row(2, &[1.0]);
    /// other.add_row(2, &[0.5]);
    /// other.add_row(0, &[4.0]);
    /// sum.add_weight(&other);
    /// assert!(matches!(sum.values(), Values::Rows(rows) if rows.len() == 2));
    /// sum.add_weight(&Weight::new(&[4, 1], vec![1.0, 1.0, 1.0, 1.0])?);
    /// assert_eq!(sum.f32(), [5.0, 1.0, 2.5, 1.0]);
    /// # Ok::<(), lt_core::Error>(())
    /// ```
    pub fn add_weight(&mut self, other: &Self) {
        assert_eq!(other.shape, self.shape, "weights of one shape");
        match other.values() {
            Values::Zeros => {}
            Values::F32(numbers) => add_each(self.make_mut(), numbers),
            Values::Rows(rows) => rows.iter().for_each(|(row, found)| self.add_row(row, found)),
            Values::F16(_) | Values::Bf16(_) => {
                for (sum, number) in self.make_mut().iter_mut().zip(other.numbers()) {
                    *sum += number;
                }
            }
        }
    }

    /// The rows that are stored, if no more than some are; zeros store none of them.
    fn sparse_mut(&mut self) -> Option<&mut SparseRows> {
        if matches!(self.storage, Storage::Zeros) {
            self.storage = Storage::Rows(Arc::new(SparseRows::new(self.columns())));
        }
        let Storage::Rows(rows) = &mut self.storage else { return None };
        self.f32 = OnceLock::new();
        self.derived = OnceLock::new();
        Some(Arc::make_mut(rows))
    }
}

fn add_each(sums: &mut [f32], found: &[f32]) {
    for (sum, number) in sums.iter_mut().zip(found) {
        *sum += number;
    }
}
