//! The sentence and another one in a batch.

use anyhow::{Result, ensure};
use lt_core::{Ragged, Scratch};
use lt_model::TokenIds;
use ndarray::s;

use super::numbers::{code, same_bits};
use super::page::Page;
use crate::example::{Example, OTHER, SENTENCE};

pub(super) fn write(page: &mut Page) -> Result<()> {
    let (example, other) = (Example::new()?, Example::of(OTHER)?);
    let (ids, batch) = Ragged::concatenate(&[&example.encoding.ids, &other.encoding.ids]);
    let (bank, lengths) = (other.place("bank")?, [example.tokens().len(), other.tokens().len()]);
    ensure!(lengths[0] > lengths[1], "the other text is not shorter");
    let offsets = batch.offsets();
    let row = offsets[1] + bank;
    ensure!(ids[row] == other.encoding.ids[bank], "row {row} is another piece");

    let scratch = &mut Scratch::new();
    let encoder = example.model.encoder();
    let both = encoder.hidden(TokenIds::new(&ids, &batch), scratch)?;
    let alone = encoder.hidden(example.ids(), scratch)?;
    ensure!(same_bits(both.slice(s![..lengths[0], ..]), alone.view()), "company changes bits");

    page.say("The sentence, and a shorter one, as one batch for lt-tiny-bert:");
    let texts = [(SENTENCE, &example.encoding.ids), (OTHER, &other.encoding.ids)];
    let rows: Vec<Vec<String>> = texts
        .iter()
        .zip(batch.ranges())
        .map(|((text, ids), rows)| {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            let places = format!("{} to {}", rows.start, rows.end - 1);
            vec![code(text), rows.start.to_string(), rows.len().to_string(), places, ids.join(" ")]
        })
        .collect();
    page.table(&["text", "o", "n", "rows", "ids"], &rows);
    let squares: usize = lengths.iter().map(|n| n * n).sum();
    page.say(&format!(
        "The ids lie end to end, {} of them, with the offsets `{offsets:?}`. “bank” is at position {bank} in both: in the \
         second text that is row {} + {bank} = {row}. Nothing is padded; a rectangle would have 2 · {} places. Linear \
         layers and norms compute all {} rows and ask for no offset. Attention does: each row may look at the rows of its \
         own text, so a head has {}² + {}² = {squares} scores, and not {}². Behind the last layer the rows of the sentence \
         have the bits that they have when it is alone.",
        ids.len(),
        offsets[1],
        batch.longest(),
        ids.len(),
        lengths[0],
        lengths[1],
        ids.len()
    ));
    page.see(&format!("`lt tokenize \"{SENTENCE}\" \"{OTHER}\"`, which shows the ids of both"));
    Ok(())
}
