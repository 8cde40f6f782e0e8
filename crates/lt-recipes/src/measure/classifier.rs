//! How often a classifier is right.

use std::collections::BTreeMap;

use lt_core::Scratch;
use lt_tasks::TextClassifier;
use lt_tasks::metrics::{Average, accuracy, per_class, precision_recall_f1};
use lt_tokenizer::Text;
use lt_train::data::{Checked, LabelSet};
use serde::Serialize;

use super::unmeasured;
use crate::tasks::classify::wanted;
use crate::{DataSection, Result};

/// How often a classifier is right.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClassifierScores {
    /// The share of texts whose likeliest label is the right one.
    pub accuracy: f64,
    /// The mean of the labels' F1.
    pub macro_f1: f64,
    /// The same, each label weighted by its texts.
    pub weighted_f1: f64,
    /// How many texts there are.
    pub texts: usize,
    /// Each label by itself.
    pub labels: BTreeMap<String, ClassScore>,
}

/// How well a label is found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClassScore {
    /// Of those called so, how many are.
    pub precision: f64,
    /// Of those that are, how many are called so.
    pub recall: f64,
    /// 2·p·r / (p + r).
    pub f1: f64,
    /// How many are.
    pub support: usize,
}

/// So many texts are sorted at a time.
const AT_A_TIME: usize = 1024;

/// Sorts the texts of files and compares with the labels beside them.
///
/// # Errors
/// If a file cannot be read, or a row has a label that the model does not know.
pub fn measure_classifier(
    model: &TextClassifier,
    data: &DataSection,
    scratch: &mut Scratch,
) -> Result<ClassifierScores> {
    let labels = LabelSet::new(model.labels().names());
    let rows = Checked::new(data.rows(&wanted(data))?, |mut row: Vec<String>| {
        let label = row.pop().unwrap_or_default();
        labels.id(&label)?;
        Ok((row, label))
    });
    let corpus = data.corpus(&data.files, rows)?;
    let mut records = corpus.records();
    let (mut gold, mut predicted) = (Vec::new(), Vec::new());
    loop {
        let some = records.by_ref().take(AT_A_TIME).collect::<Result<Vec<_>, _>>()?;
        if some.is_empty() {
            break;
        }
        let answers = model.classify(some.iter().map(|(row, _)| text(row)), scratch)?;
        predicted.extend(answers.iter().map(|answer| {
            answer.scores.first().map_or_else(String::new, |score| score.label.to_owned())
        }));
        gold.extend(some.into_iter().map(|(_, label)| label));
    }
    let f1 = |average| {
        precision_recall_f1(&gold, &predicted, average).map(|score| score.f1).map_err(unmeasured)
    };
    let labels = per_class(&gold, &predicted).map_err(unmeasured)?;
    Ok(ClassifierScores {
        accuracy: accuracy(&gold, &predicted).map_err(unmeasured)?,
        macro_f1: f1(Average::Macro)?,
        weighted_f1: f1(Average::Weighted)?,
        texts: gold.len(),
        labels: labels
            .into_iter()
            .map(|(label, score)| {
                let (precision, recall) = (score.precision, score.recall);
                let score = ClassScore { precision, recall, f1: score.f1, support: score.support };
                (label, score)
            })
            .collect(),
    })
}

fn text(row: &[String]) -> Text<'_> {
    match row {
        [first, second] => Text::Pair(first, second),
        [first, ..] => Text::Single(first),
        [] => Text::Single(""),
    }
}
