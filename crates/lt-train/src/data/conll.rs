//! Sentences with a label for each word.

use super::{Cut, Format};

/// Sentences as the CoNLL tasks have them: a word a line with its columns, and an empty line
/// behind each sentence. Lines that begin with `-DOCSTART-` are no words.
///
/// ```
/// use lt_train::data::{Conll, Format};
/// let sentence = Conll::default().record(None, "Ada NNP B-PER\nspricht VVFIN O")?;
/// assert_eq!(sentence.words, ["Ada", "spricht"]);
/// assert_eq!(sentence.tags, ["B-PER", "O"]);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Conll {
    /// Where the word stands, from 0.
    pub word: usize,
    /// Where the tag stands, from 0; none: it is the last.
    pub tag: Option<usize>,
}

/// The words of a sentence, and the tag of each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Tagged {
    /// The words.
    pub words: Vec<String>,
    /// Their tags: `B-PER`.
    pub tags: Vec<String>,
}

impl Conll {
    /// With the word and the tag in these columns, from 0.
    #[must_use]
    pub fn columns(word: usize, tag: usize) -> Self {
        Self { word, tag: Some(tag) }
    }
}

impl Format for Conll {
    type Record = Tagged;

    fn cut(&self) -> Cut {
        Cut::Paragraph
    }

    fn record(&self, _: Option<&str>, text: &str) -> Result<Tagged, String> {
        let mut sentence = Tagged::default();
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("-DOCSTART-") {
                continue;
            }
            let columns: Vec<&str> = match line.contains('\t') {
                true => line.split('\t').collect(),
                false => line.split_whitespace().collect(),
            };
            let tag = self.tag.unwrap_or(columns.len().saturating_sub(1));
            match (columns.get(self.word), columns.get(tag)) {
                (Some(word), Some(tag_there)) if tag != self.word => {
                    sentence.words.push((*word).to_owned());
                    sentence.tags.push((*tag_there).to_owned());
                }
                _ => {
                    let (number, expected) =
                        (number + 1, self.word.max(tag).max(self.word + 1) + 1);
                    let got = columns.len();
                    return Err(format!(
                        "its line {number} has {got} columns, expected at least {expected}"
                    ));
                }
            }
        }
        Ok(sentence)
    }
}
