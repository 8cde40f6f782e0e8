//! Solutions of the chapter on generation.

/// Forbidden is −∞. A score of 0 would be one like any other, and often a high one.
pub(crate) fn allow_only(allowed: &[u32], logits: &mut [f32]) {
    for (id, logit) in (0..).zip(logits) {
        if !allowed.contains(&id) {
            *logit = f32::NEG_INFINITY;
        }
    }
}

/// The likeliest first, until there is enough: the one that reaches p belongs to it.
pub(crate) fn nucleus(p: f32, logits: &mut [f32]) {
    let shares = probabilities(logits);
    let mut ids: Vec<usize> = (0..logits.len()).collect();
    ids.sort_by(|&a, &b| logits[b].total_cmp(&logits[a])); // stable: of equal ones the lower id
    let mut mass = 0.0;
    for (place, id) in ids.into_iter().enumerate() {
        if place > 0 && mass >= f64::from(p) {
            logits[id] = f32::NEG_INFINITY;
        }
        mass += shares[id];
    }
}

/// The softmax, in f64. The largest score is taken off first.
pub(crate) fn probabilities(logits: &[f32]) -> Vec<f64> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shares: Vec<f64> = logits.iter().map(|&x| f64::from(x - top).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / sum).collect()
}

/// Dividing logarithms by T is taking probabilities to the power 1/T; then they are made to sum to
/// one again, at each step. Between 0, where the one wins, and 1, where the other does, halve.
pub(crate) fn temperature_of_equal_chances() -> f32 {
    let share = |shares: &[f64], chosen: usize, power: f64| {
        shares[chosen].powf(power) / shares.iter().map(|share| share.powf(power)).sum::<f64>()
    };
    let (mut low, mut high) = (0.01, 1.0);
    while high - low > 1e-6 {
        let middle = f64::midpoint(low, high);
        let power = 1.0 / middle;
        let step = |chosen| share(&[0.5, 0.4, 0.1], chosen, power);
        let house = step(0) * share(&[0.4, 0.3, 0.3], 0, power);
        let rises = step(1) * share(&[0.9, 0.1], 0, power);
        if house > rises { low = middle } else { high = middle }
    }
    low as f32
}

/// The n-th proposal is written if all n were taken, βⁿ; the token of its own always:
/// 1 + β + … + β^γ.
pub(crate) fn tokens_per_round(beta: f64, lookahead: u32) -> f64 {
    (0..=lookahead).map(|taken| beta.powf(f64::from(taken))).sum()
}

/// What the proposals leave open is max(0, p − q): drawing from p itself would give too much to the
/// tokens that q proposes often.
pub(crate) fn take(proposal: usize, p: &[f64], q: &[f64], acceptance: f64, chance: f64) -> usize {
    if acceptance * q[proposal] < p[proposal] {
        return proposal; // with probability min(1, p/q)
    }
    let rest: Vec<f64> = p.iter().zip(q).map(|(p, q)| (p - q).max(0.0)).collect();
    let (sum, mut before) = (rest.iter().sum::<f64>(), 0.0);
    let drawn = rest.iter().position(|share| {
        before += share;
        before > chance * sum
    });
    drawn.unwrap_or(proposal)
}

/// All beams are lengthened by all tokens, and the sums are compared across them.
pub(crate) fn beam_search(
    next: &dyn Fn(&[u32]) -> Vec<f32>,
    prompt: &[u32],
    beams: usize,
    tokens: usize,
) -> Vec<u32> {
    let mut texts = vec![(0.0, prompt.to_vec())]; // ln p, text
    for _ in 0..tokens {
        let longer = |(sum, text): &(f32, Vec<u32>)| -> Vec<(f32, Vec<u32>)> {
            let each = (0..).zip(next(text));
            each.map(|(id, log)| (sum + log, [&text[..], &[id]].concat())).collect()
        };
        let mut all: Vec<_> = texts.iter().flat_map(longer).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all.truncate(beams);
        texts = all;
    }
    texts.swap_remove(0).1
}

/// Divided by a temperature near 0, a score becomes infinite, and ∞ − ∞ is NaN. With the maximum
/// taken off the best is 0, whatever it is divided by.
pub(crate) fn law_that_catches_a_bare_division() -> &'static str {
    lt_laws::logits::A_LOW_TEMPERATURE_IS_GREEDY.name
}

/// In the order of ids until there is enough, then without the least likely as long as it is
/// enough without.
pub(crate) fn wrong_by_order_alone(p: f32, logits: &mut [f32]) {
    let (shares, p) = (probabilities(logits), f64::from(p));
    let mut left: Vec<(f64, usize)> = Vec::new();
    let mass = |left: &[(f64, usize)]| left.iter().map(|(share, _)| share).sum::<f64>();
    for (id, share) in shares.into_iter().enumerate() {
        if mass(&left) < p && share > 0.0 {
            left.push((share, id));
        }
    }
    left.sort_by(|a, b| b.0.total_cmp(&a.0));
    while left.len() > 1 && mass(&left[..left.len() - 1]) >= p {
        left.pop();
    }
    for (id, logit) in logits.iter_mut().enumerate() {
        if !left.iter().any(|(_, kept)| *kept == id) {
            *logit = f32::NEG_INFINITY;
        }
    }
}
