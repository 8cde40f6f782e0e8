//! Plain text.

use super::{Cut, Format};

/// Plain text: each line is a record, but those with nothing but spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextLines;

impl Format for TextLines {
    type Record = String;

    fn cut(&self) -> Cut {
        Cut::Line
    }

    fn record(&self, _: Option<&str>, text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }
}
