//! `cargo run -p benches --release --example gradients`: the kernels of a training step on one
//! thread, at the sizes of a shard of 512 tokens, each against the limit of multiplying and adding.

use benches::numbers::{rows, weight};
use benches::timing::seconds;
use lt_core::{Mask, Ragged, Scratch};
use lt_kernels::{
    Activation, Attention, DroppedWeights, Dropping, Instructions, LayerNorm, Norm, Product,
    activation_backward, attention, attention_backward, attention_dropped, layer_norm_backward,
    matmul, product, product_d_input, softmax_and_log_sum, sum_of_rows,
};

/// Tokens of a shard, in texts of 128.
const TOKENS: usize = 512;

fn main() {
    println!("one thread, {}", Instructions::best().name());
    println!("| kernel | size | ms | GFLOP/s |");
    println!("|---|---|---:|---:|");
    let scratch = &mut Scratch::new();
    for (d, f, heads) in [(256, 1024, 8), (384, 1536, 6)] {
        products(d, f, scratch);
        attentions(d, heads, scratch);
        let (x, d_y, gain) = (rows(TOKENS, d), rows(TOKENS, d), weight(&[d]));
        let norm = LayerNorm::new(x.view(), Norm::new(&gain, 1e-5).bias(Some(&gain)));
        report("norm, backward", &format!("{TOKENS} × {d}"), 0.0, || {
            let gradient = layer_norm_backward(&norm, d_y.view(), scratch);
            scratch.give(gradient.input);
        });
        let (x, mut d_y) = (rows(TOKENS, f), rows(TOKENS, f));
        report("gelu, backward", &format!("{TOKENS} × {f}"), 0.0, || {
            activation_backward(Activation::Gelu, x.view(), &mut d_y);
        });
        report("sum of rows", &format!("{TOKENS} × {f}"), 0.0, || {
            std::hint::black_box(sum_of_rows(x.view()));
        });
    }
    let mut logits = rows(TOKENS, 8192);
    report("softmax of a loss", &format!("{TOKENS} × 8192"), 0.0, || {
        for mut row in logits.rows_mut() {
            let row = row.as_slice_mut().unwrap_or_default();
            std::hint::black_box(softmax_and_log_sum(Instructions::best(), row));
        }
    });
}

fn products(d: usize, f: usize, scratch: &mut Scratch) {
    for (out, inner) in [(d, d), (f, d), (d, f), (8192, d)] {
        let (x, d_y, w) = (rows(TOKENS, inner), rows(TOKENS, out), weight(&[out, inner]));
        let (size, flops) =
            (format!("{TOKENS} × {inner} × {out}"), (2 * TOKENS * inner * out) as f64);
        report("x·Wᵀ", &size, flops, || {
            let y = product(&Product::new(x.view(), &w), scratch);
            scratch.give(y);
        });
        report("dy·W", &size, flops, || {
            let d_x = product_d_input(d_y.view(), &w, scratch);
            scratch.give(d_x);
        });
        report("dyᵀ·x", &size, flops, || {
            let d_w = matmul(d_y.t(), x.view(), scratch);
            scratch.give(d_w);
        });
    }
}

fn attentions(d: usize, heads: usize, scratch: &mut Scratch) {
    let [query, key, value, d_output] = std::array::from_fn(|_| rows(TOKENS, d));
    let keys: Vec<u64> = (0..TOKENS as u64).collect();
    let dropped = DroppedWeights { dropping: Dropping::new(0.1), keys: &keys };
    for (length, mask) in [(128, Mask::all()), (128, Mask::causal()), (32, Mask::all())] {
        let batch = Ragged::from_lengths(vec![length; TOKENS / length]);
        let problem =
            Attention::new(query.view(), key.view(), value.view(), &batch, heads).mask(&mask);
        let what = if mask.is_causal() { ", causal" } else { "" };
        let size = format!("{} × {length} × {d}, {heads} heads{what}", TOKENS / length);
        // Of all keys, also where a mask halves it.
        let of_product = (2 * TOKENS * length * d) as f64;
        report("attention", &size, 2.0 * of_product, || {
            let y = attention(&problem, scratch);
            scratch.give(y);
        });
        report("attention, dropped", &size, 2.0 * of_product, || {
            let y = attention_dropped(&problem, dropped, scratch);
            scratch.give(y);
        });
        for (name, dropped) in
            [("attention, backward", None), ("attention, dropped, backward", Some(dropped))]
        {
            report(name, &size, 5.0 * of_product, || {
                let gradient = attention_backward(&problem, dropped, d_output.view(), scratch);
                for rows in [gradient.query, gradient.key, gradient.value] {
                    scratch.give(rows);
                }
            });
        }
    }
}

fn report(kernel: &str, size: &str, flops: f64, run: impl FnMut()) {
    let seconds = seconds(run);
    let rate = if flops > 0.0 { format!("{:.0}", flops / seconds / 1e9) } else { String::new() };
    println!("| {kernel} | {size} | {:.3} | {rate} |", seconds * 1e3);
}
