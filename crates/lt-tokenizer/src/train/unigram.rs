//! Pieces by their likelihood: many to begin with, and those that are missed least are left out.

use std::cmp::Ordering;
use std::collections::HashSet;

use tokenizers::AddedToken;
use tokenizers::models::unigram::{Unigram, UnigramTrainer};

use super::TokenizerTraining;
use crate::error::Foreign;
use crate::guard::guard;
use crate::{Result, TokenizerError};

/// Stands where no piece fits; also among the special tokens.
pub(crate) const UNK: &str = "<unk>";

/// The pieces with their scores, the special tokens first.
///
/// The `tokenizers` library adds up numbers in as many parts as there are threads, so it is given
/// one thread: of its own, because what the process has is not ours to set.
pub(crate) fn learn(
    training: &TokenizerTraining,
    specials: &[String],
    alphabet: &[char],
    words: Vec<(String, u64)>,
) -> Result<Vec<(String, f64)>> {
    let (vocab_size, characters) = (training.vocab_size, alphabet.len());
    // The library stops at the size asked for only when it has added a piece to the characters.
    let needed = specials.len() + characters + 1;
    if vocab_size < needed {
        return Err(TokenizerError::VocabTooSmall { vocab_size, needed, characters });
    }
    let vocab_size = u32::try_from(vocab_size).unwrap_or(u32::MAX);
    let words = sentences(training, alphabet, words);
    if words.is_empty() {
        return Err(TokenizerError::NoWords);
    }
    let mut trainer = UnigramTrainer::default();
    trainer.show_progress = false;
    trainer.vocab_size = vocab_size;
    trainer.unk_token = Some(UNK.to_owned());
    trainer.special_tokens =
        specials.iter().map(|token| AddedToken::from(token.clone(), true)).collect();
    let model =
        on_one_thread(&trainer, words).map_err(|source| TokenizerError::Training { source })?;
    let mut pieces: Vec<(String, f64)> = model.iter().cloned().collect();
    let rest = pieces.split_off(specials.len());
    pieces.extend(ordered(rest));
    Ok(pieces)
}

/// Trains on these words.
///
/// The library first builds a suffix array, and of some texts it cannot: it goes beyond the end of
/// one (esaxx-rs 0.1.10, built without C++). The words stand in it one behind another, so they are
/// handed over beginning with another word then.
fn on_one_thread(
    trainer: &UnigramTrainer,
    mut words: Vec<(String, u32)>,
) -> Result<Unigram, Foreign> {
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let attempts = words.len().min(MOST_ATTEMPTS);
    let step = words.len() / attempts.max(1);
    let mut outcome = Err("no words".into());
    for _ in 0..attempts {
        outcome = one_thread.install(|| {
            guard(|| {
                let mut model = Unigram::default();
                trainer.do_train(words.clone(), &mut model)?;
                Ok(model)
            })
        });
        if outcome.is_ok() {
            break;
        }
        words.rotate_left(step);
    }
    outcome
}

/// Of texts of a few words most can be trained on at once, and all others soon.
const MOST_ATTEMPTS: usize = 32;

/// The words that are frequent enough, without characters that are not in the alphabet.
fn sentences(
    training: &TokenizerTraining,
    alphabet: &[char],
    words: Vec<(String, u64)>,
) -> Vec<(String, u32)> {
    let known: HashSet<char> = alphabet.iter().copied().collect();
    let frequent = words.into_iter().filter(|(_, count)| *count >= training.min_frequency);
    let mut kept: Vec<(String, u32)> = Vec::new();
    for (word, count) in frequent {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let parts = word.split(|c| !known.contains(&c)).filter(|part| !part.is_empty());
        kept.extend(parts.map(|part| (part.to_owned(), count)));
    }
    kept
}

/// The pieces from the likeliest on, in an order of ours where theirs is that of a hash map.
///
/// The library gives the characters that have no score the lowest one, s, and from there on
/// s + 0.0001, s + 0.0002, …, in the order in which it meets them. Here they have these scores in
/// the order of Unicode.
fn ordered(mut pieces: Vec<(String, f64)>) -> Vec<(String, f64)> {
    let lowest = pieces.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min);
    let mut invented = HashSet::new();
    let mut penalty = 0.0;
    for _ in 0..pieces.len() {
        invented.insert((lowest + penalty).to_bits());
        penalty += 0.0001;
    }
    let is_invented = |(piece, score): &(String, f64)| {
        piece.chars().nth(1).is_none() && invented.contains(&score.to_bits())
    };
    let (mut without, mut rest): (Vec<_>, Vec<_>) = pieces.drain(..).partition(is_invented);
    let mut scores: Vec<f64> = without.iter().map(|(_, score)| *score).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    without.sort_by(|(a, _), (b, _)| a.cmp(b));
    for ((_, score), invented) in without.iter_mut().zip(scores) {
        *score = invented;
    }
    rest.extend(without);
    rest.sort_by(|(a, score), (b, other)| match other.total_cmp(score) {
        Ordering::Equal => a.cmp(b),
        order => order,
    });
    rest
}

#[cfg(test)]
mod tests {
    use super::ordered;

    #[test]
    fn characters_without_a_score_have_theirs_in_the_order_of_unicode() {
        let (s, d) = (-9.0, 0.0001);
        let piece = |piece: &str, score: f64| (piece.to_owned(), score);
        let right = [piece("the", -1.0), piece("x", s + d + d), piece("y", s + d), piece("z", s)];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut pieces = vec![piece("the", -1.0)];
            let scores = [s, s + d, s + d + d];
            pieces.extend(order.iter().zip(scores).map(|(i, s)| piece(["x", "y", "z"][*i], s)));
            assert_eq!(ordered(pieces), right);
        }
    }
}
