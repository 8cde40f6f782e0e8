//! From texts to vectors.

use std::borrow::Cow;
use std::path::Path;

use lt_config::{Pooling, Preparation, SentenceTransformers};
use lt_core::Scratch;
use lt_model::{LoadOptions, TextEncoder};
use lt_tokenizer::{Encoding, Limit, Text, Tokenizer};
use ndarray::{Array2, s};

use crate::finite::finite_rows;
use crate::in_batches::{Tokenized, check_ids, in_batches};
use crate::max_length::check_max_length;
use crate::{TaskError, normalize, pool};

/// Turns each text into one vector: tokenizer, encoder, pooling, and perhaps normalisation.
///
/// The vector of a text does not depend on what it is encoded with: it has the same bits alone
/// and in any batch.
///
/// ```no_run
/// use lt_tasks::{LoadOptions, Scratch, SentenceEncoder, cosine};
/// let encoder = SentenceEncoder::from_dir("all-MiniLM-L6-v2", &LoadOptions::default())?;
/// let vectors = encoder.encode(&["a cat", "a kitten", "an invoice"], &mut Scratch::new())?;
/// let alike = cosine(&vectors);
/// assert!(alike[[0, 1]] > alike[[0, 2]]);
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// PyTorch: `sentence_transformers.SentenceTransformer`.
#[derive(Debug)]
pub struct SentenceEncoder {
    model: TextEncoder,
    tokenizer: Tokenizer,
    pooling: Vec<Pooling>,
    normalize: bool,
    max_length: usize,
    preparation: Preparation,
}

impl SentenceEncoder {
    /// An encoder of these parts: the mean over the tokens, not normalised, and texts as long as
    /// the model takes them.
    #[must_use]
    pub fn new(model: TextEncoder, tokenizer: Tokenizer) -> Self {
        let max_length = model.longest();
        let pooling = vec![Pooling::Mean];
        let (normalize, preparation) = (false, Preparation::default());
        Self { model, tokenizer, pooling, normalize, max_length, preparation }
    }

    /// Loads a directory.
    ///
    /// If it has a `modules.json`, sentence-transformers made it, and its files say how tokens are
    /// pooled, whether the vector is normalised, how long a text may be and which prompt stands in
    /// front of it. Otherwise as for
    /// [`new`](Self::new), and a text may be no longer than `model_max_length` in
    /// `tokenizer_config.json`. Padding and truncation in `tokenizer.json` are passed over.
    ///
    /// # Errors
    /// If a file is absent, damaged, or asks for something that is not supported.
    pub fn from_dir(dir: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, TaskError> {
        let dir = dir.as_ref();
        let settings = SentenceTransformers::from_dir(dir)?;
        let model_dir = settings.as_ref().map_or(dir, |settings| &settings.transformer_dir);
        let model = TextEncoder::from_dir(model_dir, options)?.model;
        let encoder = Self::new(model, Tokenizer::from_dir(model_dir)?);
        match settings {
            Some(settings) => encoder.with_settings(settings),
            None => {
                let limit = encoder.tokenizer.model_max_length();
                Ok(encoder.at_most(limit))
            }
        }
    }

    fn with_settings(self, settings: SentenceTransformers) -> Result<Self, TaskError> {
        let model = self.model.width();
        if settings.token_width != model {
            return Err(TaskError::Width { pooling: settings.token_width, model });
        }
        let encoder = Self {
            normalize: settings.normalize,
            preparation: settings.preparation,
            ..self.with_pooling(settings.pooling)?
        };
        Ok(encoder.at_most(settings.max_seq_length))
    }

    /// A file may name a length that the model has no positions for.
    fn at_most(self, limit: Option<usize>) -> Self {
        Self { max_length: limit.map_or(self.max_length, |n| n.min(self.max_length)), ..self }
    }

    /// Pools otherwise. The results of several poolings are concatenated in this order.
    ///
    /// # Errors
    /// [`TaskError::NoPooling`] if the list is empty.
    pub fn with_pooling(self, pooling: impl Into<Vec<Pooling>>) -> Result<Self, TaskError> {
        let pooling = pooling.into();
        if pooling.is_empty() {
            return Err(TaskError::NoPooling);
        }
        Ok(Self { pooling, ..self })
    }

    /// Scales each vector to length 1, or leaves it as it is.
    #[must_use]
    pub fn with_normalize(self, normalize: bool) -> Self {
        Self { normalize, ..self }
    }

    /// Puts another prompt in front of each text, or none if it is empty.
    #[must_use]
    pub fn with_prompt(self, prompt: impl Into<String>) -> Self {
        let preparation = Preparation { prompt: prompt.into(), ..self.preparation };
        Self { preparation, ..self }
    }

    /// Cuts texts at another length, in tokens, special tokens included.
    ///
    /// # Errors
    /// [`TaskError::MaxLength`] if the model has no positions for so many, or no token of a text
    /// would be left beside the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, TaskError> {
        let max_length = check_max_length(max_length, &self.model, &self.tokenizer)?;
        Ok(Self { max_length, ..self })
    }

    /// The model that the vectors of the tokens are from.
    #[must_use]
    pub fn model(&self) -> &TextEncoder {
        &self.model
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// What is put in front of each text.
    #[must_use]
    pub fn prompt(&self) -> &str {
        &self.preparation.prompt
    }

    /// How the vectors of the tokens become one.
    #[must_use]
    pub fn pooling(&self) -> &[Pooling] {
        &self.pooling
    }

    /// Whether each vector is scaled to length 1.
    #[must_use]
    pub fn normalizes(&self) -> bool {
        self.normalize
    }

    /// The most tokens of a text that are looked at, special tokens included.
    #[must_use]
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// How many numbers a vector has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.pooling.len() * self.model.width()
    }

    /// A text as it is tokenized: behind the prompt, and in lower case if the model wants that.
    #[must_use]
    pub fn prepare<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.preparation.prepare(text)
    }

    /// The tokens of a text, as the model gets them: [prepared](Self::prepare), and cut at the
    /// maximum length. Their offsets are those in the prepared text.
    ///
    /// # Errors
    /// If the tokenizer has no tokens for the text, or one that the model does not have.
    pub fn tokenize(&self, text: &str) -> Result<Encoding, TaskError> {
        let encoding = self.cut_tokens(text)?;
        check_ids(&encoding, &self.model)?;
        Ok(encoding)
    }

    /// The vectors of these texts, in their order.
    ///
    /// # Shapes
    /// n texts to `[n, width]`.
    ///
    /// # Errors
    /// [`TaskError::Text`], which says which text could not be encoded: it could not be tokenized, or
    /// its vector is not finite.
    pub fn encode(
        &self,
        texts: &[impl AsRef<str>],
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>, TaskError> {
        let texts: Vec<Text<'_>> = texts.iter().map(|text| text.as_ref().into()).collect();
        let mut vectors = Array2::zeros((texts.len(), self.width()));
        let tokenize =
            |text: Text<'_>| Tokenized::new(self.cut_tokens(text.first())?, (), &self.model);
        in_batches(&self.model, &texts, &tokenize, scratch, |batch, _| {
            for (number, rows, ()) in batch.texts() {
                let mut vector = vectors.row_mut(number);
                vector.assign(&pool(batch.hidden.slice(s![rows, ..]), &self.pooling)?);
                if self.normalize {
                    normalize(vector);
                }
            }
            Ok(())
        })?;
        finite_rows(&vectors)?;
        Ok(vectors)
    }

    fn cut_tokens(&self, text: &str) -> Result<Encoding, TaskError> {
        Ok(self.tokenizer.encode(&*self.prepare(text), Limit::At(self.max_length))?)
    }
}
