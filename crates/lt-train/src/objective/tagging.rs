//! Tagging (序列标注): a label for each word.

use lt_core::{Error, Result};

use super::{LabelledRows, Sequence};
use crate::data::{Drawn, Tokens};

/// A sentence and the label of each of its words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaggedSequence {
    /// The tokens; `words` says which word each is a part of.
    pub sequence: Sequence,
    /// The label of each word.
    pub tags: Vec<u32>,
}

impl TaggedSequence {
    /// A sentence with a label for each word, whose words may end before those of the labels: the
    /// rest of it was cut off.
    ///
    /// # Errors
    /// [`Error::Config`] if a token is of a word that has no label.
    pub fn new(sequence: Sequence, tags: Vec<u32>) -> Result<Self> {
        let last = sequence.words.iter().flatten().max();
        match last.filter(|last| **last as usize >= tags.len()) {
            None => Ok(Self { sequence, tags }),
            Some(last) => Err(Error::Config {
                at: "TaggedSequence::new",
                field: "tags",
                got: format!("{} for {} words", tags.len(), *last as u64 + 1),
                expected: "one for each word".into(),
            }),
        }
    }
}

impl Tokens for TaggedSequence {
    fn tokens(&self) -> usize {
        self.sequence.tokens()
    }
}

/// A batch in which the first token of each word has the word's label, and no other token has any.
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), section 5.3.
///
/// ```
/// use lt_train::{data::Drawn, objective::{Sequence, TaggedSequence, first_pieces}};
/// // [CLS] un ##able we [SEP]
/// let sequence = Sequence::new(vec![2, 5, 6, 7, 3])
///     .words(vec![None, Some(0), Some(0), Some(1), None]);
/// let tagged = TaggedSequence::new(sequence, vec![8, 9])?;
/// let shard = first_pieces(&[Drawn::new(tagged, 0, 0)]);
/// assert_eq!((shard.rows, shard.labels), (vec![1, 3], vec![8, 9]));
/// # Ok::<(), lt_train::lt_core::Error>(())
/// ```
#[must_use]
pub fn first_pieces(drawn: &[Drawn<TaggedSequence>]) -> LabelledRows {
    LabelledRows::of(drawn.iter().map(|drawn| {
        let TaggedSequence { sequence, tags } = &drawn.example;
        let mut before = None;
        let mut labels = Vec::new();
        for (place, word) in sequence.words.iter().enumerate() {
            if let Some(word) = word
                && Some(*word) != before
                && let Some(tag) = tags.get(*word as usize)
            {
                labels.push((place, *tag));
            }
            before = word.or(before);
        }
        (drawn.number, sequence, labels)
    }))
}
