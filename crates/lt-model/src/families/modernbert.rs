//! ModernBERT: rotary positions, windows in most layers, gated feed-forward layers, norms before
//! the sublayers, and hardly a bias.
//!
//! [Warner et al. 2024](https://arxiv.org/abs/2412.13663). PyTorch: transformers'
//! `models/modernbert/modeling_modernbert.py`.

use lt_attention::{AttentionConfig, MultiHeadAttention, Projections};
use lt_config::{LayerType, ModernBertConfig, Pooling};
use lt_core::{NameMap, Result, Rule, Weight};
use lt_embedding::{Embedding, Rotary, RotaryLayout, TextEmbeddings};
use lt_encoder::{Encoder, EncoderLayer, NormPlacement, Norms, SublayerDropout};
use lt_layers::{Dropout, GatedFeedForward, LayerNorm, Linear, activation_from_name};
use lt_weights::{Heads, Layout};

use super::bert::rename;
use crate::family::{Family, NO_HEAD, Names, masked_lm_layouts};
use crate::initial::{Initial, New};
use crate::masked_lm::{Decoder, MaskedLmHead};
use crate::{HeadDropout, HeadTransform, LooksAt, SequenceHead, TextEncoder};

impl Family for ModernBertConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        // No positions: attention turns by them.
        let embeddings = TextEmbeddings::new(
            Embedding::new(Weight::zeros(&[self.vocab_size, self.hidden_size]))?,
            None,
            None,
            norm(self)?,
            Dropout::new(self.embedding_dropout)?,
        )?;
        Ok(TextEncoder::new(&NAMES, embeddings, layers(self)?, self.max_position_embeddings))
    }

    fn masked_lm_head(&self, decoder: Decoder) -> Result<MaskedLmHead> {
        let head = MaskedLmHead::zeros(transform(self)?, self.vocab_size, decoder);
        Ok(if self.decoder_bias { head } else { head.without_bias() })
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        let looks_at = match self.classifier_pooling {
            Pooling::Mean => LooksAt::Mean,
            _ => LooksAt::FirstToken,
        };
        let dropout = HeadDropout::before_output(self.classifier_dropout)?;
        Ok(SequenceHead::new(transform(self)?, labels)?.looking_at(looks_at).with_dropout(dropout))
    }

    fn initial(&self, new: New<'_>) -> Initial {
        let Initial::Normal { deviation, .. } = new.usual() else { return new.usual() };
        let narrower = deviation / ((2 * self.num_hidden_layers()) as f64).sqrt();
        let deviation = match new.name {
            "head.output.weight" => 1.0 / (self.hidden_size as f64).sqrt(),
            "head.transform.dense.weight" | "head.decoder" => narrower,
            _ if new.is_added_to_rows() => narrower,
            _ => deviation,
        };
        let cutoff = Some(f64::from(self.initializer_cutoff_factor));
        Initial::Normal { deviation, cutoff }
    }

    fn token_dropout(&self) -> f32 {
        self.classifier_dropout
    }

    fn question_dropout(&self) -> f32 {
        self.classifier_dropout
    }

    fn token_transform(&self) -> Result<Option<HeadTransform>> {
        transform(self).map(Some)
    }
}

fn layers(config: &ModernBertConfig) -> Result<Encoder> {
    let width = config.hidden_size / config.num_attention_heads;
    // Each kind of layer turns in its own way; layers of one kind share the angles.
    let turning = |theta| Rotary::new(width, theta, RotaryLayout::Halves);
    let (full, sliding) = (turning(config.global_rope_theta)?, turning(config.local_rope_theta)?);
    let attention = AttentionConfig::new(config.num_attention_heads)
        .dropout(Dropout::new(config.attention_dropout)?);
    let dropout = SublayerDropout {
        attention: Dropout::new(config.attention_dropout)?,
        ..SublayerDropout::default()
    };
    let layer = |(number, layer_type): (usize, &LayerType)| {
        let (attention, rotary) = match layer_type {
            LayerType::Sliding => (attention.window(config.reach()), sliding.clone()),
            _ => (attention, full.clone()),
        };
        // The first layer is given rows that are normalised already.
        let norm_of_attention = if number == 0 { None } else { Some(norm(config)?) };
        let norms = Norms {
            attention: norm_of_attention,
            feed_forward: norm(config)?,
            placement: NormPlacement::Pre,
        };
        let attention = MultiHeadAttention::new(projections(config)?, attention)?;
        let layer =
            EncoderLayer::new(attention.with_rotary(rotary)?, feed_forward(config)?, norms)?;
        Ok(layer.with_dropout(dropout))
    };
    let layers = config.layer_types.iter().enumerate().map(layer);
    Ok(Encoder::new(layers.collect::<Result<_>>()?, Some(norm(config)?)))
}

fn projections(config: &ModernBertConfig) -> Result<Projections> {
    let d = config.hidden_size;
    let linear = || linear(d, d, bias(config.attention_bias, d));
    Ok(Projections { query: linear()?, key: linear()?, value: linear()?, output: linear()? })
}

fn feed_forward(config: &ModernBertConfig) -> Result<GatedFeedForward> {
    let (d, f) = (config.hidden_size, config.intermediate_size);
    let wide = || linear(d, f, bias(config.mlp_bias, f));
    let activation = activation_from_name(&config.hidden_activation)?;
    GatedFeedForward::new(wide()?, activation, wide()?, linear(f, d, bias(config.mlp_bias, d))?)
}

/// What all heads begin with.
fn transform(config: &ModernBertConfig) -> Result<HeadTransform> {
    let d = config.hidden_size;
    let dense = linear(d, d, bias(config.classifier_bias, d))?;
    HeadTransform::new(dense, activation_from_name(&config.classifier_activation)?, norm(config)?)
}

fn norm(config: &ModernBertConfig) -> Result<LayerNorm> {
    let d = config.hidden_size;
    LayerNorm::new(Weight::zeros(&[d]), bias(config.norm_bias, d), config.norm_eps)
}

fn linear(inputs: usize, outputs: usize, bias: Option<Weight>) -> Result<Linear> {
    Linear::new(Weight::zeros(&[outputs, inputs]), bias)
}

/// A bias of zeros, if there is one.
fn bias(there_is_one: bool, outputs: usize) -> Option<Weight> {
    there_is_one.then(|| Weight::zeros(&[outputs]))
}

/// The names are those of transformers' modules.
const ENCODER: NameMap = NameMap::new(&[
    rename("embeddings.token", "embeddings.tok_embeddings"),
    rename("embeddings.norm.gain", "embeddings.norm.weight"),
    rename("encoder.layers.{}.attention_norm.gain", "layers.{}.attn_norm.weight"),
    rename("encoder.layers.{}.attention_norm.bias", "layers.{}.attn_norm.bias"),
    Rule::Fuse {
        ours: &[
            "encoder.layers.{}.attention.query",
            "encoder.layers.{}.attention.key",
            "encoder.layers.{}.attention.value",
        ],
        theirs: "layers.{}.attn.Wqkv",
        transposed: false,
    },
    rename("encoder.layers.{}.attention.output", "layers.{}.attn.Wo"),
    rename("encoder.layers.{}.feed_forward_norm.gain", "layers.{}.mlp_norm.weight"),
    rename("encoder.layers.{}.feed_forward_norm.bias", "layers.{}.mlp_norm.bias"),
    Rule::Fuse {
        ours: &["encoder.layers.{}.feed_forward.gate", "encoder.layers.{}.feed_forward.up"],
        theirs: "layers.{}.mlp.Wi",
        transposed: false,
    },
    rename("encoder.layers.{}.feed_forward.down", "layers.{}.mlp.Wo"),
    rename("encoder.norm.gain", "final_norm.weight"),
    rename("encoder.norm.bias", "final_norm.bias"),
]);

/// The encoder under a head.
const UNDER: NameMap = ENCODER.below("encoder.", "model.");

/// What a ModernBERT checkpoint may hold besides: heads, which all begin with the same layer.
const SPELLING: Layout = Layout {
    prefixes: &["model."],
    ignored: &["head.*", "decoder.*", "classifier.*"],
    ..Layout::new(NameMap::new(&[]))
};

/// A head that scores tokens, or texts.
const SCORES: Layout = Layout {
    map: UNDER.and(&[NameMap::new(&[
        rename("head.transform.dense", "head.dense"),
        rename("head.transform.norm.gain", "head.norm.weight"),
        rename("head.transform.norm.bias", "head.norm.bias"),
        rename("head.output", "classifier"),
    ])]),
    own: &["head.*", "classifier.*"],
    ..SPELLING
};

static NAMES: Names = Names {
    classes: &["ModernBert"],
    pooler: None,
    encoder: Layout { map: ENCODER, heads: Heads::WithoutPrefix, ..SPELLING },
    causal_lm: None,
    masked_lm: Some(masked_lm_layouts! {
        spelling: SPELLING,
        encoder: UNDER,
        head: [
            rename("head.transform.dense", "head.dense"),
            rename("head.transform.norm.gain", "head.norm.weight"),
            rename("head.transform.norm.bias", "head.norm.bias"),
        ],
        own: ["head.*", "decoder.*"],
        words: "embeddings.tok_embeddings.weight",
        decoder: "decoder.weight",
        bias: "decoder.bias",
        decoder_bias: "decoder.bias",
    }),
    sequences: SCORES,
    tokens: SCORES,
    questions: SCORES,
    replaced: NO_HEAD,
};
