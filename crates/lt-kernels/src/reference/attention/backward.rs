use lt_core::Place;
use ndarray::{Array2, ArrayView2, ArrayViewMut1, s};

use super::attention_weights;
use crate::math::tanh;
use crate::reference::softmax_backward;
use crate::{Attention, AttentionGradient, DroppedWeights, Heads, LooksAt, Widths};

/// oᵢ = Σⱼ pᵢⱼ·mᵢⱼ·vⱼ, where dropout multiplies each weight with mᵢⱼ, which is 0 or 1 / (1 − rate).
///
/// # Panics
/// If the shapes of the problem do not fit each other, or not every query has a key for what is
/// dropped.
#[must_use]
pub fn attention_dropped(problem: &Attention<'_>, dropped: DroppedWeights<'_>) -> Array2<f32> {
    let v = problem.widths().value;
    let Heads { query: h, key: key_heads } = problem.heads;
    let mut output = Array2::zeros((problem.queries.tokens(), h * v));
    let sequences = problem.queries.ranges().enumerate();
    for (weights, (sequence, queries)) in attention_weights(problem).iter().zip(sequences) {
        let (_, values) = problem.looks_at.rows(sequence); // [s, g·v]
        for ((row, i), head) in queries.zip(0..).flat_map(|query| (0..h).map(move |h| (query, h))) {
            let shared = head / (h / key_heads) * v;
            let mut o = output.slice_mut(s![row, head * v..(head + 1) * v]); // [v]
            for (j, v_j) in values.slice(s![.., shared..shared + v]).rows().into_iter().enumerate()
            {
                // What is masked or dropped is selected away: its value may be anything.
                let weight = weights[[head, i, j]] * dropped.multiplier(row, head, j);
                if weight != 0.0 {
                    o.scaled_add(weight, &v_j);
                }
            }
        }
    }
    output
}

/// The gradients of [`attention`](super::attention()) from that of its output: with z the scores
/// and s the capped and biased ones, each gradient by the one after it.
///
/// Weights are computed again from queries and keys: nothing else of the forward pass is needed.
///
/// # Shapes
/// `d_output` is `[tokens, h·v]`; queries, keys and values have the shapes that they have in the
/// problem.
///
/// # Panics
/// If the shapes do not fit each other, or the keys are kept from pass to pass, or not every query
/// has a key for what is dropped.
///
/// [Dao et al. 2022](https://arxiv.org/abs/2205.14135), appendix B.2. PyTorch: the backward pass of
/// `scaled_dot_product_attention`.
#[must_use]
pub fn attention_backward(
    problem: &Attention<'_>,
    dropped: Option<DroppedWeights<'_>>,
    d_output: ArrayView2<'_, f32>,
) -> AttentionGradient {
    let Widths { key: k, value: v } = problem.widths();
    let Heads { query: h, key: key_heads } = problem.heads;
    assert_eq!(d_output.dim(), (problem.queries.tokens(), h * v), "a gradient [tokens, h·v]");
    let LooksAt::Rows { key, value, sequences } = &problem.looks_at else {
        panic!("keys in rows: what is kept from pass to pass has no gradient")
    };
    let reach = problem.bias.and_then(|bias| bias.reach());
    let mut d = AttentionGradient {
        query: Array2::zeros(problem.query.raw_dim()),
        key: Array2::zeros(key.raw_dim()),
        value: Array2::zeros(value.raw_dim()),
        bias: reach.map(|reach| Array2::zeros((h, 2 * reach + 1))),
    };
    let texts = problem.queries.ranges().zip(sequences.ranges()).enumerate();
    for (weights, (sequence, (queries, keys))) in attention_weights(problem).iter().zip(texts) {
        for (head, (i, row)) in
            (0..h).flat_map(|h| queries.clone().enumerate().map(move |q| (h, q)))
        {
            // Query heads that share a key head add up what they send back to it.
            let shared = head / (h / key_heads);
            let of_query = s![row, head * k..(head + 1) * k];
            let of_output = s![row, head * v..(head + 1) * v];
            let of_keys = |j: usize| s![keys.start + j, shared * k..(shared + 1) * k];
            let of_values = |j: usize| s![keys.start + j, shared * v..(shared + 1) * v];
            let (q, d_o) = (problem.query.slice(of_query), d_output.slice(of_output));
            let query = problem.position(sequence, row);
            // What is masked takes no part: it may hold anything.
            let allowed = |&j: &usize| problem.mask.allows(Place { sequence, query, key: j });
            let p = weights.slice(s![head, i, ..]).to_vec();
            let mut d_p = vec![0.0; p.len()];
            for j in (0..p.len()).filter(allowed) {
                // forward: o = Σ p·m·v, m what dropout multiplies with
                //   ⇒  backward: (1) dv += p·m·do, (2) dp = m·(do·v)
                // formula: attention-backward
                let m = dropped.map_or(1.0, |dropped| dropped.multiplier(row, head, j));
                d.value.slice_mut(of_values(j)).scaled_add(p[j] * m, &d_o);
                if m != 0.0 {
                    d_p[j] = m * dot(d_o.iter().zip(value.slice(of_values(j))));
                }
            }
            // forward: p = softmax(s)  ⇒  backward: (3) ds = p·(dp − Σ p·dp)
            // formula: attention-backward
            let mut d_s = softmax_backward(&p, &d_p);
            if let (Some(d_bias), Some(reach)) = (&mut d.bias, reach) {
                // forward: s = z′ + bias[j − i]  ⇒  backward: (4) dbias[j − i] += ds
                add_by_distance(d_bias.row_mut(head), &d_s, query, reach);
            }
            let mut d_q = d.query.slice_mut(of_query);
            for j in (0..p.len()).filter(allowed) {
                let k_j = key.slice(of_keys(j));
                if let Some(cap) = problem.cap {
                    // forward: z′ = c·tanh(z/c)  ⇒  backward: (5) dz = dz′·(1 − (z′/c)²)
                    let bent = tanh(dot(q.iter().zip(k_j)) * problem.scale / cap);
                    d_s[j] *= 1.0 - bent * bent;
                }
                // forward: z = scale·(q·k)  ⇒  backward: (6) dq += scale·dz·k, (7) dk += scale·dz·q
                // formula: attention-backward
                let d_z = d_s[j] * problem.scale;
                d_q.scaled_add(d_z, &k_j);
                d.key.slice_mut(of_keys(j)).scaled_add(d_z, &q);
            }
        }
    }
    d
}

/// The sum of products, from the first to the last.
fn dot<'a>(pairs: impl Iterator<Item = (&'a f32, &'a f32)>) -> f32 {
    pairs.map(|(a, b)| a * b).sum()
}

/// What the keys of a query send back to the number for their distance, key minus query; those
/// beyond the reach share that of the farthest.
fn add_by_distance(mut d_bias: ArrayViewMut1<'_, f32>, d_s: &[f32], query: usize, reach: usize) {
    for (j, d_s) in d_s.iter().enumerate() {
        let place = (j + reach).saturating_sub(query).min(2 * reach);
        d_bias[place] += d_s;
    }
}
