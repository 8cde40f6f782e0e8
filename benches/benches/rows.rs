//! What is done row by row or number by number. Elements are numbers.

use std::hint::black_box;
use std::time::Duration;

use benches::numbers::{rows, weight};
use benches::workloads::Workload;
use criterion::measurement::WallTime;
use criterion::{
    BatchSize, Bencher, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
};
use lt_core::{Scratch, Weight};
use lt_kernels::{
    Activation, Gather, Instructions, LayerNorm, Lookup, Norm, activate_with, gather_with,
    layer_norm_with, math, reference, softmax_with,
};
use ndarray::Array2;

/// As many rows as workload B has, as wide as those of all-MiniLM-L6-v2.
const TOKENS: usize = 128;
const WIDTH: usize = 384;

fn group<'c>(c: &'c mut Criterion, name: &str, numbers: usize) -> BenchmarkGroup<'c, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(20).throughput(Throughput::Elements(numbers as u64));
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}

/// What works in place gets the same numbers each time; their copy is not timed.
fn in_place(b: &mut Bencher<'_>, numbers: &Array2<f32>, mut work: impl FnMut(&mut Array2<f32>)) {
    b.iter_batched_ref(|| numbers.clone(), |numbers| work(numbers), BatchSize::SmallInput);
}

fn gather(c: &mut Criterion) {
    let mut group = group(c, "gather", TOKENS * WIDTH);
    let mut scratch = Scratch::new();
    let [tokens, segments, positions] = [30_522, 2, 512].map(|entries| weight(&[entries, WIDTH]));
    let (ids, none) = (Workload::b().ids, [0; TOKENS]);
    let places: Vec<u32> = (0..).take(TOKENS).collect();
    let lookups: [(&Weight, &[u32]); 3] =
        [(&tokens, &ids), (&segments, &none), (&positions, &places)];
    let lookups = lookups.map(|(table, rows)| Lookup { table, rows });
    let gain = weight(&[WIDTH]);
    let problem = Gather::new(&lookups, Norm::new(&gain, 1e-12).bias(Some(&gain)));
    for set in Instructions::available() {
        group.bench_function(set.name(), |b| {
            b.iter(|| {
                let y = gather_with(set, &problem, &mut scratch);
                scratch.give(black_box(y));
            });
        });
    }
    group.bench_function("reference", |b| b.iter(|| black_box(reference::gather(&problem))));
    group.finish();
}

fn layer_norm(c: &mut Criterion) {
    let mut group = group(c, "layer norm", TOKENS * WIDTH);
    let mut scratch = Scratch::new();
    let (x, gain) = (rows(TOKENS, WIDTH), weight(&[WIDTH]));
    let problem = LayerNorm::new(x.view(), Norm::new(&gain, 1e-12).bias(Some(&gain)));
    for set in Instructions::available() {
        group.bench_function(set.name(), |b| {
            b.iter(|| {
                let y = layer_norm_with(set, &problem, &mut scratch);
                scratch.give(black_box(y));
            });
        });
    }
    group.bench_function("reference", |b| b.iter(|| black_box(reference::layer_norm(&problem))));
    group.finish();
}

fn softmax(c: &mut Criterion) {
    // The scores of one head among themselves.
    let mut group = group(c, "softmax", TOKENS * TOKENS);
    let scores = rows(TOKENS, TOKENS);
    for set in Instructions::available() {
        group.bench_function(set.name(), |b| {
            in_place(b, &scores, |scores| softmax_with(set, scores.view_mut()));
        });
    }
    group.bench_function("reference", |b| {
        b.iter(|| {
            for row in scores.rows() {
                black_box(reference::softmax(row));
            }
        });
    });
    group.finish();
}

fn gelu(c: &mut Criterion) {
    let mut group = group(c, "gelu", TOKENS * 4 * WIDTH);
    let mut scratch = Scratch::new();
    let x = 8.0 * rows(TOKENS, 4 * WIDTH);
    for set in Instructions::available() {
        group.bench_function(set.name(), |b| {
            in_place(b, &x, |x| activate_with(set, Activation::Gelu, x, &mut scratch));
        });
    }
    group.bench_function("reference", |b| {
        in_place(b, &x, |x| x.mapv_inplace(|x| Activation::Gelu.apply(x)));
    });
    group.finish();
}

fn exp(c: &mut Criterion) {
    let mut group = group(c, "exp", TOKENS * WIDTH);
    let x = 8.0 * rows(TOKENS, WIDTH);
    for set in Instructions::available() {
        group.bench_function(set.name(), |b| {
            in_place(b, &x, |x| {
                if let Some(numbers) = x.as_slice_mut() {
                    math::exp_in_place(set, numbers);
                }
            });
        });
    }
    group.bench_function("reference", |b| in_place(b, &x, |x| x.mapv_inplace(math::exp)));
    group.finish();
}

criterion_group!(benches, gather, layer_norm, softmax, gelu, exp);
criterion_main!(benches);
