//! Greedy search and sampling: one token after the other, for all sequences at a time.

use std::ops::ControlFlow;

use lt_core::Ragged;

use crate::chooser::{Chooser, check_shape};
use crate::random::{Draw, random};
use crate::sequence::Sequence;
use crate::{Event, GenerateError, LanguageModel, Logits, Result, Settings, Wanted};

/// Continues all sequences until each has ended; one that has leaves the batch.
pub(crate) fn run<'a, M: LanguageModel>(
    model: &M,
    settings: &Settings,
    mut chooser: Chooser,
    mut sequences: Vec<Sequence<'a>>,
    observer: &mut impl FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<Vec<Sequence<'a>>> {
    // The numbers of the sequences that are in the model's memory, in its order.
    let mut open: Vec<usize> =
        (0..sequences.len()).filter(|&number| sequences[number].finish.is_none()).collect();
    if open.is_empty() {
        return Ok(sequences);
    }
    let mut cache = model.cache(open.len());
    let prompts: Vec<&[u32]> = open.iter().map(|&number| &sequences[number].ids[..]).collect();
    let (mut ids, mut batch) = Ragged::concatenate(&prompts);
    let mut logits = Logits::default();
    let mut kept = Vec::with_capacity(open.len());
    loop {
        model
            .read(&ids, &batch, Wanted::Last, &mut cache, &mut logits)
            .map_err(GenerateError::model)?;
        check_shape(&logits, open.len(), model.vocabulary())?;
        ids.clear();
        kept.clear();
        for (row, &number) in open.iter().enumerate() {
            let sequence = &mut sequences[number];
            // Seed and step decide the random number, and nothing else does.
            let seed = settings.seed.wrapping_add(number as u64);
            let step = sequence.step();
            let chance = || random(seed, step, Draw::Token);
            let id = chooser.choose(sequence, logits.row_mut(row), chance)?;
            let event = sequence.push(id, settings);
            if observer(event).is_break() {
                sequences.iter_mut().for_each(Sequence::cancel);
                return Ok(sequences);
            }
            if sequence.finish.is_none() {
                ids.push(id);
                kept.push(row);
            }
        }
        if kept.is_empty() {
            return Ok(sequences);
        }
        if kept.len() < open.len() {
            model.select(&mut cache, &kept).map_err(GenerateError::model)?;
            let mut row = 0;
            open.retain(|_| {
                row += 1;
                kept.binary_search(&(row - 1)).is_ok()
            });
        }
        // Each sequence that is left reads the token that was chosen for it.
        if batch.tokens() != open.len() || batch.len() != open.len() {
            batch = Ragged::from_lengths(open.iter().map(|_| 1));
        }
    }
}
