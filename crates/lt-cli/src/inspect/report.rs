//! The findings, for people.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::columns::{padded, printable, printable_lines, width, wrapped};
use crate::failure::Result;
use crate::output::Output;

use super::findings::{Findings, Tensor, Use};

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();

pub(crate) fn print(output: &mut Output, findings: &Findings) -> Result<()> {
    writeln!(output, "{BOLD}{}{BOLD:#}", printable(&findings.directory))?;
    const NAME: usize = 12;
    let room =
        if output.is_terminal() { output.columns().saturating_sub(NAME + 3) } else { usize::MAX };
    for (mut name, value) in facts(findings) {
        for line in wrapped(&printable(&value), room) {
            writeln!(output, "  {DIM}{name:<NAME$}{DIM:#} {line}")?;
            name = "";
        }
    }
    let warnings = findings.model.iter().flat_map(|model| &model.warnings);
    for warning in warnings {
        writeln!(output, "{YELLOW}warning:{YELLOW:#} {}", printable_lines(warning))?;
    }
    for problem in &findings.problems {
        writeln!(output, "{YELLOW}problem:{YELLOW:#} {}", printable_lines(problem))?;
    }
    match &findings.tensors {
        Some(tensors) => print_tensors(output, tensors),
        None => Ok(()),
    }
}

/// The summary: name and value.
fn facts(findings: &Findings) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(config) = &findings.config {
        let saved_as = match config.architectures.as_slice() {
            [] => "no architecture named".to_owned(),
            names => format!("saved as {}", names.join(", ")),
        };
        facts.push(("family", format!("{}, {saved_as}", config.family)));
        facts.push((
            "layers",
            format!(
                "{} of width {}, {} heads of width {}{}, feed-forward {} with {}",
                config.num_hidden_layers,
                config.hidden_size,
                config.num_attention_heads,
                config.head_dim,
                match config.num_key_value_heads {
                    same if same == config.num_attention_heads => String::new(),
                    fewer => format!(", {fewer} of keys and values"),
                },
                config.intermediate_size,
                config.hidden_act,
            ),
        ));
        facts.push((
            "tables",
            format!(
                "{} tokens, {}, {}",
                grouped(config.vocab_size),
                match config.position_table {
                    true => format!("{} positions", grouped(config.max_position_embeddings)),
                    false => "no positions: attention turns by them".to_owned(),
                },
                match config.type_vocab_size {
                    0 => "no segments".to_owned(),
                    segments => format!("{segments} segments"),
                },
            ),
        ));
    }
    if let Some(model) = &findings.model {
        let pooler = if model.pooler { ", with a pooler" } else { "" };
        let tied = match model.tied {
            Some(true) => ", its output matrix is the table of token vectors (tied)",
            Some(false) => ", with an output matrix of its own (not tied)",
            None => "",
        };
        facts.push(("loads as", format!("{}{pooler}{tied}", model.architecture)));
        if let Some(labels) = &model.labels {
            let problem = model.problem_type.map(|name| format!(" ({name})")).unwrap_or_default();
            facts.push(("labels", format!("{}{problem}", some_of(labels))));
        }
        let sharing = match (model.layers_run, model.layers_stored) {
            (run, stored) if run == stored => String::new(),
            (run, 1) => format!("; one layer runs {run} times"),
            (run, stored) => format!("; {stored} layers run {run} times in all"),
        };
        facts.push(("parameters", format!("{}{sharing}", grouped(model.parameters))));
    }
    let stored = &findings.stored;
    let dtypes: Vec<String> = stored
        .bytes_by_dtype
        .iter()
        .map(|(name, bytes)| format!("{name} {}", mb(*bytes)))
        .collect();
    facts.push((
        "stored",
        format!(
            "{} tensors, {} numbers, {} ({})",
            stored.tensors,
            grouped(stored.numbers),
            mb(stored.bytes),
            dtypes.join(", "),
        ),
    ));
    if let Some(sentences) = &findings.sentence_transformers {
        let normalize = if sentences.normalize { "normalised" } else { "not normalised" };
        let most = match sentences.max_seq_length {
            Some(length) => format!("at most {length} tokens"),
            None => "as many tokens as there are positions".to_owned(),
        };
        let prompt = match sentences.prompt.as_str() {
            "" => String::new(),
            prompt => format!(", behind {prompt:?}"),
        };
        let pooling = sentences.pooling.join(" + ");
        facts.push(("sentences", format!("{pooling}, {normalize}, {most}{prompt}")));
    }
    if let Some(tokenizer) = &findings.tokenizer {
        let special = tokenizer.special_tokens.join(" ");
        facts.push(("tokenizer", format!("{} tokens; {special}", grouped(tokenizer.vocab_size))));
    }
    facts
}

/// The first of many labels.
fn some_of(labels: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = labels.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match labels.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn print_tensors(output: &mut Output, tensors: &[Tensor]) -> Result<()> {
    let sides = |tensor: &Tensor| {
        let sides: Vec<String> = tensor.shape.iter().map(ToString::to_string).collect();
        format!("[{}]", sides.join(", "))
    };
    let shapes: Vec<String> = tensors.iter().map(sides).collect();
    let shape_width = shapes.iter().map(String::len).max().unwrap_or(0).max(5);
    let dtype_width = tensors.iter().map(|tensor| tensor.dtype.len()).max().unwrap_or(0).max(4);
    // Besides the name: two spaces before the shape and the type, 12 for bytes, 9 for a note.
    let others = 2 + shape_width + 2 + dtype_width + 12 + 9;
    let longest = tensors.iter().map(|tensor| width(&printable(&tensor.name))).max().unwrap_or(0);
    // Names are told apart by every part of them: where they do not fit, they get a line.
    let own_line = output.is_terminal() && longest + others > output.columns();
    let name_width = if own_line { 0 } else { longest.max(6) };

    let title = padded(if own_line { "" } else { "tensor" }, name_width);
    writeln!(
        output,
        "\n{DIM}{title}  {:<shape_width$}  {:<dtype_width$}{:>12}{DIM:#}",
        "shape", "type", "bytes"
    )?;
    for (tensor, shape) in tensors.iter().zip(&shapes) {
        let mut name = printable(&tensor.name);
        if own_line {
            writeln!(output, "{name}")?;
            name.clear();
        }
        let (dtype, bytes) = (&tensor.dtype, grouped(tensor.bytes));
        let name = padded(&name, name_width);
        write!(output, "{name}  {shape:<shape_width$}  {dtype:<dtype_width$}{bytes:>12}")?;
        let note = match tensor.used {
            Some(Use::Ignored) => "  ignored",
            Some(Use::Copy) => "  copy",
            Some(Use::Loaded) | None => "",
        };
        writeln!(output, "{YELLOW}{note}{YELLOW:#}")?;
    }
    Ok(())
}

fn mb(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// A number with a space between groups of three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three_from_the_end() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1 000");
        assert_eq!(grouped(22_713_216), "22 713 216");
    }
}
