//! Which tokens stay when there are too many.

use std::ops::Range;

use tokenizers::Encoding as Raw;
use tokenizers::utils::truncation::TruncationDirection;

/// How many tokens of a pair stay when `room` is all there is: the longer text gives until both
/// are equally long, then both give, the second keeping the odd one.
///
/// The rule of the `tokenizers` library, which transformers calls `longest_first`. With `n ≤ m`
/// the shorter and the longer length and `r` the room:
///
/// ```text
/// n + m ≤ r        both stay whole
/// n ≤ ⌊r / 2⌋      n and r − n
/// otherwise        the first ⌊r / 2⌋, the second ⌈r / 2⌉, or the other way round
///                  if the first is the longer one
/// ```
pub(crate) fn longest_first(first: usize, second: usize, room: usize) -> (usize, usize) {
    // formula: longest-first
    if first.saturating_add(second) <= room {
        return (first, second);
    }
    let half = room / 2;
    let first_is_shorter = first <= second;
    match (first.min(second) <= half, first_is_shorter) {
        (true, true) => (first, room - first),
        (true, false) => (room - second, second),
        (false, true) => (half, room - half),
        (false, false) => (room - half, half),
    }
}

/// The tokens that stay of one text: its first ones, or its last ones.
///
/// The library's own `truncate` would copy all the others too, and join each piece of one text
/// of a pair with each of the other.
pub(crate) fn keep(tokens: Raw, count: usize, cut_at: TruncationDirection) -> Raw {
    if count >= tokens.len() {
        return tokens;
    }
    let kept: Range<usize> = match cut_at {
        TruncationDirection::Right => 0..count,
        TruncationDirection::Left => tokens.len() - count..tokens.len(),
    };
    part(&tokens, kept)
}

/// Some of the tokens of a text, all of which it has.
pub(crate) fn part(tokens: &Raw, range: Range<usize>) -> Raw {
    Raw::new(
        tokens.get_ids()[range.clone()].to_vec(),
        tokens.get_type_ids()[range.clone()].to_vec(),
        tokens.get_tokens()[range.clone()].to_vec(),
        tokens.get_word_ids()[range.clone()].to_vec(),
        tokens.get_offsets()[range.clone()].to_vec(),
        tokens.get_special_tokens_mask()[range.clone()].to_vec(),
        tokens.get_attention_mask()[range].to_vec(),
        Vec::new(),
        Default::default(),
    )
}

#[cfg(test)]
mod tests {
    use tokenizers::utils::truncation::{TruncationParams, truncate_encodings};

    use super::*;

    fn numbered(length: usize) -> Raw {
        let token = |id: usize| tokenizers::Token::new(id as u32, id.to_string(), (id, id + 1));
        Raw::from_tokens((0..length).map(token).collect(), 0)
    }

    #[test]
    fn a_pair_is_cut_as_the_tokenizers_library_cuts_it() {
        for (first, second, room) in
            (0..12).flat_map(|n| (0..12).flat_map(move |m| (0..26).map(move |r| (n, m, r))))
        {
            for direction in [TruncationDirection::Right, TruncationDirection::Left] {
                let params =
                    TruncationParams { max_length: room, direction, ..TruncationParams::default() };
                let (mut a, b) =
                    truncate_encodings(numbered(first), Some(numbered(second)), &params).unwrap();
                let mut b = b.unwrap();
                a.take_overflowing();
                b.take_overflowing();
                let (n, m) = longest_first(first, second, room);
                assert_eq!(keep(numbered(first), n, direction), a, "{first} + {second} in {room}");
                assert_eq!(keep(numbered(second), m, direction), b, "{first} + {second} in {room}");
            }
        }
    }
}
