//! The scores of the words that may stand at the mask.

use anyhow::{Context as _, Result, ensure};
use lt_kernels::math::{exp_f64, ln_f64};

use super::numbers::{code, decimals, four, grouped, weight};
use super::page::Page;
use crate::example::{Example, MASKED};
use crate::strategies::{order, probabilities};

const NAMED: usize = 5;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let example = Example::of(MASKED)?;
    let mask = example.place("[MASK]")?;
    let logits = example.logits(mask)?;
    let bias = weight(&example.model, "head.bias")?.f32();
    let tokenizer = lt_tiny_bert::tokenizer()?;
    let shares = probabilities(&logits);
    let order = order(&logits);
    let best = order[..NAMED].to_vec();
    let word = |id: usize| tokenizer.token(id as u32).context("the vocabulary has this id");
    ensure!(word(best[0])? == "river", "the first guess is {}", word(best[0])?);
    ensure!(word(best[1])? == "bank", "the second guess is {}", word(best[1])?);

    // ln Σ e^score, as softmax has it: the largest is taken off first.
    let largest = f64::from(logits[best[0]]);
    let sum: f64 = logits.iter().map(|&z| exp_f64(f64::from(z) - largest)).sum();
    let log_sum = largest + ln_f64(sum);
    let others = 1.0 - best.iter().map(|&id| shares[id]).sum::<f64>();
    page.say(&format!(
        "In {} lt-tiny-bert is to find the word. The last hidden state at position {mask} goes through the head, and is \
         compared with each of the {} rows e of E. The {NAMED} best scores of that one place:",
        code(MASKED),
        logits.len()
    ));
    let rows: Vec<Vec<String>> = best
        .iter()
        .map(|&id| {
            let (score, c) = (logits[id], bias[id]);
            let numbers = [four(score - c), four(c), four(score), four(shares[id])];
            Ok([code(&word(id)?)].into_iter().chain(numbers).collect())
        })
        .collect::<Result<_>>()?;
    page.table(&["word", "z·e", "its bias c", "score", "p"], &rows);
    let apart = f64::from(logits[best[0]]) - f64::from(logits[best[1]]);
    page.say(&format!(
        "Softmax needs all {} scores: ln Σ e^score = {}, so “river” has e^({} − {1}) = {}. It is {} above “bank” in score, and \
         e^{4} = {} times as likely. The {} others have {} together: the first guess need not be a likely one.",
        grouped(logits.len()),
        four(log_sum),
        four(largest),
        four(exp_f64(largest - log_sum)),
        four(apart),
        decimals(exp_f64(apart), 2),
        grouped(logits.len() - NAMED),
        decimals(others, 2)
    ));
    page.see(&format!("`lt fill-mask \"{MASKED}\"`"));
    Ok(())
}
