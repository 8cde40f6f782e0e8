//! Precision, recall and F1 where each example has one class.

use std::collections::BTreeMap;

use super::error::{MetricError, check_lengths};
use super::score::{Counts, Score, micro, unweighted, weighted};

/// How the scores of several classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average<'a, L> {
    /// Only this class counts: it is what was to be found, all others are the rest.
    Binary(&'a L),
    /// The counts of all classes together. Each example has one class and one prediction, so that
    /// precision, recall and F1 are all the accuracy.
    Micro,
    /// The mean over the classes that are right or predicted somewhere: a rare class counts as
    /// much as a frequent one. (`Macro` F1 is the mean of the F1s, not the F1 of the means.)
    Macro,
    /// The mean over the classes, each counting as often as it is right. Its recall is the
    /// accuracy; its F1 need not lie between its precision and its recall.
    Weighted,
}

/// Precision, recall and F1 over all examples: F₁ = 2·p·r / (p + r), p = TP / (TP + FP),
/// r = TP / (TP + FN).
///
/// TP are the examples of a class that were predicted as it, FP those of other classes that were,
/// FN those of the class that were not. 0 / 0 is 0 (van Rijsbergen 1979, *Information Retrieval*,
/// chapter 7, has F as 1 − E).
///
/// Python: `sklearn.metrics.precision_recall_fscore_support(gold, predicted, average=…,
/// zero_division=0)`; F1 alone is `f1_score`.
///
/// ```
/// use lt_tasks::metrics::{Average, precision_recall_f1};
/// let gold = ["spam", "spam", "ham", "ham", "ham"];
/// let predicted = ["spam", "ham", "ham", "ham", "spam"];
///
/// // Two were called spam, one of them is; two are spam, one of them was found.
/// let spam = precision_recall_f1(&gold, &predicted, Average::Binary(&"spam"))?;
/// assert_eq!((spam.precision, spam.recall, spam.f1, spam.support), (0.5, 0.5, 0.5, 2));
///
/// // ham has 2/3. Micro: 3 of 5.
/// let f1 = |average| precision_recall_f1(&gold, &predicted, average).map(|score| score.f1);
/// assert_eq!(f1(Average::Micro)?, 0.6);
/// assert_eq!(f1(Average::Macro)?, (0.5 + 2.0 / 3.0) / 2.0);
/// assert_eq!(f1(Average::Weighted)?, (2.0 * 0.5 + 3.0 * (2.0 / 3.0)) / 5.0);
/// # Ok::<(), lt_tasks::metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::Lengths`] if there are not as many predictions as right answers,
/// [`MetricError::Empty`] if there are none.
pub fn precision_recall_f1<L: Ord>(
    gold: &[L],
    predicted: &[L],
    average: Average<'_, L>,
) -> Result<Score, MetricError> {
    let classes = count(gold, predicted)?;
    Ok(match average {
        Average::Binary(positive) => classes.get(positive).copied().unwrap_or_default().score(),
        Average::Micro => micro(classes.values()),
        Average::Macro => unweighted(classes.values()),
        Average::Weighted => weighted(classes.values()),
    })
}

/// Precision, recall and F1 of each class that is right or predicted somewhere.
///
/// Python: `sklearn.metrics.precision_recall_fscore_support(gold, predicted, average=None,
/// zero_division=0)`.
///
/// ```
/// let scores = lt_tasks::metrics::per_class(&[0, 0, 1], &[0, 2, 1])?;
/// assert_eq!(scores[&0].recall, 0.5); // one of two
/// assert_eq!(scores[&1].f1, 1.0);
/// assert_eq!((scores[&2].precision, scores[&2].support), (0.0, 0)); // there was none to find
/// # Ok::<(), lt_tasks::metrics::MetricError>(())
/// ```
///
/// # Errors
/// As [`precision_recall_f1`].
pub fn per_class<L: Ord + Clone>(
    gold: &[L],
    predicted: &[L],
) -> Result<BTreeMap<L, Score>, MetricError> {
    let classes = count(gold, predicted)?;
    Ok(classes.into_iter().map(|(class, counts)| (class.clone(), counts.score())).collect())
}

fn count<'a, L: Ord>(
    gold: &'a [L],
    predicted: &'a [L],
) -> Result<BTreeMap<&'a L, Counts>, MetricError> {
    check_lengths(gold.len(), predicted.len())?;
    let mut classes: BTreeMap<&L, Counts> = BTreeMap::new();
    for (gold, predicted) in gold.iter().zip(predicted) {
        let class = classes.entry(gold).or_default();
        class.gold += 1;
        class.right += usize::from(gold == predicted);
        classes.entry(predicted).or_default().predicted += 1;
    }
    Ok(classes)
}
