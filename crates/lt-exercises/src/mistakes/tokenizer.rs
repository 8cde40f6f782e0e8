//! Mistakes of the chapter on tokenizers.

use lt_laws::offsets::Token;

/// The pieces are there, but greed does not find them.
pub(crate) fn longest_match() -> Vec<&'static str> {
    vec!["ab", "##ab", "##aba"]
}

/// The special tokens are forgotten.
pub(crate) fn what_stays() -> [(usize, usize); 2] {
    [(20, 364), (192, 192)]
}

/// Counted in bytes.
pub(crate) fn word_offsets(text: &str) -> Vec<(usize, usize)> {
    let from = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace().map(|word| (from(word), from(word) + word.len())).collect()
}

/// As WordPiece: the longest piece that the rest begins with.
pub(crate) fn merged_in_order(word: &str, merges: &[(&str, &str)]) -> Vec<String> {
    let learned: Vec<String> =
        merges.iter().map(|(left, right)| format!("{left}{right}")).collect();
    let (mut pieces, mut rest) = (Vec::new(), word);
    while let Some(letter) = rest.chars().next() {
        let fitting = learned.iter().filter(|piece| rest.starts_with(piece.as_str()));
        let length = fitting.map(String::len).max().unwrap_or(letter.len_utf8());
        let (piece, tail) = rest.split_at(length);
        pieces.push(piece.to_owned());
        rest = tail;
    }
    pieces
}

/// Here WordPiece is stuck, which is another matter.
pub(crate) fn greed_needs_more() -> (Vec<&'static str>, &'static str) {
    (vec!["un", "una", "##able"], "unable")
}

/// The same offsets again do not go back.
pub(crate) fn law_that_catches_offsets_of_the_word() -> &'static str {
    lt_laws::offsets::OFFSETS_MOVE_FORWARD.name
}

/// Each character is a token: nothing is lost.
pub(crate) fn tokens_that_lose_letters(text: &str) -> Vec<Token> {
    let token = |(from, letter)| Token { text: String::from(letter), from, to: from + 1 };
    text.chars().enumerate().map(token).collect()
}

/// WordPiece itself.
pub(crate) fn fewest_pieces(word: &str, vocabulary: &[&str]) -> Option<Vec<String>> {
    let pieces: Vec<String> = vocabulary.iter().map(|&piece| piece.to_owned()).collect();
    let ids = lt_tokenizer::lesson::wordpiece::encode(word, &pieces)?;
    Some(ids.iter().map(|id| pieces[*id as usize].clone()).collect())
}
