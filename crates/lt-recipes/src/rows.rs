//! Rows: what a task reads of its files, whatever their format.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use lt_train::data::{
    BadRows, Budget, Corpus, Csv, Cut, Drawn, Epochs, Examples, Format, Header, JsonLines,
    LabelSet, Order, Reading, Skipped, Streamed, TextLines, Tokens,
};
use lt_train::{Batches, Position};

use crate::{BadRowsName, ColumnName, DataSection, FormatName, RecipeError, Result, Training};

/// An error of whatever kind.
pub(crate) type Foreign = Box<dyn std::error::Error + Send + Sync>;

/// A field that a task reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The key that names it: `label`.
    pub(crate) key: &'static str,
    /// What the recipe says.
    pub(crate) column: Option<&'a ColumnName>,
}

/// Any format whose records are rows of fields.
#[derive(Debug, Clone)]
pub(crate) enum RowFormat {
    Text(TextLines),
    Json(JsonLines),
    Table(Csv),
}

impl Format for RowFormat {
    type Record = Vec<String>;

    fn cut(&self) -> Cut {
        match self {
            Self::Text(format) => format.cut(),
            Self::Json(format) => format.cut(),
            Self::Table(format) => format.cut(),
        }
    }

    fn header(&self) -> Header {
        match self {
            Self::Text(format) => format.header(),
            Self::Json(format) => format.header(),
            Self::Table(format) => format.header(),
        }
    }

    fn check_header(&self, header: &str) -> Result<(), String> {
        match self {
            Self::Text(format) => format.check_header(header),
            Self::Json(format) => format.check_header(header),
            Self::Table(format) => format.check_header(header),
        }
    }

    fn record(&self, header: Option<&str>, text: &str) -> Result<Vec<String>, String> {
        match self {
            Self::Text(format) => format.record(header, text).map(|text| vec![text]),
            Self::Json(format) => format.record(header, text),
            Self::Table(format) => format.record(header, text),
        }
    }
}

impl DataSection {
    /// The format of the files, by what is said or by what the first name ends with.
    pub(crate) fn format(&self) -> Result<FormatName> {
        let Some(first) = self.files.first() else {
            return Err(RecipeError::setting("data.files", "empty", "at least one file"));
        };
        let ending = first.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        Ok(self.format.unwrap_or(match ending.as_deref() {
            Some("jsonl" | "json" | "ndjson") => FormatName::Jsonl,
            Some("csv") => FormatName::Csv,
            Some("tsv" | "tab") => FormatName::Tsv,
            Some("conll" | "iob" | "bio") => FormatName::Conll,
            _ => FormatName::Text,
        }))
    }

    /// Rows with these fields, in this order. One that the recipe does not name has the name of
    /// its key.
    pub(crate) fn rows(&self, wanted: &[Wanted<'_>]) -> Result<RowFormat> {
        let format = self.format()?;
        if format == FormatName::Conll {
            let expected = "text, jsonl, csv or tsv for this task";
            return Err(RecipeError::setting("data.format", "conll", expected));
        }
        if format == FormatName::Text {
            return match wanted {
                [Wanted { column: None, .. }] => Ok(RowFormat::Text(TextLines)),
                [Wanted { key, .. }] => {
                    let expected = format!("jsonl, csv or tsv, because data.{key} names a field");
                    Err(RecipeError::setting("data.format", "text", expected))
                }
                _ => {
                    let keys: Vec<&str> = wanted.iter().map(|wanted| wanted.key).collect();
                    let expected = format!("jsonl, csv or tsv: {} are read", keys.join(", "));
                    Err(RecipeError::setting("data.format", "text", expected))
                }
            };
        }
        let places: Option<Vec<usize>> = wanted
            .iter()
            .map(|wanted| match wanted.column {
                Some(ColumnName::At(place)) => Some(*place),
                _ => None,
            })
            .collect();
        let names: Option<Vec<String>> = wanted
            .iter()
            .map(|wanted| match wanted.column {
                Some(ColumnName::At(_)) => None,
                Some(ColumnName::Named(name)) => Some(name.clone()),
                None => Some(wanted.key.to_owned()),
            })
            .collect();
        let separator = if format == FormatName::Tsv { '\t' } else { ',' };
        match (format, names, places) {
            (FormatName::Jsonl, Some(names), _) => Ok(RowFormat::Json(JsonLines::new(names))),
            (FormatName::Csv | FormatName::Tsv, Some(names), _) => {
                Ok(RowFormat::Table(Csv::named(names).separator(separator)))
            }
            (FormatName::Csv | FormatName::Tsv, _, Some(places)) => {
                Ok(RowFormat::Table(Csv::at(places).separator(separator)))
            }
            _ => {
                let keys: Vec<String> =
                    wanted.iter().map(|wanted| format!("data.{}", wanted.key)).collect();
                let expected = "names, or in tables without a header all of them numbers";
                Err(RecipeError::setting(&keys.join(", "), "numbers", expected))
            }
        }
    }

    /// The files, gone through once.
    pub(crate) fn corpus<F: Format>(&self, files: &[PathBuf], format: F) -> Result<Corpus<F>> {
        let mut reading = Reading::default();
        if self.bad_rows == BadRowsName::Skip {
            reading.bad_rows = BadRows::Skip;
        }
        if let Some(longest) = self.longest_row {
            reading.longest = longest;
        }
        Ok(Corpus::open(files, format, reading)?)
    }

    /// How much a step has, where it is cut into so many shards unless the recipe says it.
    pub(crate) fn budget(&self, shards: usize) -> Budget {
        let shards = self.shards.unwrap_or(shards);
        match (self.tokens_per_step, self.examples_per_step) {
            (Some(tokens), examples) => {
                let mut budget = Budget::tokens(tokens, shards);
                budget.examples = examples.unwrap_or(usize::MAX);
                budget
            }
            (None, examples) => Budget::examples(examples.unwrap_or(32), shards),
        }
    }

    /// In which order examples come.
    pub(crate) fn order(&self, seed: u64) -> Order {
        if self.shuffle { Order::shuffled(seed) } else { Order::AsStored }
    }

    /// The labels that the files have in the last of these fields.
    pub(crate) fn labels_in(&self, files: &[PathBuf], wanted: &[Wanted<'_>]) -> Result<LabelSet> {
        let corpus = self.corpus(files, self.rows(wanted)?)?;
        let labels = corpus.records().map(|record| Ok(record?.pop().unwrap_or_default()));
        Ok(LabelSet::found_in(labels.collect::<Result<Vec<String>>>()?))
    }
}

/// Data that steps are made of, whatever its kind.
pub(crate) trait Source: Batches {
    /// How many steps so many epochs have.
    fn steps(&self, epochs: u64) -> u64;

    /// How many examples there are.
    fn examples(&self) -> usize;

    /// The rows that were passed over.
    fn skipped(&self) -> &Skipped;
}

/// What is trained on, and what is measured on meanwhile.
pub(crate) struct Sources<S> {
    pub(crate) data: Box<dyn Source<Shard = S>>,
    pub(crate) evaluation: Option<Box<dyn Source<Shard = S>>>,
}

impl<T> Training<T> {
    /// The files of the recipe, read in this way: those of `[data]` in their order for training,
    /// those of `[evaluation]` as they are stored.
    pub(crate) fn sources<S>(
        &self,
        read: impl Fn(&[PathBuf], Order) -> Result<Box<dyn Source<Shard = S>>>,
    ) -> Result<Sources<S>> {
        let data = read(&self.data.files, self.data.order(self.seed))?;
        let evaluation =
            self.evaluation.as_ref().map(|section| read(&section.files, Order::AsStored));
        Ok(Sources { data, evaluation: evaluation.transpose()? })
    }
}

struct Rows<E, C> {
    epochs: Epochs<E, C>,
    skipped: Skipped,
}

impl<E, C, S> Batches for Rows<E, C>
where
    E: Examples,
    C: Fn(Vec<Drawn<E::Example>>) -> Result<S, Foreign>,
{
    type Shard = S;

    fn shards(&self, step: u64) -> Result<Vec<S>, Foreign> {
        self.epochs.shards(step)
    }

    fn position(&self, step: u64) -> Position {
        self.epochs.position(step)
    }
}

impl<E, C, S> Source for Rows<E, C>
where
    E: Examples,
    C: Fn(Vec<Drawn<E::Example>>) -> Result<S, Foreign>,
{
    fn steps(&self, epochs: u64) -> u64 {
        self.epochs.steps(epochs)
    }

    fn examples(&self) -> usize {
        self.epochs.examples().lengths().len()
    }

    fn skipped(&self) -> &Skipped {
        &self.skipped
    }
}

/// The steps of files: `encode` makes examples of records, `collate` a shard of examples.
pub(crate) fn source<F, X, S>(
    corpus: Corpus<F>,
    (order, budget): (Order, Budget),
    encode: impl Fn(Vec<F::Record>) -> Result<Vec<X>, Foreign> + 'static,
    collate: impl Fn(Vec<Drawn<X>>) -> Result<S, Foreign> + 'static,
) -> Result<Box<dyn Source<Shard = S>>>
where
    F: Format + 'static,
    X: Tokens + Clone + 'static,
    S: 'static,
{
    let skipped = corpus.skipped().clone();
    let examples = Streamed::new(corpus, order, encode)?;
    let epochs = Epochs::new(examples, budget, order, collate)?;
    Ok(Box::new(Rows { epochs, skipped }))
}

/// What was computed for an example, kept for the next epoch while there is room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<HashMap<u64, Vec<f32>>>>);

/// So many numbers are kept: half a gigabyte.
const MOST_KEPT: usize = 1 << 27;

impl Kept {
    pub(crate) fn get(&self, number: u64) -> Option<Vec<f32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    pub(crate) fn put(&self, number: u64, vector: &[f32]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len().saturating_mul(vector.len()) < MOST_KEPT {
            kept.insert(number, vector.to_vec());
        }
    }
}
