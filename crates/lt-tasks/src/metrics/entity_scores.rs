//! Precision, recall and F1 where entities are to be found in sequences of tokens.

use std::collections::{BTreeMap, HashSet};

use super::error::{MetricError, check_lengths};
use super::score::{Counts, Score, micro, unweighted, weighted};
use super::{Reading, Span, entities};

/// How well entities were found.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityScores {
    /// Of each type that is right or predicted somewhere.
    pub per_type: BTreeMap<String, Score>,
    /// All entities counted together, whatever their type: what is usually reported.
    pub micro_average: Score,
    /// The mean over the types, a rare one counting as much as a frequent one.
    pub macro_average: Score,
    /// The mean over the types, each counting as often as there was one to find.
    pub weighted_average: Score,
}

/// Precision, recall and F1 of entities, from the tags of sequences: p = right / predicted,
/// r = right / gold, F₁ = 2·p·r / (p + r).
///
/// An entity is right if its type, its start and its end all are; half an entity is none
/// (Tjong Kim Sang and De Meulder 2003, [CoNLL-2003](https://aclanthology.org/W03-0419/)).
/// Where there is nothing to find and nothing was found, all scores are 0.
///
/// Python: [seqeval](https://github.com/chakki-works/seqeval) 1.2.2,
/// `seqeval.metrics.f1_score(gold, predicted, average="micro")` for [`Reading::Lenient`],
/// `(…, mode="strict", scheme=IOB2)` for [`Reading::Strict`].
///
/// ```
/// use lt_tasks::metrics::{Reading, entity_scores};
/// let gold = [["B-PER", "I-PER", "O", "B-LOC"]];
/// let predicted = [["B-PER", "O", "O", "B-LOC"]]; // the place, and half of the person
/// let scores = entity_scores(&gold, &predicted, Reading::Lenient)?;
/// assert_eq!(scores.micro_average.f1, 0.5); // one of two found, one of two right
/// assert_eq!(scores.per_type["LOC"].f1, 1.0);
/// assert_eq!(scores.per_type["PER"].f1, 0.0);
/// # Ok::<(), lt_tasks::metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::Lengths`] if there are not as many sequences predicted as there are,
/// [`MetricError::Empty`] if there are none, and [`MetricError::Sequence`] around one of these:
/// [`MetricError::Lengths`] if a sequence has another length than was predicted for it,
/// [`MetricError::Tag`] as [`entities`] gives it.
pub fn entity_scores<G, P, T, U>(
    gold: &[G],
    predicted: &[P],
    reading: Reading,
) -> Result<EntityScores, MetricError>
where
    G: AsRef<[T]>,
    P: AsRef<[U]>,
    T: AsRef<str>,
    U: AsRef<str>,
{
    check_lengths(gold.len(), predicted.len())?;
    let mut types: BTreeMap<String, Counts> = BTreeMap::new();
    for (number, (gold, predicted)) in gold.iter().zip(predicted).enumerate() {
        let (gold, predicted) = read(gold.as_ref(), predicted.as_ref(), reading)
            .map_err(|error| error.in_sequence(number))?;
        for span in &gold {
            counts(&mut types, span).gold += 1;
        }
        let gold: HashSet<Span> = gold.into_iter().collect();
        for span in &predicted {
            let counts = counts(&mut types, span);
            counts.predicted += 1;
            counts.right += usize::from(gold.contains(span));
        }
    }
    Ok(EntityScores {
        micro_average: micro(types.values()),
        macro_average: unweighted(types.values()),
        weighted_average: weighted(types.values()),
        per_type: types.into_iter().map(|(label, counts)| (label, counts.score())).collect(),
    })
}

/// The entities of one sequence that are right, and those that were predicted.
fn read(
    gold: &[impl AsRef<str>],
    predicted: &[impl AsRef<str>],
    reading: Reading,
) -> Result<(Vec<Span>, Vec<Span>), MetricError> {
    if gold.len() != predicted.len() {
        return Err(MetricError::Lengths { gold: gold.len(), predicted: predicted.len() });
    }
    Ok((entities(gold, reading)?, entities(predicted, reading)?))
}

fn counts<'a>(types: &'a mut BTreeMap<String, Counts>, span: &Span) -> &'a mut Counts {
    types.entry(span.label.clone()).or_default()
}
