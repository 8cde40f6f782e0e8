//! `cargo run -p benches --release --example training KIND LENGTHS [THREADS] [STEPS] [DROPOUT]`:
//! seconds of a training step, with KIND `bert` (4 layers of width 256, masked words) or `gpt` (6
//! of width 384), LENGTHS `full` (32 texts of 128 tokens) or `ragged` (mean 28), a vocabulary of
//! 8192, `AdamW` and clipping.

use std::time::Instant;

use benches::{numbers::bits, timing::median};
use lt_config::{BertConfig, Gpt2Config, ModelConfig};
use lt_core::{Params, Threads};
use lt_model::{CausalLm, MaskedLm};
use lt_train::data::Drawn;
use lt_train::objective::{LabelledRows, LanguageModelling, Masking, Sequence, next_tokens};
use lt_train::{Moment, Moments, Objective, Optimizer, Rule, Stepper, clip};

const WORDS: usize = 8192;
const TEXTS: usize = 32;
const LONGEST: usize = 128;
/// Shards of a step.
const SHARDS: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let word = |place: usize| arguments.get(place).map_or("", String::as_str);
    let number =
        |place: usize, default: f64| arguments.get(place).map_or(Ok(default), |n| n.parse());
    let (threads, steps) = (number(2, 2.0)? as usize, number(3, 6.0)? as u64);
    let (ragged, dropout) = (word(1) == "ragged", number(4, 0.1)?);
    let threads = lt_kernels::pool(threads)?;
    match word(0) {
        "bert" => {
            let config = BertConfig {
                vocab_size: WORDS,
                hidden_size: 256,
                num_hidden_layers: 4,
                num_attention_heads: 4,
                intermediate_size: 1024,
                max_position_embeddings: LONGEST,
                hidden_dropout_prob: dropout as _,
                attention_probs_dropout_prob: dropout as _,
                ..BertConfig::default()
            };
            let model = MaskedLm::random(&ModelConfig::Bert(config), 1)?;
            let masking = Masking::new(1, 4, 5..WORDS as u32);
            measure(model, &threads, steps, ragged, |texts| masking.shard(texts))
        }
        "gpt" => {
            let config = Gpt2Config {
                vocab_size: WORDS,
                n_embd: 384,
                n_layer: 6,
                n_head: 6,
                n_positions: LONGEST,
                resid_pdrop: dropout as _,
                embd_pdrop: dropout as _,
                attn_pdrop: dropout as _,
                ..Gpt2Config::default()
            };
            let model = CausalLm::random(&ModelConfig::Gpt2(config), 1)?;
            measure(model, &threads, steps, ragged, next_tokens)
        }
        _ => Err("bert or gpt, then full or ragged".into()),
    }
}

fn measure<M>(
    mut model: M,
    threads: &Threads,
    steps: u64,
    ragged: bool,
    shard: impl Fn(&[Drawn<Sequence>]) -> LabelledRows,
) -> Result<(), Box<dyn std::error::Error>>
where
    M: Params + Clone + Send + Sync,
    LanguageModelling<M>: Objective<Model = M, Shard = LabelledRows>,
{
    let objective = LanguageModelling::default();
    let mut optimizer = Optimizer::new(Rule::AdamW(Moments::default()), &model, &[])?;
    let stepper = Stepper::new(threads.clone());
    let (mut times, mut tokens, mut last) = (Vec::new(), 0, 0.0);
    for step in 0..steps + 2 {
        let texts = texts(step, ragged);
        let start = Instant::now();
        let shards: Vec<_> = texts.chunks(TEXTS / SHARDS).map(&shard).collect();
        let gathered = stepper.gather(&objective, &model, &shards, Moment { seed: 1, step })?;
        let norm = optimizer.norm(&gathered.gradient, threads);
        optimizer.step(&mut model, &gathered.gradient, 1e-4, clip(norm, 1.0), threads)?;
        if step >= 2 {
            times.push(start.elapsed().as_secs_f64());
            tokens += texts.iter().map(|text| text.example.ids.len()).sum::<usize>();
            last = gathered.loss;
        }
    }
    let seconds = median(&mut times);
    println!(
        "{} threads: {seconds:.4} s a step, {:.2} steps a second, {} tokens a step, loss {last:.3}, {} MB",
        threads.count(),
        1.0 / seconds,
        tokens / steps as usize,
        peak()
    );
    Ok(())
}

/// The texts of a step: random ids, of lengths whose logarithms are normal where they are ragged.
fn texts(step: u64, ragged: bool) -> Vec<Drawn<Sequence>> {
    let mut bits = bits(step + 1);
    let mut uniform = move || (bits.next().unwrap_or(0) >> 11) as f64 / (1_u64 << 53) as f64;
    let text = |number: usize| {
        // Twelve uniform numbers add up to a normal one, nearly.
        let normal: f64 = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let length = if ragged { (24.5_f64.ln() + 0.52 * normal).exp() } else { LONGEST as f64 };
        let length = (length as usize).clamp(2, LONGEST);
        let ids = (0..length).map(|_| 5 + (uniform() * (WORDS - 5) as f64) as u32).collect();
        Drawn::new(Sequence::new(ids), number as u64, step)
    };
    (0..TEXTS).map(text).collect()
}

/// The most memory that was resident, in MB; 0 where the system does not tell.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1024 / 1_000_000
}
