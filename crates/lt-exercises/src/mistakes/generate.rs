//! Mistakes of the chapter on generation.

use crate::solutions::generate::probabilities;

/// Set to 0, which is a score like any other.
pub(crate) fn allow_only(allowed: &[u32], logits: &mut [f32]) {
    for (id, logit) in (0..).zip(logits) {
        if !allowed.contains(&id) {
            *logit = 0.0;
        }
    }
}

/// The token that reaches p is forbidden with the others.
pub(crate) fn nucleus(p: f32, logits: &mut [f32]) {
    let shares = probabilities(logits);
    let mut ids: Vec<usize> = (0..logits.len()).collect();
    ids.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let mut mass = 0.0;
    for id in ids {
        mass += shares[id];
        if mass > f64::from(p) {
            logits[id] = f32::NEG_INFINITY;
        }
    }
}

/// Only the first word is drawn with the temperature: (0.5/0.4)^(1/T) = 0.9/0.4.
pub(crate) fn temperature_of_equal_chances() -> f32 {
    (0.5_f32 / 0.4).ln() / (0.9_f32 / 0.4).ln()
}

/// Without the token that the model writes itself.
pub(crate) fn tokens_per_round(beta: f64, lookahead: u32) -> f64 {
    (1..=lookahead).map(|taken| beta.powf(f64::from(taken))).sum()
}

/// In place of what was refused, a token of p.
pub(crate) fn take(proposal: usize, p: &[f64], q: &[f64], acceptance: f64, chance: f64) -> usize {
    if acceptance * q[proposal] < p[proposal] {
        return proposal;
    }
    let mut before = 0.0;
    let drawn = p.iter().position(|share| {
        before += share;
        before > chance
    });
    drawn.unwrap_or(proposal)
}

/// Compared by the last token, not by the whole text.
pub(crate) fn beam_search(
    next: &dyn Fn(&[u32]) -> Vec<f32>,
    prompt: &[u32],
    beams: usize,
    tokens: usize,
) -> Vec<u32> {
    let mut texts = vec![prompt.to_vec()];
    for _ in 0..tokens {
        let mut all: Vec<(f32, Vec<u32>)> = Vec::new();
        for text in &texts {
            let each = (0..).zip(next(text));
            all.extend(each.map(|(id, log)| (log, [&text[..], &[id]].concat())));
        }
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        texts = all.into_iter().take(beams).map(|(_, text)| text).collect();
    }
    texts.swap_remove(0)
}

/// Differences are divided all the same.
pub(crate) fn law_that_catches_a_bare_division() -> &'static str {
    lt_laws::logits::DIFFERENCES_ARE_DIVIDED.name
}

/// Enough, and more than enough.
pub(crate) fn wrong_by_order_alone(p: f32, logits: &mut [f32]) {
    let shares = probabilities(logits);
    let mut mass = 0.0;
    for (id, logit) in logits.iter_mut().enumerate() {
        if mass >= f64::from(p) {
            *logit = f32::NEG_INFINITY;
        }
        mass += shares[id];
    }
}
