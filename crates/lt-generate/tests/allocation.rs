//! Once the buffers are there, a token allocates nothing.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::alloc::System;
use std::ops::ControlFlow;

use lt_generate::{Generator, Length, Sampling, Scores, Settings, Strategy, TableModel};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// Counts what is allocated in the whole process: so there is one test in this file.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn after_the_first_tokens_nothing_is_allocated() {
    let model = TableModel::new(300, |_, last, next| ((last * 7 + next * 13) % 29) as f32 / 7.0);
    let sampling =
        Sampling { temperature: 0.9, top_k: Some(50), top_p: Some(0.9), min_p: Some(0.01) };
    for strategy in [Strategy::Greedy, Strategy::Sample(sampling)] {
        let settings = Settings {
            strategy,
            maximum: Length::New(200),
            minimum: Length::New(200),
            end_tokens: vec![2],
            scores: Scores::OfChosen,
            repetition_penalty: Some(1.1),
            frequency_penalty: Some(0.1),
            no_repeat_ngram: Some(5),
            ..Settings::default()
        };
        let generator = Generator::new(&model, settings).unwrap();
        let (mut tokens, mut region, mut change) = (0, Region::new(ALLOCATOR), None);
        let written = generator
            .generate_with(&[vec![1], vec![3, 4, 5]], |_| {
                tokens += 1;
                match tokens {
                    // Buffers for ids grow with the text, by doubling.
                    280 => region.reset(),
                    390 => change = Some(region.change()),
                    _ => {}
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(written[1].new_ids().len(), 200);
        let change = change.unwrap();
        assert_eq!((change.allocations, change.reallocations), (0, 0), "{change:?}");
    }
    // That the counting counts.
    let region = Region::new(ALLOCATOR);
    drop(std::hint::black_box(vec![1_u8; 100]));
    assert_eq!(region.change().allocations, 1);
}
