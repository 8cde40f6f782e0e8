//! Scaled dot-product attention over a ragged batch, block by block.

#[cfg(feature = "train")]
mod backward;
mod bias;
mod block;
mod contiguous;
mod key_values;
mod look;
mod task;

use lt_core::{Mask, Ragged, Scratch};
use ndarray::{Array2, ArrayView2, CowArray, Ix2, s};

use crate::instructions::Instructions;
use crate::threads::{Cuts, for_each_rectangle};
use contiguous::with_rows_side_by_side;
use task::{Room, Task};

#[cfg(feature = "train")]
pub use backward::{
    AttentionGradient, DroppedWeights, attention_backward, attention_backward_with,
    attention_dropped, attention_dropped_with,
};
pub use bias::DistanceBias;
pub use key_values::KeyValues;

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
    /// Where each sequence's queries begin.
    pub queries: &'a Ragged,
    /// For each sequence, how many of its tokens stand before its first query; none: none does.
    pub before: &'a [usize],
    /// The keys and values that they look at.
    pub looks_at: LooksAt<'a>,
    /// How many heads the rows are divided into.
    pub heads: Heads,
    /// What scores are multiplied by; 1/√k unless said otherwise.
    pub scale: f32,
    /// What scaled scores are bent towards, c·tanh(score / c), so that none is beyond it.
    pub cap: Option<f32>,
    /// What is added to scores once they are scaled, by distance.
    pub bias: Option<DistanceBias<'a>>,
    /// Which query may look at which key.
    pub mask: &'a Mask,
}

/// The keys and values of all sequences.
#[derive(Debug, Clone, Copy)]
pub enum LooksAt<'a> {
    /// Rows, laid end to end.
    Rows {
        /// Keys `[key tokens, g·k]`.
        key: ArrayView2<'a, f32>,
        /// Values `[key tokens, g·v]`.
        value: ArrayView2<'a, f32>,
        /// Where each sequence's keys and values begin.
        sequences: &'a Ragged,
    },
    /// What is kept from pass to pass, one for each sequence.
    Kept(&'a [KeyValues]),
}

impl LooksAt<'_> {
    /// How many sequences there are.
    fn len(&self) -> usize {
        match self {
            Self::Rows { sequences, .. } => sequences.len(),
            Self::Kept(kept) => kept.len(),
        }
    }

    /// The keys `[s, g·k]` and the values `[s, g·v]` of a sequence.
    ///
    /// # Panics
    /// If there is no such sequence.
    #[must_use]
    pub fn rows(&self, sequence: usize) -> (CowArray<'_, f32, Ix2>, CowArray<'_, f32, Ix2>) {
        match self {
            Self::Rows { key, value, sequences } => {
                let offsets = sequences.offsets();
                let rows = s![offsets[sequence]..offsets[sequence + 1], ..];
                (key.slice(rows).into(), value.slice(rows).into())
            }
            Self::Kept(kept) => {
                let (key, value) = kept[sequence].rows();
                (key.into(), value.into())
            }
        }
    }

    /// How many keys a sequence has.
    pub(crate) fn keys(&self, sequence: usize) -> usize {
        match self {
            Self::Rows { sequences, .. } => {
                let offsets = sequences.offsets();
                offsets[sequence + 1] - offsets[sequence]
            }
            Self::Kept(kept) => kept[sequence].len(),
        }
    }
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
        let looks_at = LooksAt::Rows { key, value, sequences };
        Self {
            query,
            queries: sequences,
            before: &[],
            looks_at,
            heads,
            scale,
            cap: None,
            bias: None,
            mask: &ALL,
        }
    }

    /// Attention of queries `[tokens, h·k]` to what is kept of their sequences. So many tokens
    /// stand before the first query of each; none: 0.
    #[must_use]
    pub fn to_kept(
        query: ArrayView2<'a, f32>,
        queries: &'a Ragged,
        before: &'a [usize],
        kept: &'a [KeyValues],
        heads: impl Into<Heads>,
    ) -> Self {
        let none = ArrayView2::from_shape((0, 0), &[]).unwrap_or_else(|_| unreachable!("0 = 0"));
        let problem = Self::new(query, none, none, queries, heads);
        Self { before, looks_at: LooksAt::Kept(kept), ..problem }
    }

    /// With keys and values from other sequences, as many of them.
    #[must_use]
    pub fn keys(self, keys: &'a Ragged) -> Self {
        let looks_at = match self.looks_at {
            LooksAt::Rows { key, value, .. } => LooksAt::Rows { key, value, sequences: keys },
            kept @ LooksAt::Kept(_) => kept,
        };
        Self { looks_at, ..self }
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

    /// With scaled scores that are bent towards a cap, if there is one.
    #[must_use]
    pub fn cap(self, cap: impl Into<Option<f32>>) -> Self {
        Self { cap: cap.into(), ..self }
    }

    /// With numbers that are added to the scaled scores.
    #[must_use]
    pub fn bias(self, bias: impl Into<Option<DistanceBias<'a>>>) -> Self {
        Self { bias: bias.into(), ..self }
    }

    /// The widths of a head: of keys, and of values.
    ///
    /// # Panics
    /// Unless the shapes of the problem fit each other.
    #[must_use]
    pub fn widths(&self) -> Widths {
        let Heads { query, key } = self.heads;
        assert!(query > 0 && key > 0 && query.is_multiple_of(key), "key heads divide query heads");
        let k = self.query.ncols() / query;
        assert_eq!(self.query.dim(), (self.queries.tokens(), query * k), "queries [tokens, h·k]");
        assert_eq!(self.looks_at.len(), self.queries.len(), "keys for each sequence of queries");
        let v = match self.looks_at {
            LooksAt::Rows { key: keys, value, sequences } => {
                let v = value.ncols() / key;
                assert_eq!(keys.dim(), (sequences.tokens(), key * k), "keys [key tokens, h·k]");
                assert_eq!(value.dim(), (sequences.tokens(), key * v), "values [key tokens, h·v]");
                v
            }
            LooksAt::Kept(kept) => {
                let v = kept.first().map_or(k, |kept| kept.widths().1);
                let alike = |kept: &KeyValues| kept.heads() == key && kept.widths() == (k, v);
                assert!(kept.iter().all(alike), "all that is kept is of these heads");
                v
            }
        };
        let counted = self.before.is_empty() || self.before.len() == self.queries.len();
        assert!(counted, "what stands before the queries of each sequence");
        let biased = self.bias.map_or(query, |bias| bias.heads());
        assert_eq!(biased, query, "a bias for each head");
        Widths { key: k, value: v }
    }

    /// The place in its sequence of a query, which is a row of the batch.
    ///
    /// # Panics
    /// If there is no such sequence, or the row is before it.
    #[must_use]
    pub fn position(&self, sequence: usize, row: usize) -> usize {
        let before = self.before.get(sequence).copied().unwrap_or(0);
        before + row - self.queries.offsets()[sequence]
    }
}

/// The width of one head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// k, of queries and keys.
    pub key: usize,
    /// v, of values and output.
    pub value: usize,
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
    let (tokens, columns) = (problem.queries.tokens(), problem.heads.query * widths.value);
    let mut output = scratch.take_any(tokens, columns);
    if output.is_empty() {
        return output;
    }
    with_rows_side_by_side(problem, scratch, |problem, scratch| {
        // Four tasks a thread at least, as far as there are heads.
        let tasks = (4 * scratch.threads().count()).div_ceil(tokens.div_ceil(ROWS));
        let of_task = of_task(problem.heads, tasks);
        let cuts = Cuts { rows: ROWS, parts: &[columns], columns: of_task * widths.value };
        let room = Room::size(problem, ROWS.min(tokens), of_task);
        for_each_rectangle(scratch, &mut output, cuts, room, |rectangle, room| {
            let room = Room::of(room, problem, rectangle.rows.len(), of_task);
            instructions.run(Task { problem, widths, rectangle, room });
        });
    });
    output
}

/// Query heads of a task, if there are so many tasks beside each other. Heads that share keys stay
/// together, as far as that leaves enough tasks.
fn of_task(heads: Heads, tasks: usize) -> usize {
    let even = heads.query.div_ceil(tasks.min(heads.query));
    let group = heads.query / heads.key;
    if even >= group { even.next_multiple_of(group) } else { even }
}
