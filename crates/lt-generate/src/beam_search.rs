//! Beam search: several texts at a time, of which the likeliest are kept.

mod group;

use std::ops::ControlFlow;

use lt_core::Ragged;
use lt_kernels::math::{exp_f64, ln_f64};

use crate::chooser::{Chooser, check_shape};
use crate::sequence::Sequence;
use crate::strategy::Beam;
use crate::{Event, GenerateError, LanguageModel, Logits, Result, Settings, Wanted, Written};
use group::Group;

/// What a text is worth: the logarithm of its probability divided by its length to the power of the
/// penalty, s = Σ ln p / n^α.
pub(crate) fn score(sum: f32, length: usize, penalty: f32) -> f32 {
    let length = length.max(1) as f64;
    // formula: score
    sum / exp_f64(f64::from(penalty) * ln_f64(length)) as f32
}

/// Searches a continuation for each sequence; those of all beams are read together.
pub(crate) fn run<M: LanguageModel>(
    model: &M,
    beam: Beam,
    settings: &Settings,
    mut chooser: Chooser,
    sequences: Vec<Sequence<'_>>,
    observer: &mut impl FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<Vec<Written>> {
    let mut groups: Vec<Group<'_>> =
        sequences.into_iter().map(|sequence| Group::new(sequence, beam)).collect();
    // One row for each prompt at first, one for each beam later.
    let rows = groups.iter().map(Group::rows).sum();
    if rows == 0 {
        return Ok(written(groups, beam));
    }
    let mut cache = model.cache(rows);
    let prompts: Vec<&[u32]> = groups.iter().flat_map(Group::ids).collect();
    let (mut ids, mut batch) = Ragged::concatenate(&prompts);
    let (mut logits, mut parents) = (Logits::default(), Vec::new());
    loop {
        model
            .read(&ids, &batch, Wanted::Last, &mut cache, &mut logits)
            .map_err(GenerateError::model)?;
        check_shape(&logits, batch.len(), model.vocabulary())?;
        ids.clear();
        parents.clear();
        let (mut first, mut go_on) = (0, true);
        for group in groups.iter_mut().filter(|group| group.rows() > 0) {
            let rows = group.rows();
            let chosen = group.step(first, &mut logits, settings, &mut chooser)?;
            for (parent, id) in chosen {
                parents.push(first + parent);
                ids.push(id);
            }
            first += rows;
            let (sequence, length) = (group.number(), group.length());
            go_on &= observer(Event::Beams { sequence, length }).is_continue();
        }
        if !go_on {
            groups.iter_mut().for_each(Group::cancel);
            return Ok(written(groups, beam));
        }
        if parents.is_empty() {
            return Ok(written(groups, beam));
        }
        model.select(&mut cache, &parents).map_err(GenerateError::model)?;
        if batch.tokens() != parents.len() || batch.len() != parents.len() {
            batch = Ragged::from_lengths(parents.iter().map(|_| 1));
        }
    }
}

fn written(groups: Vec<Group<'_>>, beam: Beam) -> Vec<Written> {
    groups.into_iter().flat_map(|group| group.written(beam.best)).collect()
}
