//! What nobody sees may hold anything: it is taken for zero before tiles multiply it with a weight of
//! zero.

use lt_core::Place;
use ndarray::{Array2, ArrayView2};

use crate::attention::{Attention, LooksAt};

/// What tiles may multiply.
pub(super) enum Rows {
    /// Everything, as it is.
    Finite,
    /// What is not finite is seen by nobody.
    WithoutUnseen(Box<WithoutUnseen>),
    /// Some see what is not finite, and some do not: the plain loops pass it over where it is masked.
    SeenBySome,
}

/// Queries that see nothing, and keys and values that nobody sees, are zeros here.
pub(super) struct WithoutUnseen {
    query: Array2<f32>,
    key: Array2<f32>,
    value: Array2<f32>,
    /// The gradient of the output; nothing where none was given.
    pub(super) d_output: Array2<f32>,
}

impl Rows {
    /// Of a problem, and perhaps the gradient of its output.
    pub(super) fn of(problem: &Attention<'_>, d_output: Option<ArrayView2<'_, f32>>) -> Self {
        let d_is_finite = d_output.as_ref().is_none_or(|d_output| finite(d_output.reborrow()));
        if d_is_finite && all_finite(problem) {
            return Self::Finite;
        }
        let d_output = d_output.map_or_else(|| Array2::zeros((0, 0)), |d| d.to_owned());
        match WithoutUnseen::of(problem, d_output) {
            Some(rows) if rows.are_finite() => Self::WithoutUnseen(Box::new(rows)),
            _ => Self::SeenBySome,
        }
    }
}

impl WithoutUnseen {
    fn of(problem: &Attention<'_>, d_output: Array2<f32>) -> Option<Self> {
        let LooksAt::Rows { key, value, sequences } = &problem.looks_at else { return None };
        let (query, key, value) = (problem.query.to_owned(), key.to_owned(), value.to_owned());
        let mut rows = Self { query, key, value, d_output };
        let both = problem.queries.ranges().zip(sequences.ranges());
        for (sequence, (queries, keys)) in both.enumerate() {
            let mut seen = vec![false; keys.len()];
            for row in queries {
                let query = problem.position(sequence, row);
                let allowed = |&key: &usize| problem.mask.allows(Place { sequence, query, key });
                let mut blind = true;
                for key in (0..keys.len()).filter(allowed) {
                    (seen[key], blind) = (true, false);
                }
                if blind {
                    rows.query.row_mut(row).fill(0.0);
                    if row < rows.d_output.nrows() {
                        rows.d_output.row_mut(row).fill(0.0);
                    }
                }
            }
            for key in (0..keys.len()).filter(|&key| !seen[key]) {
                rows.key.row_mut(keys.start + key).fill(0.0);
                rows.value.row_mut(keys.start + key).fill(0.0);
            }
        }
        Some(rows)
    }

    fn are_finite(&self) -> bool {
        [&self.query, &self.key, &self.value, &self.d_output]
            .into_iter()
            .all(|rows| finite(rows.view()))
    }

    /// The problem with these rows.
    pub(super) fn problem<'s>(&'s self, of: &'s Attention<'_>) -> Attention<'s> {
        let Attention { queries, before, heads, scale, cap, bias, mask, .. } = *of;
        let looks_at = match &of.looks_at {
            LooksAt::Rows { sequences, .. } => {
                let (key, value) = (self.key.view(), self.value.view());
                LooksAt::Rows { key, value, sequences }
            }
            LooksAt::Kept(kept) => LooksAt::Kept(kept),
        };
        let query = self.query.view();
        Attention { query, queries, before, looks_at, heads, scale, cap, bias, mask }
    }
}

/// Whether all is finite, also what is masked.
fn all_finite(problem: &Attention<'_>) -> bool {
    let LooksAt::Rows { key, value, .. } = &problem.looks_at else { return true };
    [&problem.query, key, value].into_iter().all(|rows| finite(rows.reborrow()))
}

fn finite(rows: ArrayView2<'_, f32>) -> bool {
    rows.rows().into_iter().all(|row| match row.to_slice() {
        // 0·x is no number where x is none.
        Some(row) => row.iter().map(|x| 0.0 * x).sum::<f32>() == 0.0,
        None => row.iter().all(|x| x.is_finite()),
    })
}
