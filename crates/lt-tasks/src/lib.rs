#![doc = concat!(
    include_str!("../doc/01-tasks.md"),
    include_str!("../doc/mean-pooling.mathml"),
    include_str!("../doc/02-tasks.md"),
    include_str!("../doc/cosine.mathml"),
    include_str!("../doc/03-tasks.md"),
    include_str!("../doc/masked-word.mathml"),
    include_str!("../doc/03b-tasks.md"),
    include_str!("../doc/03c-sentence.md"),
    include_str!("../doc/04-tasks.md"),
)]

mod characters;
mod error;
mod fill_mask;
mod finite;
mod generation_settings;
mod in_batches;
mod largest;
mod mask_predictions;
mod max_length;
mod perplexity;
mod pooling;
mod prompt_classifier;
mod prompt_template;
mod reranker;
mod scores;
mod search_index;
mod sentence_encoder;
mod sequence_scorer;
mod similarity;
mod text_classifier;
mod text_generator;
mod token_batch;
mod token_text;
mod windows;
mod word_token;
mod words;
mod zero_shot;

#[doc = concat!(
    include_str!("../doc/05-measuring.md"),
    include_str!("../doc/f1.mathml"),
    include_str!("../doc/06-measuring.md"),
)]
pub mod metrics;

#[doc = concat!(
    include_str!("../doc/07-tagging.md"),
    include_str!("../doc/word-score.mathml"),
    include_str!("../doc/08-tagging.md"),
)]
pub mod tag;

#[doc = concat!(
    include_str!("../doc/13-answering.md"),
    include_str!("../doc/answer-span.mathml"),
    include_str!("../doc/14-answering.md"),
)]
pub mod answer;

#[doc = concat!(
    include_str!("../doc/09-sorting.md"),
    include_str!("../doc/label-scores.mathml"),
    include_str!("../doc/10-sorting.md"),
    include_str!("../doc/zero-shot.mathml"),
    include_str!("../doc/11-sorting.md"),
    include_str!("../doc/verbalizer.mathml"),
    include_str!("../doc/12-sorting.md"),
)]
pub mod sorting;

#[doc = concat!(
    include_str!("../doc/15-writing.md"),
    include_str!("../doc/perplexity.mathml"),
    include_str!("../doc/16-writing.md"),
    include_str!("../doc/17-writing.md"),
)]
pub mod writing;

pub use answer::QuestionAnswerer;
pub use error::TaskError;
pub use fill_mask::{FillMask, Prediction};
pub use generation_settings::generation_settings;
pub use lt_config::Pooling;
pub use lt_core::Scratch;
pub use lt_model::LoadOptions;
pub use perplexity::{Perplexity, PerplexityWindows, perplexity};
pub use pooling::{cls, last_token, max, mean, mean_sqrt_len, normalize, pool, weighted_mean};
pub use prompt_classifier::{LabelWords, PromptClassifier};
pub use reranker::{Ranked, Reranker};
pub use scores::{Classified, LabelScore, ScoreFunction};
pub use search_index::{Hit, SearchIndex};
pub use sentence_encoder::SentenceEncoder;
pub use similarity::cosine;
pub use tag::TokenTagger;
pub use text_classifier::TextClassifier;
pub use text_generator::TextGenerator;
pub use token_text::TokenText;
pub use zero_shot::{LabelChoice, ZeroShot};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
