//! From the vectors of tokens to the vector of a text, in training.

use lt_core::{Ragged, Result, check_shape, dims};
use ndarray::{Array2, ArrayView2, Axis, s};

/// Which vector stands for a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Pooling {
    /// The mean of all tokens' vectors.
    #[default]
    Mean,
    /// That of the first token: `[CLS]`.
    First,
}

impl Pooling {
    /// The vector of each text. A text without tokens has zeros.
    ///
    /// # Shapes
    /// `[tokens, d]` to `[b, d]`.
    ///
    /// # Errors
    /// [`lt_core::Error::Shape`] if there are not as many rows as tokens.
    pub fn forward(self, rows: ArrayView2<'_, f32>, texts: &Ragged) -> Result<Array2<f32>> {
        check_shape("Pooling::forward", dims![texts.tokens(), rows.ncols()], rows.shape())?;
        let mut vectors = Array2::zeros((texts.len(), rows.ncols()));
        for (range, mut vector) in texts.ranges().zip(vectors.rows_mut()) {
            let share = self.share(range.len());
            for row in rows.slice(s![range, ..]).rows().into_iter().take(self.of(texts.tokens())) {
                // forward: v = Σ share·x
                vector.scaled_add(share, &row);
            }
        }
        Ok(vectors)
    }

    /// Given the gradient of each text's vector, that of each token's.
    ///
    /// # Shapes
    /// `[b, d]` to `[tokens, d]`.
    ///
    /// # Errors
    /// [`lt_core::Error::Shape`] if there are not as many rows as texts.
    pub fn backward(self, d_vectors: ArrayView2<'_, f32>, texts: &Ragged) -> Result<Array2<f32>> {
        check_shape("Pooling::backward", dims![texts.len(), d_vectors.ncols()], d_vectors.shape())?;
        let mut d_rows = Array2::zeros((texts.tokens(), d_vectors.ncols()));
        for (range, d_vector) in texts.ranges().zip(d_vectors.rows()) {
            let share = self.share(range.len());
            let mut of_text = d_rows.slice_mut(s![range, ..]);
            for mut d_row in of_text.axis_iter_mut(Axis(0)).take(self.of(texts.tokens())) {
                // ⇒ backward: dx = share·dv
                d_row.scaled_add(share, &d_vector);
            }
        }
        Ok(d_rows)
    }

    /// What each token's vector counts.
    fn share(self, tokens: usize) -> f32 {
        match self {
            Self::Mean => 1.0 / tokens.max(1) as f32,
            Self::First => 1.0,
        }
    }

    /// How many tokens count, of so many.
    fn of(self, tokens: usize) -> usize {
        match self {
            Self::Mean => tokens,
            Self::First => 1,
        }
    }
}
