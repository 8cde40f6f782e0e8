//! Texts to work on: the arguments, or the lines of the standard input.

use std::io::{self, BufRead, BufReader, IsTerminal, Read, StdinLock};

use crate::failure::{Failure, Result, complain};

/// The longest line that is read, in bytes: more is a file of another kind.
const LONGEST_LINE: u64 = 16 << 20;

/// So much of the standard input is read at a time: more than Rust's own buffer holds, which is
/// then passed by.
const BUFFER: usize = 1 << 16;

/// The texts, one after the other. Standard input is read as it is needed.
pub(crate) enum TextInput {
    Arguments(std::vec::IntoIter<String>),
    Lines(Lines<StdinLock<'static>>),
}

impl TextInput {
    /// The texts given as arguments; if there are none, the lines of the standard input.
    pub(crate) fn new(arguments: &[String]) -> Self {
        if !arguments.is_empty() {
            let arguments = arguments.to_vec();
            return Self::Arguments(arguments.into_iter());
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            complain("Reading one text a line; Ctrl-D ends.");
        }
        Self::Lines(Lines::new(stdin.lock(), "the standard input"))
    }

    /// Whether a person types the texts.
    pub(crate) fn is_typed(&self) -> bool {
        matches!(self, Self::Lines(_)) && io::stdin().is_terminal()
    }

    /// Whether the next text is at hand. If not, whoever writes them may wait for an answer.
    pub(crate) fn is_ready(&self) -> bool {
        match self {
            Self::Arguments(texts) => texts.len() > 0,
            Self::Lines(lines) => lines.is_ready(),
        }
    }

    /// How many texts there are, if that is known.
    pub(crate) fn known_len(&self) -> Option<u64> {
        match self {
            Self::Arguments(texts) => Some(texts.len() as u64),
            Self::Lines(_) => None,
        }
    }
}

impl Iterator for TextInput {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        match self {
            Self::Arguments(texts) => texts.next().map(Ok),
            Self::Lines(lines) => lines.next(),
        }
    }
}

/// Lines without their ends, `\n` or `\r\n`; the last one may have none.
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    /// What it is called in messages.
    name: String,
    number: u64,
}

impl<R: Read> Lines<R> {
    /// The lines of what messages call `name`.
    pub(crate) fn new(reader: R, name: impl Into<String>) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER, reader), name: name.into(), number: 0 }
    }

    fn is_ready(&self) -> bool {
        self.reader.buffer().contains(&b'\n')
    }

    fn read(&mut self) -> Result<Option<String>> {
        self.number += 1;
        let (name, number) = (&self.name, self.number);
        let mut line = Vec::new();
        let mut reader = (&mut self.reader).take(LONGEST_LINE + 1);
        let read = reader.read_until(b'\n', &mut line).map_err(|error| {
            Failure::new(format!("cannot read line {number} of {name}: {error}"))
        })?;
        if read == 0 {
            return Ok(None);
        }
        if read as u64 > LONGEST_LINE {
            let limit = LONGEST_LINE >> 20;
            let message = format!("line {number} of {name} is longer than {limit} MB");
            return Err(Failure::new(message).hint("one text a line is expected"));
        }
        if number == 1 && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        String::from_utf8(line).map(Some).map_err(|error| {
            let at = error.utf8_error().valid_up_to() + 1;
            Failure::new(format!("line {number} of {name} is not UTF-8 at byte {at}"))
                .hint("convert the text first, for example: iconv -f GB18030 -t UTF-8 FILE")
        })
    }
}

/// Some programs write it in front of UTF-8. It is no part of the text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl<R: Read> Iterator for Lines<R> {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<String> {
        Lines::new(input, "the standard input")
            .map(|line| line.unwrap_or_else(|error| format!("{error:?}")))
            .collect()
    }

    #[test]
    fn lines_lose_their_ends_and_nothing_else() {
        assert_eq!(lines(b"one\r\n\n two \r\r\nlast"), ["one", "", " two \r", "last"]);
        assert_eq!(lines(b""), [""; 0]);
        assert_eq!(lines(b"\n"), [""]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_text() {
        assert_eq!(lines("\u{feff}a\r\n\u{feff}b".as_bytes()), ["a", "\u{feff}b"]);
        assert_eq!(lines("\u{feff}".as_bytes()), [""]);
    }

    #[test]
    fn a_line_is_ready_when_its_end_has_been_read() {
        let mut lines = Lines::new(b"one\ntwo\nrest".as_slice(), "a test");
        assert!(!lines.is_ready(), "nothing has been read");
        lines.next();
        assert!(lines.is_ready());
        lines.next();
        assert!(!lines.is_ready(), "the end of the last one may be still to come");
    }

    #[test]
    fn a_line_that_is_not_utf8_is_named() {
        let found = lines(b"fine\nnot \xff\nfine");
        assert!(found[1].contains("line 2") && found[1].contains("byte 5"), "{}", found[1]);
        assert_eq!((found[0].as_str(), found[2].as_str()), ("fine", "fine"));
    }
}
