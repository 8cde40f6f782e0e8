//! A few threads that wait for work.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{Builder, JoinHandle};

use lt_core::{Threads, Workers};

/// A pool of `count` threads, the calling thread among them; one thread is no pool at all.
///
/// The threads sleep when there is nothing to do. They are the pool's own: whoever holds no handle
/// to it does not use it, and when the last handle is dropped they end. When two threads ask for
/// work at once, one of them gets the pool, and the other works alone.
///
/// # Errors
/// If the system refuses to start the threads.
///
/// ```
/// let threads = lt_kernels::pool(2)?;
/// assert_eq!(threads.count(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn pool(count: usize) -> io::Result<Threads> {
    if count <= 1 {
        return Ok(Threads::single());
    }
    // 2¹⁰ is more than any machine has use for here, and less than hurts.
    let others = count.min(1024) - 1;
    let shared = Arc::new(Shared::default());
    let mut pool = Pool { shared, handles: Vec::with_capacity(others), turn: Mutex::new(()) };
    for number in 0..others {
        let shared = Arc::clone(&pool.shared);
        let builder = Builder::new().name(format!("lt-{}", number + 1));
        // If this fails, what has been started ends with the pool.
        pool.handles.push(builder.spawn(move || shared.work())?);
    }
    Ok(Threads::with(Arc::new(pool)))
}

struct Pool {
    shared: Arc<Shared>,
    handles: Vec<JoinHandle<()>>,
    /// Held by the thread whose job it is.
    turn: Mutex<()>,
}

/// How often a thread looks whether there is work before it goes to sleep: some 20 µs, as long as
/// a kernel may keep the others waiting between two jobs, and too short to show when it is idle.
const LOOKS: u32 = 1000;

#[derive(Default)]
struct Shared {
    job: Mutex<Job>,
    /// The number of the latest job, as in `job`: to look at without the lock.
    number: AtomicUsize,
    /// The next task of the job.
    next: AtomicUsize,
    /// Threads of the pool that are working on the job.
    active: AtomicUsize,
    ended: AtomicBool,
    panicked: AtomicBool,
    begun: Condvar,
    done: Condvar,
}

/// What there is to do.
#[derive(Clone, Copy, Default)]
struct Job {
    number: usize,
    task: Option<Task>,
    tasks: usize,
    /// Threads of the pool that have to be woken.
    asleep: usize,
}

/// A task whose lifetime was taken away: see `run`.
#[derive(Clone, Copy)]
struct Task(&'static (dyn Fn(usize) + Sync));

impl Workers for Pool {
    fn count(&self) -> usize {
        self.handles.len() + 1
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        // Somebody else's turn, or a task that has tasks of its own: without the pool.
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            // A task panicked once. It was this pool's business to be left in order, and it is.
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            Err(TryLockError::WouldBlock) => return (0..tasks).for_each(task),
        };
        // SAFETY: only the lifetime changes. The reference lies in `job` until `Finish` takes it
        // out, and after that no thread uses it: one that copied it has counted itself as active
        // under the same lock, and `Finish` waits until none is. It does so before this function
        // returns or unwinds, so within the lifetime that the reference really has.
        let forever = Task(unsafe {
            std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(task)
        });
        let finish = Finish(&self.shared);
        self.shared.begin(forever, tasks);
        self.shared.draw(tasks, task);
        drop(finish);
        assert!(!self.shared.panicked.load(Ordering::Relaxed), "a task panicked");
    }
}

/// Takes the job back when it is dropped, and waits for those who are still at it.
struct Finish<'p>(&'p Shared);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.job().task = None;
        for _ in 0..LOOKS {
            if self.0.active.load(Ordering::Acquire) == 0 {
                return;
            }
            std::hint::spin_loop();
        }
        let mut job = self.0.job();
        while self.0.active.load(Ordering::Acquire) > 0 {
            job = self.0.done.wait(job).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Shared {
    fn job(&self) -> MutexGuard<'_, Job> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, task: Task, tasks: usize) {
        let mut job = self.job();
        self.next.store(0, Ordering::Relaxed);
        // That of an earlier job, if the caller panicked too and so did not look.
        self.panicked.store(false, Ordering::Relaxed);
        *job = Job { number: job.number.wrapping_add(1), task: Some(task), tasks, ..*job };
        self.number.store(job.number, Ordering::Release);
        let asleep = job.asleep;
        drop(job);
        if asleep > 0 {
            self.begun.notify_all();
        }
    }

    /// Runs tasks until none is left.
    fn draw(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= tasks {
                return;
            }
            task(number);
        }
    }

    /// The life of a thread of the pool.
    fn work(&self) {
        let mut seen = 0;
        while let Some((job, task)) = self.wait(&mut seen) {
            let drawn = catch_unwind(AssertUnwindSafe(|| self.draw(job.tasks, task.0)));
            if drawn.is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            if self.active.fetch_sub(1, Ordering::Release) == 1 {
                // Under the lock, so that whoever waits is either told or sees it for himself.
                drop(self.job());
                self.done.notify_one();
            }
        }
    }

    /// Waits for a job that has not been seen yet, and counts this thread as active; none when
    /// the pool has ended.
    fn wait(&self, seen: &mut usize) -> Option<(Job, Task)> {
        for _ in 0..LOOKS {
            if self.number.load(Ordering::Acquire) != *seen || self.ended.load(Ordering::Relaxed) {
                break;
            }
            std::hint::spin_loop();
        }
        let mut job = self.job();
        loop {
            if self.ended.load(Ordering::Relaxed) {
                return None;
            }
            if job.number != *seen {
                *seen = job.number;
                // It may be over already.
                if let Some(task) = job.task {
                    self.active.fetch_add(1, Ordering::Relaxed);
                    return Some((*job, task));
                }
            }
            job.asleep += 1;
            job = self.begun.wait(job).unwrap_or_else(PoisonError::into_inner);
            job.asleep -= 1;
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        {
            let _job = self.shared.job();
            self.shared.ended.store(true, Ordering::Relaxed);
        }
        self.shared.begun.notify_all();
        for handle in self.handles.drain(..) {
            // A thread of the pool does not panic: tasks are caught.
            let _ = handle.join();
        }
    }
}
