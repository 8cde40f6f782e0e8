//! A progress bar for work that takes longer than a second.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::text_input::TextInput;

const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on the standard error stream, if that is a terminal; it appears after a second, and goes
/// away when dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    waiting: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Work on so many `unit`s ("lines"); `None` if nobody knows how many.
    pub(crate) fn new(unit: &str, length: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
        let template = match length {
            Some(_) => format!("{{bar:30}} {{human_pos}}/{{human_len}} {unit}, {{eta}} left"),
            None => format!("{{spinner}} {{human_pos}} {unit}, {{elapsed}}"),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        let (finished, receiver) = mpsc::channel();
        let late = bar.clone();
        let waiting = thread::Builder::new().spawn(move || {
            if receiver.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // Draws nothing if the stream is no terminal.
                late.set_draw_target(ProgressDrawTarget::stderr());
                late.enable_steady_tick(Duration::from_millis(200));
            }
        });
        Self { bar, waiting: waiting.ok().map(|thread| (finished, thread)) }
    }

    /// Work on texts. None is shown to a person who types them: it would wipe out the line.
    pub(crate) fn of_texts(texts: &TextInput) -> Self {
        if texts.is_typed() {
            return Self { bar: ProgressBar::hidden(), waiting: None };
        }
        Self::new("texts", texts.known_len())
    }

    /// So many more are done.
    pub(crate) fn advance(&self, count: u64) {
        self.bar.inc(count);
    }

    /// The bar itself, for another thread to move.
    #[cfg(feature = "hub")]
    pub(crate) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Prints while the bar is out of the way.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((finished, thread)) = self.waiting.take() {
            drop(finished);
            // It only sleeps and draws; if it panicked, there is no bar to clear.
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}
