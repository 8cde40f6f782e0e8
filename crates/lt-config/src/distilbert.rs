//! DistilBERT's configuration.

use crate::fields::Fields;
use crate::{BertConfig, ConfigError, Labels};

/// The configuration of a DistilBERT: BERT with half of the layers, no segments and no pooler.
///
/// Its file has names of its own for the same sizes (`dim`, `n_layers`, `hidden_dim`, …); here they
/// stand under those of BERT. The ε of its norms is fixed, and there is one segment, of which
/// nothing is stored.
///
/// ```
/// use lt_config::{DistilBertConfig, ModelConfig};
/// let config = ModelConfig::from_json(r#"{"model_type": "distilbert", "dim": 384}"#)?;
/// let ModelConfig::DistilBert(DistilBertConfig { bert }) = config else { panic!("another family") };
/// assert_eq!((bert.num_hidden_layers, bert.hidden_size), (6, 384));
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// [Sanh et al. 2019](https://arxiv.org/abs/1910.01108). PyTorch: transformers' `DistilBertConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct DistilBertConfig {
    /// Its sizes, as BERT calls them.
    pub bert: BertConfig,
}

impl Default for DistilBertConfig {
    fn default() -> Self {
        let bert = BertConfig { num_hidden_layers: 6, type_vocab_size: 1, ..BertConfig::default() };
        Self { bert }
    }
}

impl DistilBertConfig {
    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        let default = Self::default().bert;
        let bert = BertConfig {
            vocab_size: fields.size("vocab_size", default.vocab_size)?,
            hidden_size: fields.size("dim", default.hidden_size)?,
            num_hidden_layers: fields.size("n_layers", default.num_hidden_layers)?,
            num_attention_heads: fields.size("n_heads", default.num_attention_heads)?,
            intermediate_size: fields.size("hidden_dim", default.intermediate_size)?,
            hidden_act: fields.text("activation")?.map_or(default.hidden_act, str::to_owned),
            max_position_embeddings: fields
                .size("max_position_embeddings", default.max_position_embeddings)?,
            hidden_dropout_prob: fields.number("dropout", default.hidden_dropout_prob)?,
            attention_probs_dropout_prob: fields
                .number("attention_dropout", default.attention_probs_dropout_prob)?,
            pad_token_id: fields.size("pad_token_id", default.pad_token_id)?,
            tie_word_embeddings: fields.flag("tie_word_embeddings", default.tie_word_embeddings)?,
            architectures: fields.texts("architectures")?,
            labels: Labels::from_fields(fields)?,
            type_vocab_size: default.type_vocab_size,
            layer_norm_eps: default.layer_norm_eps,
        };
        bert.check(&fields.origin)?;
        Ok(Self { bert })
    }
}
