//! The pool: every task once, whoever asks and whatever happens.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use lt_core::Threads;
use lt_kernels::pool;

/// Runs so many tasks, and holds each to have been run once.
fn run_once_each(threads: &Threads, tasks: usize) {
    let runs: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
    threads.run(tasks, &|task| {
        runs[task].fetch_add(1, Ordering::Relaxed);
    });
    assert!(runs.iter().all(|runs| runs.load(Ordering::Relaxed) == 1), "{tasks} tasks");
}

#[test]
fn every_task_is_run_once() {
    let rounds = if cfg!(miri) { 2 } else { 300 };
    for count in [1, 2, 3, 8] {
        let threads = pool(count).unwrap();
        assert_eq!(threads.count(), count);
        for round in 0..rounds {
            for tasks in [0, 1, 2, 7, 100] {
                run_once_each(&threads, tasks);
            }
            if round % 50 == 0 {
                // Long enough for the others to fall asleep.
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
    }
    assert_eq!(pool(0).unwrap().count(), 1);
}

#[test]
fn a_task_may_have_tasks_of_its_own() {
    let threads = pool(3).unwrap();
    let runs = AtomicUsize::new(0);
    threads.run(5, &|_| {
        threads.run(7, &|_| {
            runs.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert_eq!(runs.into_inner(), 35);
}

#[test]
fn two_may_use_one_pool_at_once() {
    let threads = pool(2).unwrap();
    let rounds = if cfg!(miri) { 3 } else { 200 };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..rounds).for_each(|_| run_once_each(&threads, 9)));
        }
    });
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
    let threads = pool(2).unwrap();
    let rounds = if cfg!(miri) { 2 } else { 20 };
    for round in 0..rounds {
        let caller = std::thread::current().id();
        // In the caller's own task, and in that of another thread, if it gets one.
        for of_caller in [true, false] {
            let elsewhere = AtomicUsize::new(0);
            let result = catch_unwind(AssertUnwindSafe(|| {
                threads.run(64, &|_| {
                    let here = std::thread::current().id() == caller;
                    std::thread::yield_now();
                    if here == of_caller {
                        elsewhere.fetch_add(1, Ordering::Relaxed);
                        panic!("as told");
                    }
                });
            }));
            let panicked = elsewhere.into_inner() > 0;
            assert_eq!(result.is_err(), panicked, "round {round}, {of_caller}");
            assert!(panicked || !of_caller, "the caller has a task always");
            run_once_each(&threads, 10);
        }
    }
}

/// Gives the pool as many tasks as it has threads, each on a thread of its own: none ends before
/// all have begun.
fn on_each_thread(threads: &Threads, task: impl Fn() + Sync) {
    let all = Barrier::new(threads.count());
    threads.run(threads.count(), &|_| {
        all.wait();
        task();
    });
}

#[test]
fn what_tasks_wrote_is_there_when_run_returns() {
    let threads = pool(3).unwrap();
    for round in 0..if cfg!(miri) { 10 } else { 2000 } {
        let written: Vec<AtomicUsize> = (0..5).map(|_| AtomicUsize::new(0)).collect();
        threads.run(5, &|task| written[task].store(round + task, Ordering::Relaxed));
        let written = written.into_iter().map(AtomicUsize::into_inner);
        assert!(written.eq(round..round + 5), "round {round}");
    }
}

#[test]
fn all_threads_of_a_pool_take_part_and_have_names() {
    let threads = pool(4).unwrap();
    assert_eq!(threads.count(), 4);
    let names = Mutex::new(Vec::new());
    let caller = std::thread::current().id();
    on_each_thread(&threads, || {
        let current = std::thread::current();
        if current.id() != caller {
            names.lock().unwrap().push(current.name().map(String::from));
        }
    });
    let mut names: Vec<_> = names.into_inner().unwrap().into_iter().flatten().collect();
    names.sort();
    assert_eq!(names, ["lt-1", "lt-2", "lt-3"]);
}

/// A task of a pool's thread, and of the calling thread, asks the same pool at the same time.
#[test]
fn tasks_on_all_threads_may_have_tasks_of_their_own_at_once() {
    let threads = pool(3).unwrap();
    let runs = AtomicUsize::new(0);
    on_each_thread(&threads, || {
        threads.run(100, &|_| {
            runs.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert_eq!(runs.into_inner(), 300);
}

/// The one who comes second does not wait: it is done while the first is still at it.
#[test]
fn who_finds_the_pool_taken_works_alone() {
    let threads = pool(2).unwrap();
    let other = AtomicUsize::new(0);
    threads.run(2, &|task| {
        if task == 0 {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let own = std::thread::current().id();
                    threads.run(9, &|_| {
                        assert_eq!(std::thread::current().id(), own);
                        other.fetch_add(1, Ordering::Relaxed);
                    });
                });
            });
        }
    });
    assert_eq!(other.into_inner(), 9);
}

/// Runs two tasks, each on its thread; `panics` says, of the caller's and the other, who panics.
/// Gives what the caller gets to hear.
fn panic_in(threads: &Threads, panics: [bool; 2]) -> Option<String> {
    let caller = std::thread::current().id();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        on_each_thread(threads, || {
            let other = usize::from(std::thread::current().id() != caller);
            assert!(!panics[other], "as the test wants it");
        });
    }));
    let panic = panic.err()?;
    Some(panic.downcast_ref::<&str>().map_or_else(|| "?".into(), ToString::to_string))
}

#[test]
fn a_panic_on_both_threads_is_forgotten_by_the_next_job() {
    let threads = pool(2).unwrap();
    for _ in 0..if cfg!(miri) { 2 } else { 20 } {
        for panics in [[true, false], [false, true], [true, true], [false, false]] {
            let expected = match panics {
                [true, _] => Some("as the test wants it"),
                [false, true] => Some("a task panicked"),
                [false, false] => None,
            };
            assert_eq!(panic_in(&threads, panics).as_deref(), expected, "{panics:?}");
            // Nothing of it is left: not the job, not the panic, not the turn.
            run_once_each(&threads, 9);
            on_each_thread(&threads, || {});
        }
    }
}

#[test]
fn a_panic_in_a_task_of_a_task_reaches_the_caller() {
    let threads = pool(2).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        threads.run(2, &|_| threads.run(2, &|task| assert!(task == 0, "as the test wants it")));
    }));
    assert!(panic.is_err());
    run_once_each(&threads, 9);
}

/// Counts the threads that have ended, each when its own variables are dropped.
struct Ends(Arc<AtomicUsize>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

thread_local!(static END: Cell<Option<Ends>> = const { Cell::new(None) });

#[test]
fn a_pool_that_is_dropped_leaves_no_thread() {
    for round in 0..if cfg!(miri) { 2 } else { 20 } {
        let ended = Arc::new(AtomicUsize::new(0));
        let threads = pool(4).unwrap();
        let caller = std::thread::current().id();
        on_each_thread(&threads, || {
            if std::thread::current().id() != caller {
                END.set(Some(Ends(Arc::clone(&ended))));
            }
        });
        let other = threads.clone();
        drop(threads);
        assert_eq!(ended.load(Ordering::SeqCst), 0);
        run_once_each(&other, 9);
        if round % 2 == 0 {
            std::thread::sleep(std::time::Duration::from_micros(200)); // most likely asleep by then
        }
        drop(other); // joins them
        assert_eq!(ended.load(Ordering::SeqCst), 3, "round {round}");
    }
}
