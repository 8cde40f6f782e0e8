//! One text while it is written.

use crate::stop_strings::{Seen, StopStrings};
use crate::{Event, Finish, Length, Prefix, Settings, TextStream, Written};

/// One text while it is written, with all that decides when it ends.
#[derive(Debug, Clone)]
pub(crate) struct Sequence<'a> {
    pub(crate) number: usize,
    pub(crate) ids: Vec<u32>,
    pub(crate) prompt: usize,
    pub(crate) log_probabilities: Vec<f32>,
    pub(crate) finish: Option<Finish>,
    /// The length at which it ends at the latest, and why.
    end: usize,
    at_end: Finish,
    watch: Option<Watch<'a>>,
    text: String,
}

/// What turns its ids into text, and looks for stop strings.
#[derive(Debug, Clone)]
pub(crate) struct Watch<'a> {
    pub(crate) stream: TextStream<'a>,
    pub(crate) stop: StopStrings,
}

impl<'a> Sequence<'a> {
    /// Nothing but a prompt.
    pub(crate) fn new(
        number: usize,
        prompt: &[u32],
        maximum: Length,
        longest: Option<usize>,
        watch: Option<Watch<'a>>,
    ) -> Self {
        let wanted = maximum.with_prompt(prompt.len());
        let (end, at_end) = match longest {
            Some(longest) if longest < wanted => (longest, Finish::ContextFull),
            _ => (wanted, Finish::MaximumLength),
        };
        // Room for what comes, but not for a length that was meant as "without end".
        let mut ids = Vec::with_capacity(prompt.len().max(end.min(prompt.len() + 65_536)));
        ids.extend(prompt);
        Self {
            number,
            prompt: ids.len(),
            log_probabilities: Vec::new(),
            finish: (ids.len() >= end).then_some(at_end),
            ids,
            end,
            at_end,
            watch,
            text: String::new(),
        }
    }

    /// Makes room for the probabilities of all tokens to come.
    pub(crate) fn reserve_scores(&mut self) {
        self.log_probabilities.reserve(self.ids.capacity() - self.prompt);
    }

    /// How many tokens were written.
    pub(crate) fn step(&self) -> usize {
        self.ids.len() - self.prompt
    }

    /// How many more tokens there is room for.
    pub(crate) fn room(&self) -> usize {
        self.end.saturating_sub(self.ids.len())
    }

    /// How many tokens there is room for behind the prompt.
    pub(crate) fn most(&self) -> usize {
        self.end.saturating_sub(self.prompt)
    }

    pub(crate) fn prefix(&self) -> Prefix<'_> {
        Prefix::new(&self.ids, self.prompt)
    }

    /// Writes a token, and finds out whether it is the last one.
    pub(crate) fn push(&mut self, id: u32, settings: &Settings) -> Event<'_> {
        self.ids.push(id);
        let before = self.text.len();
        if settings.end_tokens.contains(&id) {
            self.finish = Some(Finish::EndToken(id));
        } else {
            let piece = self.watch.as_mut().map(|watch| watch.stream.push(id));
            self.show(piece.as_deref().unwrap_or_default());
            if self.finish.is_none() && self.ids.len() >= self.end {
                self.finish = Some(self.at_end);
            }
        }
        if !matches!(self.finish, None | Some(Finish::StopString(_))) {
            self.release();
        }
        let text = &self.text[before..];
        Event::Token { sequence: self.number, id, text, finish: self.finish }
    }

    /// Adds certain text, as far as no stop string comes up in it.
    fn show(&mut self, piece: &str) {
        if let Some(watch) = &mut self.watch {
            let Seen { text, stopped_by } = watch.stop.push(piece);
            self.text.push_str(&text);
            if let Some(number) = stopped_by {
                self.finish = Some(Finish::StopString(number));
            }
        }
    }

    /// Adds what was held back: nothing comes any more.
    fn release(&mut self) {
        if let Some(watch) = &mut self.watch {
            let piece = watch.stream.finish();
            self.show(&piece);
        }
        if let Some(watch) = &mut self.watch
            && !matches!(self.finish, Some(Finish::StopString(_)))
        {
            self.text.push_str(&watch.stop.finish());
        }
    }

    /// The caller does not want to go on.
    pub(crate) fn cancel(&mut self) {
        if self.finish.is_none() {
            self.finish = Some(Finish::Cancelled);
            self.release();
        }
    }

    pub(crate) fn written(self, score: Option<f32>) -> Written {
        Written {
            sequence: self.number,
            ids: self.ids,
            prompt: self.prompt,
            finish: self.finish.unwrap_or(self.at_end),
            text: self.text,
            log_probabilities: self.log_probabilities,
            score,
        }
    }
}
