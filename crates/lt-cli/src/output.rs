//! Where results go: the standard output, for people or for programs.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

use crate::args::Format;
use crate::failure::{ClosedOutput, Result};

/// The standard output, buffered.
///
/// Text may hold ANSI styles: they are taken out when the output is no terminal, or `NO_COLOR` is
/// set. When the reader goes away, writing fails with an error that
/// [`Failure`](crate::failure::Failure) passes over in silence.
pub(crate) struct Output {
    inner: Box<dyn Write>,
    terminal: bool,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let inner: Box<dyn Write> = match format {
            Format::Text => Box::new(BufWriter::new(anstream::stdout().lock())),
            // To the byte as it is: nothing in JSON is a style.
            Format::Json => Box::new(BufWriter::new(stdout.lock())),
        };
        Self { inner, terminal }
    }

    /// Whether a person looks at it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// How many columns there are to write in: those of the terminal; a file has 80, whatever
    /// terminal the command was given in.
    pub(crate) fn columns(&self) -> usize {
        let size = if self.terminal { terminal_size::terminal_size() } else { None };
        size.map_or(80, |(width, _)| usize::from(width.0))
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<()> {
        // An error of the writer comes back as it was.
        serde_json::to_writer(&mut *self, value).map_err(io::Error::from)?;
        self.write_all(b"\n")?;
        Ok(())
    }

    /// Writes out what is buffered, unless there will be more at once.
    pub(crate) fn flush_unless(&mut self, more: bool) -> Result<()> {
        if !more {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes out what is buffered: to be called at the end, or errors get lost.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush()?;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes).map_err(mark_closed)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().map_err(mark_closed)
    }
}

fn mark_closed(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::new(io::ErrorKind::BrokenPipe, ClosedOutput),
        _ => error,
    }
}
