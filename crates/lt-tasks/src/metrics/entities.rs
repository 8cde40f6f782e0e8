//! From a tag for each token to entities, each with its type, its start and its end.

use super::MetricError;

/// How entities are written as tags.
///
/// The three ways to tag *Alex met New York New York* (a person, then a place named twice):
///
/// | | Alex | met | New | York | New | York |
/// |---|---|---|---|---|---|---|
/// | IOB1 | `I-PER` | `O` | `I-LOC` | `I-LOC` | `B-LOC` | `I-LOC` |
/// | IOB2 | `B-PER` | `O` | `B-LOC` | `I-LOC` | `B-LOC` | `I-LOC` |
/// | BIOES | `S-PER` | `O` | `B-LOC` | `E-LOC` | `B-LOC` | `E-LOC` |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// `I` on every token of an entity; `B` only where it touches one of the same type before it.
    /// (Ramshaw and Marcus 1995; CoNLL-2003.)
    Iob1,
    /// `B` on the first token of every entity, `I` on the others. What most people call BIO.
    /// (Tjong Kim Sang and Veenstra 1999.)
    Iob2,
    /// As IOB2, and `E` on the last token, `S` on an only one. Also called IOBES.
    Bioes,
}

/// How tags become entities when they do not follow their scheme, as those of a model may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Any tag but `O` is in some entity, whatever the scheme: an `I` without a beginning begins
    /// one. As conlleval, the script of CoNLL-2000, and seqeval without `mode`.
    Lenient,
    /// What breaks the scheme is no entity. As seqeval with `mode="strict"`.
    Strict(Scheme),
}

impl Reading {
    /// The letters that may stand before a type.
    fn letters(self) -> &'static str {
        match self {
            Self::Lenient | Self::Strict(Scheme::Bioes) => "BIES",
            Self::Strict(Scheme::Iob1 | Scheme::Iob2) => "BI",
        }
    }
}

/// Tokens that belong together, and what they are: tokens `start` to `end`, `end` not included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The type, as `PER`. `_` for tags that have none (a bare `B`).
    pub label: String,
    /// The first token.
    pub start: usize,
    /// One behind the last token.
    pub end: usize,
}

/// The entities (实体) that the tags of one sequence say there are, from the first to the last.
/// They never overlap.
///
/// The type is all that follows the first `-`, so that it may have a `-` itself.
///
/// Python: [seqeval](https://github.com/chakki-works/seqeval) 1.2.2,
/// `seqeval.metrics.sequence_labeling.get_entities(tags)` for [`Reading::Lenient`], whose ends are
/// included, and `seqeval.scheme.Tokens(tags, IOB2).entities` for [`Reading::Strict`].
///
/// ```
/// use lt_tasks::metrics::{Reading, Scheme, entities};
/// let read = |tags: &[&str], reading| {
///     let spans = entities(tags, reading)?;
///     Ok(spans.into_iter().map(|span| (span.label, span.start, span.end)).collect::<Vec<_>>())
/// };
/// let iob2 = Reading::Strict(Scheme::Iob2);
/// let (person, place) = (("PER".to_owned(), 0, 2), ("LOC".to_owned(), 3, 4));
///
/// let tags = ["B-PER", "I-PER", "O", "B-LOC"];
/// assert_eq!(read(&tags, iob2)?, [person.clone(), place.clone()]);
///
/// // A place that does not begin.
/// let tags = ["B-PER", "I-PER", "O", "I-LOC"];
/// assert_eq!(read(&tags, Reading::Lenient)?, [person.clone(), place]);
/// assert_eq!(read(&tags, iob2)?, [person]);
/// # Ok::<(), lt_tasks::metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::Tag`] for a tag that is neither `O`, nor one of the letters of the reading,
/// alone or with `-` and a type behind it. (seqeval warns where it is lenient, and then takes
/// `PERSON` for an entity of the type `ERSON`.)
pub fn entities(tags: &[impl AsRef<str>], reading: Reading) -> Result<Vec<Span>, MetricError> {
    let tags = tags
        .iter()
        .enumerate()
        .map(|(place, tag)| Tag::parse(tag.as_ref(), place, reading))
        .collect::<Result<Vec<_>, _>>()?;
    let mut spans = Vec::new();
    let mut start = 0;
    while let Some(first) = tags.get(start) {
        if first.letter == 'O' {
            start += 1;
            continue;
        }
        let mut end = start + 1;
        while end < tags.len() && tags[end].continues(tags[end - 1]) {
            end += 1;
        }
        let kept = match reading {
            Reading::Lenient => Some(start),
            Reading::Strict(scheme) => strict_start(scheme, &tags, start, end),
        };
        if let Some(start) = kept {
            spans.push(Span { label: first.label.to_owned(), start, end });
        }
        start = end;
    }
    Ok(spans)
}

/// A tag taken apart.
#[derive(Debug, Clone, Copy)]
struct Tag<'a> {
    letter: char,
    label: &'a str,
}

impl<'a> Tag<'a> {
    fn parse(tag: &'a str, place: usize, reading: Reading) -> Result<Self, MetricError> {
        let (letters, label) = tag.split_once('-').unwrap_or((tag, ""));
        let mut chars = letters.chars();
        match (chars.next(), chars.next()) {
            (Some('O'), None) if tag == "O" => Ok(Self { letter: 'O', label: "" }),
            (Some(letter), None) if reading.letters().contains(letter) => {
                Ok(Self { letter, label: if label.is_empty() { "_" } else { label } })
            }
            _ => {
                let letters = reading.letters();
                Err(MetricError::Tag { tag: tag.to_owned(), place, letters })
            }
        }
    }

    /// Whether this token belongs to the entity that the token before it belongs to. That much the
    /// schemes agree on, as `E` and `S` are absent from two of them.
    fn continues(self, before: Self) -> bool {
        matches!(before.letter, 'B' | 'I')
            && matches!(self.letter, 'I' | 'E')
            && before.label == self.label
    }
}

/// Where the entity starts that these tokens are, if the scheme allows one there.
fn strict_start(scheme: Scheme, tags: &[Tag<'_>], start: usize, end: usize) -> Option<usize> {
    let (first, last) = (tags[start], tags[end - 1]);
    match scheme {
        Scheme::Iob2 => (first.letter == 'B').then_some(start),
        Scheme::Bioes => match (first.letter, last.letter) {
            ('S', _) | ('B', 'E') => Some(start),
            _ => None,
        },
        Scheme::Iob1 if first.letter == 'I' => Some(start),
        // A `B` has to part two entities of one type. One that does not is passed over, and what
        // follows it is read as if it had not been there: odd, but it is what seqeval counts.
        Scheme::Iob1 => {
            let before = start.checked_sub(1).map(|before| tags[before]);
            if !before.is_some_and(|tag| tag.letter != 'O' && tag.label == first.label) {
                return (end - start > 1).then_some(start + 1);
            }
            // And a lone `B` does not end before the `B` of another type.
            let dangling = tags.get(end).is_some_and(|next| {
                last.letter == 'B' && next.letter == 'B' && next.label != first.label
            });
            (!dangling).then_some(start)
        }
    }
}
