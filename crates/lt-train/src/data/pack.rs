//! Texts put together into blocks of one length.

/// Cuts texts, one behind another and each with `end` behind it, into blocks of `length` tokens;
/// the last block has what is left, if that is more than one token (one predicts nothing).
///
/// A model that reads a block sees the end of another text before its own, as GPT-2 did in training.
/// A batch here needs no blocks, because it is not padded: let each text be a sequence of its own
/// where that is not wanted.
///
/// [Radford et al. 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf).
///
/// ```
/// use lt_train::data::packed;
/// assert_eq!(packed([vec![1, 2, 3], vec![4], vec![5, 6]], 4, Some(9)), [
///     vec![1, 2, 3, 9], vec![4, 9, 5, 6], // and 9 alone is left out
/// ]);
/// ```
#[must_use]
pub fn packed(
    texts: impl IntoIterator<Item = Vec<u32>>,
    length: usize,
    end: Option<u32>,
) -> Vec<Vec<u32>> {
    let length = length.max(2);
    let (mut blocks, mut block) = (Vec::new(), Vec::with_capacity(length));
    for id in texts.into_iter().flat_map(|text| text.into_iter().chain(end)) {
        block.push(id);
        if block.len() == length {
            blocks.push(std::mem::replace(&mut block, Vec::with_capacity(length)));
        }
    }
    if block.len() > 1 {
        blocks.push(block);
    }
    blocks
}
