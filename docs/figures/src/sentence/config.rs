//! The fields that set the shapes of all numbers before.

use anyhow::{Result, bail, ensure};
use lt_config::ModelConfig;
use lt_core::parameter_count;

use super::numbers::{code, grouped, weight};
use super::page::Page;
use crate::example::Example;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let ModelConfig::Bert(config) = ModelConfig::from_json(lt_tiny_bert::CONFIG)? else {
        bail!("lt-tiny-bert is no BERT");
    };
    let model = Example::new()?.model;
    let (v, d, f) = (config.vocab_size, config.hidden_size, config.intermediate_size);
    let (p, g) = (config.max_position_embeddings, config.type_vocab_size);
    let (layers, heads) = (config.num_hidden_layers, config.num_attention_heads);
    let layer = 4 * (d * d + d) + (d * f + f) + (f * d + d) + 2 * (2 * d);
    let encoder = (v + p + g) * d + 2 * d + layers * layer;
    let head = (d * d + d) + 2 * d + v;
    ensure!(encoder as u64 == config.parameter_count(), "the configuration counts otherwise");
    ensure!(encoder == parameter_count(model.encoder()), "the encoder has other parameters");
    ensure!(encoder + head == parameter_count(&model), "the model has other parameters");
    let words = weight(&model, "encoder.embeddings.token.weight")?;
    ensure!(words.shape() == [v, d], "the table of words is {:?}", words.shape());

    page.say(
        "The shapes of the rows and matrices that the sentence has met in lt-tiny-bert are set by a few fields of its \
         `config.json`:",
    );
    let row = |field: &str, value: usize, what: &str, numbers: usize| {
        let numbers = if numbers == 0 { String::new() } else { grouped(numbers) };
        vec![code(field), value.to_string(), what.to_owned(), numbers]
    };
    page.table(
        &["field", "value", "what it sets", "parameters"],
        &[
            row(
                "hidden_size",
                d,
                "d: columns of every row; a norm has a gain and a bias for each",
                2 * d,
            ),
            row("vocab_size", v, &format!("the table of word pieces, `[{v}, {d}]`"), v * d),
            row("max_position_embeddings", p, &format!("that of positions, `[{p}, {d}]`"), p * d),
            row("type_vocab_size", g, &format!("that of segments, `[{g}, {d}]`"), g * d),
            row("num_attention_heads", heads, &format!("k = {d} / {heads} = {}", d / heads), 0),
            row(
                "intermediate_size",
                f,
                &format!("f: the matrices `[{f}, {d}]` and `[{d}, {f}]` in each layer"),
                2 * d * f + f + d,
            ),
            row(
                "num_hidden_layers",
                layers,
                &format!("layers of {} each", grouped(layer)),
                layers * layer,
            ),
        ],
    );
    page.say(&format!(
        "A layer has 4·(d² + d) = {} for attention besides, and two norms. Tables, the norm behind them and the layers \
         make {}, as the formula and the model count. The head for masked words adds {}: one matrix with its bias, a norm, \
         and a number for each piece; its last matrix is the table of word pieces again. Together {}.",
        grouped(4 * (d * d + d)),
        grouped(encoder),
        grouped(head),
        grouped(encoder + head)
    ));
    page.see("`lt inspect --model crates/lt-tiny-bert/model --summary`");
    Ok(())
}
