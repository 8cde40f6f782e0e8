//! One step of gradient descent on one hidden word.

use anyhow::{Context as _, Result, ensure};
use lt_core::{Backward as _, Threads, Train, zeros_like};
use lt_kernels::math::exp_f64;
use lt_model::{MaskedLm, PredictAt};
use lt_train::loss::CrossEntropy;
use lt_train::{Optimizer, Rule, Sgd, clip};

use super::numbers::{code, decimals, four, grouped, weight};
use super::page::Page;
use crate::example::{Example, MASKED};
use crate::strategies::order;

/// The learning rate.
const RATE: f64 = 1e-4;
const NAMED: usize = 3;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let mut example = Example::of(MASKED)?;
    let mask = example.place("[MASK]")? as u32;
    let label = lt_tiny_bert::tokenizer()?.id("river").context("the vocabulary has “river”")?;
    let logits = example.logits(mask as usize)?;
    let (loss, d_logits, gradient) = gradient(&example, mask, label)?;
    let threads = Threads::single();
    let mut optimizer = Optimizer::new(Rule::Sgd(Sgd::default()), &example.model, &[])?;
    let norm = optimizer.norm(&gradient, &threads);
    let bias = weight(&example.model, "head.bias")?.to_f32();
    optimizer.step(&mut example.model, &gradient, RATE, 1.0, &threads)?;
    let (after, _, _) = self::gradient(&example, mask, label)?;
    let changed = weight(&example.model, "head.bias")?.to_f32();

    let expected = RATE * norm * norm;
    ensure!(after < loss, "the loss rises from {loss} to {after}");
    let fall = loss - after;
    ensure!((0.8..1.0).contains(&(fall / expected)), "it falls by {fall}, not {expected}");
    let shortened = clip(norm, 1.0);
    ensure!(shortened < 0.1, "the gradient is not long: {norm}");
    page.say(&format!(
        "lt-tiny-bert is to say what stood at the mask of {}. The label is “river”, whose p is {} \
         ([`lt-model`](../lt_model/index.html#the-sentence-in-numbers)), so the loss is −ln {1} = {}. The gradient of the \
         scores is p less what is true. The bias c of each word is added to its score, so its gradient is the same, and one \
         step moves it by −η times that, here with η = {RATE}:",
        code(MASKED),
        four(exp_f64(-loss)),
        four(loss)
    ));
    let tokenizer = lt_tiny_bert::tokenizer()?;
    let mut rows = Vec::new();
    for &id in &order(&logits)[..NAMED] {
        let word = tokenizer.token(id as u32).context("the vocabulary has this id")?;
        let numbers = [d_logits[id], bias[id], changed[id]].map(|x| decimals(x, 6));
        rows.push([code(&word)].into_iter().chain(numbers).collect());
    }
    ensure!(changed[label as usize] > bias[label as usize], "the right word's bias falls");
    page.table(&["word", "∂L/∂c", "c before", "c after"], &rows);
    page.say(&format!(
        "So it goes with all {} numbers of the model: the backward pass finds the gradient of each, and each goes a little \
         the other way. All gradients together have the length ‖g‖ = {}. If the slope stayed as it is, the loss would fall by \
         η·‖g‖² = {}:",
        grouped(lt_core::parameter_count(&example.model)),
        four(norm),
        four(expected)
    ));
    page.block(&[
        vec!["".to_owned(), "loss".to_owned(), "p of “river”".to_owned()],
        vec!["before".to_owned(), four(loss), four(exp_f64(-loss))],
        vec!["after one step".to_owned(), four(after), four(exp_f64(-after))],
    ]);
    page.say(&format!(
        "It falls by {}: somewhat less, because the slope changes on the way. One word alone has a long gradient; clipped \
         to the length 1 it would be multiplied by {}. In training the gradients of many words are added first: that is what \
         `lt train mlm` does.",
        four(fall),
        four(shortened)
    ));
    Ok(())
}

/// The loss at the mask, the gradient of its scores, and that of the model.
fn gradient(example: &Example, mask: u32, label: u32) -> Result<(f64, Vec<f32>, MaskedLm)> {
    let (model, rows) = (&example.model, [mask]);
    let input = PredictAt::new(example.ids(), &rows)?;
    let mut train = Train::default();
    let (logits, cache) = model.forward_cached(input, &mut train)?;
    let loss = CrossEntropy::new().sum(logits.view(), &[label])?;
    let mut gradient = zeros_like(model);
    model.backward(input, &cache, &loss.gradient, &mut gradient, &mut train.scratch)?;
    let d_logits = loss.gradient.iter().copied().collect();
    Ok((loss.sum, d_logits, gradient))
}
