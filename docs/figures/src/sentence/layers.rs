//! A row before and after its norm, and numbers through GELU.

use anyhow::{Context as _, Result, bail, ensure};
use lt_attention::HiddenStates;
use lt_core::{Module as _, Weight};
use lt_layers::{AnyFeedForward, LayerNorm};
use ndarray::{Array2, ArrayView1};

use super::embedding::sum;
use super::numbers::{apart, decimals, first, four, grouped, moments};
use super::page::Page;
use crate::example::Example;

const COLUMNS: usize = 4;
/// The least that GELU gives, at −0.75.
const LEAST: f32 = -0.17;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let example = Example::new()?;
    let bank = example.place("bank")?;
    let hidden = example.trace()?.hidden_states.swap_remove(0);
    norm(page, &example, bank, &hidden)?;
    bent(page, &example, bank, &hidden)?;
    page.see("the second part of `lt tour \"The bank of the river is steep.\"`, with the length of each row behind the norm");
    Ok(())
}

/// The norm behind the embedding.
fn norm(page: &mut Page, example: &Example, bank: usize, hidden: &Array2<f32>) -> Result<()> {
    let norm = example.model.encoder().embeddings().norm().context("BERT has this norm")?;
    let bias = norm.bias().context("BERT's norms have a bias")?;
    let x = sum(&example.parts()?);
    let d = x.ncols();
    let ones = Weight::new(&[d], vec![1.0; d])?;
    let plain = LayerNorm::new(ones, None::<Weight>, norm.epsilon())?.forward(x.view())?;
    let y = norm.forward(x.view())?;
    ensure!(apart(y.view(), hidden.view()) < 1e-5, "the model's norm gives something else");
    let (mean, variance) = moments(x.row(bank));
    let (no_mean, one) = moments(plain.row(bank));
    ensure!(no_mean.abs() < 1e-5 && (one - 1.0).abs() < 1e-4, "mean {no_mean}, variance {one}");
    page.say(&format!(
        "The sum for “bank” ([`lt-embedding`](../lt_embedding/index.html#the-sentence-in-numbers) has its parts) is a row \
         of {d} small numbers: mean μ = {}, variance σ² = {}, so σ = {}. The norm behind the embedding takes μ off and \
         divides by σ, then scales and shifts each column:",
        four(mean),
        four(variance),
        four(variance.sqrt())
    ));
    let shown = |name: &str, numbers: ArrayView1<'_, f32>| {
        let numbers = first(numbers, COLUMNS).into_iter();
        [name.to_owned()].into_iter().chain(numbers).chain(["…".to_owned()]).collect::<Vec<_>>()
    };
    page.table(
        &["“bank”, column", "0", "1", "2", "3", "…"],
        &[
            shown("x, the sum", x.row(bank)),
            shown("(x − μ) / σ", plain.row(bank)),
            shown("gain γ", norm.gain().vector()),
            shown("bias β", bias.vector()),
            shown("y = γ·(x − μ) / σ + β", y.row(bank)),
        ],
    );
    Ok(())
}

/// The activation in the middle of the first feed-forward layer.
fn bent(page: &mut Page, example: &Example, bank: usize, hidden: &Array2<f32>) -> Result<()> {
    let layer = example.layers()?.first().context("the model has layers")?;
    let AnyFeedForward::Plain(feed_forward) = layer.feed_forward() else {
        bail!("BERT's feed-forward layer has no gate");
    };
    let states = HiddenStates::new(hidden.view(), &example.batch);
    let x = layer.attention().forward(states)? + hidden;
    let x = layer.attention_norm().context("BERT has both norms")?.forward(x.view())?;
    let wide = feed_forward.up().forward(x.view())?;
    let row = wide.row(bank);
    let gelu = |x: f32| feed_forward.activation().apply(x);
    let of = |key: fn(f32, f32) -> f32| {
        let all = row.iter().copied();
        all.max_by(|&a, &b| key(a, gelu(a)).total_cmp(&key(b, gelu(b))))
    };
    let shown = [of(|x, _| x), of(|_, y| -y), of(|x, _| -x)].map(Option::unwrap_or_default);
    let negative = row.iter().filter(|&&x| x < 0.0).count();
    ensure!(negative * 2 > row.len(), "only {negative} of {} are negative", row.len());
    ensure!(row.iter().all(|&x| gelu(x) >= LEAST), "GELU gives less than {LEAST}");
    page.say(&format!(
        "Behind the attention of layer 0 and its norm, the feed-forward layer makes f = {} numbers of the row, and GELU \
         bends each: x times the share Φ(x). The largest of them, the one that gives the least, and \
         the smallest:",
        grouped(row.len())
    ));
    let rows = shown.map(|x| vec![four(x), four(gelu(x) / x), four(gelu(x))]);
    page.table(&["x", "Φ(x)", "GELU(x)"], &rows);
    page.say(&format!(
        "{} of the {} are below 0, and GELU leaves little of them, never less than {}. What is far above 0 goes through \
         nearly as it is.",
        grouped(negative),
        grouped(row.len()),
        decimals(LEAST, 2)
    ));
    Ok(())
}
