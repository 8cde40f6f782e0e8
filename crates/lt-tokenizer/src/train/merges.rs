//! Pieces by merging the most frequent pair, again and again: BPE, and WordPiece, which here is
//! learned in the same way.

use std::collections::BTreeSet;

use ahash::AHashMap;
use compact_str::CompactString;
use serde_json::Value;
use tokenizers::AddedToken;
use tokenizers::models::bpe::{BPE, BpeTrainer};

use super::{Pieces, TokenizerTraining};
use crate::guard::guard;
use crate::{Result, TokenizerError};

/// What was learned.
#[derive(Debug)]
pub(crate) struct Learned {
    /// The pieces in the order of their ids.
    pub(crate) pieces: Vec<String>,
    /// The merges in their order, as `merges.txt` spells them.
    pub(crate) merges: Vec<String>,
}

/// Learns with the `tokenizers` library.
///
/// Of pairs that are equally frequent the library takes that of the smallest ids, and it numbers
/// the pieces `##a` in the order in which a hash map holds the words: another one in each run. So
/// all pieces of one character are numbered here, and handed over as if they were special tokens,
/// which it takes in the order given; `limit_alphabet(0)` keeps it from adding any of its own.
pub(crate) fn learn(
    training: &TokenizerTraining,
    specials: &[String],
    alphabet: Vec<String>,
    words: &[(String, u64)],
) -> Result<Learned> {
    let mut first = specials.to_vec();
    let characters = alphabet.iter().filter(|piece| !specials.contains(piece)).count();
    first.extend(alphabet);
    let needed = specials.len() + characters;
    if training.vocab_size < needed {
        let vocab_size = training.vocab_size;
        return Err(TokenizerError::VocabTooSmall { vocab_size, needed, characters });
    }
    let mut trainer = BpeTrainer::builder()
        .show_progress(false)
        .vocab_size(training.vocab_size)
        .min_frequency(training.min_frequency)
        .special_tokens(first.into_iter().map(|piece| AddedToken::from(piece, false)).collect())
        .limit_alphabet(0);
    if matches!(training.pieces, Pieces::WordPiece(_)) {
        trainer = trainer.continuing_subword_prefix("##".to_owned());
    }
    let trainer = trainer.build();
    let words: AHashMap<CompactString, u64> =
        words.iter().map(|(word, count)| (CompactString::from(word), *count)).collect();
    let mut model = BPE::default();
    let model = guard(|| {
        trainer.do_train(&words, &mut model)?;
        Ok(serde_json::to_value(&model)?)
    })
    .map_err(|source| TokenizerError::Training { source })?;
    Ok(Learned { pieces: by_id(&model["vocab"]), merges: merges(&model["merges"]) })
}

fn by_id(vocab: &Value) -> Vec<String> {
    let vocab = vocab.as_object().into_iter().flatten();
    let mut pieces: Vec<(u64, &String)> =
        vocab.filter_map(|(piece, id)| Some((id.as_u64()?, piece))).collect();
    pieces.sort_unstable();
    pieces.into_iter().map(|(_, piece)| piece.clone()).collect()
}

fn merges(merges: &Value) -> Vec<String> {
    let merge = |pair: &Value| Some(format!("{} {}", pair[0].as_str()?, pair[1].as_str()?));
    merges.as_array().into_iter().flatten().filter_map(merge).collect()
}

/// The letters that stand for the 256 bytes, in the order of Unicode.
pub(crate) fn bytes() -> Vec<String> {
    let letters: BTreeSet<char> = (0..=255).map(crate::lesson::bpe::letter_of).collect();
    letters.into_iter().map(String::from).collect()
}

/// The characters, and each with `##` that goes on with a word somewhere.
pub(crate) fn with_continuations(words: &[(String, u64)], alphabet: Vec<char>) -> Vec<String> {
    let known: BTreeSet<char> = alphabet.iter().copied().collect();
    let continuing: BTreeSet<char> =
        words.iter().flat_map(|(word, _)| word.chars().skip(1)).collect();
    let continuing = continuing.intersection(&known).map(|c| format!("##{c}"));
    alphabet.into_iter().map(String::from).chain(continuing).collect()
}
