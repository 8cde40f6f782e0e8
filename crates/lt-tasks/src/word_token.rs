//! The token that a word is, if it is one.

use lt_model::TextEncoder;
use lt_tokenizer::{Limit, Tokenizer};

use crate::TaskError;
use crate::in_batches::check_ids;

/// The id of a word that could stand where a mask is.
///
/// A word in a sentence stands behind a space, and in some vocabularies that makes it another
/// token (`Ġgood`) than at the beginning of a text (`good`): the one behind a space is meant. A
/// word that is no single token there may be written as the vocabulary spells it.
///
/// # Errors
/// [`TaskError::Word`] if it is several tokens, or one that is not known.
pub(crate) fn word_token(
    word: &str,
    tokenizer: &Tokenizer,
    encoder: &TextEncoder,
) -> Result<u32, TaskError> {
    let encoding = tokenizer.encode_bare(&*format!(" {word}"), Limit::None)?;
    let unknown = tokenizer.special_tokens().unk.as_ref().map(|token| token.id);
    if let [id] = encoding.ids[..]
        && Some(id) != unknown
    {
        check_ids(&encoding, encoder)?;
        return Ok(id);
    }
    let rows = encoder.embeddings().token().entries();
    match tokenizer.id(word) {
        Some(id) if (id as usize) < rows => Ok(id),
        Some(id) => Err(TaskError::UnknownId { token: word.to_owned(), id, rows }),
        None => Err(TaskError::Word { word: word.to_owned(), pieces: encoding.tokens }),
    }
}
