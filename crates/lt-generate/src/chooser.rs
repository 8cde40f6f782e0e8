//! From a row of scores to a token.

use crate::rank::highest;
use crate::sequence::Sequence;
use crate::shares::{draw, log_probability, shares};
use crate::{Buffers, GenerateError, Logits, Prefix, Processors, Result, Scores};

/// Whether the likeliest token is taken, or one is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Likeliest,
    Drawn,
}

/// Chooses a token from each row of scores.
#[derive(Debug)]
pub(crate) struct Chooser {
    pub(crate) processors: Processors,
    pub(crate) choice: Choice,
    pub(crate) scores: Scores,
    pub(crate) buffers: Buffers,
}

impl Chooser {
    /// Checks a row and lets the processors change it.
    pub(crate) fn process(
        &mut self,
        sequence: usize,
        prefix: Prefix<'_>,
        row: &mut [f32],
    ) -> Result<()> {
        check(sequence, prefix, row)?;
        self.processors
            .apply(prefix, row, &mut self.buffers)
            .map_err(|by| GenerateError::NothingAllowed { sequence, place: prefix.ids().len(), by })
    }

    /// The next token of a sequence, `chance` being a number in [0, 1) that looks random.
    pub(crate) fn choose(
        &mut self,
        sequence: &mut Sequence<'_>,
        row: &mut [f32],
        chance: impl Fn() -> f64,
    ) -> Result<u32> {
        self.process(sequence.number, sequence.prefix(), row)?;
        let id = match self.choice {
            Choice::Likeliest => highest(row),
            Choice::Drawn => {
                let sum = shares(row, &mut self.buffers.shares);
                draw(&self.buffers.shares, sum, chance())
            }
        };
        if self.scores == Scores::OfChosen {
            sequence.log_probabilities.push(log_probability(row, id));
        }
        Ok(id as u32)
    }
}

/// Refuses a model that gave scores of another shape.
pub(crate) fn check_shape(logits: &Logits, rows: usize, width: usize) -> Result<()> {
    let (expected, got) = ((rows, width), (logits.rows(), logits.width()));
    if expected == got { Ok(()) } else { Err(GenerateError::WrongLogits { expected, got }) }
}

/// Refuses NaN and ∞. A model may forbid tokens with −∞, but not all.
pub(crate) fn check(sequence: usize, prefix: Prefix<'_>, row: &[f32]) -> Result<()> {
    let allowed = |logit: &f32| *logit < f32::INFINITY;
    if row.iter().all(allowed) && row.iter().any(|&logit| logit > f32::NEG_INFINITY) {
        return Ok(());
    }
    let id = row.iter().position(|logit| !allowed(logit)).unwrap_or(0);
    let got = row.get(id).copied().unwrap_or(f32::NEG_INFINITY);
    Err(GenerateError::NotFinite { sequence, length: prefix.ids().len(), id, got })
}
