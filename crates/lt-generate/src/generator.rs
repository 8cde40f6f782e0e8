//! What writes.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::chooser::{Choice, Chooser};
use crate::sequence::{Sequence, Watch};
use crate::speculative::Draft;
use crate::{
    Buffers, Detokenize, Event, GenerateError, LanguageModel, LogitsProcessor, Result, Settings,
    StopStrings, Strategy, TextStream, Written, beam_search, one_by_one,
};

/// Writes texts with a model.
///
/// ```
/// use lt_generate::{Generator, Length, Settings, TableModel};
/// // After 0 comes 1, after 1 comes 2, after 2 comes 0.
/// let model = TableModel::new(3, |_, last, next| if (last + 1) % 3 == next { 1.0 } else { 0.0 });
/// let settings = Settings { maximum: Length::New(4), ..Settings::default() };
/// let written = Generator::new(&model, settings)?.generate(&[vec![0], vec![0, 1]])?;
/// assert_eq!(written[0].ids, [0, 1, 2, 0, 1]);
/// assert_eq!(written[1].ids, [0, 1, 2, 0, 1, 2]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
pub struct Generator<'a, M> {
    model: &'a M,
    settings: Settings,
    own: Vec<Arc<dyn LogitsProcessor>>,
    text: Option<&'a dyn Detokenize>,
}

impl<'a, M: LanguageModel> Generator<'a, M> {
    /// Writes with these settings.
    ///
    /// # Errors
    /// If a setting cannot be, whatever the prompt: see [`GenerateError`].
    pub fn new(model: &'a M, settings: Settings) -> Result<Self> {
        settings.check(model.vocabulary())?;
        settings.processors(longest_text(model))?;
        Ok(Self { model, settings, own: Vec::new(), text: None })
    }

    /// Turns ids into text as well: for stop strings, and to show text while it is written.
    #[must_use]
    pub fn with_text(mut self, decoder: &'a dyn Detokenize) -> Self {
        self.text = Some(decoder);
        self
    }

    /// Applies a processor of your own, behind the settings' and before those of sampling.
    #[must_use]
    pub fn with_processor(mut self, processor: impl LogitsProcessor + 'static) -> Self {
        self.own.push(Arc::new(processor));
        self
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Refuses prompts that cannot be continued, before any of them is.
    ///
    /// # Errors
    /// As [`generate`](Self::generate) refuses them.
    pub fn check(&self, prompts: &[impl AsRef<[u32]>]) -> Result<()> {
        self.sequences(prompts).map(drop)
    }

    /// Continues each prompt. Several texts of one prompt (beams) stand together, the best first.
    ///
    /// What comes for a prompt does not depend on the others, but for its seed, which is its number
    /// added to the settings'.
    ///
    /// # Errors
    /// If a prompt cannot be continued, or the model refuses: see [`GenerateError`].
    pub fn generate(&self, prompts: &[impl AsRef<[u32]>]) -> Result<Vec<Written>> {
        self.generate_with(prompts, |_| ControlFlow::Continue(()))
    }

    /// Continues each prompt, and tells what happens while it does. The closure may end it with
    /// [`ControlFlow::Break`]: what was written until then comes back.
    ///
    /// # Errors
    /// As for [`generate`](Self::generate).
    pub fn generate_with(
        &self,
        prompts: &[impl AsRef<[u32]>],
        mut observer: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<Written>> {
        let sequences = self.sequences(prompts)?;
        match self.settings.strategy {
            Strategy::Beam(beam) if beam.beams > 1 => {
                let chooser = self.chooser()?;
                let settings = &self.settings;
                beam_search::run(self.model, beam, settings, chooser, sequences, &mut observer)
            }
            _ => {
                let (chooser, settings) = (self.chooser()?, &self.settings);
                let sequences =
                    one_by_one::run(self.model, settings, chooser, sequences, &mut observer)?;
                Ok(self.written(sequences))
            }
        }
    }

    /// Lets a smaller model propose up to `lookahead` tokens at a time, which this one checks at
    /// once ([`SpeculativeGenerator`]).
    ///
    /// # Errors
    /// If the draft model has another vocabulary, the strategy is beam search, or `lookahead` is 0.
    pub fn with_draft<D: LanguageModel>(
        self,
        draft: &'a D,
        lookahead: usize,
    ) -> Result<SpeculativeGenerator<'a, M, D>> {
        let (model, known) = (self.model.vocabulary(), draft.vocabulary());
        if model != known {
            return Err(GenerateError::OtherVocabulary { model, draft: known });
        }
        if lookahead == 0 {
            let expected = "at least 1: without it no draft model is needed";
            return Err(GenerateError::setting("lookahead", lookahead, expected));
        }
        if matches!(self.settings.strategy, Strategy::Beam(_)) {
            return Err(GenerateError::DraftForBeams);
        }
        Ok(SpeculativeGenerator { generator: self, draft: Draft { model: draft, lookahead } })
    }
}

/// Writes texts with a model, faster with the help of a smaller one: the texts are distributed
/// exactly as without it, and greedy search finds the same.
///
/// [Leviathan, Kalman & Matias 2022](https://arxiv.org/abs/2211.17192), algorithm 1. transformers:
/// `assistant_model=`.
///
/// ```
/// use lt_generate::{Generator, Length, Settings, TableModel};
/// let model = TableModel::new(4, |_, last, next| if (last + 1) % 4 == next { 1.0 } else { 0.0 });
/// let draft = TableModel::new(4, |_, last, next| if last + 1 == next { 1.0 } else { 0.0 });
/// let settings = Settings { maximum: Length::New(9), ..Settings::default() };
/// let generator = Generator::new(&model, settings)?;
/// let alone = generator.generate(&[[0]])?;
/// assert_eq!(generator.with_draft(&draft, 3)?.generate(&[[0]])?, alone);
/// assert!(model.passes() < 9 + 9); // nine alone, and fewer together
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
pub struct SpeculativeGenerator<'a, M, D> {
    generator: Generator<'a, M>,
    draft: Draft<'a, D>,
}

impl<M: LanguageModel, D: LanguageModel> SpeculativeGenerator<'_, M, D> {
    /// As [`Generator::generate`].
    ///
    /// # Errors
    /// As for [`Generator::generate`].
    pub fn generate(&self, prompts: &[impl AsRef<[u32]>]) -> Result<Vec<Written>> {
        self.generate_with(prompts, |_| ControlFlow::Continue(()))
    }

    /// As [`Generator::generate_with`].
    ///
    /// # Errors
    /// As for [`Generator::generate`].
    pub fn generate_with(
        &self,
        prompts: &[impl AsRef<[u32]>],
        mut observer: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<Written>> {
        let Self { generator, draft } = self;
        let sequences = generator.sequences(prompts)?;
        let (model, settings, chooser) =
            (generator.model, &generator.settings, generator.chooser()?);
        let sequences =
            crate::speculative::run(model, *draft, settings, chooser, sequences, &mut observer)?;
        Ok(generator.written(sequences))
    }
}

impl<'a, M: LanguageModel> Generator<'a, M> {
    /// The prompts, checked.
    fn sequences(&self, prompts: &[impl AsRef<[u32]>]) -> Result<Vec<Sequence<'a>>> {
        let Settings { minimum, maximum, stop_strings, scores, .. } = &self.settings;
        if self.text.is_none() && !stop_strings.is_empty() {
            return Err(GenerateError::NoText);
        }
        let (vocabulary, longest) = (self.model.vocabulary(), self.model.longest());
        let stop = StopStrings::new(stop_strings.clone());
        let one = |(number, prompt): (usize, &[u32])| {
            let length = prompt.len();
            if prompt.is_empty() {
                return Err(GenerateError::EmptyPrompt { sequence: number });
            }
            if let Some(limit) = longest.filter(|&limit| length > limit) {
                return Err(GenerateError::PromptTooLong { sequence: number, length, limit });
            }
            if let Some(&id) = prompt.iter().find(|id| **id as usize >= vocabulary) {
                let what = format!("a token of prompt {number},");
                return Err(GenerateError::UnknownId { what, id, vocabulary });
            }
            let (minimum, maximum) = (minimum.with_prompt(length), maximum.with_prompt(length));
            if minimum > maximum {
                return Err(GenerateError::Lengths { sequence: number, minimum, maximum });
            }
            let watch = |decoder| Watch { stream: TextStream::new(decoder), stop: stop.clone() };
            let watch = self.text.map(watch);
            let maximum = self.settings.maximum;
            let mut sequence =
                Sequence::new(number, prompt, maximum, longest_text(self.model), watch);
            if *scores == crate::Scores::OfChosen {
                sequence.reserve_scores();
            }
            Ok(sequence)
        };
        prompts.iter().map(AsRef::as_ref).enumerate().map(one).collect()
    }

    fn chooser(&self) -> Result<Chooser> {
        let mut processors = self.settings.processors(longest_text(self.model))?;
        self.own.iter().for_each(|own| processors.push_shared(own.clone()));
        let (mut choice, mut scores) = (Choice::Likeliest, self.settings.scores);
        match self.settings.strategy {
            Strategy::Greedy => {}
            Strategy::Sample(sampling) => {
                sampling.add_to(&mut processors)?;
                choice = Choice::Drawn;
            }
            Strategy::Beam(_) => scores = crate::Scores::OfChosen,
        }
        Ok(Chooser { processors, choice, scores, buffers: Buffers::default() })
    }

    /// What was written one by one. One beam has a score as several have.
    fn written(&self, sequences: Vec<Sequence<'_>>) -> Vec<Written> {
        let written = sequences.into_iter().map(|sequence| {
            let score = match self.settings.strategy {
                Strategy::Beam(beam) => {
                    let sum = sequence.log_probabilities.iter().sum();
                    Some(beam_search::score(sum, sequence.step(), beam.length_penalty))
                }
                _ => None,
            };
            sequence.written(score)
        });
        written.collect()
    }
}

// Models are lent: they need not be `Clone`.
impl<M> Clone for Generator<'_, M> {
    fn clone(&self) -> Self {
        let Self { model, settings, own, text } = self;
        Self { model, settings: settings.clone(), own: own.clone(), text: *text }
    }
}

impl<M, D> Clone for SpeculativeGenerator<'_, M, D> {
    fn clone(&self) -> Self {
        Self { generator: self.generator.clone(), draft: self.draft }
    }
}

impl<M> std::fmt::Debug for Generator<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generator")
            .field("settings", &self.settings)
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}

impl<M, D> std::fmt::Debug for SpeculativeGenerator<'_, M, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpeculativeGenerator")
            .field("generator", &self.generator)
            .field("lookahead", &self.draft.lookahead)
            .finish_non_exhaustive()
    }
}

/// How many tokens a text may have at most: one more than the model holds, for the last is not read.
fn longest_text(model: &impl LanguageModel) -> Option<usize> {
    model.longest().map(|longest| longest.saturating_add(1))
}
