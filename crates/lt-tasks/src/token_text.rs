//! A tokenizer as what turns ids into text while they are written.

use lt_generate::Detokenize;
use lt_tokenizer::{Specials, Tokenizer};

/// Turns ids into text with a tokenizer, without special tokens.
///
/// Models have rows for more tokens than there are, to make their number round: such an id has no
/// text.
///
/// ```
/// use lt_generate::Detokenize;
/// use lt_tasks::TokenText;
/// use lt_tokenizer::{Tokenizer, WordPieceSettings};
/// let pieces = ["[UNK]", "[CLS]", "[SEP]", "we", "love"];
/// let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
/// assert_eq!(TokenText(&tokenizer).text(&[1, 3, 99, 4, 2]), "we love");
/// # Ok::<(), lt_tokenizer::TokenizerError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TokenText<'a>(
    /// The tokenizer.
    pub &'a Tokenizer,
);

impl Detokenize for TokenText<'_> {
    fn text(&self, ids: &[u32]) -> String {
        let Self(tokenizer) = self;
        tokenizer.decode(ids, Specials::Skip).unwrap_or_else(|_| {
            let known = ids.iter().copied().filter(|&id| tokenizer.token(id).is_some());
            let known: Vec<u32> = known.collect();
            // What does not decode even so has no text.
            tokenizer.decode(&known, Specials::Skip).unwrap_or_default()
        })
    }
}
