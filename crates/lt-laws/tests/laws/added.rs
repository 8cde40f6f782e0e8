//! Toys that add the gradients of shards: each shard is one number.

use std::sync::{Mutex, PoisonError};

use lt_core::{Result, Threads, Weight};
use lt_laws::sample;

fn numbers(shards: usize, seed: u64) -> Vec<f32> {
    sample::numbers(seed).take(shards).collect()
}

fn gradient(sum: f32) -> Result<Weight> {
    Weight::new(&[1], vec![sum])
}

/// Neighbours first, then pairs of them: the order depends on the number of shards alone.
pub(crate) fn in_a_tree(shards: usize, seed: u64) -> Result<Weight> {
    fn sum(numbers: &[f32]) -> f32 {
        match numbers {
            [one] => *one,
            more => {
                let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
                sum(left) + sum(right)
            }
        }
    }
    gradient(sum(&numbers(shards, seed)))
}

/// From the first to the last.
pub(crate) fn in_a_row(shards: usize, seed: u64) -> Result<Weight> {
    gradient(numbers(shards, seed).iter().sum())
}

/// Each as soon as it is there.
pub(crate) fn as_they_come(shards: usize, seed: u64, threads: Threads) -> Result<Weight> {
    let (numbers, sum) = (numbers(shards, seed), Mutex::new(0.0));
    threads.run(shards, &|shard| {
        *sum.lock().unwrap_or_else(PoisonError::into_inner) += numbers[shard];
    });
    gradient(sum.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// A sum for each thread, and then the sum of those.
pub(crate) fn a_share_for_each_thread(
    shards: usize,
    seed: u64,
    threads: Threads,
) -> Result<Weight> {
    let numbers = numbers(shards, seed);
    let shares = numbers.chunks(shards.div_ceil(threads.count()));
    gradient(shares.map(|share| share.iter().sum::<f32>()).sum())
}
