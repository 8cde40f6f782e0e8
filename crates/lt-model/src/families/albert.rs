//! ALBERT: a BERT of narrow tables, whose layers are one layer run many times.
//!
//! [Lan et al. 2019](https://arxiv.org/abs/1909.11942). PyTorch: transformers'
//! `models/albert/modeling_albert.py`.

use lt_config::{AlbertConfig, Shared};
use lt_core::{NameMap, Result};
use lt_embedding::PositionIds;
use lt_encoder::{Encoder, EncoderLayer, Stack, SublayerDropout};
use lt_layers::{Activation, Dropout, Linear, activation_from_name};
use lt_weights::{Heads, Layout};

use super::bert;
use super::bert::rename;
use crate::family::{
    Family, NO_HEAD, Names, finding_answers, masked_lm_layouts, sorting_texts, sorting_tokens,
};
use crate::masked_lm::{Decoder, MaskedLmHead};
use crate::{HeadDropout, SequenceHead, TextEncoder};

impl Family for AlbertConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        let shared: Shared<'_> = self.into();
        let embeddings = bert::embeddings(shared, PositionIds::FromZero)?;
        let layers = Encoder::of_stack(groups(self)?, None);
        let encoder = TextEncoder::new(&NAMES, embeddings, layers, shared.max_position_embeddings);
        // There is a matrix even where it widens nothing.
        Ok(encoder.widened(Linear::zeros(self.embedding_size, self.hidden_size)?))
    }

    fn masked_lm_head(&self, decoder: Decoder) -> Result<MaskedLmHead> {
        bert::words(self.into(), activation_from_name(&self.hidden_act)?, decoder)
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        let head = SequenceHead::zeros(self.hidden_size, Activation::Tanh, labels)?;
        Ok(head.with_dropout(HeadDropout::before_output(self.token_dropout())?))
    }

    fn token_dropout(&self) -> f32 {
        self.classifier_dropout_prob
    }
}

/// Few groups of layers, run many times.
fn groups(config: &AlbertConfig) -> Result<Stack<EncoderLayer>> {
    // What the feed-forward layer gives is left whole, as in transformers.
    let attention = Dropout::new(config.hidden_dropout_prob)?;
    let dropout = SublayerDropout { attention, ..SublayerDropout::default() };
    let layer = |_| bert::layer(config.into(), dropout);
    let group = || (0..config.inner_group_num).map(layer).collect();
    let groups = (0..config.num_hidden_groups).map(|_| group()).collect::<Result<_>>()?;
    let order = (0..config.num_hidden_layers).map(|layer| config.group_of(layer)).collect();
    Stack::of_groups(groups, order)
}

/// A layer, by the number of its group and its number there.
macro_rules! layer {
    ($ours:literal, $theirs:literal) => {
        rename(
            concat!("encoder.layers.{}.{}.", $ours),
            concat!("encoder.albert_layer_groups.{}.albert_layers.{}.", $theirs),
        )
    };
}

/// The names are those of transformers' modules.
const ENCODER: NameMap = NameMap::new(&[
    rename("embeddings.token", "embeddings.word_embeddings"),
    rename("embeddings.segment", "embeddings.token_type_embeddings"),
    rename("embeddings.position.table", "embeddings.position_embeddings"),
    rename("embeddings.norm.gain", "embeddings.LayerNorm.weight"),
    rename("embeddings.norm.bias", "embeddings.LayerNorm.bias"),
    rename("embeddings_project", "encoder.embedding_hidden_mapping_in"),
    layer!("attention.query", "attention.query"),
    layer!("attention.key", "attention.key"),
    layer!("attention.value", "attention.value"),
    layer!("attention.output", "attention.dense"),
    layer!("attention_norm.gain", "attention.LayerNorm.weight"),
    layer!("attention_norm.bias", "attention.LayerNorm.bias"),
    layer!("feed_forward.up", "ffn"),
    layer!("feed_forward.down", "ffn_output"),
    layer!("feed_forward_norm.gain", "full_layer_layer_norm.weight"),
    layer!("feed_forward_norm.bias", "full_layer_layer_norm.bias"),
    rename("pooler.dense", "pooler"),
]);

/// The encoder under a head.
const UNDER: NameMap = ENCODER.below("encoder.", "albert.");

/// What an ALBERT checkpoint may hold besides: a buffer and heads.
const SPELLING: Layout = Layout {
    prefixes: &["albert."],
    ignored: &[
        "embeddings.position_ids",
        "embeddings.token_type_ids",
        "pooler.*",
        "predictions.*",
        "sop_classifier.*",
        "classifier.*",
        "qa_outputs.*",
    ],
    ..Layout::new(NameMap::new(&[]))
};

static NAMES: Names = Names {
    classes: &["Albert"],
    pooler: Some("pooler.weight"),
    encoder: Layout { map: ENCODER, own: &["pooler.*"], heads: Heads::WithoutPrefix, ..SPELLING },
    causal_lm: None,
    masked_lm: Some(masked_lm_layouts! {
        spelling: SPELLING,
        encoder: UNDER,
        head: [
            rename("head.transform.dense", "predictions.dense"),
            rename("head.transform.norm.gain", "predictions.LayerNorm.weight"),
            rename("head.transform.norm.bias", "predictions.LayerNorm.bias"),
        ],
        own: ["predictions.*"],
        words: "embeddings.word_embeddings.weight",
        decoder: "predictions.decoder.weight",
        bias: "predictions.bias",
        decoder_bias: "predictions.decoder.bias",
    }),
    sequences: sorting_texts(
        SPELLING,
        NameMap::new(&[
            rename("head.transform.dense", "albert.pooler"),
            rename("head.output", "classifier"),
        ]),
        &[UNDER],
        &["classifier.*", "pooler.*"],
    ),
    tokens: sorting_tokens(SPELLING, UNDER),
    questions: finding_answers(SPELLING, UNDER),
    replaced: NO_HEAD,
};
