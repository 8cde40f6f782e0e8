//! Stage 5 of a language model: which token comes next, behind the text and behind each piece.

use lt_core::Scratch;
use lt_kernels::math::{exp_f64, ln_f64};
use lt_model::CausalLm;
use lt_tasks::TaskError;
use ndarray::{Array2, ArrayView1, Axis, Slice};
use serde::Serialize;

use super::pieces::{Piece, Pieces};
use super::spelling::{Spelling, Token};
use crate::failure::Result;

/// How many candidates are named.
const NAMED: usize = 5;

/// So many scores are computed at a time.
const SCORES: usize = 1 << 22;

/// What the model expects.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NextToken {
    /// The likeliest tokens behind the text, the first first.
    pub(crate) next: Vec<Candidate>,
    /// Of every token of the vocabulary, by its id.
    pub(crate) probabilities: Vec<f32>,
    /// Each piece but the first, which nothing stands before.
    pub(crate) foretold: Vec<Foretold>,
    /// e to the mean of −ln p of the pieces, if there are two.
    pub(crate) perplexity: Option<f64>,
}

/// A token, and how likely the model finds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Candidate {
    #[serde(flatten)]
    pub(crate) token: Token,
    pub(crate) probability: f32,
}

/// A piece of the text, and what the model expected in its place from those before it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Foretold {
    /// Which piece it is.
    pub(crate) at: usize,
    pub(crate) token: String,
    pub(crate) id: u32,
    pub(crate) probability: f32,
    /// 1 if no token was likelier.
    pub(crate) rank: usize,
    pub(crate) expected: Candidate,
}

impl NextToken {
    /// Given the last vectors of the pieces, `[tokens, d]`.
    pub(crate) fn new(
        model: &CausalLm,
        spelling: Spelling<'_>,
        pieces: &Pieces,
        hidden: &Array2<f32>,
        scratch: &mut Scratch,
    ) -> Result<Self> {
        let n = pieces.len();
        let rows = (SCORES / model.vocabulary().max(1)).max(1);
        let (mut foretold, mut surprise) = (Vec::new(), 0.0);
        let mut last = Distribution::default();
        for first in (0..n).step_by(rows) {
            let some = first..n.min(first + rows);
            let hidden = hidden.slice_axis(Axis(0), Slice::from(some.clone()));
            let logits = model.predict(hidden, scratch)?; // [rows, v]
            for (at, logits) in some.zip(logits.outer_iter()) {
                let distribution = Distribution::new(logits)?;
                if let Some(piece) = pieces.pieces.get(at + 1) {
                    surprise += distribution.surprise(piece.id);
                    foretold.push(distribution.foretold(at + 1, piece, spelling));
                } else {
                    last = distribution;
                }
            }
            scratch.give(logits);
        }
        let mean = surprise / foretold.len() as f64;
        Ok(Self {
            next: last
                .likeliest(NAMED)
                .into_iter()
                .map(|id| last.candidate(id, spelling))
                .collect(),
            perplexity: (!foretold.is_empty()).then(|| exp_f64(mean)),
            foretold,
            probabilities: last.probabilities().collect(),
        })
    }
}

/// The likeliest token of a row of scores; of equals, the first.
pub(crate) fn likeliest(logits: &[f32], spelling: Spelling<'_>) -> Result<Candidate> {
    let distribution = Distribution::new(ArrayView1::from(logits))?;
    let id = distribution.likeliest(1).first().copied().unwrap_or(0);
    Ok(distribution.candidate(id, spelling))
}

/// Softmax of a row of scores, in f64 with functions that give the same bits on every system.
#[derive(Debug, Default)]
struct Distribution {
    logits: Vec<f32>,
    largest: f32,
    /// Σ exp(logit − largest).
    sum: f64,
}

impl Distribution {
    fn new(logits: ArrayView1<'_, f32>) -> Result<Self> {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let above = |logit: f32| f64::from(logit) - f64::from(largest);
        let sum: f64 = logits.iter().map(|&logit| exp_f64(above(logit))).sum();
        // NaN hides from `max`, but not from the sum.
        if !largest.is_finite() || !sum.is_finite() {
            return Err(TaskError::NotFinite.into());
        }
        // −0 + 0 is 0: equal scores have equal bits, and the lower id comes first.
        let logits = logits.iter().map(|logit| logit + 0.0).collect();
        Ok(Self { logits, largest, sum })
    }

    /// ln softmax(logits)\[id\].
    fn log_probability(&self, id: u32) -> f64 {
        let logit = self.logits.get(id as usize).copied().unwrap_or(f32::NEG_INFINITY);
        f64::from(logit) - f64::from(self.largest) - ln_f64(self.sum)
    }

    fn surprise(&self, id: u32) -> f64 {
        -self.log_probability(id)
    }

    fn probability(&self, id: u32) -> f32 {
        exp_f64(self.log_probability(id)) as f32
    }

    fn probabilities(&self) -> impl Iterator<Item = f32> + '_ {
        (0..self.logits.len() as u32).map(|id| self.probability(id))
    }

    /// The ids of the largest scores, in order; of equals, the first first.
    fn likeliest(&self, count: usize) -> Vec<u32> {
        let mut ids: Vec<u32> = (0..self.logits.len() as u32).collect();
        let order = |a: &u32, b: &u32| {
            self.logits[*b as usize].total_cmp(&self.logits[*a as usize]).then(a.cmp(b))
        };
        if count < ids.len() {
            ids.select_nth_unstable_by(count, order);
            ids.truncate(count);
        }
        ids.sort_unstable_by(order);
        ids
    }

    /// Its place in the order of [`likeliest`](Self::likeliest), counted from 1.
    fn rank(&self, id: u32) -> usize {
        let (place, own) = (id as usize, self.logits[id as usize]);
        let before = |(at, &logit): (usize, &f32)| logit > own || logit == own && at < place;
        1 + self.logits.iter().enumerate().filter(|&it| before(it)).count()
    }

    fn candidate(&self, id: u32, spelling: Spelling<'_>) -> Candidate {
        Candidate { token: spelling.token(id), probability: self.probability(id) }
    }

    fn foretold(&self, at: usize, piece: &Piece, spelling: Spelling<'_>) -> Foretold {
        let expected = self.likeliest(1).first().copied().unwrap_or(0);
        Foretold {
            at,
            token: piece.token.clone(),
            id: piece.id,
            probability: self.probability(piece.id),
            rank: self.rank(piece.id),
            expected: self.candidate(expected, spelling),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn of(logits: &[f32]) -> Distribution {
        Distribution::new(ArrayView1::from(logits)).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_rank_is_the_place_in_the_order_of_probabilities() {
        let row = of(&[1.0, 3.0, -2.0, 3.0, 0.0]);
        assert_eq!(row.likeliest(5), [1, 3, 0, 4, 2]);
        assert_eq!(row.likeliest(2), [1, 3]);
        for (place, &id) in row.likeliest(5).iter().enumerate() {
            assert_eq!(row.rank(id), place + 1, "{id}");
        }
        // As for `lt generate`, 0 and −0 are equal.
        assert_eq!(of(&[-0.0, 0.0]).likeliest(2), [0, 1]);
    }

    #[test]
    fn probabilities_are_a_softmax_and_the_surprise_is_their_logarithm() {
        let row = of(&[0.0, 2.0_f32.ln(), f32::NEG_INFINITY, 5.0_f32.ln()]);
        let expected = [0.125, 0.25, 0.0, 0.625];
        for (id, (p, expected)) in row.probabilities().zip(expected).enumerate() {
            assert!((p - expected).abs() < 1e-6, "{id}: {p}");
        }
        assert!((row.surprise(0) - 8.0_f64.ln()).abs() < 1e-6);
        // Of large scores nothing overflows.
        assert!((of(&[1e30, 1e30]).probability(1) - 0.5).abs() < 1e-7);
    }

    #[test]
    fn scores_that_are_no_numbers_are_refused() {
        for row in [array![f32::NAN, 1.0], array![1.0, f32::INFINITY], array![]] {
            assert!(Distribution::new(row.view()).is_err(), "{row}");
        }
    }
}
