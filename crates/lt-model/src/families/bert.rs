//! BERT: an encoder that looks both ways, with the norms behind its sublayers.
//!
//! [Devlin et al. 2018](https://arxiv.org/abs/1810.04805). PyTorch: transformers'
//! `models/bert/modeling_bert.py`.

use lt_attention::{AttentionConfig, MultiHeadAttention};
use lt_config::{BertConfig, Shared};
use lt_core::{NameMap, Result, Rule, Weight};
use lt_embedding::{Embedding, PositionIds, Positions, TextEmbeddings};
use lt_encoder::{Encoder, EncoderLayer, NormPlacement, Norms, SublayerDropout};
use lt_layers::{Activation, Dropout, FeedForward, LayerNorm, Linear, activation_from_name};
use lt_weights::{Heads, Layout};

use crate::family::{
    Family, NO_HEAD, Names, finding_answers, masked_lm_layouts, sorting_texts, sorting_tokens,
};
use crate::masked_lm::{Decoder, MaskedLmHead};
use crate::{HeadDropout, HeadTransform, SequenceHead, TextEncoder};

impl Family for BertConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        let shared: Shared<'_> = self.into();
        let embeddings = embeddings(shared, PositionIds::FromZero)?;
        Ok(TextEncoder::new(&NAMES, embeddings, layers(shared)?, shared.max_position_embeddings))
    }

    fn masked_lm_head(&self, decoder: Decoder) -> Result<MaskedLmHead> {
        words(self.into(), activation_from_name(&self.hidden_act)?, decoder)
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        let head = SequenceHead::zeros(self.hidden_size, Activation::Tanh, labels)?;
        Ok(head.with_dropout(HeadDropout::before_output(self.token_dropout())?))
    }

    fn token_dropout(&self) -> f32 {
        self.classifier_dropout.unwrap_or(self.hidden_dropout_prob)
    }
}

/// Tables of tokens, of positions, and of segments if there are any.
pub(super) fn embeddings(shared: Shared<'_>, positions: PositionIds) -> Result<TextEmbeddings> {
    let width = shared.embedding_size;
    let table = |rows| Embedding::new(Weight::zeros(&[rows, width]));
    let segments = match shared.type_vocab_size {
        0 => None,
        rows => Some(table(rows)?),
    };
    TextEmbeddings::new(
        table(shared.vocab_size)?,
        segments,
        Positions::new(table(shared.max_position_embeddings)?, positions)?,
        LayerNorm::zeros(width, shared.layer_norm_eps)?,
        Dropout::new(shared.hidden_dropout_prob)?,
    )
}

/// Layers of BERT's kind, each with parameters of its own.
pub(super) fn layers(shared: Shared<'_>) -> Result<Encoder> {
    layers_with_dropout(shared, Dropout::new(shared.hidden_dropout_prob)?.into())
}

/// The same, of whose sublayers training drops so much.
pub(super) fn layers_with_dropout(shared: Shared<'_>, dropout: SublayerDropout) -> Result<Encoder> {
    let layers = (0..shared.num_hidden_layers).map(|_| layer(shared, dropout));
    Ok(Encoder::new(layers.collect::<Result<_>>()?, None))
}

/// A layer of BERT's kind, of whose sublayers training drops so much.
pub(super) fn layer(shared: Shared<'_>, dropout: SublayerDropout) -> Result<EncoderLayer> {
    let (d, wide) = (shared.hidden_size, shared.intermediate_size);
    let of_weights = Dropout::new(shared.attention_probs_dropout_prob)?;
    let attention = AttentionConfig::new(shared.num_attention_heads).dropout(of_weights);
    let activation = activation_from_name(shared.hidden_act)?;
    let norm = || LayerNorm::zeros(d, shared.layer_norm_eps);
    let layer = EncoderLayer::new(
        MultiHeadAttention::zeros(d, attention)?,
        FeedForward::new(Linear::zeros(d, wide)?, activation, Linear::zeros(wide, d)?)?,
        Norms { attention: Some(norm()?), feed_forward: norm()?, placement: NormPlacement::Post },
    )?;
    Ok(layer.with_dropout(dropout))
}

/// The head for masked words: from the width of the layers to that of the table.
pub(super) fn words(
    shared: Shared<'_>,
    activation: Activation,
    decoder: Decoder,
) -> Result<MaskedLmHead> {
    let (d, e) = (shared.hidden_size, shared.embedding_size);
    let norm = LayerNorm::zeros(e, shared.layer_norm_eps)?;
    let transform = HeadTransform::new(Linear::zeros(d, e)?, activation, norm)?;
    Ok(MaskedLmHead::zeros(transform, shared.vocab_size, decoder))
}

pub(super) const fn rename(ours: &'static str, theirs: &'static str) -> Rule {
    Rule::Rename { ours, theirs }
}

/// The names are those of transformers' modules. `pooler.dense` has the same name here.
pub(super) const ENCODER: NameMap = NameMap::new(&[
    rename("embeddings.token", "embeddings.word_embeddings"),
    rename("embeddings.segment", "embeddings.token_type_embeddings"),
    rename("embeddings.position.table", "embeddings.position_embeddings"),
    rename("embeddings.norm.gain", "embeddings.LayerNorm.weight"),
    rename("embeddings.norm.bias", "embeddings.LayerNorm.bias"),
    rename("encoder.layers.{}.attention.query", "encoder.layer.{}.attention.self.query"),
    rename("encoder.layers.{}.attention.key", "encoder.layer.{}.attention.self.key"),
    rename("encoder.layers.{}.attention.value", "encoder.layer.{}.attention.self.value"),
    rename("encoder.layers.{}.attention.output", "encoder.layer.{}.attention.output.dense"),
    rename(
        "encoder.layers.{}.attention_norm.gain",
        "encoder.layer.{}.attention.output.LayerNorm.weight",
    ),
    rename(
        "encoder.layers.{}.attention_norm.bias",
        "encoder.layer.{}.attention.output.LayerNorm.bias",
    ),
    rename("encoder.layers.{}.feed_forward.up", "encoder.layer.{}.intermediate.dense"),
    rename("encoder.layers.{}.feed_forward.down", "encoder.layer.{}.output.dense"),
    rename("encoder.layers.{}.feed_forward_norm.gain", "encoder.layer.{}.output.LayerNorm.weight"),
    rename("encoder.layers.{}.feed_forward_norm.bias", "encoder.layer.{}.output.LayerNorm.bias"),
]);

/// What every BERT checkpoint may spell otherwise, and what it may hold besides: buffers, numbers
/// that follow from the configuration, and heads.
///
/// Old checkpoints write `gamma` and `beta` for the weight and bias of a norm; some write `bert.`
/// before the names of the encoder, some do not.
const SPELLING: Layout = Layout {
    prefixes: &["bert."],
    aliases: &[("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")],
    ignored: &[
        "embeddings.position_ids",
        "embeddings.token_type_ids",
        "pooler.*",
        "cls.*",
        "classifier.*",
        "qa_outputs.*",
    ],
    ..Layout::new(NameMap::new(&[]))
};

/// The encoder under a head.
const UNDER: NameMap = ENCODER.below("encoder.", "bert.");

static NAMES: Names = Names {
    classes: &["Bert"],
    pooler: Some("pooler.dense.weight"),
    encoder: Layout { map: ENCODER, own: &["pooler.*"], heads: Heads::WithoutPrefix, ..SPELLING },
    causal_lm: None,
    masked_lm: Some(masked_lm_layouts! {
        spelling: SPELLING,
        encoder: UNDER,
        head: [
            rename("head.transform.dense", "cls.predictions.transform.dense"),
            rename("head.transform.norm.gain", "cls.predictions.transform.LayerNorm.weight"),
            rename("head.transform.norm.bias", "cls.predictions.transform.LayerNorm.bias"),
        ],
        own: ["cls.predictions.*"],
        words: "embeddings.word_embeddings.weight",
        decoder: "cls.predictions.decoder.weight",
        bias: "cls.predictions.bias",
        decoder_bias: "cls.predictions.decoder.bias",
    }),
    sequences: sorting_texts(
        SPELLING,
        NameMap::new(&[
            rename("head.transform.dense", "bert.pooler.dense"),
            rename("head.output", "classifier"),
        ]),
        &[UNDER],
        &["classifier.*", "pooler.*"],
    ),
    tokens: sorting_tokens(SPELLING, UNDER),
    questions: finding_answers(SPELLING, UNDER),
    replaced: NO_HEAD,
};
