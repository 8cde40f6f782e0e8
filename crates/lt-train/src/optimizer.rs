//! Optimisers: from gradients to steps.

mod rule;
mod state;

use lt_core::{Params, Path, Threads, Weight, weights};

use crate::gradient::{piece, sum_of_squares};
use crate::{Result, pattern};
pub use rule::{Moments, Rule, Sgd};
use rule::{Piece, Update};
pub use state::{Buffers, State};

/// How many numbers one thread changes in one go.
const PIECE: usize = 1 << 14;

/// Moves the parameters of a model against their gradients, and remembers what its rule needs:
/// one or two numbers for each number that is trained, and none for those that are frozen.
///
/// Parameters with one side (biases, gains of norms) are not decayed.
///
/// ```
/// use lt_train::{Optimizer, Rule, Sgd, lt_core::{Threads, Weight}};
/// let mut weight = Weight::new(&[2], vec![1.0, 2.0])?;
/// let gradient = Weight::new(&[2], vec![10.0, -10.0])?;
/// let mut optimizer = Optimizer::new(Rule::Sgd(Sgd::default()), &weight, &[])?;
/// optimizer.step(&mut weight, &gradient, 0.01, 1.0, &Threads::single())?;
/// assert_eq!(weight.f32(), [0.9, 2.1]);
/// # Ok::<(), lt_train::TrainError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer {
    rule: Rule,
    state: State,
}

impl Optimizer {
    /// An optimiser for this model, which has taken no step. Parameters whose names match one of
    /// the `frozen` patterns (`*` stands for anything) keep their values.
    ///
    /// # Errors
    /// [`TrainError::Setting`](crate::TrainError::Setting) if a number of the rule is out of its range, or a pattern matches
    /// no parameter.
    pub fn new(rule: Rule, model: &impl Params, frozen: &[String]) -> Result<Self> {
        rule.check()?;
        let weights = weights(model);
        let names: Vec<String> = weights.iter().map(|(name, _)| name.clone()).collect();
        let frozen = pattern::chosen("frozen", frozen, &names)?;
        let buffers = weights
            .iter()
            .zip(frozen)
            .map(|((name, weight), frozen)| {
                let buffers = if frozen { 0 } else { rule.buffers() };
                Buffers::new(name, weight.shape(), frozen, buffers)
            })
            .collect();
        Ok(Self { rule, state: State { steps: 0, buffers } })
    }

    /// What it remembers.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its rule.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Goes on from a state that was saved.
    ///
    /// # Errors
    /// [`TrainError::OtherModel`](crate::TrainError::OtherModel) if it is of other parameters, or of another rule.
    pub fn resume(&mut self, state: State) -> Result<()> {
        self.state.check_like(&state)?;
        self.state = state;
        Ok(())
    }

    /// How large the gradient of all trained parameters is: √Σg², summed in f64 in a fixed order.
    ///
    /// PyTorch: `torch.nn.utils.get_total_norm`.
    #[must_use]
    pub fn norm(&self, gradient: &impl Params, threads: &Threads) -> f64 {
        self.squares(gradient, threads).iter().map(|(_, squares)| squares).sum::<f64>().sqrt()
    }

    /// The trained parameter with the largest part in the norm.
    #[must_use]
    pub fn largest(&self, gradient: &impl Params, threads: &Threads) -> Option<String> {
        let squares = self.squares(gradient, threads);
        let largest = squares.into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a });
        largest.map(|(name, _)| name)
    }

    fn squares(&self, gradient: &impl Params, threads: &Threads) -> Vec<(String, f64)> {
        let trained = self.state.buffers.iter().map(|buffers| !buffers.frozen);
        weights(gradient)
            .into_iter()
            .zip(trained)
            .filter(|(_, trained)| *trained)
            .map(|((name, weight), _)| (name, sum_of_squares(weight, threads)))
            .collect()
    }

    /// One step at this learning rate, along the gradient times `scale` (see [`clip`]).
    ///
    /// # Errors
    /// [`TrainError::OtherModel`](crate::TrainError::OtherModel) if the gradient or the optimiser is of another model; nothing is
    /// changed then.
    pub fn step<M: Params>(
        &mut self,
        model: &mut M,
        gradient: &M,
        rate: f64,
        scale: f32,
        threads: &Threads,
    ) -> Result<()> {
        let gradients = weights(gradient);
        self.state.check_fits(&weights(model))?;
        self.state.check_fits(&gradients)?;
        self.state.steps += 1;
        let update = self.rule.update(self.state.steps, rate, scale);
        let mut parts = gradients.into_iter().zip(&mut self.state.buffers);
        model.visit_mut(&mut Path::new(), &mut |_, weight| {
            if let Some(((_, gradient), buffers)) = parts.next()
                && !buffers.frozen
            {
                change(&update, weight, gradient, buffers, threads);
            }
        });
        Ok(())
    }
}

/// Changes one parameter, pieces of it on several threads: each number by itself, so that the
/// pieces change no bit.
fn change(
    update: &Update,
    weight: &mut Weight,
    gradient: &Weight,
    buffers: &mut Buffers,
    threads: &Threads,
) {
    use std::sync::{Mutex, PoisonError};
    let decays = weight.shape().len() > 1;
    let starts = (0..).step_by(PIECE);
    let mut rest = (&mut buffers.first[..], &mut buffers.second[..]);
    let pieces: Vec<_> = starts
        .zip(weight.make_mut().chunks_mut(PIECE))
        .map(|(at, weight)| {
            let (first, second) = std::mem::take(&mut rest);
            // A rule without a buffer gets none: as long as it is, and no longer.
            let (first, later_first) = first.split_at_mut(first.len().min(weight.len()));
            let (second, later_second) = second.split_at_mut(second.len().min(weight.len()));
            rest = (later_first, later_second);
            Mutex::new((at, Piece { weight, first, second, decays }))
        })
        .collect();
    threads.run(pieces.len(), &|number| {
        let mut locked = pieces[number].lock().unwrap_or_else(PoisonError::into_inner);
        let (at, piece_of_weight) = &mut *locked;
        let range = *at..*at + piece_of_weight.weight.len();
        update.apply(piece_of_weight, piece(gradient, range, &mut Vec::new()));
    });
}

/// What to multiply a gradient of this norm by, so that its norm is at most `bound`:
/// min(1, bound / (norm + 1e-6))
/// ([Pascanu et al. 2012](https://arxiv.org/abs/1211.5063), algorithm 1).
///
/// PyTorch: `torch.nn.utils.clip_grad_norm_`.
///
/// ```
/// assert_eq!(lt_train::clip(0.5, 1.0), 1.0);
/// assert!((lt_train::clip(10.0, 1.0) - 0.1).abs() < 1e-6);
/// ```
#[must_use]
pub fn clip(norm: f64, bound: f64) -> f32 {
    // formula: clip
    (bound / (norm + 1e-6)).min(1.0) as f32
}
