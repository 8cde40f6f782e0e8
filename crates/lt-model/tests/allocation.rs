//! After one pass, another over a batch of the same size allocates nothing.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::alloc::System;
use std::path::Path;
use std::sync::Barrier;

use lt_core::{Ragged, Scratch, Threads};
use lt_generate::{LanguageModel, Logits, Wanted};
use lt_model::{CausalLm, LoadOptions, TextEncoder, TokenIds};
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
    for threads in [Threads::single(), two()] {
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
    a_token_allocates_nothing();
    // That the counting counts.
    let region = Region::new(ALLOCATOR);
    drop(std::hint::black_box(vec![1_u8; 100]));
    assert_eq!(region.change().allocations, 1);
}

/// Two threads that have both begun: one that begins later allocates then.
fn two() -> Threads {
    let threads = lt_kernels::pool(2).unwrap();
    let both = Barrier::new(2);
    threads.run(2, &|_| {
        both.wait();
    });
    threads
}

/// A token that follows others, of one text and of several, as long as its block of keys has room.
fn a_token_allocates_nothing() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-decoders");
    for name in ["gpt2-inner-7-relu-by-layer", "llama-kv-2-of-6-tied", "mistral", "qwen3", "gemma3"]
    {
        let model = CausalLm::from_dir(golden.join(name), &LoadOptions::default()).unwrap().model;
        for (threads, texts) in [(Threads::single(), 1), (two(), 3)] {
            let (writer, mut logits) = (model.writer(&threads), Logits::default());
            let mut cache = writer.cache(texts);
            let (ids, batch) = (vec![1; texts], Ragged::from_lengths(vec![1; texts]));
            let mut read = || {
                writer.read(&ids, &batch, Wanted::Last, &mut cache, &mut logits).unwrap();
            };
            // Buffers find their places within a few passes.
            (0..8).for_each(|_| read());
            let region = Region::new(ALLOCATOR);
            (0..5).for_each(|_| read());
            let change = region.change();
            let counts = (change.allocations, change.reallocations);
            assert_eq!(counts, (0, 0), "{name}, {texts} texts: {change:?}");
        }
    }
}
