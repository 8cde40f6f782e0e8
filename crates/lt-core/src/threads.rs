//! A handle to threads: who may work, never a process-global pool.

use std::fmt;
use std::sync::Arc;

/// Runs a number of independent tasks, on as many threads as it has.
///
/// Implemented by `lt_kernels::pool`; implement it to lend the library a pool of your
/// own.
pub trait Workers: Send + Sync {
    /// How many tasks can run at once.
    fn count(&self) -> usize;

    /// Calls `task(0)`, …, `task(tasks - 1)`, each once, in any order, and returns when all have
    /// returned. Must run a task on the calling thread or wait without spinning.
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync));
}

/// Which threads a computation may use; cheap to clone.
///
/// The default is the calling thread alone. No result depends on it: kernels split work so that
/// each output element is computed whole by one task, in one order.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// let sum = AtomicUsize::new(0);
/// lt_core::Threads::single().run(4, &|task| { sum.fetch_add(task, Ordering::Relaxed); });
/// assert_eq!(sum.into_inner(), 0 + 1 + 2 + 3);
/// ```
#[derive(Clone, Default)]
pub struct Threads(Option<Arc<dyn Workers>>);

impl Threads {
    /// The calling thread alone: no pool, no synchronisation.
    #[must_use]
    pub fn single() -> Self {
        Self(None)
    }

    /// These workers.
    #[must_use]
    pub fn with(workers: Arc<dyn Workers>) -> Self {
        Self(Some(workers))
    }

    /// How many tasks can run at once.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(1, |workers| workers.count())
    }

    /// Calls `task(0)`, …, `task(tasks - 1)`, each once, and returns when all have returned.
    pub fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        match &self.0 {
            Some(workers) if tasks > 1 => workers.run(tasks, task),
            _ => (0..tasks).for_each(task),
        }
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Threads({})", self.count())
    }
}
