//! Some heads of some rows, over all blocks of keys.

use std::ops::Range;

use ndarray::Axis;

use super::block::{Average, Scores, next_head, one_below_the_other, side_by_side};
use super::look::{Look, Sees};
use super::{Attention, KEY_BLOCK, LooksAt, ROWS, Widths};
use crate::instructions::{Arithmetic, Work};
use crate::layer_norm;
use crate::threads::Rectangle;
use crate::tile::{COLUMNS, Lanes, Panels, multiply};
use crate::vector_math::{exp, tanh};

/// Columns of keys, and of values, that are laid out in one go, row by row, as they lie in memory:
/// as many as fit the second cache with what is made of them.
const TOGETHER: usize = 384;

/// Queries that see a run of keys each and are averaged together, at most: the rows of a tile.
const TILE: usize = 8;

/// Query heads that are worked on together.
fn together(widths: Widths) -> usize {
    (TOGETHER / widths.key.max(widths.value).max(1)).max(1)
}

/// What a task works with, beyond its output.
pub(super) struct Room<'a> {
    /// The keys of a block, as panels of 16 keys: `[key heads, 8, k, 16]`.
    keys: &'a mut [Lanes],
    /// Its values as panels of 16 columns: `[key heads, v / 16, 128, 16]`.
    values: &'a mut [Lanes],
    /// The scores of the block with each query, then their powers: `[queries, 128]`.
    scores: &'a mut [[f32; KEY_BLOCK]],
    /// The average of the values so far, not yet divided by the sum: `[heads, queries, v / 16, 16]`.
    average: &'a mut [Lanes],
    /// The highest score so far: `[heads, queries]`.
    highest: &'a mut [f32],
    /// Σ e^(score − highest): `[heads, queries]`.
    sum: &'a mut [f32],
    /// The highest score with this block: `[queries]`.
    now: &'a mut [f32],
    /// e^(highest − now), what sum and average shrink by: `[queries]`.
    shrink: &'a mut [f32],
}

impl<'a> Room<'a> {
    /// How many numbers it takes, for so many queries and query heads.
    pub(super) fn size(problem: &Attention<'_>, queries: usize, heads: usize) -> usize {
        let widths = problem.widths();
        let (value, heads) = (widths.value.next_multiple_of(COLUMNS), heads.min(together(widths)));
        laid_out(problem, heads) * KEY_BLOCK * (widths.key + value)
            + heads * queries * (value + 2)
            + queries * (KEY_BLOCK + 2)
    }

    /// So much room, divided up.
    pub(super) fn of(
        room: &'a mut [f32],
        problem: &Attention<'_>,
        queries: usize,
        heads: usize,
    ) -> Self {
        let widths = problem.widths();
        let (value, heads) = (widths.value.next_multiple_of(COLUMNS), heads.min(together(widths)));
        let laid_out = laid_out(problem, heads);
        let (keys, room) = room.split_at_mut(laid_out * KEY_BLOCK * widths.key);
        let (values, room) = room.split_at_mut(laid_out * KEY_BLOCK * value);
        let (scores, room) = room.split_at_mut(KEY_BLOCK * queries);
        let (average, room) = room.split_at_mut(heads * queries * value);
        let (highest, room) = room.split_at_mut(heads * queries);
        let (sum, room) = room.split_at_mut(heads * queries);
        let (now, room) = room.split_at_mut(queries);
        Self {
            keys: keys.as_chunks_mut().0,
            values: values.as_chunks_mut().0,
            scores: scores.as_chunks_mut().0,
            average: average.as_chunks_mut().0,
            highest,
            sum,
            now,
            shrink: &mut room[..queries],
        }
    }
}

/// For how many heads keys and values are laid out: key heads are as many as query heads at most,
/// and what is kept from pass to pass is laid out already.
fn laid_out(problem: &Attention<'_>, heads: usize) -> usize {
    match problem.looks_at {
        LooksAt::Rows { .. } => heads,
        LooksAt::Kept(_) => 0,
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
                let together = together(self.widths);
                for head in heads.clone().step_by(together) {
                    let heads = head..heads.end.min(head + together);
                    self.heads::<A>(sequence, queries.clone(), heads);
                }
            }
        }
    }
}

impl Task<'_, '_> {
    /// Some heads of some queries of one sequence, over all blocks of keys.
    #[inline(always)]
    fn heads<A: Arithmetic>(
        &mut self,
        sequence: usize,
        queries: Range<usize>,
        heads: Range<usize>,
    ) {
        let widths = self.widths;
        let (count, value_panels) = (queries.len(), widths.value.div_ceil(COLUMNS));
        self.room.average[..heads.len() * count * value_panels].fill([0.0; COLUMNS]);
        self.room.highest[..heads.len() * count].fill(f32::NEG_INFINITY);
        self.room.sum[..heads.len() * count].fill(0.0);

        let group = self.problem.heads.query / self.problem.heads.key;
        let key_heads = heads.start / group..(heads.end - 1) / group + 1;
        let keys = self.problem.looks_at.keys(sequence);
        let reach = self.reach(sequence, &queries, keys);
        // The blocks before are looked at by nobody.
        let first = reach.start / KEY_BLOCK * KEY_BLOCK;
        for start in (first..reach.end).step_by(KEY_BLOCK) {
            let block = start..keys.min(start + KEY_BLOCK);
            let Self { problem, room, .. } = self;
            let mut first_key_head = 0;
            if let LooksAt::Rows { key, value, sequences } = problem.looks_at {
                first_key_head = key_heads.start;
                let before = sequences.offsets()[sequence];
                let rows = before + block.start..before + block.end;
                side_by_side::<A>(key, &key_heads, rows.clone(), widths.key, 0, room.keys);
                one_below_the_other(value, &key_heads, rows, widths.value, 0, room.values);
            }
            for head in heads.clone() {
                let place = Place {
                    sequence,
                    queries: queries.clone(),
                    head,
                    number: head - heads.start,
                    key_head: head / group - first_key_head,
                    block: block.clone(),
                    keys,
                };
                self.block::<A>(&place);
            }
        }
        self.write(queries, heads);
    }

    /// The keys of a sequence outside of which all are masked, for each of these queries.
    fn reach(&self, sequence: usize, queries: &Range<usize>, keys: usize) -> Range<usize> {
        let problem = self.problem;
        let of_each = queries.clone().map(|query| {
            let query = problem.position(sequence, query);
            Look { problem, sequence, query, keys }.reach()
        });
        let seen = of_each.filter(|range| !range.is_empty());
        seen.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0)
    }

    /// One block of keys, for one head.
    #[inline(always)]
    fn block<A: Arithmetic>(&mut self, place: &Place) {
        let Self { problem, widths, room, .. } = self;
        let Room { keys, values, scores, average, highest, sum, now, shrink } = room;
        let Place { sequence, block, .. } = place;
        let (count, len) = (place.queries.len(), block.len());
        let (key_panels, value_panels) = (len.div_ceil(COLUMNS), widths.value.div_ceil(COLUMNS));
        let (keys, values) = match problem.looks_at {
            LooksAt::Rows { .. } => (&**keys, &**values),
            LooksAt::Kept(kept) => kept[*sequence].block(block.start / KEY_BLOCK),
        };
        let keys = &keys[place.key_head * KEY_BLOCK / COLUMNS * widths.key..];
        let values = &values[place.key_head * KEY_BLOCK * value_panels..];
        let values = &values[..KEY_BLOCK * value_panels];
        let average = &mut average[place.number * count * value_panels..];
        let highest = &mut highest[place.number * count..][..count];
        let sum = &mut sum[place.number * count..][..count];

        let columns = place.head * widths.key..(place.head + 1) * widths.key;
        for query in place.queries.clone() {
            let row = problem.query.index_axis_move(Axis(0), query).to_slice();
            next_head::<A>(row.unwrap_or_default(), columns.start, widths.key);
        }
        let mut of_block = Scores {
            query: problem.query,
            first: place.queries.start,
            columns,
            scale: problem.scale,
            scores,
        };
        let panels = Panels::new(&keys[..key_panels * widths.key], widths.key, key_panels);
        multiply::<A, _>(&mut of_block, 0..count, panels);

        let mut sees = [Sees::Nothing; ROWS];
        let first_query = problem.position(*sequence, place.queries.start);
        let look = |query: usize| Look {
            problem,
            sequence: *sequence,
            query: first_query + query,
            keys: place.keys,
        };
        if let Some(cap) = problem.cap {
            for scores in &mut scores[..count] {
                let scores = &mut scores[..key_panels * COLUMNS];
                scores.iter_mut().for_each(|score| *score = cap * tanh::<A>(*score / cap));
            }
        }
        if let Some(bias) = problem.bias {
            for (query, scores) in scores[..count].iter_mut().enumerate() {
                bias.add(place.head, first_query + query, block.start, &mut scores[..len]);
            }
        }
        for query in 0..count {
            let scores = &mut scores[query].as_chunks_mut().0[..key_panels];
            // formula: online-softmax
            (sees[query], now[query]) = look(query).highest(block, scores, highest[query]);
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
                // formula: online-softmax
                sum[query] = A::multiply_add(sum[query], shrink[query], powers);
            }
        }

        let panels = Panels::new(values, KEY_BLOCK, value_panels);
        let mut of_block = Average { powers: scores, keys: 0..len, average, shrink, value_panels };
        // Queries that see the whole block are averaged together; neighbours that see a run of
        // keys each, as in a window, are for the keys that all of them see; others one by one.
        let mut query = 0;
        while query < count {
            let from = query;
            while query < count && sees[query] == Sees::All {
                query += 1;
            }
            of_block.keys = 0..len;
            multiply::<A, _>(&mut of_block, from..query, panels.lines(0..len));
            if query == count || sees[query] == Sees::Nothing {
                query += 1;
                continue;
            }
            let mut runs: [Range<usize>; TILE] = Default::default();
            let neighbours = (query..count.min(query + TILE))
                .take_while(|&query| sees[query] == Sees::Some)
                .map_while(|query| look(query).one_run(block));
            let mut together = 0;
            for (place, run) in runs.iter_mut().zip(neighbours) {
                *place = run;
                together += 1;
            }
            let runs = &runs[..together];
            let all_see =
                runs.iter().cloned().reduce(|a, b| a.start.max(b.start)..a.end.min(b.end));
            if let Some(all_see) = all_see.filter(|all_see| !all_see.is_empty()) {
                of_block.runs::<A>(query, runs, all_see, panels);
                query += together;
            } else {
                of_block.shrink(query);
                look(query).for_each_run(block, |keys| {
                    of_block.keys = keys.clone();
                    multiply::<A, _>(&mut of_block, query..query + 1, panels.lines(keys));
                });
                query += 1;
            }
        }
    }

    /// The averages, divided by the sums, to where they belong.
    #[inline(always)]
    fn write(&mut self, queries: Range<usize>, heads: Range<usize>) {
        let Self { widths, rectangle, room, .. } = self;
        let (count, value_panels) = (queries.len(), widths.value.div_ceil(COLUMNS));
        for (number, query) in queries.enumerate() {
            let columns = heads.start * widths.value..heads.end * widths.value;
            let output = rectangle.row(query - rectangle.rows.start, columns);
            for (head, output) in output.chunks_exact_mut(widths.value).enumerate() {
                let number = head * count + number;
                let average = room.average[number * value_panels..][..value_panels].as_flattened();
                let sum = room.sum[number];
                // No key at all: the average of nothing is zero.
                let share = if sum == 0.0 { 0.0 } else { 1.0 / sum };
                output.iter_mut().zip(average).for_each(|(output, sum)| *output = sum * share);
            }
        }
    }
}

/// One head of some queries of a sequence, and a block of its keys.
struct Place {
    sequence: usize,
    /// Rows of the batch.
    queries: Range<usize>,
    head: usize,
    /// Which of the heads that are worked on together it is, and which of their key heads it has.
    number: usize,
    key_head: usize,
    /// Counted from the sequence's first key.
    block: Range<usize>,
    /// How many keys the sequence has.
    keys: usize,
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
