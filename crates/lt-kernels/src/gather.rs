//! Rows looked up in tables, added up, and normalised.

use lt_core::{Scratch, Weight};
use ndarray::Array2;

use crate::instructions::Instructions;
use crate::layer_norm::Row;
use crate::threads::{Cuts, for_each_rectangle};

/// One table, and which of its rows each token gets.
#[derive(Debug, Clone, Copy)]
pub struct Lookup<'a> {
    /// `[v, d]`.
    pub table: &'a Weight,
    /// The number of a row for each token, `[tokens]`.
    pub rows: &'a [u32],
}

/// The problem: for each token, add one row of each table, and normalise the sum.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Gather<'a> {
    /// The tables. Their rows are added in this order.
    pub lookups: &'a [Lookup<'a>],
    /// γ of the norm, `[d]`.
    pub gain: &'a Weight,
    /// β of the norm, `[d]`.
    pub bias: Option<&'a Weight>,
    /// ε of the norm.
    pub epsilon: f32,
}

impl<'a> Gather<'a> {
    /// With a norm that has no bias.
    #[must_use]
    pub fn new(lookups: &'a [Lookup<'a>], gain: &'a Weight, epsilon: f32) -> Self {
        Self { lookups, gain, bias: None, epsilon }
    }

    /// With a norm that has this bias, or none.
    #[must_use]
    pub fn bias(self, bias: Option<&'a Weight>) -> Self {
        Self { bias, ..self }
    }

    /// Panics unless the shapes fit each other; gives `[tokens, d]`.
    pub(crate) fn shape(&self) -> (usize, usize) {
        let d = self.gain.len();
        assert!(self.bias.is_none_or(|bias| bias.shape() == [d]), "a bias [d]");
        let tokens = self.lookups.first().map_or(0, |lookup| lookup.rows.len());
        for Lookup { table, rows } in self.lookups {
            assert_eq!(table.shape().get(1), Some(&d), "tables [v, d]");
            assert_eq!(rows.len(), tokens, "a row of each table for each token");
        }
        (tokens, d)
    }
}

/// Rows a task takes on.
const ROWS: usize = 32;

/// y = norm(Σ tableᵢ\[rowᵢ\]) for each token, in one pass.
///
/// # Shapes
/// Tables `[v, d]` and row numbers `[tokens]` to `[tokens, d]`.
///
/// # Panics
/// If the shapes of the problem do not fit each other, or a table has no such row.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// use lt_kernels::{Gather, Lookup, gather};
/// let (token, position) = (Weight::new(&[1, 2], vec![1.0, 2.0])?, Weight::new(&[1, 2], vec![0.0, 1.0])?);
/// let lookups = [&token, &position].map(|table| Lookup { table, rows: &[0] });
/// let gain = Weight::new(&[2], vec![1.0, 1.0])?;
/// // [1, 3] has mean 2 and variance 1.
/// let rows = gather(&Gather::new(&lookups, &gain, 0.0), &mut Scratch::new());
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
    let (gain, bias) = (problem.gain.f32(), problem.bias.map(Weight::f32));
    let mut y = scratch.take_any(tokens, d);
    if y.is_empty() {
        return y;
    }
    let rows = ROWS.min(tokens.div_ceil(scratch.threads().count()));
    let cuts = Cuts { rows, parts: &[d], columns: d };
    for_each_rectangle(scratch, &mut y, cuts, d, |mut rectangle, found| {
        for (number, token) in rectangle.rows.clone().enumerate() {
            let row = rectangle.row(number, 0..d);
            for (place, Lookup { table, rows }) in problem.lookups.iter().enumerate() {
                let from = rows[token] as usize;
                if place == 0 {
                    table.read_row(from, row);
                } else {
                    table.read_row(from, found);
                    row.iter_mut().zip(&*found).for_each(|(sum, number)| *sum += number);
                }
            }
            instructions.run(Row { row, gain, bias, epsilon: problem.epsilon });
        }
    });
    y
}
