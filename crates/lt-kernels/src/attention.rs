//! Scaled dot-product attention over a ragged batch, block by block.

mod bias;
mod block;
mod look;
mod task;

use lt_core::{Mask, Ragged, Scratch};
use ndarray::{Array2, ArrayView2};

use crate::instructions::Instructions;
use crate::product::in_rows;
use crate::threads::{Cuts, for_each_rectangle};
use task::{Room, Task};

pub use bias::DistanceBias;

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
    /// What is added to scores once they are scaled, by distance.
    pub bias: Option<DistanceBias<'a>>,
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
        Self { query, key, value, queries, keys, heads, scale, bias: None, mask }
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

    /// With numbers that are added to the scaled scores.
    #[must_use]
    pub fn bias(self, bias: impl Into<Option<DistanceBias<'a>>>) -> Self {
        Self { bias: bias.into(), ..self }
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
        let biased = self.bias.map_or(query, |bias| bias.heads());
        assert_eq!(biased, query, "a bias for each head");
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
pub const KEY_BLOCK: usize = 128;
/// Queries a task takes on, at most.
const ROWS: usize = 128;

/// oᵢ = Σⱼ pᵢⱼ·vⱼ with pᵢⱼ = softmaxⱼ(scale·qᵢ·kⱼ + bias), for each sequence and head.
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
    let copies = [problem.query, problem.key, problem.value].map(|rows| in_rows(rows, scratch));
    let query = copies[0].as_ref().map_or(problem.query, |copy| copy.view());
    let key = copies[1].as_ref().map_or(problem.key, |copy| copy.view());
    let value = copies[2].as_ref().map_or(problem.value, |copy| copy.view());
    let problem = Attention { query, key, value, ..*problem };
    // Four tasks a thread at least, as far as there are heads.
    let tasks = (4 * scratch.threads().count()).div_ceil(tokens.div_ceil(ROWS));
    let columns = heads.div_ceil(tasks.min(heads)) * widths.value;
    let cuts = Cuts { rows: ROWS, parts: &[heads * widths.value], columns };
    let of_task = columns / widths.value;
    let room = Room::size(widths, ROWS.min(tokens), of_task);
    for_each_rectangle(scratch, &mut output, cuts, room, |rectangle, room| {
        let room = Room::of(room, widths, rectangle.rows.len(), of_task);
        instructions.run(Task { problem: &problem, widths, rectangle, room });
    });
    copies.into_iter().flatten().for_each(|copy| scratch.give(copy));
    output
}
