//! A clock for those who print a table of their own: criterion hands its results to nobody.

use std::time::{Duration, Instant};

/// Shorter than this, a clock does not tell.
const BATCH: Duration = Duration::from_millis(5);
/// How long all batches take together, at least.
const TOTAL: Duration = Duration::from_millis(300);
/// How many batches there are, at least: a median of fewer says little.
const BATCHES: usize = 5;

/// How many seconds `work` takes: the median of runs that take 0.3 s or more together.
///
/// ```
/// use std::{thread::sleep, time::Duration};
/// let seconds = benches::timing::seconds(|| sleep(Duration::from_millis(20)));
/// assert!(seconds >= 0.02);
/// ```
pub fn seconds(mut work: impl FnMut()) -> f64 {
    // The first run packs weights and takes memory.
    work();
    let mut runs = 1;
    while time(runs, &mut work) < BATCH {
        runs *= 2;
    }
    let (mut times, begin) = (Vec::new(), Instant::now());
    while times.len() < BATCHES || begin.elapsed() < TOTAL {
        times.push(time(runs, &mut work).as_secs_f64() / f64::from(runs));
    }
    median(&mut times)
}

/// How long so many runs take.
fn time(runs: u32, work: &mut impl FnMut()) -> Duration {
    let begin = Instant::now();
    for _ in 0..runs {
        work();
    }
    begin.elapsed()
}

/// The middle one of these numbers, of which there is at least one.
///
/// # Panics
/// If there is none.
pub fn median(numbers: &mut [f64]) -> f64 {
    assert!(!numbers.is_empty(), "the median of nothing");
    let middle = numbers.len() / 2;
    *numbers.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Whether to measure at all: `cargo bench` says so, and `cargo test --benches` does not.
#[must_use]
pub fn wanted() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}
