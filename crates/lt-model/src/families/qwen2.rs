//! Qwen 2 and 2.5: a Llama with a bias on queries, keys and values; some layers may have a window.
//!
//! [Yang et al. 2024](https://arxiv.org/abs/2407.10671). PyTorch: transformers'
//! `models/qwen2/modeling_qwen2.py`.

use lt_config::Qwen2Config;
use lt_core::Result;

use super::llama::Plan;
use super::llama_names::llama_names;
use crate::family::{DECODERS_DROPOUT, Family, Names};
use crate::{SequenceHead, TextEncoder};

impl Family for Qwen2Config {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        Plan {
            layer_types: &self.layer_types,
            window: self.sliding_window,
            attention_bias: true,
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

llama_names!(NAMES: ["Qwen2"], "Qwen2ForCausalLM");
