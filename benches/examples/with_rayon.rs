//! `cargo run -p benches --release --example with_rayon`: our threads against rayon's, which also
//! shows how to lend the library a pool of one's own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::models::minilm;
use benches::timing::{median, seconds};
use benches::workloads::Workload;
use lt_core::{Scratch, Threads, Workers};
use lt_model::{LoadOptions, TextEncoder, TokenIds};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A pool of rayon's.
struct Rayon(ThreadPool);

impl Workers for Rayon {
    fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        // Each task by itself: there are few, and all of them are large.
        self.0.install(|| (0..tasks).into_par_iter().with_max_len(1).for_each(task));
    }
}

const TASK: Duration = Duration::from_micros(20);
const RUNS: usize = 2000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rayon = ThreadPoolBuilder::new().num_threads(2).build()?;
    let pools = [lt_kernels::pool(2)?, Threads::with(Arc::new(Rayon(rayon)))];
    println!("| two threads | `lt_kernels::pool` | rayon |\n|---|---:|---:|");
    for gap in [0, 10, 50] {
        let times = pools.each_ref().map(|threads| 1e6 * two_tasks(threads, gap));
        println!("| two tasks of 20 µs, {gap} µs after the last | {} |", columns(times, "µs"));
    }
    let Some(dir) = minilm() else { return Ok(()) };
    let model = TextEncoder::from_dir(dir, &LoadOptions::default())?.model;
    for work in [Workload::a(), Workload::b()] {
        let times = pools.each_ref().map(|threads| 1e3 * forward(&model, &work, threads));
        println!("| all-MiniLM-L6-v2 on {} | {} |", work.name, columns(times, "ms"));
    }
    Ok(())
}

fn columns(times: [f64; 2], unit: &str) -> String {
    times.map(|time| format!("{time:.2} {unit}")).join(" | ")
}

/// How long two tasks take that begin so many µs after those before.
fn two_tasks(threads: &Threads, gap: u64) -> f64 {
    let mut times: Vec<f64> = std::iter::repeat_with(|| {
        work_for(Duration::from_micros(gap));
        let begin = Instant::now();
        threads.run(2, &|_| work_for(TASK));
        begin.elapsed().as_secs_f64()
    })
    .take(RUNS)
    .collect();
    median(&mut times)
}

/// Keeps a core busy.
fn work_for(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        std::hint::spin_loop();
    }
}

fn forward(model: &TextEncoder, work: &Workload, threads: &Threads) -> f64 {
    let mut scratch = Scratch::with_threads(threads.clone());
    seconds(|| {
        let input = TokenIds::new(&work.ids, &work.sequences);
        match model.hidden(input, &mut scratch) {
            Ok(hidden) => scratch.give(hidden),
            Err(error) => panic!("{}: {error}", work.name),
        }
    })
}
