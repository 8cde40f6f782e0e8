//! What the run that made the weights ended with: each word of the sentence, guessed.

use anyhow::{Context as _, Result, ensure};
use lt_kernels::math::{exp_f64, ln_f64};
use lt_recipes::{Mlm, Training};

use super::numbers::{code, decimals, four, grouped};
use super::page::Page;
use crate::example::{Example, SENTENCE};
use crate::strategies::{order, probabilities};

const RECIPE: &str = include_str!("../../../../crates/lt-tiny-bert/recipe/model.toml");
const CARD: &str = include_str!("../../../../crates/lt-tiny-bert/doc/01-card.md");

pub(super) fn write(page: &mut Page) -> Result<()> {
    let recipe: Training<Mlm> = Training::parse(RECIPE, &[])?;
    let steps = recipe.steps.context("the recipe says how many steps")?;
    let examples = recipe.data.examples_per_step.context("the recipe says how many sentences")?;
    let ended: f64 = CARD
        .split_once("at a loss of ")
        .and_then(|(_, rest)| rest.split_once(','))
        .and_then(|(loss, _)| loss.parse().ok())
        .context("the card says with which loss the run ended")?;

    let example = Example::new()?;
    let tokenizer = lt_tiny_bert::tokenizer()?;
    let mask = tokenizer.id("[MASK]").context("the vocabulary has the mask")?;
    let word = |id: usize| tokenizer.token(id as u32).context("the vocabulary has this id");
    let (mut rows, mut losses, mut right) = (Vec::new(), Vec::new(), 0);
    for place in (0..example.tokens().len()).filter(|&place| !example.encoding.special[place]) {
        let (logits, id) = (guessed(&example, place, mask)?, example.encoding.ids[place] as usize);
        let share = probabilities(&logits)[id];
        let best = order(&logits)[0];
        right += usize::from(best == id);
        losses.push(-ln_f64(share));
        let guess = format!("{} {}", code(&word(best)?), decimals(probabilities(&logits)[best], 2));
        rows.push(vec![code(&word(id)?), four(share), four(-ln_f64(share)), guess]);
    }
    let mean = losses.iter().sum::<f64>() / losses.len() as f64;
    let nothing = ln_f64(tokenizer.vocab_size() as f64);
    ensure!(mean < nothing, "a loss of {mean} is no better than that of a guess");
    let mut by_loss: Vec<usize> = (0..losses.len()).collect();
    by_loss.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]));
    let hardest = [by_loss[0], by_loss[1]].map(|at| rows[at][0].as_str());
    ensure!(hardest == ["`steep`", "`bank`"], "hardest are {hardest:?}");
    let functions = ["`the`", "`of`", "`.`"];
    let easy = rows.iter().zip(&losses).filter(|(row, _)| functions.contains(&row[0].as_str()));
    ensure!(easy.clone().all(|(_, &loss)| loss < 0.2), "a small word is hard");

    page.say(&format!(
        "The weights behind the numbers of lt-tiny-bert come from one run: the recipe `crates/lt-tiny-bert/recipe/model.toml`, {} steps \
         of {examples} sentences at a rate of up to {}. It ended with a loss of {ended} for hidden words of other texts \
         ([its card](../lt_tiny_bert/index.html)). What it makes of our sentence: each piece is hidden in turn, and \
         guessed from all others.",
        grouped(usize::try_from(steps)?),
        recipe.optimizer.rate
    ));
    page.table(&["hidden", "its p", "loss −ln p", "first guess, its p"], &rows);
    page.say(&format!(
        "{right} of {} are guessed. The mean loss is {}, a perplexity of e^{1} = {}; with all {} pieces equally likely it \
         would be ln {3} = {}. “the”, “of” and the full stop follow from the grammar, and cost next to nothing. “bank” and \
         “steep” say what the sentence is about, and cost the most.",
        rows.len(),
        decimals(mean, 2),
        decimals(exp_f64(mean), 1),
        grouped(tokenizer.vocab_size()),
        decimals(nothing, 2)
    ));
    let hidden = SENTENCE.replacen("bank", "[MASK]", 1);
    page.see(&format!("`lt fill-mask \"{hidden}\"`, and so for each word"));
    Ok(())
}

/// The scores at a place where the mask stands in place of the word.
fn guessed(example: &Example, place: usize, mask: u32) -> Result<Vec<f32>> {
    let mut hidden = example.encoding.clone();
    hidden.ids[place] = mask;
    example.with(hidden).logits(place)
}
