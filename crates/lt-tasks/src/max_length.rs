//! How long a text may be.

use lt_model::TextEncoder;
use lt_tokenizer::{Limit, Tokenizer};

use crate::TaskError;

/// The most tokens that the model has positions for, or fewer if its tokenizer's files say so.
pub(crate) fn own_limit(model: &TextEncoder, tokenizer: &Tokenizer) -> usize {
    let most = model.longest();
    tokenizer.model_max_length().map_or(most, |limit| limit.min(most))
}

/// A length that somebody asks for.
///
/// # Errors
/// [`TaskError::MaxLength`] if the model has no positions for so many, or no token of a text
/// would be left beside the special tokens.
pub(crate) fn check_max_length(
    got: usize,
    model: &TextEncoder,
    tokenizer: &Tokenizer,
) -> Result<usize, TaskError> {
    let most = model.longest();
    let least = tokenizer.encode("", Limit::None)?.len() + 1;
    match (least..=most).contains(&got) {
        true => Ok(got),
        false => Err(TaskError::MaxLength { got, least, most }),
    }
}
