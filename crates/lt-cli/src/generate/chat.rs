//! A conversation.

use lt_tasks::TextGenerator;
use lt_tokenizer::{Chat, Message, Moment};

use super::{Sequences, no_template};
use crate::args::Format;
use crate::failure::Result;
use crate::output::Output;
use crate::text_input::TextInput;

use super::writer::Writer;

/// What a user says first.
pub(crate) fn first_turn(
    generator: &TextGenerator,
    system: Option<&str>,
    text: &str,
) -> Result<Vec<u32>> {
    let system = system.map(|system| Message::new("system", system));
    let messages: Vec<Message> = system.into_iter().chain([Message::new("user", text)]).collect();
    prompt(generator, &messages)
}

/// Answers one line after the other, and remembers them.
pub(crate) fn converse(
    generator: &TextGenerator,
    writer: &Writer<'_>,
    system: Option<&str>,
    output: &mut Output,
    format: Format,
) -> Result<()> {
    let mut messages: Vec<Message> =
        system.map(|system| Message::new("system", system)).into_iter().collect();
    for (number, line) in TextInput::new(&[]).enumerate() {
        messages.push(Message::new("user", &line?));
        let ids = prompt(generator, &messages)?;
        writer.check(&[&ids])?;
        let written = match format {
            Format::Text => writer.stream(&ids, number, output)?,
            Format::Json => writer.write(&[&ids])?,
        };
        // Of several beams the best is first.
        let Some(answer) = written.into_iter().next() else { continue };
        messages.push(Message::new("assistant", &answer.text));
        if format == Format::Json {
            output.json(&Sequences { sequences: vec![answer.ids] })?;
            output.flush_unless(false)?;
        }
    }
    Ok(())
}

fn prompt(generator: &TextGenerator, messages: &[Message]) -> Result<Vec<u32>> {
    let now = Some(Moment::now());
    let chat = Chat { add_generation_prompt: true, now, ..Chat::new(messages) };
    generator.tokenize_chat(&chat).map_err(no_template)
}
