//! ELECTRA: BERT that learned to tell which words were replaced.
//!
//! [Clark et al. 2020](https://arxiv.org/abs/2003.10555). Its tables may be narrower than its
//! layers, and there is no pooler. PyTorch: transformers' `models/electra/modeling_electra.py`.

use lt_config::{ElectraConfig, Shared};
use lt_core::{NameMap, Result};
use lt_embedding::PositionIds;
use lt_layers::{Activation, Linear, activation_from_name};
use lt_weights::{Heads, Layout};

use super::bert;
use super::bert::rename;
use super::roberta::TEXTS;
use crate::family::{
    Family, Names, finding_answers, masked_lm_layouts, sorting_texts, sorting_tokens,
};
use crate::masked_lm::{Decoder, MaskedLmHead};
use crate::{HeadDropout, HeadTransform, SequenceHead, TextEncoder};

impl Family for ElectraConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        let (d, e) = (self.hidden_size, self.embedding_size);
        let shared: Shared<'_> = self.into();
        let embeddings = bert::embeddings(shared, PositionIds::FromZero)?;
        let encoder = TextEncoder::new(
            &NAMES,
            embeddings,
            bert::layers(shared)?,
            shared.max_position_embeddings,
        );
        if e == d { Ok(encoder) } else { Ok(encoder.widened(Linear::zeros(e, d)?)) }
    }

    fn masked_lm_head(&self, decoder: Decoder) -> Result<MaskedLmHead> {
        bert::words(self.into(), Activation::Gelu, decoder)
    }

    fn replaced_transform(&self) -> Result<Option<HeadTransform>> {
        let dense = Linear::zeros(self.hidden_size, self.hidden_size)?;
        HeadTransform::new(dense, activation_from_name(&self.hidden_act)?, None).map(Some)
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        let head = SequenceHead::zeros(self.hidden_size, Activation::Gelu, labels)?;
        Ok(head.with_dropout(HeadDropout::around_transform(self.token_dropout())?))
    }

    fn token_dropout(&self) -> f32 {
        self.classifier_dropout.unwrap_or(self.hidden_dropout_prob)
    }
}

/// The encoder under a head: its names are BERT's, and `embeddings_project` is called the same
/// here.
const UNDER: NameMap = bert::ENCODER.below("encoder.", "electra.");

/// What an ELECTRA checkpoint may hold besides: a buffer and heads.
const SPELLING: Layout = Layout {
    prefixes: &["electra."],
    ignored: &[
        "embeddings.position_ids",
        "embeddings.token_type_ids",
        "generator_predictions.*",
        "generator_lm_head.*",
        "discriminator_predictions.*",
        "classifier.*",
        "qa_outputs.*",
    ],
    ..Layout::new(NameMap::new(&[]))
};

static NAMES: Names = Names {
    classes: &["Electra"],
    pooler: None,
    encoder: Layout { map: bert::ENCODER, heads: Heads::WithoutPrefix, ..SPELLING },
    causal_lm: None,
    masked_lm: Some(masked_lm_layouts! {
        spelling: SPELLING,
        encoder: UNDER,
        head: [
            rename("head.transform.dense", "generator_predictions.dense"),
            rename("head.transform.norm.gain", "generator_predictions.LayerNorm.weight"),
            rename("head.transform.norm.bias", "generator_predictions.LayerNorm.bias"),
        ],
        own: ["generator_predictions.*", "generator_lm_head.*"],
        words: "embeddings.word_embeddings.weight",
        decoder: "generator_lm_head.weight",
        bias: "generator_lm_head.bias",
        decoder_bias: "generator_lm_head.bias",
    }),
    sequences: sorting_texts(SPELLING, TEXTS, &[UNDER], &["classifier.*"]),
    tokens: sorting_tokens(SPELLING, UNDER),
    questions: finding_answers(SPELLING, UNDER),
    replaced: Layout {
        map: UNDER.and(&[NameMap::new(&[
            rename("head.transform.dense", "discriminator_predictions.dense"),
            rename("head.output", "discriminator_predictions.dense_prediction"),
        ])]),
        own: &["discriminator_predictions.*"],
        ..SPELLING
    },
};
