//! Rows looked up in tables, added up, and normalised where a model does.

use lt_core::{Scratch, Weight};
use ndarray::Array2;

use crate::instructions::Instructions;
use crate::layer_norm::{Norm, for_each_row};
use crate::threads::{Cuts, for_each_rectangle};

/// Rows a task takes on, at most.
const ROWS: usize = 128;

/// One table, and which of its rows each token gets.
#[derive(Debug, Clone, Copy)]
pub struct Lookup<'a> {
    /// `[v, d]`.
    pub table: &'a Weight,
    /// The number of a row for each token, `[tokens]`.
    pub rows: &'a [u32],
}

/// The problem: for each token, add one row of each table, and normalise the sum if there is a norm.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Gather<'a> {
    /// The tables. Their rows are added in this order.
    pub lookups: &'a [Lookup<'a>],
    /// What rows of the first table are multiplied by, before others are added.
    pub scale: f32,
    /// By which the sums are normalised, if they are.
    pub norm: Option<Norm<'a>>,
}

impl<'a> Gather<'a> {
    /// Rows of these tables, and a norm if there is one.
    #[must_use]
    pub fn new(lookups: &'a [Lookup<'a>], norm: impl Into<Option<Norm<'a>>>) -> Self {
        Self { lookups, scale: 1.0, norm: norm.into() }
    }

    /// With rows of the first table that are multiplied by this.
    #[must_use]
    pub fn scale(self, scale: f32) -> Self {
        Self { scale, ..self }
    }

    /// Panics unless the shapes fit each other; gives `[tokens, d]`.
    pub(crate) fn shape(&self) -> (usize, usize) {
        let d = self.lookups.first().map_or(0, |lookup| lookup.table.shape()[1]);
        if let Some(norm) = self.norm {
            norm.check(d);
        }
        let tokens = self.lookups.first().map_or(0, |lookup| lookup.rows.len());
        for Lookup { table, rows } in self.lookups {
            assert_eq!(table.shape().get(1), Some(&d), "tables [v, d]");
            assert_eq!(rows.len(), tokens, "a row of each table for each token");
        }
        (tokens, d)
    }
}

/// y = norm(Σ tableᵢ\[rowᵢ\]) for each token, in one pass; the first table's row may be scaled.
///
/// # Shapes
/// Tables `[v, d]` and row numbers `[tokens]` to `[tokens, d]`.
///
/// # Panics
/// If the shapes of the problem do not fit each other, or a table has no such row.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// use lt_kernels::{Gather, Lookup, Norm, gather};
/// let (token, position) = (Weight::new(&[1, 2], vec![1.0, 2.0])?, Weight::new(&[1, 2], vec![0.0, 1.0])?);
/// let lookups = [&token, &position].map(|table| Lookup { table, rows: &[0] });
/// let gain = Weight::new(&[2], vec![1.0, 1.0])?;
/// // [1, 3] has mean 2 and variance 1.
/// let rows = gather(&Gather::new(&lookups, Norm::new(&gain, 0.0)), &mut Scratch::new());
/// assert_eq!(rows, ndarray::array![[-1.0, 1.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
#[must_use]
pub fn gather(problem: &Gather<'_>, scratch: &mut Scratch) -> Array2<f32> {
    gather_with(Instructions::best(), problem, scratch)
}

/// [`gather`] with these instructions.
///
/// # Panics
/// As [`gather`].
#[must_use]
pub fn gather_with(
    instructions: Instructions,
    problem: &Gather<'_>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    let (tokens, d) = problem.shape();
    let mut y = scratch.take_any(tokens, d);
    let fill = |token: usize, row: &mut [f32], found: &mut [f32]| {
        for (place, Lookup { table, rows }) in problem.lookups.iter().enumerate() {
            let from = rows[token] as usize;
            if place > 0 {
                table.read_row(from, found);
                row.iter_mut().zip(&*found).for_each(|(sum, number)| *sum += number);
                continue;
            }
            table.read_row(from, row);
            if problem.scale != 1.0 {
                row.iter_mut().for_each(|number| *number *= problem.scale);
            }
        }
    };
    if let Some(norm) = problem.norm {
        for_each_row(instructions, norm, &mut y, scratch, d, fill);
    } else if !y.is_empty() {
        let rows = ROWS.min(tokens.div_ceil(scratch.threads().count()));
        let cuts = Cuts { rows, parts: &[d], columns: d };
        for_each_rectangle(scratch, &mut y, cuts, d, |mut rectangle, found| {
            for (number, token) in rectangle.rows.clone().enumerate() {
                fill(token, rectangle.row(number, 0..d), found);
            }
        });
    }
    y
}
