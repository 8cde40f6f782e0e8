//! Sorting texts by the word that a masked language model would write about them.

use std::path::Path;

use lt_core::Scratch;
use lt_kernels::softmax;
use lt_model::{LoadOptions, MaskedLm};
use lt_tokenizer::{Text, Tokenizer};
use ndarray::{Array1, Array2};

use crate::TaskError;
use crate::finite::finite_rows;
use crate::in_batches::Tokenized;
use crate::mask_predictions::{Masks, mask_predictions};
use crate::max_length::{check_max_length, own_limit};
use crate::prompt_template::PromptTemplate;
use crate::scores::Classified;
use crate::word_token::word_token;

/// Sorts texts with a model that was trained for nothing but guessing words: the text is put into
/// a sentence with a mask, "… It was \[MASK\].", and the label whose words fit best is the answer.
///
/// ```no_run
/// use lt_tasks::{LabelWords, LoadOptions, PromptClassifier, Scratch};
/// let classifier = PromptClassifier::from_dir(
///     "bert-base-uncased",
///     &LoadOptions::default(),
///     "{text} It was {mask}.",
///     &[LabelWords::new("good", ["great", "good"]), LabelWords::new("bad", ["terrible"])],
/// )?;
/// let answers = classifier.classify(&["I could watch it again."], &mut Scratch::new())?;
/// assert_eq!(answers[0].scores[0].label, "good");
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// [Schick and Schütze 2021](https://arxiv.org/abs/2001.07676), section 3.1, where each label has
/// one word.
#[derive(Debug)]
pub struct PromptClassifier {
    model: MaskedLm,
    tokenizer: Tokenizer,
    template: PromptTemplate,
    labels: Vec<String>,
    /// Each word's label and token.
    words: Vec<(usize, usize)>,
    max_length: usize,
}

/// A label and the words that speak for it where the mask is: a line of the *verbalizer*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelWords {
    label: String,
    words: Vec<String>,
}

impl LabelWords {
    /// A label with these words.
    #[must_use]
    pub fn new<W: Into<String>>(
        label: impl Into<String>,
        words: impl IntoIterator<Item = W>,
    ) -> Self {
        Self { label: label.into(), words: words.into_iter().map(Into::into).collect() }
    }
}

impl PromptClassifier {
    /// Of a model, a template and a verbalizer.
    ///
    /// The template has `{text}` (or `{}`) where the text goes and `{mask}` (or the model's own
    /// mask token) where the word is guessed. Each word must be one token, as a mask is one.
    ///
    /// # Errors
    /// [`TaskError::NoMaskToken`] if the tokenizer has none; [`TaskError::Template`] if text or
    /// mask are not in the template once; [`TaskError::NoCandidates`] without labels,
    /// [`TaskError::NoWord`] for one without words; [`TaskError::Word`] for a word that is no
    /// single token, [`TaskError::WordTwice`] for one that is there twice.
    pub fn new(
        model: MaskedLm,
        tokenizer: Tokenizer,
        template: &str,
        verbalizer: &[LabelWords],
    ) -> Result<Self, TaskError> {
        let mask = tokenizer.special_tokens().mask.clone().ok_or(TaskError::NoMaskToken)?;
        let template = PromptTemplate::new(template, mask)?;
        if verbalizer.is_empty() {
            return Err(TaskError::NoCandidates);
        }
        let mut words: Vec<(usize, usize)> = Vec::new();
        for (number, LabelWords { label, words: of_label }) in verbalizer.iter().enumerate() {
            if of_label.is_empty() {
                return Err(TaskError::NoWord { label: label.clone() });
            }
            for word in of_label {
                let token = word_token(word, &tokenizer, model.encoder())? as usize;
                if let Some((first, _)) = words.iter().find(|(_, other)| *other == token) {
                    let first = verbalizer[*first].label.clone();
                    let (word, second) = (word.clone(), label.clone());
                    return Err(TaskError::WordTwice { word, first, second });
                }
                words.push((number, token));
            }
        }
        let labels = verbalizer.iter().map(|words| words.label.clone()).collect();
        let max_length = own_limit(model.encoder(), &tokenizer);
        Ok(Self { model, tokenizer, template, labels, words, max_length })
    }

    /// Loads a directory with a masked-LM head.
    ///
    /// # Errors
    /// As for [`new`](Self::new), and if a file is absent or damaged, or the checkpoint has
    /// another head or none.
    pub fn from_dir(
        dir: impl AsRef<Path>,
        options: &LoadOptions,
        template: &str,
        verbalizer: &[LabelWords],
    ) -> Result<Self, TaskError> {
        let dir = dir.as_ref();
        let model = MaskedLm::from_dir(dir, options)?.model;
        Self::new(model, Tokenizer::from_dir(dir)?, template, verbalizer)
    }

    /// Cuts prompts at another length, in tokens, template and special tokens included.
    ///
    /// # Errors
    /// [`TaskError::MaxLength`] if the model has no positions for so many, or no token of a text
    /// would be left beside the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, TaskError> {
        let max_length = check_max_length(max_length, self.model.encoder(), &self.tokenizer)?;
        Ok(Self { max_length, ..self })
    }

    /// The scores of every label for each of these texts.
    ///
    /// The score of a label is the probability that the mask is one of its words, given that it is
    /// one of the words of all labels: a softmax over these words alone, added up for each label.
    /// One more word, however unlikely, never makes a label less likely, as an average would.
    ///
    /// A text that is too long is cut at its end, the template never. A text has the same bits
    /// alone and in any batch.
    ///
    /// # Errors
    /// [`TaskError::Text`], which says which text could not be sorted: the template leaves no
    /// room for it, it could not be tokenized, or its scores are not finite.
    pub fn classify(
        &self,
        texts: &[impl AsRef<str>],
        scratch: &mut Scratch,
    ) -> Result<Vec<Classified<'_>>, TaskError> {
        let texts: Vec<Text<'_>> = texts.iter().map(|text| text.as_ref().into()).collect();
        let tokenize = |text: Text<'_>| {
            let prompt = self.template.fill(text.first(), &self.tokenizer, self.max_length)?;
            let masks = Masks { at: vec![prompt.mask], truncated: prompt.truncated };
            Tokenized::new(prompt.encoding, masks, self.model.encoder())
        };
        let mut of_words = Array2::zeros((texts.len(), self.words.len()));
        let mut truncated = vec![0; texts.len()];
        mask_predictions(&self.model, &texts, &tokenize, scratch, |text, masks, logits| {
            let tokens = self.words.iter().map(|&(_, token)| logits[token]);
            of_words.row_mut(text).iter_mut().zip(tokens).for_each(|(score, logit)| *score = logit);
            truncated[text] = masks.truncated;
        })?;
        finite_rows(&of_words)?;
        // formula: verbalizer
        softmax(of_words.view_mut()); // [n, words]
        let answers = of_words.outer_iter().zip(truncated).map(|(of_words, truncated)| {
            let mut scores = Array1::<f32>::zeros(self.labels.len());
            for (&(label, _), probability) in self.words.iter().zip(of_words) {
                // formula: verbalizer
                scores[label] += probability;
            }
            scores.mapv_inplace(|score| score.min(1.0)); // rounding may carry it a little past 1
            Classified::new(&self.labels, scores.view(), truncated)
        });
        Ok(answers.collect())
    }
}
