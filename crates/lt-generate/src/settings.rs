//! What is to be written.

use crate::processors::{
    BadWords, ForcedFirst, ForcedLast, FrequencyPenalty, MinimumLength, NoRepeatNGram,
    PresencePenalty, RepetitionPenalty, Suppress, SuppressAtBegin,
};
use crate::{GenerateError, Length, Processors, Result, Strategy};

/// What is to be written: how tokens are chosen, when to stop, what is forbidden and forced.
///
/// A plain struct: set what you need, and leave the rest to `..Settings::default()`. It is checked
/// by [`Generator::new`](crate::Generator::new).
///
/// transformers: `GenerationConfig`.
///
/// ```
/// use lt_generate::{Length, Settings};
/// let settings = Settings { maximum: Length::New(50), end_tokens: vec![2], ..Settings::default() };
/// assert_eq!(settings.minimum, Length::New(0));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How the next token is chosen.
    pub strategy: Strategy,
    /// No end token before the text is so long (`min_new_tokens`, `min_length`).
    pub minimum: Length,
    /// No token beyond this length (`max_new_tokens`, `max_length`). [`Length::New(0)`](Length::New)
    /// writes nothing.
    pub maximum: Length,
    /// A text ends with any of these (`eos_token_id`). Without one, only its length ends it.
    pub end_tokens: Vec<u32>,
    /// A text ends where one of these comes up in it (`stop_strings`), also if it begins and ends
    /// within tokens. Needs [`Generator::with_text`](crate::Generator::with_text).
    pub stop_strings: Vec<String>,
    /// Where random numbers come from: sequence i has the seed S + i.
    pub seed: u64,
    /// Whether probabilities are reported.
    pub scores: Scores,
    /// See [`RepetitionPenalty`] (`repetition_penalty`).
    pub repetition_penalty: Option<f32>,
    /// See [`FrequencyPenalty`].
    pub frequency_penalty: Option<f32>,
    /// See [`PresencePenalty`].
    pub presence_penalty: Option<f32>,
    /// See [`NoRepeatNGram`] (`no_repeat_ngram_size`).
    pub no_repeat_ngram: Option<usize>,
    /// See [`BadWords`] (`bad_words_ids`). An end token alone is left out, as in transformers.
    pub bad_words: Vec<Vec<u32>>,
    /// See [`ForcedFirst`] (`forced_bos_token_id`).
    pub forced_first: Option<u32>,
    /// See [`ForcedLast`] (`forced_eos_token_id`).
    pub forced_last: Vec<u32>,
    /// See [`Suppress`] (`suppress_tokens`).
    pub suppressed: Vec<u32>,
    /// See [`SuppressAtBegin`] (`begin_suppress_tokens`).
    pub suppressed_at_begin: Vec<u32>,
}

/// Whether the probabilities of the chosen tokens are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scores {
    /// No: greedy search then needs no exponentials. Beam search reports them all the same.
    #[default]
    Without,
    /// Yes: the logarithm of each chosen token's probability, after all processors.
    OfChosen,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            strategy: Strategy::Greedy,
            minimum: Length::New(0),
            maximum: Length::New(20),
            end_tokens: Vec::new(),
            stop_strings: Vec::new(),
            seed: 0,
            scores: Scores::Without,
            repetition_penalty: None,
            frequency_penalty: None,
            presence_penalty: None,
            no_repeat_ngram: None,
            bad_words: Vec::new(),
            forced_first: None,
            forced_last: Vec::new(),
            suppressed: Vec::new(),
            suppressed_at_begin: Vec::new(),
        }
    }
}

impl Settings {
    /// Refuses what no model with a vocabulary of v tokens could do.
    pub(crate) fn check(&self, vocabulary: usize) -> Result<()> {
        let bad_words: Vec<u32> = self.bad_words.concat();
        let lists: [(&str, &[u32]); 6] = [
            ("the end token", &self.end_tokens),
            ("a token of a bad word,", &bad_words),
            ("the forced first token", self.forced_first.as_slice()),
            ("the forced last token", &self.forced_last),
            ("the suppressed token", &self.suppressed),
            ("the token suppressed at the beginning,", &self.suppressed_at_begin),
        ];
        for (what, ids) in lists {
            if let Some(&id) = ids.iter().find(|id| **id as usize >= vocabulary) {
                return Err(GenerateError::UnknownId { what: what.into(), id, vocabulary });
            }
        }
        if self.stop_strings.iter().any(String::is_empty) {
            let expected = "at least one character in each: every text has it";
            return Err(GenerateError::setting("stop_strings", "an empty string", expected));
        }
        match self.strategy {
            Strategy::Greedy => Ok(()),
            Strategy::Sample(sampling) => sampling.add_to(&mut Processors::default()),
            Strategy::Beam(beam) => beam.check(vocabulary),
        }
    }

    /// What changes the scores whatever the strategy, in transformers' order. Sampling's own
    /// filters come behind them.
    pub(crate) fn processors(&self, longest: Option<usize>) -> Result<Processors> {
        let mut list = Processors::default();
        if let Some(penalty) = self.repetition_penalty {
            list.push(RepetitionPenalty::new(penalty)?);
        }
        if let Some(penalty) = self.frequency_penalty {
            list.push(FrequencyPenalty::new(penalty)?);
        }
        if let Some(penalty) = self.presence_penalty {
            list.push(PresencePenalty::new(penalty)?);
        }
        if let Some(n) = self.no_repeat_ngram {
            list.push(NoRepeatNGram::new(n)?);
        }
        let is_end = |word: &Vec<u32>| matches!(word[..], [id] if self.end_tokens.contains(&id));
        let words: Vec<_> = self.bad_words.iter().filter(|word| !is_end(word)).cloned().collect();
        if !words.is_empty() {
            list.push(BadWords::new(words)?);
        }
        if self.minimum != Length::New(0) && !self.end_tokens.is_empty() {
            list.push(MinimumLength::new(self.minimum, self.end_tokens.clone()));
        }
        if let Some(id) = self.forced_first {
            list.push(ForcedFirst::new(id));
        }
        if !self.forced_last.is_empty() {
            let last = ForcedLast::new(self.forced_last.clone(), self.maximum);
            list.push(last.with_longest(longest.unwrap_or(usize::MAX)));
        }
        if !self.suppressed.is_empty() {
            list.push(Suppress::new(self.suppressed.clone()));
        }
        if !self.suppressed_at_begin.is_empty() {
            let begin = SuppressAtBegin::new(self.suppressed_at_begin.clone());
            let forced = self.forced_first.is_some();
            list.push(if forced { begin.after_forced_first() } else { begin });
        }
        Ok(list)
    }
}
