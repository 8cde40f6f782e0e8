//! The loop: step after step, evaluated and saved.

use std::error::Error;
use std::time::Instant;

use lt_core::{Params, Threads};

use crate::checkpoint::{Best, ModelFiles, Progress, RunFolder};
use crate::observer::{EvaluationMetrics, Observer, StepMetrics};
use crate::process::Crew;
use crate::{Batches, Gathered, Moment, Objective, Optimizer, Recipe, Result, Stepper, TrainError};
use crate::{clip, gradient};

/// Measures a model on data that it is not trained on: less is better.
pub type Evaluation<'a, M> = &'a dyn Fn(&M) -> Result<f64, Box<dyn Error + Send + Sync>>;

/// Trains a model by a recipe.
///
/// Nothing is evaluated, saved or told unless it is asked for.
pub struct Trainer<'a, O: Objective> {
    objective: &'a O,
    batches: &'a dyn Batches<Shard = O::Shard>,
    recipe: Recipe,
    threads: Threads,
    crew: Option<&'a Crew>,
    evaluation: Option<Evaluation<'a, O::Model>>,
    observer: Option<&'a mut dyn Observer>,
    keeping: Option<Keeping<'a, O::Model>>,
}

/// Where a run is saved, how and how often.
#[derive(Clone, Copy)]
pub struct Keeping<'a, M> {
    /// The folder of the run.
    pub folder: &'a RunFolder<'a>,
    /// How the model is saved and loaded.
    pub files: &'a dyn ModelFiles<M>,
    /// After how many steps, each time; and after the last, and when it is better than ever.
    pub every: u64,
    /// How many of the last checkpoints stay.
    pub keep: usize,
}

impl<M> std::fmt::Debug for Keeping<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Keeping");
        shown.field("folder", &self.folder).field("every", &self.every).finish_non_exhaustive()
    }
}

impl<O: Objective> std::fmt::Debug for Trainer<'_, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer").field("recipe", &self.recipe).finish_non_exhaustive()
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// Why it ended.
    pub end: End,
    /// How far it came.
    pub progress: Progress,
    /// The mean loss of a label in the last step that was taken now; none if there was none to take.
    pub loss: Option<f64>,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All steps were taken.
    Steps,
    /// It became no better for as many evaluations as the recipe's patience.
    Patience,
}

impl<'a, O: Objective> Trainer<'a, O> {
    /// A run of this recipe, on the calling thread.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if a number of the recipe is out of its range.
    pub fn new(
        recipe: Recipe,
        objective: &'a O,
        batches: &'a dyn Batches<Shard = O::Shard>,
    ) -> Result<Self> {
        recipe.check()?;
        let threads = Threads::single();
        let (crew, evaluation, observer, keeping) = (None, None, None, None);
        Ok(Self { objective, batches, recipe, threads, crew, evaluation, observer, keeping })
    }

    /// With these threads: they change no bit.
    #[must_use]
    pub fn threads(self, threads: Threads) -> Self {
        Self { threads, ..self }
    }

    /// With shards computed by worker processes: they change no bit. The threads are the
    /// optimiser's then.
    #[must_use]
    pub fn crew(self, crew: &'a Crew) -> Self {
        Self { crew: Some(crew), ..self }
    }

    /// Evaluated by this, as often as the recipe says.
    #[must_use]
    pub fn evaluation(self, evaluation: Evaluation<'a, O::Model>) -> Self {
        Self { evaluation: Some(evaluation), ..self }
    }

    /// Told to this observer.
    #[must_use]
    pub fn observer(self, observer: &'a mut dyn Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Saved, and taken up again where it was saved last.
    #[must_use]
    pub fn keeping(self, keeping: Keeping<'a, O::Model>) -> Self {
        Self { keeping: Some(keeping), ..self }
    }

    /// Trains the model to the end of the recipe; takes up a run that was saved.
    ///
    /// # Errors
    /// Whatever stops the run. The model is then as the last complete step left it.
    pub fn train(mut self, model: &mut O::Model) -> Result<Outcome> {
        let mut optimizer = Optimizer::new(self.recipe.rule, model, &self.recipe.frozen)?;
        let mut progress = self.resume(model, &mut optimizer)?;
        let stepper = Stepper::new(self.threads.clone());
        let mut loss = None;
        let end = loop {
            if self.is_out_of_patience(&progress) {
                break End::Patience;
            }
            if progress.step >= self.recipe.steps {
                break End::Steps;
            }
            loss = Some(self.step(&stepper, model, &mut optimizer, progress.step)?);
            progress.step += 1;
            progress.position = self.batches.position(progress.step);
            let is_best = self.evaluate(model, &mut progress)?;
            let ends = progress.step == self.recipe.steps || self.is_out_of_patience(&progress);
            if let Some(keeping) = &self.keeping
                && (is_best || ends || progress.step.is_multiple_of(keeping.every.max(1)))
            {
                let state = optimizer.state().to_bytes()?;
                keeping.folder.save(
                    model,
                    keeping.files,
                    &state,
                    &self.recipe,
                    progress,
                    keeping.keep,
                )?;
            }
        };
        Ok(Outcome { end, progress, loss })
    }

    fn resume(&self, model: &mut O::Model, optimizer: &mut Optimizer) -> Result<Progress> {
        let Some(keeping) = &self.keeping else { return Ok(Progress::default()) };
        match keeping.folder.resume(model, keeping.files, &self.recipe)? {
            None => Ok(Progress::default()),
            Some(restored) => {
                keeping.folder.tidy(restored.progress, keeping.keep)?;
                optimizer.resume(optimizer.state().from_bytes(&restored.optimizer)?)?;
                Ok(restored.progress)
            }
        }
    }

    fn is_out_of_patience(&self, progress: &Progress) -> bool {
        self.recipe.patience.is_some_and(|patience| progress.evaluations_since_best >= patience)
    }

    /// One step; gives its loss.
    fn step(
        &mut self,
        stepper: &Stepper,
        model: &mut O::Model,
        optimizer: &mut Optimizer,
        step: u64,
    ) -> Result<f64> {
        let started = Instant::now();
        let shards =
            self.batches.shards(step).map_err(|source| TrainError::Data { step, source })?;
        let moment = Moment { seed: self.recipe.seed, step };
        let gathered = match self.crew {
            Some(crew) => crew.gather(self.objective, model, &shards, step)?,
            None => stepper.gather(self.objective, model, &shards, moment)?,
        };
        let threads = stepper.threads();
        let norm = optimizer.norm(&gathered.gradient, threads);
        self.check_norm(norm, &gathered, optimizer, step)?;
        let scale = self.recipe.clip.map_or(1.0, |bound| clip(norm, bound));
        let rate = self.recipe.rate(step);
        optimizer.step(model, &gathered.gradient, rate, scale, threads)?;
        if let Some(observer) = &mut self.observer {
            let metrics = StepMetrics {
                step,
                loss: gathered.loss,
                learning_rate: rate,
                gradient_norm: norm,
                labels: gathered.labels,
                tokens: shards.iter().map(|shard| self.objective.tokens(shard)).sum(),
                seconds: started.elapsed().as_secs_f64(),
            };
            observer.step(&metrics).map_err(|source| TrainError::Metrics { step, source })?;
        }
        Ok(gathered.loss)
    }

    /// Refuses a gradient that is no number, or larger than the recipe allows.
    fn check_norm<M: Params>(
        &self,
        norm: f64,
        gathered: &Gathered<M>,
        optimizer: &Optimizer,
        step: u64,
    ) -> Result<()> {
        if !norm.is_finite() {
            return Err(TrainError::NotFinite {
                step,
                quantity: "norm of the gradient",
                got: norm,
                parameter: gradient::first_not_finite(&gathered.gradient),
                cause: "the loss is finite, so the backward pass overflowed: lower the learning \
                        rate, lengthen the warm-up, or look at this step's data",
            });
        }
        match self.recipe.explodes_at {
            Some(bound) if norm > bound => {
                let parameter = optimizer.largest(&gathered.gradient, &self.threads);
                let parameter = parameter.unwrap_or_default();
                Err(TrainError::Exploded { step, got: norm, bound, parameter })
            }
            _ => Ok(()),
        }
    }

    /// Evaluates the model if it is time; says whether it was never better.
    fn evaluate(&mut self, model: &O::Model, progress: &mut Progress) -> Result<bool> {
        let (Some(evaluation), Some(every)) = (self.evaluation, self.recipe.evaluate_every) else {
            return Ok(false);
        };
        let step = progress.step;
        if !step.is_multiple_of(every) && step != self.recipe.steps {
            return Ok(false);
        }
        let started = Instant::now();
        let loss = evaluation(model).map_err(|source| TrainError::Evaluation { step, source })?;
        // What is no number is never the best.
        let best = !loss.is_nan() && progress.best.is_none_or(|best| loss < best.loss);
        if best {
            progress.best = Some(Best { step, loss });
            progress.evaluations_since_best = 0;
        } else {
            progress.evaluations_since_best += 1;
        }
        if let Some(observer) = &mut self.observer {
            let seconds = started.elapsed().as_secs_f64();
            let metrics = EvaluationMetrics { step, evaluation: loss, best, seconds };
            observer.evaluated(&metrics).map_err(|source| TrainError::Metrics { step, source })?;
        }
        Ok(best)
    }
}
