//! GPT-2: a decoder with a table of positions, norms before its sublayers, and transposed matrices.
//!
//! [Radford et al. 2019](https://d4mucfpksywv.cloudfront.net/better-language-models/language-models.pdf).
//! PyTorch: transformers' `models/gpt2/modeling_gpt2.py`.

use lt_attention::{AttentionConfig, MultiHeadAttention};
use lt_config::Gpt2Config;
use lt_core::{NameMap, Result, Rule, Weight};
use lt_decoder::{Decoder, DecoderLayer, SublayerNorms};
use lt_embedding::{Embedding, PositionIds, Positions, TextEmbeddings};
use lt_layers::{Dropout, FeedForward, LayerNorm, Linear, activation_from_name};
use lt_weights::{Heads, Layout};

use super::bert::rename;
use crate::family::{
    DECODERS_DROPOUT, Family, NO_HEAD, Names, causal_lm_layouts, finding_answers, sorting_texts,
    sorting_tokens,
};
use crate::initial::{Initial, New};
use crate::{SequenceHead, TextEncoder};

impl Family for Gpt2Config {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        let table = |rows| Embedding::new(Weight::zeros(&[rows, self.n_embd]));
        let embeddings = TextEmbeddings::new(
            table(self.vocab_size)?,
            None,
            Positions::new(table(self.n_positions)?, PositionIds::FromZero)?,
            None,
            Dropout::new(self.embd_pdrop)?,
        )?;
        let layers = (0..self.n_layer).map(|number| layer(self, number));
        let decoder = Decoder::new(layers.collect::<Result<_>>()?, Some(norm(self)?.into()));
        Ok(TextEncoder::new(&NAMES, embeddings, decoder, self.n_positions))
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        SequenceHead::of_last_token(self.n_embd, labels, self.pad_token_id)
    }

    fn initial(&self, new: New<'_>) -> Initial {
        if !new.is_added_to_rows() {
            return new.usual();
        }
        // Narrower by √(2L): 2L of them are added up on the way through L layers.
        let deviation = new.range / ((2 * self.n_layer) as f64).sqrt();
        Initial::Normal { deviation, cutoff: None }
    }

    fn token_dropout(&self) -> f32 {
        DECODERS_DROPOUT
    }
}

fn norm(config: &Gpt2Config) -> Result<LayerNorm> {
    LayerNorm::zeros(config.n_embd, config.layer_norm_epsilon)
}

fn layer(config: &Gpt2Config, number: usize) -> Result<DecoderLayer> {
    let (d, f) = (config.n_embd, config.inner());
    let mut scale = 1.0;
    if config.scale_attn_weights {
        scale /= ((d / config.n_head) as f32).sqrt();
    }
    if config.scale_attn_by_inverse_layer_idx {
        scale /= (number + 1) as f32;
    }
    let attention =
        AttentionConfig::new(config.n_head).scale(scale).dropout(Dropout::new(config.attn_pdrop)?);
    let activation = activation_from_name(&config.activation_function)?;
    let layer = DecoderLayer::new(
        (MultiHeadAttention::zeros(d, attention)?, SublayerNorms::pre(norm(config)?)),
        (
            FeedForward::new(Linear::zeros(d, f)?, activation, Linear::zeros(f, d)?)?,
            SublayerNorms::pre(norm(config)?),
        ),
    )?;
    Ok(layer.with_dropout(Dropout::new(config.resid_pdrop)?))
}

/// The names are those of transformers' modules; `Conv1D` stores a matrix as `[in, out]`.
const BODY: NameMap = NameMap::new(&[
    rename("embeddings.token", "wte"),
    rename("embeddings.position.table", "wpe"),
    rename("decoder.layers.{}.attention_norms.before.gain", "h.{}.ln_1.weight"),
    rename("decoder.layers.{}.attention_norms.before.bias", "h.{}.ln_1.bias"),
    Rule::Fuse {
        ours: &[
            "decoder.layers.{}.attention.query",
            "decoder.layers.{}.attention.key",
            "decoder.layers.{}.attention.value",
        ],
        theirs: "h.{}.attn.c_attn",
        transposed: true,
    },
    transpose("decoder.layers.{}.attention.output", "h.{}.attn.c_proj"),
    rename("decoder.layers.{}.feed_forward_norms.before.gain", "h.{}.ln_2.weight"),
    rename("decoder.layers.{}.feed_forward_norms.before.bias", "h.{}.ln_2.bias"),
    transpose("decoder.layers.{}.feed_forward.up", "h.{}.mlp.c_fc"),
    transpose("decoder.layers.{}.feed_forward.down", "h.{}.mlp.c_proj"),
    rename("decoder.norm.gain", "ln_f.weight"),
    rename("decoder.norm.bias", "ln_f.bias"),
]);

const fn transpose(ours: &'static str, theirs: &'static str) -> Rule {
    Rule::Transpose { ours, theirs }
}

/// The body under a head.
const UNDER: NameMap = BODY.below("encoder.", "transformer.");

/// What a GPT-2 checkpoint may hold besides: masks that were stored as buffers, and heads.
const SPELLING: Layout = Layout {
    prefixes: &["transformer."],
    ignored: &[
        "h.{}.attn.bias",
        "h.{}.attn.masked_bias",
        "lm_head.*",
        "score.*",
        "classifier.*",
        "qa_outputs.*",
    ],
    ..Layout::new(NameMap::new(&[]))
};

static NAMES: Names = Names {
    classes: &["GPT2"],
    pooler: None,
    encoder: Layout { map: BODY, heads: Heads::WithoutPrefix, ..SPELLING },
    masked_lm: None,
    causal_lm: Some(causal_lm_layouts! {
        class: "GPT2LMHeadModel",
        spelling: SPELLING,
        body: UNDER,
        words: "wte.weight",
    }),
    sequences: sorting_texts(
        SPELLING,
        NameMap::new(&[rename("head.output", "score")]),
        &[UNDER],
        &["score.*"],
    ),
    tokens: sorting_tokens(SPELLING, UNDER),
    questions: finding_answers(SPELLING, UNDER),
    replaced: NO_HEAD,
};
