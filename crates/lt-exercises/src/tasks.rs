//! Chapter: tasks. `cargo xtask grade tasks`
//!
//! One or two for each page of `lt-tasks`: vectors and masks, measuring, tags, sorting, answers,
//! writing.

use lt_model::CausalLm;
use lt_tasks::{FillMask, TaskError};

/// ★ Which of the six poolings give the same vector for "a b" and for "b a", if the encoder gave each
/// token the same vector in both?
///
/// Return it for each, in the order of the table under *The formula*: `mean`, `cls`, `max`,
/// `mean_sqrt_len_tokens`, `weightedmean`, `lasttoken`. Held by the poolings.
pub fn order_does_not_matter() -> [bool; 6] {
    todo!()
}

/// ★★ Masks that are guessed at once are guessed as if the others stay masked, and the words may not
/// go together. Guess them one after the other: of all masks in the text write in the one that the
/// model is surest of, then guess the others again, until there is none.
///
/// `model.fill(text, 1, &mut Scratch::new())?` gives for each mask, in the order of the text, a list
/// of one guess with its `token` and its `score`; `model.mask_token()` is what stands in the text for
/// a mask. A guess is written as it is. Return the text.
///
/// # Errors
/// If the model refuses the text.
pub fn fill_one_by_one(model: &FillMask, text: &str) -> Result<String, TaskError> {
    todo!()
}

/// ★★ Break it: the same entities, and none in common. Two programs print the F₁ of the same tags; one
/// reads them leniently, one strictly, as IOB2.
///
/// Return two lists of as many tags that have the same entities when they are read leniently, and
/// when they are read strictly at least one each, but none in common. Held by
/// [`entities`](lt_tasks::metrics::entities).
pub fn same_and_not_the_same() -> [Vec<&'static str>; 2] {
    todo!()
}

/// ★★★ The likeliest tag of each token may break the scheme: `I-PER` behind `O`. Find the likeliest
/// *sequence* of tags that follows IOB2 (Viterbi): an `I-` stands only behind `B-` or `I-` of the
/// same type.
///
/// `probabilities` has a row for each token, with a number for each of `tags`. The probability of a
/// sequence is the product. Return the number of a tag for each token. With k tags and t tokens do it
/// in about t·k² steps, and not in kᵗ. Held by a look at all sequences.
pub fn likeliest_tags(probabilities: &[Vec<f32>], tags: &[&str]) -> Vec<usize> {
    todo!()
}

/// ★★ A masked language model as a classifier: the score of each label, given the scores of all words
/// at the mask (logits `[v]`) and, for each label, the ids of the words that speak for it.
///
/// It is the probability that the mask is one of the label's words, given that it is one of all these
/// words. With logits ln 8, 0, ln 2 and the words 0 and 1 for the first label, 2 for the second, it is
/// 9/11 and 2/11. Logits may be as large as 1000. Held by `PromptClassifier`.
pub fn label_scores(logits: &[f32], words: &[Vec<usize>]) -> Vec<f32> {
    todo!()
}

/// ★ How many pieces of at most `longest` tokens does a text of `tokens` tokens have?
///
/// A text of 3 has 5 of at most 2. Held by [`best_spans`](lt_tasks::answer::best_spans), which is
/// asked for all.
pub fn pieces(tokens: usize, longest: usize) -> usize {
    todo!()
}

/// ★★ Break it: someone stops a text where the *ids* of the stop string `END` come up in what is
/// written. Get past him.
///
/// The tokenizer knows the letters `E`, `N`, `D` and `!`. It begins with single letters and joins
/// neighbours, by the first rule of this list that fits anywhere, again and again:
///
/// ```text
/// ! E     E N     EN D     N D
/// ```
///
/// So `END` is E N D, then EN D, then one token, END. Return a text of these letters in which `END`
/// stands, and whose ids, as this tokenizer cuts it, do not hold that of `END`.
pub fn text_past_the_watch() -> &'static str {
    todo!()
}

/// ★★★ The perplexity of a text by a decoder that sees it in windows of `length` tokens, each of which
/// begins `stride` tokens behind the one before, 2 ≤ length, 1 ≤ stride ≤ length: e to the mean of
/// −ln p over all tokens that are foretold.
///
/// A token counts once, in the first window that has it, and there it is foretold from what stands
/// before it in the window. The first token of a window is foretold by nobody. The last window ends
/// with the text. `model.forward(TokenIds::new(ids, &Ragged::single(ids.len())))?` is `[tokens, v]`:
/// row t scores what follows token t. Held by [`lt_tasks::Perplexity::by_token`].
///
/// # Errors
/// If the model refuses the ids.
pub fn perplexity(
    model: &CausalLm,
    ids: &[u32],
    length: usize,
    stride: usize,
) -> lt_core::Result<f64> {
    todo!()
}
