//! A model with all that it writes with.

use std::io::Write;
use std::ops::ControlFlow;

use lt_core::Threads;
use lt_generate::{Event, Finish, Generator, Settings, Strategy, Written};
use lt_model::CausalLm;
use lt_tasks::TokenText;
use lt_tokenizer::Tokenizer;

use crate::columns::printable_lines;
use crate::failure::{Failure, Result, complain};
use crate::output::Output;

/// So many tokens the draft model proposes at a time.
const LOOKAHEAD: usize = 4;

/// So many prompts are continued at a time: what is kept of each takes memory.
const TOGETHER: usize = 32;

/// A model with all that it writes with.
pub(crate) struct Writer<'a> {
    pub(crate) model: &'a CausalLm,
    pub(crate) draft: Option<&'a CausalLm>,
    /// Without one, ids are shown.
    pub(crate) tokenizer: Option<&'a Tokenizer>,
    pub(crate) settings: Settings,
    pub(crate) threads: &'a Threads,
}

impl Writer<'_> {
    /// Refuses prompts that cannot be continued, before any is.
    pub(crate) fn check(&self, prompts: &[&[u32]]) -> Result<()> {
        let (model, text) = (self.model.writer(self.threads), self.tokenizer.map(TokenText));
        Ok(self.generator(&model, text.as_ref(), 0)?.check(prompts)?)
    }

    /// What writes, for prompts of which the first has this number among all.
    fn generator<'g>(
        &self,
        model: &'g lt_model::Writer<'g>,
        text: Option<&'g TokenText<'g>>,
        first: usize,
    ) -> Result<Generator<'g, lt_model::Writer<'g>>> {
        let mut settings = self.settings.clone();
        settings.seed = settings.seed.wrapping_add(first as u64);
        let generator = Generator::new(model, settings)?;
        Ok(match text {
            Some(text) => generator.with_text(text),
            None => generator,
        })
    }

    /// What comes behind each prompt.
    pub(crate) fn write(&self, prompts: &[&[u32]]) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for (number, some) in prompts.chunks(TOGETHER).enumerate() {
            let go_on = |_: Event<'_>| ControlFlow::Continue(());
            written.extend(self.write_with(some, number * TOGETHER, go_on)?);
        }
        Ok(written)
    }

    /// What comes behind some prompts, of which the first has this number among all.
    fn write_with(
        &self,
        prompts: &[&[u32]],
        first: usize,
        observer: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<Written>> {
        let (model, text) = (self.model.writer(self.threads), self.tokenizer.map(TokenText));
        let generator = self.generator(&model, text.as_ref(), first)?;
        let written = match self.draft {
            None => generator.generate_with(prompts, observer)?,
            Some(draft) => {
                let draft = draft.writer(self.threads);
                generator.with_draft(&draft, LOOKAHEAD)?.generate_with(prompts, observer)?
            }
        };
        let full = written.iter().filter(|one| one.finish == Finish::ContextFull);
        if let Some(one) = full.min_by_key(|one| one.sequence) {
            complain(format_args!(
                "warning: text {} ends after {} tokens: the model holds no more",
                first + one.sequence + 1,
                one.ids.len(),
            ));
        }
        Ok(written)
    }

    /// Prints what comes behind a prompt while it is written. Of beams it is known at the end.
    pub(crate) fn stream(
        &self,
        prompt: &[u32],
        number: usize,
        output: &mut Output,
    ) -> Result<Vec<Written>> {
        let mut failed: Option<Failure> = None;
        let mut begun = false;
        let written = self.write_with(&[prompt], number, |event| {
            let Event::Token { id, text, .. } = event else { return ControlFlow::Continue(()) };
            let piece = match self.tokenizer {
                Some(_) => printable_lines(text),
                None if begun => format!(" {id}"),
                None => id.to_string(),
            };
            begun = true;
            if piece.is_empty() {
                return ControlFlow::Continue(());
            }
            match output.write_all(piece.as_bytes()).and_then(|()| output.flush()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error.into());
                    ControlFlow::Break(())
                }
            }
        })?;
        if let Some(failure) = failed {
            return Err(failure);
        }
        if matches!(self.settings.strategy, Strategy::Beam(_)) && !begun {
            for one in &written {
                writeln!(output, "{}", self.shown(one))?;
            }
        } else {
            writeln!(output)?;
        }
        output.flush()?;
        Ok(written)
    }

    fn shown(&self, written: &Written) -> String {
        if self.tokenizer.is_some() {
            return printable_lines(&written.text);
        }
        let ids: Vec<String> = written.new_ids().iter().map(ToString::to_string).collect();
        ids.join(" ")
    }
}
