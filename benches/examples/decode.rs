//! `cargo run -p benches --release --example decode [threads]`: the products of one step of
//! writing, against the time that reading their weights takes.
//!
//! Whoever writes one token after another reads every weight for each of them, and the memory sets
//! the pace. A stream that only reads 1 GB with the same threads is measured in turn with the
//! products, so that both see the same machine.

use std::sync::Arc;
use std::time::Instant;

use benches::numbers::{bits, rows};
use lt_core::{Scratch, Threads, Weight, f32_to_bf16, f32_to_f16};
use lt_kernels::{Activation, Product, product, products};
use lt_layers::{AnyFeedForward, FeedForward, GatedFeedForward, Linear};
use ndarray::{Array2, s};

/// How the weights are stored.
#[derive(Clone, Copy)]
enum Stored {
    F32,
    F16,
    Bf16,
}

/// The sizes of a model.
struct Shape {
    name: &'static str,
    layers: usize,
    d: usize,
    /// Columns of keys, and as many of values.
    keys: usize,
    f: usize,
    gated: bool,
    words: usize,
}

const SHAPES: [Shape; 2] = [
    Shape { name: "GPT-2", layers: 12, d: 768, keys: 768, f: 3072, gated: false, words: 50257 },
    Shape { name: "Llama", layers: 16, d: 1024, keys: 256, f: 2816, gated: true, words: 32000 },
];

/// How often everything is measured; the least counts.
const ROUNDS: usize = 25;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let threads = std::env::args().nth(1).map_or(Ok(2), |count| count.parse())?;
    let pool = lt_kernels::pool(threads)?;
    let stream = Stream::new();
    println!("{threads} threads, {}", lt_kernels::Instructions::best().name());
    println!(
        "| model | weights | rows | q, k, v, o | feed-forward | words | all | GB/s | stream |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
    for shape in &SHAPES {
        for stored in [Stored::F32, Stored::F16, Stored::Bf16] {
            let model = Model::new(shape, stored)?;
            for tokens in [1, 8] {
                measure(shape, stored, &model, tokens, &pool, &stream);
            }
        }
    }
    Ok(())
}

/// Prints a line of the table: each time beside the share of it that reading alone takes.
fn measure(
    shape: &Shape,
    stored: Stored,
    model: &Model,
    tokens: usize,
    pool: &Threads,
    stream: &Stream,
) {
    let mut scratch = Scratch::with_threads(pool.clone());
    let x = rows(tokens, shape.d);
    let (mut least, mut bandwidth) = ([f64::INFINITY; 3], 0.0_f64);
    for round in 0..=ROUNDS {
        bandwidth = bandwidth.max(stream.read(pool));
        let times = model.step(&x, &mut scratch);
        if round > 0 {
            // The first packs the weights.
            least = std::array::from_fn(|part| least[part].min(times[part]));
        }
    }
    let (name, size) = match stored {
        Stored::F32 => ("f32", 4),
        Stored::F16 => ("f16", 2),
        Stored::Bf16 => ("bf16", 2),
    };
    let bytes = shape.numbers().map(|numbers| (numbers * size) as f64);
    let column = |time: f64, bytes: f64| {
        format!("{:.2} ms, {:.0} %", 1e3 * time, 100.0 * bytes / bandwidth / time)
    };
    let parts: Vec<String> =
        least.iter().zip(bytes).map(|(&time, bytes)| column(time, bytes)).collect();
    let (time, bytes) = (least.iter().sum::<f64>(), bytes.iter().sum::<f64>());
    println!(
        "| {} | {name} | {tokens} | {} | {} | {:.1} | {:.1} |",
        shape.name,
        parts.join(" | "),
        column(time, bytes),
        bytes / time / 1e9,
        bandwidth / 1e9
    );
}

impl Shape {
    /// Weights of the projections, of the feed-forward layers, and of the words.
    fn numbers(&self) -> [usize; 3] {
        let &Self { layers, d, keys, f, gated, words, .. } = self;
        [layers * (2 * d * d + 2 * d * keys), layers * (2 + usize::from(gated)) * d * f, d * words]
    }
}

struct Layer {
    query_key_value: [Linear; 3],
    output: Linear,
    feed_forward: AnyFeedForward,
}

struct Model {
    layers: Vec<Layer>,
    words: Weight,
}

impl Model {
    fn new(shape: &Shape, stored: Stored) -> lt_core::Result<Self> {
        let &Shape { d, keys, f, gated, .. } = shape;
        let linear = |inputs, outputs| -> lt_core::Result<Linear> {
            Linear::new(weight([outputs, inputs], stored)?, None)
        };
        let layer = |_| -> lt_core::Result<Layer> {
            let feed_forward = if gated {
                let (gate, up, down) = (linear(d, f)?, linear(d, f)?, linear(f, d)?);
                GatedFeedForward::new(gate, Activation::Silu, up, down)?.into()
            } else {
                FeedForward::new(linear(d, f)?, Activation::GeluTanh, linear(f, d)?)?.into()
            };
            let query_key_value = [linear(d, d)?, linear(d, keys)?, linear(d, keys)?];
            Ok(Layer { query_key_value, output: linear(d, d)?, feed_forward })
        };
        let layers = (0..shape.layers).map(layer).collect::<lt_core::Result<_>>()?;
        Ok(Self { layers, words: weight([shape.words, d], stored)? })
    }

    /// All products of one step for these rows: how many seconds each kind takes, as if all layers
    /// were as fast as the fastest.
    fn step(&self, x: &Array2<f32>, scratch: &mut Scratch) -> [f64; 3] {
        let (mut times, layers) = ([f64::INFINITY; 3], self.layers.len() as f64);
        let mut x = x.clone();
        for layer in &self.layers {
            let begin = Instant::now();
            let [q, k, v] = layer.query_key_value.each_ref().map(|linear| problem(linear, &x));
            let both = products([q, k, v], scratch);
            let averaged = both.slice(s![.., ..x.ncols()]);
            let y = product(&problem(&layer.output, &averaged).residual(x.view()), scratch);
            scratch.give(both);
            scratch.give(std::mem::replace(&mut x, y));
            times[0] = times[0].min(layers * begin.elapsed().as_secs_f64());
            let begin = Instant::now();
            let y = layer.feed_forward.forward_added(x.view(), x.view(), scratch);
            let y = y.unwrap_or_else(|error| panic!("{error}"));
            scratch.give(std::mem::replace(&mut x, y));
            times[1] = times[1].min(layers * begin.elapsed().as_secs_f64());
        }
        let begin = Instant::now();
        let scores = product(&Product::new(x.view(), &self.words), scratch);
        scratch.give(scores);
        times[2] = begin.elapsed().as_secs_f64();
        scratch.give(x);
        times
    }
}

fn problem<'a, S: ndarray::Data<Elem = f32>>(
    linear: &'a Linear,
    x: &'a ndarray::ArrayBase<S, ndarray::Ix2>,
) -> Product<'a> {
    linear.problem(x.view()).unwrap_or_else(|error| panic!("{error}"))
}

/// A weight of numbers that grow not from layer to layer, stored in one of three ways.
fn weight(shape: [usize; 2], stored: Stored) -> lt_core::Result<Weight> {
    let [out, inner] = shape;
    let size = 1.0 / (inner as f32).sqrt();
    let numbers = bits(7).map(|bits| size * ((bits >> 40) as f32 / (1 << 23) as f32 - 1.0));
    let numbers: Vec<f32> = numbers.take(out * inner).collect();
    let half =
        |narrow: fn(f32) -> u16| Arc::new(numbers.iter().copied().map(narrow).collect::<Vec<_>>());
    match stored {
        Stored::F16 => Weight::shared_f16(&shape, half(f32_to_f16)),
        Stored::Bf16 => Weight::shared_bf16(&shape, half(f32_to_bf16)),
        Stored::F32 => Weight::new(&shape, numbers),
    }
}

/// 1 GB that is read and nothing else.
struct Stream(Vec<u64>);

impl Stream {
    fn new() -> Self {
        Self((0..1 << 27).collect())
    }

    /// Reads all of it with these threads, piece by piece: bytes a second of the fastest.
    fn read(&self, pool: &Threads) -> f64 {
        /// 16 MB: some milliseconds, as long as a product takes.
        const PIECE: usize = 2 << 20;
        let seconds = self.0.chunks(PIECE).map(|piece| {
            let parts: Vec<&[u64]> = piece.chunks(piece.len().div_ceil(pool.count())).collect();
            let begin = Instant::now();
            pool.run(parts.len(), &|number| {
                // Enough chains that the additions do not wait for each other.
                let mut sums = [0_u64; 32];
                for numbers in parts[number].as_chunks::<32>().0 {
                    for (sum, number) in sums.iter_mut().zip(numbers) {
                        *sum = sum.wrapping_add(*number);
                    }
                }
                std::hint::black_box(sums);
            });
            begin.elapsed().as_secs_f64()
        });
        (PIECE * size_of::<u64>()) as f64 / seconds.fold(f64::INFINITY, f64::min)
    }
}
