#![doc = include_str!("../doc/01-card.md")]

use lt_config::ModelConfig;
use lt_model::{ModelError, TextEncoder};
use lt_tasks::{SentenceEncoder, TaskError};
use lt_tokenizer::Tokenizer;
use lt_weights::SafetensorsBytes;

/// The text of `config.json`: the sizes of the model.
pub const CONFIG: &str = include_str!("../model/config.json");

/// The text of `tokenizer.json`.
pub const TOKENIZER: &str = include_str!("../model/tokenizer.json");

/// The text of `tokenizer_config.json`.
pub const TOKENIZER_CONFIG: &str = include_str!("../model/tokenizer_config.json");

/// The most tokens of a text, special ones included; a longer one is cut.
pub const MAX_LENGTH: usize = 128;

/// The bytes of `model.safetensors`: matrices in 8 bits with a scale for each row, vectors in 32.
pub static WEIGHTS: &[u8] = include_bytes!("../model/model.safetensors");

/// The tokenizer.
///
/// # Errors
/// None: what is built in was read before it was published.
pub fn tokenizer() -> Result<Tokenizer, TaskError> {
    Ok(Tokenizer::from_texts(TOKENIZER, TOKENIZER_CONFIG)?)
}

/// The model: vectors of the tokens.
///
/// # Errors
/// As for [`tokenizer`].
pub fn model() -> Result<TextEncoder, ModelError> {
    let weights = SafetensorsBytes::new(WEIGHTS)?;
    Ok(TextEncoder::from_source(ModelConfig::from_json(CONFIG)?, &weights)?.model)
}

/// The model with its tokenizer: a vector for each text, the mean of those of its tokens, scaled to
/// length 1.
///
/// ```
/// use lt_core::Scratch;
/// let encoder = lt_tiny_minilm::sentence_encoder()?;
/// let vectors = encoder.encode(&["a cat", "a kitten", "a bank account"], &mut Scratch::new())?;
/// let cosines = lt_tasks::cosine(&vectors);
/// assert!(cosines[[0, 1]] > cosines[[0, 2]] + 0.2);
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// # Errors
/// As for [`tokenizer`].
pub fn sentence_encoder() -> Result<SentenceEncoder, TaskError> {
    let encoder = SentenceEncoder::new(model()?, tokenizer()?).with_normalize(true);
    encoder.with_max_length(MAX_LENGTH)
}

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
