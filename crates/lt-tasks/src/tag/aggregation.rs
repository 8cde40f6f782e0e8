//! From the labels of tokens to entities.

use std::ops::Range;

use lt_config::Labels;
use serde::Serialize;

use super::TokenScores;
use super::scheme::{Position, Tag, tags};
use super::token_scores::highest;
use crate::TaskError;
use crate::characters::Characters;
use crate::words::{Place, Unit, extent, units};

/// How the labels of tokens become entities.
///
/// transformers: `aggregation_strategy` of `pipeline("token-classification")`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Aggregation {
    /// Not at all: every token with its label, `O` too.
    None,
    /// Tokens that follow each other with the tags of one entity are one.
    #[default]
    Simple,
    /// As simple, of words: each has the label of its first token.
    First,
    /// As simple, of words: each has the label that is likeliest in the mean over its tokens.
    Average,
    /// As simple, of words: each has the label of the token that is surest of its own.
    Max,
}

/// A piece of a text, and what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Entity {
    /// What it is: `PER`; without aggregation the label as the model has it, `B-PER`.
    pub label: String,
    /// How sure that is, from 0 to 1: the mean over its words, or tokens.
    pub score: f32,
    /// The piece itself.
    pub text: String,
    /// Its first character in the text, counted from 0 in Unicode scalar values.
    pub start: usize,
    /// One behind its last character.
    pub end: usize,
}

/// The entities that the labels of a text's tokens say there are, in the order of the text.
///
/// No two of them share a character (without aggregation: no two but parts of one character). None
/// begins or ends with white space, and a token that is nothing else is passed over. Labels are
/// read leniently, as IOB1, IOB2, BIOES, BILOU or BMES; one without a letter goes together with its
/// neighbours of the same name.
///
/// ```
/// use lt_config::Labels;
/// use lt_tasks::tag::{Aggregation, TokenScores, aggregate};
/// let labels = Labels::new(["O", "B-ORG", "I-ORG"].map(str::to_owned).to_vec());
/// let token = |offsets, word, probabilities| TokenScores { offsets, word: Some(word), probabilities };
/// let tokens = [
///     token(0..2, 0, vec![0.25, 0.75, 0.0]),  // Hu
///     token(2..7, 0, vec![0.5, 0.0, 0.5]),    // ##gging
///     token(8..12, 1, vec![0.0, 0.125, 0.875]), // Face
/// ];
/// let found = |aggregation| aggregate("Hugging Face", &tokens, &labels, aggregation);
///
/// // Alone, ##gging is O: a tie goes to the first. A word is cut in two.
/// let simple = found(Aggregation::Simple)?;
/// assert_eq!([&simple[0].text, &simple[1].text], ["Hu", "Face"]);
/// // As a word it has the label of its first token, and the mean is (0.75 + 0.875) / 2.
/// let first = found(Aggregation::First)?;
/// assert_eq!((first[0].text.as_str(), first[0].label.as_str()), ("Hugging Face", "ORG"));
/// assert_eq!(first[0].score, 0.8125);
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// transformers: `TokenClassificationPipeline.aggregate`, which knows no `E-` and `S-`, and which
/// finds words by comparing lengths.
///
/// # Errors
/// [`TaskError::Labels`] if a token has not one probability for each label,
/// [`TaskError::NotFinite`] if one is NaN or infinite, [`TaskError::Offsets`] if a token is not in
/// the text.
pub fn aggregate(
    text: &str,
    tokens: &[TokenScores],
    labels: &Labels,
    aggregation: Aggregation,
) -> Result<Vec<Entity>, TaskError> {
    let text = Characters::new(text);
    let (places, tokens) = placed(&text, tokens, labels)?;
    if aggregation == Aggregation::None {
        let whole = |(place, token): (&Place, &&TokenScores)| {
            let (label, score) = token.best()?;
            entity(&text, labels.names().get(label)?, score, place.characters.clone())
        };
        return Ok(places.iter().zip(&tokens).filter_map(whole).collect());
    }
    let unit = if aggregation == Aggregation::Simple { Unit::Token } else { Unit::Word };
    let tags = tags(labels);
    let tagged = units(&text, &places, unit).into_iter().filter_map(|range| {
        let (label, score) = label(&tokens[range.clone()], aggregation)?;
        Some(Tagged { tag: tags.get(label)?, score, characters: extent(&places[range]) })
    });
    Ok(group(&text, &tagged.collect::<Vec<_>>()))
}

/// Where each token stands that has any text of its own.
fn placed<'a>(
    text: &Characters<'_>,
    tokens: &'a [TokenScores],
    labels: &Labels,
) -> Result<(Vec<Place>, Vec<&'a TokenScores>), TaskError> {
    let (mut places, mut kept) = (Vec::new(), Vec::new());
    for token in tokens {
        if token.probabilities.len() != labels.names().len() {
            let (head, names) = (token.probabilities.len(), labels.names().len());
            return Err(TaskError::Labels { head, names });
        }
        if token.probabilities.iter().any(|probability| !probability.is_finite()) {
            return Err(TaskError::NotFinite);
        }
        let Some(characters) = text.trimmed(token.offsets.clone()) else {
            let Range { start, end } = token.offsets;
            return Err(TaskError::Offsets { start, end, characters: text.count() });
        };
        if !characters.is_empty() {
            places.push(Place { characters, word: token.word });
            kept.push(token);
        }
    }
    Ok((places, kept))
}

/// The label of the tokens of one word, and its probability.
fn label(tokens: &[&TokenScores], aggregation: Aggregation) -> Option<(usize, f32)> {
    match aggregation {
        Aggregation::None | Aggregation::Simple | Aggregation::First => tokens.first()?.best(),
        Aggregation::Average => {
            let mean = |label| {
                // formula: word-score
                let each = tokens.iter().map(|token| f64::from(token.probabilities[label]));
                (each.sum::<f64>() / tokens.len() as f64) as f32
            };
            highest(&(0..tokens.first()?.probabilities.len()).map(mean).collect::<Vec<_>>())
        }
        Aggregation::Max => {
            let best = tokens.iter().filter_map(|token| token.best());
            best.reduce(|best, next| if next.1 > best.1 { next } else { best })
        }
    }
}

/// A word, or a token, with its tag.
#[derive(Debug)]
struct Tagged<'a> {
    tag: &'a Tag,
    score: f32,
    characters: Range<usize>,
}

/// What follows each other with the tags of one entity is one.
fn group(text: &Characters<'_>, tagged: &[Tagged<'_>]) -> Vec<Entity> {
    let mut entities = Vec::new();
    for group in tagged.chunk_by(|before, next| next.tag.continues(before.tag)) {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        if first.tag.position != Position::Outside {
            // formula: word-score
            let sum: f64 = group.iter().map(|each| f64::from(each.score)).sum();
            let score = (sum / group.len() as f64) as f32;
            let characters = first.characters.start..last.characters.end;
            entities.extend(entity(text, &first.tag.kind, score, characters));
        }
    }
    entities
}

fn entity(
    text: &Characters<'_>,
    label: &str,
    score: f32,
    characters: Range<usize>,
) -> Option<Entity> {
    let Range { start, end } = characters;
    let text = text.slice(characters)?.to_owned();
    Some(Entity { label: label.to_owned(), score, text, start, end })
}
