//! How a checkpoint wants to be made to write, as settings of what writes.

use lt_config::{EarlyStopping, GenerationConfig};
use lt_generate::{Beam, EarlyStopping as Stopping, Length, Sampling, Scores, Settings, Strategy};

use crate::TaskError;

/// The settings that a `generation_config.json` stands for, with transformers' defaults where it
/// says nothing: 20 new tokens, greedy, and the 50 likeliest tokens to draw from if it samples.
///
/// A temperature of 0, which transformers refuses, is greedy search.
///
/// # Errors
/// [`TaskError::SampledBeams`] if it asks for beams whose tokens are drawn.
///
/// PyTorch: what transformers' `generate` makes of `model.generation_config`.
///
/// ```
/// use lt_config::GenerationConfig;
/// use lt_generate::{Length, Sampling, Strategy};
/// use lt_tasks::generation_settings;
/// let config = GenerationConfig::from_json(
///     r#"{"do_sample": true, "temperature": 0.6, "top_p": 0.9, "eos_token_id": 2, "max_length": 64}"#,
/// )?;
/// let settings = generation_settings(&config)?;
/// let drawn = Sampling { temperature: 0.6, top_k: Some(50), top_p: Some(0.9), min_p: None };
/// assert_eq!(settings.strategy, Strategy::Sample(drawn));
/// assert_eq!((settings.maximum, settings.end_tokens), (Length::Total(64), vec![2]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generation_settings(config: &GenerationConfig) -> Result<Settings, TaskError> {
    let length = |new: Option<usize>, total: Option<usize>, absent: usize| match (new, total) {
        (Some(new), _) => Length::New(new),
        (None, Some(total)) => Length::Total(total),
        (None, None) => Length::New(absent),
    };
    Ok(Settings {
        strategy: strategy(config)?,
        // No minimum at all is said in several ways, and is one.
        minimum: match length(config.min_new_tokens, config.min_length, 0) {
            Length::Total(0) => Length::New(0),
            other => other,
        },
        maximum: length(config.max_new_tokens, config.max_length, 20),
        end_tokens: ids(&config.eos_token_id),
        stop_strings: Vec::new(),
        seed: 0,
        scores: Scores::Without,
        repetition_penalty: Some(config.repetition_penalty()).filter(|&penalty| penalty != 1.0),
        frequency_penalty: None,
        presence_penalty: None,
        no_repeat_ngram: Some(config.no_repeat_ngram_size()).filter(|&size| size > 0),
        bad_words: config.bad_words_ids.iter().map(|word| ids(word)).collect(),
        forced_first: config.forced_bos_token_id.map(id),
        forced_last: ids(&config.forced_eos_token_id),
        suppressed: ids(&config.suppress_tokens),
        suppressed_at_begin: ids(&config.begin_suppress_tokens),
    })
}

fn strategy(config: &GenerationConfig) -> Result<Strategy, TaskError> {
    // transformers knows the ways to filter in sampling only, and the penalty of beams with beams.
    match (config.do_sample(), config.num_beams()) {
        (true, 2..) => Err(TaskError::SampledBeams),
        (false, beams @ 2..) => Ok(Strategy::Beam(Beam {
            beams,
            length_penalty: config.length_penalty(),
            early_stopping: match config.early_stopping() {
                EarlyStopping::Yes => Stopping::AtOnce,
                EarlyStopping::No => Stopping::WhenUnlikelyToImprove,
                EarlyStopping::Never => Stopping::WhenNothingCanImprove,
            },
            best: config.num_return_sequences(),
        })),
        (true, _) if config.temperature() > 0.0 => Ok(Strategy::Sample(Sampling {
            temperature: config.temperature(),
            top_k: Some(config.top_k()).filter(|&k| k > 0),
            top_p: Some(config.top_p()).filter(|&p| p < 1.0),
            min_p: config.min_p.filter(|&p| p > 0.0),
        })),
        _ => Ok(Strategy::Greedy),
    }
}

/// An id beyond u32 is in no vocabulary; as the largest of all it is refused as one that is not.
fn id(id: usize) -> u32 {
    u32::try_from(id).unwrap_or(u32::MAX)
}

fn ids(ids: &[usize]) -> Vec<u32> {
    ids.iter().copied().map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> Settings {
        let config = GenerationConfig::from_json(json).expect("a configuration");
        generation_settings(&config).expect("settings")
    }

    #[test]
    fn nothing_said_is_what_transformers_does_without_a_word() {
        assert_eq!(settings("{}"), Settings::default());
    }

    #[test]
    fn what_changes_nothing_is_not_applied() {
        let neutral = r#"{"repetition_penalty": 1.0, "no_repeat_ngram_size": 0, "min_length": 0,
            "num_beams": 1, "temperature": 0.3, "top_p": 0.5}"#;
        assert_eq!(settings(neutral), Settings::default());
        let all = settings(r#"{"do_sample": true, "top_k": 0, "top_p": 1.0, "min_p": 0.0}"#);
        assert_eq!(all.strategy, Strategy::Sample(Sampling::default()));
    }

    #[test]
    fn new_tokens_win_over_whole_lengths() {
        let both = settings(
            r#"{"max_length": 9, "max_new_tokens": 5, "min_length": 4, "min_new_tokens": 2}"#,
        );
        assert_eq!((both.minimum, both.maximum), (Length::New(2), Length::New(5)));
        let whole = settings(r#"{"max_length": 9, "min_length": 4}"#);
        assert_eq!((whole.minimum, whole.maximum), (Length::Total(4), Length::Total(9)));
    }

    #[test]
    fn beams_bring_their_own_settings() {
        let beams = settings(
            r#"{"num_beams": 3, "num_return_sequences": 2, "length_penalty": 0.5,
                "early_stopping": "never", "top_p": 0.5}"#,
        );
        let expected = Beam {
            beams: 3,
            length_penalty: 0.5,
            early_stopping: Stopping::WhenNothingCanImprove,
            best: 2,
        };
        assert_eq!(beams.strategy, Strategy::Beam(expected));
    }

    #[test]
    fn drawn_beams_are_refused_and_a_temperature_of_zero_is_greedy() {
        let config = GenerationConfig::from_json(r#"{"do_sample": true, "num_beams": 2}"#);
        let error = generation_settings(&config.expect("a configuration"));
        assert!(matches!(error, Err(TaskError::SampledBeams)));
        let cold = settings(r#"{"do_sample": true, "temperature": 0.0}"#);
        assert_eq!(cold.strategy, Strategy::Greedy);
    }

    #[test]
    fn every_token_that_is_named_arrives() {
        let named = settings(
            r#"{"eos_token_id": [2, 3], "bad_words_ids": [[4, 5], [6]], "suppress_tokens": [7],
                "begin_suppress_tokens": [8], "forced_bos_token_id": 9, "forced_eos_token_id": 10}"#,
        );
        assert_eq!(named.end_tokens, [2, 3]);
        assert_eq!(named.bad_words, [vec![4, 5], vec![6]]);
        assert_eq!((named.suppressed, named.suppressed_at_begin), (vec![7], vec![8]));
        assert_eq!((named.forced_first, named.forced_last), (Some(9), vec![10]));
    }
}
