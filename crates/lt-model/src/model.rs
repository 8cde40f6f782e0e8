//! A model of whatever family and head its directory holds.

use std::path::Path;

use lt_config::ModelConfig;
use lt_core::{Module, Params, Path as ParamPath, Result, Scratch, Weight};
use lt_embedding::TokenIds;
use lt_weights::{Checkpoint, SaveError};
use ndarray::{Array1, Array2, ArrayView2};

use crate::family::family;
use crate::head::Head;
use crate::{
    CausalLm, EncoderOutput, LoadOptions, Loaded, MaskedLm, ModelError, QuestionAnswering,
    ReplacedTokens, SequenceClassifier, SpanLogits, TextEncoder, TokenClassifier,
};

/// A model as its checkpoint was saved: the family and head that `config.json` names first in
/// `architectures`, or the bare model if it names none.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
// There is one model in a program, not a list of them: a box would save nothing.
#[allow(clippy::large_enum_variant)]
pub enum Model {
    /// A bare encoder: `BertModel` and its kin.
    Encoder(TextEncoder),
    /// An encoder that predicts masked words: `BertForMaskedLM` and its kin.
    MaskedLm(MaskedLm),
    /// A decoder that predicts the next word: `GPT2LMHeadModel`, `LlamaForCausalLM` and their kin.
    CausalLm(CausalLm),
    /// An encoder that sorts texts: `BertForSequenceClassification` and its kin.
    SequenceClassifier(SequenceClassifier),
    /// An encoder that sorts tokens: `BertForTokenClassification` and its kin.
    TokenClassifier(TokenClassifier),
    /// An encoder that finds answers: `BertForQuestionAnswering` and its kin.
    QuestionAnswering(QuestionAnswering),
    /// An encoder that finds replaced tokens: `ElectraForPreTraining`.
    ReplacedTokens(ReplacedTokens),
}

/// What a [`Model`] gives.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ModelOutput {
    /// Of a bare encoder.
    Encoded(EncoderOutput),
    /// Of a head that scores words, those masked or the next, or labels for each token:
    /// `[tokens, v]`.
    TokenLogits(Array2<f32>),
    /// Of a head that scores labels for each text: `[b, n]`.
    SequenceLogits(Array2<f32>),
    /// Of a head that finds answers.
    Spans(SpanLogits),
    /// Of a head with one score for each token: `[tokens]`.
    TokenScores(Array1<f32>),
}

impl Model {
    /// Loads the model that a Hugging Face directory holds.
    ///
    /// # Errors
    /// If a file is absent or damaged, or the head is not known here.
    ///
    /// PyTorch: the class of transformers that `architectures` names, and its `from_pretrained`.
    pub fn from_dir(
        dir: impl AsRef<Path>,
        options: &LoadOptions,
    ) -> Result<Loaded<Self>, ModelError> {
        let dir = dir.as_ref();
        let config = ModelConfig::from_dir(dir)?;
        let names = family(&config)?.names();
        let head = match config.architectures().first() {
            None => Head::Bare,
            Some(class) => Head::of(class, names).ok_or_else(|| {
                let (found, known) = (class.clone(), Head::known(names));
                ModelError::Architecture { found, known }
            })?,
        };
        let source = Checkpoint::open(dir, options.reading)?;
        Ok(match head {
            Head::Bare => TextEncoder::from_source(config, &source)?.map(Self::Encoder),
            Head::MaskedLm => MaskedLm::from_source(config, &source)?.map(Self::MaskedLm),
            Head::CausalLm => CausalLm::from_source(config, &source)?.map(Self::CausalLm),
            Head::Sequences => {
                SequenceClassifier::from_source(config, &source)?.map(Self::SequenceClassifier)
            }
            Head::Tokens => {
                TokenClassifier::from_source(config, &source)?.map(Self::TokenClassifier)
            }
            Head::Questions => {
                QuestionAnswering::from_source(config, &source)?.map(Self::QuestionAnswering)
            }
            Head::Replaced => {
                ReplacedTokens::from_source(config, &source)?.map(Self::ReplacedTokens)
            }
        })
    }

    /// Saves the parameters as its class of transformers has them. The file is written beside and
    /// renamed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        match self {
            Self::Encoder(encoder) => encoder.save(path),
            Self::MaskedLm(model) => model.save(path),
            Self::CausalLm(model) => model.save(path),
            Self::SequenceClassifier(model) => model.save(path),
            Self::TokenClassifier(model) => model.save(path),
            Self::QuestionAnswering(model) => model.save(path),
            Self::ReplacedTokens(model) => model.save(path),
        }
    }

    /// The class of transformers that it is. Of families of one build, as RoBERTa and XLM-R, it is
    /// that of the first.
    #[must_use]
    pub fn architecture(&self) -> String {
        let head = match self {
            Self::Encoder(_) => Head::Bare,
            Self::MaskedLm(_) => Head::MaskedLm,
            Self::CausalLm(_) => Head::CausalLm,
            Self::SequenceClassifier(_) => Head::Sequences,
            Self::TokenClassifier(_) => Head::Tokens,
            Self::QuestionAnswering(_) => Head::Questions,
            Self::ReplacedTokens(_) => Head::Replaced,
        };
        head.class(self.encoder().names())
    }

    /// What the head makes of the vectors that the encoder gave for some tokens, `[tokens, d]`.
    ///
    /// Without a head they are the output, and there is no pooler's: [`TextEncoder::trace`] has it.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn head_output(
        &self,
        hidden: ArrayView2<'_, f32>,
        input: &TokenIds<'_>,
        scratch: &mut Scratch,
    ) -> Result<ModelOutput> {
        Ok(match self {
            Self::Encoder(_) => {
                let last_hidden_state = hidden.to_owned();
                ModelOutput::Encoded(EncoderOutput { last_hidden_state, pooler_output: None })
            }
            Self::MaskedLm(model) => ModelOutput::TokenLogits(model.predict(hidden, scratch)?),
            Self::CausalLm(model) => ModelOutput::TokenLogits(model.predict(hidden, scratch)?),
            Self::SequenceClassifier(model) => {
                ModelOutput::SequenceLogits(model.classify(hidden, input, scratch)?)
            }
            Self::TokenClassifier(model) => {
                ModelOutput::TokenLogits(model.classify(hidden, scratch)?)
            }
            Self::QuestionAnswering(model) => ModelOutput::Spans(model.find(hidden, scratch)?),
            Self::ReplacedTokens(model) => ModelOutput::TokenScores(model.score(hidden, scratch)?),
        })
    }

    /// The encoder under the head.
    #[must_use]
    pub fn encoder(&self) -> &TextEncoder {
        match self {
            Self::Encoder(encoder) => encoder,
            Self::MaskedLm(model) => model.encoder(),
            Self::CausalLm(model) => model.encoder(),
            Self::SequenceClassifier(model) => model.encoder(),
            Self::TokenClassifier(model) => model.encoder(),
            Self::QuestionAnswering(model) => model.encoder(),
            Self::ReplacedTokens(model) => model.encoder(),
        }
    }
}

impl Params for Model {
    fn visit<'a>(&'a self, path: &mut ParamPath, visit: &mut dyn FnMut(&str, &'a Weight)) {
        match self {
            Self::Encoder(encoder) => encoder.visit(path, visit),
            Self::MaskedLm(model) => model.visit(path, visit),
            Self::CausalLm(model) => model.visit(path, visit),
            Self::SequenceClassifier(model) => model.visit(path, visit),
            Self::TokenClassifier(model) => model.visit(path, visit),
            Self::QuestionAnswering(model) => model.visit(path, visit),
            Self::ReplacedTokens(model) => model.visit(path, visit),
        }
    }

    fn visit_mut(&mut self, path: &mut ParamPath, visit: &mut dyn FnMut(&str, &mut Weight)) {
        match self {
            Self::Encoder(encoder) => encoder.visit_mut(path, visit),
            Self::MaskedLm(model) => model.visit_mut(path, visit),
            Self::CausalLm(model) => model.visit_mut(path, visit),
            Self::SequenceClassifier(model) => model.visit_mut(path, visit),
            Self::TokenClassifier(model) => model.visit_mut(path, visit),
            Self::QuestionAnswering(model) => model.visit_mut(path, visit),
            Self::ReplacedTokens(model) => model.visit_mut(path, visit),
        }
    }
}

impl<'a> Module<TokenIds<'a>> for Model {
    type Output = ModelOutput;

    fn forward(&self, input: TokenIds<'a>) -> Result<ModelOutput> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<ModelOutput> {
        if let Self::Encoder(encoder) = self {
            return encoder.forward_in(input, scratch).map(ModelOutput::Encoded);
        }
        let hidden = self.encoder().hidden(input, scratch)?;
        let output = self.head_output(hidden.view(), &input, scratch)?;
        scratch.give(hidden);
        Ok(output)
    }
}
