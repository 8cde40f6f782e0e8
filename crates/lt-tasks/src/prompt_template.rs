//! A sentence with a place for a text and a mask.

use lt_tokenizer::{Encoding, Limit, SpecialToken, Tokenizer};

use crate::TaskError;

/// What stands before, between and behind a text and a mask.
#[derive(Debug, Clone)]
pub(crate) struct PromptTemplate {
    /// Before the first of the two, between them, behind the second.
    around: [String; 3],
    order: Order,
    mask: SpecialToken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    TextFirst,
    MaskFirst,
}

/// A prompt as the model gets it.
pub(crate) struct Prompt {
    pub(crate) encoding: Encoding,
    /// Which of its tokens is the mask of the template.
    pub(crate) mask: usize,
    /// How many tokens of the text were left out.
    pub(crate) truncated: usize,
}

impl PromptTemplate {
    /// A template with `{text}` (or `{}`) once, and `{mask}` (or the model's own mask token) once.
    ///
    /// # Errors
    /// [`TaskError::Template`] if one of the two is missing, or there twice.
    pub(crate) fn new(template: &str, mask: SpecialToken) -> Result<Self, TaskError> {
        let wrong = |expected| TaskError::Template { template: template.to_owned(), expected };
        let text = the_only(template, &["{text}", "{}"])
            .ok_or_else(|| wrong("{text} once, where the text goes"))?;
        let gap = the_only(template, &["{mask}", &mask.token])
            .ok_or_else(|| wrong("{mask} once, where a word is to be guessed"))?;
        let order = if text.start < gap.start { Order::TextFirst } else { Order::MaskFirst };
        let (one, other) = match order {
            Order::TextFirst => (text, gap),
            Order::MaskFirst => (gap, text),
        };
        let parts =
            [&template[..one.start], &template[one.end..other.start], &template[other.end..]];
        Ok(Self { around: parts.map(str::to_owned), order, mask })
    }

    /// The prompt for a text, of at most `limit` tokens: what is too much is cut off the end of
    /// the text, never off the template.
    ///
    /// # Errors
    /// [`TaskError::TooLong`] if the template alone does not fit.
    pub(crate) fn fill(
        &self,
        text: &str,
        tokenizer: &Tokenizer,
        limit: usize,
    ) -> Result<Prompt, TaskError> {
        let [before, between, behind] = &self.around;
        let (mut text, mut truncated) = (text, 0);
        loop {
            let (first, second) = match self.order {
                Order::TextFirst => (text, self.mask.token.as_str()),
                Order::MaskFirst => (self.mask.token.as_str(), text),
            };
            let prompt = format!("{before}{first}{between}{second}{behind}");
            let encoding = tokenizer.encode(prompt.as_str(), Limit::None)?;
            let one = before.chars().count();
            let other = one + first.chars().count() + between.chars().count();
            let (begins, masked) = match self.order {
                Order::TextFirst => (one, other),
                Order::MaskFirst => (other, one),
            };
            let excess = encoding.len().saturating_sub(limit);
            if excess == 0 {
                let mask = self.mask_at(&encoding, masked)?;
                return Ok(Prompt { encoding, mask, truncated });
            }
            // Tokens of the text, by the characters they are from; some have none at all.
            let ends = begins + text.chars().count();
            let of_text: Vec<usize> = (0..encoding.len())
                .filter(|&token| {
                    let at = &encoding.offsets[token];
                    !encoding.special[token]
                        && begins <= at.start
                        && at.end <= ends
                        && at.start < at.end
                })
                .collect();
            if of_text.is_empty() {
                return Err(TaskError::TooLong { tokens: encoding.len(), limit });
            }
            // A cut may move the borders between pieces: then there is another round, until all
            // fits or nothing of the text is left.
            let kept = of_text.len().saturating_sub(excess);
            let end = match kept {
                0 => 0,
                kept => {
                    let last = encoding.offsets[of_text[kept - 1]].end - begins;
                    // Pieces of one character end together: then all of them go.
                    let next = encoding.offsets[of_text[kept]].start - begins;
                    last.min(next)
                }
            };
            truncated += of_text.len() - kept;
            text = text.char_indices().nth(end).map_or(text, |(byte, _)| &text[..byte]);
        }
    }

    /// The token of the template's mask: a text may spell out others.
    fn mask_at(&self, encoding: &Encoding, character: usize) -> Result<usize, TaskError> {
        let end = character + self.mask.token.chars().count();
        let is_it = |&token: &usize| {
            let at = &encoding.offsets[token];
            // Some tokenizers count the space before a mask as part of it.
            encoding.ids[token] == self.mask.id
                && !encoding.special[token]
                && at.start <= character
                && at.end >= end
        };
        let found = (0..encoding.len()).find(is_it);
        found.ok_or_else(|| TaskError::NoMask { mask: self.mask.token.clone() })
    }
}

/// Where one of these stands in a text, if one does, once.
fn the_only(text: &str, names: &[&str]) -> Option<std::ops::Range<usize>> {
    let mut found = names
        .iter()
        .flat_map(|name| text.match_indices(name).map(|(at, name)| at..at + name.len()));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
