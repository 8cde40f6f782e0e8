//! `config.json` and `generation_config.json`.

use lt_config::{GenerationConfig, ModelConfig};
use lt_model::{
    Decoder, MaskedLm, QuestionAnswering, SequenceClassifier, TextEncoder, TokenClassifier, Top,
};

/// An error is for people: it does not repeat the file.
const LONGEST_MESSAGE: usize = 2000;

pub(crate) fn read(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    // The keys of both may stand in one file.
    match GenerationConfig::from_json(text) {
        Ok(config) => config.validate().expect("what is read is valid"),
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() <= LONGEST_MESSAGE, "{} bytes: {message}", message.len());
        }
    }
    let config = match ModelConfig::from_json(text) {
        Ok(config) => config,
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() <= LONGEST_MESSAGE, "{} bytes: {message}", message.len());
            return false;
        }
    };
    let valid = match &config {
        ModelConfig::Bert(config) => config.validate(),
        ModelConfig::Roberta(config) => config.validate(),
        ModelConfig::DistilBert(config) => config.validate(),
        ModelConfig::Electra(config) => config.validate(),
        ModelConfig::Albert(config) => config.validate(),
        ModelConfig::Mpnet(config) => config.validate(),
        ModelConfig::ModernBert(config) => config.validate(),
        ModelConfig::Gpt2(config) => config.validate(),
        ModelConfig::Llama(config) => config.validate(),
        ModelConfig::Mistral(config) => config.validate(),
        ModelConfig::Qwen2(config) => config.validate(),
        ModelConfig::Qwen3(config) => config.validate(),
        ModelConfig::Gemma3Text(config) => config.validate(),
        other => panic!("another family: {other:?}"),
    };
    valid.expect("what is read holds what a configuration written by hand is held to");
    let shared = config.shared();
    assert!(shared.num_hidden_layers > 0 && shared.hidden_size > 0 && !config.family().is_empty());

    // Zeros take no memory, however large a table.
    for top in [Top::Nothing, Top::Pooler] {
        let _ = TextEncoder::zeros(&config, top);
    }
    for decoder in [Decoder::Tied, Decoder::Own] {
        let _ = MaskedLm::zeros(&config, decoder);
    }
    let _ = SequenceClassifier::zeros(&config);
    let _ = TokenClassifier::zeros(&config);
    let _ = QuestionAnswering::zeros(&config);
    true
}
