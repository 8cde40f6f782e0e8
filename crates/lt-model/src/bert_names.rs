//! What BERT's parameters are called in its checkpoints.
//!
//! The names are those of transformers' modules. Old checkpoints write `gamma` and `beta` for the
//! weight and bias of a norm; some write `bert.` before the names of the encoder, some do not.

use lt_core::{NameMap, Rule};
use lt_weights::{Heads, Layout};

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

/// What every BERT checkpoint may spell otherwise, and what no BERT needs.
const SPELLING: Layout = Layout {
    prefixes: &["bert."],
    aliases: &[("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")],
    ..Layout::new(NameMap::new(&[]))
};

/// Buffers: numbers that follow from the configuration.
const POSITION_IDS: &str = "embeddings.position_ids";
const TOKEN_TYPE_IDS: &str = "embeddings.token_type_ids";

/// BERT without a head; heads that a checkpoint has besides are passed over, whatever they are:
/// where the encoder's names begin with `bert.`, those of a head do not.
pub(crate) const BARE: Layout = Layout {
    map: NameMap::new(encoder_rules!("")),
    ignored: &[POSITION_IDS, TOKEN_TYPE_IDS, "cls.*", "classifier.*", "qa_outputs.*"],
    heads: Heads::WithoutPrefix,
    ..SPELLING
};

/// The masked-LM head below `$bias`, the name of its bias in the checkpoint.
macro_rules! masked_lm_rules {
    ($bias:literal $(, $more:expr)* $(,)?) => {
        encoder_rules!(
            "bert.",
            Rule::Rename { ours: "head.transform", theirs: "cls.predictions.transform.dense" },
            Rule::Rename {
                ours: "head.norm.gain",
                theirs: "cls.predictions.transform.LayerNorm.weight",
            },
            Rule::Rename {
                ours: "head.norm.bias",
                theirs: "cls.predictions.transform.LayerNorm.bias",
            },
            Rule::Rename { ours: "head.bias", theirs: $bias },
            $($more,)*
        )
    };
}

/// BERT with the masked-LM head whose decoder is the table of token vectors.
pub(crate) const MASKED_LM_TIED: Layout = Layout {
    map: NameMap::new(masked_lm_rules!("cls.predictions.bias")),
    ignored: &[POSITION_IDS, TOKEN_TYPE_IDS, "cls.seq_relationship.*", "pooler.*"],
    tied: &[(DECODER, TOKEN_VECTORS), (DECODER_BIAS, BIAS)],
    ..SPELLING
};

/// The same where the checkpoint stores the bias by its other name too: that one is added.
pub(crate) const MASKED_LM_TIED_DECODER_BIAS: Layout = Layout {
    map: NameMap::new(masked_lm_rules!("cls.predictions.decoder.bias")),
    tied: &[(DECODER, TOKEN_VECTORS), (BIAS, DECODER_BIAS)],
    ..MASKED_LM_TIED
};

/// BERT with the masked-LM head whose decoder is a matrix of its own. Its bias is then stored with
/// it; the other of that name is not used.
pub(crate) const MASKED_LM_UNTIED: Layout = Layout {
    map: NameMap::new(masked_lm_rules!(
        "cls.predictions.decoder.bias",
        Rule::Rename { ours: "head.decoder", theirs: "cls.predictions.decoder.weight" },
    )),
    tied: &[(BIAS, DECODER_BIAS)],
    ..MASKED_LM_TIED
};

// As `Layout::canonical` writes them:

/// The table of token vectors.
const TOKEN_VECTORS: &str = "embeddings.word_embeddings.weight";
/// What the names of the masked-LM head begin with.
pub(crate) const MASKED_LM: &str = "cls.predictions.";
/// Its matrix.
pub(crate) const DECODER: &str = "cls.predictions.decoder.weight";
/// Its bias, by the two names it has in transformers.
pub(crate) const DECODER_BIAS: &str = "cls.predictions.decoder.bias";
const BIAS: &str = "cls.predictions.bias";
/// A tensor that every BERT with a pooler has.
pub(crate) const POOLER: &str = "pooler.dense.weight";

/// The classes of transformers that have a masked-LM head.
pub(crate) const MASKED_LM_CLASSES: &[&str] = &["BertForMaskedLM", "BertForPreTraining"];
