//! RoBERTa: BERT trained longer, on whole texts, with positions counted from behind the padding.
//!
//! [Liu et al. 2019](https://arxiv.org/abs/1907.11692). XLM-R
//! ([Conneau et al. 2020](https://arxiv.org/abs/1911.02116)) and CamemBERT are the same model with
//! other vocabularies. PyTorch: transformers' `models/roberta/modeling_roberta.py`.

use lt_config::{RobertaConfig, Shared};
use lt_core::{Error, NameMap, Result};
use lt_embedding::PositionIds;
use lt_layers::Activation;
use lt_weights::{Heads, Layout};

use super::bert;
use super::bert::rename;
use crate::family::{Family, NO_HEAD, Names, finding_answers, sorting_texts, sorting_tokens};
use crate::masked_lm::{Decoder, MaskedLmHead};
use crate::{HeadDropout, SequenceHead, TextEncoder};

impl Family for RobertaConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        let shared: Shared<'_> = self.into();
        let embeddings = bert::embeddings(shared, after_padding(self.pad_token_id)?)?;
        Ok(TextEncoder::new(
            &NAMES,
            embeddings,
            bert::layers(shared)?,
            shared.max_position_embeddings,
        ))
    }

    fn masked_lm_head(&self, decoder: Decoder) -> Result<MaskedLmHead> {
        // Always GELU, whatever the layers have.
        bert::words(self.into(), Activation::Gelu, decoder)
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        let head = SequenceHead::zeros(self.hidden_size, Activation::Tanh, labels)?;
        Ok(head.with_dropout(HeadDropout::around_transform(self.token_dropout())?))
    }

    fn token_dropout(&self) -> f32 {
        self.classifier_dropout.unwrap_or(self.hidden_dropout_prob)
    }
}

/// Positions that are counted from behind this id.
pub(super) fn after_padding(id: usize) -> Result<PositionIds> {
    let id = u32::try_from(id).map_err(|_| Error::Config {
        at: "TextEncoder::zeros",
        field: "pad_token_id",
        got: id.to_string(),
        expected: "an id of the vocabulary".to_owned(),
    })?;
    Ok(PositionIds::AfterPadding(id))
}

/// What a RoBERTa checkpoint may hold besides: buffers and heads.
const SPELLING: Layout = Layout {
    prefixes: &["roberta."],
    aliases: &[("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")],
    ignored: &[
        "embeddings.position_ids",
        "embeddings.token_type_ids",
        "pooler.*",
        "lm_head.*",
        "classifier.*",
        "qa_outputs.*",
    ],
    ..Layout::new(NameMap::new(&[]))
};

/// The encoder under a head: its names are BERT's.
const UNDER: NameMap = bert::ENCODER.below("encoder.", "roberta.");

/// The head that sorts texts, which ELECTRA has too.
pub(super) const TEXTS: NameMap = NameMap::new(&[
    rename("head.transform.dense", "classifier.dense"),
    rename("head.output", "classifier.out_proj"),
]);

/// The head for masked words, which `MPNet` has too.
macro_rules! lm_head_layouts {
    ($spelling:expr, $encoder:expr) => {
        $crate::family::masked_lm_layouts! {
            spelling: $spelling,
            encoder: $encoder,
            head: [
                rename("head.transform.dense", "lm_head.dense"),
                rename("head.transform.norm.gain", "lm_head.layer_norm.weight"),
                rename("head.transform.norm.bias", "lm_head.layer_norm.bias"),
            ],
            own: ["lm_head.*"],
            words: "embeddings.word_embeddings.weight",
            decoder: "lm_head.decoder.weight",
            bias: "lm_head.bias",
            decoder_bias: "lm_head.decoder.bias",
        }
    };
}
pub(super) use lm_head_layouts;

static NAMES: Names = Names {
    classes: &["Roberta", "XLMRoberta", "Camembert"],
    pooler: Some("pooler.dense.weight"),
    encoder: Layout {
        map: bert::ENCODER,
        own: &["pooler.*"],
        heads: Heads::WithoutPrefix,
        ..SPELLING
    },
    causal_lm: None,
    masked_lm: Some(lm_head_layouts!(SPELLING, UNDER)),
    sequences: sorting_texts(SPELLING, TEXTS, &[UNDER], &["classifier.*"]),
    tokens: sorting_tokens(SPELLING, UNDER),
    questions: finding_answers(SPELLING, UNDER),
    replaced: NO_HEAD,
};
