//! What may follow the beginning, and what is chosen.

use anyhow::{Context as _, Result, bail, ensure};
use lt_core::{Module as _, Ragged, Threads};
use lt_generate::processors::{MinP, NoRepeatNGram, RepetitionPenalty, Temperature, TopK, TopP};
use lt_generate::{
    Buffers, Length, LogitsProcessor as _, Prefix, Processors, Sampling, Settings, Strategy,
};
use lt_model::TokenIds;
use lt_tokenizer::Specials;

use super::numbers::{code, decimals, four, grouped};
use super::page::Page;
use crate::example::BEGINNING;
use crate::strategies::{order, probabilities};

const NAMED: usize = 5;
/// So many pieces are written.
const WRITTEN: usize = 16;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let generator = lt_tiny_gpt::text_generator()?;
    let settings = generator.settings()?;
    let Strategy::Sample(sampling) = settings.strategy else {
        bail!("generation_config.json asks for no sampling: write another fragment");
    };
    let ids = generator.tokenize(BEGINNING)?;
    let batch = Ragged::single(ids.len());
    let scores = generator.model().forward(TokenIds::new(&ids, &batch))?;
    let scores = scores.outer_iter().next_back().context("a row for each piece")?.to_vec();
    let filtered = |rules: &Settings, sampling: Sampling| {
        let mut left = scores.clone();
        let filters = filters(rules, sampling)?;
        filters.process(Prefix::new(&ids, ids.len()), &mut left, &mut Buffers::default());
        anyhow::Ok(left)
    };
    let left = filtered(&settings, sampling)?;
    let cool = Sampling { temperature: sampling.temperature, ..Sampling::default() };
    let (before, cooled) =
        (probabilities(&scores), probabilities(&filtered(&Settings::default(), cool)?));
    let after = probabilities(&left);
    let first = order(&left)[0] as u32;
    let order = order(&scores);
    let kept = left.iter().filter(|score| **score > f32::NEG_INFINITY).count();
    ensure!(kept < scores.len(), "the settings leave all pieces");

    page.say(&format!(
        "What follows {}? [`lt-tiny-gpt`](../lt_tiny_gpt/index.html) has a score for each of its {} pieces. The {NAMED} \
         likeliest: drawn as they are (T = 1); with the temperature of its `generation_config.json` (T = {}); and with its \
         other settings, too ({}):",
        code(BEGINNING),
        scores.len(),
        sampling.temperature,
        named(&settings, sampling)?
    ));
    let spelt = |id: usize| {
        Ok::<_, anyhow::Error>(generator.tokenizer().decode(&[id as u32], Specials::Keep)?)
    };
    let mut rows = Vec::new();
    for &id in &order[..NAMED] {
        let share = if after[id] > 0.0 { four(after[id]) } else { "–".to_owned() };
        let numbers = [f64::from(scores[id]), before[id], cooled[id]].map(four);
        rows.push([quoted(&spelt(id)?)].into_iter().chain(numbers).chain([share]).collect());
    }
    let cool = format!("p, T = {}", sampling.temperature);
    page.table(&["piece", "score", "p, T = 1", &cool, "p, settings"], &rows);

    let best = order[0];
    ensure!(sampling.temperature < 1.0, "the temperature is {}", sampling.temperature);
    ensure!(cooled[best] > before[best], "the likeliest is not favoured");
    let named: f64 = order[..NAMED].iter().map(|&id| before[id]).sum();
    let settings =
        Settings { strategy: Strategy::Greedy, maximum: Length::New(WRITTEN), ..settings };
    let written = generator.write(&[BEGINNING], settings, &Threads::single())?;
    let written = written.first().context("a text for the prompt")?;
    ensure!(written.new_ids().first() == Some(&first), "greedy search took another piece");
    page.say(&format!(
        "At T = 1 the {} others are drawn {} of the time. A temperature below 1 makes the likeliest likelier, {} in place \
         of {}; the other settings then leave {} of the {} pieces to draw from. Greedy search takes the likeliest of these, \
         each time:",
        grouped(scores.len() - NAMED),
        decimals(1.0 - named, 2),
        four(cooled[best]),
        four(before[best]),
        grouped(kept),
        scores.len()
    ));
    page.block(&[vec![format!("{BEGINNING}{}", written.text.replace('\n', " "))]]);
    page.see(&format!(
        "`lt generate --strategy greedy --max-new-tokens {WRITTEN} \"{BEGINNING}\"`; without `--strategy` it draws"
    ));
    Ok(())
}

/// What the rules of the settings do to the scores, then what sampling does, in the order in which
/// the library does it.
fn filters(rules: &Settings, sampling: Sampling) -> Result<Processors> {
    let mut filters = Processors::default();
    if let Some(penalty) = rules.repetition_penalty {
        filters.push(RepetitionPenalty::new(penalty)?);
    }
    if let Some(n) = rules.no_repeat_ngram {
        filters.push(NoRepeatNGram::new(n)?);
    }
    filters.push(Temperature::new(sampling.temperature)?);
    if let Some(k) = sampling.top_k {
        filters.push(TopK::new(k)?);
    }
    if let Some(p) = sampling.top_p {
        filters.push(TopP::new(p)?);
    }
    if let Some(p) = sampling.min_p {
        filters.push(MinP::new(p)?);
    }
    Ok(filters)
}

/// The settings beside the temperature, in words.
fn named(rules: &Settings, sampling: Sampling) -> Result<String> {
    let Settings { strategy, maximum, end_tokens, repetition_penalty, no_repeat_ngram, .. } = rules;
    let known = Settings {
        strategy: *strategy,
        maximum: *maximum,
        end_tokens: end_tokens.clone(),
        repetition_penalty: *repetition_penalty,
        no_repeat_ngram: *no_repeat_ngram,
        ..Settings::default()
    };
    ensure!(*rules == known, "a setting has no words here: {rules:?}");
    let mut words = Vec::new();
    words.extend(
        repetition_penalty.map(|x| format!("a penalty of {x} on pieces that stand there already")),
    );
    words.extend(no_repeat_ngram.map(|n| format!("no {n} pieces in a row twice")));
    words.extend(sampling.top_k.map(|k| match k {
        50 => "top-k 50 (the default)".to_owned(),
        k => format!("top-k {k}"),
    }));
    words.extend(sampling.top_p.map(|p| format!("top-p {p}")));
    words.extend(sampling.min_p.map(|p| format!("min-p {p}")));
    ensure!(!words.is_empty(), "there is no setting but the temperature");
    Ok(words.join(", "))
}

/// A piece as code, its space and line breaks seen.
fn quoted(piece: &str) -> String {
    code(&piece.replace(' ', "␣").replace('\n', "⏎").replace('|', "¦"))
}
