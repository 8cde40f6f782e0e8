#![doc = include_str!("../doc/01-card.md")]

use lt_config::{GenerationConfig, ModelConfig};
use lt_model::{CausalLm, ModelError};
use lt_tasks::{TaskError, TextGenerator};
use lt_tokenizer::Tokenizer;
use lt_weights::SafetensorsBytes;

/// The text of `config.json`: the sizes of the model.
pub const CONFIG: &str = include_str!("../model/config.json");

/// The text of `tokenizer.json`.
pub const TOKENIZER: &str = include_str!("../model/tokenizer.json");

/// The text of `tokenizer_config.json`.
pub const TOKENIZER_CONFIG: &str = include_str!("../model/tokenizer_config.json");

/// The text of `generation_config.json`: how it is to write.
pub const GENERATION_CONFIG: &str = include_str!("../model/generation_config.json");

/// The bytes of `model.safetensors`: matrices in 8 bits with a scale for each row, vectors in 32.
pub static WEIGHTS: &[u8] = include_bytes!("../model/model.safetensors");

/// The tokenizer.
///
/// # Errors
/// None: what is built in was read before it was published.
pub fn tokenizer() -> Result<Tokenizer, TaskError> {
    Ok(Tokenizer::from_texts(TOKENIZER, TOKENIZER_CONFIG)?)
}

/// The model: scores of the next token.
///
/// # Errors
/// As for [`tokenizer`].
pub fn model() -> Result<CausalLm, ModelError> {
    let weights = SafetensorsBytes::new(WEIGHTS)?;
    Ok(CausalLm::from_source(ModelConfig::from_json(CONFIG)?, &weights)?.model)
}

/// The model with its tokenizer and the settings of
/// [`GENERATION_CONFIG`]: goes on with a text.
///
/// ```
/// let generator = lt_tiny_gpt::text_generator()?;
/// assert_eq!(generator.config().max_new_tokens, Some(60));
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// # Errors
/// As for [`tokenizer`].
pub fn text_generator() -> Result<TextGenerator, TaskError> {
    let config = GenerationConfig::from_json(GENERATION_CONFIG)?;
    Ok(TextGenerator::new(model()?, tokenizer()?).with_config(config))
}

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
