//! What can be wrong with what is to be measured.

/// Why something could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// Nothing was given.
    #[error("nothing to measure: expected at least one example")]
    Empty,
    /// Not every example has a prediction, or some have none that they could be compared with.
    #[error("{gold} right ones, but {predicted} predicted: expected as many")]
    Lengths {
        /// How many there are that are right.
        gold: usize,
        /// How many were predicted.
        predicted: usize,
    },
    /// A tag that says nothing about entities.
    #[error(
        "the tag {tag:?} at {place}, counted from 0: expected O, or one of {letters} and a type, \
         as in B-PER"
    )]
    Tag {
        /// The tag.
        tag: String,
        /// Where in its sequence.
        place: usize,
        /// The letters that the reading knows.
        letters: &'static str,
    },
    /// Several sequences were given, and this one cannot be measured.
    #[error("sequence {number}, counted from 0")]
    Sequence {
        /// Which of the sequences.
        number: usize,
        /// Why.
        source: Box<MetricError>,
    },
    /// NaN or infinity where numbers are to be correlated.
    #[error("the {side} number at {place}, counted from 0, is NaN or infinite")]
    NotFinite {
        /// `gold` or `predicted`.
        side: &'static str,
        /// Where.
        place: usize,
    },
    /// Numbers that are all the same: they do not vary, so that nothing can vary with them.
    #[error("the {side} numbers are all the same: a correlation is not defined")]
    Constant {
        /// `gold` or `predicted`.
        side: &'static str,
    },
}

impl MetricError {
    /// Says in which sequence it happened.
    pub(crate) fn in_sequence(self, number: usize) -> Self {
        Self::Sequence { number, source: Box::new(self) }
    }
}

/// As many that are right as were predicted, and not none.
pub(crate) fn check_lengths(gold: usize, predicted: usize) -> Result<(), MetricError> {
    if gold != predicted {
        return Err(MetricError::Lengths { gold, predicted });
    }
    if gold == 0 { Err(MetricError::Empty) } else { Ok(()) }
}
