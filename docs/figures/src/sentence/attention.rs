//! What “bank” looks at, from scores to weights.

use anyhow::{Context as _, Result, ensure};
use lt_kernels::math::exp_f64;
use ndarray::s;

use super::numbers::{code, decimals, dot, four, projected};
use super::page::Page;
use crate::example::{Example, MASKED};
use crate::head::{HEAD, LAYER};
use crate::strategies::probabilities;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let example = Example::new()?;
    let (bank, river) = (example.place("bank")?, example.place("river")?);
    let attention = example.layers()?.get(LAYER).context("the model has this layer")?.attention();
    let trace = example.trace()?;
    let (x, k) = (trace.hidden_states[LAYER].view(), attention.cache_shape().key);
    let head = s![.., HEAD * k..(HEAD + 1) * k];
    let (query, key) = (projected(attention, "query", x)?, projected(attention, "key", x)?);
    let (query, key) = (query.slice(head), key.slice(head));
    let root = (k as f64).sqrt();
    let products: Vec<f64> = key.rows().into_iter().map(|key| dot(query.row(bank), key)).collect();
    let scores: Vec<f64> = products.iter().map(|product| product / root).collect();

    let weights = example.head(LAYER, HEAD)?;
    let weights = weights.row(bank);
    let shares = probabilities(&scores.iter().map(|&score| score as f32).collect::<Vec<_>>());
    for (share, weight) in shares.iter().zip(weights) {
        let off = (share - f64::from(*weight)).abs();
        ensure!(off < 1e-5, "by hand a weight is {share}, in the model {weight}");
    }
    let largest = shares.iter().copied().fold(0.0, f64::max);
    ensure!(largest == shares[river] && largest > 0.5, "“bank” looks elsewhere");
    page.say(&format!(
        "What “bank” looks at, in head {HEAD} of layer {LAYER} of lt-tiny-bert, the one of the figure in *The idea*: the \
         dot product of its query with the key of each piece, k = {k} numbers each; that divided by √{k} = {}; and the \
         softmax over all {} scores:",
        decimals(root, 3),
        scores.len()
    ));
    let rows: Vec<Vec<String>> = (0..scores.len())
        .map(|at| {
            let numbers = [four(products[at]), four(scores[at]), four(weights[at])];
            [code(&example.tokens()[at])].into_iter().chain(numbers).collect()
        })
        .collect();
    page.table(&["key", "q·k", "q·k / √k", "weight"], &rows);

    let first = scores[river] - scores[0];
    let hidden = Example::of(MASKED)?;
    let mask = hidden.place("[MASK]")?;
    let without = hidden.head(LAYER, HEAD)?;
    let without = without.row(bank);
    ensure!(mask == river, "the mask stands where “river” stood");
    ensure!(without[mask] < 0.05 && without[0] > 0.3, "the mask is looked at like the word");
    page.say(&format!(
        "More than half goes to “river”. Its score is {} above that of `[CLS]`, so its weight is e^{0} = {} times that \
         of `[CLS]`. Here the word counts, not its place: in {} the place of “river” gets {}, and `[CLS]` {}.",
        decimals(first, 4),
        decimals(exp_f64(first), 2),
        code(MASKED),
        four(without[mask]),
        four(without[0])
    ));
    page.see(&format!(
        "the third part of `lt tour --layer {LAYER} --head {HEAD} \"The bank of the river is steep.\"`"
    ));
    Ok(())
}
