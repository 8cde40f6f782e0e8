//! One key head of one sequence, and the query heads that share it.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::room::{ROWS, Room, Sizes, Small, across, as_panels, both_ways, down, head};
use super::{AttentionGradient, DroppedWeights};
use crate::attention::look::{Look, Sees};
use crate::attention::{Attention, LooksAt};
use crate::instructions::{Arithmetic, Work};
use crate::layer_norm::{self, backward::sum_of_products};
use crate::tile::{COLUMNS, Lanes, Panels};
use crate::vector_math::{exp, tanh};

/// Which key head of which sequence.
#[derive(Clone, Copy)]
pub(super) struct Place<'a, 'p> {
    pub(super) problem: &'a Attention<'p>,
    pub(super) dropped: Option<DroppedWeights<'a>>,
    pub(super) sequence: usize,
    pub(super) key_head: usize,
    pub(super) sizes: Sizes,
}

/// Some queries of a query head.
struct Block {
    /// Rows of the batch.
    rows: Range<usize>,
    head: usize,
    /// The lanes of keys outside of which all are masked, and how many keys that is.
    lanes: Range<usize>,
    keys: Range<usize>,
}

impl<'a, 'p> Place<'a, 'p> {
    /// Keys `[s, k]` and values `[s, v]`.
    fn keys_and_values(&self) -> [ArrayView2<'a, f32>; 2] {
        let Sizes { key: k, value: v, .. } = self.sizes;
        let LooksAt::Rows { key, value, sequences } = &self.problem.looks_at else {
            unreachable!("asked before")
        };
        let offsets = sequences.offsets();
        let rows = offsets[self.sequence]..offsets[self.sequence + 1];
        let keys = head(key.reborrow(), rows.clone(), self.key_head, k);
        [keys, head(value.reborrow(), rows, self.key_head, v)]
    }

    /// The blocks of queries that look at this key head, and may look at anything.
    fn blocks(&self) -> impl Iterator<Item = Block> {
        let group = self.problem.heads.query / self.problem.heads.key;
        let offsets = self.problem.queries.offsets();
        let (first, end) = (offsets[self.sequence], offsets[self.sequence + 1]);
        let heads = self.key_head * group..(self.key_head + 1) * group;
        heads.flat_map(move |head| {
            (first..end).step_by(ROWS).filter_map(move |first| {
                let rows = first..end.min(first + ROWS);
                let reaches = rows.clone().map(|row| self.look(row).reach());
                let seen = reaches.filter(|reach| !reach.is_empty());
                let seen = seen.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))?;
                let lanes = seen.start / COLUMNS..seen.end.div_ceil(COLUMNS);
                let keys = lanes.start * COLUMNS..self.sizes.keys.min(lanes.end * COLUMNS);
                Some(Block { rows, head, lanes, keys })
            })
        })
    }

    fn look(&self, row: usize) -> Look<'_, 'p> {
        let query = self.problem.position(self.sequence, row);
        let Self { problem, sequence, sizes, .. } = *self;
        Look { problem, sequence, query, keys: sizes.keys }
    }

    /// (1) z = scale·q·kᵀ, bent and biased; (2) p = softmax(z). What a cap multiplies the slope
    /// with goes to `panels`, where there is one.
    #[inline(always)]
    fn weights<A: Arithmetic>(&self, block: &Block, room: &mut Room<'_>) {
        let (k, n) = (self.sizes.key, block.lanes.len());
        let panels = Panels::new(&*room.keys_across, k, self.sizes.of_scores());
        let scores = Small {
            left: room.query,
            stride: k,
            inner: k,
            result: room.weights,
            width: n,
            first: 0,
            goes_on: false,
        };
        scores.multiply::<A>(block.rows.len(), panels.part(block.lanes.clone()));
        let (scale, cap) = (self.problem.scale, self.problem.cap);
        for (row, scores) in block.rows.clone().zip(room.weights.chunks_exact_mut(n)) {
            scores.as_flattened_mut().iter_mut().for_each(|score| *score *= scale);
            if let Some(cap) = cap {
                let slopes = &mut room.panels[(row - block.rows.start) * n..][..n];
                let scores = scores.as_flattened_mut().iter_mut();
                for (score, slope) in scores.zip(slopes.as_flattened_mut()) {
                    // z′ = c·tanh(z/c)  ⇒  dz = dz′·(1 − tanh²(z/c))
                    let bent = tanh::<A>(*score / cap);
                    *slope = 1.0 - bent * bent;
                    *score = cap * bent;
                }
            }
            let look = self.look(row);
            if let Some(bias) = self.problem.bias {
                let scores = &mut scores.as_flattened_mut()[..block.keys.len()];
                bias.add(block.head, look.query, block.keys.start, scores);
            }
            let (sees, highest) = look.highest(&block.keys, scores, f32::NEG_INFINITY);
            if sees == Sees::Nothing {
                scores.fill([0.0; COLUMNS]);
                continue;
            }
            let scores = scores.as_flattened_mut();
            scores.iter_mut().for_each(|score| *score = exp::<A>(*score - highest));
            let share = 1.0 / layer_norm::sum(scores, |power| power);
            scores.iter_mut().for_each(|power| *power *= share);
        }
    }
}

/// The output of attention whose weights are dropped.
pub(super) struct Averaging<'a, 'p, 'r> {
    pub(super) place: Place<'a, 'p>,
    pub(super) room: Room<'r>,
    pub(super) output: ArrayViewMut2<'r, f32>,
}

impl Work for Averaging<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { place, mut room, mut output } = self;
        let Sizes { keys: count, key: k, value: v } = place.sizes;
        let [keys, values] = place.keys_and_values();
        across::<A>(keys, room.keys_across);
        down(values, room.values_down);
        for block in place.blocks() {
            let queries = head(place.problem.query.reborrow(), block.rows.clone(), block.head, k);
            both_ways(queries, room.query, room.query_turned);
            place.weights::<A>(&block, &mut room);
            let (rows, n) = (block.rows.len(), block.lanes.len());
            if let Some(dropped) = place.dropped {
                for (row, weights) in block.rows.clone().zip(room.weights.chunks_exact_mut(n)) {
                    let key = dropped.key_of(row, block.head);
                    for (column, p) in (block.keys.start as u32..).zip(weights.as_flattened_mut()) {
                        *p *= dropped.dropping.multiplier(key, column);
                    }
                }
            }
            let panels = Panels::new(&*room.values_down, count, v.div_ceil(COLUMNS));
            let width = v.div_ceil(COLUMNS);
            let average = Small {
                left: room.weights.as_flattened(),
                stride: n * COLUMNS,
                inner: block.keys.len(),
                result: room.result,
                width,
                first: 0,
                goes_on: false,
            };
            average.multiply::<A>(rows, panels.lines(block.keys.clone()));
            let columns = block.head * v..(block.head + 1) * v;
            write(output.slice_mut(s![block.rows, columns]), room.result, width);
        }
    }
}

/// Numbers from whole lanes to where they belong.
#[inline(always)]
fn write(mut rows: ArrayViewMut2<'_, f32>, lanes: &[Lanes], width: usize) {
    for (mut row, lanes) in rows.rows_mut().into_iter().zip(lanes.chunks_exact(width)) {
        row.iter_mut().zip(lanes.as_flattened()).for_each(|(to, from)| *to = *from);
    }
}

/// The gradients.
pub(super) struct Gradients<'a, 'p, 'r> {
    pub(super) place: Place<'a, 'p>,
    pub(super) room: Room<'r>,
    pub(super) d_output: ArrayView2<'a, f32>,
    pub(super) gradient: &'r mut AttentionGradient,
}

impl Work for Gradients<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { place, mut room, d_output, gradient } = self;
        let Sizes { key: k, value: v, .. } = place.sizes;
        let [keys, values] = place.keys_and_values();
        across::<A>(keys.reborrow(), room.keys_across);
        across::<A>(values, room.values_across);
        down(keys, room.keys_down);
        let of_scores = place.sizes.of_scores();
        room.d_keys[..k * of_scores].fill([0.0; COLUMNS]);
        room.d_values[..v * of_scores].fill([0.0; COLUMNS]);
        for block in place.blocks() {
            let queries = head(place.problem.query.reborrow(), block.rows.clone(), block.head, k);
            both_ways(queries, room.query, room.query_turned);
            let d_output = head(d_output.reborrow(), block.rows.clone(), block.head, v);
            both_ways(d_output, room.d_output, room.d_output_turned);
            place.weights::<A>(&block, &mut room);
            place.d_weights::<A>(&block, &mut room);
            let d_bias = gradient.bias.as_mut().map(|bias| bias.row_mut(block.head));
            let d_bias = d_bias.and_then(ndarray::ArrayViewMut1::into_slice);
            place.d_scores::<A>(&block, &mut room, d_bias);
            place.gather::<A>(&block, &mut room);
            let columns = block.head * k..(block.head + 1) * k;
            let d_query = gradient.query.slice_mut(s![block.rows, columns]);
            write(d_query, room.result, k.div_ceil(COLUMNS));
        }
        let LooksAt::Rows { sequences, .. } = place.problem.looks_at else { return };
        let offsets = sequences.offsets();
        let rows = offsets[place.sequence]..offsets[place.sequence + 1];
        for (gradient, turned, width) in
            [(&mut gradient.key, &*room.d_keys, k), (&mut gradient.value, &*room.d_values, v)]
        {
            let columns = place.key_head * width..(place.key_head + 1) * width;
            let of_head = gradient.slice_mut(s![rows.clone(), columns]);
            for (mut column, lanes) in
                of_head.reversed_axes().rows_mut().into_iter().zip(turned.chunks_exact(of_scores))
            {
                column.iter_mut().zip(lanes.as_flattened()).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

impl Place<'_, '_> {
    /// (3) dp = do·vᵀ
    #[inline(always)]
    fn d_weights<A: Arithmetic>(&self, block: &Block, room: &mut Room<'_>) {
        let v = self.sizes.value;
        let panels = Panels::new(&*room.values_across, v, self.sizes.of_scores());
        let d_weights = Small {
            left: room.d_output,
            stride: v,
            inner: v,
            result: room.d_weights,
            width: block.lanes.len(),
            first: 0,
            goes_on: false,
        };
        d_weights.multiply::<A>(block.rows.len(), panels.part(block.lanes.clone()));
    }

    /// (4) ds = p∘(m∘dp − Σ p·m·dp), and what comes before the scores: a bias, a cap, the scale.
    /// Weights become p∘m, their gradients ds.
    #[inline(always)]
    fn d_scores<A: Arithmetic>(
        &self,
        block: &Block,
        room: &mut Room<'_>,
        mut d_bias: Option<&mut [f32]>,
    ) {
        let n = block.lanes.len();
        let rows = room.weights.chunks_exact_mut(n).zip(room.d_weights.chunks_exact_mut(n));
        for ((row, (weights, d_weights)), slopes) in
            block.rows.clone().zip(rows).zip(room.panels.chunks_exact(n))
        {
            let (weights, d_weights) = (weights.as_flattened_mut(), d_weights.as_flattened_mut());
            if let Some(dropped) = self.dropped {
                let key = dropped.key_of(row, block.head);
                for ((column, p), d) in
                    (block.keys.start as u32..).zip(&mut *weights).zip(&mut *d_weights)
                {
                    let multiplier = dropped.dropping.multiplier(key, column);
                    // p·(m·dp − Σ p·m·dp): m·dp now, and p∘m once p is used.
                    *d *= multiplier;
                    *p = if multiplier == 0.0 { -*p } else { *p };
                }
            }
            // What is dropped is marked by its sign meanwhile; its dp is 0.
            let along = sum_of_products(weights, d_weights);
            let keep = self.dropped.map_or(1.0, |dropped| dropped.dropping.multiplier_kept());
            for (p, d) in weights.iter_mut().zip(&mut *d_weights) {
                *d = p.abs() * (*d - along);
                *p = if *p > 0.0 { *p * keep } else { 0.0 };
            }
            if let Some(d_bias) = &mut d_bias {
                let (query, reach) = (self.look(row).query, d_bias.len() / 2);
                for (key, &d) in block.keys.clone().zip(&*d_weights) {
                    let place = (reach + key.min(query + reach)).saturating_sub(query);
                    d_bias[place] += d;
                }
            }
            if self.problem.cap.is_some() {
                let slopes = slopes.as_flattened();
                d_weights.iter_mut().zip(slopes).for_each(|(d, slope)| *d *= slope);
            }
            let scale = self.problem.scale;
            d_weights.iter_mut().for_each(|d| *d *= scale);
        }
    }

    /// (5) dq = ds·k, (6) dk = dsᵀ·q and (7) dv = (p∘m)ᵀ·do, turned: dkᵀ = qᵀ·ds, dvᵀ = doᵀ·(p∘m).
    #[inline(always)]
    fn gather<A: Arithmetic>(&self, block: &Block, room: &mut Room<'_>) {
        let Sizes { keys: count, key: k, value: v } = self.sizes;
        let (rows, n, of_scores) = (block.rows.len(), block.lanes.len(), self.sizes.of_scores());
        let panels = Panels::new(&*room.keys_down, count, k.div_ceil(COLUMNS));
        let d_query = Small {
            left: room.d_weights.as_flattened(),
            stride: n * COLUMNS,
            inner: block.keys.len(),
            result: room.result,
            width: k.div_ceil(COLUMNS),
            first: 0,
            goes_on: false,
        };
        d_query.multiply::<A>(rows, panels.lines(block.keys.clone()));
        for (left, right, width, result) in [
            (&*room.query_turned, &*room.d_weights, k, &mut *room.d_keys),
            (&*room.d_output_turned, &*room.weights, v, &mut *room.d_values),
        ] {
            as_panels(&right[..rows * n], n, room.panels);
            let gradient = Small {
                left,
                stride: ROWS,
                inner: rows,
                result,
                width: of_scores,
                first: block.lanes.start,
                goes_on: true,
            };
            gradient.multiply::<A>(width, Panels::new(&room.panels[..rows * n], rows, n));
        }
    }
}
