//! The scores of all words for the masks of many texts.

use lt_core::Scratch;
use lt_model::MaskedLm;
use lt_tokenizer::Text;
use ndarray::{ArrayView1, Axis};

use crate::TaskError;
use crate::in_batches::{Tokenized, in_batches};

/// So many masks are guessed at a time: a row of scores is as long as the vocabulary.
const MASKS: usize = 64;

/// Where the masks of a text are.
#[derive(Debug)]
pub(crate) struct Masks {
    /// The tokens that are masks.
    pub(crate) at: Vec<usize>,
    /// How many tokens of the text were left out.
    pub(crate) truncated: usize,
}

/// For each mask of each text, a row of logits `[v]`, handed over with the number of the text and
/// what `tokenize` noted of it. The masks of one text come in their order, one after the other; the
/// texts in any.
///
/// # Errors
/// [`TaskError::Text`] with the number of the first text that could not be tokenized.
pub(crate) fn mask_predictions(
    model: &MaskedLm,
    texts: &[Text<'_>],
    tokenize: &(dyn Fn(Text<'_>) -> Result<Tokenized<Masks>, TaskError> + Sync),
    scratch: &mut Scratch,
    mut take: impl FnMut(usize, &Masks, ArrayView1<'_, f32>),
) -> Result<(), TaskError> {
    in_batches(model.encoder(), texts, tokenize, scratch, |batch, scratch| {
        let masks: Vec<(usize, &Masks, usize)> = batch
            .texts()
            .flat_map(|(text, rows, masks)| {
                masks.at.iter().map(move |mask| (text, masks, rows.start + mask))
            })
            .collect();
        for some in masks.chunks(MASKS) {
            let rows: Vec<usize> = some.iter().map(|&(_, _, row)| row).collect();
            let masked = batch.hidden.select(Axis(0), &rows); // [masks, d]
            // formula: masked-word
            let logits = model.predict(masked.view(), scratch)?; // [masks, v]
            for (&(text, masks, _), row) in some.iter().zip(logits.outer_iter()) {
                take(text, masks, row);
            }
            scratch.give(logits);
        }
        Ok(())
    })
}
