//! Carrying a recipe out: the same for every task.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use lt_core::{NameMap, Threads, parameter_count, weights};
use lt_model::computed_parameters;
use lt_train::checkpoint::{Disk, ModelFiles, RunFolder, WithLayout};
use lt_train::pattern::matches;
use lt_train::{
    Adapted, EvaluationMetrics, JsonLines, Keeping, Objective, Observer, Outcome, Recipe,
    StepMetrics, Stepper, Trainer, WithAdapters,
};
use lt_weights::Layout;
use serde::Serialize;
use serde_json::json;

use crate::hf_folder::{HfFolder, Portable};
use crate::rows::{Foreign, Source, Sources};
use crate::run_dir::{Resume, RunDir};
use crate::tasks::sentence_model::SentenceSettings;
use crate::{RecipeError, Result, Training};

/// What the machine decides, and no bit of the result depends on.
pub struct Session<'a> {
    /// Who computes.
    pub threads: Threads,
    /// Whether a run that is there is gone on with.
    pub resume: Resume,
    /// Who is told how it goes.
    pub watcher: &'a mut dyn Watcher,
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("resume", &self.resume).finish_non_exhaustive()
    }
}

/// Who is told how a run goes.
pub trait Watcher: Observer {
    /// All is read, and the first step is about to be taken.
    ///
    /// # Errors
    /// If it cannot be told; the run stops then.
    fn begins(&mut self, beginning: &Beginning) -> io::Result<()> {
        let _ = beginning;
        Ok(())
    }
}

/// Nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Observer for Unwatched {
    fn step(&mut self, _: &StepMetrics) -> io::Result<()> {
        Ok(())
    }
}

impl Watcher for Unwatched {}

/// What is known before the first step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Beginning {
    /// How many steps there are.
    pub steps: u64,
    /// How many of them were taken before.
    pub taken: u64,
    /// How many numbers are trained.
    pub parameters: usize,
    /// How many examples there are.
    pub examples: usize,
    /// How many rows were passed over.
    pub skipped: u64,
    /// The first of them, as text.
    pub first_skipped: Vec<String>,
}

/// What came of a recipe.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finished {
    /// The Hugging Face directory of the model.
    pub model: PathBuf,
    /// How the run ended.
    pub outcome: Outcome,
}

/// What a task hands over.
pub(crate) struct Job<O: Objective> {
    objective: O,
    sources: Sources<O::Shard>,
    model: O::Model,
    folder: HfFolder,
    /// Parameters that are not trained, besides those of the recipe.
    freeze: Vec<String>,
    /// What sentence-transformers wants to know, if the model is one of its.
    sentences: Option<SentenceSettings>,
}

impl<O: Objective> Job<O> {
    /// A model of no more than a tokenizer beside it, all of whose parameters are trained.
    pub(crate) fn new(
        objective: O,
        sources: Sources<O::Shard>,
        model: O::Model,
        folder: HfFolder,
    ) -> Self {
        Self { objective, sources, model, folder, freeze: Vec::new(), sentences: None }
    }

    /// A model of sentence-transformers, some of whose parameters stay as they are.
    pub(crate) fn of_sentences(self, settings: SentenceSettings, freeze: Vec<String>) -> Self {
        Self { freeze, sentences: Some(settings), ..self }
    }
}

/// Carries a recipe out.
pub(crate) fn carry_out<T: Serialize, O: Objective<Model: Portable>>(
    training: &Training<T>,
    job: Job<O>,
    session: Session<'_>,
) -> Result<Finished> {
    let steps = training.count_steps(|epochs| job.sources.data.steps(epochs))?;
    let recipe = training.recipe(steps)?;
    let Job { objective, sources, model, folder, mut freeze, sentences } = job;
    freeze.extend(computed_parameters(&folder.model_config()?, &model)?);
    let dir = RunDir::open(&training.out, training, session.resume)?;
    let run = Run { training, recipe, freeze, dir: &dir, sources, session };
    let (model, outcome) = match &training.lora {
        None => run.train(&objective, model, &folder)?,
        Some(lora) => {
            let adapted = Adapted::new(model, &lora.settings(training.seed))?;
            let files = WithLayout(Layout::new(NameMap::new(&[])));
            let (adapted, outcome) = run.train(&WithAdapters(objective), adapted, &files)?;
            (adapted.merged().clone(), outcome)
        }
    };
    let model = dir.write_model(&model, &folder, sentences)?;
    Ok(Finished { model, outcome })
}

/// A run, whatever is trained in it: a model or its adapters.
struct Run<'a, 's, T, S> {
    training: &'a Training<T>,
    recipe: Recipe,
    /// What stays as it is besides, where it is trained at all: adapters leave all else alone.
    freeze: Vec<String>,
    dir: &'a RunDir,
    sources: Sources<S>,
    session: Session<'s>,
}

impl<T, S> Run<'_, '_, T, S> {
    /// The model in the end, the best if there is an evaluation.
    fn train<O: Objective<Shard = S>>(
        self,
        objective: &O,
        mut model: O::Model,
        files: &dyn ModelFiles<O::Model>,
    ) -> Result<(O::Model, Outcome)> {
        let Self { training, mut recipe, freeze, dir, sources, session } = self;
        let Sources { data, evaluation } = sources;
        let names: Vec<String> = weights(&model).into_iter().map(|(name, _)| name).collect();
        let is_trained = |pattern: &String| names.iter().any(|name| matches(pattern, name));
        recipe.frozen.extend(freeze.into_iter().filter(is_trained));
        let skipped = data.skipped();
        let first = skipped.first.iter();
        let told = |row: &lt_train::data::BadRow| {
            format!("`{}`, line {}: {}", row.path.display(), row.line, row.reason)
        };
        let beginning = Beginning {
            steps: recipe.steps,
            taken: dir.saved_steps(),
            parameters: parameter_count(&model),
            examples: data.examples(),
            skipped: skipped.count,
            first_skipped: first.map(told).collect(),
        };
        let metrics = dir.metrics()?;
        let step = beginning.taken;
        let untold = |source| lt_train::TrainError::Metrics { step, source };
        session.watcher.begins(&beginning).map_err(untold)?;
        let mut both = Both { lines: JsonLines(metrics), watcher: session.watcher };
        let stepper = Stepper::new(session.threads.clone());
        let evaluate = |model: &O::Model| match &evaluation {
            Some(source) => mean_loss(&stepper, objective, model, source.as_ref()),
            None => Err("there is nothing to evaluate on".into()),
        };
        let folder = RunFolder::new(dir.path(), &Disk);
        let every = training.checkpoints.every.max(1);
        let keeping = Keeping { folder: &folder, files, every, keep: training.checkpoints.keep };
        let mut trainer = Trainer::new(recipe, objective, data.as_ref())?
            .threads(session.threads)
            .observer(&mut both)
            .keeping(keeping);
        if evaluation.is_some() {
            trainer = trainer.evaluation(&evaluate);
        }
        let outcome = trainer.train(&mut model)?;
        dir.load_best(&mut model, files)?;
        Ok((model, outcome))
    }
}

/// The mean loss of a label of all data.
fn mean_loss<O: Objective>(
    stepper: &Stepper,
    objective: &O,
    model: &O::Model,
    source: &dyn Source<Shard = O::Shard>,
) -> Result<f64, Foreign> {
    let (mut sum, mut labels) = (0.0, 0);
    for step in 0..source.steps(1) {
        let shards = source.shards(step)?;
        let count: usize = shards.iter().map(|shard| objective.labels(shard)).sum();
        if count > 0 {
            sum += stepper.loss(objective, model, &shards)? * count as f64;
            labels += count;
        }
    }
    if labels == 0 {
        return Err("no text of evaluation.files has a label".into());
    }
    Ok(sum / labels as f64)
}

/// The metrics' file, and whoever watches.
struct Both<'a> {
    lines: JsonLines<File>,
    watcher: &'a mut dyn Watcher,
}

impl Observer for Both<'_> {
    fn step(&mut self, metrics: &StepMetrics) -> io::Result<()> {
        self.lines.step(metrics)?;
        self.watcher.step(metrics)
    }

    fn evaluated(&mut self, metrics: &EvaluationMetrics) -> io::Result<()> {
        self.lines.evaluated(metrics)?;
        self.watcher.evaluated(metrics)
    }
}

impl<T: Serialize> Training<T> {
    /// The recipe of the run, with a fingerprint of the data.
    fn recipe(&self, steps: u64) -> Result<Recipe> {
        let optimizer = &self.optimizer;
        let mut recipe = Recipe::new(steps, optimizer.rate);
        recipe.seed = self.seed;
        recipe.rule = optimizer.rule();
        recipe.schedule = self.schedule.schedule(steps);
        recipe.clip = Some(optimizer.clip).filter(|clip| *clip != 0.0);
        recipe.explodes_at = optimizer.explodes_at;
        recipe.frozen.clone_from(&optimizer.freeze);
        let mut files: Vec<&PathBuf> = self.data.files.iter().collect();
        if let Some(evaluation) = &self.evaluation {
            recipe.evaluate_every = Some(evaluation.every.unwrap_or_else(|| (steps / 10).max(1)));
            recipe.patience = evaluation.patience;
            files.extend(&evaluation.files);
        }
        let mut fingerprints = Vec::new();
        for path in files {
            fingerprints.push(fingerprint(path)?);
        }
        recipe.data = json!({
            "model": self.model,
            "tokenizer": self.tokenizer,
            "data": self.data,
            "objective": self.objective,
            "lora": self.lora,
            "evaluation": self.evaluation,
            "files": fingerprints,
        });
        Ok(recipe)
    }
}

/// Tells a file from one with other bytes: [FNV-1a](https://www.rfc-editor.org/rfc/rfc9923).
fn fingerprint(path: &Path) -> Result<String> {
    let unreadable = |source| RecipeError::Read { path: path.to_owned(), source };
    let mut reader = io::BufReader::with_capacity(1 << 16, File::open(path).map_err(unreadable)?);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    loop {
        let bytes = io::BufRead::fill_buf(&mut reader).map_err(unreadable)?;
        if bytes.is_empty() {
            return Ok(format!("{hash:016x}"));
        }
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let count = bytes.len();
        io::BufRead::consume(&mut reader, count);
    }
}
