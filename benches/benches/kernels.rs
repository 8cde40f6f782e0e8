//! Each kernel against its reference and, for the product, against ndarray's own.
//!
//! Run by hand: `cargo bench -p benches`. Shapes are those of all-MiniLM-L6-v2.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lt_core::{Ragged, Scratch, Weight};
use lt_kernels::{
    Activation, Attention, LayerNorm, Product, attention, layer_norm, product, reference,
};
use ndarray::Array2;

/// Numbers that differ from each other; which they are makes no difference to the time.
fn rows(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(r, c)| ((r * 31 + c * 17) % 97) as f32 / 97.0 - 0.5)
}

fn weight(out: usize, inner: usize) -> Weight {
    Weight::new(&[out, inner], rows(out, inner).into_raw_vec_and_offset().0)
        .unwrap_or_else(|error| unreachable!("as many numbers as the shape says: {error}"))
}

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("product");
    let mut scratch = Scratch::new();
    for (tokens, inner, out) in [(16, 384, 384), (128, 384, 1536), (128, 1536, 384)] {
        let (x, w) = (rows(tokens, inner), weight(out, inner));
        let name = format!("[{tokens}, {inner}]·[{inner}, {out}]");
        // Multiplications and additions: elements per second are FLOP/s.
        group.throughput(Throughput::Elements((2 * tokens * inner * out) as u64));
        group.bench_function(BenchmarkId::new("packed", &name), |b| {
            b.iter(|| {
                let y = product(&Product::new(x.view(), &w), &mut scratch);
                scratch.give(black_box(y));
            });
        });
        group.bench_function(BenchmarkId::new("ndarray dot", &name), |b| {
            b.iter(|| black_box(x.dot(&w.matrix().t())));
        });
    }
    let (x, w) = (rows(16, 384), weight(384, 384));
    group.throughput(Throughput::Elements(2 * 16 * 384 * 384));
    group.bench_function("reference/[16, 384]·[384, 384]", |b| {
        b.iter(|| black_box(reference::product(&Product::new(x.view(), &w))));
    });
    group.finish();
}

fn attentions(c: &mut Criterion) {
    let mut group = c.benchmark_group("attention");
    let mut scratch = Scratch::new();
    for tokens in [16, 128, 512] {
        let (qkv, batch) = (rows(tokens, 384), Ragged::single(tokens));
        let problem = Attention::new(qkv.view(), qkv.view(), qkv.view(), &batch, 12);
        group.throughput(Throughput::Elements((4 * tokens * tokens * 384) as u64));
        group.bench_function(BenchmarkId::new("blocked", tokens), |b| {
            b.iter(|| {
                let y = attention(&problem, &mut scratch);
                scratch.give(black_box(y));
            });
        });
        group.bench_function(BenchmarkId::new("reference", tokens), |b| {
            b.iter(|| black_box(reference::attention(&problem)));
        });
    }
    group.finish();
}

fn norms_and_activations(c: &mut Criterion) {
    let mut group = c.benchmark_group("row by row");
    let mut scratch = Scratch::new();
    let (x, gain) = (rows(128, 384), weight(1, 384));
    let gain = Weight::new(&[384], gain.to_f32())
        .unwrap_or_else(|error| unreachable!("as many numbers as the shape says: {error}"));
    let problem = LayerNorm::new(x.view(), &gain, 1e-12).bias(Some(&gain));
    group.throughput(Throughput::Elements(128 * 384));
    group.bench_function("layer norm", |b| {
        b.iter(|| {
            let y = layer_norm(&problem, &mut scratch);
            scratch.give(black_box(y));
        });
    });
    group.bench_function("layer norm, reference", |b| {
        b.iter(|| black_box(reference::layer_norm(&problem)));
    });
    group.bench_function("gelu", |b| b.iter(|| black_box(x.mapv(|x| Activation::Gelu.apply(x)))));
    group.finish();
}

criterion_group!(benches, products, attentions, norms_and_activations);
criterion_main!(benches);
