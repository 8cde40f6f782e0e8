//! A rotation as a layer: rows in, turned rows out, and the way back.

#[cfg(feature = "train")]
mod backward;

use lt_core::{Module, Ragged, Result, Scratch};
use ndarray::{Array2, ArrayView2};

use super::{Places, Rotary, turned};

/// Rows of a batch, and where its sequences begin: positions count from there.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RotaryInput<'a> {
    /// One row per token, its heads side by side, `[tokens, h·k]`.
    pub rows: ArrayView2<'a, f32>,
    /// Where each sequence begins.
    pub sequences: &'a Ragged,
    /// How many tokens stand before the first row of each sequence; none: none do.
    pub before: &'a [usize],
}

impl<'a> RotaryInput<'a> {
    /// These rows of these sequences.
    #[must_use]
    pub fn new(rows: ArrayView2<'a, f32>, sequences: &'a Ragged) -> Self {
        Self { rows, sequences, before: &[] }
    }

    /// With so many tokens before the first row of each sequence.
    #[must_use]
    pub fn before(self, before: &'a [usize]) -> Self {
        Self { before, ..self }
    }
}

impl<'a> Module<RotaryInput<'a>> for Rotary {
    type Output = Array2<f32>;

    fn forward(&self, input: RotaryInput<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: RotaryInput<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let mut rows = scratch.take_any(input.rows.nrows(), input.rows.ncols());
        rows.assign(&input.rows);
        let places = Places { sequences: input.sequences, before: input.before };
        self.turn("Rotary::forward", rows.view_mut(), places, turned)?;
        Ok(rows)
    }
}
