//! What each row of a decoder may see.

use anyhow::{Context as _, Result, ensure};
use lt_core::{Ragged, Scratch};
use lt_model::TokenIds;
use lt_tokenizer::{Limit, Specials};
use ndarray::{Array2, Axis, s};

use super::numbers::{code, decimals, four, grouped, same_bits};
use super::page::Page;
use crate::example::BEGINNING;

/// Another text that begins in the same way, with as many words in common.
const ASIDE: (&str, &str) = ("The bank raised its rates", "The bank");

pub(super) fn write(page: &mut Page) -> Result<()> {
    let tokenizer = lt_tiny_gpt::tokenizer()?;
    let model = lt_tiny_gpt::model()?;
    let encoder = model.encoder();
    let ids = tokenizer.encode(BEGINNING, Limit::None)?.ids;
    let words: Vec<String> = ids
        .iter()
        .map(|&id| Ok(tokenizer.decode(&[id], Specials::Keep)?.trim().to_owned()))
        .collect::<Result<_>>()?;
    let place = |word: &str| words.iter().position(|found| found == word).context("a piece");
    let (bank, river) = (place("bank")?, place("river")?);
    ensure!(river + 1 == words.len(), "“river” is not the last piece");

    let all = Ragged::single(ids.len());
    let scratch = &mut Scratch::new();
    let trace = encoder.trace(TokenIds::new(&ids, &all), scratch)?;
    let heads = trace.attentions.iter().enumerate().flat_map(|(layer, texts)| {
        let heads = texts[0].axis_iter(Axis(0)).enumerate();
        heads.map(move |(head, weights)| (layer, head, weights.to_owned()))
    });
    // The head in which “river” looks at “bank” the most.
    let most = heads.max_by(|a, b| a.2[[river, bank]].total_cmp(&b.2[[river, bank]]));
    let (layer, head, weights) = most.context("the model has heads")?;

    page.say(&format!(
        "[`lt-tiny-gpt`](../lt_tiny_gpt/index.html) reads {}, the beginning of our sentence. A row of weights for each \
         piece, in head {head} of layer {layer} (both from 0), the one in which “river” looks at “bank” the most:",
        code(BEGINNING)
    ));
    page.table(&header(&words), &table(&words, &weights)?);
    let whole = &trace.hidden_states[trace.hidden_states.len() - 1];
    ensure!(
        begins_alike(&tokenizer.encode(ASIDE.0, Limit::None)?.ids, &ids, whole)?,
        "a row changed"
    );
    ensure!(reads_on(&ids, whole)?, "the last row, read behind the others, is another one");
    let numbers: usize = encoder
        .layers()
        .attentions()
        .iter()
        .map(|attention| attention.cache_shape())
        .map(|shape| shape.heads * (shape.key + shape.value))
        .sum();
    page.say(&format!(
        "Where – stands, nothing is looked at: “{}” sees itself alone and gives itself all, “river” sees all {}, and gives \
         “bank” {}. So what follows changes no row: in {} the rows of {} are, behind the last layer, the same to the bit. \
         And “river” has the same row, to the bit, if the {} pieces before it were read first and their keys and \
         values kept: {} numbers a piece, in {} layers.",
        words[0],
        words.len(),
        decimals(weights[[river, bank]], 2),
        code(ASIDE.0),
        code(ASIDE.1),
        river,
        grouped(numbers),
        encoder.layers().stored()
    ));
    page.see(&format!(
        "`lt tour --model lt-tiny-gpt --layer {layer} --head {head} \"{BEGINNING}\"`, which also shows what is kept"
    ));
    Ok(())
}

fn header(words: &[String]) -> Vec<&str> {
    ["query, key"].into_iter().chain(words.iter().map(String::as_str)).collect()
}

/// The weights, with a dash ahead of each query.
fn table(words: &[String], weights: &Array2<f32>) -> Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    for (query, word) in words.iter().enumerate() {
        let cell = |key: usize| match key <= query {
            true => four(weights[[query, key]]),
            false => "–".to_owned(),
        };
        ensure!(weights.slice(s![query, query + 1..]).iter().all(|&x| x == 0.0), "it looks ahead");
        rows.push([code(word)].into_iter().chain((0..words.len()).map(cell)).collect());
    }
    ensure!(weights[[0, 0]] == 1.0, "the first piece has all its own weight");
    Ok(rows)
}

/// Whether a text that begins with the same two pieces has the same first two rows.
fn begins_alike(other: &[u32], ids: &[u32], whole: &Array2<f32>) -> Result<bool> {
    ensure!(other[..2] == ids[..2] && other[2] != ids[2], "the texts part behind the second piece");
    let (model, batch) = (lt_tiny_gpt::model()?, Ragged::single(other.len()));
    let scratch = &mut Scratch::new();
    let rows = model.encoder().hidden(TokenIds::new(other, &batch), scratch)?;
    Ok(same_bits(rows.slice(s![..2, ..]), whole.slice(s![..2, ..])))
}

/// Whether the last row is the same, read behind what is kept of the others.
fn reads_on(ids: &[u32], whole: &Array2<f32>) -> Result<bool> {
    let model = lt_tiny_gpt::model()?;
    let (encoder, mut cache) = (model.encoder(), model.cache(1));
    let scratch = &mut Scratch::new();
    let (last, first) = ids.split_last().context("the text has pieces")?;
    for part in [first, std::slice::from_ref(last)] {
        let batch = Ragged::single(part.len());
        let rows = encoder.hidden_with_cache(TokenIds::new(part, &batch), &mut cache, scratch)?;
        if part.len() == 1 {
            return Ok(same_bits(rows.view(), whole.slice(s![ids.len() - 1.., ..])));
        }
    }
    Ok(false)
}
