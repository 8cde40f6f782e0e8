//! New models, and new heads on encoders that have been trained.

use lt_config::ModelConfig;
use lt_core::{Error, Params, Path, Result, weights};

use super::initialise;
use crate::family::family;
use crate::head::Head;
use crate::{
    CausalLm, Decoder, MaskedLm, QuestionAnswering, ReplacedTokens, SequenceClassifier,
    TextEncoder, TokenClassifier, Top,
};

impl TextEncoder {
    /// A new model, as training begins with it: matrices are drawn from a normal distribution as
    /// wide as the configuration says, biases are 0 and gains 1. Families differ in some of them;
    /// each has what transformers gives it, but that the vector of the padding token is drawn as
    /// all others: no text holds it.
    ///
    /// A parameter's numbers depend on the seed and on its name alone.
    ///
    /// # Errors
    /// As for [`zeros`](Self::zeros).
    ///
    /// PyTorch: transformers' `AutoModel.from_config(config)`.
    pub fn random(config: &ModelConfig, top: Top, seed: u64) -> Result<Self> {
        let mut model = Self::zeros(config, top)?;
        initialise(&mut model, config, seed, |_| true)?;
        Ok(model)
    }

    /// The same without the pooler.
    fn without_pooler(mut self) -> Self {
        self.pooler = None;
        self
    }
}

/// The two ways to get a model with a head that has not been trained.
macro_rules! new_with_head {
    ($model:ident, $name:literal, $class:literal, |$config:ident| $zeros:expr $(, $take_pooler:ident)?) => {
        impl $model {
            /// A new model, as training begins with it: see [`TextEncoder::random`].
            ///
            /// # Errors
            /// As for [`zeros`](Self::zeros).
            ///
            #[doc = concat!("PyTorch: transformers' `", $class, ".from_config(config)`.")]
            pub fn random($config: &ModelConfig, seed: u64) -> Result<Self> {
                let mut model = $zeros?;
                initialise(&mut model, $config, seed, |_| true)?;
                Ok(model)
            }

            /// A new head on an encoder that has been trained: how fine-tuning (微调) begins. The
            /// head is that of [`random`](Self::random).
            ///
            /// # Errors
            /// As for [`zeros`](Self::zeros), and [`Error::Config`] if the encoder is not of this
            /// configuration.
            ///
            #[doc = concat!(
                "PyTorch: transformers' `", $class,
                ".from_pretrained(dir)` where the checkpoint has no such head."
            )]
            pub fn on_encoder(
                $config: &ModelConfig,
                encoder: TextEncoder,
                seed: u64,
            ) -> Result<Self> {
                let mut model = $zeros?;
                initialise(&mut model, $config, seed, |name| !name.starts_with("encoder."))?;
                $($take_pooler(&mut model, $config, &encoder)?;)?
                let encoder = encoder.without_pooler();
                check_fits(concat!($name, "::on_encoder"), &model.encoder, &encoder)?;
                model.encoder = encoder;
                Ok(model)
            }
        }
    };
}

new_with_head!(MaskedLm, "MaskedLm", "AutoModelForMaskedLM", |config| {
    Self::zeros(config, decoder(config))
});
new_with_head!(CausalLm, "CausalLm", "AutoModelForCausalLM", |config| {
    Self::zeros(config, decoder(config))
});
new_with_head!(
    SequenceClassifier,
    "SequenceClassifier",
    "AutoModelForSequenceClassification",
    |config| Self::zeros(config),
    take_pooler
);
new_with_head!(TokenClassifier, "TokenClassifier", "AutoModelForTokenClassification", |config| {
    Self::zeros(config)
});
new_with_head!(QuestionAnswering, "QuestionAnswering", "AutoModelForQuestionAnswering", |config| {
    Self::zeros(config)
});
new_with_head!(ReplacedTokens, "ReplacedTokens", "ElectraForPreTraining", |config| {
    Self::zeros(config)
});

/// Which matrix scores words, by the configuration.
fn decoder(config: &ModelConfig) -> Decoder {
    if config.shared().tie_word_embeddings { Decoder::Tied } else { Decoder::Own }
}

/// In some families the pooler is the first layer of the head that sorts texts, and it has been
/// trained: it is taken over.
fn take_pooler(
    model: &mut SequenceClassifier,
    config: &ModelConfig,
    encoder: &TextEncoder,
) -> Result<()> {
    let is_of_head = family(config)?.names().own(Head::Sequences).contains(&"pooler.*");
    let Some(pooler) = encoder.pooler().filter(|_| is_of_head) else { return Ok(()) };
    let mut result = Ok(());
    for (name, trained) in weights(pooler) {
        let ours = format!("head.transform.{name}");
        model.visit_mut(&mut Path::new(), &mut |name, weight| {
            if name == ours && result.is_ok() {
                result = weight.assign(trained.clone());
            }
        });
    }
    result
}

/// Refuses an encoder whose parameters are not those of the configuration.
fn check_fits(at: &'static str, expected: &TextEncoder, encoder: &TextEncoder) -> Result<()> {
    let list = |encoder: &TextEncoder| -> Vec<String> {
        let each = weights(encoder).into_iter();
        each.map(|(name, weight)| format!("{name} {:?}", weight.shape())).collect()
    };
    let (expected, got) = (list(expected), list(encoder));
    if expected == got {
        return Ok(());
    }
    let missing = "nothing".to_owned();
    let places = 0..expected.len().max(got.len());
    let place = places.into_iter().find(|&place| expected.get(place) != got.get(place));
    let of = |list: &[String]| place.and_then(|place| list.get(place)).unwrap_or(&missing).clone();
    let expected = format!("{}, as the configuration says", of(&expected));
    Err(Error::Config { at, field: "encoder", got: of(&got), expected })
}
