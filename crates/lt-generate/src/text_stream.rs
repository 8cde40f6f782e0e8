//! Ids turned into text piece by piece.

/// Turns ids into text: a tokenizer, or a closure `Fn(&[u32]) -> String`.
///
/// What of a character is missing at the end is U+FFFD, the replacement character.
pub trait Detokenize: Sync {
    /// The text of these ids.
    fn text(&self, ids: &[u32]) -> String;
}

impl<F: Fn(&[u32]) -> String + Sync> Detokenize for F {
    fn text(&self, ids: &[u32]) -> String {
        self(ids)
    }
}

/// Turns ids into text piece by piece: the pieces together are the text, and none of them ends
/// within a character.
///
/// The text of a token depends on those before it: a word piece has a space in front of it or not,
/// and a Chinese character may be three tokens of a byte each. So what is decoded is a window: the
/// tokens of the last piece, whose text is known, and those behind it; the new piece is what the
/// text is longer by. While it ends with U+FFFD the character may be incomplete, and the piece is
/// held back. Each token is decoded a few times, however long the text is.
///
/// transformers: `TextIteratorStreamer`, which shows text up to the last space only.
///
/// ```
/// use lt_generate::TextStream;
/// // A tokenizer whose tokens are bytes.
/// let decoder = |ids: &[u32]| {
///     let bytes: Vec<u8> = ids.iter().map(|&id| id as u8).collect();
///     String::from_utf8_lossy(&bytes).into_owned()
/// };
/// let mut stream = TextStream::new(&decoder);
/// let pieces: Vec<String> = "a中".bytes().map(|byte| stream.push(byte.into())).collect();
/// assert_eq!(pieces, ["a", "", "", "中"]);
/// ```
#[derive(Clone)]
pub struct TextStream<'a> {
    decoder: &'a dyn Detokenize,
    /// The ids of the last piece, and those behind it.
    window: Vec<u32>,
    /// How many of them are those of the last piece, and their text.
    shown: usize,
    text: String,
}

/// A character has at most four bytes: if so many tokens have not completed one, they never will.
const MOST_HELD: usize = 8;

impl<'a> TextStream<'a> {
    /// An empty text.
    #[must_use]
    pub fn new(decoder: &'a dyn Detokenize) -> Self {
        Self { decoder, window: Vec::new(), shown: 0, text: String::new() }
    }

    /// Adds a token, and returns the text that is now certain; often none.
    pub fn push(&mut self, id: u32) -> String {
        self.window.push(id);
        let text = self.decoder.text(&self.window);
        let incomplete = text.ends_with(char::REPLACEMENT_CHARACTER)
            && self.window.len() - self.shown < MOST_HELD;
        if incomplete { String::new() } else { self.show(&text) }
    }

    /// The end of the text: what was held back, as it is.
    pub fn finish(&mut self) -> String {
        let text = self.decoder.text(&self.window);
        self.show(&text)
    }

    /// The part of the window's text that was not shown yet.
    fn show(&mut self, text: &str) -> String {
        // Mostly all of what was shown stands there again.
        let same = self.text.chars().zip(text.chars()).take_while(|(old, new)| old == new);
        let same: usize = same.map(|(character, _)| character.len_utf8()).sum();
        let piece = text[same..].to_owned();
        // A token without text (a special one) is kept with those before it: alone, it would not
        // tell the next one whether a word stands before it.
        if !piece.is_empty() {
            self.window.drain(..self.shown);
            self.shown = self.window.len();
            self.text = self.decoder.text(&self.window);
        }
        piece
    }
}

impl std::fmt::Debug for TextStream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { decoder: _, window, shown, text } = self;
        f.debug_struct("TextStream")
            .field("window", window)
            .field("shown", shown)
            .field("text", text)
            .finish_non_exhaustive()
    }
}
