//! Chapter: tokenizer. `cargo xtask grade tokenizer`
//!
//! Fill in one function at a time. Pieces are spelt as in the chapter: one that goes on with a word
//! begins with `##`, unless it is BPE that made it.

use lt_laws::offsets::Token;

/// ★ A vocabulary has the pieces `ab`, `##ab`, `##aba` and `##a`, and `[UNK]`.
///
/// Return the tokens that WordPiece makes of the word `abababa`, by hand.
pub fn longest_match() -> Vec<&'static str> {
    todo!()
}

/// ★ A question has 20 tokens, its context 1000. BERT's template adds its three special tokens, the
/// limit is 384, and it cuts "longest first". Then the same with a question of 500 tokens.
///
/// Return for either question how many tokens of it and of its context stay: `(question, context)`.
pub fn what_stays() -> [(usize, usize); 2] {
    todo!()
}

/// ★★ Where the words of a text stand. Words are what white space separates.
///
/// Return for each word the number of its first character, and that of the character behind its
/// last: (0, 2) and (3, 4) for the text "我爱 x". Held by the laws of offsets, and by one more: what
/// the offsets cut out are the words.
pub fn word_offsets(text: &str) -> Vec<(usize, usize)> {
    todo!()
}

/// ★★ The pieces of a word by BPE: its letters, then one merge after another, in the order in which
/// they were learned.
///
/// By hand, first by yourself: from `aaab` (twice) and `ab` (once) training learns `a a`, `a b` and
/// `aa ab`, in this order. With these three `aaaa` becomes `aa aa`, and `aaaab` becomes `aa aa b`:
/// the second merge comes too late for it. Held by the merges that `lesson::bpe` learns from words
/// of all kinds.
pub fn merged_in_order(word: &str, merges: &[(&str, &str)]) -> Vec<String> {
    todo!()
}

/// ★★ WordPiece takes the longest piece and never gives it back. It pays for that, even where it
/// finds its way.
///
/// Return a vocabulary, such as `["un", "##able"]`, and a word that WordPiece cuts into *more* pieces
/// of this vocabulary than are needed. That it ends with `[UNK]` is not enough.
pub fn greed_needs_more() -> (Vec<&'static str>, &'static str) {
    todo!()
}

/// ★★ Break it: each piece of a word is given the place of the whole word, as if it stood for it. Of
/// "unaffable" the pieces `un`, `aff` and `able` all get (0, 9):
///
/// ```text
/// for piece in pieces_of(word) {
///     tokens.push(Token { text: piece, from: word.from, to: word.to });
/// }
/// ```
///
/// Return the name of the law of `lt_laws::offsets` that catches it, as in
/// `lt_laws::offsets::OFFSETS_MOVE_FORWARD.name`. Why do the three others hold?
pub fn law_that_catches_offsets_of_the_word() -> &'static str {
    todo!()
}

/// ★★ Break it: write a tokenizer that loses something of the text. It is wrong, but all laws of
/// `lt_laws::offsets` let it pass, except "every letter is in a token".
///
/// Return the tokens of the text with their offsets, in characters; `text` of a [`Token`] is what the
/// offsets cut out. What is the shortest body that does it, and what does that say about the other
/// three laws?
pub fn tokens_that_lose_letters(text: &str) -> Vec<Token> {
    todo!()
}

/// ★★★ The split of a word with the fewest pieces, which WordPiece would find if it could go back.
///
/// Return the pieces of one such split: the first as it is, the others with `##`. `None` if the
/// vocabulary has no split at all. For `unable` and the pieces `un`, `una` and `##able` it is
/// `un ##able`, where WordPiece is stuck behind `una`. Held by all splits of short words.
pub fn fewest_pieces(word: &str, vocabulary: &[&str]) -> Option<Vec<String>> {
    todo!()
}
