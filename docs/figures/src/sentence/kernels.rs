//! The products of one layer, and one of their numbers.

use anyhow::{Context as _, Result, bail, ensure};
use lt_core::Scratch;
use lt_kernels::{Product, product, reference};
use lt_layers::AnyFeedForward;

use super::numbers::{decimals, four, grouped, weight};
use super::page::Page;
use crate::example::Example;
use crate::head::{HEAD, LAYER};

/// So many steps of the chain are shown.
const SHOWN: usize = 3;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let example = Example::new()?;
    products(page, &example)?;
    chain(page, &example)
}

/// What is multiplied in a layer.
fn products(page: &mut Page, example: &Example) -> Result<()> {
    let layer = example.layers()?.get(LAYER).context("the model has this layer")?;
    let AnyFeedForward::Plain(feed_forward) = layer.feed_forward() else {
        bail!("BERT's feed-forward layer has no gate");
    };
    let (attention, n) = (layer.attention(), example.tokens().len());
    let (d, f) = (attention.width(), feed_forward.up().outputs());
    let (heads, k) = (attention.config().heads, attention.cache_shape().key);
    let all = [
        ("queries, keys, values", 3, [n, d, heads * k]),
        ("scores of a head", heads, [n, k, n]),
        ("means of the values of a head", heads, [n, n, k]),
        ("the heads back to rows", 1, [n, heads * k, d]),
        ("feed-forward, up", 1, [n, d, f]),
        ("feed-forward, down", 1, [n, f, d]),
    ];
    let work =
        |(_, times, sides): &(&str, usize, [usize; 3])| times * sides.iter().product::<usize>();
    let sum: usize = all.iter().map(work).sum();
    let between: usize = all[1..3].iter().map(work).sum();
    let layers = example.layers()?.len();
    ensure!(between * 100 < sum, "the scores are more than a hundredth of the work");
    page.say(&format!(
        "What one layer of lt-tiny-bert multiplies for the {n} rows of the sentence. A product of rows × inner × columns \
         takes as many multiplications with additions:"
    ));
    let mut rows: Vec<Vec<String>> = all
        .iter()
        .map(|of| {
            let sides = of.2.map(|side| side.to_string()).join(" × ");
            vec![of.0.to_owned(), of.1.to_string(), sides, grouped(work(of))]
        })
        .collect();
    rows.push(vec!["together".to_owned(), String::new(), String::new(), grouped(sum)]);
    page.table(&["product", "times", "rows × inner × columns", "multiply-adds"], &rows);
    page.say(&format!(
        "In {layers} layers {} of them. Scores and means are {} % of it: they alone grow with the square of the length, \
         and {n} pieces are few.",
        grouped(layers * sum),
        decimals(between as f64 / sum as f64 * 100.0, 1)
    ));
    Ok(())
}

/// One number of the first product, term by term.
fn chain(page: &mut Page, example: &Example) -> Result<()> {
    let attention = example.layers()?.get(LAYER).context("the model has this layer")?.attention();
    let (matrix, bias) = (weight(attention, "query.weight")?, weight(attention, "query.bias")?);
    let hidden = example.trace()?.hidden_states.swap_remove(LAYER);
    let (bank, column) = (example.place("bank")?, HEAD * attention.cache_shape().key);
    let (x, w) = (hidden.row(bank), matrix.matrix());
    let w = w.row(column);
    let mut y = bias.f32()[column];
    let line = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    let mut lines = vec![line(["", "x · w", "sum so far"]), line(["bias", "", &four(y)])];
    for (i, (x, w)) in x.iter().zip(w).enumerate() {
        y += x * w;
        if i < SHOWN || i + 1 == hidden.ncols() {
            if i >= SHOWN {
                lines.push(line(["…", "…", "…"]));
            }
            let term = format!("{} · {}", four(*x), bracketed(*w));
            lines.push(line([&format!("column {i}"), &term, &four(y)]));
        }
    }
    let problem = Product::new(hidden.view(), matrix).bias(Some(bias));
    let fast = product(&problem, &mut Scratch::new())[[bank, column]];
    let plain = reference::product(&problem)[[bank, column]];
    // To the bit with the instructions that write the page; others may fuse or round otherwise.
    let portable = std::env::var("LT_INSTRUCTIONS").is_ok_and(|name| name == "portable");
    let same = |z: f32| if portable { z.to_bits() == y.to_bits() } else { (z - y).abs() < 1e-5 };
    ensure!(same(fast), "the kernel gives {fast}, the chain {y}");
    ensure!(same(plain), "the reference gives {plain}, the chain {y}");
    page.say(&format!(
        "One of these numbers, the first of the query of “bank” in head {HEAD}, is row {bank} and column {column} of the \
         first product: a chain of {} additions, from the bias on.",
        hidden.ncols()
    ));
    page.block(&lines);
    page.say(
        "Kernel and reference walk down the same chain: with the portable instructions, which wrote this page, both give \
         this number to the bit. With fused multiply-add the last bits may differ.",
    );
    Ok(())
}

/// In brackets where it has a sign.
fn bracketed(x: f32) -> String {
    let text = four(x);
    if text.starts_with('−') { format!("({text})") } else { text }
}
