//! Gemma 3, its text part: norms before and behind each sublayer, whose γ is one more than what is
//! stored; normalised queries and keys; windows in most layers, which turn by angles of their own.
//!
//! [Gemma Team 2025](https://arxiv.org/abs/2503.19786). PyTorch: transformers'
//! `models/gemma3/modeling_gemma3.py`.

use lt_config::Gemma3TextConfig;
use lt_core::Result;
use lt_layers::Gain;

use super::llama::Plan;
use super::llama_names::llama_names;
use crate::family::{DECODERS_DROPOUT, Family, Names};
use crate::initial::{Initial, New};
use crate::{SequenceHead, TextEncoder};

impl Family for Gemma3TextConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        Plan {
            layer_types: &self.layer_types,
            window: self.sliding_window,
            local_rope: &self.rope_local_parameters,
            attention_bias: self.attention_bias,
            output_bias: self.attention_bias,
            gain: Gain::OnePlusWeight,
            normed_heads: true,
            sandwich: true,
            scale: Some(self.query_pre_attn_scalar.powf(-0.5)),
            embedding_scale: (self.hidden_size as f32).sqrt(),
            ..Plan::new(self.into(), &self.rope_parameters)
        }
        .build(&NAMES)
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        SequenceHead::of_last_token(self.hidden_size, labels, self.pad_token_id)
    }

    fn initial(&self, new: New<'_>) -> Initial {
        match new.usual() {
            Initial::Ones => Initial::Zeros, // γ is one more than what is stored
            usual => usual,
        }
    }

    fn token_dropout(&self) -> f32 {
        DECODERS_DROPOUT
    }

    fn logit_cap(&self) -> Option<f32> {
        self.final_logit_softcapping
    }
}

llama_names!(NAMES: ["Gemma3Text"], "Gemma3ForCausalLM", crate::families::llama_names::SANDWICH_NORMS);
