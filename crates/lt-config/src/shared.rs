//! What every family's configuration says, by one set of names.

use crate::{
    AlbertConfig, BertConfig, DistilBertConfig, ElectraConfig, Gemma3TextConfig, Gpt2Config,
    Labels, LlamaConfig, MistralConfig, ModelConfig, ModernBertConfig, MpnetConfig, Qwen2Config,
    Qwen3Config, RobertaConfig,
};

/// What the configurations of all families say, by BERT's names.
///
/// ```
/// use lt_config::ModelConfig;
/// let config = ModelConfig::from_json(r#"{"model_type": "distilbert", "dim": 24}"#)?;
/// let shared = config.shared();
/// assert_eq!((shared.hidden_size, shared.embedding_size), (24, 24)); // DistilBERT says "dim"
/// assert_eq!(shared.type_vocab_size, 0); // and has no segments
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Shared<'a> {
    /// v: how many tokens the vocabulary has.
    pub vocab_size: usize,
    /// e: the width of the tables; d, unless the family widens them for its layers.
    pub embedding_size: usize,
    /// d: the width of a token's vector in the layers.
    pub hidden_size: usize,
    /// How many layers follow each other.
    pub num_hidden_layers: usize,
    /// h: how many heads attention has.
    pub num_attention_heads: usize,
    /// How many heads its keys and values have: h, unless several queries share them.
    pub num_key_value_heads: usize,
    /// k: how wide a head is.
    pub head_dim: usize,
    /// f: the inner width of the feed-forward layers.
    pub intermediate_size: usize,
    /// The activation of the feed-forward layers, by the name the checkpoint gives it.
    pub hidden_act: &'a str,
    /// How many rows the table of positions has; without one, the longest sequence of training.
    pub max_position_embeddings: usize,
    /// Whether there is a table of positions: there is none where attention turns by them.
    pub position_table: bool,
    /// How many segments there are vectors for: 0 if the family has none.
    pub type_vocab_size: usize,
    /// ε under the root of normalisation.
    pub layer_norm_eps: f32,
    /// The probability with which training drops a number of a hidden vector: 0 if the family
    /// does not.
    pub hidden_dropout_prob: f32,
    /// The probability with which training drops an attention weight.
    pub attention_probs_dropout_prob: f32,
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// Whether the matrix that scores words is the table of their vectors.
    pub tie_word_embeddings: bool,
    /// What a head tells apart.
    pub labels: &'a Labels,
    /// The classes of transformers that the checkpoint is one of, `BertForMaskedLM` for example:
    /// the first is the one it was saved as. There may be none.
    pub architectures: &'a [String],
}

impl ModelConfig {
    /// What the configurations of all families say, by BERT's names.
    #[must_use]
    pub fn shared(&self) -> Shared<'_> {
        match self {
            Self::Bert(config) => config.into(),
            Self::Roberta(config) => config.into(),
            Self::DistilBert(config) => config.into(),
            Self::Electra(config) => config.into(),
            Self::Albert(config) => config.into(),
            Self::Mpnet(config) => config.into(),
            Self::ModernBert(config) => config.into(),
            Self::Gpt2(config) => config.into(),
            Self::Llama(config) => config.into(),
            Self::Mistral(config) => config.into(),
            Self::Qwen2(config) => config.into(),
            Self::Qwen3(config) => config.into(),
            Self::Gemma3Text(config) => config.into(),
        }
    }
}

/// For each family: what is shared, where its name is BERT's, and what is said otherwise.
macro_rules! shared {
    ($($family:ident as $config:ident {
        same: [$($same:ident),*],
        other: { $($field:ident: $value:expr),* $(,)? }
    })*) => {$(
        impl<'a> From<&'a $family> for Shared<'a> {
            fn from($config: &'a $family) -> Self {
                Self {
                    vocab_size: $config.vocab_size,
                    tie_word_embeddings: $config.tie_word_embeddings,
                    initializer_range: $config.initializer_range,
                    labels: &$config.labels,
                    architectures: &$config.architectures,
                    $($same: $config.$same,)*
                    $($field: $value,)*
                }
            }
        }
    )*};
}

shared! {
    BertConfig as config {
        same: [
            hidden_size, num_hidden_layers, num_attention_heads, intermediate_size,
            type_vocab_size, layer_norm_eps, hidden_dropout_prob, attention_probs_dropout_prob
        ],
        other: {
            max_position_embeddings: config.max_position_embeddings,
            num_key_value_heads: config.num_attention_heads,
            head_dim: equal_part(config.hidden_size, config.num_attention_heads),
            position_table: true,
            embedding_size: config.hidden_size,
            hidden_act: &config.hidden_act,
        }
    }
    RobertaConfig as config {
        same: [
            hidden_size, num_hidden_layers, num_attention_heads, intermediate_size,
            type_vocab_size, layer_norm_eps, hidden_dropout_prob, attention_probs_dropout_prob
        ],
        other: {
            max_position_embeddings: config.max_position_embeddings,
            num_key_value_heads: config.num_attention_heads,
            head_dim: equal_part(config.hidden_size, config.num_attention_heads),
            position_table: true,
            embedding_size: config.hidden_size,
            hidden_act: &config.hidden_act,
        }
    }
    DistilBertConfig as config {
        same: [],
        other: {
            max_position_embeddings: config.max_position_embeddings,
            num_key_value_heads: config.n_heads,
            head_dim: equal_part(config.dim, config.n_heads),
            position_table: true,
            embedding_size: config.dim,
            hidden_size: config.dim,
            num_hidden_layers: config.n_layers,
            num_attention_heads: config.n_heads,
            intermediate_size: config.hidden_dim,
            hidden_act: &config.activation,
            type_vocab_size: 0,
            layer_norm_eps: DistilBertConfig::LAYER_NORM_EPS,
            hidden_dropout_prob: config.dropout,
            attention_probs_dropout_prob: config.attention_dropout,
        }
    }
    ElectraConfig as config {
        same: [
            embedding_size, hidden_size, num_hidden_layers, num_attention_heads,
            intermediate_size, type_vocab_size, layer_norm_eps, hidden_dropout_prob,
            attention_probs_dropout_prob
        ],
        other: {
            max_position_embeddings: config.max_position_embeddings,
            num_key_value_heads: config.num_attention_heads,
            head_dim: equal_part(config.hidden_size, config.num_attention_heads),
            position_table: true,
            hidden_act: &config.hidden_act,
        }
    }
    AlbertConfig as config {
        same: [
            embedding_size, hidden_size, num_hidden_layers, num_attention_heads,
            intermediate_size, type_vocab_size, layer_norm_eps, hidden_dropout_prob,
            attention_probs_dropout_prob
        ],
        other: {
            max_position_embeddings: config.max_position_embeddings,
            num_key_value_heads: config.num_attention_heads,
            head_dim: equal_part(config.hidden_size, config.num_attention_heads),
            position_table: true,
            hidden_act: &config.hidden_act,
        }
    }
    MpnetConfig as config {
        same: [
            hidden_size, num_hidden_layers, num_attention_heads, intermediate_size,
            layer_norm_eps, hidden_dropout_prob, attention_probs_dropout_prob
        ],
        other: {
            max_position_embeddings: config.max_position_embeddings,
            num_key_value_heads: config.num_attention_heads,
            head_dim: equal_part(config.hidden_size, config.num_attention_heads),
            position_table: true,
            embedding_size: config.hidden_size,
            hidden_act: &config.hidden_act,
            type_vocab_size: 0,
        }
    }
    ModernBertConfig as config {
        same: [hidden_size, num_attention_heads, intermediate_size],
        other: {
            max_position_embeddings: config.max_position_embeddings,
            num_key_value_heads: config.num_attention_heads,
            head_dim: equal_part(config.hidden_size, config.num_attention_heads),
            position_table: false,
            embedding_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers(),
            hidden_act: &config.hidden_activation,
            type_vocab_size: 0,
            layer_norm_eps: config.norm_eps,
            hidden_dropout_prob: config.embedding_dropout,
            attention_probs_dropout_prob: config.attention_dropout,
        }
    }
    Gpt2Config as config {
        same: [],
        other: {
            max_position_embeddings: config.n_positions,
            num_attention_heads: config.n_head,
            num_key_value_heads: config.n_head,
            head_dim: equal_part(config.n_embd, config.n_head),
            position_table: true,
            embedding_size: config.n_embd,
            hidden_size: config.n_embd,
            num_hidden_layers: config.n_layer,
            intermediate_size: config.inner(),
            hidden_act: &config.activation_function,
            type_vocab_size: 0,
            layer_norm_eps: config.layer_norm_epsilon,
            hidden_dropout_prob: config.resid_pdrop,
            attention_probs_dropout_prob: config.attn_pdrop,
        }
    }
    LlamaConfig as config {
        same: [
            hidden_size, num_attention_heads, num_key_value_heads, head_dim, intermediate_size,
            max_position_embeddings
        ],
        other: {
            position_table: false,
            embedding_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers,
            hidden_act: &config.hidden_act,
            type_vocab_size: 0,
            layer_norm_eps: config.rms_norm_eps,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: config.attention_dropout,
        }
    }
    MistralConfig as config {
        same: [
            hidden_size, num_attention_heads, num_key_value_heads, head_dim, intermediate_size,
            max_position_embeddings
        ],
        other: {
            position_table: false,
            embedding_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers,
            hidden_act: &config.hidden_act,
            type_vocab_size: 0,
            layer_norm_eps: config.rms_norm_eps,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: config.attention_dropout,
        }
    }
    Qwen2Config as config {
        same: [
            hidden_size, num_attention_heads, num_key_value_heads, head_dim, intermediate_size,
            max_position_embeddings
        ],
        other: {
            position_table: false,
            embedding_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers(),
            hidden_act: &config.hidden_act,
            type_vocab_size: 0,
            layer_norm_eps: config.rms_norm_eps,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: config.attention_dropout,
        }
    }
    Qwen3Config as config {
        same: [
            hidden_size, num_attention_heads, num_key_value_heads, head_dim, intermediate_size,
            max_position_embeddings
        ],
        other: {
            position_table: false,
            embedding_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers(),
            hidden_act: &config.hidden_act,
            type_vocab_size: 0,
            layer_norm_eps: config.rms_norm_eps,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: config.attention_dropout,
        }
    }
    Gemma3TextConfig as config {
        same: [
            hidden_size, num_attention_heads, num_key_value_heads, head_dim, intermediate_size,
            max_position_embeddings
        ],
        other: {
            position_table: false,
            embedding_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers(),
            hidden_act: &config.hidden_activation,
            type_vocab_size: 0,
            layer_norm_eps: config.rms_norm_eps,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: config.attention_dropout,
        }
    }
}

/// How wide a head is, where heads share the width out; without heads, nothing is.
fn equal_part(width: usize, heads: usize) -> usize {
    width.checked_div(heads).unwrap_or(0)
}
