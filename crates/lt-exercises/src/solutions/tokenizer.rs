//! Solutions of the chapter on tokenizers.

use lt_laws::offsets::Token;

/// `ab`, then `##aba`, and nothing begins with `##b`: the whole word is unknown, although
/// `ab ##ab ##aba` would do.
pub(crate) fn longest_match() -> Vec<&'static str> {
    vec!["[UNK]"]
}

/// The room is 381. A question of 20 is shorter than half of it and stays; one of 500 is not, so that
/// both give, and the longer text keeps the odd token.
pub(crate) fn what_stays() -> [(usize, usize); 2] {
    [(20, 361), (190, 191)]
}

/// One walk over the characters: a word begins where there was none, and ends at white space.
pub(crate) fn word_offsets(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut begin = None;
    for (place, character) in text.chars().chain([' ']).enumerate() {
        match (begin, character.is_whitespace()) {
            (None, false) => begin = Some(place),
            (Some(from), true) => {
                words.push((from, place));
                begin = None;
            }
            _ => {}
        }
    }
    words
}

/// The merges are the outer loop, the places the inner one.
pub(crate) fn merged_in_order(word: &str, merges: &[(&str, &str)]) -> Vec<String> {
    let mut pieces: Vec<String> = word.chars().map(String::from).collect();
    for (left, right) in merges {
        let mut at = 0;
        while at + 1 < pieces.len() {
            if pieces[at] == *left && pieces[at + 1] == *right {
                let second = pieces.remove(at + 1);
                pieces[at].push_str(&second);
            }
            at += 1; // behind what was merged: `aaa` is `aa a`
        }
    }
    pieces
}

/// `abc ##d ##e` in place of `ab ##cde`.
pub(crate) fn greed_needs_more() -> (Vec<&'static str>, &'static str) {
    (vec!["ab", "abc", "##cde", "##d", "##e"], "abcde")
}

/// The offsets lie in the text, go forward and hold every letter. They do not cut out the token.
pub(crate) fn law_that_catches_offsets_of_the_word() -> &'static str {
    lt_laws::offsets::SLICES_ARE_TOKENS.name
}

/// Without a single token there is nothing that those three laws could find wrong: each of them says
/// something about tokens that are there.
pub(crate) fn tokens_that_lose_letters(_text: &str) -> Vec<Token> {
    Vec::new()
}

/// From the left: the fewest pieces up to each place are one more than the fewest up to where the
/// last piece begins.
pub(crate) fn fewest_pieces(word: &str, vocabulary: &[&str]) -> Option<Vec<String>> {
    let letters: Vec<char> = word.chars().collect();
    let mut best: Vec<Option<Vec<String>>> = vec![Some(Vec::new())];
    for end in 1..=letters.len() {
        let split_at = |start: usize| {
            let mark = if start == 0 { "" } else { "##" };
            let piece = format!("{mark}{}", letters[start..end].iter().collect::<String>());
            let before = best[start].as_ref().filter(|_| vocabulary.contains(&piece.as_str()))?;
            Some(before.iter().cloned().chain([piece]).collect::<Vec<_>>())
        };
        let fewest = (0..end).filter_map(split_at).min_by_key(Vec::len);
        best.push(fewest);
    }
    best.pop().flatten()
}
