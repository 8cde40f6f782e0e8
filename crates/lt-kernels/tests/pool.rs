//! The pool: every task once, whoever asks and whatever happens.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

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

#[cfg(target_os = "linux")]
#[test]
fn a_pool_that_is_dropped_leaves_no_thread() {
    let named = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|name| name.trim() == "lt-60").count()
    };
    let threads = pool(61).unwrap();
    run_once_each(&threads, 100);
    let copy = threads.clone();
    drop(threads);
    run_once_each(&copy, 100);
    assert_eq!(named(), 1);
    drop(copy);
    assert_eq!(named(), 0);
}
