//! From what a head computes to scores that mean something.

use lt_config::{Labels, Problem};
use lt_kernels::math::exp_f64;
use lt_kernels::softmax;
use ndarray::{Array2, ArrayView1};
use serde::Serialize;

use crate::largest::largest_first;

/// What turns the numbers of a head into scores.
///
/// PyTorch: `function_to_apply` of transformers' `pipeline("text-classification")`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScoreFunction {
    /// Exactly one label is right: pᵢ = e^zᵢ / Σⱼ e^zⱼ, which add up to 1.
    Softmax,
    /// Each label is right or wrong by itself: pᵢ = 1 / (1 + e^−zᵢ), each from 0 to 1.
    Sigmoid,
    /// The number itself was learned: zᵢ.
    Raw,
}

impl ScoreFunction {
    /// What suits a head, by what its configuration says.
    ///
    /// Where that is silent, one label is a yes or no, and several are alternatives.
    ///
    /// ```
    /// use lt_config::{Labels, Problem};
    /// use lt_tasks::ScoreFunction;
    /// assert_eq!(ScoreFunction::of(&Labels::numbered(1)), ScoreFunction::Sigmoid);
    /// assert_eq!(ScoreFunction::of(&Labels::numbered(2)), ScoreFunction::Softmax);
    /// let stars = Labels::numbered(1).with_problem(Problem::Regression);
    /// assert_eq!(ScoreFunction::of(&stars), ScoreFunction::Raw);
    /// ```
    #[must_use]
    pub fn of(labels: &Labels) -> Self {
        match labels.stated_problem() {
            Some(Problem::Regression) => Self::Raw,
            Some(Problem::MultiLabel) => Self::Sigmoid,
            _ if labels.names().len() == 1 => Self::Sigmoid,
            Some(Problem::SingleLabel) | None => Self::Softmax,
        }
    }

    /// Turns each row of logits into scores, in place.
    ///
    /// # Shapes
    /// `[b, n]` for n labels.
    ///
    /// ```
    /// use lt_tasks::ScoreFunction;
    /// let mut logits = ndarray::array![[0.0, 0.0]];
    /// ScoreFunction::Softmax.apply(&mut logits);
    /// assert_eq!(logits, ndarray::array![[0.5, 0.5]]);
    /// ```
    pub fn apply(self, logits: &mut Array2<f32>) {
        // formula: label-scores
        match self {
            Self::Softmax => softmax(logits.view_mut()),
            Self::Sigmoid => {
                // In f64 and rounded once, so that it is the same on every set of instructions.
                let sigmoid = |z: f32| (1.0 / (1.0 + exp_f64(-f64::from(z)))) as f32;
                logits.mapv_inplace(sigmoid);
            }
            Self::Raw => {}
        }
    }
}

/// A label and how much speaks for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LabelScore<'a> {
    /// The label.
    pub label: &'a str,
    /// Its score.
    pub score: f32,
}

/// The answer for one text, or one pair of texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Classified<'a> {
    /// Every label, the one with the highest score first; of two equal ones that which the model,
    /// or the list of candidates, has first.
    pub scores: Vec<LabelScore<'a>>,
    /// How many tokens the text has that the model did not see, as it takes no more; 0 if it saw
    /// all.
    pub truncated: usize,
}

impl<'a> Classified<'a> {
    /// The answer with one score for each of these labels.
    pub(crate) fn new<S: AsRef<str>>(
        labels: &'a [S],
        scores: ArrayView1<'_, f32>,
        truncated: usize,
    ) -> Self {
        let mut numbered: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
        numbered.sort_unstable_by(largest_first);
        let named = numbered.into_iter().filter_map(|(number, score)| {
            labels.get(number).map(|label| LabelScore { label: label.as_ref(), score })
        });
        Self { scores: named.collect(), truncated }
    }

    /// The label with the highest score; `None` if there are no labels.
    #[must_use]
    pub fn best(&self) -> Option<LabelScore<'a>> {
        self.scores.first().copied()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_configuration_says_which_function_and_what_is_silent_is_as_in_transformers() {
        let labels = Labels::numbered;
        assert_eq!(ScoreFunction::of(&labels(3)), ScoreFunction::Softmax);
        for (problem, count, expected) in [
            (Problem::SingleLabel, 1, ScoreFunction::Sigmoid),
            (Problem::SingleLabel, 2, ScoreFunction::Softmax),
            (Problem::MultiLabel, 3, ScoreFunction::Sigmoid),
            (Problem::Regression, 3, ScoreFunction::Raw),
        ] {
            let stated = labels(count).with_problem(problem);
            assert_eq!(ScoreFunction::of(&stated), expected, "{problem:?}, {count}");
        }
    }

    #[test]
    fn large_logits_saturate_and_stay_finite() {
        let mut logits = array![[1e30, -1e30, 0.0]];
        ScoreFunction::Sigmoid.apply(&mut logits);
        assert_eq!(logits, array![[1.0, 0.0, 0.5]]);
    }

    #[test]
    fn the_highest_comes_first_and_ties_keep_their_order() {
        let labels = ["a", "b", "c"];
        let answer = Classified::new(&labels, array![0.1, 0.8, 0.1].view(), 0);
        let names: Vec<&str> = answer.scores.iter().map(|score| score.label).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(answer.best().map(|best| best.score), Some(0.8));
    }
}
