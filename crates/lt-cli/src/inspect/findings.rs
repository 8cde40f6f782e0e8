//! What is found in a model's directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lt_config::{ModelConfig, SentenceTransformers};
use lt_model::{LoadOptions, Loaded, Model};
use lt_tokenizer::Tokenizer;
use lt_weights::{Checkpoint, TensorInfo, TensorSource};
use serde::Serialize;

use crate::failure::{Failure, Result};
use crate::inspect::not_finite;

/// Everything that `lt inspect` shows; as JSON, in this order.
#[derive(Serialize)]
pub(crate) struct Findings {
    /// The directory.
    pub(crate) directory: String,
    /// What `config.json` says; nothing if it cannot be used.
    pub(crate) config: Option<Sizes>,
    /// What all tensors hold together.
    pub(crate) stored: Totals,
    /// The model as it was loaded; nothing if it could not be.
    pub(crate) model: Option<LoadedModel>,
    /// How sentences become vectors, if a file says so.
    pub(crate) sentence_transformers: Option<SentenceSettings>,
    /// How many tokens the tokenizer knows, if there is one.
    pub(crate) tokenizer: Option<TokenizerFound>,
    /// What is wrong, each with its reasons.
    pub(crate) problems: Vec<String>,
    /// Each tensor, sorted by name.
    pub(crate) tensors: Option<Vec<Tensor>>,
}

/// The numbers that a model's shapes follow from.
#[derive(Serialize)]
pub(crate) struct Sizes {
    pub(crate) family: &'static str,
    pub(crate) architectures: Vec<String>,
    pub(crate) num_hidden_layers: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) num_key_value_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) hidden_act: String,
    pub(crate) vocab_size: usize,
    pub(crate) max_position_embeddings: usize,
    /// Whether there is a table of positions; otherwise they come in with attention.
    pub(crate) position_table: bool,
    pub(crate) type_vocab_size: usize,
    pub(crate) layer_norm_eps: f32,
}

#[derive(Serialize)]
pub(crate) struct Totals {
    pub(crate) tensors: usize,
    pub(crate) numbers: usize,
    pub(crate) bytes: usize,
    /// How many bytes of each type.
    pub(crate) bytes_by_dtype: BTreeMap<String, usize>,
}

#[derive(Serialize)]
pub(crate) struct LoadedModel {
    /// The class of transformers that it is.
    pub(crate) architecture: String,
    pub(crate) parameters: usize,
    /// How many layers run, and how many have parameters of their own.
    pub(crate) layers_run: usize,
    pub(crate) layers_stored: usize,
    /// What a head that sorts texts or tokens tells apart.
    pub(crate) labels: Option<Vec<String>>,
    /// For a head that sorts texts: the kind of its question, as transformers calls it.
    pub(crate) problem_type: Option<&'static str>,
    pub(crate) pooler: bool,
    /// For a masked-LM head: whether its matrix is the table of token vectors.
    pub(crate) tied: Option<bool>,
    pub(crate) warnings: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct SentenceSettings {
    /// What is put in front of each text.
    pub(crate) prompt: String,
    pub(crate) pooling: Vec<&'static str>,
    pub(crate) normalize: bool,
    pub(crate) max_seq_length: Option<usize>,
}

#[derive(Serialize)]
pub(crate) struct TokenizerFound {
    pub(crate) vocab_size: usize,
    pub(crate) special_tokens: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: usize,
    /// What loading did with it; nothing if the model could not be loaded.
    #[serde(rename = "use")]
    pub(crate) used: Option<Use>,
}

/// What loading did with a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Use {
    /// It is a parameter of the model.
    Loaded,
    /// The model has no use for it.
    Ignored,
    /// It is a copy of another, which was used.
    Copy,
}

impl Findings {
    /// Looks at everything in a directory. What is wrong with one part does not hide the others,
    /// but there must be weights.
    pub(crate) fn collect(dir: &Path, options: &LoadOptions) -> Result<Self> {
        let mut problems = Vec::new();
        let mut note = |failure: Failure| problems.push(failure.to_string());

        let sentences = SentenceTransformers::from_dir(dir).unwrap_or_else(|error| {
            note(error.into());
            None
        });
        let model_dir = sentences.as_ref().map_or(dir, |found| found.transformer_dir.as_path());
        let checkpoint = Checkpoint::open(model_dir, options.reading)?;
        let config = match ModelConfig::from_dir(model_dir) {
            Ok(config) => Some(Sizes::of(&config)),
            Err(error) => {
                note(error.into());
                None
            }
        };
        let loaded = match Model::from_dir(model_dir, options) {
            Ok(loaded) => Some(loaded),
            Err(error) => {
                note(error.into());
                None
            }
        };
        let tokenizer = match Tokenizer::from_dir(model_dir) {
            Ok(tokenizer) => Some(TokenizerFound::of(&tokenizer)),
            Err(error) => {
                note(error.into());
                None
            }
        };
        if let (Some(tokenizer), Some(config)) = (&tokenizer, &config)
            && tokenizer.vocab_size > config.vocab_size
        {
            problems.push(format!(
                "the tokenizer has {} tokens, but the model {}: were the files of two models mixed?",
                tokenizer.vocab_size, config.vocab_size
            ));
        }
        problems.extend(not_finite::warnings(&checkpoint));
        // The configuration's problem is also the model's.
        problems.dedup();
        Ok(Self {
            directory: dir.display().to_string(),
            config,
            stored: Totals::of(checkpoint.tensors()),
            tensors: Some(tensors(checkpoint.tensors(), loaded.as_ref())),
            model: loaded.as_ref().map(LoadedModel::of),
            sentence_transformers: sentences.map(SentenceSettings::of),
            tokenizer,
            problems,
        })
    }
}

impl Sizes {
    fn of(config: &ModelConfig) -> Self {
        let sizes = config.shared();
        Self {
            family: config.family(),
            architectures: sizes.architectures.to_vec(),
            num_hidden_layers: sizes.num_hidden_layers,
            hidden_size: sizes.hidden_size,
            num_attention_heads: sizes.num_attention_heads,
            num_key_value_heads: sizes.num_key_value_heads,
            head_dim: sizes.head_dim,
            intermediate_size: sizes.intermediate_size,
            hidden_act: sizes.hidden_act.to_owned(),
            vocab_size: sizes.vocab_size,
            max_position_embeddings: sizes.max_position_embeddings,
            position_table: sizes.position_table,
            type_vocab_size: sizes.type_vocab_size,
            layer_norm_eps: sizes.layer_norm_eps,
        }
    }
}

impl Totals {
    fn of(tensors: &[TensorInfo]) -> Self {
        let mut bytes_by_dtype = BTreeMap::new();
        for tensor in tensors {
            *bytes_by_dtype.entry(tensor.dtype.to_string()).or_default() += tensor.bytes;
        }
        Self {
            tensors: tensors.len(),
            numbers: tensors.iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum(),
            bytes: tensors.iter().map(|tensor| tensor.bytes).sum(),
            bytes_by_dtype,
        }
    }
}

impl LoadedModel {
    fn of(loaded: &Loaded<Model>) -> Self {
        let tied = match &loaded.model {
            Model::MaskedLm(model) => Some(model.decoder() == lt_model::Decoder::Tied),
            Model::CausalLm(model) => Some(model.decoder() == lt_model::Decoder::Tied),
            _ => None,
        };
        let (labels, layers) = (loaded.config.labels(), loaded.model.encoder().layers());
        let sorts_texts = matches!(loaded.model, Model::SequenceClassifier(_));
        let sorts_tokens = matches!(loaded.model, Model::TokenClassifier(_));
        Self {
            architecture: loaded.model.architecture(),
            parameters: lt_core::parameter_count(&loaded.model),
            layers_run: layers.attentions().len(),
            layers_stored: layers.stored(),
            labels: (sorts_texts || sorts_tokens).then(|| labels.names().to_vec()),
            problem_type: sorts_texts.then(|| labels.problem().name()),
            pooler: loaded.model.encoder().pooler().is_some(),
            tied,
            warnings: loaded.report.warnings.iter().map(ToString::to_string).collect(),
        }
    }
}

impl SentenceSettings {
    fn of(settings: SentenceTransformers) -> Self {
        Self {
            prompt: settings.preparation.prompt,
            pooling: settings.pooling.iter().map(|pooling| pooling.name()).collect(),
            normalize: settings.normalize,
            max_seq_length: settings.max_seq_length,
        }
    }
}

impl TokenizerFound {
    fn of(tokenizer: &Tokenizer) -> Self {
        let special = tokenizer.special_tokens();
        let all = [
            &special.unk,
            &special.cls,
            &special.sep,
            &special.pad,
            &special.mask,
            &special.bos,
            &special.eos,
        ];
        Self {
            vocab_size: tokenizer.vocab_size(),
            special_tokens: all.into_iter().flatten().map(|found| found.token.clone()).collect(),
        }
    }
}

fn tensors(stored: &[TensorInfo], loaded: Option<&Loaded<Model>>) -> Vec<Tensor> {
    let names = loaded.map(|loaded| {
        let used: BTreeSet<&str> =
            loaded.report.loaded.iter().map(|loaded| loaded.stored.as_str()).collect();
        let ignored: BTreeSet<&str> = loaded.report.ignored.iter().map(String::as_str).collect();
        (used, ignored)
    });
    let use_of = |name: &str| {
        names.as_ref().map(|(used, ignored)| match name {
            _ if used.contains(name) => Use::Loaded,
            _ if ignored.contains(name) => Use::Ignored,
            _ => Use::Copy,
        })
    };
    stored
        .iter()
        .map(|tensor| Tensor {
            name: tensor.name.clone(),
            dtype: tensor.dtype.to_string(),
            shape: tensor.shape.clone(),
            bytes: tensor.bytes,
            used: use_of(&tensor.name),
        })
        .collect()
}
