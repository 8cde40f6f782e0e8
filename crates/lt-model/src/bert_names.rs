//! What BERT's parameters are called in its checkpoints.
//!
//! The names are those of transformers' modules. Old checkpoints write `gamma` and `beta` for the
//! weight and bias of a norm; some write `bert.` before the names of the encoder, some do not.

use lt_core::{NameMap, Rule};
use lt_weights::Layout;

/// The rules of the encoder: ours begin with `$ours`, the checkpoint's with `$theirs`.
macro_rules! encoder_rules {
    ($prefix:literal $(, $more:expr)* $(,)?) => {
        &[
            rename!($prefix, "embeddings.token", "embeddings.word_embeddings"),
            rename!($prefix, "embeddings.segment", "embeddings.token_type_embeddings"),
            rename!($prefix, "embeddings.position.table", "embeddings.position_embeddings"),
            rename!($prefix, "embeddings.norm.gain", "embeddings.LayerNorm.weight"),
            rename!($prefix, "embeddings.norm.bias", "embeddings.LayerNorm.bias"),
            rename!($prefix, "encoder.layers.{}.attention.query", "encoder.layer.{}.attention.self.query"),
            rename!($prefix, "encoder.layers.{}.attention.key", "encoder.layer.{}.attention.self.key"),
            rename!($prefix, "encoder.layers.{}.attention.value", "encoder.layer.{}.attention.self.value"),
            rename!($prefix, "encoder.layers.{}.attention.output", "encoder.layer.{}.attention.output.dense"),
            rename!($prefix, "encoder.layers.{}.attention_norm.gain", "encoder.layer.{}.attention.output.LayerNorm.weight"),
            rename!($prefix, "encoder.layers.{}.attention_norm.bias", "encoder.layer.{}.attention.output.LayerNorm.bias"),
            rename!($prefix, "encoder.layers.{}.feed_forward.up", "encoder.layer.{}.intermediate.dense"),
            rename!($prefix, "encoder.layers.{}.feed_forward.down", "encoder.layer.{}.output.dense"),
            rename!($prefix, "encoder.layers.{}.feed_forward_norm.gain", "encoder.layer.{}.output.LayerNorm.weight"),
            rename!($prefix, "encoder.layers.{}.feed_forward_norm.bias", "encoder.layer.{}.output.LayerNorm.bias"),
            // `pooler.dense` has the same name on both sides.
            $($more,)*
        ]
    };
}

macro_rules! rename {
    ($prefix:literal, $ours:literal, $theirs:literal) => {
        Rule::Rename { ours: concat!($prefix, $ours), theirs: concat!($prefix, $theirs) }
    };
}

const HEAD_TRANSFORM: Rule =
    Rule::Rename { ours: "head.transform", theirs: "cls.predictions.transform.dense" };
const HEAD_GAIN: Rule =
    Rule::Rename { ours: "head.norm.gain", theirs: "cls.predictions.transform.LayerNorm.weight" };
const HEAD_NORM_BIAS: Rule =
    Rule::Rename { ours: "head.norm.bias", theirs: "cls.predictions.transform.LayerNorm.bias" };

/// What every BERT checkpoint may spell otherwise, and what no BERT needs.
const SPELLING: Layout = Layout {
    prefixes: &["bert."],
    aliases: &[("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")],
    ..Layout::new(NameMap::new(&[]))
};

/// Buffers: numbers that follow from the configuration.
const POSITION_IDS: &str = "embeddings.position_ids";

/// BERT without a head; heads that a checkpoint has besides are passed over.
pub(crate) const BARE: Layout = Layout {
    map: NameMap::new(encoder_rules!("")),
    ignored: &[POSITION_IDS, "cls.*", "classifier.*", "qa_outputs.*"],
    ..SPELLING
};

/// BERT with the masked-LM head whose decoder is the table of token vectors.
pub(crate) const MASKED_LM_TIED: Layout = Layout {
    map: NameMap::new(encoder_rules!(
        "bert.",
        HEAD_TRANSFORM,
        HEAD_GAIN,
        HEAD_NORM_BIAS,
        Rule::Rename { ours: "head.bias", theirs: "cls.predictions.bias" },
    )),
    ignored: &[POSITION_IDS, "cls.seq_relationship.*", "pooler.*"],
    tied: &[(DECODER, TOKEN_VECTORS), ("cls.predictions.decoder.bias", "cls.predictions.bias")],
    ..SPELLING
};

/// BERT with the masked-LM head whose decoder is a matrix of its own. Its bias is then stored with
/// it; the other of that name is not used.
pub(crate) const MASKED_LM_UNTIED: Layout = Layout {
    map: NameMap::new(encoder_rules!(
        "bert.",
        HEAD_TRANSFORM,
        HEAD_GAIN,
        HEAD_NORM_BIAS,
        Rule::Rename { ours: "head.decoder", theirs: "cls.predictions.decoder.weight" },
        Rule::Rename { ours: "head.bias", theirs: "cls.predictions.decoder.bias" },
    )),
    tied: &[("cls.predictions.bias", "cls.predictions.decoder.bias")],
    ..MASKED_LM_TIED
};

/// The table of token vectors, as [`Layout::canonical`] writes it.
pub(crate) const TOKEN_VECTORS: &str = "embeddings.word_embeddings.weight";
/// The matrix of the masked-LM head.
pub(crate) const DECODER: &str = "cls.predictions.decoder.weight";
/// A tensor that every BERT with a pooler has.
pub(crate) const POOLER: &str = "pooler.dense.weight";
/// A tensor that every BERT with a masked-LM head has.
pub(crate) const MASKED_LM_HEAD: &str = "cls.predictions.transform.dense.weight";
