//! From counts to precision, recall and F1, and from those of several classes to one.

/// How well something was found: all fractions from 0 to 1.
///
/// Where nothing was predicted precision is 0, and where there was nothing to find recall is 0
/// (scikit-learn's `zero_division=0`).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    /// Precision (精确率): the part of what was predicted that is right.
    pub precision: f64,
    /// Recall (召回率): the part of what there was that was predicted.
    pub recall: f64,
    /// The harmonic mean of the two: near the lower one.
    pub f1: f64,
    /// How many there were to find.
    pub support: usize,
}

/// What precision and recall are made of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Predicted, and right.
    pub(crate) right: usize,
    /// Predicted.
    pub(crate) predicted: usize,
    /// There to be found.
    pub(crate) gold: usize,
}

impl Counts {
    /// p = right / predicted, r = right / gold, F₁ = 2·right / (predicted + gold).
    pub(crate) fn score(self) -> Score {
        Score {
            // formula: f1
            precision: fraction(self.right, self.predicted),
            recall: fraction(self.right, self.gold),
            // 2·p·r / (p + r) with both fractions put in: it rounds once.
            f1: fraction(2 * self.right, self.predicted + self.gold),
            support: self.gold,
        }
    }
}

/// One score from the counts of all classes together.
pub(crate) fn micro<'a>(classes: impl IntoIterator<Item = &'a Counts>) -> Score {
    let mut all = Counts::default();
    for class in classes {
        all.right += class.right;
        all.predicted += class.predicted;
        all.gold += class.gold;
    }
    all.score()
}

/// The mean of the scores of all classes, each counting as much as any other.
pub(crate) fn unweighted<'a>(classes: impl IntoIterator<Item = &'a Counts>) -> Score {
    mean(classes, |_| 1)
}

/// The mean of the scores of all classes, each counting as often as there was one to find.
pub(crate) fn weighted<'a>(classes: impl IntoIterator<Item = &'a Counts>) -> Score {
    mean(classes, |class| class.gold)
}

fn mean<'a>(
    classes: impl IntoIterator<Item = &'a Counts>,
    weight: impl Fn(&Counts) -> usize,
) -> Score {
    let mut sum = Score::default();
    let mut weights = 0;
    for class in classes {
        let score = class.score();
        let times = weight(class);
        sum.precision += times as f64 * score.precision;
        sum.recall += times as f64 * score.recall;
        sum.f1 += times as f64 * score.f1;
        sum.support += score.support;
        weights += times;
    }
    // No class at all, or nothing to find: a mean over nothing would be NaN. The minimum takes
    // back what rounding carries past 1.
    let divided = |sum: f64| if weights == 0 { 0.0 } else { (sum / weights as f64).min(1.0) };
    Score {
        precision: divided(sum.precision),
        recall: divided(sum.recall),
        f1: divided(sum.f1),
        support: sum.support,
    }
}

fn fraction(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
