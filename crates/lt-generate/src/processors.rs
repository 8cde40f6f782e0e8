//! The [`LogitsProcessor`](crate::LogitsProcessor)s that this crate has, each in a file of its own.
//!
//! [`Settings`](crate::Settings) applies them in the order of this table, which is that of
//! transformers:
//!
//! | processor | what it does | transformers |
//! |---|---|---|
//! | [`RepetitionPenalty`] | makes what stands in the text less likely | `RepetitionPenaltyLogitsProcessor` |
//! | [`FrequencyPenalty`] | lowers what was written, once for each time | none (OpenAI's `frequency_penalty`) |
//! | [`PresencePenalty`] | lowers what was written, once | none (OpenAI's `presence_penalty`) |
//! | [`NoRepeatNGram`] | forbids to write n tokens twice | `NoRepeatNGramLogitsProcessor` |
//! | [`BadWords`] | forbids sequences | `NoBadWordsLogitsProcessor` |
//! | [`MinimumLength`] | forbids to end too early | `MinLengthLogitsProcessor`, `MinNewTokensLengthLogitsProcessor` |
//! | [`ForcedFirst`] | forces the token behind the start token | `ForcedBOSTokenLogitsProcessor` |
//! | [`ForcedLast`] | forces the end at the last place | `ForcedEOSTokenLogitsProcessor` |
//! | [`Suppress`] | forbids tokens | `SuppressTokensLogitsProcessor` |
//! | [`SuppressAtBegin`] | forbids tokens at the first place | `SuppressTokensAtBeginLogitsProcessor` |
//! | your own | | `logits_processor=` |
//! | [`Temperature`] | sharpens or flattens; only for sampling, as the rest | `TemperatureLogitsWarper` |
//! | [`TopK`] | keeps the k likeliest | `TopKLogitsWarper` |
//! | [`TopP`] | keeps the likeliest that have the probability p together | `TopPLogitsWarper` |
//! | [`MinP`] | keeps what is not much less likely than the likeliest | `MinPLogitsWarper` |

mod bad_words;
mod forced_first;
mod forced_last;
mod frequency_penalty;
mod min_p;
mod minimum_length;
mod no_repeat_ngram;
mod presence_penalty;
mod repetition_penalty;
mod suppress;
mod suppress_at_begin;
mod temperature;
mod top_k;
mod top_p;

pub use bad_words::BadWords;
pub use forced_first::ForcedFirst;
pub use forced_last::ForcedLast;
pub use frequency_penalty::FrequencyPenalty;
pub use min_p::MinP;
pub use minimum_length::MinimumLength;
pub use no_repeat_ngram::NoRepeatNGram;
pub use presence_penalty::PresencePenalty;
pub use repetition_penalty::RepetitionPenalty;
pub use suppress::Suppress;
pub use suppress_at_begin::SuppressAtBegin;
pub use temperature::Temperature;
pub use top_k::TopK;
pub use top_p::TopP;

/// Forbids these tokens; those that are not in the vocabulary cannot come anyway.
fn forbid(logits: &mut [f32], ids: &[u32]) {
    for &id in ids {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = f32::NEG_INFINITY;
        }
    }
}

/// Allows these tokens only, all alike.
fn force(logits: &mut [f32], ids: &[u32]) {
    logits.fill(f32::NEG_INFINITY);
    for &id in ids {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = 0.0;
        }
    }
}

/// The ids in rising order, so that equal ones stand together.
fn sorted<'a>(ids: &[u32], buffer: &'a mut Vec<u32>) -> &'a [u32] {
    buffer.clear();
    buffer.extend(ids);
    buffer.sort_unstable();
    buffer
}
