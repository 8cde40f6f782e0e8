//! Strings at which a text ends.

/// Watches a text that comes in pieces for strings at which it ends. What might be the beginning
/// of one is held back until it is clear, so that none is ever shown, not even in part.
///
/// transformers: `StopStringCriteria`, which keeps the string in the text.
///
/// ```
/// use lt_generate::{Seen, StopStrings};
/// let mut stop = StopStrings::new(vec!["END".into()]);
/// assert_eq!(stop.push("the E"), Seen { text: "the ".into(), stopped_by: None });
/// assert_eq!(stop.push("N"), Seen { text: "".into(), stopped_by: None });
/// assert_eq!(stop.push("GINE. E"), Seen { text: "ENGINE. ".into(), stopped_by: None });
/// assert_eq!(stop.push("ND of it"), Seen { text: "".into(), stopped_by: Some(0) });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StopStrings {
    strings: std::sync::Arc<[String]>,
    held: String,
}

/// What became certain with one more piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// Text that belongs to no stop string.
    pub text: String,
    /// The number of the string that came up, if one did: the text ends in front of it.
    pub stopped_by: Option<usize>,
}

impl StopStrings {
    /// Watches for these strings. An empty one is never found.
    #[must_use]
    pub fn new(strings: Vec<String>) -> Self {
        Self { strings: strings.into(), held: String::new() }
    }

    /// Adds a piece of text. The string that begins first counts; of those that begin at one place,
    /// the one that was named first.
    pub fn push(&mut self, piece: &str) -> Seen {
        self.held.push_str(piece);
        let found = self.strings.iter().enumerate().filter(|(_, string)| !string.is_empty());
        let found = found.filter_map(|(number, string)| Some((self.held.find(string)?, number)));
        if let Some((start, number)) = found.min() {
            let text = self.held[..start].to_owned();
            self.held.clear();
            return Seen { text, stopped_by: Some(number) };
        }
        // The first place from which all that follows is the beginning of a string.
        let begins = |rest: &str| self.strings.iter().any(|string| string.starts_with(rest));
        let held_from =
            self.held.char_indices().map(|(at, _)| at).find(|&at| begins(&self.held[at..]));
        let rest = self.held.split_off(held_from.unwrap_or(self.held.len()));
        Seen { text: std::mem::replace(&mut self.held, rest), stopped_by: None }
    }

    /// The end of the text: what was held back is no stop string.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}
