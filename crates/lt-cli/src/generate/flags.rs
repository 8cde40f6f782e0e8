//! How to write: what the command line says over what the checkpoint says.

use clap::{Args, ValueEnum};
use lt_config::GenerationConfig;
use lt_generate::{Settings, Strategy as Chosen};
use lt_tasks::generation_settings;

use crate::failure::{Failure, Result};

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strategy {
    /// The likeliest.
    Greedy,
    /// At random, as often as its probability says.
    Sample,
    /// The likeliest text among those of several beams.
    Beam,
}

// Not a doc comment: clap would print it as what the command does.
#[derive(Debug, Args)]
#[command(next_help_heading = "How to write")]
pub(crate) struct Flags {
    /// How many tokens are written at most
    #[arg(long, value_name = "N")]
    max_new_tokens: Option<usize>,
    /// How many tokens are written at least: the end token is suppressed until then
    #[arg(long, value_name = "N")]
    min_new_tokens: Option<usize>,
    /// How the next token is chosen; it wins over what the checkpoint says
    #[arg(long, value_enum, value_name = "STRATEGY")]
    strategy: Option<Strategy>,
    /// How many beams are carried
    #[arg(long, value_name = "K")]
    beams: Option<usize>,
    /// Above 0 beams favour long texts, below short ones
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    length_penalty: Option<f32>,
    /// How many texts are written for each prompt, by sampling or beams
    #[arg(long, value_name = "N")]
    num_return: Option<usize>,
    /// Scores are divided by it before tokens are drawn
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    temperature: Option<f32>,
    /// Draw from so many of the likeliest tokens; 0 is all
    #[arg(long, value_name = "N")]
    top_k: Option<usize>,
    /// Draw from the fewest tokens that have this probability together
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    top_p: Option<f32>,
    /// Draw from tokens with at least this part of the likeliest one's probability
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    min_p: Option<f32>,
    /// Scores of tokens that are there already are divided by it; multiplied, if negative
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    repetition_penalty: Option<f32>,
    /// So many tokens in a row come only once; 0 is no such rule
    #[arg(long, value_name = "N")]
    no_repeat_ngram: Option<usize>,
    /// The end token neither ends a text nor is suppressed
    #[arg(long)]
    ignore_eos: bool,
    /// End a text where this comes up in it; may be given several times
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
    /// Where random numbers come from: sequence i has the seed S + i
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Read nothing but the special tokens from the checkpoint's settings
    #[arg(long)]
    no_defaults: bool,
}

/// So many beams where nothing says how many.
const BEAMS: usize = 4;

impl Flags {
    /// The settings, for a checkpoint with these wishes.
    pub(crate) fn settings(&self, checkpoint: GenerationConfig) -> Result<Settings> {
        let mut config = if self.no_defaults { tokens_of(&checkpoint) } else { checkpoint };
        match self.strategy {
            None => {}
            Some(Strategy::Greedy) => (config.do_sample, config.num_beams) = (Some(false), Some(1)),
            Some(Strategy::Sample) => (config.do_sample, config.num_beams) = (Some(true), Some(1)),
            Some(Strategy::Beam) => {
                let beams = Some(config.num_beams()).filter(|&beams| beams > 1).unwrap_or(BEAMS);
                (config.do_sample, config.num_beams) = (Some(false), Some(beams));
            }
        }
        if let Some(beams) = self.beams {
            if self.strategy.is_some_and(|strategy| strategy != Strategy::Beam) {
                return Err(Failure::new("--beams is given, but the strategy has none")
                    .hint("leave it out, or say --strategy beam"));
            }
            config.num_beams = Some(beams);
        }
        let set = |field: &mut Option<usize>, flag: Option<usize>| *field = flag.or(*field);
        set(&mut config.max_new_tokens, self.max_new_tokens);
        set(&mut config.min_new_tokens, self.min_new_tokens);
        set(&mut config.top_k, self.top_k);
        set(&mut config.no_repeat_ngram_size, self.no_repeat_ngram);
        set(&mut config.num_return_sequences, self.num_return);
        let set = |field: &mut Option<f32>, flag: Option<f32>| *field = flag.or(*field);
        set(&mut config.length_penalty, self.length_penalty);
        set(&mut config.temperature, self.temperature);
        set(&mut config.top_p, self.top_p);
        set(&mut config.min_p, self.min_p);
        set(&mut config.repetition_penalty, self.repetition_penalty);
        config.validate()?;
        let mut settings = generation_settings(&config)?;
        settings.seed = self.seed;
        settings.stop_strings.clone_from(&self.stop);
        if self.ignore_eos {
            settings.end_tokens.clear();
        }
        let alike = settings.strategy == Chosen::Greedy && self.num_return.is_some_and(|n| n > 1);
        if alike {
            return Err(Failure::new("--num-return is given, but greedy search writes one text")
                .hint("say --strategy sample or --strategy beam"));
        }
        Ok(settings)
    }

    /// How often each prompt is to be continued: beams return several texts by themselves.
    pub(crate) fn copies(&self, settings: &Settings) -> usize {
        match settings.strategy {
            Chosen::Sample(_) => self.num_return.unwrap_or(1),
            _ => 1,
        }
    }
}

/// What a checkpoint says of its tokens, which is no matter of taste.
fn tokens_of(checkpoint: &GenerationConfig) -> GenerationConfig {
    let mut config = GenerationConfig::default();
    config.bos_token_id = checkpoint.bos_token_id;
    config.eos_token_id.clone_from(&checkpoint.eos_token_id);
    config.pad_token_id = checkpoint.pad_token_id;
    config.decoder_start_token_id = checkpoint.decoder_start_token_id;
    config
}
