//! The beams of one prompt.

use crate::chooser::{Chooser, check};
use crate::rank;
use crate::sequence::Sequence;
use crate::shares::log_sum;
use crate::strategy::{Beam, EarlyStopping};
use crate::{GenerateError, Logits, Result, Settings, Written};

use super::score;

/// The beams of one prompt, and the texts that they have finished.
#[derive(Debug)]
pub(super) struct Group<'a> {
    beam: Beam,
    /// The texts that go on, the likeliest first, each with the logarithm of its probability.
    open: Vec<(f32, Sequence<'a>)>,
    /// The texts that have ended, at most K, the best first, each with its score.
    finished: Vec<(f32, Sequence<'a>)>,
    /// Whether an open beam might still become better than a finished text.
    improvable: bool,
    number: usize,
    length: usize,
}

/// A token that may come next in one of the beams.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    /// The logarithm of the probability of the text with it, and of it alone.
    sum: f32,
    alone: f32,
    parent: usize,
    id: u32,
}

impl<'a> Group<'a> {
    pub(super) fn new(sequence: Sequence<'a>, beam: Beam) -> Self {
        let number = sequence.number;
        let (mut open, mut finished) = (vec![(0.0, sequence)], Vec::new());
        if open[0].1.finish.is_some() {
            std::mem::swap(&mut open, &mut finished);
        }
        Self { beam, open, finished, improvable: true, number, length: 0 }
    }

    /// How many rows it has in the model's memory.
    pub(super) fn rows(&self) -> usize {
        self.open.len()
    }

    /// The ids of its beams.
    pub(super) fn ids(&self) -> impl Iterator<Item = &[u32]> {
        self.open.iter().map(|(_, sequence)| &sequence.ids[..])
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// How many tokens its beams have behind the prompt.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Lengthens all beams by a token. Returns, for each beam that goes on, which beam it was and
    /// its new token; nothing when the search is over.
    ///
    /// As transformers' `_beam_search` does it: the best candidates of all beams are looked at in
    /// their order; the first K that do not end a text go on; those among the first K that do are
    /// finished.
    pub(super) fn step(
        &mut self,
        first_row: usize,
        logits: &mut Logits,
        settings: &Settings,
        chooser: &mut Chooser,
    ) -> Result<Vec<(usize, u32)>> {
        // Even if each beam ends with each end token, enough are left to go on.
        let wanted = (1 + settings.end_tokens.len()).max(2) * self.beam.beams;
        let candidates = self.candidates(wanted, first_row, logits, chooser)?;
        self.length += 1;
        let full = self.finished.len() == self.beam.beams;
        let closed = !self.improvable || full && self.beam.early_stopping == EarlyStopping::AtOnce;
        let (mut next, mut chosen) = (Vec::new(), Vec::new());
        for (place, candidate) in candidates.iter().enumerate() {
            let Candidate { sum, alone, parent, id } = *candidate;
            let mut sequence = self.open[parent].1.clone();
            sequence.log_probabilities.push(alone);
            sequence.push(id, settings);
            if sequence.finish.is_none() {
                next.push((sum, sequence));
                chosen.push((parent, id));
            } else if place < self.beam.beams && !closed {
                self.finish(sum, sequence);
            }
            if next.len() == self.beam.beams && place + 1 >= self.beam.beams {
                break;
            }
        }
        self.open = next;
        if self.is_over() {
            self.open.clear();
            chosen.clear();
        }
        Ok(chosen)
    }

    /// The best tokens over all beams, best first; of equal ones that of the better beam, then that
    /// with the lower id.
    fn candidates(
        &self,
        wanted: usize,
        first_row: usize,
        logits: &mut Logits,
        chooser: &mut Chooser,
    ) -> Result<Vec<Candidate>> {
        let (mut candidates, mut forbidden_by) = (Vec::new(), "");
        for (parent, (before, sequence)) in self.open.iter().enumerate() {
            let (row, prefix) = (logits.row_mut(first_row + parent), sequence.prefix());
            check(self.number, prefix, row)?;
            // Processors see logarithms of probabilities here, as in transformers.
            let log_sum = log_sum(row);
            row.iter_mut().for_each(|logit| *logit = (f64::from(*logit) - log_sum) as f32);
            if let Err(by) = chooser.processors.apply(prefix, row, &mut chooser.buffers) {
                forbidden_by = by; // this beam leads nowhere; another may
                continue;
            }
            let ranks = &mut chooser.buffers.ranks;
            rank::ranked_from(*before, row, ranks);
            rank::bring_forward(ranks, wanted);
            candidates.extend(ranks.iter().take(wanted).map(|&rank| {
                let id = rank::id(rank);
                // The logarithm of a product is the sum of the logarithms.
                // formula: likelihood
                Candidate { sum: before + row[id], alone: row[id], parent, id: id as u32 }
            }));
        }
        if candidates.is_empty() && self.finished.is_empty() {
            let place = self.open.first().map_or(0, |(_, sequence)| sequence.ids.len());
            let (sequence, by) = (self.number, forbidden_by);
            return Err(GenerateError::NothingAllowed { sequence, place, by });
        }
        // A stable sort: what is equal stays in the order of beams and ids.
        candidates.sort_by(|a, b| b.sum.total_cmp(&a.sum));
        candidates.truncate(wanted);
        Ok(candidates)
    }

    /// Keeps a text that has ended, if it is among the best K.
    fn finish(&mut self, sum: f32, sequence: Sequence<'a>) {
        let score = score(sum, sequence.step(), self.beam.length_penalty);
        self.finished.push((score, sequence));
        self.finished.sort_by(|a, b| b.0.total_cmp(&a.0));
        self.finished.truncate(self.beam.beams);
    }

    /// Whether there is nothing left to find, or nothing worth it.
    fn is_over(&mut self) -> bool {
        let Some((best, sequence)) = self.open.first() else { return true };
        if self.finished.len() < self.beam.beams {
            return false;
        }
        if self.beam.early_stopping == EarlyStopping::AtOnce {
            return true;
        }
        let may_grow = self.beam.early_stopping == EarlyStopping::WhenNothingCanImprove
            && self.beam.length_penalty > 0.0;
        let length = if may_grow { sequence.most() } else { self.length };
        let worst = self.finished.last().map_or(f32::NEG_INFINITY, |(score, _)| *score);
        self.improvable &= score(*best, length, self.beam.length_penalty) > worst;
        !self.improvable
    }

    /// The open beams end as they are.
    pub(super) fn cancel(&mut self) {
        for (sum, mut sequence) in std::mem::take(&mut self.open) {
            sequence.cancel();
            self.finish(sum, sequence);
        }
    }

    /// The best texts.
    pub(super) fn written(self, best: usize) -> impl Iterator<Item = Written> {
        let best = self.finished.into_iter().take(best);
        best.map(|(score, sequence)| sequence.written(Some(score)))
    }
}
