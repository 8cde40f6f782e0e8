//! Work cut into tasks, and the threads that run them.

use std::sync::atomic::{AtomicUsize, Ordering};

use lt_core::Threads;
use ndarray::Array2;

/// A pool of `count` threads, made with rayon; one thread needs no pool.
///
/// # Errors
/// If the system refuses to start the threads.
///
/// ```
/// let threads = lt_kernels::pool(2)?;
/// assert_eq!(threads.count(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg(feature = "threads")]
pub fn pool(count: usize) -> std::io::Result<Threads> {
    use rayon::prelude::*;

    struct Pool(rayon::ThreadPool);
    impl lt_core::Workers for Pool {
        fn count(&self) -> usize {
            self.0.current_num_threads()
        }
        fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
            self.0.install(|| (0..tasks).into_par_iter().with_max_len(1).for_each(task));
        }
    }

    if count <= 1 {
        return Ok(Threads::single());
    }
    // 2¹⁰ is more than rayon would ever get to use here, and less than hurts.
    let builder = rayon::ThreadPoolBuilder::new().num_threads(count.min(1024));
    let pool = builder.thread_name(|number| format!("lt-{number}")).build();
    Ok(Threads::with(std::sync::Arc::new(Pool(pool.map_err(std::io::Error::other)?))))
}

/// Runs `task(first row, rows)` for each block of `block` rows of an array, as a flat slice.
pub(crate) fn for_each_rows(
    threads: &Threads,
    array: &mut Array2<f32>,
    block: usize,
    task: impl Fn(usize, &mut [f32]) + Sync,
) {
    for_each_rows_with(threads, array, block, &mut Array2::zeros((0, 0)), |first, rows, _| {
        task(first, rows);
    });
}

/// As [`for_each_rows`], and each task has one row of `work` to itself: as many rows as there are
/// blocks, or none at all.
pub(crate) fn for_each_rows_with(
    threads: &Threads,
    array: &mut Array2<f32>,
    block: usize,
    work: &mut Array2<f32>,
    task: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) {
    let (rows, columns) = array.dim();
    let room = work.ncols();
    let tasks = rows.div_ceil(block);
    assert!(room == 0 || work.nrows() >= tasks, "a row of work for each task");
    let (array, work) = (Parts::of(array), Parts::of(work));
    // Blocks are counted here: whoever lends the threads may call a task twice.
    let next = AtomicUsize::new(0);
    threads.run(tasks, &|_| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= tasks {
            return;
        }
        let first = number * block;
        let end = rows.min(first + block);
        // SAFETY: each number is drawn once, and the ranges of different numbers do not overlap:
        // blocks follow each other, and each number has its own row of work.
        let (rows, work) = unsafe {
            (
                array.part(first * columns, end * columns),
                work.part(number * room, number * room + room),
            )
        };
        task(first, rows, work);
    });
}

/// A slice that several threads write different parts of.
struct Parts {
    start: *mut f32,
    len: usize,
}

// SAFETY: parts are handed out by `part` alone, whose callers promise that they do not overlap.
unsafe impl Sync for Parts {}

impl Parts {
    fn of(array: &mut Array2<f32>) -> Self {
        // Arrays that Scratch hands out are in one piece, row by row; `Array2::zeros` too.
        assert!(array.is_standard_layout(), "an array in one piece");
        Self { start: array.as_mut_ptr(), len: array.len() }
    }

    /// # Safety
    /// No two parts that are alive at the same time may overlap, nor outlive the array.
    // The parts are disjoint, so that each is as good as borrowed mutably.
    #[allow(clippy::mut_from_ref)]
    unsafe fn part(&self, from: usize, to: usize) -> &mut [f32] {
        assert!(from <= to && to <= self.len, "inside the array");
        // SAFETY: inside the array, as just asserted; not overlapping, as the caller promises.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from), to - from) }
    }
}
