//! Lines of a file, none of which takes more memory than it may.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A place in a list of files, from which reading can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which file, from 0.
    pub file: usize,
    /// How many bytes of it stand before.
    pub byte: u64,
    /// How many of its lines stand before.
    pub line: u64,
}

/// A line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Text(Vec<u8>),
    /// Longer than it may be; it was passed over.
    TooLong,
}

/// Reads the lines of one file from a place on.
#[derive(Debug)]
pub(crate) struct Lines {
    reader: BufReader<File>,
    place: Place,
    longest: usize,
}

impl Lines {
    pub(crate) fn open(path: &Path, place: Place, longest: usize) -> io::Result<Self> {
        let mut file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("expected a file, got a directory or a device"));
        }
        file.seek(SeekFrom::Start(place.byte))?;
        Ok(Self { reader: BufReader::with_capacity(1 << 16, file), place, longest })
    }

    /// Where the next line begins.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The next line: without `\n` or `\r\n`, and at the beginning of a file without the byte order
    /// mark.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        let begins = self.place.byte == 0;
        let (mut text, mut too_long, mut ended, mut bytes) = (Vec::new(), false, false, 0);
        while !ended {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let newline = buffer.iter().position(|byte| *byte == b'\n');
            let part = &buffer[..newline.unwrap_or(buffer.len())];
            // The `\r` before the end does not count.
            too_long |= text.len() + part.len() > self.longest + 1;
            if !too_long {
                text.extend_from_slice(part);
            }
            let used = part.len() + usize::from(newline.is_some());
            self.reader.consume(used);
            bytes += used as u64;
            ended = newline.is_some();
        }
        if bytes == 0 {
            return Ok(None);
        }
        self.place.byte += bytes;
        self.place.line += 1;
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        if begins && text.starts_with(b"\xef\xbb\xbf") {
            text.drain(..3);
        }
        let fits = !too_long && text.len() <= self.longest;
        Ok(Some(if fits { Line::Text(text) } else { Line::TooLong }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], longest: usize) -> Vec<(u64, Line)> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut lines = Lines::open(file.path(), Place::default(), longest).unwrap();
        let mut all = Vec::new();
        loop {
            let at = lines.place().byte;
            let Some(line) = lines.next().unwrap() else { return all };
            all.push((at, line));
        }
    }

    fn text(text: &str) -> Line {
        Line::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn ends_of_lines_and_the_mark_of_the_byte_order_are_no_text() {
        let all = lines(b"\xef\xbb\xbfa\r\n\n\xef\xbb\xbfb\r\rc", 9);
        assert_eq!(
            all,
            [(0, text("a")), (6, text("")), (7, text("\u{feff}b\r\rc"))],
            "a mark elsewhere is text"
        );
        assert_eq!(lines(b"", 9), []);
        assert_eq!(lines(b"a\n", 9), [(0, text("a"))]);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut bytes = vec![b'x'; 300_000];
        bytes.extend(b"\nabc\r\nabcd\n");
        let all = lines(&bytes, 3);
        assert_eq!(all, [(0, Line::TooLong), (300_001, text("abc")), (300_006, Line::TooLong)]);
    }
}
