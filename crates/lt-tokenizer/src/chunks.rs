//! A long text, some at a time: the library's working memory is a hundred times the text it is
//! given.

use tokenizers::{
    Encoding as Raw, ModelWrapper, NormalizerWrapper, PreTokenizerWrapper, Tokenizer as Inner,
};

/// So many bytes are tokenized at a time, and what is left of the last word.
pub(crate) const CHUNK: usize = 1 << 16;

/// Whether a text may be cut in front of a space or a Chinese character without changing a token:
/// as in BERT, where those begin another word, and nothing looks beyond a word.
pub(crate) fn may_cut(inner: &Inner) -> bool {
    let normalizer = match inner.get_normalizer() {
        Some(NormalizerWrapper::BertNormalizer(normalizer)) => normalizer.handle_chinese_chars,
        _ => false,
    };
    let splits_words =
        matches!(inner.get_pre_tokenizer(), Some(PreTokenizerWrapper::BertPreTokenizer(_)));
    let looks_up_words = matches!(inner.get_model(), ModelWrapper::WordPiece(_));
    // Added tokens are looked for before there are words.
    let stays_in_a_word = |token: &tokenizers::AddedToken| {
        let looks_around = token.lstrip || token.rstrip || token.single_word;
        !looks_around && !token.content.chars().skip(1).any(begins_a_word)
    };
    let added = inner.get_added_tokens_decoder();
    normalizer && splits_words && looks_up_words && added.values().all(stays_in_a_word)
}

fn begins_a_word(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\u{4e00}'..='\u{9fff}')
}

/// The parts of a text, none of them much longer than `size`, cut in front of what begins a word.
pub(crate) fn chunks(text: &str, size: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let end = text.char_indices().find(|&(at, c)| at >= size && begins_a_word(c));
        let (chunk, after) = text.split_at(end.map_or(text.len(), |(at, _)| at));
        rest = (!after.is_empty()).then_some(after);
        Some(chunk)
    })
}

/// The tokens of a text, gathered from those of its parts.
#[derive(Default)]
pub(crate) struct Gathered {
    ids: Vec<u32>,
    segments: Vec<u32>,
    tokens: Vec<String>,
    words: Vec<Option<u32>>,
    offsets: Vec<(usize, usize)>,
    special: Vec<u32>,
    attention: Vec<u32>,
    /// The words there are so far.
    next_word: u32,
}

impl Gathered {
    /// Adds the tokens of a part that begins at this byte of the text.
    pub(crate) fn add(&mut self, part: &Raw, begin: usize) {
        self.ids.extend(part.get_ids());
        self.segments.extend(part.get_type_ids());
        self.tokens.extend(part.get_tokens().iter().cloned());
        let first = self.next_word;
        self.words.extend(part.get_word_ids().iter().map(|word| word.map(|word| first + word)));
        self.next_word =
            self.words.iter().rev().find_map(|word| *word).map_or(first, |last| last + 1);
        self.offsets.extend(part.get_offsets().iter().map(|(from, to)| (begin + from, begin + to)));
        self.special.extend(part.get_special_tokens_mask());
        self.attention.extend(part.get_attention_mask());
    }

    pub(crate) fn into_raw(self) -> Raw {
        let Self { ids, segments, tokens, words, offsets, special, attention, .. } = self;
        let (overflowing, ranges) = Default::default();
        Raw::new(ids, segments, tokens, words, offsets, special, attention, overflowing, ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_the_text_and_end_where_a_word_begins() {
        let text = "one two 我爱北京 three\nfour";
        for size in 1..40 {
            let parts: Vec<&str> = chunks(text, size).collect();
            assert_eq!(parts.concat(), text);
            assert!(parts.iter().skip(1).all(|part| part.starts_with(begins_a_word)), "{parts:?}");
        }
        assert_eq!(chunks(text, 1).count(), 9);
        assert_eq!(chunks("unbreakable", 3).collect::<Vec<_>>(), ["unbreakable"]);
        assert_eq!(chunks("", 3).collect::<Vec<_>>(), [""]);
    }
}
