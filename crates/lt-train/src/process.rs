//! Worker processes: the shards of a step, computed by other programs on the same machine.
//!
//! A worker runs the same program with the same recipe, so that it has the objective and the data
//! itself. What goes to it are parameters and numbers of shards, what comes back are gradients.
//! They are added in the [`GradientTree`](crate::GradientTree) as those of threads are: who
//! computed what changes no bit.

mod crew;
mod serve;
mod wire;

pub use crew::{Crew, Doorway};
pub use serve::serve;
