//! Stage 5: what the model gives.

use lt_config::Pooling;
use lt_core::Scratch;
use lt_model::MaskedLm;
use lt_tasks::{FillMask, Prediction, SentenceEncoder, cosine};
use lt_tokenizer::{Tokenizer, slice};
use ndarray::{Array1, Array2, Axis, concatenate};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::layers::Neighbour;
use super::next_token::NextToken;
use super::pieces::Pieces;
use super::vectors::{self, length};
use crate::failure::Result;

/// What other sentences the vector is compared with, whatever the text.
pub(crate) const OTHER_SENTENCES: [&str; 2] =
    ["One boat reached the finish just after another.", "A cake needs flour, eggs and sugar."];

/// How many guesses are kept for each mask.
const GUESSES: usize = 5;

/// The last stage.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Outcome {
    SentenceVector(SentenceVector),
    MaskedWords { masks: Vec<Mask> },
    NextToken(NextToken),
}

/// One vector for the sentence, and what it is like.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SentenceVector {
    pub(crate) pooling: Vec<&'static str>,
    /// Whether the model's files ask for the vector to be scaled to length 1.
    pub(crate) normalized: bool,
    pub(crate) length_before: f32,
    pub(crate) length: f32,
    pub(crate) vector: Vec<f32>,
    pub(crate) comparisons: Vec<Comparison>,
    /// The pieces of the text by the cosine of their last vector to the sentence's, if that is as
    /// wide as theirs: the nearest first.
    pub(crate) nearest_pieces: Vec<Neighbour>,
}

/// How alike another text is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Comparison {
    pub(crate) text: String,
    /// Whether it has the pieces of the sentence, in another order.
    pub(crate) same_pieces: bool,
    /// Whether it was made from the sentence.
    pub(crate) reordered: bool,
    pub(crate) cosine: f32,
}

/// A masked word, and what may have stood there.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Mask {
    /// The text with the mask.
    pub(crate) text: String,
    /// What was masked, if the tour did it.
    pub(crate) hidden: Option<Hidden>,
    /// The likeliest first.
    pub(crate) guesses: Vec<Guess>,
}

/// A piece that may have stood there, and how likely the model finds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Guess {
    pub(crate) token: String,
    pub(crate) id: u32,
    pub(crate) score: f32,
}

impl From<Prediction> for Guess {
    fn from(prediction: Prediction) -> Self {
        let Prediction { token, id, score, .. } = prediction;
        Self { token, id, score }
    }
}

/// A piece that the tour masked.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Hidden {
    pub(crate) token: String,
    /// How likely the model finds it, and how many pieces it finds likelier.
    pub(crate) score: f32,
    pub(crate) likelier: usize,
}

/// The vector of the sentence, given the last vectors of its pieces.
pub(crate) fn sentence_vector(
    encoder: &SentenceEncoder,
    text: &str,
    pieces: &Pieces,
    hidden: &Array2<f32>,
    scratch: &mut Scratch,
) -> Result<SentenceVector> {
    let pooled = lt_tasks::pool(hidden.view(), encoder.pooling())?;
    let mut vector = pooled.clone();
    if encoder.normalizes() {
        lt_tasks::normalize(vector.view_mut());
    }
    let mut nearest_pieces: Vec<Neighbour> = Vec::new();
    if vector.len() == hidden.ncols() {
        nearest_pieces.extend(pieces.of_text().map(|(at, piece)| Neighbour {
            token: piece.token.clone(),
            at,
            cosine: vectors::cosine(hidden.row(at), vector.view()),
        }));
        nearest_pieces.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
    }
    Ok(SentenceVector {
        pooling: encoder.pooling().iter().map(|&pooling| Pooling::name(pooling)).collect(),
        normalized: encoder.normalizes(),
        length_before: length(pooled.view()),
        length: length(vector.view()),
        comparisons: compare(encoder, text, pieces, &vector, scratch)?,
        vector: vector.to_vec(),
        nearest_pieces,
    })
}

fn compare(
    encoder: &SentenceEncoder,
    text: &str,
    pieces: &Pieces,
    vector: &Array1<f32>,
    scratch: &mut Scratch,
) -> Result<Vec<Comparison>> {
    let mut comparisons: Vec<Comparison> = Vec::new();
    // Of a text that was cut, other words would be left when it is turned round.
    if let Some(turned) = turned_round(text).filter(|_| pieces.truncated == 0) {
        let mut before: Vec<u32> = pieces.pieces.iter().map(|piece| piece.id).collect();
        let mut after = encoder.tokenize(&turned)?.ids;
        before.sort_unstable();
        after.sort_unstable();
        comparisons.push(Comparison {
            text: turned,
            same_pieces: before == after,
            reordered: true,
            cosine: 0.0,
        });
    }
    comparisons.extend(OTHER_SENTENCES.map(|text| Comparison {
        text: text.to_owned(),
        same_pieces: false,
        reordered: false,
        cosine: 0.0,
    }));
    let texts: Vec<&str> = comparisons.iter().map(|other| other.text.as_str()).collect();
    let others = encoder.encode(&texts, scratch)?; // [texts, d]
    let this = vector.view().insert_axis(Axis(0)); // [1, d]
    let all = concatenate(Axis(0), &[this, others.view()])?;
    for (comparison, &cosine) in comparisons.iter_mut().zip(cosine(&all).row(0).iter().skip(1)) {
        comparison.cosine = cosine;
    }
    Ok(comparisons)
}

/// The words in the opposite order, or the characters if there is one word; `None` if that is the
/// same.
fn turned_round(text: &str) -> Option<String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let turned = if words.len() > 1 {
        words.reverse();
        words.join(" ")
    } else {
        text.trim().graphemes(true).rev().collect()
    };
    (turned != text.trim()).then_some(turned)
}

/// What the model would put where the text has masks. If it has none, where one of its words was.
pub(crate) fn masked_words(
    model: &MaskedLm,
    tokenizer: &Tokenizer,
    text: &str,
    pieces: &Pieces,
    scratch: &mut Scratch,
) -> Result<Vec<Mask>> {
    // Weights are shared, and what was derived from them on the way here too.
    let task = FillMask::new(model.clone(), tokenizer.clone())?;
    // What the model did not see, it shall not see now.
    let span = pieces.span();
    let seen = slice(text, span.clone()).unwrap_or(text);
    let mask = tokenizer.id(task.mask_token());
    if pieces.of_text().any(|(_, piece)| Some(piece.id) == mask) {
        let mask = |guesses: Vec<Prediction>| Mask {
            text: seen.to_owned(),
            hidden: None,
            guesses: guesses.into_iter().map(Guess::from).collect(),
        };
        return Ok(task.fill(seen, GUESSES, scratch)?.into_iter().map(mask).collect());
    }
    let Some(at) = pieces.worth_guessing() else { return Ok(Vec::new()) };
    let piece = &pieces.pieces[at];
    let part = |from, to| slice(text, from..to).unwrap_or_default();
    let masked = [part(span.start, piece.from), task.mask_token(), part(piece.to, span.end)];
    let masked = masked.concat();
    let mut guesses = task.fill(&masked, tokenizer.vocab_size(), scratch)?.into_iter();
    let Some(mut guesses) = guesses.next() else { return Ok(Vec::new()) };
    let hidden = guesses.iter().position(|guess| guess.id == piece.id).map(|likelier| Hidden {
        token: piece.token.clone(),
        score: guesses[likelier].score,
        likelier,
    });
    guesses.truncate(GUESSES);
    let guesses = guesses.into_iter().map(Guess::from).collect();
    Ok(vec![Mask { text: masked, hidden, guesses }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_turned_round_and_of_one_word_the_characters() {
        assert_eq!(turned_round("one two  three.").as_deref(), Some("three. two one"));
        assert_eq!(turned_round("你好吗").as_deref(), Some("吗好你"));
        assert_eq!(turned_round("e\u{301}a").as_deref(), Some("ae\u{301}"));
        assert_eq!(turned_round(""), None);
        assert_eq!(turned_round("noon"), None);
    }
}
