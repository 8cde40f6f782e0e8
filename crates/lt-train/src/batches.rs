//! Where the data of a step comes from.

use std::error::Error;

use serde::{Deserialize, Serialize};

/// The data of a run, as a function of the step: nothing is drawn from a generator with a state,
/// so that a run that is taken up again needs to know no more than its step.
pub trait Batches {
    /// The data of one shard.
    type Shard;

    /// The shards of a step, counted from 0: always the same for the same step.
    ///
    /// # Errors
    /// Whatever stands in the way.
    fn shards(&self, step: u64) -> Result<Vec<Self::Shard>, Box<dyn Error + Send + Sync>>;

    /// Where in the data a step begins: for those who look at a checkpoint.
    fn position(&self, step: u64) -> Position {
        Position { epoch: 0, offset: step }
    }
}

/// A place in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// How many times all data was gone through (轮次).
    pub epoch: u64,
    /// How many examples of this time, or steps where there are no examples to count.
    pub offset: u64,
}
