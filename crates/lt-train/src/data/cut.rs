//! Formats, and how a file is cut into records.

use std::io;
use std::path::Path;

use super::line::{Line, Lines, Place};

/// How a file becomes records: cut first, so that reading can begin in the middle; then each
/// record is read by itself.
pub trait Format {
    /// What a record holds.
    type Record;

    /// How a file is cut.
    fn cut(&self) -> Cut;

    /// Whether a file begins with a header.
    fn header(&self) -> Header {
        Header::None
    }

    /// Looks at a file's header, before any record.
    ///
    /// # Errors
    /// What is wrong with it, and what was expected.
    fn check_header(&self, header: &str) -> Result<(), String> {
        let _ = header;
        Ok(())
    }

    /// Reads a record; the file's header beside it, if files have one.
    ///
    /// # Errors
    /// What is wrong with it, and what was expected.
    fn record(&self, header: Option<&str>, text: &str) -> Result<Self::Record, String>;
}

/// Where one record ends and the next begins. Lines with nothing but spaces are no records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// A line is a record.
    Line,
    /// The lines up to an empty one are a record.
    Paragraph,
    /// A line is a record, but that an end of line between `"` belongs to it.
    Quoted,
}

/// Whether a file begins with something that is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Header {
    /// The first record is a record.
    None,
    /// The first record says what the others hold.
    FirstRecord,
}

/// A record as it was cut out, or why it could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cutting {
    /// Where its first line begins.
    pub(crate) place: Place,
    pub(crate) text: Result<String, String>,
}

/// Cuts one file.
#[derive(Debug)]
pub(crate) struct Cutter {
    lines: Lines,
    cut: Cut,
    longest: usize,
}

impl Cutter {
    pub(crate) fn open(path: &Path, place: Place, cut: Cut, longest: usize) -> io::Result<Self> {
        Ok(Self { lines: Lines::open(path, place, longest)?, cut, longest })
    }

    /// Where it goes on.
    pub(crate) fn place(&self) -> Place {
        self.lines.place()
    }

    /// The next record.
    pub(crate) fn next(&mut self) -> io::Result<Option<Cutting>> {
        loop {
            let place = self.lines.place();
            let Some(line) = self.lines.next()? else { return Ok(None) };
            if is_blank(&line) {
                continue;
            }
            let mut record = Growing::new(self.longest);
            let mut open = record.add(line);
            while match self.cut {
                Cut::Line => false,
                Cut::Paragraph => true,
                Cut::Quoted => open && !record.is_too_long(),
            } {
                let Some(line) = self.lines.next()? else { break };
                if self.cut == Cut::Paragraph && is_blank(&line) {
                    break;
                }
                open ^= record.add(line);
            }
            return Ok(Some(Cutting { place, text: record.text() }));
        }
    }
}

fn is_blank(line: &Line) -> bool {
    matches!(line, Line::Text(text) if text.iter().all(u8::is_ascii_whitespace))
}

/// A record that may get more lines.
struct Growing {
    text: Option<Vec<u8>>,
    longest: usize,
}

impl Growing {
    fn new(longest: usize) -> Self {
        Self { text: Some(Vec::new()), longest }
    }

    /// Adds a line; says whether its quotes are odd.
    fn add(&mut self, line: Line) -> bool {
        let Line::Text(line) = line else {
            self.text = None;
            return false;
        };
        let odd = line.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
        if let Some(text) = &mut self.text {
            if !text.is_empty() {
                text.push(b'\n');
            }
            text.extend(line);
            if text.len() > self.longest {
                self.text = None;
            }
        }
        odd
    }

    fn is_too_long(&self) -> bool {
        self.text.is_none()
    }

    fn text(self) -> Result<String, String> {
        let text = self.text.ok_or_else(|| {
            format!(
                "a record of more than {} bytes, expected a shorter one: is a line break missing, \
                 or a quote never closed?",
                self.longest
            )
        })?;
        String::from_utf8(text).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("byte {at} of it is not UTF-8, expected text in UTF-8: convert the file")
        })
    }
}
