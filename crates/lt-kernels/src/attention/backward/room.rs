//! Where one head of attention and its gradient are computed, and small products in it.

use std::ops::Range;

use ndarray::{ArrayView2, Axis};

use crate::attention::block::side_by_side;
use crate::instructions::Arithmetic;
use crate::tile::{COLUMNS, Lanes, Panels, Tiles, filled_up, multiply};

/// Queries that are worked on together.
pub(super) const ROWS: usize = 64;

/// The sizes of one head of one sequence.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Keys of the sequence, s.
    pub(super) keys: usize,
    /// Widths of a head: of keys, and of values.
    pub(super) key: usize,
    pub(super) value: usize,
}

impl Sizes {
    /// Lanes that a row of scores takes.
    pub(super) fn of_scores(self) -> usize {
        self.keys.div_ceil(COLUMNS)
    }
}

/// Room for one head. Matrices lie row after row, in whole lanes.
pub(super) struct Room<'a> {
    /// Keys and values side by side, as scores need them: panels `[s/16][k]`, `[s/16][v]`.
    pub(super) keys_across: &'a mut [Lanes],
    pub(super) values_across: &'a mut [Lanes],
    /// One below the other: panels `[k/16][s]`, `[v/16][s]`.
    pub(super) keys_down: &'a mut [Lanes],
    pub(super) values_down: &'a mut [Lanes],
    /// Queries and gradients of the output, `[rows, k]`, `[rows, v]`, and turned, `[k, rows]`,
    /// `[v, rows]`.
    pub(super) query: &'a mut [f32],
    pub(super) d_output: &'a mut [f32],
    pub(super) query_turned: &'a mut [f32],
    pub(super) d_output_turned: &'a mut [f32],
    /// Weights and their gradients, `[rows, s]`, and either as panels, `[s/16][rows]`.
    pub(super) weights: &'a mut [Lanes],
    pub(super) d_weights: &'a mut [Lanes],
    pub(super) panels: &'a mut [Lanes],
    /// Gradients of keys and values, turned: `[k, s]`, `[v, s]`.
    pub(super) d_keys: &'a mut [Lanes],
    pub(super) d_values: &'a mut [Lanes],
    /// A result for the queries, `[rows, k]` or `[rows, v]`.
    pub(super) result: &'a mut [Lanes],
}

impl<'a> Room<'a> {
    /// How many numbers it takes.
    pub(super) fn size(sizes: Sizes) -> usize {
        Self::parts(sizes).iter().sum::<usize>() * COLUMNS
    }

    fn parts(sizes: Sizes) -> [usize; 14] {
        let Sizes { keys, key, value } = sizes;
        let (s, k, v) = (sizes.of_scores(), key.div_ceil(COLUMNS), value.div_ceil(COLUMNS));
        let turned = ROWS / COLUMNS;
        [
            s * key,
            s * value,
            k * keys,
            v * keys,
            (ROWS * key).div_ceil(COLUMNS),
            (ROWS * value).div_ceil(COLUMNS),
            key * turned,
            value * turned,
            ROWS * s,
            ROWS * s,
            ROWS * s,
            key * s,
            value * s,
            ROWS * k.max(v),
        ]
    }

    pub(super) fn of(lanes: &'a mut [Lanes], sizes: Sizes) -> Self {
        let mut rest = lanes;
        let parts = Self::parts(sizes).map(|part| {
            let (these, others) = std::mem::take(&mut rest).split_at_mut(part);
            rest = others;
            these
        });
        let [a, b, c, d, query, d_output, query_turned, d_output_turned, e, f, g, h, i, j] = parts;
        Self {
            keys_across: a,
            values_across: b,
            keys_down: c,
            values_down: d,
            query: query.as_flattened_mut(),
            d_output: d_output.as_flattened_mut(),
            query_turned: query_turned.as_flattened_mut(),
            d_output_turned: d_output_turned.as_flattened_mut(),
            weights: e,
            d_weights: f,
            panels: g,
            d_keys: h,
            d_values: i,
            result: j,
        }
    }
}

/// Rows `[s, width]` as panels of sixteen rows side by side, `[s/16][width]`.
#[inline(always)]
pub(super) fn across<A: Arithmetic>(rows: ArrayView2<'_, f32>, panels: &mut [Lanes]) {
    let (count, width) = rows.dim();
    // What fills up the last panel is multiplied too, and must be a number.
    panels[(count.div_ceil(COLUMNS) - 1) * width..][..width].fill([0.0; COLUMNS]);
    side_by_side::<A>(rows, &(0..1), 0..count, width, 0, panels);
}

/// Rows `[s, width]` as panels of sixteen columns, `[width/16][s]`.
#[inline(always)]
pub(super) fn down(rows: ArrayView2<'_, f32>, panels: &mut [Lanes]) {
    let count = rows.nrows();
    for (place, row) in rows.rows().into_iter().enumerate() {
        for (panel, sixteen) in row.to_slice().unwrap_or_default().chunks(COLUMNS).enumerate() {
            panels[panel * count + place] = filled_up(sixteen);
        }
    }
}

/// Some rows as they are, and turned: `[rows, width]` and `[width, ROWS]`.
#[inline(always)]
pub(super) fn both_ways(rows: ArrayView2<'_, f32>, copy: &mut [f32], turned: &mut [f32]) {
    let width = rows.ncols();
    for (place, row) in rows.rows().into_iter().enumerate() {
        let row = row.to_slice().unwrap_or_default();
        copy[place * width..][..width].copy_from_slice(row);
        for (column, &number) in row.iter().enumerate() {
            turned[column * ROWS + place] = number;
        }
    }
}

/// Rows of lanes `[rows, n]` as panels, `[n][rows]`.
#[inline(always)]
pub(super) fn as_panels(rows: &[Lanes], n: usize, panels: &mut [Lanes]) {
    let count = rows.len() / n;
    for (place, row) in rows.chunks_exact(n).enumerate() {
        for (panel, &lanes) in row.iter().enumerate() {
            panels[panel * count + place] = lanes;
        }
    }
}

/// A·B into some columns of a matrix in lanes.
pub(super) struct Small<'a> {
    /// A: rows that begin so many numbers apart, of which as many are multiplied as panels are high.
    pub(super) left: &'a [f32],
    pub(super) stride: usize,
    pub(super) inner: usize,
    pub(super) result: &'a mut [Lanes],
    /// Lanes of a row of the result, and the first that is written.
    pub(super) width: usize,
    pub(super) first: usize,
    /// Whether the chains go on from what stands there.
    pub(super) goes_on: bool,
}

impl Small<'_> {
    #[inline(always)]
    pub(super) fn multiply<A: Arithmetic>(mut self, rows: usize, panels: Panels<'_>) {
        multiply::<A, _>(&mut self, 0..rows, panels);
    }

    #[inline(always)]
    fn place(&mut self, row: usize, panel: usize, count: usize) -> &mut [Lanes] {
        &mut self.result[row * self.width + self.first + panel..][..count]
    }
}

impl Tiles for Small<'_> {
    #[inline(always)]
    fn row(&self, row: usize) -> &[f32] {
        &self.left[row * self.stride..][..self.inner]
    }

    #[inline(always)]
    fn start<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        row: usize,
        panel: usize,
    ) -> [[A::Registers; P]; R] {
        let mut sums = [[A::load(&[0.0; COLUMNS]); P]; R];
        if self.goes_on {
            for (r, sums) in sums.iter_mut().enumerate() {
                for (sums, lanes) in sums.iter_mut().zip(self.place(row + r, panel, P)) {
                    *sums = A::load(lanes);
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn finish<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        row: usize,
        panel: usize,
        sums: [[A::Registers; P]; R],
    ) {
        for (r, sums) in sums.iter().enumerate() {
            for (&sums, lanes) in sums.iter().zip(self.place(row + r, panel, P)) {
                A::store(sums, lanes);
            }
        }
    }
}

/// One head of the rows of a sequence.
pub(super) fn head<'a>(
    rows: ArrayView2<'a, f32>,
    sequence: Range<usize>,
    head: usize,
    width: usize,
) -> ArrayView2<'a, f32> {
    let rows = rows.split_at(Axis(0), sequence.end).0.split_at(Axis(0), sequence.start).1;
    rows.split_at(Axis(1), (head + 1) * width).0.split_at(Axis(1), head * width).1
}
