//! The product and the feed-forward layer: ours with all sets of instructions, and other products.
//!
//! Elements are operations: a second's giga-elements are GFLOP/s.

use std::hint::black_box;
use std::time::Duration;

use benches::gemm;
use benches::numbers::{half_weight, rows, weight};
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use lt_core::Scratch;
use lt_kernels::{
    Activation, FeedForward, Instructions, Product, WeightAndBias, feed_forward_with, product_with,
    products_with, reference,
};
use ndarray::Array2;

/// `[tokens, inner]·[inner, out]` of all-MiniLM-L6-v2, and one of BERT-base.
const SHAPES: [(usize, usize, usize); 10] = [
    (16, 384, 384),
    (16, 384, 1536),
    (16, 1536, 384),
    (128, 384, 384),
    (128, 384, 1536),
    (128, 1536, 384),
    (2048, 384, 384),
    (2048, 384, 1536),
    (2048, 1536, 384),
    (128, 768, 3072),
];

fn group<'c>(c: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}

fn product(c: &mut Criterion) {
    let mut group = group(c, "product");
    let mut scratch = Scratch::new();
    for (tokens, inner, out) in SHAPES {
        let (x, w) = (rows(tokens, inner), weight(&[out, inner]));
        let name = format!("[{tokens}, {inner}]·[{inner}, {out}]");
        group.throughput(Throughput::Elements((2 * tokens * inner * out) as u64));
        for set in Instructions::available() {
            group.bench_function(BenchmarkId::new(format!("packed, {}", set.name()), &name), |b| {
                b.iter(|| {
                    let y = product_with(set, &Product::new(x.view(), &w), &mut scratch);
                    scratch.give(black_box(y));
                });
            });
        }
        group.bench_function(BenchmarkId::new("ndarray dot", &name), |b| {
            b.iter(|| black_box(x.dot(&w.matrix().t())));
        });
        let mut y = Array2::zeros((tokens, out));
        group.bench_function(BenchmarkId::new("gemm crate", &name), |b| {
            b.iter(|| {
                gemm(x.view(), w.matrix(), &mut y);
                black_box(&mut y);
            });
        });
        // Its time goes with the operations: a small one tells it all.
        if (tokens, out) == (16, 384) {
            group.bench_function(BenchmarkId::new("reference", &name), |b| {
                b.iter(|| black_box(reference::product(&Product::new(x.view(), &w))));
            });
        }
    }
    group.finish();
}

/// Weights of 16 bits are widened a few panels at a time.
fn half(c: &mut Criterion) {
    let mut group = group(c, "product of f16 weights");
    let mut scratch = Scratch::new();
    for tokens in [16, 128] {
        let (x, w) = (rows(tokens, 384), half_weight(&[1536, 384]));
        group.throughput(Throughput::Elements((2 * tokens * 384 * 1536) as u64));
        let name = format!("[{tokens}, 384]·[384, 1536]");
        for set in Instructions::available() {
            group.bench_function(BenchmarkId::new(format!("packed, {}", set.name()), &name), |b| {
                b.iter(|| {
                    let y = product_with(set, &Product::new(x.view(), &w), &mut scratch);
                    scratch.give(black_box(y));
                });
            });
        }
    }
    group.finish();
}

/// Queries, keys and values.
fn side_by_side(c: &mut Criterion) {
    let mut group = group(c, "products side by side");
    let mut scratch = Scratch::new();
    for tokens in [16, 128, 2048] {
        let (x, w, bias) = (rows(tokens, 384), weight(&[384, 384]), weight(&[384]));
        let problems = [Product::new(x.view(), &w).bias(Some(&bias)); 3];
        group.throughput(Throughput::Elements((2 * tokens * 384 * 3 * 384) as u64));
        let name = format!("[{tokens}, 384]·3 [384, 384]");
        for set in Instructions::available() {
            group.bench_function(BenchmarkId::new(format!("packed, {}", set.name()), &name), |b| {
                b.iter(|| {
                    let y = products_with(set, problems, &mut scratch);
                    scratch.give(black_box(y));
                });
            });
        }
        if tokens == 16 {
            group.bench_function(BenchmarkId::new("reference", &name), |b| {
                b.iter(|| problems.map(|problem| black_box(reference::product(&problem))));
            });
        }
    }
    group.finish();
}

fn feed_forward(c: &mut Criterion) {
    let mut group = group(c, "feed forward");
    let mut scratch = Scratch::new();
    let (up, down) = (weight(&[1536, 384]), weight(&[384, 1536]));
    let (wide_bias, bias) = (weight(&[1536]), weight(&[384]));
    let up = WeightAndBias { weight: &up, bias: Some(&wide_bias) };
    let down = WeightAndBias { weight: &down, bias: Some(&bias) };
    for tokens in [16, 128, 2048] {
        let x = rows(tokens, 384);
        let problem = FeedForward::new(x.view(), up, Activation::Gelu, down);
        let problem = problem.residual(Some(x.view()));
        group.throughput(Throughput::Elements((4 * tokens * 384 * 1536) as u64));
        for set in Instructions::available() {
            let name = format!("blocked, {}", set.name());
            group.bench_function(BenchmarkId::new(name, tokens), |b| {
                b.iter(|| {
                    let y = feed_forward_with(set, &problem, &mut scratch);
                    scratch.give(black_box(y));
                });
            });
        }
        if tokens == 16 {
            group.bench_function(BenchmarkId::new("reference", tokens), |b| {
                b.iter(|| black_box(reference::feed_forward(&problem)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, product, half, side_by_side, feed_forward);
criterion_main!(benches);
