//! Random numbers that depend on nothing but what they are for.

use lt_kernels::math::scramble;

/// What a random number decides at a step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Draw {
    /// The next token.
    Token = 0,
    /// The token that a draft model proposes.
    Draft = 1,
    /// Whether the proposal is taken.
    Acceptance = 2,
}

/// A number in [0, 1) that looks random, a pure function of the sequence's seed, the step (how
/// many tokens were written before) and what it decides.
///
/// There is no generator whose state could depend on what was drawn before, in which order, or for
/// whom: batch and threads change nothing. It has 53 bits, all that an f64 holds.
pub(crate) fn random(seed: u64, step: usize, draw: Draw) -> f64 {
    let bits = scramble(scramble(scramble(seed) ^ step as u64) ^ draw as u64);
    (bits >> 11) as f64 / 9_007_199_254_740_992.0 // 2⁵³
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of n uniform numbers has the standard deviation 1/√(12n); here 6 of them.
    #[test]
    fn numbers_are_spread_evenly_over_steps_and_over_seeds() {
        let n = 10_000;
        let over_steps: f64 = (0..n).map(|step| random(7, step, Draw::Token)).sum();
        let over_seeds: f64 = (0..n as u64).map(|seed| random(seed, 3, Draw::Token)).sum();
        for sum in [over_steps, over_seeds] {
            assert!((sum / n as f64 - 0.5).abs() < 6.0 / (12.0 * n as f64).sqrt());
        }
    }

    #[test]
    fn what_is_decided_changes_the_number() {
        let [token, draft, acceptance] =
            [Draw::Token, Draw::Draft, Draw::Acceptance].map(|draw| random(1, 2, draw));
        assert!(token != draft && draft != acceptance && token != acceptance);
    }
}
