//! A block of keys and values, laid out for the tile, and its two products.

use std::ops::Range;

use ndarray::{ArrayView2, Axis};

use super::KEY_BLOCK;
use crate::instructions::Arithmetic;
use crate::tile::{COLUMNS, Lanes, Tiles, put};

/// The keys `rows`, columns `first..`, as panels: keys side by side, one line a column.
#[inline(always)]
pub(super) fn side_by_side<A: Arithmetic>(
    keys: ArrayView2<'_, f32>,
    first: usize,
    rows: Range<usize>,
    panels: &mut [Lanes],
    width: usize,
) {
    for (number, panel) in panels.chunks_exact_mut(width).enumerate() {
        let from = rows.start + number * COLUMNS;
        if from >= rows.end {
            return;
        }
        let mut sixteen: [&[f32]; COLUMNS] = [&[]; COLUMNS];
        for (place, key) in sixteen.iter_mut().enumerate() {
            // Behind the last key it stands again; its score is not looked at there.
            let row = keys.index_axis_move(Axis(0), (from + place).min(rows.end - 1)).to_slice();
            let row = row.unwrap_or_default();
            next_head::<A>(row, first, width);
            *key = &row[first..first + width];
        }
        for (column, line) in panel.iter_mut().enumerate() {
            for place in 0..COLUMNS {
                line[place] = sixteen[place][column];
            }
        }
    }
}

/// The values `rows`, columns `first..`, as panels: columns side by side, one line a value.
#[inline(always)]
pub(super) fn one_below_the_other<A: Arithmetic>(
    values: ArrayView2<'_, f32>,
    first: usize,
    rows: Range<usize>,
    width: usize,
    panels: &mut [Lanes],
) {
    for (place, row) in rows.enumerate() {
        let value = values.index_axis_move(Axis(0), row);
        next_head::<A>(value.to_slice().unwrap_or_default(), first, width);
        for panel in 0..width.div_ceil(COLUMNS) {
            let line = &mut panels[panel * KEY_BLOCK + place];
            let columns = panel * COLUMNS..width.min((panel + 1) * COLUMNS);
            match value.to_slice() {
                Some(value) if columns.len() == COLUMNS => {
                    let of_panel = value[first + columns.start..].first_chunk();
                    *line = *of_panel.unwrap_or(&[0.0; COLUMNS]);
                }
                _ => {
                    line.fill(0.0);
                    for (number, column) in line.iter_mut().zip(columns) {
                        *number = value[first + column];
                    }
                }
            }
        }
    }
}

/// Says that the next head's part of this row will be read soon.
#[inline(always)]
pub(super) fn next_head<A: Arithmetic>(row: &[f32], first: usize, width: usize) {
    A::will_read(&row[row.len().min(first + width)..row.len().min(first + 2 * width)]);
}

/// scale·q·k for each query and each key of a block.
pub(super) struct Scores<'t> {
    pub(super) query: ArrayView2<'t, f32>,
    /// The row of the first query.
    pub(super) first: usize,
    pub(super) columns: Range<usize>,
    pub(super) scale: f32,
    pub(super) scores: &'t mut [[f32; KEY_BLOCK]],
}

impl Tiles for Scores<'_> {
    #[inline(always)]
    fn row(&self, row: usize) -> &[f32] {
        let query = self.query.index_axis_move(Axis(0), self.first + row).to_slice();
        &query.unwrap_or_default()[self.columns.clone()]
    }

    #[inline(always)]
    fn start(&mut self, _row: usize, _panel: usize) -> Lanes {
        [0.0; COLUMNS]
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, panel: usize, sums: &[Lanes]) {
        let scores = &mut self.scores[row][panel * COLUMNS..];
        for (score, sum) in scores.iter_mut().zip(sums.as_flattened()) {
            *score = sum * self.scale;
        }
    }
}

/// The average so far, shrunk, plus the values of a block, each times its power.
pub(super) struct Average<'t> {
    pub(super) powers: &'t [[f32; KEY_BLOCK]],
    /// The keys of the block whose values are added.
    pub(super) keys: Range<usize>,
    /// `[queries, v / 16, 16]`.
    pub(super) average: &'t mut [Lanes],
    pub(super) shrink: &'t mut [f32],
    pub(super) value_panels: usize,
}

impl Average<'_> {
    /// Shrinks the average of a query, once for all runs of keys that follow.
    #[inline(always)]
    pub(super) fn shrink(&mut self, query: usize) {
        let average = &mut self.average[query * self.value_panels..][..self.value_panels];
        for value in average.as_flattened_mut() {
            *value *= self.shrink[query];
        }
        self.shrink[query] = 1.0;
    }
}

impl Tiles for Average<'_> {
    #[inline(always)]
    fn row(&self, row: usize) -> &[f32] {
        &self.powers[row][self.keys.clone()]
    }

    #[inline(always)]
    fn start(&mut self, row: usize, panel: usize) -> Lanes {
        let mut lanes = self.average[row * self.value_panels + panel];
        for value in &mut lanes {
            *value *= self.shrink[row];
        }
        lanes
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, panel: usize, sums: &[Lanes]) {
        let average = &mut self.average[row * self.value_panels + panel..][..sums.len()];
        put(sums, average.as_flattened_mut());
    }
}
