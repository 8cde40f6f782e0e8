//! What checkpoints of Llama and its kin call their parameters: the names of transformers' modules.

use lt_core::NameMap;
use lt_weights::Layout;

use super::bert::rename;

/// The names of all parts, with those of the norms around the sublayers.
macro_rules! body {
    ($($norm:literal: $theirs:literal),* $(,)?) => {
        NameMap::new(&[
            $(rename(
                concat!("decoder.layers.{}.", $norm),
                concat!("layers.{}.", $theirs),
            ),)*
            rename("embeddings.token", "embed_tokens"),
            rename("decoder.layers.{}.attention.query", "layers.{}.self_attn.q_proj"),
            rename("decoder.layers.{}.attention.key", "layers.{}.self_attn.k_proj"),
            rename("decoder.layers.{}.attention.value", "layers.{}.self_attn.v_proj"),
            rename("decoder.layers.{}.attention.output", "layers.{}.self_attn.o_proj"),
            rename("decoder.layers.{}.attention.query_norm", "layers.{}.self_attn.q_norm"),
            rename("decoder.layers.{}.attention.key_norm", "layers.{}.self_attn.k_norm"),
            rename("decoder.layers.{}.feed_forward.gate", "layers.{}.mlp.gate_proj"),
            rename("decoder.layers.{}.feed_forward.up", "layers.{}.mlp.up_proj"),
            rename("decoder.layers.{}.feed_forward.down", "layers.{}.mlp.down_proj"),
            rename("decoder.norm", "norm"),
        ])
    };
}

/// With norms before the sublayers alone.
pub(super) const PRE_NORMS: NameMap = body! {
    "attention_norms.before": "input_layernorm",
    "feed_forward_norms.before": "post_attention_layernorm",
};

/// With norms before the sublayers and of what they give.
pub(super) const SANDWICH_NORMS: NameMap = body! {
    "attention_norms.before": "input_layernorm",
    "attention_norms.inner": "post_attention_layernorm",
    "feed_forward_norms.before": "pre_feedforward_layernorm",
    "feed_forward_norms.inner": "post_feedforward_layernorm",
};

/// What such a checkpoint may hold besides: the frequencies, which follow from the configuration,
/// and heads. With a head that finds answers the body is called `transformer`.
pub(super) const SPELLING: Layout = Layout {
    prefixes: &["model.", "transformer."],
    ignored: &[
        "rotary_emb.*",
        "layers.{}.self_attn.rotary_emb.*",
        "lm_head.*",
        "score.*",
        "qa_outputs.*",
    ],
    ..Layout::new(NameMap::new(&[]))
};

/// The names of a family, as a static.
macro_rules! llama_names {
    ($names:ident: [$($class:literal),*], $causal:literal) => {
        $crate::families::llama_names::llama_names!(
            $names: [$($class),*], $causal, $crate::families::llama_names::PRE_NORMS
        );
    };
    ($names:ident: [$($class:literal),*], $causal:literal, $body:expr) => {
        static $names: $crate::family::Names = {
            use lt_core::NameMap;
            use lt_weights::{Heads, Layout};

            use $crate::families::bert::rename;
            use $crate::families::llama_names::SPELLING;
            use $crate::family::{NO_HEAD, Names, causal_lm_layouts, sorting_texts};

            const BODY: NameMap = $body;
            const UNDER: NameMap = BODY.below("encoder.", "model.");
            Names {
                classes: &[$($class),*],
                pooler: None,
                encoder: Layout { map: BODY, heads: Heads::WithoutPrefix, ..SPELLING },
                masked_lm: None,
                causal_lm: Some(causal_lm_layouts! {
                    class: $causal,
                    spelling: SPELLING,
                    body: UNDER,
                    words: "embed_tokens.weight",
                }),
                sequences: sorting_texts(
                    SPELLING,
                    NameMap::new(&[rename("head.output", "score")]),
                    &[UNDER],
                    &["score.*"],
                ),
                tokens: sorting_texts(
                    SPELLING,
                    NameMap::new(&[rename("head.output", "score")]),
                    &[UNDER],
                    &["score.*"],
                ),
                questions: sorting_texts(
                    SPELLING,
                    NameMap::new(&[rename("head.output", "qa_outputs")]),
                    &[UNDER],
                    &["qa_outputs.*"],
                ),
                replaced: NO_HEAD,
            }
        };
    };
}

pub(super) use llama_names;
