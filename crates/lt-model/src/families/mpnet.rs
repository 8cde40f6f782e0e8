//! `MPNet`: a BERT whose attention also knows how far apart two tokens are.
//!
//! [Song et al. 2020](https://arxiv.org/abs/2004.09297). Its relative positions are those of T5
//! ([Raffel et al. 2019](https://arxiv.org/abs/1910.10683)). PyTorch: transformers'
//! `models/mpnet/modeling_mpnet.py`.

use lt_config::{MpnetConfig, Shared};
use lt_core::{NameMap, Result, Weight};
use lt_embedding::{Buckets, Embedding, RelativeBias};
use lt_layers::Activation;
use lt_weights::{Heads, Layout};

use super::bert::rename;
use super::roberta::{TEXTS, lm_head_layouts};
use super::{bert, roberta};
use crate::family::{Family, NO_HEAD, Names, finding_answers, sorting_texts, sorting_tokens};
use crate::masked_lm::{Decoder, MaskedLmHead};
use crate::{HeadDropout, SequenceHead, TextEncoder};

impl Family for MpnetConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        let shared: Shared<'_> = self.into();
        let positions = roberta::after_padding(Self::POSITION_PADDING)?;
        let embeddings = bert::embeddings(shared, positions)?;
        let layers = bert::layers(shared)?.with_relative(distances(self)?)?;
        Ok(TextEncoder::new(&NAMES, embeddings, layers, shared.max_position_embeddings))
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
        self.hidden_dropout_prob
    }
}

/// One table for all layers.
fn distances(config: &MpnetConfig) -> Result<RelativeBias> {
    let shape = [config.relative_attention_num_buckets, config.num_attention_heads];
    let table = Embedding::new(Weight::zeros(&shape))?;
    RelativeBias::new(table, Buckets::new(MpnetConfig::BUCKETS, MpnetConfig::MAX_DISTANCE)?)
}

/// A layer, by its number.
macro_rules! layer {
    ($ours:literal, $theirs:literal) => {
        rename(concat!("encoder.layers.{}.", $ours), concat!("encoder.layer.{}.", $theirs))
    };
}

/// The names are those of transformers' modules. `pooler.dense` has the same name here.
const ENCODER: NameMap = NameMap::new(&[
    rename("embeddings.token", "embeddings.word_embeddings"),
    rename("embeddings.position.table", "embeddings.position_embeddings"),
    rename("embeddings.norm.gain", "embeddings.LayerNorm.weight"),
    rename("embeddings.norm.bias", "embeddings.LayerNorm.bias"),
    layer!("attention.query", "attention.attn.q"),
    layer!("attention.key", "attention.attn.k"),
    layer!("attention.value", "attention.attn.v"),
    layer!("attention.output", "attention.attn.o"),
    layer!("attention_norm.gain", "attention.LayerNorm.weight"),
    layer!("attention_norm.bias", "attention.LayerNorm.bias"),
    layer!("feed_forward.up", "intermediate.dense"),
    layer!("feed_forward.down", "output.dense"),
    layer!("feed_forward_norm.gain", "output.LayerNorm.weight"),
    layer!("feed_forward_norm.bias", "output.LayerNorm.bias"),
    rename("encoder.relative.table", "encoder.relative_attention_bias"),
]);

/// The encoder under a head.
const UNDER: NameMap = ENCODER.below("encoder.", "mpnet.");

/// What an `MPNet` checkpoint may hold besides: a buffer and heads.
const SPELLING: Layout = Layout {
    prefixes: &["mpnet."],
    ignored: &["embeddings.position_ids", "pooler.*", "lm_head.*", "classifier.*", "qa_outputs.*"],
    ..Layout::new(NameMap::new(&[]))
};

static NAMES: Names = Names {
    classes: &["MPNet"],
    pooler: Some("pooler.dense.weight"),
    encoder: Layout { map: ENCODER, own: &["pooler.*"], heads: Heads::WithoutPrefix, ..SPELLING },
    causal_lm: None,
    masked_lm: Some(lm_head_layouts!(SPELLING, UNDER)),
    sequences: sorting_texts(SPELLING, TEXTS, &[UNDER], &["classifier.*"]),
    tokens: sorting_tokens(SPELLING, UNDER),
    questions: finding_answers(SPELLING, UNDER),
    replaced: NO_HEAD,
};
