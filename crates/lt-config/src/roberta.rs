//! RoBERTa's configuration.

use crate::fields::Fields;
use crate::{BertConfig, ConfigError};

/// The configuration of a RoBERTa, and of those built like it: XLM-R, CamemBERT.
///
/// The settings are those of BERT; another value stands for a key that is absent. Positions are
/// counted from behind the padding token: a text has at most `max_position_embeddings` −
/// `pad_token_id` − 1 tokens, 512 of 514.
///
/// ```
/// use lt_config::{ModelConfig, RobertaConfig};
/// let config = ModelConfig::from_json(r#"{"model_type": "roberta", "num_hidden_layers": 6}"#)?;
/// let ModelConfig::Roberta(RobertaConfig { bert }) = config else { panic!("another family") };
/// assert_eq!((bert.num_hidden_layers, bert.vocab_size, bert.pad_token_id), (6, 50265, 1));
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// [Liu et al. 2019](https://arxiv.org/abs/1907.11692);
/// [Conneau et al. 2020](https://arxiv.org/abs/1911.02116). PyTorch: transformers' `RobertaConfig`
/// and `XLMRobertaConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct RobertaConfig {
    /// The settings that it shares with BERT, which are all it has.
    pub bert: BertConfig,
}

impl Default for RobertaConfig {
    fn default() -> Self {
        Self { bert: BertConfig { vocab_size: 50265, pad_token_id: 1, ..BertConfig::default() } }
    }
}

impl RobertaConfig {
    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        let mut default = Self::default().bert;
        if fields.text("model_type")? != Some("roberta") {
            default.vocab_size = 30522; // as transformers has it, though no checkpoint does
        }
        let bert = BertConfig::from_fields(fields, default)?;
        if bert.pad_token_id + 1 >= bert.max_position_embeddings {
            let expected = format!("less than {}", bert.max_position_embeddings - 1);
            return Err(fields.invalid("pad_token_id", expected));
        }
        Ok(Self { bert })
    }
}
