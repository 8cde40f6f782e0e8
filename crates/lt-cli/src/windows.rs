//! Many texts through a task: some at a time, what comes out printed as it comes.

use std::io::Write;

use lt_tasks::TaskError;

use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Progress;
use crate::text_input::TextInput;

/// Answers each text and prints the answer, in their order.
///
/// What came before a text that cannot be answered is printed still; the failure says which text
/// it was.
pub(crate) fn answer_all<T, A>(
    texts: TextInput,
    output: &mut Output,
    parse: impl Fn(String) -> Result<T>,
    mut answer: impl FnMut(&[T]) -> Result<Vec<A>, TaskError>,
    mut print: impl FnMut(&mut Output, &T, &A) -> Result<()>,
) -> Result<()> {
    let progress = Progress::of_texts(&texts);
    let mut done = 0;
    for (lines, mut failure) in (Windows { texts }) {
        let mut items = Vec::with_capacity(lines.len());
        for line in lines {
            match parse(line) {
                Ok(item) => items.push(item),
                Err(wrong) => {
                    failure = Some(at_text(done + items.len(), wrong));
                    break;
                }
            }
        }
        let answers = loop {
            match answer(&items) {
                Err(TaskError::Text { number, source }) if number < items.len() => {
                    failure = Some(at_text(done + number, (*source).into()));
                    items.truncate(number);
                }
                other => break other?,
            }
        };
        progress.aside(|| {
            for (item, answer) in items.iter().zip(&answers) {
                print(output, item, answer)?;
            }
            output.flush().map_err(Failure::from)
        })?;
        progress.advance(items.len() as u64);
        done += items.len();
        if let Some(failure) = failure {
            return Err(failure);
        }
    }
    Ok(())
}

/// Says which text a failure was about, counted from 1.
pub(crate) fn at_text(number: usize, failure: Failure) -> Failure {
    failure.at(format!("text {}", number + 1))
}

/// Says in which of several texts it went wrong, of which `before` were done before.
pub(crate) fn failed_after(before: usize, error: TaskError) -> Failure {
    match error {
        TaskError::Text { number, source } => at_text(before + number, (*source).into()),
        other => other.into(),
    }
}

/// Texts, some at a time: enough for the model to work on at once, never all of a long input, and
/// none that whoever writes them may be waiting for.
struct Windows {
    texts: TextInput,
}

impl Windows {
    const TEXTS: usize = 512;
    const BYTES: usize = 1 << 20;
}

impl Iterator for Windows {
    /// The texts, and why there are no more, if that is an error: what came before it still
    /// counts.
    type Item = (Vec<String>, Option<Failure>);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut texts, mut bytes) = (Vec::new(), 0);
        while texts.is_empty()
            || (texts.len() < Self::TEXTS && bytes < Self::BYTES && self.texts.is_ready())
        {
            match self.texts.next() {
                Some(Ok(text)) => {
                    bytes += text.len();
                    texts.push(text);
                }
                Some(Err(failure)) => return Some((texts, Some(failure))),
                None => break,
            }
        }
        (!texts.is_empty()).then_some((texts, None))
    }
}
