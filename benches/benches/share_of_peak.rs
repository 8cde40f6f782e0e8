//! A table: how much of what the processor can do each product does, on one thread.

use std::hint::black_box;

use benches::gemm;
use benches::numbers::{half_weight, rows, weight};
use benches::peak::{highest, peaks};
use benches::timing::{seconds, wanted};
use lt_core::{Ragged, Scratch};
use lt_kernels::{
    Activation, Attention, FeedForward, Instructions, Product, WeightAndBias, attention_with,
    feed_forward_with, product_with, products_with, reference,
};
use ndarray::{Array2, s};

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
/// A reference that takes longer than this tells nothing new.
const REFERENCE_OPERATIONS: usize = 400_000_000;

/// The peak that shares are of.
struct Table {
    peak: f64,
}

impl Table {
    /// A line: what, and how fast if it is so many operations.
    fn line(&self, case: &str, operations: usize, work: impl FnMut()) {
        let gflops = operations as f64 / seconds(work) / 1e9;
        println!("| {case} | {gflops:.1} | {:.0} % |", 100.0 * gflops / self.peak);
    }
}

fn main() {
    if !wanted() {
        return;
    }
    let before = peaks();
    println!("| case | GFLOP/s | share of the peak |\n|---|---:|---:|");
    let table = Table { peak: highest(&before) };
    let mut scratch = Scratch::new();
    for (tokens, inner, out) in SHAPES {
        product(&table, tokens, inner, out, &mut scratch);
    }
    half(&table, &mut scratch);
    for tokens in [16, 128, 2048] {
        side_by_side(&table, tokens, &mut scratch);
    }
    for tokens in [16, 128, 2048] {
        feed_forward(&table, tokens, &mut scratch);
    }
    for tokens in [16, 30, 128, 512] {
        attention(&table, tokens, &mut scratch);
    }
    // Far from each other, the machine got slower meanwhile or had other work, and no share counts.
    println!("\n| registers only | GFLOP/s before | and after |\n|---|---:|---:|");
    for (before, after) in before.iter().zip(peaks()) {
        println!("| {} | {:.1} | {:.1} |", before.instructions, before.gflops, after.gflops);
    }
}

fn product(table: &Table, tokens: usize, inner: usize, out: usize, scratch: &mut Scratch) {
    let (x, w) = (rows(tokens, inner), weight(&[out, inner]));
    let (problem, operations) = (Product::new(x.view(), &w), 2 * tokens * inner * out);
    let case = |how: &str| format!("product/{how}/[{tokens}, {inner}]·[{inner}, {out}]");
    for set in Instructions::available() {
        table.line(&case(&format!("packed, {}", set.name())), operations, || {
            let y = product_with(set, &problem, scratch);
            scratch.give(black_box(y));
        });
    }
    let mut y = Array2::zeros((tokens, out));
    table.line(&case("gemm crate"), operations, || {
        gemm(x.view(), w.matrix(), &mut y);
        black_box(&mut y);
    });
    table.line(&case("ndarray dot"), operations, || drop(black_box(x.dot(&w.matrix().t()))));
    if operations <= REFERENCE_OPERATIONS {
        table
            .line(&case("reference"), operations, || drop(black_box(reference::product(&problem))));
    }
}

fn half(table: &Table, scratch: &mut Scratch) {
    let w = half_weight(&[1536, 384]);
    for tokens in [16, 128] {
        let x = rows(tokens, 384);
        for set in Instructions::available() {
            let case = format!("product/packed f16, {}/[{tokens}, 384]·[384, 1536]", set.name());
            table.line(&case, 2 * tokens * 384 * 1536, || {
                let y = product_with(set, &Product::new(x.view(), &w), scratch);
                scratch.give(black_box(y));
            });
        }
    }
}

/// Queries, keys and values.
fn side_by_side(table: &Table, tokens: usize, scratch: &mut Scratch) {
    let (x, w, bias) = (rows(tokens, 384), weight(&[384, 384]), weight(&[384]));
    let problems = [Product::new(x.view(), &w).bias(Some(&bias)); 3];
    for set in Instructions::available() {
        let case = format!("products/packed, {}/[{tokens}, 384]·3 [384, 384]", set.name());
        table.line(&case, 2 * tokens * 384 * 3 * 384, || {
            let y = products_with(set, problems, scratch);
            scratch.give(black_box(y));
        });
    }
}

fn feed_forward(table: &Table, tokens: usize, scratch: &mut Scratch) {
    let (x, operations) = (rows(tokens, 384), 4 * tokens * 384 * 1536);
    let (up, down) = (weight(&[1536, 384]), weight(&[384, 1536]));
    let [up, down] = [&up, &down].map(|weight| WeightAndBias { weight, bias: None });
    let problem = FeedForward::new(x.view(), up, Activation::Gelu, down);
    let case = |how: &str| format!("feed forward/{how}/{tokens}");
    for set in Instructions::available() {
        table.line(&case(&format!("blocked, {}", set.name())), operations, || {
            let y = feed_forward_with(set, &problem, scratch);
            scratch.give(black_box(y));
        });
    }
    if operations <= REFERENCE_OPERATIONS {
        let reference = || drop(black_box(reference::feed_forward(&problem)));
        table.line(&case("reference"), operations, reference);
    }
}

/// The operations of the two products; the softmax comes on top.
fn attention(table: &Table, tokens: usize, scratch: &mut Scratch) {
    let (qkv, batch) = (rows(tokens, 3 * 384), Ragged::single(tokens));
    let part = |number: usize| qkv.slice(s![.., number * 384..(number + 1) * 384]);
    let problem = Attention::new(part(0), part(1), part(2), &batch, 12);
    let operations = 4 * tokens * tokens * 384;
    let case = |how: &str| format!("attention/{how}/{tokens}");
    for set in Instructions::available() {
        table.line(&case(&format!("blocked, {}", set.name())), operations, || {
            let y = attention_with(set, &problem, scratch);
            scratch.give(black_box(y));
        });
    }
    table.line(&case("reference"), operations, || drop(black_box(reference::attention(&problem))));
}
