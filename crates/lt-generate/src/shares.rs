//! Scores as shares of the probability.

use lt_kernels::math::{exp_f64, ln_f64};

/// Each token's share e^(x − max) of the probability, 0 for one that is forbidden, and the sum of
/// all, in the order of ids: the probability of a token is its share divided by the sum.
///
/// In f64, with an exponential of our own: the same bits on every system.
pub(crate) fn shares(logits: &[f32], shares: &mut Vec<f64>) -> f64 {
    let maximum = maximum(logits);
    shares.clear();
    shares.extend(logits.iter().map(|&logit| share(logit, maximum)));
    shares.iter().sum()
}

/// e^(x − max).
fn share(logit: f32, maximum: f32) -> f64 {
    if logit == f32::NEG_INFINITY { 0.0 } else { exp_f64(f64::from(logit) - f64::from(maximum)) }
}

/// The highest of the scores.
pub(crate) fn maximum(logits: &[f32]) -> f32 {
    logits.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// What has to be taken from a score to make it the logarithm of a probability: ln Σ eˣ.
pub(crate) fn log_sum(logits: &[f32]) -> f64 {
    let maximum = maximum(logits);
    let sum: f64 = logits.iter().map(|&logit| share(logit, maximum)).sum();
    f64::from(maximum) + ln_f64(sum)
}

/// The logarithm of the probability of token `id`.
pub(crate) fn log_probability(logits: &[f32], id: usize) -> f32 {
    (f64::from(logits[id]) - log_sum(logits)) as f32
}

/// Draws a token: the first one, in the order of ids, at which the shares add up to more than
/// `chance` (in [0, 1)) of their sum.
pub(crate) fn draw(shares: &[f64], sum: f64, chance: f64) -> usize {
    let (mut before, mut last) = (0.0, 0);
    for (id, &share) in shares.iter().enumerate() {
        if share > 0.0 {
            before += share;
            last = id;
            if before > chance * sum {
                return id;
            }
        }
    }
    last // chance · sum was rounded up to the sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shares are 1, 0, 2 and 1.
    #[test]
    fn a_token_is_drawn_as_often_as_its_share_says() {
        let logits = [1.0, f32::NEG_INFINITY, 1.0 + 2.0_f32.ln(), 1.0];
        let mut buffer = Vec::new();
        let sum = shares(&logits, &mut buffer);
        let drawn: Vec<usize> =
            (0..5).map(|i| draw(&buffer, sum, 0.1 + f64::from(i) / 5.0)).collect();
        assert_eq!(drawn, [0, 2, 2, 2, 3]);
        assert_eq!(draw(&buffer, sum * 1.001, 0.999_999), 3);
    }

    #[test]
    fn probabilities_have_their_logarithms() {
        let logits = [1.0, f32::NEG_INFINITY, 1.0 + 2.0_f32.ln(), 1.0];
        assert!((log_probability(&logits, 2) - 0.5_f32.ln()).abs() < 1e-7);
        assert_eq!(log_probability(&logits, 1), f32::NEG_INFINITY);
    }
}
