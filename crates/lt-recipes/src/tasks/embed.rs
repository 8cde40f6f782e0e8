//! `lt train embed`: sentence vectors from pairs of texts.

use std::path::PathBuf;
use std::sync::Arc;

use lt_model::{TextEncoder, Top};
use lt_tokenizer::Tokenizer;
use lt_train::Objective;
use lt_train::data::{Checked, Corpus, Drawn, Order};
use lt_train::loss::InfoNce;
use lt_train::objective::{PairShard, Pooling, SentencePair, SentencePairs};

use super::scored_pairs::{ScoredPair, ScoredPairs, ScoredShard};
use super::sentence_model::{SentenceModel, SentenceSettings};
use super::{Ways, begin, refuse_unread};
use crate::carry_out::{Finished, Job, Session, carry_out};
use crate::rows::{RowFormat, Source, Wanted, source};
use crate::start::Start;
use crate::texts::{max_length, sequence};
use crate::{Embed, EmbedLoss, PoolingName, Result, Training};

/// The ways to come by an encoder.
pub(crate) const WAYS: Ways<SentenceModel> = Ways {
    new: |config, seed| TextEncoder::random(config, Top::Nothing, seed).map(SentenceModel),
    load: |config, source| {
        let encoder = TextEncoder::from_source(config, source)?.model;
        Ok(SentenceModel(encoder))
    },
    on_encoder: |_, encoder, _| Ok(SentenceModel(encoder)),
};

/// A pooler is no part of a sentence vector: it stays as it is.
pub(crate) fn frozen_pooler(model: &SentenceModel) -> Vec<String> {
    model.0.pooler().map(|_| "pooler.*".to_owned()).into_iter().collect()
}

impl From<PoolingName> for Pooling {
    fn from(name: PoolingName) -> Self {
        match name {
            PoolingName::Mean => Self::Mean,
            PoolingName::Cls => Self::First,
        }
    }
}

impl Training<Embed> {
    /// Trains a model that gives similar vectors to texts that belong together.
    ///
    /// # Errors
    /// Whatever is wrong with the recipe, the data or the model, and what stops the run.
    pub fn run(&self, session: Session<'_>) -> Result<Finished> {
        let pooling = Pooling::from(self.objective.pooling);
        match self.objective.loss {
            EmbedLoss::Contrastive => {
                refuse_unread(self, &["text", "second"])?;
                let loss = InfoNce::new(self.objective.temperature)?;
                let objective = SentencePairs::<SentenceModel>::new(loss, pooling);
                self.train(session, objective, Self::pairs)
            }
            EmbedLoss::Scores => {
                refuse_unread(self, &["text", "second", "score"])?;
                self.train(session, ScoredPairs::<SentenceModel>::new(pooling), Self::scored)
            }
        }
    }

    fn train<O: Objective<Model = SentenceModel>>(
        &self,
        session: Session<'_>,
        objective: O,
        rows: ReadRows<O::Shard>,
    ) -> Result<Finished> {
        let start = Start::read(&self.model, &self.tokenizer)?;
        let model = begin(&start, self.seed, &WAYS)?;
        let length = max_length(self.data.max_length, model.0.longest())?;
        let sources =
            self.sources(|files, order| rows(self, files, order, &start.tokenizer, length))?;
        let settings = SentenceSettings {
            pooling: self.objective.pooling,
            normalize: self.objective.normalize,
            max_length: length,
            width: model.0.width(),
        };
        let freeze = frozen_pooler(&model);
        let job = Job::new(objective, sources, model, start.folder()?);
        carry_out(self, job.of_sentences(settings, freeze), session)
    }

    fn pairs(
        &self,
        files: &[PathBuf],
        order: Order,
        tokenizer: &Arc<Tokenizer>,
        length: usize,
    ) -> Rows<PairShard> {
        let corpus = self.corpus(files, &["text", "second"], Ok)?;
        let tokenizer = Arc::clone(tokenizer);
        let encode = move |rows: Vec<Vec<String>>| {
            let pair = |row: Vec<String>| pair(&tokenizer, &row, length);
            rows.into_iter().map(pair).collect::<Result<Vec<_>>>().map_err(Into::into)
        };
        let collate = |drawn: Vec<Drawn<SentencePair>>| Ok(PairShard::of_drawn(&drawn));
        source(corpus, (order, self.data.budget(1)), encode, collate)
    }

    fn scored(
        &self,
        files: &[PathBuf],
        order: Order,
        tokenizer: &Arc<Tokenizer>,
        length: usize,
    ) -> Rows<ScoredShard> {
        let corpus = self.corpus(files, &["text", "second", "score"], |mut row| {
            let score = row.pop().unwrap_or_default();
            match score.trim().parse::<f32>() {
                Ok(number) if (-1.0..=1.0).contains(&number) => Ok((row, number)),
                _ => Err(format!("score `{score}`, expected a number between -1 and 1, a cosine")),
            }
        })?;
        let tokenizer = Arc::clone(tokenizer);
        let encode = move |rows: Vec<(Vec<String>, f32)>| {
            let scored = |(row, score): (Vec<String>, f32)| {
                Ok(ScoredPair { pair: pair(&tokenizer, &row, length)?, score })
            };
            rows.into_iter().map(scored).collect::<Result<Vec<_>>>().map_err(Into::into)
        };
        let collate = |drawn: Vec<Drawn<ScoredPair>>| Ok(ScoredShard::of_drawn(drawn));
        source(corpus, (order, self.data.budget(4)), encode, collate)
    }

    /// The files with these fields, each row put through a check.
    fn corpus<R, C>(
        &self,
        files: &[PathBuf],
        keys: &[&'static str],
        check: C,
    ) -> Result<Corpus<Checked<RowFormat, C>>>
    where
        C: Fn(Vec<String>) -> Result<R, String>,
    {
        let data = &self.data;
        let column = |key: &str| match key {
            "text" => data.text.as_ref(),
            "second" => data.second.as_ref(),
            _ => data.score.as_ref(),
        };
        let wanted: Vec<Wanted<'_>> =
            keys.iter().map(|&key| Wanted { key, column: column(key) }).collect();
        data.corpus(files, Checked::new(data.rows(&wanted)?, check))
    }
}

/// Reads files with texts of at most so many tokens.
type ReadRows<S> = fn(&Training<Embed>, &[PathBuf], Order, &Arc<Tokenizer>, usize) -> Rows<S>;

/// Rows of a task, or why there are none.
type Rows<S> = Result<Box<dyn Source<Shard = S>>>;

fn pair(tokenizer: &Tokenizer, row: &[String], length: usize) -> Result<SentencePair> {
    let text =
        |place: usize| sequence(tokenizer, row.get(place).map_or("", String::as_str), length);
    Ok(SentencePair::new(text(0)?, text(1)?))
}
