//! Llama: rotary positions, RMS norms before the sublayers, gated feed-forward layers, grouped
//! heads. Mistral, Qwen and Gemma are built of the same parts.
//!
//! [Touvron et al. 2023](https://arxiv.org/abs/2302.13971). PyTorch: transformers'
//! `models/llama/modeling_llama.py`.

use lt_attention::{AttentionConfig, MultiHeadAttention, Projections};
use lt_config::{LayerType, LlamaConfig, RopeParameters, RopeScaling, Shared};
use lt_core::{Result, Weight};
use lt_decoder::{Decoder, DecoderLayer, SublayerNorms};
use lt_embedding::{Embedding, Rotary, RotaryLayout, RotaryScaling, TextEmbeddings, YarnBorders};
use lt_layers::{Dropout, Gain, GatedFeedForward, Linear, RmsNorm, activation_from_name};

use super::llama_names::llama_names;
use crate::family::{DECODERS_DROPOUT, Family, Names};
use crate::{SequenceHead, TextEncoder};

impl Family for LlamaConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        Plan {
            attention_bias: self.attention_bias,
            output_bias: self.attention_bias,
            mlp_bias: self.mlp_bias,
            ..Plan::new(self.into(), &self.rope_parameters)
        }
        .build(&NAMES)
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        SequenceHead::of_last_token(self.hidden_size, labels, self.pad_token_id)
    }

    fn token_dropout(&self) -> f32 {
        DECODERS_DROPOUT
    }
}

llama_names!(NAMES: ["Llama"], "LlamaForCausalLM");

/// A decoder of Llama's kind: what families differ in.
pub(super) struct Plan<'a> {
    pub(super) shared: Shared<'a>,
    /// The rotation of layers that see all that stands before.
    pub(super) rope: &'a RopeParameters,
    /// The rotation of layers with a window.
    pub(super) local_rope: &'a RopeParameters,
    /// Which layers have a window; none named: none has.
    pub(super) layer_types: &'a [LayerType],
    /// How many tokens a window has, the looking one included.
    pub(super) window: Option<usize>,
    /// Whether queries, keys and values have a bias.
    pub(super) attention_bias: bool,
    /// Whether what attention gives has one.
    pub(super) output_bias: bool,
    /// Whether the feed-forward layer has biases.
    pub(super) mlp_bias: bool,
    /// How γ is made of the stored numbers.
    pub(super) gain: Gain,
    /// Whether queries and keys are normalised.
    pub(super) normed_heads: bool,
    /// Whether what a sublayer gives is normalised too.
    pub(super) sandwich: bool,
    /// What scores are multiplied by, if not 1/√k.
    pub(super) scale: Option<f32>,
    /// What the vectors of tokens are multiplied by.
    pub(super) embedding_scale: f32,
}

impl<'a> Plan<'a> {
    /// Llama without a bias.
    pub(super) fn new(shared: Shared<'a>, rope: &'a RopeParameters) -> Self {
        Self {
            shared,
            rope,
            local_rope: rope,
            layer_types: &[],
            window: None,
            attention_bias: false,
            output_bias: false,
            mlp_bias: false,
            gain: Gain::Weight,
            normed_heads: false,
            sandwich: false,
            scale: None,
            embedding_scale: 1.0,
        }
    }

    /// The body, of zeros.
    pub(super) fn build(self, names: &'static Names) -> Result<TextEncoder> {
        let (shared, none) = (self.shared, Dropout::default());
        let table = Embedding::new(Weight::zeros(&[shared.vocab_size, shared.hidden_size]))?;
        let embeddings = TextEmbeddings::new(table, None, None, None, none)?;
        // Layers that turn alike share the angles.
        let (full, local) = (self.rotary(self.rope)?, self.rotary(self.local_rope)?);
        let layers =
            (0..shared.num_hidden_layers).map(|number| match self.layer_types.get(number) {
                Some(LayerType::Sliding) => self.layer(local.clone(), self.window),
                _ => self.layer(full.clone(), None),
            });
        let norm = self.norm(shared.hidden_size)?;
        let decoder = Decoder::new(layers.collect::<Result<_>>()?, Some(norm.into()));
        let embeddings = embeddings.with_scale(self.embedding_scale);
        Ok(TextEncoder::new(names, embeddings, decoder, shared.max_position_embeddings))
    }

    fn norm(&self, width: usize) -> Result<RmsNorm> {
        RmsNorm::zeros(width, self.gain, self.shared.layer_norm_eps)
    }

    fn layer(&self, rotary: Rotary, window: Option<usize>) -> Result<DecoderLayer> {
        let d = self.shared.hidden_size;
        let norms = || {
            Ok::<_, lt_core::Error>(match self.sandwich {
                true => SublayerNorms::sandwich(self.norm(d)?, self.norm(d)?),
                false => SublayerNorms::pre(self.norm(d)?),
            })
        };
        let attention = self.attention(window)?.with_rotary(rotary)?;
        DecoderLayer::new((attention, norms()?), (self.feed_forward()?, norms()?))
    }

    fn attention(&self, window: Option<usize>) -> Result<MultiHeadAttention> {
        let shared = self.shared;
        let (d, k) = (shared.hidden_size, shared.head_dim);
        let (queries, keys) = (shared.num_attention_heads * k, shared.num_key_value_heads * k);
        let linear = |outputs| linear(d, outputs, self.attention_bias);
        let projections = Projections {
            query: linear(queries)?,
            key: linear(keys)?,
            value: linear(keys)?,
            output: self::linear(queries, d, self.output_bias)?,
        };
        let mut config = AttentionConfig::new(shared.num_attention_heads)
            .key_heads(shared.num_key_value_heads)
            .dropout(Dropout::new(shared.attention_probs_dropout_prob)?);
        if let Some(scale) = self.scale {
            config = config.scale(scale);
        }
        if let Some(window) = window {
            config = config.window(window.saturating_sub(1)); // those before the token itself
        }
        let attention = MultiHeadAttention::new(projections, config)?;
        if !self.normed_heads {
            return Ok(attention);
        }
        attention.with_norms(self.norm(k)?, self.norm(k)?)
    }

    fn feed_forward(&self) -> Result<GatedFeedForward> {
        let (d, f) = (self.shared.hidden_size, self.shared.intermediate_size);
        let wide = || linear(d, f, self.mlp_bias);
        let activation = activation_from_name(self.shared.hidden_act)?;
        GatedFeedForward::new(wide()?, activation, wide()?, linear(f, d, self.mlp_bias)?)
    }

    fn rotary(&self, rope: &RopeParameters) -> Result<Rotary> {
        let scaling = match rope.scaling {
            RopeScaling::Linear { factor } => RotaryScaling::Linear { factor: factor as f32 },
            RopeScaling::Dynamic { factor } => RotaryScaling::Dynamic {
                factor: factor as f32,
                original: self.shared.max_position_embeddings,
            },
            RopeScaling::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_max_position_embeddings,
            } => RotaryScaling::Llama3 {
                factor: factor as f32,
                low_frequency_factor: low_freq_factor as f32,
                high_frequency_factor: high_freq_factor as f32,
                original: original_max_position_embeddings,
            },
            RopeScaling::Yarn(yarn) => RotaryScaling::Yarn {
                factor: yarn.factor as f32,
                original: yarn.original_max_position_embeddings,
                beta_fast: yarn.beta_fast as f32,
                beta_slow: yarn.beta_slow as f32,
                borders: if yarn.truncate { YarnBorders::Whole } else { YarnBorders::Exact },
                attention_factor: rope.attention_factor() as f32,
            },
            _ => RotaryScaling::Default,
        };
        let theta = rope.rope_theta as f32;
        Rotary::new(self.shared.head_dim, theta, RotaryLayout::Halves)?.with_scaling(scaling)
    }
}

/// A layer with or without a bias.
fn linear(inputs: usize, outputs: usize, bias: bool) -> Result<Linear> {
    let bias = bias.then(|| Weight::zeros(&[outputs]));
    Linear::new(Weight::zeros(&[outputs, inputs]), bias)
}
