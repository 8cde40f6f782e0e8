//! Qwen 3: a Llama whose queries and keys are normalised; some layers may have a window.
//!
//! [Yang et al. 2025](https://arxiv.org/abs/2505.09388). PyTorch: transformers'
//! `models/qwen3/modeling_qwen3.py`.

use lt_config::Qwen3Config;
use lt_core::Result;

use super::llama::Plan;
use super::llama_names::llama_names;
use crate::family::{DECODERS_DROPOUT, Family, Names};
use crate::{SequenceHead, TextEncoder};

impl Family for Qwen3Config {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        Plan {
            layer_types: &self.layer_types,
            window: self.sliding_window,
            attention_bias: self.attention_bias,
            output_bias: self.attention_bias,
            normed_heads: true,
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

llama_names!(NAMES: ["Qwen3"], "Qwen3ForCausalLM");
