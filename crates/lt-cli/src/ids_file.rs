//! The ids that `lt forward` and `lt bench` run a model on: a JSON file.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use lt_core::Ragged;
use lt_model::TokenIds;
use serde::Deserialize;

use crate::failure::{Failure, Result};
use crate::number_lists::NumberLists;

/// The largest file that is read.
const LARGEST: u64 = 128 << 20;

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    input_ids: NumberLists<u32>,
    token_type_ids: Option<NumberLists<u32>>,
    attention_mask: Option<NumberLists<u8>>,
    decoder_input_ids: Option<NumberLists<u32>>,
}

/// Ids end to end, each sequence with at least one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) ids: Vec<u32>,
    pub(crate) segments: Option<Vec<u32>>,
    pub(crate) sequences: Ragged,
}

impl Ids {
    /// Reads a file.
    pub(crate) fn from_file(path: &Path) -> Result<Self> {
        let shown = path.display();
        let unreadable =
            |error: std::io::Error| Failure::new(format!("cannot read `{shown}`: {error}"));
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > LARGEST {
            let message = format!("`{shown}` is larger than {} MB", LARGEST >> 20);
            return Err(Failure::new(message).hint("split it into several files"));
        }
        Self::from_json(&bytes).map_err(|failure| failure.at(format!("`{shown}`")))
    }

    /// Ranges of lists, so that what is computed at a time has a bounded size. The bits of a list
    /// do not depend on its company.
    pub(crate) fn chunks(&self, most_tokens: usize) -> Vec<Range<usize>> {
        let mut chunks: Vec<Range<usize>> = Vec::new();
        let mut tokens = 0;
        for (number, range) in self.sequences.ranges().enumerate() {
            tokens += range.len();
            match chunks.last_mut() {
                Some(chunk) if tokens <= most_tokens => chunk.end = number + 1,
                _ => {
                    chunks.push(number..number + 1);
                    tokens = range.len();
                }
            }
        }
        chunks
    }

    /// Some of the lists.
    pub(crate) fn part(&self, lists: &Range<usize>) -> Part<'_> {
        let offsets = &self.sequences.offsets()[lists.start..=lists.end];
        let rows = offsets[0]..offsets[lists.len()];
        Part {
            ids: &self.ids[rows.clone()],
            segments: self.segments.as_ref().map(|segments| &segments[rows]),
            sequences: Ragged::from_lengths(offsets.windows(2).map(|ends| ends[1] - ends[0])),
        }
    }

    /// Reads what is in a file.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self> {
        const FORM: &str = "the file should look like {\"input_ids\": [[101, 102], …]}, perhaps \
             with \"token_type_ids\" and, if all lists are of one length, \"attention_mask\"";
        let text = std::str::from_utf8(bytes)?.trim_start_matches('\u{feff}');
        let written: Written =
            serde_json::from_str(text).map_err(|error| Failure::from(error).hint(FORM))?;
        written.into_ids()
    }
}

/// Some of the lists of a file.
pub(crate) struct Part<'a> {
    ids: &'a [u32],
    segments: Option<&'a [u32]>,
    pub(crate) sequences: Ragged,
}

impl Part<'_> {
    /// As a model takes them.
    pub(crate) fn input(&self) -> TokenIds<'_> {
        let input = TokenIds::new(self.ids, &self.sequences);
        match self.segments {
            Some(segments) => input.segments(segments),
            None => input,
        }
    }
}

impl Written {
    fn into_ids(self) -> Result<Ids> {
        let Self { input_ids, token_type_ids, attention_mask, decoder_input_ids } = self;
        if decoder_input_ids.is_some() {
            return Err(Failure::new("decoder_input_ids are given, but the model is an encoder")
                .hint("leave them out"));
        }
        if input_ids.lengths().is_empty() {
            return Err(Failure::new("input_ids has no lists, expected at least one"));
        }
        if let Some(segments) = &token_type_ids {
            check_lengths("token_type_ids", segments.lengths(), input_ids.lengths())?;
        }
        let ids = match attention_mask {
            None => Ids {
                sequences: Ragged::from_lengths(input_ids.lengths().iter().copied()),
                ids: input_ids.into_numbers(),
                segments: token_type_ids.map(NumberLists::into_numbers),
            },
            Some(mask) => {
                check_lengths("attention_mask", mask.lengths(), input_ids.lengths())?;
                let mask = mask.rectangle().ok_or_else(|| {
                    Failure::new("attention_mask is given, but the lists differ in length")
                        .hint("padding needs lists of one length; without it, leave the mask out")
                })?;
                let without_padding = |padded: &NumberLists<u32>| match padded.rectangle() {
                    Some(padded) => Ok(Ragged::from_padded(padded, mask)?),
                    None => Err(Failure::new("the lists differ in length")),
                };
                let (ids, sequences) = without_padding(&input_ids)?;
                let segments = token_type_ids.as_ref().map(without_padding).transpose()?;
                Ids { ids, segments: segments.map(|(segments, _)| segments), sequences }
            }
        };
        let empty = ids.sequences.ranges().position(|range| range.is_empty());
        match empty {
            Some(number) => Err(Failure::new(format!(
                "list {number} of input_ids, counted from 0, has no tokens, expected at least one"
            ))),
            None => Ok(ids),
        }
    }
}

/// Refuses lists that do not belong to the ids one by one.
fn check_lengths(name: &str, lengths: &[usize], expected: &[usize]) -> Result<()> {
    if lengths.len() != expected.len() {
        let (expected, got) = (expected.len(), lengths.len());
        return Err(Failure::new(format!(
            "{name} has {got} lists, expected {expected}, as many as input_ids"
        )));
    }
    match lengths.iter().zip(expected).position(|(got, expected)| got != expected) {
        Some(number) => Err(Failure::new(format!(
            "list {number} of {name}, counted from 0, has {} numbers, expected {}, as many as in \
             input_ids",
            lengths[number], expected[number],
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Ids, String> {
        Ids::from_json(json.as_bytes()).map_err(|failure| failure.to_string())
    }

    fn error(json: &str) -> String {
        read(json).unwrap_err()
    }

    #[test]
    fn chunks_hold_every_list_once_and_no_more_tokens_than_asked_for() {
        let sequences = Ragged::from_lengths([3, 3, 5, 99, 1, 1]);
        let ids = Ids { ids: vec![7; 112], segments: None, sequences };
        assert_eq!(ids.chunks(6), [0..2, 2..3, 3..4, 4..6]);
        assert_eq!(ids.chunks(0), [0..1, 1..2, 2..3, 3..4, 4..5, 5..6]);
        assert_eq!(ids.part(&(1..3)).sequences.offsets(), [0, 3, 8]);
        assert_eq!(ids.part(&(1..3)).input().ids.len(), 8);
    }

    #[test]
    fn lists_are_laid_end_to_end() {
        let ids = read(r#"{"input_ids": [[5, 6], [7]], "token_type_ids": [[0, 1], [0]]}"#).unwrap();
        assert_eq!(ids.ids, [5, 6, 7]);
        assert_eq!(ids.segments, Some(vec![0, 1, 0]));
        assert_eq!(ids.sequences.offsets(), [0, 2, 3]);
    }

    #[test]
    fn padding_is_dropped_on_either_side_from_ids_and_segments_alike() {
        let ids = read(
            r#"{"input_ids": [[5, 6, 0], [0, 0, 7]],
                "attention_mask": [[1, 1, 0], [0, 0, 1]],
                "token_type_ids": [[0, 1, 9], [9, 9, 1]]}"#,
        )
        .unwrap();
        assert_eq!(ids.ids, [5, 6, 7]);
        assert_eq!(ids.segments, Some(vec![0, 1, 1]));
        assert_eq!(ids.sequences.offsets(), [0, 2, 3]);
    }

    #[test]
    fn what_is_null_is_not_given() {
        assert_eq!(
            read(r#"{"input_ids": [[5]], "token_type_ids": null}"#),
            read(r#"{"input_ids": [[5]]}"#)
        );
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let cases = [
            (r#"{"input_ids": []}"#, "no lists"),
            (r#"{"input_ids": [[1], []]}"#, "list 1 of input_ids, counted from 0, has no tokens"),
            (r#"{"input_ids": [[1]], "token_type_ids": []}"#, "token_type_ids has 0 lists"),
            (r#"{"input_ids": [[1]], "token_type_ids": [[0, 0]]}"#, "list 0 of token_type_ids"),
            (
                r#"{"input_ids": [[1, 2], [3]], "attention_mask": [[1, 1], [1]]}"#,
                "differ in length",
            ),
            (r#"{"input_ids": [[1, 2]], "attention_mask": [[0, 0]]}"#, "has no tokens"),
            (r#"{"input_ids": [[1, 2, 3]], "attention_mask": [[1, 0, 1]]}"#, "a gap in row 0"),
            (r#"{"input_ids": [[1]], "attention_mask": [[2]]}"#, "2 in row 0"),
            (r#"{"input_ids": [[1]], "decoder_input_ids": [[1]]}"#, "the model is an encoder"),
        ];
        for (json, expected) in cases {
            let said = error(json);
            assert!(said.contains(expected), "{json}: {said}");
        }
    }

    #[test]
    fn what_is_no_file_of_ids_is_refused_with_its_place() {
        let deep = "[".repeat(100_000);
        let cases = [
            ("", "EOF"),
            ("nonsense", "line 1"),
            (deep.as_str(), "line 1"),
            (r#"{"input_ids": [[1, 2"#, "EOF"),
            (r#"{"input_ids": [[1.5]]}"#, "1.5"),
            (r#"{"input_ids": [[-1]]}"#, "-1"),
            (r#"{"input_ids": [[1e400]]}"#, "out of range"),
            (r#"{"input_ids": [[99999999999]]}"#, "99999999999"),
            (r#"{"input_ids": [["1"]]}"#, "string"),
            (r#"{"input_ids": [[[1]]]}"#, "sequence"),
            (r#"{"input_ids": [1]}"#, "expected a list of numbers"),
            (r#"{"input_ids": null}"#, "expected a list of lists"),
            (r#"{"input_ids": [[1]], "input_ids": [[2]]}"#, "duplicate field `input_ids`"),
            (r#"{"inputs": [[1]]}"#, "unknown field `inputs`"),
            (r#"{"token_type_ids": [[1]]}"#, "missing field `input_ids`"),
            (r#"{"input_ids": [[1]]} {}"#, "trailing"),
        ];
        for (json, expected) in cases {
            let said = error(json);
            assert!(said.contains(expected), "{json:.60}: {said}");
        }
        assert!(Ids::from_json(b"{\"input_ids\xff").is_err());
    }
}
