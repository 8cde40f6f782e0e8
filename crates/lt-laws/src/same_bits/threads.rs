//! Threads and buffers that would show what depends on them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lt_core::{Scratch, Threads, Workers};

/// So many plain threads, which start with the last task: work that depends on the order of its
/// tasks, or on who does them, gives other bits.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// let sum = AtomicUsize::new(0);
/// let two = lt_laws::same_bits::threads(2);
/// two.run(100, &|task| { sum.fetch_add(task, Ordering::Relaxed); });
/// assert_eq!((two.count(), sum.into_inner()), (2, 4950));
/// ```
#[must_use]
pub fn threads(count: usize) -> Threads {
    Threads::with(Arc::new(Plain { count: count.max(1) }))
}

struct Plain {
    count: usize,
}

impl Workers for Plain {
    fn count(&self) -> usize {
        self.count
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        let taken = AtomicUsize::new(0);
        let work = || {
            while let Some(left) = tasks.checked_sub(taken.fetch_add(1, Ordering::Relaxed) + 1) {
                task(left);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.count {
                scope.spawn(work);
            }
            work();
        });
    }
}

/// A scratch that has been used: its buffers are there, and were full of NaN when given back.
#[must_use]
pub fn used_scratch() -> Scratch {
    let mut scratch = Scratch::new();
    // Taken all at once: a scratch keeps no more than were ever out.
    let taken = [1, 7, 64, 300, 300, 300].map(|rows| scratch.take(rows, 24));
    for mut buffer in taken {
        buffer.fill(f32::NAN);
        scratch.give(buffer);
    }
    scratch
}
