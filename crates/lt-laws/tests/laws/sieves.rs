//! Plain filters of scores, right, or wrong in one way.

/// What a filter can get wrong.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Sieve {
    None,
    /// Forbidden scores become −10⁴, which still has a probability where all are low.
    FillsWithMinus1e4,
    /// Of equal ones the higher id stays.
    HigherIds,
    /// One more, or the token that crosses the mass is dropped.
    OffByOne,
    /// The worst are kept.
    UpsideDown,
    /// Probabilities are compared with p itself, not with p times the best.
    Absolute,
}

/// Leaves the first `count` by score.
pub(crate) fn top_k(sieve: Sieve, count: usize, scores: &mut [f32]) {
    let order = order(sieve, scores);
    let count = if sieve == Sieve::OffByOne { count + 1 } else { count };
    leave(sieve, scores, order.get(..count).unwrap_or(&order).to_vec());
}

/// Leaves the first that have the mass `p`.
pub(crate) fn top_p(sieve: Sieve, p: f32, scores: &mut [f32]) {
    let (order, shares) = (order(sieve, scores), shares(scores));
    let (mut left, mut mass) = (Vec::new(), 0.0);
    for id in order {
        if mass >= p - 1e-6 && !left.is_empty() {
            break;
        }
        mass += shares[id];
        left.push(id);
    }
    if sieve == Sieve::OffByOne && left.len() > 1 {
        left.pop();
    }
    leave(sieve, scores, left);
}

/// Leaves what has `p` times the best probability.
pub(crate) fn min_p(sieve: Sieve, p: f32, scores: &mut [f32]) {
    let shares = shares(scores);
    let best = shares.iter().copied().fold(0.0, f32::max);
    let bound = if sieve == Sieve::Absolute { p } else { p * best };
    let left = (0..scores.len()).filter(|&id| shares[id] >= bound && shares[id] > 0.0).collect();
    leave(sieve, scores, left);
}

fn order(sieve: Sieve, scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..scores.len()).filter(|&id| scores[id] > f32::NEG_INFINITY).collect();
    if sieve == Sieve::HigherIds {
        order.reverse();
    }
    order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
    if sieve == Sieve::UpsideDown {
        order.reverse();
    }
    order
}

fn leave(sieve: Sieve, scores: &mut [f32], left: Vec<usize>) {
    let nothing = if sieve == Sieve::FillsWithMinus1e4 { -1e4 } else { f32::NEG_INFINITY };
    for (id, score) in scores.iter_mut().enumerate() {
        if !left.contains(&id) {
            *score = nothing;
        }
    }
}

fn shares(scores: &[f32]) -> Vec<f32> {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = scores.iter().map(|score| (score - top).exp()).sum();
    scores.iter().map(|score| (score - top).exp() / sum).collect()
}

/// Divides by the temperature, the best taken away first.
pub(crate) fn cool(t: f32, scores: &mut [f32]) {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - top) / t);
}

/// Divides what is above 0 by 2, and multiplies what is below, each token once.
pub(crate) fn penalise(written: &[u32], scores: &mut [f32]) {
    for (id, score) in (0..).zip(scores) {
        if written.contains(&id) {
            *score = if *score > 0.0 { *score / 2.0 } else { *score * 2.0 };
        }
    }
}
