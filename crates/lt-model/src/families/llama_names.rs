//! What checkpoints of Llama and its kin call their parameters: the names of transformers' modules.

use lt_core::{NameMap, Rule};
use lt_weights::Layout;

use super::bert::rename;

/// Norms before the sublayers alone.
pub(super) const PRE_NORMS: &[Rule] = &[
    rename("decoder.layers.{}.attention_norms.before", "layers.{}.input_layernorm"),
    rename("decoder.layers.{}.feed_forward_norms.before", "layers.{}.post_attention_layernorm"),
];

/// Norms before the sublayers and of what they give.
pub(super) const SANDWICH_NORMS: &[Rule] = &[
    rename("decoder.layers.{}.attention_norms.before", "layers.{}.input_layernorm"),
    rename("decoder.layers.{}.attention_norms.inner", "layers.{}.post_attention_layernorm"),
    rename("decoder.layers.{}.feed_forward_norms.before", "layers.{}.pre_feedforward_layernorm"),
    rename("decoder.layers.{}.feed_forward_norms.inner", "layers.{}.post_feedforward_layernorm"),
];

/// All but the norms of the sublayers.
pub(super) const PARTS: &[Rule] = &[
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
];

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
    ($names:ident: [$($class:literal),*], $causal:literal, $norms:expr) => {
        static $names: $crate::family::Names = {
            use lt_core::NameMap;
            use lt_weights::{Heads, Layout};

            use $crate::families::bert::rename;
            use $crate::families::llama_names::{PARTS, SPELLING};
            use $crate::family::{NO_HEAD, Names, causal_lm_layouts, sorting_texts};

            const NORMS: NameMap = NameMap::new($norms);
            const BODY: NameMap = NameMap::new(PARTS).and(&[NORMS]);
            // Each part of a map stands below the prefix by itself.
            const NORMS_UNDER: NameMap = NORMS.below("encoder.", "model.");
            const PARTS_UNDER: NameMap = NameMap::new(PARTS).below("encoder.", "model.");
            const UNDER: NameMap = NORMS_UNDER.and(&[PARTS_UNDER]);
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
                    NameMap::new(&[rename("output", "score")]),
                    &[UNDER],
                    &["score.*"],
                ),
                questions: sorting_texts(
                    SPELLING,
                    NameMap::new(&[rename("output", "qa_outputs")]),
                    &[UNDER],
                    &["qa_outputs.*"],
                ),
                replaced: NO_HEAD,
            }
        };
    };
}

pub(super) use llama_names;
