//! `cargo run -p benches --release --example write DIR [threads [prompt [new [batch]]]]`: how fast a
//! checkpoint reads a prompt, and writes.
//!
//! The prompt is made up. What is written is the likeliest word each time. Times are the best of
//! three; packing the weights, which happens once, is not among them.

use std::time::Instant;

use lt_core::Ragged;
use lt_generate::{LanguageModel, Logits, Wanted};
use lt_model::{CausalLm, LoadOptions};

/// How often it is measured; the least counts.
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().ok_or("expected the directory of a checkpoint")?;
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse());
    let (threads, prompt, new, batch) = (number(2)?, number(128)?, number(64)?, number(1)?);

    let model = CausalLm::from_dir(dir, &LoadOptions::default())?.model;
    let pool = lt_kernels::pool(threads)?;
    let writer = model.writer(&pool);
    let vocabulary = u32::try_from(writer.vocabulary())?;
    let ids: Vec<u32> = (0..prompt * batch).map(|n| (n as u32 * 7919 + 13) % vocabulary).collect();
    let texts = Ragged::from_lengths(vec![prompt; batch]);
    let one_each = Ragged::from_lengths(vec![1; batch]);

    let (mut reading, mut writing, mut bytes) = (f64::INFINITY, f64::INFINITY, 0);
    let mut shortest = f64::INFINITY;
    let mut logits = Logits::default();
    for round in 0..=ROUNDS {
        let mut cache = writer.cache(batch);
        let start = Instant::now();
        writer.read(&ids, &texts, Wanted::Last, &mut cache, &mut logits)?;
        let read = start.elapsed().as_secs_f64();
        let mut wrote = 0.0;
        for _ in 0..new {
            let start = Instant::now();
            let next: Vec<u32> = (0..batch).map(|row| best(logits.row(row))).collect();
            writer.read(&next, &one_each, Wanted::Last, &mut cache, &mut logits)?;
            let step = start.elapsed().as_secs_f64();
            (wrote, shortest) = (wrote + step, shortest.min(step));
        }
        bytes = cache.kept().bytes();
        if round > 0 {
            (reading, writing) = (reading.min(read), writing.min(wrote));
        }
    }
    let per_second = |tokens: usize, seconds: f64| (tokens * batch) as f64 / seconds;
    println!(
        "{threads} threads, {batch} × {prompt} + {new}: reads {:.1}, writes {:.2} tokens a second; \
         {:.2} ms a step, {:.2} the shortest; the cache holds {:.1} MB",
        per_second(prompt, reading),
        per_second(new, writing),
        1e3 * writing / new as f64,
        1e3 * shortest,
        bytes as f64 / 1e6
    );
    Ok(())
}

/// The word with the highest score, the first of equals.
fn best(scores: &[f32]) -> u32 {
    let mut best = 0;
    for (place, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = place;
        }
    }
    best as u32
}
