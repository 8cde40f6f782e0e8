//! ELECTRA's configuration.

use crate::fields::Fields;
use crate::{BertConfig, ConfigError};

/// The configuration of an ELECTRA: BERT whose embeddings may be narrower than its layers.
///
/// ```
/// use lt_config::{ElectraConfig, ModelConfig};
/// let config = ModelConfig::from_json(r#"{"model_type": "electra", "hidden_size": 768}"#)?;
/// let ModelConfig::Electra(ElectraConfig { bert, embedding_size }) = config else { panic!() };
/// assert_eq!((embedding_size, bert.hidden_size), (128, 768));
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// [Clark et al. 2020](https://arxiv.org/abs/2003.10555). PyTorch: transformers' `ElectraConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct ElectraConfig {
    /// The settings that it shares with BERT.
    pub bert: BertConfig,
    /// e: the width of the vectors in the tables.
    pub embedding_size: usize,
}

impl Default for ElectraConfig {
    fn default() -> Self {
        let bert = BertConfig {
            hidden_size: 256,
            num_attention_heads: 4,
            intermediate_size: 1024,
            ..BertConfig::default()
        };
        Self { bert, embedding_size: 128 }
    }
}

impl ElectraConfig {
    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        let default = Self::default();
        let bert = BertConfig::from_fields(fields, default.bert)?;
        let embedding_size = fields.size("embedding_size", default.embedding_size)?;
        // Wider tables than layers: nobody has them, and a bound on one is then a bound on both.
        if !(1..=bert.hidden_size).contains(&embedding_size) {
            let expected = format!("1 to hidden_size ({})", bert.hidden_size);
            return Err(fields.invalid("embedding_size", expected));
        }
        Ok(Self { bert, embedding_size })
    }
}
