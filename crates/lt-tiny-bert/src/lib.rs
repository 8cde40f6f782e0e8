#![doc = include_str!("../doc/01-card.md")]

use lt_config::ModelConfig;
use lt_model::{MaskedLm, ModelError};
use lt_tasks::{FillMask, TaskError};
use lt_tokenizer::Tokenizer;
use lt_weights::SafetensorsBytes;

/// The text of `config.json`: the sizes of the model.
pub const CONFIG: &str = include_str!("../model/config.json");

/// The text of `tokenizer.json`.
pub const TOKENIZER: &str = include_str!("../model/tokenizer.json");

/// The text of `tokenizer_config.json`.
pub const TOKENIZER_CONFIG: &str = include_str!("../model/tokenizer_config.json");

/// The bytes of `model.safetensors`: matrices in 8 bits with a scale for each row, vectors in 32.
pub static WEIGHTS: &[u8] = include_bytes!("../model/model.safetensors");

/// The tokenizer.
///
/// # Errors
/// None: what is built in was read before it was published.
pub fn tokenizer() -> Result<Tokenizer, TaskError> {
    Ok(Tokenizer::from_texts(TOKENIZER, TOKENIZER_CONFIG)?)
}

/// The model: vectors of the tokens, and the head that guesses hidden words.
///
/// # Errors
/// As for [`tokenizer`].
pub fn model() -> Result<MaskedLm, ModelError> {
    let weights = SafetensorsBytes::new(WEIGHTS)?;
    Ok(MaskedLm::from_source(ModelConfig::from_json(CONFIG)?, &weights)?.model)
}

/// The model with its tokenizer: guesses words.
///
/// ```
/// use lt_core::Scratch;
/// let model = lt_tiny_bert::fill_mask()?;
/// let guesses = model.fill("The cat sat on the [MASK].", 5, &mut Scratch::new())?;
/// assert_eq!(guesses[0].len(), 5); // of the one mask
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// # Errors
/// As for [`tokenizer`].
pub fn fill_mask() -> Result<FillMask, TaskError> {
    FillMask::new(model()?, tokenizer()?)
}

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
