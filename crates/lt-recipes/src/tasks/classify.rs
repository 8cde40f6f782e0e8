//! `lt train classify`: a model learns to sort texts, or pairs of texts.

use std::path::PathBuf;
use std::sync::Arc;

use lt_model::SequenceClassifier;
use lt_tokenizer::{Text, Tokenizer};
use lt_train::data::{Checked, Drawn, LabelSet, Order};
use lt_train::loss::CrossEntropy;
use lt_train::objective::{Classification, LabelledSequence, LabelledTexts};

use super::{Ways, begin, refuse_unread};
use crate::carry_out::{Finished, Job, Session, carry_out};
use crate::rows::{Source, Wanted, source};
use crate::start::Start;
use crate::texts::{max_length, sequence};
use crate::{Classify, DataSection, RecipeError, Result, Training};

impl Training<Classify> {
    /// Trains a model that sorts texts. Where there is a `data.second`, they are pairs.
    ///
    /// # Errors
    /// Whatever is wrong with the recipe, the data or the model, and what stops the run.
    pub fn run(&self, session: Session<'_>) -> Result<Finished> {
        refuse_unread(self, &["text", "second", "label"])?;
        let labels = match &self.objective.labels[..] {
            [] => self.data.labels_in(&self.data.files, &wanted(&self.data))?,
            names => LabelSet::new(names),
        };
        if labels.len() < 2 {
            let names = labels.names().join(", ");
            return Err(RecipeError::setting("objective.labels", names, "at least two labels"));
        }
        let start = Start::read(&self.model, &self.tokenizer)?.with_labels(&labels)?;
        let loss = CrossEntropy::new().smoothing(self.objective.label_smoothing)?;
        let ways = Ways {
            new: SequenceClassifier::random,
            load: |config, source| Ok(SequenceClassifier::from_source(config, source)?.model),
            on_encoder: SequenceClassifier::on_encoder,
        };
        let model = begin(&start, self.seed, &ways)?;
        let length = max_length(self.data.max_length, model.encoder().longest())?;
        let sources = self.sources(|files, order| {
            self.rows_of(files, order, &start.tokenizer, length, &labels)
        })?;
        let objective = Classification::<SequenceClassifier>::new(loss);
        carry_out(self, Job::new(objective, sources, model, start.folder()?), session)
    }

    fn rows_of(
        &self,
        files: &[PathBuf],
        order: Order,
        tokenizer: &Arc<Tokenizer>,
        length: usize,
        labels: &LabelSet,
    ) -> Result<Box<dyn Source<Shard = LabelledTexts>>> {
        let (labels, pairs) = (labels.clone(), self.data.second.is_some());
        let rows =
            Checked::new(self.data.rows(&wanted(&self.data))?, move |mut row: Vec<String>| {
                let label = labels.id(&row.pop().unwrap_or_default())?;
                Ok((row, label))
            });
        let corpus = self.data.corpus(files, rows)?;
        let tokenizer = Arc::clone(tokenizer);
        let encode = move |rows: Vec<(Vec<String>, u32)>| {
            let example = |(texts, label): (Vec<String>, u32)| {
                let of = |place: usize| texts.get(place).map_or("", String::as_str);
                let text = if pairs { Text::Pair(of(0), of(1)) } else { Text::Single(of(0)) };
                Ok(LabelledSequence::new(sequence(&tokenizer, text, length)?, label))
            };
            rows.into_iter().map(example).collect()
        };
        let collate = |drawn: Vec<Drawn<LabelledSequence>>| Ok(LabelledTexts::of_drawn(&drawn));
        source(corpus, (order, self.data.budget(4)), encode, collate)
    }
}

/// The text, perhaps the second one, and the label.
pub(crate) fn wanted(data: &DataSection) -> Vec<Wanted<'_>> {
    let text = Wanted { key: "text", column: data.text.as_ref() };
    let second = data.second.as_ref().map(|column| Wanted { key: "second", column: Some(column) });
    let label = Wanted { key: "label", column: data.label.as_ref() };
    [Some(text), second, Some(label)].into_iter().flatten().collect()
}
