//! Reading prompts, and writing on.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::Instant;

use clap::Args;
use lt_core::Threads;
use lt_generate::{Event, Generator, LanguageModel, Length, Settings};
use lt_model::CausalLm;

use super::report::{Sizes, Writing};
use crate::failure::{Failure, Result};

/// How much is read and written.
#[derive(Debug, Args)]
pub(super) struct WritingArgs {
    /// How many tokens a decoder writes behind the prompt, one by one
    #[arg(long, value_name = "N", default_value = "64", conflicts_with_all = ["ids", "texts"])]
    generate_tokens: NonZeroUsize,
    /// How many prompts it continues at a time
    #[arg(long, value_name = "B", default_value = "1", conflicts_with_all = ["ids", "texts"])]
    batch: NonZeroUsize,
}

/// Rounds that read prompts and write on: greedily, and past every end.
pub(super) struct Rounds<'a> {
    model: lt_model::Writer<'a>,
    sizes: Sizes,
    prompts: Vec<Vec<u32>>,
    rounds: Vec<Round>,
}

/// Seconds of one round.
struct Round {
    prompt: f64,
    generate: f64,
    shortest_step: Option<f64>,
}

impl<'a> Rounds<'a> {
    pub(super) fn new(
        model: &'a CausalLm,
        prompt: NonZeroUsize,
        args: &WritingArgs,
        threads: &'a Threads,
    ) -> Result<Self> {
        let model = model.writer(threads);
        // Any ids do, for every token takes as long; but not one and the same, which the caches of
        // the processor would soon know.
        let vocabulary = model.vocabulary();
        let id = |number: usize| (number.wrapping_mul(7919).wrapping_add(13) % vocabulary) as u32;
        let (batch, prompt) = (args.batch.get(), prompt.get());
        let prompts = (0..batch)
            .map(|text| (0..prompt).map(|place| id(text * prompt + place)).collect())
            .collect();
        let generate = args.generate_tokens.get();
        // The last token is not read.
        let read = prompt.saturating_add(generate - 1);
        if let Some(longest) = model.longest().filter(|&longest| longest < read) {
            return Err(Failure::new(format!(
                "expected at most {longest} tokens, as many as the model reads, but with \
                 --prompt-tokens {prompt} and --generate-tokens {generate} it reads {read}"
            )));
        }
        let sizes = Sizes { batch, prompt_tokens: prompt, generate_tokens: generate };
        Ok(Self { model, sizes, prompts, rounds: Vec::new() })
    }

    fn generator(&self) -> Result<Generator<'_, lt_model::Writer<'a>>> {
        let settings =
            Settings { maximum: Length::New(self.sizes.generate_tokens), ..Settings::default() };
        Ok(Generator::new(&self.model, settings)?)
    }

    /// The tokens of one round.
    pub(super) fn tokens(&self) -> usize {
        self.sizes.tokens()
    }

    /// One round.
    pub(super) fn run(&mut self) -> Result<()> {
        let (start, batch) = (Instant::now(), self.sizes.batch);
        let (mut written, mut last, mut prompt) = (0, 0.0, None);
        let mut shortest_step: Option<f64> = None;
        self.generator()?.generate_with(&self.prompts, |event| {
            written += usize::from(matches!(event, Event::Token { .. }));
            if written == batch {
                // Each text has one more token.
                let now = start.elapsed().as_secs_f64();
                match prompt {
                    None => prompt = Some(now),
                    Some(_) => {
                        let step = now - last;
                        shortest_step = Some(shortest_step.map_or(step, |least| least.min(step)));
                    }
                }
                (written, last) = (0, now);
            }
            ControlFlow::Continue(())
        })?;
        let all = start.elapsed().as_secs_f64();
        let prompt = prompt.ok_or_else(|| Failure::new("the model wrote nothing"))?;
        self.rounds.push(Round { prompt, generate: all - prompt, shortest_step });
        Ok(())
    }

    /// What was measured in all rounds but so many at the beginning, which warmed up.
    pub(super) fn measured(self, warmup: usize) -> Writing {
        let timed = &self.rounds[warmup..];
        Writing::new(
            self.sizes,
            timed.iter().map(|round| round.prompt).collect(),
            timed.iter().map(|round| round.generate).collect(),
            timed.iter().filter_map(|round| round.shortest_step).min_by(f64::total_cmp),
        )
    }
}
