//! After one pass, another over a batch of the same size allocates nothing.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::alloc::System;
use std::path::Path;

use lt_core::{Ragged, Scratch, Threads};
use lt_model::{LoadOptions, TextEncoder, TokenIds};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// Counts what is allocated in the whole process: so there is one test in this file.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn the_second_pass_allocates_nothing() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/long-200");
    let model = TextEncoder::from_dir(dir, &LoadOptions::default()).unwrap().model;
    let longest = model.longest();
    let lengths: Vec<usize> = (0..24).map(|n| 1 + n * 7 % longest).collect();
    let few = Ragged::from_lengths([3]);
    let many = Ragged::from_lengths(lengths.iter().copied());
    for threads in [Threads::single(), lt_kernels::pool(2).unwrap()] {
        for batch in [&few, &many] {
            let ids = vec![1; batch.tokens()];
            let mut scratch = Scratch::with_threads(threads.clone());
            let mut pass = || {
                let hidden = model.hidden(TokenIds::new(&ids, batch), &mut scratch).unwrap();
                scratch.give(hidden);
            };
            // Weights are packed and buffers are made once; a buffer may find its place in the
            // second pass only.
            pass();
            pass();
            let region = Region::new(ALLOCATOR);
            pass();
            let change = region.change();
            let counts = (change.allocations, change.reallocations);
            assert_eq!(counts, (0, 0), "{threads:?}, {} tokens: {change:?}", batch.tokens());
        }
    }
    // That the counting counts.
    let region = Region::new(ALLOCATOR);
    drop(std::hint::black_box(vec![1_u8; 100]));
    assert_eq!(region.change().allocations, 1);
}
