//! Texts and the pieces that tokenizers cut them into.

use anyhow::Result;
use lt_tokenizer::{Encoding, Limit, Tokenizer};

use crate::drawing::{Area, BOLD, Drawing, FAINT, INK, MIDDLE, SMALL, WARM};
use crate::example::SENTENCE;

const CHINESE: &str = "河岸很陡。";

/// The width of a piece that the template added, and the room beside it.
const SPECIAL: f64 = 44.0;
const GAP: f64 = 3.0;
/// The height of a row, from its heading to the next.
const ROW: f64 = 104.0;

/// A text, and how it is shown.
struct Row {
    heading: &'static str,
    text: &'static str,
    /// The width of a character of the text.
    character: f64,
    encoding: Encoding,
}

pub(crate) fn draw() -> Result<String> {
    let word_piece = lt_tiny_bert::tokenizer()?;
    let bytes = lt_tiny_gpt::tokenizer()?;
    let row = |heading, text, character, tokenizer: &Tokenizer| {
        let encoding = tokenizer.encode(text, Limit::None)?;
        anyhow::Ok(Row { heading, text, character, encoding })
    };
    let rows = [
        row("WordPiece, the vocabulary of lt-tiny-bert", SENTENCE, 15.0, &word_piece)?,
        row("a word that it has only in parts", "Hydroelectricity", 20.0, &word_piece)?,
        row("a script that it does not have", CHINESE, 45.0, &word_piece)?,
        row("the same in bytes, the vocabulary of lt-tiny-gpt", CHINESE, 81.0, &bytes)?,
    ];
    let label = "An English sentence, a long English word and a Chinese sentence, and below each \
                 the pieces it is cut into, with their ids";
    let mut drawing = Drawing::new(562.0, ROW * rows.len() as f64 - 12.0, label);
    for (number, row) in rows.iter().enumerate() {
        row.draw(&mut drawing, ROW * number as f64);
    }
    Ok(drawing.finish(
        "Characters, and below them the pieces with their ids: a piece is as wide as what it stands \
         for, and dashed if the template added it. A Chinese character is [UNK] to the first \
         vocabulary, and three bytes to the second, which spells each byte as a letter and knows \
         them all.",
    ))
}

impl Row {
    fn draw(&self, drawing: &mut Drawing, top: f64) {
        let Encoding { tokens, ids, offsets, special, .. } = &self.encoding;
        let added = |at: usize| special.get(at).copied().unwrap_or(false);
        let left = if added(0) { SPECIAL + GAP } else { 0.0 };
        drawing.text((0.0, top + 14.0), &[BOLD], self.heading);
        for (place, letter) in self.text.chars().enumerate() {
            let middle = left + (place as f64 + 0.5) * self.character;
            let (shown, seen) = if letter == ' ' { ('␣', "0.5") } else { (letter, "1") };
            let look = [MIDDLE, ("font-size", "14"), ("fill-opacity", seen)];
            drawing.text((middle, top + 38.0), &look, &shown.to_string());
        }
        let end = left + self.text.chars().count() as f64 * self.character;
        for at in 0..tokens.len() {
            // Parts of one character share its width.
            let parts = (0..tokens.len()).filter(|&other| offsets[other] == offsets[at]);
            let parts: Vec<usize> = parts.collect();
            let (x, width) = if added(at) {
                (if at == 0 { 0.0 } else { end + GAP }, SPECIAL)
            } else {
                let whole = offsets[at].len() as f64 * self.character;
                let part = parts.iter().take_while(|&&other| other < at).count() as f64;
                let from = left + offsets[at].start as f64 * self.character;
                let width = whole / parts.len() as f64;
                (from + part * width, width)
            };
            let area = Area::new((x + 1.0, top + 46.0), (width - 2.0, 38.0));
            if added(at) {
                drawing.frame(area, &[("stroke-dasharray", "3 3")]);
            } else {
                let unknown = tokens[at] == "[UNK]";
                let (colour, opacity) = if unknown { (WARM, "0.4") } else { (INK, "0.18") };
                drawing.rect(area, &[("fill", colour), ("fill-opacity", opacity)]);
            }
            let middle = x + width / 2.0;
            drawing.text((middle, top + 62.0), &[MIDDLE], &tokens[at]);
            drawing.text((middle, top + 78.0), &[MIDDLE, SMALL, FAINT], &ids[at].to_string());
        }
    }
}
