//! What a run begins with: a configuration, a tokenizer, and perhaps a checkpoint.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lt_config::{ModelConfig, SentenceTransformers};
use lt_tokenizer::{SpecialToken, Tokenizer, TokenizerError};
use lt_train::data::LabelSet;
use serde_json::{Map, Value, json};

use crate::hf_folder::HfFolder;
use crate::toml_file::nearest_hint;
use crate::vocabulary::Words;
use crate::{ModelSection, RecipeError, Result, TokenizerSection};

/// What a run begins with.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    /// The future `config.json`.
    pub(crate) json: Map<String, Value>,
    /// The folder of the checkpoint; none: the model is new.
    pub(crate) from: Option<PathBuf>,
    /// The layers of the checkpoint that are kept; none: all.
    pub(crate) layers: Option<Vec<usize>>,
    /// The words of the tokenizer by those of the checkpoint; none: they are the same.
    pub(crate) words: Option<Words>,
    /// The tokenizer.
    pub(crate) tokenizer: Arc<Tokenizer>,
    /// Whether the head of the checkpoint tells other labels apart than those of the data.
    pub(crate) new_head: bool,
    whole: Map<String, Value>,
    tokenizer_dir: PathBuf,
}

/// Keys of the recipe that are no keys of `config.json`.
const OWN_KEYS: [&str; 3] = ["from", "type", "layers"];
/// How `config.json` calls the number of layers, by family.
const LAYER_COUNTS: [&str; 3] = ["num_hidden_layers", "n_layer", "n_layers"];

/// Keys of `config.json` that may have been meant by a misspelt one.
const KEYS: [&str; 38] = [
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "initializer_range",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "pad_token_id",
    "tie_word_embeddings",
    "classifier_dropout",
    "embedding_size",
    "num_hidden_groups",
    "dim",
    "n_layers",
    "n_heads",
    "hidden_dim",
    "dropout",
    "attention_dropout",
    "n_embd",
    "n_layer",
    "n_head",
    "n_inner",
    "n_positions",
    "embd_pdrop",
    "attn_pdrop",
    "resid_pdrop",
    "activation_function",
    "layer_norm_epsilon",
    "num_key_value_heads",
    "head_dim",
    "rope_theta",
    "rms_norm_eps",
    "sliding_window",
];

impl Start {
    pub(crate) fn read(model: &ModelSection, tokenizer: &TokenizerSection) -> Result<Self> {
        let table = &model.0;
        let from = table.get("from").map(|from| match from.as_str() {
            Some(from) => model_dir(Path::new(from)),
            None => Err(RecipeError::setting("model.from", from, "the path of a folder")),
        });
        let from = from.transpose()?;
        let mut json = match &from {
            Some(dir) => config_json(dir)?,
            None => new_config(table)?,
        };
        let layers = table.get("layers").map(kept_layers).transpose()?;
        if layers.is_some() && from.is_none() {
            let expected = "a checkpoint in model.from to take them from";
            return Err(RecipeError::setting("model.layers", "said", expected));
        }
        if let (Some(_), Some(kind)) = (&from, table.get("type")) {
            let expected = "nothing, because model.from is said: its config.json has the type";
            return Err(RecipeError::setting("model.type", kind, expected));
        }
        for (key, value) in table.iter().filter(|(key, _)| !OWN_KEYS.contains(&key.as_str())) {
            check_key(&json, key)?;
            let value = serde_json::to_value(value)
                .map_err(|_| RecipeError::setting(&format!("model.{key}"), value, "a value"))?;
            json.insert(key.clone(), value);
        }
        let mut whole = json.clone();
        if let Some(layers) = &layers {
            keep_count(&mut json, layers)?;
        }
        let tokenizer_dir = match (&tokenizer.from, &from) {
            (Some(dir), _) | (None, Some(dir)) => dir.clone(),
            (None, None) => {
                let expected = "the folder of a tokenizer, because the model is new";
                return Err(RecipeError::setting("tokenizer.from", "not said", expected));
            }
        };
        let tokenizer = Tokenizer::from_dir(&tokenizer_dir)?;
        let mut words = None;
        match &from {
            None => {
                suit(&mut json, &tokenizer);
                whole.clone_from(&json);
            }
            Some(dir) if *dir != tokenizer_dir => {
                words = moved(&mut json, &tokenizer, dir)?;
            }
            Some(_) => {}
        }
        check_vocabulary(&json, &tokenizer)?;
        let tokenizer = Arc::new(tokenizer);
        let new_head = false;
        Ok(Self { json, from, layers, words, tokenizer, new_head, whole, tokenizer_dir })
    }

    /// With a head that tells these labels apart.
    pub(crate) fn with_labels(mut self, labels: &LabelSet) -> Result<Self> {
        self.new_head = self.config()?.labels().names() != labels.names();
        let pairs = || labels.names().iter().enumerate();
        let to_label: Map<String, Value> =
            pairs().map(|(id, name)| (id.to_string(), json!(name))).collect();
        let to_id: Map<String, Value> =
            pairs().map(|(id, name)| (name.clone(), json!(id))).collect();
        for json in [&mut self.json, &mut self.whole] {
            json.remove("num_labels");
            json.insert("id2label".to_owned(), Value::Object(to_label.clone()));
            json.insert("label2id".to_owned(), Value::Object(to_id.clone()));
        }
        Ok(self)
    }

    /// The configuration, checked.
    pub(crate) fn config(&self) -> Result<ModelConfig> {
        Ok(ModelConfig::from_json(&Value::Object(self.json.clone()).to_string())?)
    }

    /// That of the checkpoint, with all of its layers.
    pub(crate) fn whole_config(&self) -> Result<ModelConfig> {
        Ok(ModelConfig::from_json(&Value::Object(self.whole.clone()).to_string())?)
    }

    /// What the model will be saved with.
    pub(crate) fn folder(&self) -> Result<HfFolder> {
        HfFolder::new(self.json.clone(), &self.tokenizer_dir)
    }
}

/// The folder with `config.json`: that of sentence-transformers may have it in a folder below.
fn model_dir(dir: &Path) -> Result<PathBuf> {
    let settings = SentenceTransformers::from_dir(dir)?;
    Ok(settings.map_or_else(|| dir.to_owned(), |settings| settings.transformer_dir))
}

fn config_json(dir: &Path) -> Result<Map<String, Value>> {
    // Whatever is wrong with it is said by the one whose subject it is.
    let known = ModelConfig::from_dir(dir);
    let path = dir.join("config.json");
    let text = fs::read_to_string(&path).ok();
    let Some(Value::Object(mut json)) = text.and_then(|text| serde_json::from_str(&text).ok())
    else {
        known?;
        return Err(RecipeError::setting("model.from", dir.display(), "a model's folder"));
    };
    // The first BERTs did not say what they are.
    if !json.contains_key("model_type") && !json.contains_key("architectures") {
        json.insert("model_type".to_owned(), json!("bert"));
    } else {
        known?;
    }
    Ok(json)
}

fn new_config(table: &toml::Table) -> Result<Map<String, Value>> {
    let Some(kind) = table.get("type").and_then(toml::Value::as_str) else {
        let got = table.get("type").map_or_else(|| "not said".to_owned(), ToString::to_string);
        let expected = "\"bert\", \"gpt2\", \"llama\" or another family, or model.from";
        return Err(RecipeError::setting("model.type", got, expected));
    };
    let json: Map<String, Value> = [("model_type".to_owned(), json!(kind))].into_iter().collect();
    ModelConfig::from_json(&Value::Object(json.clone()).to_string())?;
    Ok(json)
}

/// Refuses a key that the family does not know: a misspelt one would change nothing, in silence.
fn check_key(json: &Map<String, Value>, key: &str) -> Result<()> {
    let kind = json.get("model_type").cloned().unwrap_or_default();
    // A key that is read refuses what can be no setting.
    let is_read = |key: &str| {
        let probe = json!({"model_type": kind, key: {"no": ["setting"]}});
        ModelConfig::from_json(&probe.to_string()).is_err()
    };
    if json.contains_key(key) || is_read(key) {
        return Ok(());
    }
    let known: Vec<&str> = KEYS.into_iter().filter(|key| is_read(key)).chain(OWN_KEYS).collect();
    Err(RecipeError::File {
        place: "the table [model]".to_owned(),
        problem: format!("unknown field `{key}`, which a {kind} does not have"),
        hint: Some(nearest_hint(key, &known)),
    })
}

fn kept_layers(value: &toml::Value) -> Result<Vec<usize>> {
    let layers: Option<Vec<usize>> = value.as_array().and_then(|layers| {
        layers.iter().map(|layer| usize::try_from(layer.as_integer()?).ok()).collect()
    });
    let layers = layers.filter(|layers| !layers.is_empty());
    layers.ok_or_else(|| RecipeError::setting("model.layers", value, "numbers of layers, from 0"))
}

fn keep_count(json: &mut Map<String, Value>, layers: &[usize]) -> Result<()> {
    let key = LAYER_COUNTS.into_iter().find(|key| json.contains_key(*key));
    let count = key.and_then(|key| json.get(key)).and_then(Value::as_u64);
    let (Some(key), Some(count)) = (key, count) else {
        let expected = "a checkpoint whose config.json says how many layers it has";
        return Err(RecipeError::setting("model.layers", "said", expected));
    };
    if let Some(layer) = layers.iter().find(|layer| **layer as u64 >= count) {
        let expected = format!("less than the {count} layers of the checkpoint");
        return Err(RecipeError::setting("model.layers", layer, expected));
    }
    json.insert(key.to_owned(), json!(layers.len()));
    // Families whose layers differ say for each which it is.
    if let Some(Value::Array(types)) = json.get("layer_types").cloned() {
        let kept = layers.iter().filter_map(|layer| types.get(*layer).cloned()).collect();
        json.insert("layer_types".to_owned(), Value::Array(kept));
    }
    Ok(())
}

/// The ids that `config.json` has of special tokens.
fn special_ids(tokenizer: &Tokenizer) -> [(&'static str, &Option<SpecialToken>); 5] {
    let special = tokenizer.special_tokens();
    [
        ("pad_token_id", &special.pad),
        ("bos_token_id", &special.bos),
        ("eos_token_id", &special.eos),
        ("cls_token_id", &special.cls),
        ("sep_token_id", &special.sep),
    ]
}

/// Gives a checkpoint the words of another tokenizer than its own.
fn moved(
    json: &mut Map<String, Value>,
    tokenizer: &Tokenizer,
    checkpoint: &Path,
) -> Result<Option<Words>> {
    let Some(old) = json.get("vocab_size").and_then(Value::as_u64) else { return Ok(None) };
    let before = match Tokenizer::from_dir(checkpoint) {
        // Where nothing says which words the rows are, they are those of the tokenizer.
        Err(TokenizerError::NotFound { .. }) => return Ok(None),
        before => before?,
    };
    let words = Words::between(tokenizer, &before, old as usize)?;
    if words.is_some() {
        for (key, token) in special_ids(tokenizer) {
            if let (Some(value), Some(token)) = (json.get_mut(key), token) {
                *value = json!(token.id);
            }
        }
        json.insert("vocab_size".to_owned(), json!(tokenizer.vocab_size()));
    }
    Ok(words)
}

/// Gives a new model as many tokens as the tokenizer has, and its special ones.
fn suit(json: &mut Map<String, Value>, tokenizer: &Tokenizer) {
    for (key, token) in special_ids(tokenizer) {
        if let Some(token) = token
            && !json.contains_key(key)
        {
            json.insert(key.to_owned(), json!(token.id));
        }
    }
    if !json.contains_key("vocab_size") {
        json.insert("vocab_size".to_owned(), json!(tokenizer.vocab_size()));
    }
}

fn check_vocabulary(json: &Map<String, Value>, tokenizer: &Tokenizer) -> Result<()> {
    match json.get("vocab_size").and_then(Value::as_u64) {
        Some(size) if (size as usize) < tokenizer.vocab_size() => {
            let expected = format!("at least the {} of the tokenizer", tokenizer.vocab_size());
            Err(RecipeError::setting("model.vocab_size", size, expected))
        }
        _ => Ok(()),
    }
}
