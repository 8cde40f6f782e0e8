//! A block of keys and values, laid out for the tile, and its two products.

use std::ops::Range;

use ndarray::{ArrayView2, Axis};

use super::KEY_BLOCK;
use crate::instructions::Arithmetic;
use crate::tile::{COLUMNS, Lanes, Panels, Tiles, filled_up, multiply};

/// The keys `rows`, some heads of `width` columns, as panels: keys side by side, one line a column.
/// The first of them goes to place `from` of the block.
#[inline(always)]
pub(super) fn side_by_side<A: Arithmetic>(
    keys: ArrayView2<'_, f32>,
    heads: &Range<usize>,
    rows: Range<usize>,
    width: usize,
    from: usize,
    panels: &mut [Lanes],
) {
    let columns = heads.start * width..heads.end * width;
    let end = from + rows.len();
    let mut place = from;
    while place < end {
        // As far as the panel reaches: all sixteen, but at the beginning and the end.
        let (number, lanes) =
            (place / COLUMNS, place % COLUMNS..COLUMNS.min(end - place / COLUMNS * COLUMNS));
        let first = rows.start + place - from;
        let mut sixteen: [&[f32]; COLUMNS] = [&[]; COLUMNS];
        for (key, row) in sixteen.iter_mut().zip(first..first + lanes.len()) {
            let row = keys.index_axis_move(Axis(0), row).to_slice();
            *key = &row.unwrap_or_default()[columns.clone()];
            A::will_read(key);
        }
        for head in 0..heads.len() {
            let panel = (head * (KEY_BLOCK / COLUMNS) + number) * width;
            let panel = &mut panels[panel..][..width];
            if lanes.len() == COLUMNS {
                for (column, line) in panel.iter_mut().enumerate() {
                    for lane in 0..COLUMNS {
                        line[lane] = sixteen[lane][head * width + column];
                    }
                }
            } else {
                for (key, lane) in sixteen.iter().zip(lanes.clone()) {
                    let key = &key[head * width..][..width];
                    panel.iter_mut().zip(key).for_each(|(line, &number)| line[lane] = number);
                }
            }
        }
        place += lanes.len();
    }
}

/// The values `rows`, some heads of `width` columns, as panels: columns side by side, one line a
/// value. The first of them goes to line `from` of the block.
#[inline(always)]
pub(super) fn one_below_the_other(
    values: ArrayView2<'_, f32>,
    heads: &Range<usize>,
    rows: Range<usize>,
    width: usize,
    from: usize,
    panels: &mut [Lanes],
) {
    let columns = heads.start * width..heads.end * width;
    let of_head = width.div_ceil(COLUMNS) * KEY_BLOCK;
    for (place, row) in (from..).zip(rows) {
        let value = values.index_axis_move(Axis(0), row).to_slice();
        let value = &value.unwrap_or_default()[columns.clone()];
        for (head, value) in value.chunks_exact(width).enumerate() {
            for (panel, sixteen) in value.chunks(COLUMNS).enumerate() {
                panels[head * of_head + panel * KEY_BLOCK + place] = filled_up(sixteen);
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
    fn start<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        _row: usize,
        _panel: usize,
    ) -> [[A::Registers; P]; R] {
        [[A::load(&[0.0; COLUMNS]); P]; R]
    }

    #[inline(always)]
    fn finish<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        row: usize,
        panel: usize,
        sums: [[A::Registers; P]; R],
    ) {
        for (scores, sums) in self.scores[row..row + R].iter_mut().zip(sums) {
            let scores = &mut scores.as_chunks_mut().0[panel..panel + P];
            for (scores, sums) in scores.iter_mut().zip(sums) {
                A::store(A::multiply_each(self.scale, sums), scores);
            }
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

    /// Averages queries from `first` on that see a run of keys each, all of them those in
    /// `all_see`: what stands before and behind for each alone. The keys of a query come in their
    /// order, so that the sums are those of the query by itself.
    #[inline(always)]
    pub(super) fn runs<A: Arithmetic>(
        &mut self,
        first: usize,
        runs: &[Range<usize>],
        all_see: Range<usize>,
        panels: Panels<'_>,
    ) {
        for (query, run) in (first..).zip(runs) {
            self.shrink(query);
            self.run::<A>(query..query + 1, run.start..all_see.start, panels);
        }
        self.run::<A>(first..first + runs.len(), all_see.clone(), panels);
        for (query, run) in (first..).zip(runs) {
            self.run::<A>(query..query + 1, all_see.end..run.end, panels);
        }
    }

    #[inline(always)]
    fn run<A: Arithmetic>(
        &mut self,
        queries: Range<usize>,
        keys: Range<usize>,
        panels: Panels<'_>,
    ) {
        if !keys.is_empty() {
            self.keys = keys.clone();
            multiply::<A, _>(self, queries, panels.lines(keys));
        }
    }
}

impl Tiles for Average<'_> {
    #[inline(always)]
    fn row(&self, row: usize) -> &[f32] {
        &self.powers[row][self.keys.clone()]
    }

    #[inline(always)]
    fn start<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        row: usize,
        panel: usize,
    ) -> [[A::Registers; P]; R] {
        let mut sums = [[A::load(&[0.0; COLUMNS]); P]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            let average = &self.average[(row + r) * self.value_panels + panel..][..P];
            for (sums, average) in sums.iter_mut().zip(average) {
                // formula: online-softmax
                *sums = A::multiply_each(self.shrink[row + r], A::load(average));
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
            let average = &mut self.average[(row + r) * self.value_panels + panel..][..P];
            for (average, &sums) in average.iter_mut().zip(sums) {
                A::store(sums, average);
            }
        }
    }
}
