//! Which norms a family of decoders has.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::collections::BTreeSet;

use lt_config::ModelConfig;
use lt_core::weights;
use lt_model::{CausalLm, Decoder};

/// The table in the chapter of `lt-decoder`, under its first formula.
#[test]
fn norms_stand_where_the_decoders_table_says() {
    for (family, places, of_queries_and_keys, parameters) in [
        ("gpt2", &["before"][..], false, &["gain", "bias"][..]),
        ("llama", &["before"], false, &["weight"]),
        ("mistral", &["before"], false, &["weight"]),
        ("qwen2", &["before"], false, &["weight"]),
        ("qwen3", &["before"], true, &["weight"]),
        ("gemma3_text", &["before", "inner"], true, &["weight"]),
    ] {
        let mut norms = vec!["norm".to_owned()];
        for around in ["attention_norms", "feed_forward_norms"] {
            norms.extend(places.iter().map(|place| format!("layers.0.{around}.{place}")));
        }
        if of_queries_and_keys {
            norms.extend(["query", "key"].map(|of| format!("layers.0.attention.{of}_norm")));
        }
        let named = |norm: &String| {
            let named = |parameter| format!("encoder.decoder.{norm}.{parameter}");
            parameters.iter().map(named).collect::<Vec<_>>()
        };
        let expected: BTreeSet<String> = norms.iter().flat_map(named).collect();

        let config = ModelConfig::from_json(&format!(r#"{{"model_type": "{family}"}}"#)).unwrap();
        let model = CausalLm::zeros(&config, Decoder::Tied).unwrap();
        let is_first = |name: &String| {
            let of_layer = name.strip_prefix("encoder.decoder.layers.");
            name.contains("norm") && of_layer.is_none_or(|rest| rest.starts_with("0."))
        };
        let names = weights(&model).into_iter().map(|(name, _)| name);
        assert_eq!(names.filter(is_first).collect::<BTreeSet<_>>(), expected, "{family}");
    }
}
