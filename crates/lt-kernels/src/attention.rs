//! Scaled dot-product attention over a ragged batch, block by block.

use std::ops::Range;

use lt_core::{Keys, Mask, Place, Ragged, Scratch};
use ndarray::{Array2, ArrayView2, Axis};

use crate::instructions::{Arithmetic, Instructions, Work};
use crate::layer_norm::join;
use crate::product::in_rows;
use crate::threads::{Cuts, Rectangle, for_each_rectangle};
use crate::tile::{COLUMNS, Lanes, Panels, Tiles, multiply};
use crate::vector_math::exp;

/// How many heads the rows are divided into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// Heads of the queries, and of the output.
    pub query: usize,
    /// Heads of the keys and values: as many, or a divisor (then groups of query heads share one).
    pub key: usize,
}

impl From<usize> for Heads {
    /// As many key heads as query heads.
    fn from(heads: usize) -> Self {
        Self { query: heads, key: heads }
    }
}

/// The problem: for each sequence, head and query, an average of the values, weighted by how well
/// the keys match.
///
/// Head `i` is the columns `i·k .. (i+1)·k` of each row.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Attention<'a> {
    /// Queries `[tokens, h·k]`.
    pub query: ArrayView2<'a, f32>,
    /// Keys `[key tokens, h·k]`.
    pub key: ArrayView2<'a, f32>,
    /// Values `[key tokens, h·v]`.
    pub value: ArrayView2<'a, f32>,
    /// Where each sequence's queries begin.
    pub queries: &'a Ragged,
    /// Where each sequence's keys and values begin.
    pub keys: &'a Ragged,
    /// How many heads the rows are divided into.
    pub heads: Heads,
    /// What scores are multiplied by; 1/√k unless said otherwise.
    pub scale: f32,
    /// Which query may look at which key.
    pub mask: &'a Mask,
}

static ALL: Mask = Mask::all();

impl<'a> Attention<'a> {
    /// Attention of sequences to themselves, every query to every key.
    #[must_use]
    pub fn new(
        query: ArrayView2<'a, f32>,
        key: ArrayView2<'a, f32>,
        value: ArrayView2<'a, f32>,
        sequences: &'a Ragged,
        heads: impl Into<Heads>,
    ) -> Self {
        let heads = heads.into();
        let scale = 1.0 / ((query.ncols() / heads.query.max(1)) as f32).sqrt();
        let (queries, keys, mask) = (sequences, sequences, &ALL);
        Self { query, key, value, queries, keys, heads, scale, mask }
    }

    /// With keys and values from other sequences, as many of them.
    #[must_use]
    pub fn keys(self, keys: &'a Ragged) -> Self {
        Self { keys, ..self }
    }

    /// With a mask.
    #[must_use]
    pub fn mask(self, mask: &'a Mask) -> Self {
        Self { mask, ..self }
    }

    /// With scores multiplied by this.
    #[must_use]
    pub fn scale(self, scale: f32) -> Self {
        Self { scale, ..self }
    }

    /// Panics unless the shapes fit each other; gives the widths of a head.
    pub(crate) fn widths(&self) -> Widths {
        let Heads { query, key } = self.heads;
        assert!(query > 0 && key > 0 && query.is_multiple_of(key), "key heads divide query heads");
        let (k, v) = (self.query.ncols() / query, self.value.ncols() / key);
        assert_eq!(self.query.dim(), (self.queries.tokens(), query * k), "queries [tokens, h·k]");
        assert_eq!(self.key.dim(), (self.keys.tokens(), key * k), "keys [key tokens, h·k]");
        assert_eq!(self.value.dim(), (self.keys.tokens(), key * v), "values [key tokens, h·v]");
        assert_eq!(self.queries.len(), self.keys.len(), "as many sequences of keys as of queries");
        Widths { key: k, value: v }
    }
}

/// The width of one head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Widths {
    /// k, of queries and keys.
    pub(crate) key: usize,
    /// v, of values and output.
    pub(crate) value: usize,
}

/// Keys that are scored together. Blocks are counted from the first key of a sequence, so that a
/// query meets the same blocks however many keys and queries there are.
pub const KEY_BLOCK: usize = 64;
/// Queries a task takes on.
const ROWS: usize = 128;

/// oᵢ = Σⱼ pᵢⱼ·vⱼ with pᵢⱼ = softmaxⱼ(scale·qᵢ·kⱼ), for each sequence and head.
///
/// Keys are met in blocks, and the softmax is carried from block to block: memory is linear in
/// the length, and the order of all sums is fixed by the position of the key in its sequence. So
/// a result does not depend on the rest of the batch or on the threads. The score of a masked
/// key is replaced whatever it is, and its value is not touched; a query that may look at nothing
/// gets zeros.
///
/// # Shapes
/// `[tokens, h·k]`, `[key tokens, h·k]` and `[key tokens, h·v]` to `[tokens, h·v]`.
///
/// # Panics
/// If the shapes of the problem do not fit each other.
///
/// [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), equation 1; softmax by blocks:
/// [Milakov & Gimelshein 2018](https://arxiv.org/abs/1805.02867), algorithm 3. PyTorch:
/// `torch.nn.functional.scaled_dot_product_attention`.
#[must_use]
pub fn attention(problem: &Attention<'_>, scratch: &mut Scratch) -> Array2<f32> {
    attention_with(Instructions::best(), problem, scratch)
}

/// [`attention`] with these instructions.
///
/// # Panics
/// As [`attention`].
#[must_use]
pub fn attention_with(
    instructions: Instructions,
    problem: &Attention<'_>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    let widths = problem.widths();
    let (tokens, heads) = (problem.queries.tokens(), problem.heads.query);
    let mut output = scratch.take_any(tokens, heads * widths.value);
    if output.is_empty() {
        return output;
    }
    let copy = in_rows(problem.query, scratch);
    let problem = Attention { query: copy.as_ref().map_or(problem.query, |q| q.view()), ..*problem };
    // Four tasks a thread at least, as far as there are heads.
    let tasks = (4 * scratch.threads().count()).div_ceil(tokens.div_ceil(ROWS));
    let columns = heads.div_ceil(tasks.min(heads)) * widths.value;
    let cuts = Cuts { rows: ROWS, parts: &[heads * widths.value], columns };
    let room = Room::size(widths, ROWS.min(tokens));
    for_each_rectangle(scratch, &mut output, cuts, room, |rectangle, room| {
        let room = Room::of(room, widths, rectangle.rows.len());
        instructions.run(Task { problem: &problem, widths, rectangle, room });
    });
    copy.into_iter().for_each(|copy| scratch.give(copy));
    output
}

/// What a task works with, beyond its output.
struct Room<'a> {
    /// The keys of a block, one head, as panels of 16 keys: `[4, k, 16]`.
    keys: &'a mut [Lanes],
    /// Its values as panels of 16 columns: `[v / 16, 64, 16]`.
    values: &'a mut [Lanes],
    /// The scores of the block with each query, then their powers: `[queries, 64]`.
    scores: &'a mut [[f32; KEY_BLOCK]],
    /// The softmax of each query so far.
    running: &'a mut [[f32; 2]],
}

impl<'a> Room<'a> {
    fn size(widths: Widths, queries: usize) -> usize {
        KEY_BLOCK * (widths.key + widths.value.next_multiple_of(COLUMNS)) + queries * (KEY_BLOCK + 2)
    }

    fn of(room: &'a mut [f32], widths: Widths, queries: usize) -> Self {
        let (keys, room) = room.split_at_mut(KEY_BLOCK * widths.key);
        let (values, room) = room.split_at_mut(KEY_BLOCK * widths.value.next_multiple_of(COLUMNS));
        let (scores, running) = room.split_at_mut(KEY_BLOCK * queries);
        Self {
            keys: keys.as_chunks_mut().0,
            values: values.as_chunks_mut().0,
            scores: scores.as_chunks_mut().0,
            running: &mut running.as_chunks_mut().0[..queries],
        }
    }
}

/// Some heads of some rows of the output.
struct Task<'a, 'p> {
    problem: &'a Attention<'p>,
    widths: Widths,
    rectangle: Rectangle<'a>,
    room: Room<'a>,
}

impl Work for Task<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(mut self) {
        let rows = self.rectangle.rows.clone();
        let heads = self.rectangle.columns.start / self.widths.value
            ..self.rectangle.columns.end / self.widths.value;
        let offsets = self.problem.queries.offsets();
        let mut sequence = offsets.partition_point(|&offset| offset <= rows.start).saturating_sub(1);
        while sequence < self.problem.queries.len() && offsets[sequence] < rows.end {
            let queries = offsets[sequence].max(rows.start)..offsets[sequence + 1].min(rows.end);
            if !queries.is_empty() {
                for head in heads.clone() {
                    self.head::<A>(sequence, queries.clone(), head);
                }
            }
            sequence += 1;
        }
    }
}

/// What a query has to do with a block.
#[derive(Clone, Copy, PartialEq)]
enum Sees {
    Nothing,
    Some,
    All,
}

impl Task<'_, '_> {
    /// One head of some queries of one sequence, over all blocks of keys.
    #[inline(always)]
    fn head<A: Arithmetic>(&mut self, sequence: usize, queries: Range<usize>, head: usize) {
        let Self { problem, widths, rectangle, room } = self;
        let from = queries.start - rectangle.rows.start; // in the rectangle and the room
        let first_query = queries.start - problem.queries.offsets()[sequence];
        let offsets = problem.keys.offsets();
        let (first_key, keys) =
            (offsets[sequence], offsets[sequence + 1] - offsets[sequence]);
        let key_head = head / (problem.heads.query / problem.heads.key);
        let columns = head * widths.value..(head + 1) * widths.value;
        for row in from..from + queries.len() {
            rectangle.row(row, columns.clone()).fill(0.0);
            room.running[row] = [f32::NEG_INFINITY, 0.0];
        }

        for start in (0..keys).step_by(KEY_BLOCK) {
            let block = start..keys.min(start + KEY_BLOCK);
            let rows = first_key + block.start..first_key + block.end;
            let panels = block.len().div_ceil(COLUMNS);
            side_by_side(problem.key, key_head * widths.key, rows.clone(), widths.key, room.keys);
            let mut scores = Scores {
                query: problem.query,
                first: queries.start,
                columns: head * widths.key..(head + 1) * widths.key,
                scale: problem.scale,
                scores: &mut room.scores[from..],
            };
            let keys_of_block = Panels::new(&room.keys[..panels * widths.key], widths.key, panels);
            multiply::<A>(&mut scores, 0..queries.len(), keys_of_block);

            let value_panels = widths.value.div_ceil(COLUMNS);
            one_below_the_other(problem.value, key_head * widths.value, rows, widths.value, room.values);
            let values = Panels::new(room.values, KEY_BLOCK, value_panels);
            // Queries that see the whole block are averaged together, others one by one.
            let mut together = from..from;
            for query in 0..queries.len() {
                let row = from + query;
                let look = Look { problem, sequence, query: first_query + query, keys };
                let output = rectangle.row(row, columns.clone());
                let scores = &mut room.scores[row];
                let sees = look.at::<A>(&block, scores, &mut room.running[row], output);
                let mut average = Average {
                    powers: room.scores,
                    keys: 0..block.len(),
                    rectangle: &mut *rectangle,
                    columns: columns.clone(),
                };
                if sees != Sees::All {
                    let values = values.lines(0..block.len());
                    multiply::<A>(&mut average, together.clone(), values);
                    together = row + 1..row + 1;
                } else {
                    together.end = row + 1;
                }
                if sees == Sees::Some {
                    look.for_each_run(&block, |keys| {
                        average.keys = keys.clone();
                        multiply::<A>(&mut average, row..row + 1, values.lines(keys));
                    });
                }
            }
            let keys = 0..block.len();
            let columns = columns.clone();
            let mut average = Average { powers: room.scores, keys, rectangle, columns };
            multiply::<A>(&mut average, together, values.lines(0..block.len()));
        }

        for row in from..from + queries.len() {
            let [_, sum] = room.running[row];
            for value in rectangle.row(row, columns.clone()) {
                // No key at all: the average of nothing is zero.
                *value = if sum == 0.0 { 0.0 } else { *value / sum };
            }
        }
    }
}

/// The keys `rows`, columns `first..`, as panels: keys side by side, one line a column.
#[inline(always)]
fn side_by_side(
    keys: ArrayView2<'_, f32>,
    first: usize,
    rows: Range<usize>,
    width: usize,
    panels: &mut [Lanes],
) {
    for (place, row) in rows.enumerate() {
        let panel = &mut panels[place / COLUMNS * width..][..width];
        let key = keys.index_axis_move(Axis(0), row);
        match key.to_slice() {
            Some(key) => {
                for (line, &value) in panel.iter_mut().zip(&key[first..first + width]) {
                    line[place % COLUMNS] = value;
                }
            }
            None => {
                for (line, &value) in panel.iter_mut().zip(key.iter().skip(first)) {
                    line[place % COLUMNS] = value;
                }
            }
        }
    }
}

/// The values `rows`, columns `first..`, as panels: columns side by side, one line a value.
#[inline(always)]
fn one_below_the_other(
    values: ArrayView2<'_, f32>,
    first: usize,
    rows: Range<usize>,
    width: usize,
    panels: &mut [Lanes],
) {
    for (place, row) in rows.enumerate() {
        let value = values.index_axis_move(Axis(0), row);
        for panel in 0..width.div_ceil(COLUMNS) {
            let line = &mut panels[panel * KEY_BLOCK + place];
            let columns = panel * COLUMNS..width.min((panel + 1) * COLUMNS);
            match value.to_slice() {
                Some(value) if columns.len() == COLUMNS => {
                    line.copy_from_slice(&value[first + columns.start..first + columns.end]);
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

/// scale·q·k for each query and each key of a block.
struct Scores<'t> {
    query: ArrayView2<'t, f32>,
    /// The row of the first query.
    first: usize,
    columns: Range<usize>,
    scale: f32,
    scores: &'t mut [[f32; KEY_BLOCK]],
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
    fn finish<A: Arithmetic>(&mut self, row: usize, panel: usize, sums: &Lanes) {
        let scores = &mut self.scores[row].as_chunks_mut::<COLUMNS>().0[panel];
        for (score, sum) in scores.iter_mut().zip(sums) {
            *score = sum * self.scale;
        }
    }
}

/// The average so far plus the values of a block, each times its power.
struct Average<'t, 'r> {
    powers: &'t [[f32; KEY_BLOCK]],
    /// The keys of the block whose values are added.
    keys: Range<usize>,
    rectangle: &'t mut Rectangle<'r>,
    columns: Range<usize>,
}

impl Average<'_, '_> {
    #[inline(always)]
    fn place(&mut self, row: usize, panel: usize) -> &mut [f32] {
        let first = self.columns.start + panel * COLUMNS;
        self.rectangle.row(row, first..self.columns.end.min(first + COLUMNS))
    }
}

impl Tiles for Average<'_, '_> {
    #[inline(always)]
    fn row(&self, row: usize) -> &[f32] {
        &self.powers[row][self.keys.clone()]
    }

    #[inline(always)]
    fn start(&mut self, row: usize, panel: usize) -> Lanes {
        let place = self.place(row, panel);
        match place.first_chunk::<COLUMNS>() {
            Some(lanes) => *lanes,
            None => {
                let mut lanes = [0.0; COLUMNS];
                lanes[..place.len()].copy_from_slice(place);
                lanes
            }
        }
    }

    #[inline(always)]
    fn finish<A: Arithmetic>(&mut self, row: usize, panel: usize, sums: &Lanes) {
        let place = self.place(row, panel);
        match place.first_chunk_mut::<COLUMNS>() {
            Some(place) => *place = *sums,
            None => place.copy_from_slice(&sums[..place.len()]),
        }
    }
}

/// One query, and what it may look at.
#[derive(Clone, Copy)]
struct Look<'a, 'p> {
    problem: &'a Attention<'p>,
    sequence: usize,
    /// Its place in the sequence.
    query: usize,
    /// How many keys the sequence has.
    keys: usize,
}

impl Look<'_, '_> {
    /// Carries the softmax on over a block: turns its scores into powers e^(score − maximum), and
    /// scales what was averaged so far down to the new maximum.
    #[inline(always)]
    fn at<A: Arithmetic>(
        self,
        block: &Range<usize>,
        scores: &mut [f32; KEY_BLOCK],
        running: &mut [f32; 2],
        average: &mut [f32],
    ) -> Sees {
        let Keys { range, all } = self.problem.mask.keys(self.sequence, self.query, self.keys);
        let seen = range.start.max(block.start)..range.end.min(block.end);
        if seen.is_empty() {
            return Sees::Nothing; // as if each key were masked: nothing changes
        }
        let lanes = &mut scores.as_chunks_mut::<COLUMNS>().0[..block.len().div_ceil(COLUMNS)];
        let whole = all && seen == *block;
        if !whole || block.len() % COLUMNS != 0 {
            // Keys past the end of the sequence and masked keys: whatever their score, it is gone.
            for (key, score) in (block.start..).zip(lanes.as_flattened_mut()) {
                if !seen.contains(&key) || !(all || self.allows(key)) {
                    *score = f32::NEG_INFINITY;
                }
            }
        }
        let [so_far, sum] = *running;
        let mut highest = [so_far; COLUMNS];
        for lanes in &*lanes {
            for (highest, &score) in highest.iter_mut().zip(lanes) {
                *highest = if score > *highest { score } else { *highest };
            }
        }
        let maximum = join(highest, |a, b| if b > a { b } else { a });
        if maximum == f32::NEG_INFINITY && !lanes.as_flattened().iter().any(|score| score.is_nan()) {
            return Sees::Nothing;
        }
        let shrink = exp::<A>(so_far - maximum);
        let mut sums = [0.0; COLUMNS];
        for lanes in lanes {
            for score in lanes.iter_mut() {
                *score = exp::<A>(*score - maximum);
            }
            for (sum, power) in sums.iter_mut().zip(lanes) {
                *sum += *power;
            }
        }
        for value in average {
            *value *= shrink;
        }
        *running = [maximum, A::multiply_add(sum, shrink, join(sums, |a, b| a + b))];
        if whole { Sees::All } else { Sees::Some }
    }

    fn allows(self, key: usize) -> bool {
        self.problem.mask.allows(Place { sequence: self.sequence, query: self.query, key })
    }

    /// Each run of keys of the block that may be looked at, counted from the block's first.
    #[inline(always)]
    fn for_each_run(self, block: &Range<usize>, mut run: impl FnMut(Range<usize>)) {
        let Keys { range, all } = self.problem.mask.keys(self.sequence, self.query, self.keys);
        let seen = range.start.max(block.start)..range.end.min(block.end);
        let mut key = seen.start;
        while key < seen.end {
            let mut end = key;
            while end < seen.end && (all || self.allows(end)) {
                end += 1;
            }
            if end > key {
                run(key - block.start..end - block.start);
            }
            key = end.max(key) + 1;
        }
    }
}
