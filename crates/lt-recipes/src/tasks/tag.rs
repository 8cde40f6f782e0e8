//! `lt train tag`: a model learns a label for each word.

use std::path::PathBuf;
use std::sync::Arc;

use lt_model::TokenClassifier;
use lt_tokenizer::{Limit, Tokenizer};
use lt_train::data::{Checked, Conll, Drawn, LabelSet, Order, Tagged};
use lt_train::loss::CrossEntropy;
use lt_train::objective::{LabelledRows, Sequence, TaggedSequence, Tagging, first_pieces};

use super::{Ways, begin, refuse_unread};
use crate::carry_out::{Finished, Job, Session, carry_out};
use crate::rows::{Source, source};
use crate::start::Start;
use crate::texts::{Pieces, max_length};
use crate::{ColumnName, FormatName, RecipeError, Result, Tag, Training};

impl Training<Tag> {
    /// Trains a model that tags words. The files are CoNLL's; `data.text` and `data.label` are the
    /// numbers of their columns, the first and the last if they are not said.
    ///
    /// # Errors
    /// Whatever is wrong with the recipe, the data or the model, and what stops the run.
    pub fn run(&self, session: Session<'_>) -> Result<Finished> {
        refuse_unread(self, &["text", "label"])?;
        let format = self.conll()?;
        let labels = match &self.objective.labels[..] {
            [] => {
                let corpus = self.data.corpus(&self.data.files, format)?;
                let mut tags = Vec::new();
                for sentence in corpus.records() {
                    tags.extend(sentence?.tags);
                    tags.sort();
                    tags.dedup();
                }
                LabelSet::found_in(tags)
            }
            names => LabelSet::new(names),
        };
        let start = Start::read(&self.model, &self.tokenizer)?.with_labels(&labels)?;
        let loss = CrossEntropy::new().smoothing(self.objective.label_smoothing)?;
        let ways = Ways {
            new: TokenClassifier::random,
            load: |config, source| Ok(TokenClassifier::from_source(config, source)?.model),
            on_encoder: TokenClassifier::on_encoder,
        };
        let model = begin(&start, self.seed, &ways)?;
        let length = max_length(self.data.max_length, model.encoder().longest())?;
        let sources = self.sources(|files, order| {
            self.sentences(files, order, (&start.tokenizer, length), &labels)
        })?;
        let objective = Tagging::<TokenClassifier>::new(loss);
        carry_out(self, Job::new(objective, sources, model, start.folder()?), session)
    }

    fn conll(&self) -> Result<Conll> {
        let format = self.data.format()?;
        if self.data.format.is_some() && format != FormatName::Conll {
            return Err(RecipeError::setting("data.format", format!("{format:?}"), "conll"));
        }
        let place = |key: &str, column: &Option<ColumnName>| match column {
            None => Ok(None),
            Some(ColumnName::At(place)) => Ok(Some(*place)),
            Some(ColumnName::Named(name)) => {
                Err(RecipeError::setting(key, format!("{name:?}"), "the number of a column"))
            }
        };
        let mut conll = Conll::default();
        conll.word = place("data.text", &self.data.text)?.unwrap_or(0);
        conll.tag = place("data.label", &self.data.label)?;
        Ok(conll)
    }

    fn sentences(
        &self,
        files: &[PathBuf],
        order: Order,
        (tokenizer, length): (&Arc<Tokenizer>, usize),
        labels: &LabelSet,
    ) -> Result<Box<dyn Source<Shard = LabelledRows>>> {
        let labels = labels.clone();
        let format = Checked::new(self.conll()?, move |sentence: Tagged| {
            let tags = sentence.tags.iter().map(|tag| labels.id(tag));
            Ok((sentence.words, tags.collect::<Result<Vec<u32>, String>>()?))
        });
        let corpus = self.data.corpus(files, format)?;
        let pieces = Pieces::new(tokenizer, length)?;
        let tokenizer = Arc::clone(tokenizer);
        let encode = move |sentences: Vec<(Vec<String>, Vec<u32>)>| {
            let mut examples = Vec::with_capacity(sentences.len());
            for (words, tags) in sentences {
                let sequence = of_words(&tokenizer, &pieces, &words, length)?;
                examples.push(TaggedSequence::new(sequence, tags)?);
            }
            Ok(examples)
        };
        let collate = |drawn: Vec<Drawn<TaggedSequence>>| Ok(first_pieces(&drawn));
        source(corpus, (order, self.data.budget(4)), encode, collate)
    }
}

/// A sentence of words that were told apart before: each is tokenized by itself, behind a space if
/// it is not the first. What is too long is cut at the end.
fn of_words(
    tokenizer: &Tokenizer,
    pieces: &Pieces,
    words: &[String],
    length: usize,
) -> Result<Sequence> {
    let room = length.saturating_sub(pieces.before().len() + pieces.behind().len());
    let (mut ids, mut of) = (pieces.before().to_vec(), vec![None; pieces.before().len()]);
    let end = ids.len() + room;
    for (number, word) in words.iter().enumerate() {
        let text = if number == 0 { word.clone() } else { format!(" {word}") };
        let own = tokenizer.encode_bare(&text, Limit::None)?.ids;
        if ids.len() + own.len() > end {
            break;
        }
        of.resize(of.len() + own.len(), Some(number as u32));
        ids.extend(own);
    }
    ids.extend(pieces.behind());
    of.resize(ids.len(), None);
    Ok(Sequence::new(ids).words(of))
}
