//! A decoder that learns 32 sentences by heart: the text again, and what was taken out of it.

use std::error::Error;

use lt_config::Gpt2Config;
use lt_model::CausalLm;
use lt_train::data::Drawn;
use lt_train::lt_core::Threads;
use lt_train::objective::{LabelledRows, LanguageModelling, Sequence, SpanCorruption, next_tokens};
use lt_train::{Batches, Recipe, Schedule, Stepper, Trainer};

use super::folder::sentences;

const SENTENCES: u32 = 32;
const WORDS: u32 = 20; // ids below it are words; gaps and the numbers of the sentences follow
const GAPS: std::ops::Range<u32> = WORDS..WORDS + 4;

/// The ids of the words of each sentence, counted in the order in which they are first met.
fn ids() -> Vec<Vec<u32>> {
    let mut words: Vec<String> = Vec::new();
    let mut id = |word: &str| {
        let place = words.iter().position(|known| known == word).unwrap_or_else(|| {
            words.push(word.to_owned());
            words.len() - 1
        });
        u32::try_from(place).unwrap()
    };
    let ids: Vec<Vec<u32>> = sentences()
        .iter()
        .take(SENTENCES as usize)
        .map(|sentence| sentence.split(' ').map(&mut id).collect())
        .collect();
    assert!(ids.iter().flatten().all(|id| *id < WORDS));
    ids
}

/// The same data in each step.
struct Always(Vec<LabelledRows>);

impl Batches for Always {
    type Shard = LabelledRows;

    fn shards(&self, _: u64) -> Result<Vec<LabelledRows>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.clone())
    }
}

/// Trains a GPT of two layers × 32 on all texts in every step; its loss in the end.
fn learnt(texts: impl Iterator<Item = Sequence>) -> f64 {
    let drawn: Vec<_> =
        texts.enumerate().map(|(number, text)| Drawn::new(text, number as u64, 0)).collect();
    assert_eq!(drawn.len(), SENTENCES as usize);
    let data = Always(drawn.chunks(8).map(next_tokens).collect());
    let config = Gpt2Config {
        vocab_size: (GAPS.end + SENTENCES) as usize,
        n_positions: 24,
        n_embd: 32,
        n_layer: 2,
        n_head: 2,
        resid_pdrop: 0.0,
        embd_pdrop: 0.0,
        attn_pdrop: 0.0,
        ..Gpt2Config::default()
    };
    let mut model = CausalLm::random(&config.into(), 1).unwrap();
    let objective = LanguageModelling::<CausalLm>::default();
    let mut recipe = Recipe::new(500, 0.01);
    recipe.schedule = Schedule::Linear { warmup: 10, steps: 500 };
    Trainer::new(recipe, &objective, &data).unwrap().train(&mut model).unwrap();
    Stepper::new(Threads::single()).loss(&objective, &model, &data.0).unwrap()
}

/// Each sentence begins with a number of its own, which says what is to come.
#[test]
fn sentences_are_learnt_by_heart() {
    let text = |(number, ids): (u32, Vec<u32>)| {
        Sequence::new([vec![GAPS.end + number], ids].concat()).given(1)
    };
    let loss = learnt((0..).zip(ids()).map(text));
    assert!(loss < 0.05, "{loss}");
}

/// A decoder reads the text with its gaps, and goes on with what was in them.
#[test]
fn what_was_taken_out_is_learnt_by_heart() {
    let mut corruption = SpanCorruption::new(3, GAPS.collect());
    corruption.rate = 0.4;
    corruption.mean_span = 2.0;
    let text = |(number, ids): (u32, Vec<u32>)| {
        let corrupted = corruption.corrupt(&ids, u64::from(number), 0).unwrap();
        let mut text = corrupted.sequence();
        text.ids.insert(0, GAPS.end + number);
        text.given += 1;
        text
    };
    let loss = learnt((0..).zip(ids()).map(text));
    assert!(loss < 0.05, "{loss}");
}
