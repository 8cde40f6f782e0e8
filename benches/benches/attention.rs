//! Attention of the size of all-MiniLM-L6-v2, one sequence: 12 heads of 32.
//!
//! Elements are the operations of the two products, without those of the softmax: a second's
//! giga-elements are GFLOP/s.

use std::hint::black_box;
use std::time::Duration;

use benches::numbers::rows;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lt_core::{Ragged, Scratch};
use lt_kernels::{Attention, Instructions, attention_with, reference};
use ndarray::s;

fn attention(c: &mut Criterion) {
    let mut group = c.benchmark_group("attention");
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let mut scratch = Scratch::new();
    for tokens in [16, 30, 128, 512] {
        // As the layer has them: side by side in one array.
        let (qkv, batch) = (rows(tokens, 3 * 384), Ragged::single(tokens));
        let part = |number: usize| qkv.slice(s![.., number * 384..(number + 1) * 384]);
        let problem = Attention::new(part(0), part(1), part(2), &batch, 12);
        group.throughput(Throughput::Elements((4 * tokens * tokens * 384) as u64));
        for set in Instructions::available() {
            let name = format!("blocked, {}", set.name());
            group.bench_function(BenchmarkId::new(name, tokens), |b| {
                b.iter(|| {
                    let y = attention_with(set, &problem, &mut scratch);
                    scratch.give(black_box(y));
                });
            });
        }
        group.bench_function(BenchmarkId::new("reference", tokens), |b| {
            b.iter(|| black_box(reference::attention(&problem)));
        });
    }
    group.finish();
}

criterion_group!(benches, attention);
criterion_main!(benches);
