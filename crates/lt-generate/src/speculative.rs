//! Speculative decoding: a small model proposes, the large one checks many tokens at once.

use std::ops::ControlFlow;

use lt_core::Ragged;

use crate::chooser::{Choice, Chooser, check_shape};
use crate::random::{Draw, random};
use crate::rank::highest;
use crate::sequence::Sequence;
use crate::shares::{draw, log_probability, shares};
use crate::{
    Event, GenerateError, LanguageModel, Logits, Prefix, Result, Scores, Settings, Wanted,
};

/// The small model, and how many tokens it proposes at a time.
#[derive(Debug)]
pub(crate) struct Draft<'a, D> {
    pub(crate) model: &'a D,
    pub(crate) lookahead: usize,
}

impl<D> Clone for Draft<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Draft<'_, D> {}

/// What is proposed for one sequence.
#[derive(Debug, Default)]
struct Proposal {
    /// Which sequence.
    number: usize,
    /// Its ids, with what is proposed behind them.
    ids: Vec<u32>,
    /// How many of the ids are certain.
    certain: usize,
    /// How many tokens may be proposed.
    most: usize,
    /// The distributions that the proposed tokens were drawn from: v shares for each, and their sum.
    shares: Vec<f64>,
    sums: Vec<f64>,
    /// How many tokens each model has read.
    read: usize,
    read_by_draft: usize,
}

/// Continues all sequences until each has ended.
pub(crate) fn run<'a, M: LanguageModel, D: LanguageModel>(
    model: &M,
    draft: Draft<'_, D>,
    settings: &Settings,
    mut chooser: Chooser,
    mut sequences: Vec<Sequence<'a>>,
    observer: &mut impl FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<Vec<Sequence<'a>>> {
    let going_on = sequences.iter().enumerate().filter(|(_, sequence)| sequence.finish.is_none());
    let mut open: Vec<Proposal> = going_on
        .map(|(number, sequence)| {
            let (ids, certain) = (sequence.ids.clone(), sequence.ids.len());
            Proposal { number, ids, certain, ..Proposal::default() }
        })
        .collect();
    if open.is_empty() {
        return Ok(sequences);
    }
    let mut cache = model.cache(open.len());
    let mut draft_cache = draft.model.cache(open.len());
    let mut logits = Logits::default();
    // All of the prompts but the last tokens, for which nothing is asked yet.
    let prompts: Vec<&[u32]> = open.iter().map(|one| &one.ids[..one.certain - 1]).collect();
    let (ids, batch) = Ragged::concatenate(&prompts);
    if batch.tokens() > 0 {
        read(model, &ids, &batch, Wanted::Last, &mut cache, &mut logits)?;
    }
    open.iter_mut().for_each(|one| one.read = one.certain - 1);
    loop {
        propose(
            draft,
            settings,
            &mut chooser,
            &sequences,
            &mut open,
            &mut draft_cache,
            &mut logits,
        )?;
        let new: Vec<&[u32]> = open.iter().map(|one| &one.ids[one.read..]).collect();
        let (ids, batch) = Ragged::concatenate(&new);
        read(model, &ids, &batch, Wanted::All, &mut cache, &mut logits)?;
        for (one, rows) in open.iter_mut().zip(batch.ranges()) {
            let sequence = &mut sequences[one.number];
            let goes_on =
                accept(one, rows.start, sequence, &mut logits, settings, &mut chooser, observer)?;
            if goes_on.is_break() {
                sequences.iter_mut().for_each(Sequence::cancel);
                return Ok(sequences);
            }
        }
        let kept: Vec<usize> =
            (0..open.len()).filter(|&row| sequences[open[row].number].finish.is_none()).collect();
        if kept.is_empty() {
            return Ok(sequences);
        }
        if kept.len() < open.len() {
            model.select(&mut cache, &kept).map_err(GenerateError::model)?;
            draft.model.select(&mut draft_cache, &kept).map_err(GenerateError::model)?;
            open.retain(|one| sequences[one.number].finish.is_none());
        }
        // What was proposed and not taken is forgotten.
        let lengths: Vec<usize> = open.iter().map(|one| one.read).collect();
        model.cut(&mut cache, &lengths).map_err(GenerateError::model)?;
        let lengths: Vec<usize> = open.iter().map(|one| one.read_by_draft).collect();
        draft.model.cut(&mut draft_cache, &lengths).map_err(GenerateError::model)?;
    }
}

fn read<M: LanguageModel>(
    model: &M,
    ids: &[u32],
    batch: &Ragged,
    wanted: Wanted,
    cache: &mut M::Cache,
    logits: &mut Logits,
) -> Result<()> {
    model.read(ids, batch, wanted, cache, logits).map_err(GenerateError::model)?;
    let rows = batch.ranges().map(|range| wanted.of(range).len()).sum();
    check_shape(logits, rows, model.vocabulary())
}

/// Lets the draft model write on behind what is certain.
fn propose<D: LanguageModel>(
    draft: Draft<'_, D>,
    settings: &Settings,
    chooser: &mut Chooser,
    sequences: &[Sequence<'_>],
    open: &mut [Proposal],
    cache: &mut D::Cache,
    logits: &mut Logits,
) -> Result<()> {
    for one in open.iter_mut() {
        // The last token is the large model's own. The draft model reads all but the last proposal.
        let room = sequences[one.number].room().saturating_sub(1);
        let held = draft
            .model
            .longest()
            .map_or(usize::MAX, |longest| (longest + 1).saturating_sub(one.certain));
        one.most = draft.lookahead.min(room).min(held);
        one.shares.clear();
        one.sums.clear();
    }
    for round in 0..draft.lookahead {
        let asked = |one: &Proposal| one.most > round;
        let new = |one: &Proposal| if asked(one) { one.read_by_draft } else { one.ids.len() };
        let new: Vec<&[u32]> = open.iter().map(|one| &one.ids[new(one)..]).collect();
        let (ids, batch) = Ragged::concatenate(&new);
        if ids.is_empty() {
            return Ok(());
        }
        read(draft.model, &ids, &batch, Wanted::Last, cache, logits)?;
        for (row, one) in open.iter_mut().filter(|one| asked(one)).enumerate() {
            one.read_by_draft = one.ids.len();
            let sequence = &sequences[one.number];
            let (row, prefix) = (logits.row_mut(row), Prefix::new(&one.ids, sequence.prompt));
            match chooser.process(one.number, prefix, row) {
                Ok(()) => {}
                // Rules forbid to go on from what was proposed: the large model may not come here.
                Err(GenerateError::NothingAllowed { .. }) => {
                    one.most = round;
                    continue;
                }
                Err(other) => return Err(other),
            }
            let id = match chooser.choice {
                Choice::Likeliest => highest(row),
                Choice::Drawn => {
                    let sum = shares(row, &mut chooser.buffers.shares);
                    one.shares.extend(&chooser.buffers.shares);
                    one.sums.push(sum);
                    let seed = settings.seed.wrapping_add(one.number as u64);
                    let chance = random(seed, sequence.step() + round, Draw::Draft);
                    draw(&chooser.buffers.shares, sum, chance)
                }
            };
            one.ids.push(id as u32);
        }
    }
    Ok(())
}

/// Takes the proposed tokens as long as they could be the large model's own, and then one that is.
fn accept(
    one: &mut Proposal,
    first_row: usize,
    sequence: &mut Sequence<'_>,
    logits: &mut Logits,
    settings: &Settings,
    chooser: &mut Chooser,
    observer: &mut impl FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let proposed = one.ids.len() - one.certain;
    for place in 0..=proposed {
        let row = logits.row_mut(first_row + place);
        chooser.process(sequence.number, sequence.prefix(), row)?;
        let proposal = one.ids.get(one.certain + place).map(|&id| id as usize);
        let id = match chooser.choice {
            Choice::Likeliest => highest(row),
            Choice::Drawn => {
                let sum = shares(row, &mut chooser.buffers.shares);
                let width = row.len();
                let theirs =
                    proposal.map(|id| (id, &one.shares[place * width..][..width], one.sums[place]));
                let seed = settings.seed.wrapping_add(sequence.number as u64);
                let chance = |draw| random(seed, sequence.step(), draw);
                token(&mut chooser.buffers.shares, sum, theirs, chance)
            }
        };
        if chooser.scores == Scores::OfChosen {
            sequence.log_probabilities.push(log_probability(row, id));
        }
        let event = sequence.push(id as u32, settings);
        let goes_on = observer(event);
        if goes_on.is_break() {
            return Ok(goes_on);
        }
        if sequence.finish.is_some() || proposal != Some(id) {
            break;
        }
    }
    // Of what the models have read, what was taken counts. The newest token nobody has read.
    let taken = sequence.ids.len() - 1;
    one.read = taken;
    one.read_by_draft = one.read_by_draft.min(taken);
    one.ids.clear();
    one.ids.extend(&sequence.ids);
    one.certain = one.ids.len();
    Ok(ControlFlow::Continue(()))
}

/// The proposal, with probability min(1, p/q); otherwise a token of the distribution max(0, p − q),
/// normalised. Together that is the distribution p, whatever q is. Where nothing was proposed, a
/// token of p.
///
/// [Leviathan, Kalman & Matias 2022](https://arxiv.org/abs/2211.17192), algorithm 1.
fn token(
    own: &mut [f64],
    sum: f64,
    theirs: Option<(usize, &[f64], f64)>,
    chance: impl Fn(Draw) -> f64,
) -> usize {
    let Some((id, theirs, their_sum)) = theirs else { return draw(own, sum, chance(Draw::Token)) };
    let (p, q) = (own[id] / sum, theirs[id] / their_sum);
    // Where p/q is 1 or more this is always so: the chance is below 1.
    // formula: acceptance
    if chance(Draw::Acceptance) * q < p {
        return id;
    }
    let mut rest = 0.0;
    for (own, theirs) in own.iter_mut().zip(theirs) {
        // formula: acceptance
        *own = (*own / sum - theirs / their_sum).max(0.0);
        rest += *own;
    }
    // Nothing is left if p and q differ by their rounding only.
    if rest > 0.0 { draw(own, rest, chance(Draw::Token)) } else { id }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out for every proposal, and for random numbers in steps so fine that each case is
    /// met as often as it should be: exactly the large model's distribution.
    #[test]
    fn what_is_taken_has_exactly_the_distribution_of_the_large_model() {
        let (p, q) = ([8.0, 2.0, 8.0, 2.0], [1.0, 2.0, 1.0, 1.0]); // of 20, and of 5
        let chances = || (0..40).map(|i| (f64::from(i) + 0.5) / 40.0);
        let mut shares = [0.0; 4];
        for proposal in 0..4 {
            for acceptance in chances() {
                for other in chances() {
                    let chance = |draw| match draw {
                        Draw::Acceptance => acceptance,
                        _ => other,
                    };
                    let taken = token(&mut p.clone(), 20.0, Some((proposal, &q, 5.0)), chance);
                    shares[taken] += q[proposal] / 5.0 / 1600.0;
                }
            }
        }
        for (share, p) in shares.iter().zip(p) {
            assert!((share - p / 20.0).abs() < 1e-12, "{shares:?}");
        }
    }

    #[test]
    fn the_large_models_own_proposal_is_always_taken() {
        let p = [0.2, 0.7, 0.1];
        let chance = |_| 1.0 - f64::EPSILON;
        let taken = |proposal| token(&mut p.clone(), 1.0, Some((proposal, &p, 1.0)), chance);
        assert_eq!([0, 1, 2].map(taken), [0, 1, 2]);
    }
}
