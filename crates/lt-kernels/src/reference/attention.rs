#[cfg(feature = "train")]
pub(super) mod backward;

use lt_core::Place;
use ndarray::{Array2, Array3, s};

use super::softmax;
use crate::math::tanh;
use crate::{Attention, Heads};

/// The weights of attention: pᵢⱼ = softmaxⱼ(scale·qᵢ·kⱼ + bias), one array `[h, t, s]` per sequence.
///
/// # Panics
/// If the shapes of the problem do not fit each other.
#[must_use]
pub fn attention_weights(problem: &Attention<'_>) -> Vec<Array3<f32>> {
    let k = problem.widths().key;
    let Heads { query: h, key: key_heads } = problem.heads;
    let weights = problem.queries.ranges().enumerate().map(|(sequence, queries)| {
        let (all_keys, _) = problem.looks_at.rows(sequence); // [s, g·k]
        let mut weights = Array3::zeros((h, queries.len(), all_keys.nrows()));
        for head in 0..h {
            // Query heads share a key head in groups; a group of one is the usual case.
            // formula: grouped
            let key_head = head / (h / key_heads);
            let q = problem.query.slice(s![queries.clone(), head * k..(head + 1) * k]); // [t, k]
            let keys = all_keys.slice(s![.., key_head * k..(key_head + 1) * k]); // [s, k]
            for (i, q_i) in q.rows().into_iter().enumerate() {
                // (1) the scores of a query; masked keys get −∞ without being looked at
                let mut scores = ndarray::Array1::from_elem(keys.nrows(), f32::NEG_INFINITY);
                for (j, k_j) in keys.rows().into_iter().enumerate() {
                    let query = problem.position(sequence, queries.start + i);
                    // formula: masked-attention
                    if problem.mask.allows(Place { sequence, query, key: j }) {
                        // formula: attention
                        let dot: f32 = q_i.iter().zip(k_j).map(|(q, k)| q * k).sum();
                        let score = dot * problem.scale;
                        // formula: cap
                        let capped = problem.cap.map_or(score, |cap| cap * tanh(score / cap));
                        let bias = problem.bias.map_or(0.0, |bias| bias.at(head, query, j));
                        scores[j] = capped + bias;
                    }
                }
                // (2) as probabilities
                for (j, p) in softmax(scores.view()).into_iter().enumerate() {
                    weights[[head, i, j]] = p;
                }
            }
        }
        weights
    });
    weights.collect()
}

/// oᵢ = Σⱼ pᵢⱼ·vⱼ for each sequence and head; see [`attention`](crate::attention).
///
/// # Panics
/// If the shapes of the problem do not fit each other.
#[must_use]
pub fn attention(problem: &Attention<'_>) -> Array2<f32> {
    let v = problem.widths().value;
    let Heads { query: h, key: key_heads } = problem.heads;
    let mut output = Array2::zeros((problem.queries.tokens(), h * v));
    let sequences = problem.queries.ranges().enumerate();
    for (weights, (sequence, queries)) in attention_weights(problem).iter().zip(sequences) {
        let (_, all_values) = problem.looks_at.rows(sequence); // [s, g·v]
        for head in 0..h {
            let key_head = head / (h / key_heads);
            let values = all_values.slice(s![.., key_head * v..(key_head + 1) * v]); // [s, v]
            for (i, row) in queries.clone().enumerate() {
                let query = problem.position(sequence, row);
                // (3) the weighted sum of the values; a masked one takes no part
                for (j, v_j) in values.rows().into_iter().enumerate() {
                    // formula: masked-attention
                    if problem.mask.allows(Place { sequence, query, key: j }) {
                        for (c, &value) in v_j.iter().enumerate() {
                            // formula: attention
                            output[[row, head * v + c]] += weights[[head, i, j]] * value;
                        }
                    }
                }
            }
        }
    }
    output
}
