//! Laws of token offsets: where in the text each token stands, counted in characters.
//!
//! The closure takes a text and returns a pair `(from, to)` per token: the token is characters
//! `from..to` of the text (Unicode scalar values, not bytes). A token that stands nowhere in the
//! text (`[CLS]`) has an empty range.

use crate::strategies::text;
use crate::{Law, Verdict};

/// The laws of this module.
pub const LAWS: [&Law; 4] = [
    &OFFSETS_ARE_CHARACTERS,
    &SLICES_ARE_TOKENS,
    &OFFSETS_MOVE_FORWARD,
    &EVERY_LETTER_IS_IN_A_TOKEN,
];

/// The laws of offsets that need nothing but the offsets; [`slices_are_tokens`] needs the tokens.
///
/// # Panics
/// If one of them is broken.
#[track_caller]
pub fn all(offsets: impl Fn(&str) -> Vec<(usize, usize)>) {
    offsets_are_characters(&offsets);
    offsets_move_forward(&offsets);
    every_letter_is_in_a_token(&offsets);
}

/// See [`offsets_are_characters`].
pub const OFFSETS_ARE_CHARACTERS: Law = Law {
    name: "offsets slice the text at characters",
    statement: "0 ≤ from ≤ to ≤ characters of the text",
    tolerance: "none",
};

/// Offsets count characters: `from ≤ to`, and `to` is at most the number of characters (a count
/// of bytes or of UTF-16 units runs past it).
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn offsets_are_characters(offsets: impl Fn(&str) -> Vec<(usize, usize)>) {
    OFFSETS_ARE_CHARACTERS.hold(&text(), |text| {
        let characters: Vec<char> = text.chars().collect();
        for (from, to) in offsets(&text) {
            if from > to || to > characters.len() {
                let count = characters.len();
                return Err(format!("a token is {from}..{to} of {count} characters"));
            }
        }
        Ok(())
    });
}

/// A token, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token's text, without what marks it as a part of a word (`##`).
    pub text: String,
    /// Its first character in the text.
    pub from: usize,
    /// The character behind its last.
    pub to: usize,
}

/// See [`slices_are_tokens`].
pub const SLICES_ARE_TOKENS: Law = Law {
    name: "offsets slice the text at its tokens",
    statement: "text[from..to], read as the tokenizer reads it, is the token",
    tolerance: "none",
};

/// The characters `from..to` of the text are the token, once they are read as the tokenizer reads
/// them: `reads` is what it does to letters (`str::to_lowercase`; `str::to_owned` if nothing).
///
/// Leave out tokens that have lost their text: `[UNK]`, and those of a template.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn slices_are_tokens(tokens: impl Fn(&str) -> Vec<Token>, reads: impl Fn(&str) -> String) {
    SLICES_ARE_TOKENS.hold(&text(), |text| {
        for Token { text: token, from, to } in tokens(&text) {
            let slice: String = text.chars().skip(from).take(to.saturating_sub(from)).collect();
            if reads(&slice) != token {
                return Err(format!("`{token}` is said to be {from}..{to}, which is `{slice}`"));
            }
        }
        Ok(())
    });
}

/// See [`offsets_move_forward`].
pub const OFFSETS_MOVE_FORWARD: Law = Law {
    name: "offsets move forward through the text",
    statement: "fromᵢ ≤ fromᵢ₊₁ and toᵢ ≤ toᵢ₊₁ for tokens that stand in the text",
    tolerance: "none",
};

/// Tokens follow the text: neither the beginning nor the end of one lies before that of the
/// token before it. (Several tokens may share a character that was cut into bytes.)
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn offsets_move_forward(offsets: impl Fn(&str) -> Vec<(usize, usize)>) {
    OFFSETS_MOVE_FORWARD.hold(&text(), |text| {
        let standing = offsets(&text).into_iter().filter(|(from, to)| from != to);
        let standing: Vec<(usize, usize)> = standing.collect();
        match standing.windows(2).find(|pair| pair[1].0 < pair[0].0 || pair[1].1 < pair[0].1) {
            None => Ok(()),
            Some(pair) => Err(format!("{:?} is followed by {:?}", pair[0], pair[1])),
        }
    });
}

/// See [`every_letter_is_in_a_token`].
pub const EVERY_LETTER_IS_IN_A_TOKEN: Law = Law {
    name: "every letter is in a token",
    statement: "character i is a letter or a digit ⇒ from ≤ i < to for some token",
    tolerance: "none; marks, spaces and emoji may be dropped",
};

/// No letter, Chinese character or digit is lost: each lies in the range of some token, if only an
/// unknown one. Combining marks, spaces and the like may be dropped.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn every_letter_is_in_a_token(offsets: impl Fn(&str) -> Vec<(usize, usize)>) {
    EVERY_LETTER_IS_IN_A_TOKEN.hold(&text(), |text| every_letter(&text, &offsets(&text)));
}

fn every_letter(text: &str, offsets: &[(usize, usize)]) -> Verdict {
    for (i, letter) in text.chars().enumerate().filter(|(_, c)| c.is_alphanumeric()) {
        if !offsets.iter().any(|&(from, to)| (from..to).contains(&i)) {
            return Err(format!("no token holds `{letter}`, character {i}"));
        }
    }
    Ok(())
}
