//! `[objective]`: what a model is trained for, task by task.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `lt train mlm`: hidden words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Mlm {
    /// How likely a token is to be chosen: 0.15.
    pub rate: f64,
    /// How likely one that is chosen becomes the mask: 0.8.
    pub masked: f64,
    /// How likely one that is chosen becomes another: 0.1.
    pub replaced: f64,
    /// Whether all tokens of a word are chosen, or none.
    pub whole_words: bool,
    /// ε of label smoothing.
    pub label_smoothing: f32,
}

impl Default for Mlm {
    fn default() -> Self {
        Self { rate: 0.15, masked: 0.8, replaced: 0.1, whole_words: false, label_smoothing: 0.0 }
    }
}

/// `lt train clm`: the next word.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Clm {
    /// Whether texts are put one behind another and cut into blocks of the maximum length, as for
    /// GPT-2; or each text is a sequence of its own.
    pub pack: bool,
    /// ε of label smoothing.
    pub label_smoothing: f32,
}

/// `lt train classify`: a label for each text, or pair of texts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Classify {
    /// The labels, in the order of the head's outputs: those of the data, sorted, if none is said.
    pub labels: Vec<String>,
    /// ε of label smoothing.
    pub label_smoothing: f32,
}

/// `lt train tag`: a label for each word.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Tag {
    /// The labels, in the order of the head's outputs: those of the data, sorted, if none is said.
    pub labels: Vec<String>,
    /// ε of label smoothing.
    pub label_smoothing: f32,
}

/// `lt train embed`: sentence vectors from pairs of texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Embed {
    /// What is learned.
    pub loss: EmbedLoss,
    /// τ of the contrastive loss: 0.05.
    pub temperature: f32,
    /// How the vectors of tokens become one.
    pub pooling: PoolingName,
    /// Whether the model that is saved scales its vectors to length 1: yes.
    pub normalize: bool,
}

impl Default for Embed {
    fn default() -> Self {
        let (loss, pooling) = (EmbedLoss::default(), PoolingName::default());
        Self { loss, temperature: 0.05, pooling, normalize: true }
    }
}

/// What is learned of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum EmbedLoss {
    /// To find the second text among those of all pairs (InfoNCE).
    #[default]
    Contrastive,
    /// The score of the pair, as a cosine.
    Scores,
}

/// How the vectors of tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PoolingName {
    /// Their mean.
    #[default]
    Mean,
    /// That of the first.
    Cls,
}

/// `lt train distill`: the sentence vectors of another model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Distill {
    /// The folder of the teacher: has to be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teacher: Option<PathBuf>,
    /// How the student's vectors of tokens become one.
    pub pooling: PoolingName,
    /// Whether the model that is saved scales its vectors to length 1: yes.
    pub normalize: bool,
}

impl Default for Distill {
    fn default() -> Self {
        Self { teacher: None, pooling: PoolingName::default(), normalize: true }
    }
}
