//! Scaled dot-product attention over a ragged batch, block by block.

use lt_core::{Keys, Mask, Place, Ragged, Scratch};
use ndarray::{Array2, ArrayView2};

use crate::math::exp;
use crate::threads::for_each_rows_with;

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
const ROWS: usize = 32;

/// The keys of a block, one head, transposed so that keys lie side by side, and the scores of one
/// query with them.
struct Block<'w> {
    keys: &'w mut [[f32; KEY_BLOCK]],
    scores: [f32; KEY_BLOCK],
}

/// What is known of a query's softmax after some blocks: the maximum so far, and the sum of
/// e^(score − maximum).
#[derive(Clone, Copy)]
struct Running {
    maximum: f32,
    sum: f32,
}

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
    let widths = problem.widths();
    let (tokens, heads) = (problem.queries.tokens(), problem.heads);
    let mut output = scratch.take(tokens, heads.query * widths.value);
    if output.is_empty() {
        return output;
    }
    // A task holds one transposed block of keys, and a running softmax for each of its queries.
    let room = widths.key * KEY_BLOCK + 2 * ROWS;
    let mut work = scratch.take(tokens.div_ceil(ROWS), room);
    for_each_rows_with(scratch.threads(), &mut output, ROWS, &mut work, |first, output, work| {
        let (keys, running) = work.split_at_mut(widths.key * KEY_BLOCK);
        let mut block = Block { keys: keys.as_chunks_mut().0, scores: [0.0; KEY_BLOCK] };
        let last = first + output.len() / (heads.query * widths.value);
        for (sequence, rows) in problem.queries.ranges().enumerate() {
            let queries = rows.start.max(first)..rows.end.min(last);
            if queries.is_empty() {
                continue;
            }
            let output = &mut output[(queries.start - first) * heads.query * widths.value..];
            let part = Queries { sequence, rows: queries, first: rows.start };
            for head in 0..heads.query {
                attend(problem, widths, head, &part, &mut block, running.as_chunks_mut().0, output);
            }
        }
    });
    scratch.give(work);
    output
}

/// Some queries of one sequence.
struct Queries {
    sequence: usize,
    rows: std::ops::Range<usize>,
    /// The row of the sequence's first query: position 0.
    first: usize,
}

/// One head of some queries of one sequence, over all blocks of keys.
fn attend(
    problem: &Attention<'_>,
    widths: Widths,
    head: usize,
    queries: &Queries,
    block: &mut Block<'_>,
    running: &mut [[f32; 2]],
    output: &mut [f32],
) {
    let stride = problem.heads.query * widths.value;
    let group = problem.heads.query / problem.heads.key;
    let offsets = problem.keys.offsets();
    let (first_key, keys) = (offsets[queries.sequence], offsets[queries.sequence + 1]);
    let keys = keys - first_key;
    running[..queries.rows.len()].fill([f32::NEG_INFINITY, 0.0]);

    for start in (0..keys).step_by(KEY_BLOCK) {
        let in_block = start..keys.min(start + KEY_BLOCK);
        let rows = first_key + in_block.start..first_key + in_block.end;
        transpose(problem.key, head / group * widths.key, rows.clone(), block.keys);
        for (number, row) in queries.rows.clone().enumerate() {
            let query = row - queries.first;
            let Keys { range, all } = problem.mask.keys(queries.sequence, query, keys);
            if range.start >= in_block.end || range.end <= in_block.start {
                continue; // as if each key of the block were masked: nothing changes
            }
            let allowed = |key: usize| {
                let place = Place { sequence: queries.sequence, query, key };
                range.contains(&key) && (all || problem.mask.allows(place))
            };
            score(problem, head * widths.key, row, block);
            // Keys past the end of the sequence and masked keys: whatever their score, it is gone.
            for (key, score) in (start..).zip(&mut block.scores) {
                if key >= in_block.end || !allowed(key) {
                    *score = f32::NEG_INFINITY;
                }
            }
            let columns = number * stride + head * widths.value;
            let average = &mut output[columns..columns + widths.value];
            let [maximum, sum] = running[number];
            let mut state = Running { maximum, sum };
            add_block(problem, head / group * widths.value, rows.start, block, &mut state, average);
            running[number] = [state.maximum, state.sum];
        }
    }

    for (number, &[_, sum]) in running[..queries.rows.len()].iter().enumerate() {
        let columns = number * stride + head * widths.value;
        for value in &mut output[columns..columns + widths.value] {
            // No key at all: the average of nothing is zero.
            *value = if sum == 0.0 { 0.0 } else { *value / sum };
        }
    }
}

/// The keys `rows`, columns `column..`, laid side by side: `[k, 64]`.
fn transpose(
    keys: ArrayView2<'_, f32>,
    column: usize,
    rows: std::ops::Range<usize>,
    side_by_side: &mut [[f32; KEY_BLOCK]],
) {
    for (place, row) in rows.enumerate() {
        let row = keys.row(row);
        for (lane, &value) in side_by_side.iter_mut().zip(row.iter().skip(column)) {
            lane[place] = value;
        }
    }
}

/// scale·q·k for each key of the block; what stands behind the last key is left over and ignored.
fn score(problem: &Attention<'_>, column: usize, row: usize, block: &mut Block<'_>) {
    block.scores.fill(0.0);
    let query = problem.query.row(row);
    for (keys, &query) in block.keys.iter().zip(query.iter().skip(column)) {
        for (score, key) in block.scores.iter_mut().zip(keys) {
            *score += query * key;
        }
    }
    for score in &mut block.scores {
        *score *= problem.scale;
    }
}

/// Carries the softmax on over a block: what was gathered is scaled down to the new maximum, and
/// the block's values are added. A score of −∞ says that the key is masked.
fn add_block(
    problem: &Attention<'_>,
    column: usize,
    first: usize,
    block: &Block<'_>,
    running: &mut Running,
    average: &mut [f32],
) {
    let maximum = block.scores.iter().copied().fold(running.maximum, f32::max);
    if maximum == f32::NEG_INFINITY && !block.scores.iter().any(|score| score.is_nan()) {
        return; // nothing allowed so far
    }
    let shrink = exp(running.maximum - maximum);
    for value in &mut *average {
        *value *= shrink;
    }
    let mut sum = 0.0;
    for (row, &score) in (first..).zip(&block.scores) {
        if score == f32::NEG_INFINITY {
            continue;
        }
        let weight = exp(score - maximum);
        sum += weight;
        for (average, &value) in average.iter_mut().zip(problem.value.row(row).iter().skip(column))
        {
            *average += weight * value;
        }
    }
    *running = Running { maximum, sum: running.sum * shrink + sum };
}
