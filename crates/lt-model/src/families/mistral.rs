//! Mistral: a Llama whose layers may all have a window.
//!
//! [Jiang et al. 2023](https://arxiv.org/abs/2310.06825). PyTorch: transformers'
//! `models/mistral/modeling_mistral.py`.

use lt_config::MistralConfig;
use lt_core::Result;

use super::llama::Plan;
use super::llama_names::llama_names;
use crate::family::{DECODERS_DROPOUT, Family, Names};
use crate::{SequenceHead, TextEncoder};

impl Family for MistralConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self) -> Result<TextEncoder> {
        let layer_types = self.layer_types();
        Plan {
            layer_types: &layer_types,
            window: self.sliding_window,
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

llama_names!(NAMES: ["Mistral"], "MistralForCausalLM");
