//! DistilBERT: a BERT of half the layers that learned from a whole one.
//!
//! [Sanh et al. 2019](https://arxiv.org/abs/1910.01108). It has no segments and no pooler. PyTorch:
//! transformers' `models/distilbert/modeling_distilbert.py`.

use lt_config::{DistilBertConfig, Shared};
use lt_core::{NameMap, Result};
use lt_embedding::PositionIds;
use lt_encoder::SublayerDropout;
use lt_layers::{Activation, Dropout, activation_from_name};
use lt_weights::{Heads, Layout};

use super::bert;
use super::bert::rename;
use crate::family::{
    Family, NO_HEAD, Names, finding_answers, masked_lm_layouts, sorting_texts, sorting_tokens,
};
use crate::initial::{Initial, New};
use crate::masked_lm::{Decoder, MaskedLmHead};
use crate::{HeadDropout, SequenceHead, TextEncoder};

impl Family for DistilBertConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        let shared: Shared<'_> = self.into();
        let embeddings = bert::embeddings(shared, PositionIds::FromZero)?;
        // What attention gives is left whole, as in transformers.
        let feed_forward = Dropout::new(self.dropout)?;
        let dropout = SublayerDropout { feed_forward, ..SublayerDropout::default() };
        let layers = bert::layers_with_dropout(shared, dropout)?;
        Ok(TextEncoder::new(&NAMES, embeddings, layers, shared.max_position_embeddings))
    }

    fn masked_lm_head(&self, decoder: Decoder) -> Result<MaskedLmHead> {
        bert::words(self.into(), activation_from_name(&self.activation)?, decoder)
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        let head = SequenceHead::zeros(self.dim, Activation::Relu, labels)?;
        Ok(head.with_dropout(HeadDropout::before_output(self.seq_classif_dropout)?))
    }

    fn initial(&self, new: New<'_>) -> Initial {
        if self.is_computed(new.name) { Initial::Sines } else { new.usual() }
    }

    /// Sines have no gradient in transformers either: `create_sinusoidal_embeddings`.
    fn is_computed(&self, name: &str) -> bool {
        self.sinusoidal_pos_embds && name.ends_with("embeddings.position.table.weight")
    }

    fn token_dropout(&self) -> f32 {
        self.dropout
    }

    fn question_dropout(&self) -> f32 {
        self.qa_dropout
    }
}

/// The names are those of transformers' modules.
const ENCODER: NameMap = NameMap::new(&[
    rename("embeddings.token", "embeddings.word_embeddings"),
    rename("embeddings.position.table", "embeddings.position_embeddings"),
    rename("embeddings.norm.gain", "embeddings.LayerNorm.weight"),
    rename("embeddings.norm.bias", "embeddings.LayerNorm.bias"),
    rename("encoder.layers.{}.attention.query", "transformer.layer.{}.attention.q_lin"),
    rename("encoder.layers.{}.attention.key", "transformer.layer.{}.attention.k_lin"),
    rename("encoder.layers.{}.attention.value", "transformer.layer.{}.attention.v_lin"),
    rename("encoder.layers.{}.attention.output", "transformer.layer.{}.attention.out_lin"),
    rename("encoder.layers.{}.attention_norm.gain", "transformer.layer.{}.sa_layer_norm.weight"),
    rename("encoder.layers.{}.attention_norm.bias", "transformer.layer.{}.sa_layer_norm.bias"),
    rename("encoder.layers.{}.feed_forward.up", "transformer.layer.{}.ffn.lin1"),
    rename("encoder.layers.{}.feed_forward.down", "transformer.layer.{}.ffn.lin2"),
    rename(
        "encoder.layers.{}.feed_forward_norm.gain",
        "transformer.layer.{}.output_layer_norm.weight",
    ),
    rename(
        "encoder.layers.{}.feed_forward_norm.bias",
        "transformer.layer.{}.output_layer_norm.bias",
    ),
]);

/// The encoder under a head.
const UNDER: NameMap = ENCODER.below("encoder.", "distilbert.");

/// What a DistilBERT checkpoint may hold besides: a buffer and heads.
const SPELLING: Layout = Layout {
    prefixes: &["distilbert."],
    ignored: &[
        "embeddings.position_ids",
        "vocab_transform.*",
        "vocab_layer_norm.*",
        "vocab_projector.*",
        "pre_classifier.*",
        "classifier.*",
        "qa_outputs.*",
    ],
    ..Layout::new(NameMap::new(&[]))
};

static NAMES: Names = Names {
    classes: &["DistilBert"],
    pooler: None,
    encoder: Layout { map: ENCODER, heads: Heads::WithoutPrefix, ..SPELLING },
    causal_lm: None,
    masked_lm: Some(masked_lm_layouts! {
        spelling: SPELLING,
        encoder: UNDER,
        head: [
            rename("head.transform.dense", "vocab_transform"),
            rename("head.transform.norm.gain", "vocab_layer_norm.weight"),
            rename("head.transform.norm.bias", "vocab_layer_norm.bias"),
        ],
        own: ["vocab_transform.*", "vocab_layer_norm.*", "vocab_projector.*"],
        words: "embeddings.word_embeddings.weight",
        decoder: "vocab_projector.weight",
        bias: "vocab_projector.bias",
        decoder_bias: "vocab_projector.bias",
    }),
    sequences: sorting_texts(
        SPELLING,
        NameMap::new(&[
            rename("head.transform.dense", "pre_classifier"),
            rename("head.output", "classifier"),
        ]),
        &[UNDER],
        &["pre_classifier.*", "classifier.*"],
    ),
    tokens: sorting_tokens(SPELLING, UNDER),
    questions: finding_answers(SPELLING, UNDER),
    replaced: NO_HEAD,
};
