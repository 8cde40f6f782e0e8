//! Sequences of ids, and batches of them as models read them.

use lt_core::{Ragged, Result, Train};
use lt_embedding::{PredictAt, TokenIds};

use crate::data::{Drawn, Tokens};

/// A tokenized text: what there is to know of each of its tokens.
///
/// A vector that is empty says nothing: all tokens are of the first segment, none is special, each
/// is a word of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Sequence {
    /// The ids, `[tokens]`.
    pub ids: Vec<u32>,
    /// The segment of each token (`token_type_ids`).
    pub segments: Vec<u32>,
    /// Whether a token was added around the text.
    pub special: Vec<bool>,
    /// Which word a token is a part of; none if it is part of none.
    pub words: Vec<Option<u32>>,
    /// How many tokens at the beginning are given, and not to be predicted: a question that is
    /// to be answered.
    pub given: usize,
}

impl Sequence {
    /// Of these ids.
    #[must_use]
    pub fn new(ids: Vec<u32>) -> Self {
        Self { ids, ..Self::default() }
    }

    /// With the segment of each token.
    #[must_use]
    pub fn segments(self, segments: Vec<u32>) -> Self {
        Self { segments, ..self }
    }

    /// With what is special.
    #[must_use]
    pub fn special(self, special: Vec<bool>) -> Self {
        Self { special, ..self }
    }

    /// With the words.
    #[must_use]
    pub fn words(self, words: Vec<Option<u32>>) -> Self {
        Self { words, ..self }
    }

    /// With so many tokens given.
    #[must_use]
    pub fn given(self, given: usize) -> Self {
        Self { given, ..self }
    }

    pub(crate) fn is_special(&self, place: usize) -> bool {
        self.special.get(place).copied().unwrap_or(false)
    }

    /// The word of a token that is not special: counted by the tokenizer, or the token itself.
    pub(crate) fn word(&self, place: usize) -> u32 {
        self.words.get(place).copied().flatten().unwrap_or(place as u32)
    }
}

impl Tokens for Sequence {
    fn tokens(&self) -> usize {
        self.ids.len()
    }
}

/// Sequences laid end to end, and which of the data set each of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenBatch {
    /// The ids, `[tokens]`.
    pub ids: Vec<u32>,
    /// The segment of each token, if any is said.
    pub segments: Option<Vec<u32>>,
    /// Where each sequence begins.
    pub sequences: Ragged,
    /// The number of each sequence in its data set: what is dropped in training depends on it, and
    /// not on the batch.
    pub numbers: Vec<u64>,
}

impl TokenBatch {
    /// These sequences, each with its number.
    ///
    /// ```
    /// use lt_train::objective::{Sequence, TokenBatch};
    /// let batch = TokenBatch::of([(7, &Sequence::new(vec![1, 2])), (9, &Sequence::new(vec![3]))]);
    /// assert_eq!(batch.ids, [1, 2, 3]);
    /// assert_eq!(batch.sequences.offsets(), [0, 2, 3]);
    /// ```
    #[must_use]
    pub fn of<'a>(sequences: impl IntoIterator<Item = (u64, &'a Sequence)>) -> Self {
        let (mut ids, mut segments, mut lengths, mut numbers) = (vec![], vec![], vec![], vec![]);
        let mut any = false;
        for (number, sequence) in sequences {
            ids.extend_from_slice(&sequence.ids);
            any |= !sequence.segments.is_empty();
            segments.extend_from_slice(&sequence.segments);
            segments.resize(ids.len(), 0);
            lengths.push(sequence.ids.len());
            numbers.push(number);
        }
        let (segments, sequences) = (any.then_some(segments), Ragged::from_lengths(lengths));
        Self { ids, segments, sequences, numbers }
    }

    /// Those that were drawn.
    #[must_use]
    pub fn of_drawn(drawn: &[Drawn<Sequence>]) -> Self {
        Self::of(drawn.iter().map(|drawn| (drawn.number, &drawn.example)))
    }

    /// As a model reads it.
    #[must_use]
    pub fn input(&self) -> TokenIds<'_> {
        let input = TokenIds::new(&self.ids, &self.sequences);
        match &self.segments {
            Some(segments) => input.segments(segments),
            None => input,
        }
    }

    /// Tells the training pass which sequences it has.
    pub(crate) fn announce(&self, train: &mut Train) {
        *train = std::mem::take(train).with_numbers(&self.numbers, &self.sequences);
    }
}

/// A batch, and a label for some of its rows: a shard of language modelling and of tagging.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LabelledRows {
    /// The batch.
    pub batch: TokenBatch,
    /// The rows that have a label, ascending.
    pub rows: Vec<u32>,
    /// Their labels.
    pub labels: Vec<u32>,
}

impl LabelledRows {
    /// A batch of these sequences, each with its number and the labels of some of its places.
    pub(crate) fn of<'a>(
        parts: impl IntoIterator<Item = (u64, &'a Sequence, Vec<(usize, u32)>)>,
    ) -> Self {
        let (mut sequences, mut rows, mut labels, mut first) = (vec![], vec![], vec![], 0);
        for (number, sequence, found) in parts {
            for (place, label) in found {
                rows.push((first + place) as u32);
                labels.push(label);
            }
            first += sequence.ids.len();
            sequences.push((number, sequence));
        }
        Self { batch: TokenBatch::of(sequences), rows, labels }
    }

    /// As a model reads it that predicts something at the rows with a label.
    ///
    /// # Errors
    /// [`lt_core::Error`] if the rows were changed so that they do not ascend.
    pub fn predict_at(&self) -> Result<PredictAt<'_>> {
        PredictAt::new(self.batch.input(), &self.rows)
    }
}
