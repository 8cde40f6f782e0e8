//! Some heads of some rows, over all blocks of keys.

use std::ops::Range;

use ndarray::Axis;

use super::block::{Average, Scores, next_head, one_below_the_other, side_by_side};
use super::look::{Look, Sees};
use super::{Attention, KEY_BLOCK, ROWS, Widths};
use crate::instructions::{Arithmetic, Work};
use crate::layer_norm;
use crate::threads::Rectangle;
use crate::tile::{COLUMNS, Lanes, Panels, multiply};
use crate::vector_math::exp;

/// What a task works with, beyond its output.
pub(super) struct Room<'a> {
    /// The keys of a block, one head, as panels of 16 keys: `[4, k, 16]`.
    keys: &'a mut [Lanes],
    /// Its values as panels of 16 columns: `[v / 16, 64, 16]`.
    values: &'a mut [Lanes],
    /// The scores of the block with each query, then their powers: `[queries, 64]`.
    scores: &'a mut [[f32; KEY_BLOCK]],
    /// The average of the values so far, not yet divided by the sum: `[queries, v / 16, 16]`.
    average: &'a mut [Lanes],
    /// The softmax of each query so far.
    softmax: Softmax<'a>,
}

/// What is known of the softmax of each query, `[queries]` each.
struct Softmax<'a> {
    /// The highest score so far, and with this block.
    highest: &'a mut [f32],
    now: &'a mut [f32],
    /// Σ e^(score − highest).
    sum: &'a mut [f32],
    /// e^(highest − now): what sum and average shrink by.
    shrink: &'a mut [f32],
}

impl<'a> Room<'a> {
    /// How many numbers it takes.
    pub(super) fn size(widths: Widths, queries: usize) -> usize {
        let value = widths.value.next_multiple_of(COLUMNS);
        KEY_BLOCK * (widths.key + value) + queries * (KEY_BLOCK + value + 4)
    }

    /// So much room, divided up.
    pub(super) fn of(room: &'a mut [f32], widths: Widths, queries: usize) -> Self {
        let value = widths.value.next_multiple_of(COLUMNS);
        let (keys, room) = room.split_at_mut(KEY_BLOCK * widths.key);
        let (values, room) = room.split_at_mut(KEY_BLOCK * value);
        let (scores, room) = room.split_at_mut(KEY_BLOCK * queries);
        let (average, room) = room.split_at_mut(value * queries);
        let (highest, room) = room.split_at_mut(queries);
        let (now, room) = room.split_at_mut(queries);
        let (sum, room) = room.split_at_mut(queries);
        Self {
            keys: keys.as_chunks_mut().0,
            values: values.as_chunks_mut().0,
            scores: scores.as_chunks_mut().0,
            average: average.as_chunks_mut().0,
            softmax: Softmax { highest, now, sum, shrink: &mut room[..queries] },
        }
    }
}

/// Some heads of some rows of the output.
pub(super) struct Task<'a, 'p> {
    pub(super) problem: &'a Attention<'p>,
    pub(super) widths: Widths,
    pub(super) rectangle: Rectangle<'a>,
    pub(super) room: Room<'a>,
}

impl Work for Task<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(mut self) {
        let rows = self.rectangle.rows.clone();
        let columns = self.rectangle.columns.clone();
        let heads = columns.start / self.widths.value..columns.end / self.widths.value;
        let queries = self.problem.queries;
        let offsets = queries.offsets();
        let first = offsets.partition_point(|&offset| offset <= rows.start).saturating_sub(1);
        for sequence in first..queries.len() {
            if offsets[sequence] >= rows.end {
                break;
            }
            let queries = offsets[sequence].max(rows.start)..offsets[sequence + 1].min(rows.end);
            if !queries.is_empty() {
                for head in heads.clone() {
                    self.head::<A>(sequence, queries.clone(), head);
                }
            }
        }
    }
}

impl Task<'_, '_> {
    /// One head of some queries of one sequence, over all blocks of keys.
    #[inline(always)]
    fn head<A: Arithmetic>(&mut self, sequence: usize, queries: Range<usize>, head: usize) {
        let Self { problem, widths, rectangle, room } = self;
        let Room { keys, values, scores, average, softmax } = room;
        let Softmax { highest, now, sum, shrink } = softmax;
        let (count, value_panels) = (queries.len(), widths.value.div_ceil(COLUMNS));
        let first_query = queries.start - problem.queries.offsets()[sequence];
        let offsets = problem.keys.offsets();
        let (first_key, last_key) = (offsets[sequence], offsets[sequence + 1]);
        let key_head = head / (problem.heads.query / problem.heads.key);
        for query in queries.clone() {
            let row = problem.query.index_axis_move(Axis(0), query).to_slice();
            next_head::<A>(row.unwrap_or_default(), head * widths.key, widths.key);
            let columns = head * widths.value..(head + 1) * widths.value;
            A::will_write(rectangle.row(query - rectangle.rows.start, columns));
        }
        average[..count * value_panels].fill([0.0; COLUMNS]);
        highest[..count].fill(f32::NEG_INFINITY);
        sum[..count].fill(0.0);

        for start in (first_key..last_key).step_by(KEY_BLOCK) {
            let rows = start..last_key.min(start + KEY_BLOCK);
            let len = rows.len();
            let key_panels = len.div_ceil(COLUMNS);
            let (key, value) = (key_head * widths.key, key_head * widths.value);
            side_by_side::<A>(problem.key, key, rows.clone(), keys, widths.key);
            one_below_the_other::<A>(problem.value, value, rows, widths.value, values);

            let mut of_block = Scores {
                query: problem.query,
                first: queries.start,
                columns: head * widths.key..(head + 1) * widths.key,
                scale: problem.scale,
                scores,
            };
            let panels = Panels::new(&keys[..key_panels * widths.key], widths.key, key_panels);
            multiply::<A>(&mut of_block, 0..count, panels);

            let mut sees = [Sees::Nothing; ROWS];
            let block = start - first_key..start - first_key + len;
            let look = |query: usize| Look {
                problem,
                sequence,
                query: first_query + query,
                keys: last_key - first_key,
            };
            for query in 0..count {
                let scores = &mut scores[query].as_chunks_mut().0[..key_panels];
                (sees[query], now[query]) = look(query).highest(&block, scores, highest[query]);
            }
            for query in 0..count {
                let (before, now) = (highest[query], now[query]);
                // The same number: also where both are −∞, and the difference is none.
                shrink[query] = if before == now { 1.0 } else { exp::<A>(before - now) };
                highest[query] = now;
            }
            for query in 0..count {
                if sees[query] != Sees::Nothing {
                    let scores = &mut scores[query].as_chunks_mut().0[..key_panels];
                    let powers = powers::<A>(scores, now[query]);
                    sum[query] = A::multiply_add(sum[query], shrink[query], powers);
                }
            }

            let panels = Panels::new(values, KEY_BLOCK, value_panels);
            let mut of_block =
                Average { powers: scores, keys: 0..len, average, shrink, value_panels };
            // Queries that see the whole block are averaged together, others one by one.
            let mut query = 0;
            while query < count {
                let from = query;
                while query < count && sees[query] == Sees::All {
                    query += 1;
                }
                of_block.keys = 0..len;
                multiply::<A>(&mut of_block, from..query, panels.lines(0..len));
                if query < count && sees[query] == Sees::Some {
                    of_block.shrink(query);
                    look(query).for_each_run(&block, |keys| {
                        of_block.keys = keys.clone();
                        multiply::<A>(&mut of_block, query..query + 1, panels.lines(keys));
                    });
                }
                query += 1;
            }
        }

        for query in 0..count {
            let row = queries.start - rectangle.rows.start + query;
            let columns = head * widths.value..(head + 1) * widths.value;
            let average = average[query * value_panels..][..value_panels].as_flattened();
            let output = rectangle.row(row, columns).iter_mut().zip(average);
            // No key at all: the average of nothing is zero.
            let (share, sum) = (sum[query] == 0.0, sum[query]);
            output.for_each(|(output, average)| *output = if share { 0.0 } else { average / sum });
        }
    }
}

/// Turns the scores of a query into powers, e^(score − highest), and gives their sum.
#[inline(always)]
fn powers<A: Arithmetic>(scores: &mut [Lanes], highest: f32) -> f32 {
    let scores = scores.as_flattened_mut();
    for score in &mut *scores {
        *score = exp::<A>(*score - highest);
    }
    layer_norm::sum(scores, |power| power)
}
