//! From texts to the names in them.

use std::path::Path;

use lt_config::Labels;
use lt_core::Scratch;
use lt_kernels::softmax;
use lt_model::{LoadOptions, TokenClassifier};
use lt_tokenizer::{Text, Tokenizer, WindowSize};

use super::token_scores::with_most_context;
use super::{Aggregation, Entity, TokenScores, aggregate};
use crate::TaskError;
use crate::max_length::own_limit;
use crate::windows::{Windows, check_size};

/// Sorts the tokens of texts: finds names of people, places, organisations (named entities,
/// 命名实体识别), or says what part of speech each word is (词性标注).
///
/// A text of any length is looked at in windows that overlap. Each token has the label from the
/// window that shows most of what stands around it. The result does not depend on what a text is
/// tagged with: it has the same bits alone and in any batch.
///
/// ```no_run
/// use lt_tasks::tag::{Aggregation, TokenTagger};
/// use lt_tasks::{LoadOptions, Scratch};
/// let tagger = TokenTagger::from_dir("bert-large-cased-ner", &LoadOptions::default())?;
/// let texts = ["My name is Sylvain and I work at Hugging Face in Brooklyn."];
/// let found = tagger.tag(&texts, Aggregation::Average, &mut Scratch::new())?;
/// assert_eq!((found[0][0].label.as_str(), found[0][0].text.as_str()), ("PER", "Sylvain"));
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// PyTorch: transformers' `pipeline("token-classification", stride=…)`.
#[derive(Debug)]
pub struct TokenTagger {
    model: TokenClassifier,
    tokenizer: Tokenizer,
    labels: Labels,
    windows: WindowSize,
}

impl TokenTagger {
    /// Of these parts: windows as long as the model takes them, a quarter of which overlaps.
    ///
    /// # Errors
    /// [`TaskError::Labels`] if the labels are not as many as the head has.
    pub fn new(
        model: TokenClassifier,
        tokenizer: Tokenizer,
        labels: Labels,
    ) -> Result<Self, TaskError> {
        if model.labels() != labels.names().len() {
            return Err(TaskError::Labels { head: model.labels(), names: labels.names().len() });
        }
        let limit = own_limit(model.encoder(), &tokenizer);
        let windows = WindowSize { limit, overlap: limit / 4 };
        Ok(Self { model, tokenizer, labels, windows })
    }

    /// Loads a directory with a head that sorts tokens.
    ///
    /// # Errors
    /// If a file is absent or damaged, or the checkpoint has another head or none.
    pub fn from_dir(dir: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, TaskError> {
        let dir = dir.as_ref();
        let loaded = TokenClassifier::from_dir(dir, options)?;
        Self::new(loaded.model, Tokenizer::from_dir(dir)?, loaded.config.labels().clone())
    }

    /// Cuts long texts otherwise.
    ///
    /// # Errors
    /// [`TaskError::MaxLength`] if the model has no positions for such windows, or no token of a
    /// text would be left beside the special ones; [`TaskError::Overlap`] if they would not move on.
    pub fn with_windows(self, size: WindowSize) -> Result<Self, TaskError> {
        let windows = check_size(size, self.model.encoder(), &self.tokenizer, Text::Single(""))?;
        Ok(Self { windows, ..self })
    }

    /// What it tells apart.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// How long texts are cut.
    #[must_use]
    pub fn windows(&self) -> WindowSize {
        self.windows
    }

    /// The entities of each text, in the order of the text.
    ///
    /// # Errors
    /// [`TaskError::Text`], which says which text could not be tagged: it could not be tokenized,
    /// or what the model computes is not finite.
    pub fn tag(
        &self,
        texts: &[impl AsRef<str>],
        aggregation: Aggregation,
        scratch: &mut Scratch,
    ) -> Result<Vec<Vec<Entity>>, TaskError> {
        self.each(texts, scratch, |text, tokens| {
            aggregate(text, &tokens, &self.labels, aggregation)
        })
    }

    /// The probability of each label for each token of each text, special tokens left out: what
    /// [`aggregate`] makes entities of.
    ///
    /// # Errors
    /// As for [`tag`](Self::tag).
    pub fn scores(
        &self,
        texts: &[impl AsRef<str>],
        scratch: &mut Scratch,
    ) -> Result<Vec<Vec<TokenScores>>, TaskError> {
        self.each(texts, scratch, |_, tokens| Ok(tokens))
    }

    fn each<T>(
        &self,
        texts: &[impl AsRef<str>],
        scratch: &mut Scratch,
        finish: impl Fn(&str, Vec<TokenScores>) -> Result<T, TaskError>,
    ) -> Result<Vec<T>, TaskError> {
        let whole: Vec<Text<'_>> = texts.iter().map(|text| text.as_ref().into()).collect();
        let windows = Windows {
            encoder: self.model.encoder(),
            tokenizer: &self.tokenizer,
            size: self.windows,
        };
        windows.each(
            &whole,
            |hidden, scratch| {
                let mut scores = self.model.classify(hidden, scratch)?; // [tokens, n]
                softmax(scores.view_mut());
                Ok(scores)
            },
            |number, windows| {
                let tokens = with_most_context(windows);
                let mut probabilities = tokens.iter().flat_map(|token| &token.probabilities);
                if probabilities.any(|probability| !probability.is_finite()) {
                    return Err(TaskError::NotFinite);
                }
                finish(texts[number].as_ref(), tokens)
            },
            scratch,
        )
    }
}
