//! Attention in training: with dropped weights, and its gradient.

mod head;
mod room;
mod unseen;

use lt_core::Scratch;
use ndarray::{Array2, ArrayView2};

use super::{Attention, LooksAt, with_rows_side_by_side};
use crate::Dropping;
use crate::instructions::Instructions;
use crate::math::scramble;
use crate::product::{aligned, in_rows};
use crate::reference;
use head::{Averaging, Gradients};
use room::{Room, Sizes};
use unseen::Rows;

/// Which weights of attention are dropped.
///
/// Those of a query are a function of its row's key and of the head: the number of the key in its
/// sequence is the column.
#[derive(Debug, Clone, Copy)]
pub struct DroppedWeights<'a> {
    /// How many, and what the others are multiplied with.
    pub dropping: Dropping,
    /// What identifies each query of the batch, `[tokens]`.
    pub keys: &'a [u64],
}

impl DroppedWeights<'_> {
    /// What the weight of a query, which is a row of the batch, and a key, which is counted from
    /// the first of its sequence, is multiplied with: 0 or 1 / (1 − rate).
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn multiplier(&self, row: usize, head: usize, key: usize) -> f32 {
        self.dropping.multiplier(self.key_of(row, head), key as u32)
    }

    /// What decides which weights of a query are dropped: another number for each of its heads.
    pub(crate) fn key_of(&self, row: usize, head: usize) -> u64 {
        let head = (head as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        scramble(self.keys[row] ^ head)
    }
}

/// The gradients of attention with respect to what it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionGradient {
    /// dQ, `[tokens, h·k]`.
    pub query: Array2<f32>,
    /// dK, `[key tokens, g·k]`.
    pub key: Array2<f32>,
    /// dV, `[key tokens, g·v]`.
    pub value: Array2<f32>,
    /// That of the numbers for distances, `[h, 2r + 1]`, where they were added.
    pub bias: Option<Array2<f32>>,
}

/// [`attention`](crate::attention) with weights that are dropped before the values are averaged:
/// o = (p∘m)·V.
///
/// # Panics
/// If the shapes of the problem do not fit each other, or the keys are kept from pass to pass, or
/// not every query has a key for what is dropped.
///
/// [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), section 5.4, and what its code does.
/// PyTorch: `scaled_dot_product_attention(…, dropout_p)`.
#[must_use]
pub fn attention_dropped(
    problem: &Attention<'_>,
    dropped: DroppedWeights<'_>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    attention_dropped_with(Instructions::best(), problem, dropped, scratch)
}

/// [`attention_dropped`] with these instructions.
///
/// # Panics
/// As [`attention_dropped`].
#[must_use]
pub fn attention_dropped_with(
    instructions: Instructions,
    problem: &Attention<'_>,
    dropped: DroppedWeights<'_>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    let widths = problem.widths();
    check_keys(problem, Some(dropped));
    match Rows::of(problem, None) {
        Rows::Finite => {}
        Rows::WithoutUnseen(rows) => {
            return attention_dropped_with(instructions, &rows.problem(problem), dropped, scratch);
        }
        Rows::SeenBySome => return reference::attention_dropped(problem, dropped),
    }
    let mut output = scratch.take(problem.queries.tokens(), problem.heads.query * widths.value);
    with_rows_side_by_side(problem, scratch, |problem, scratch| {
        each_key_head(problem, scratch, |sequence, key_head, sizes, room| {
            let output = output.view_mut();
            let dropped = Some(dropped);
            let place = head::Place { problem, dropped, sequence, key_head, sizes };
            instructions.run(Averaging { place, room, output });
        });
    });
    output
}

/// The gradients of attention, from that of its output.
///
/// Nothing of the forward pass is needed but its input: weights are computed again, some queries at
/// a time, so that memory is linear in the length. It runs on the calling thread: in training each
/// thread has sequences of its own. Each sum is one chain, over the keys or over the queries in
/// their order, so that its bits do not depend on the rest of the batch.
///
/// # Shapes
/// As for [`attention`](crate::attention); `d_output` is `[tokens, h·v]`.
///
/// # Panics
/// If the shapes do not fit each other, or the keys are kept from pass to pass, or not every query
/// has a key for what is dropped.
///
/// [Dao et al. 2022](https://arxiv.org/abs/2205.14135), appendix B.2, without its blocks of keys.
/// PyTorch: the backward pass of `scaled_dot_product_attention`.
#[must_use]
pub fn attention_backward(
    problem: &Attention<'_>,
    dropped: Option<DroppedWeights<'_>>,
    d_output: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> AttentionGradient {
    attention_backward_with(Instructions::best(), problem, dropped, d_output, scratch)
}

/// [`attention_backward`] with these instructions.
///
/// # Panics
/// As [`attention_backward`].
#[must_use]
pub fn attention_backward_with(
    instructions: Instructions,
    problem: &Attention<'_>,
    dropped: Option<DroppedWeights<'_>>,
    d_output: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> AttentionGradient {
    let (widths, heads) = (problem.widths(), problem.heads);
    let tokens = problem.queries.tokens();
    assert_eq!(d_output.dim(), (tokens, heads.query * widths.value), "a gradient [tokens, h·v]");
    check_keys(problem, dropped);
    let LooksAt::Rows { sequences: keys, .. } = problem.looks_at else {
        panic!("keys in rows: what is kept from pass to pass has no gradient")
    };
    match Rows::of(problem, Some(d_output.reborrow())) {
        Rows::Finite => {}
        Rows::WithoutUnseen(rows) => {
            let (seen, d_output) = (rows.problem(problem), rows.d_output.view());
            return attention_backward_with(instructions, &seen, dropped, d_output, scratch);
        }
        Rows::SeenBySome => return reference::attention_backward(problem, dropped, d_output),
    }
    let reach = problem.bias.and_then(|bias| bias.reach());
    let mut gradient = AttentionGradient {
        query: scratch.take(tokens, heads.query * widths.key),
        key: scratch.take(keys.tokens(), heads.key * widths.key),
        value: scratch.take(keys.tokens(), heads.key * widths.value),
        bias: reach.map(|reach| scratch.take(heads.query, 2 * reach + 1)),
    };
    let copy = in_rows(d_output, scratch);
    let d_output = copy.as_ref().map_or(d_output.reborrow(), |copy| copy.view());
    with_rows_side_by_side(problem, scratch, |problem, scratch| {
        each_key_head(problem, scratch, |sequence, key_head, sizes, room| {
            let place = head::Place { problem, dropped, sequence, key_head, sizes };
            let d_output = d_output.reborrow();
            instructions.run(Gradients { place, room, d_output, gradient: &mut gradient });
        });
    });
    copy.into_iter().for_each(|copy| scratch.give(copy));
    gradient
}

fn check_keys(problem: &Attention<'_>, dropped: Option<DroppedWeights<'_>>) {
    let tokens = problem.queries.tokens();
    assert!(dropped.is_none_or(|dropped| dropped.keys.len() == tokens), "a key for each query");
}

/// Runs a task for each key head of each sequence, with room to work in.
fn each_key_head(
    problem: &Attention<'_>,
    scratch: &mut Scratch,
    mut task: impl FnMut(usize, usize, Sizes, Room<'_>),
) {
    let widths = problem.widths();
    let of = |sequence| {
        let keys = problem.looks_at.keys(sequence);
        Sizes { keys, key: widths.key, value: widths.value }
    };
    let sequences = problem.queries.len();
    let most = (0..sequences).map(|sequence| Room::size(of(sequence))).max().unwrap_or(0);
    let mut room = scratch.take_any(1, most + crate::tile::COLUMNS);
    let lanes = aligned(room.as_slice_mut().unwrap_or_default());
    for (sequence, queries) in problem.queries.ranges().enumerate() {
        let sizes = of(sequence);
        if queries.is_empty() || sizes.keys == 0 {
            continue;
        }
        for key_head in 0..problem.heads.key {
            task(sequence, key_head, sizes, Room::of(lanes, sizes));
        }
    }
    scratch.give(room);
}
