//! What a family of models brings: how it is built, and what its checkpoints call it.

use lt_config::ModelConfig;
use lt_core::{Error, NameMap, Result, Rule};
use lt_weights::Layout;

use crate::head::Head;
use crate::initial::{Initial, New};
use crate::masked_lm::{Decoder, MaskedLmHead};
use crate::{HeadTransform, SequenceHead, TextEncoder};

/// A family of models, at the sizes of one configuration.
pub(crate) trait Family {
    /// What its checkpoints call it.
    fn names(&self) -> &'static Names;

    /// Its body, of zeros, without a pooler.
    fn encoder(&self) -> Result<TextEncoder>;

    /// Its head for masked words, of zeros; decoders have none.
    fn masked_lm_head(&self, decoder: Decoder) -> Result<MaskedLmHead> {
        let _ = decoder;
        Err(Error::Config {
            at: "MaskedLm::zeros",
            field: "model_type",
            got: "a family of decoders".to_owned(),
            expected: "one whose head predicts masked words".to_owned(),
        })
    }

    /// What its scores of the next word are bent towards, if they are.
    fn logit_cap(&self) -> Option<f32> {
        None
    }

    /// Its head that sorts whole texts, of zeros.
    fn sequence_head(&self, labels: usize) -> Result<SequenceHead>;

    /// What its head that finds replaced tokens begins with, of zeros; most have none.
    fn replaced_transform(&self) -> Result<Option<HeadTransform>> {
        Ok(None)
    }

    /// What a new parameter begins with.
    fn initial(&self, new: New<'_>) -> Initial {
        new.usual()
    }

    /// Whether the parameter of this name is computed: training leaves it as it is.
    fn is_computed(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// How much training drops of the vectors that its head scores which sorts tokens.
    fn token_dropout(&self) -> f32;

    /// How much training drops of the vectors that its head scores which finds answers; most drop
    /// nothing.
    fn question_dropout(&self) -> f32 {
        0.0
    }

    /// What its heads that score tokens begin with, of zeros; most score them as they are.
    fn token_transform(&self) -> Result<Option<HeadTransform>> {
        Ok(None)
    }
}

/// What heads on decoders that sort tokens drop in training where the configuration does not say.
/// PyTorch: transformers' `GenericForTokenClassification`.
pub(crate) const DECODERS_DROPOUT: f32 = 0.1;

/// The family that this configuration belongs to.
pub(crate) fn family(config: &ModelConfig) -> Result<&dyn Family> {
    match config {
        ModelConfig::Bert(config) => Ok(config),
        ModelConfig::Roberta(config) => Ok(config),
        ModelConfig::DistilBert(config) => Ok(config),
        ModelConfig::Electra(config) => Ok(config),
        ModelConfig::Albert(config) => Ok(config),
        ModelConfig::Mpnet(config) => Ok(config),
        ModelConfig::ModernBert(config) => Ok(config),
        ModelConfig::Gpt2(config) => Ok(config),
        ModelConfig::Llama(config) => Ok(config),
        ModelConfig::Mistral(config) => Ok(config),
        ModelConfig::Qwen2(config) => Ok(config),
        ModelConfig::Qwen3(config) => Ok(config),
        ModelConfig::Gemma3Text(config) => Ok(config),
        other => Err(Error::Config {
            at: "TextEncoder::zeros",
            field: "model_type",
            got: other.family().to_owned(),
            expected: "a family of encoders or decoders".to_owned(),
        }),
    }
}

/// How a family writes its checkpoints, with each head.
#[derive(Debug)]
pub(crate) struct Names {
    /// What the names of its classes begin with in transformers: `Bert`.
    pub(crate) classes: &'static [&'static str],
    /// A tensor that a checkpoint with a pooler has, as [`Layout::canonical`] writes it.
    pub(crate) pooler: Option<&'static str>,
    /// Without a head. Heads that a checkpoint has besides are passed over, whatever they are:
    /// where the encoder's names begin with a prefix, those of a head do not.
    pub(crate) encoder: Layout,
    /// With a head that predicts masked words; decoders have none.
    pub(crate) masked_lm: Option<MaskedLmLayouts>,
    /// With a head that predicts the next word; encoders have none.
    pub(crate) causal_lm: Option<CausalLmLayouts>,
    /// With a head that sorts texts, that sorts tokens, that finds answers, that finds replaced
    /// tokens ([`NO_HEAD`] where the family has none).
    pub(crate) sequences: Layout,
    pub(crate) tokens: Layout,
    pub(crate) questions: Layout,
    pub(crate) replaced: Layout,
}

/// Of a head that a family does not have.
pub(crate) const NO_HEAD: Layout = Layout::new(NameMap::new(&[]));

impl Names {
    /// The tensors of a head, as [`Layout::own`] has them.
    pub(crate) fn own(&self, head: Head) -> &'static [&'static str] {
        match head {
            Head::Bare => &[],
            Head::MaskedLm => self.masked_lm.as_ref().map_or(&[], |layouts| layouts.tied.own),
            Head::CausalLm => self.causal_lm.as_ref().map_or(&[], |layouts| layouts.tied.own),
            Head::Sequences => self.sequences.own,
            Head::Tokens => self.tokens.own,
            Head::Questions => self.questions.own,
            Head::Replaced => self.replaced.own,
        }
    }
}

/// There is one of each family.
impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.classes == other.classes
    }
}

/// With a head that sorts texts: these rules are those of the head.
pub(crate) const fn sorting_texts(
    spelling: Layout,
    head: NameMap,
    encoder: &'static [NameMap],
    own: &'static [&'static str],
) -> Layout {
    // The head first: what it takes of an encoder's names, a pooler, is its own here.
    Layout { map: head.and(encoder), own, ..spelling }
}

/// With a head that sorts tokens: most families call its matrix `classifier`, and have no other.
pub(crate) const fn sorting_tokens(spelling: Layout, encoder: NameMap) -> Layout {
    const HEAD: NameMap =
        NameMap::new(&[Rule::Rename { ours: "head.output", theirs: "classifier" }]);
    Layout { map: encoder.and(&[HEAD]), own: &["classifier.*"], ..spelling }
}

/// With a head that finds answers: most families call its matrix `qa_outputs`, and have no other.
pub(crate) const fn finding_answers(spelling: Layout, encoder: NameMap) -> Layout {
    const HEAD: NameMap =
        NameMap::new(&[Rule::Rename { ours: "head.output", theirs: "qa_outputs" }]);
    Layout { map: encoder.and(&[HEAD]), own: &["qa_outputs.*"], ..spelling }
}

/// How a checkpoint with a masked-LM head is written. Names are canonical, but for the maps.
#[derive(Debug)]
pub(crate) struct MaskedLmLayouts {
    /// The decoder is the table of token vectors.
    pub(crate) tied: Layout,
    /// The same where the bias is stored by the decoder's name too: that one is added.
    pub(crate) tied_with_decoder_bias: Layout,
    /// The decoder is a matrix of its own. Its bias is then stored with it; the other of that name
    /// is not used.
    pub(crate) untied: Layout,
    /// The decoder's matrix.
    pub(crate) decoder: &'static str,
    /// The bias, by the decoder's name.
    pub(crate) decoder_bias: &'static str,
}

/// How a checkpoint that predicts the next word is written.
#[derive(Debug)]
pub(crate) struct CausalLmLayouts {
    /// The class of transformers.
    pub(crate) class: &'static str,
    /// The head is the table of token vectors.
    pub(crate) tied: Layout,
    /// The head is a matrix of its own.
    pub(crate) untied: Layout,
}

impl CausalLmLayouts {
    /// The head's matrix, canonical, in every family.
    pub(crate) const HEAD: &str = "lm_head.weight";
}

/// [`CausalLmLayouts`] from the names of a family. The body's names begin with `encoder.` here.
macro_rules! causal_lm_layouts {
    {
        class: $class:literal,
        spelling: $spelling:expr,
        body: $body:expr,
        words: $words:literal $(,)?
    } => {{
        use lt_core::{NameMap, Rule};
        use lt_weights::Layout;
        const UNTIED: NameMap =
            NameMap::new(&[Rule::Rename { ours: "head", theirs: "lm_head.weight" }]);
        const SHARED: Layout = Layout { own: &["lm_head.*"], ..$spelling };
        $crate::family::CausalLmLayouts {
            class: $class,
            tied: Layout { map: $body, tied: &[("lm_head.weight", $words)], ..SHARED },
            untied: Layout { map: $body.and(&[UNTIED]), ..SHARED },
        }
    }};
}

pub(crate) use causal_lm_layouts;

/// [`MaskedLmLayouts`] from the names of a family. A bias of one name only is given twice.
macro_rules! masked_lm_layouts {
    {
        spelling: $spelling:expr,
        encoder: $encoder:expr,
        head: [$($rule:expr),* $(,)?],
        own: [$($own:literal),*],
        words: $words:literal,
        decoder: $decoder:literal,
        bias: $bias:literal,
        decoder_bias: $decoder_bias:literal $(,)?
    } => {{
        use lt_core::{NameMap, Rule};
        use lt_weights::Layout;
        const fn bias(theirs: &'static str) -> Rule {
            Rule::Rename { ours: "head.bias", theirs }
        }
        const TIED: NameMap = NameMap::new(&[$($rule,)* bias($bias)]);
        const BY_DECODER: NameMap = NameMap::new(&[$($rule,)* bias($decoder_bias)]);
        const UNTIED: NameMap = NameMap::new(&[
            $($rule,)*
            bias($decoder_bias),
            Rule::Rename { ours: "head.decoder", theirs: $decoder },
        ]);
        const SHARED: Layout = Layout { own: &[$($own),*], ..$spelling };
        $crate::family::MaskedLmLayouts {
            tied: Layout {
                map: $encoder.and(&[TIED]),
                tied: &[($decoder, $words), ($decoder_bias, $bias)],
                ..SHARED
            },
            tied_with_decoder_bias: Layout {
                map: $encoder.and(&[BY_DECODER]),
                tied: &[($decoder, $words), ($bias, $decoder_bias)],
                ..SHARED
            },
            untied: Layout {
                map: $encoder.and(&[UNTIED]),
                tied: &[($bias, $decoder_bias)],
                ..SHARED
            },
            decoder: $decoder,
            decoder_bias: $decoder_bias,
        }
    }};
}
pub(crate) use masked_lm_layouts;
