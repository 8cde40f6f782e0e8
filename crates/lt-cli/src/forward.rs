//! `lt forward`: what a model computes from ids, for comparison with other programs.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use lt_core::ndarray::{Array2, Array3, Axis, s};
use lt_core::{Module, Ragged, Scratch};
use lt_model::{Loaded, Model, ModelOutput};
use serde::Serialize;

use crate::args::{Common, Format};
use crate::columns::printable;
use crate::failure::{Failure, Result, complain};
use crate::ids_file::Ids;
use crate::output::Output;
use crate::progress::Progress;
use crate::tensor_file::TensorFile;

/// Run a model on ids, and write what it computes to a safetensors file
#[derive(Debug, Args)]
#[command(after_long_help = FORMATS)]
pub(crate) struct ForwardArgs {
    /// The ids: a JSON file
    #[arg(long, value_name = "FILE")]
    ids: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write what every layer computes, too
    #[arg(long)]
    all: bool,
}

const FORMATS: &str = "\
Example:
  echo '{\"input_ids\": [[101, 7592, 102], [101, 102]]}' > ids.json
  lt forward --model DIR --ids ids.json --out out.safetensors --all

The ids: {\"input_ids\": [[…], …]}. The lists may differ in length. With them may come
\"token_type_ids\", lists of the same lengths, and, if all are of one length, \"attention_mask\": 1
for a token, 0 for padding. Padding is dropped, before or behind the tokens of a list, and
positions count from the first token. transformers counts them from the first padding: with padding
in front, its results are those of other positions.

The file, all f32, has what transformers' class returns that config.json names first in
`architectures`; without one, the bare model's. b is the number of lists, t the length of the
longest; what is past the end of a shorter one is 0.
  BertModel         last_hidden_state [b, t, d], and pooler_output [b, d] if there is a pooler
  BertForMaskedLM   logits [b, t, vocabulary]
  BertForSequenceClassification  logits [b, labels]
  BertForTokenClassification     logits [b, t, labels]
  BertForQuestionAnswering       start_logits and end_logits [b, t]
and so for the other families.
--all adds, N counting from 0,
  hidden_states.N   [b, t, d]: the output of the embedding, then of each layer
  attentions.N      [b, heads, t, t]: the attention weights of each layer";

/// So many tokens go through the model at a time.
const TOKENS: usize = 2048;

/// So many logits are computed at a time: a row of them is much wider than one of anything else.
const LOGITS: usize = 1 << 24;

pub(crate) fn run(args: &ForwardArgs, common: &Common) -> Result<()> {
    let Loaded { model, report, .. } =
        Model::from_dir(common.model_dir()?, &common.load_options())?;
    for warning in &report.warnings {
        complain(format_args!("warning: {warning}"));
    }
    let ids = Ids::from_file(&args.ids)?;
    check(&model, &ids).map_err(|failure| failure.at(format!("`{}`", args.ids.display())))?;

    let fields = fields(&model, &ids.sequences, args.all)?;
    let mut file = TensorFile::create(&args.out, &fields)?;
    let progress = Progress::new("sequences", Some(ids.sequences.len() as u64));
    let mut scratch = common.scratch()?;
    let most_tokens = most_tokens(&model);
    for chunk in ids.chunks(most_tokens) {
        let computed = compute(&model, &ids, &chunk, args.all, &mut scratch)?;
        write_chunk(&mut file, &computed, &ids.sequences, &chunk)?;
        progress.advance(chunk.len() as u64);
    }
    file.finish()?;
    drop(progress);
    print_summary(args, common.format, fields)
}

/// How many tokens go through the model at a time.
pub(crate) fn most_tokens(model: &Model) -> usize {
    match model {
        Model::MaskedLm(_) => TOKENS.min(LOGITS / words(model).max(1)),
        _ => TOKENS,
    }
}

/// How many words the model knows.
fn words(model: &Model) -> usize {
    model.encoder().embeddings().token().entries()
}

pub(crate) fn unknown_output() -> Failure {
    Failure::new("`lt forward` does not know this model's output yet")
}

/// Refuses what the model would refuse, but by its place in the file, and before anything is
/// written.
pub(crate) fn check(model: &Model, ids: &Ids) -> Result<()> {
    let embeddings = model.encoder().embeddings();
    let refuse = |name: &str, row: usize, number: u32, limit: usize| {
        let (list, place) = place(&ids.sequences, row);
        Failure::new(format!(
            "{name}: {number} in list {list}, place {place}, both counted from 0: expected less \
             than {limit}, which is how many the model has"
        ))
    };
    let limit = embeddings.limit().unwrap_or(usize::MAX);
    if let Some(list) = ids.sequences.ranges().position(|range| range.len() > limit) {
        return Err(Failure::new(format!(
            "input_ids: list {list}, counted from 0, has {} ids, expected at most {limit}, which \
             is how many positions the model has",
            ids.sequences.ranges().nth(list).map_or(0, |range| range.len()),
        )));
    }
    let tables = [
        ("input_ids", Some(ids.ids.as_slice()), embeddings.token().entries()),
        (
            "token_type_ids",
            ids.segments.as_deref(),
            match embeddings.segment() {
                Some(table) => table.entries(),
                None => 0,
            },
        ),
    ];
    for (name, numbers, limit) in tables {
        let numbers = numbers.unwrap_or_default();
        if let Some(row) = numbers.iter().position(|&number| number as usize >= limit) {
            return Err(refuse(name, row, numbers[row], limit));
        }
    }
    Ok(())
}

/// The list that a row is in, and its place there.
fn place(sequences: &Ragged, row: usize) -> (usize, usize) {
    let list = sequences.offsets().partition_point(|&start| start <= row).saturating_sub(1);
    (list, row - sequences.offsets()[list])
}

/// The names and shapes of what will be written.
fn fields(model: &Model, sequences: &Ragged, all: bool) -> Result<Vec<(String, Vec<usize>)>> {
    let (b, t, d) = (sequences.len(), sequences.longest(), model.encoder().width());
    let mut fields = match model {
        Model::Encoder(encoder) => {
            let pooler = encoder.pooler().map(|_| ("pooler_output".into(), vec![b, d]));
            let last = ("last_hidden_state".to_owned(), vec![b, t, d]);
            [last].into_iter().chain(pooler).collect()
        }
        Model::MaskedLm(_) | Model::CausalLm(_) => {
            vec![("logits".into(), vec![b, t, words(model)])]
        }
        Model::TokenClassifier(model) => vec![("logits".into(), vec![b, t, model.labels()])],
        Model::SequenceClassifier(model) => vec![("logits".into(), vec![b, model.head().labels()])],
        Model::QuestionAnswering(_) => {
            vec![("start_logits".into(), vec![b, t]), ("end_logits".into(), vec![b, t])]
        }
        Model::ReplacedTokens(_) => vec![("logits".into(), vec![b, t])],
        _ => return Err(unknown_output()),
    };
    if all {
        let layers = model.encoder().layers().attentions();
        let heads = layers.first().map_or(0, |attention| attention.config().heads);
        let layers = layers.len();
        fields.extend((0..=layers).map(|n| (format!("hidden_states.{n}"), vec![b, t, d])));
        fields.extend((0..layers).map(|n| (format!("attentions.{n}"), vec![b, heads, t, t])));
    }
    Ok(fields)
}

/// What was computed for some sequences.
#[derive(Default)]
struct Computed {
    /// `[tokens, width]`, by name.
    per_token: Vec<(String, Array2<f32>)>,
    /// `[sequences, width]`, by name.
    per_sequence: Vec<(String, Array2<f32>)>,
    /// `[h, t, t]` of each sequence, by name.
    attentions: Vec<(String, Vec<Array3<f32>>)>,
}

fn compute(
    model: &Model,
    ids: &Ids,
    chunk: &Range<usize>,
    all: bool,
    scratch: &mut Scratch,
) -> Result<Computed> {
    let part = ids.part(chunk);
    let input = part.input();

    let mut computed = Computed::default();
    let output = if all {
        let trace = model.encoder().trace(input, scratch)?;
        let last = trace.hidden_states.last().cloned().unwrap_or_default();
        let named = |name: &str, n: usize| format!("{name}.{n}");
        let hidden = trace.hidden_states.into_iter().enumerate();
        computed.per_token = hidden.map(|(n, rows)| (named("hidden_states", n), rows)).collect();
        let layers = trace.attentions.into_iter().enumerate();
        computed.attentions = layers.map(|(n, layer)| (named("attentions", n), layer)).collect();
        let mut output = model.head_output(last.view(), &input, scratch)?;
        if let ModelOutput::Encoded(output) = &mut output {
            output.pooler_output = trace.pooler_output;
        }
        output
    } else {
        model.forward_in(input, scratch)?
    };
    match output {
        ModelOutput::Encoded(output) => {
            computed.per_token.push(("last_hidden_state".into(), output.last_hidden_state));
            let pooled = output.pooler_output.map(|pooled| ("pooler_output".into(), pooled));
            computed.per_sequence.extend(pooled);
        }
        ModelOutput::TokenLogits(logits) => computed.per_token.push(("logits".into(), logits)),
        ModelOutput::SequenceLogits(logits) => {
            computed.per_sequence.push(("logits".into(), logits));
        }
        ModelOutput::TokenScores(scores) => {
            computed.per_token.push(("logits".into(), scores.insert_axis(Axis(1)))); // [tokens, 1]
        }
        ModelOutput::Spans(spans) => {
            for (name, scores) in [("start_logits", spans.start), ("end_logits", spans.end)] {
                // [tokens] → [tokens, 1]
                computed.per_token.push((name.into(), scores.insert_axis(Axis(1))));
            }
        }
        _ => return Err(unknown_output()),
    }
    Ok(computed)
}

/// Puts each sequence where it belongs in the padded tensors.
fn write_chunk(
    file: &mut TensorFile,
    computed: &Computed,
    sequences: &Ragged,
    chunk: &Range<usize>,
) -> Result<()> {
    let t = sequences.longest();
    let offsets = &sequences.offsets()[chunk.start..=chunk.end];
    for (name, rows) in &computed.per_token {
        for (number, ends) in chunk.clone().zip(offsets.windows(2)) {
            let own = rows.slice(s![ends[0] - offsets[0]..ends[1] - offsets[0], ..]);
            file.write(name, number * t * rows.ncols(), &own.iter().copied().collect::<Vec<_>>())?;
        }
    }
    for (name, rows) in &computed.per_sequence {
        for (number, row) in chunk.clone().zip(rows.outer_iter()) {
            file.write(name, number * rows.ncols(), &row.to_vec())?;
        }
    }
    for (name, layer) in &computed.attentions {
        for (number, weights) in chunk.clone().zip(layer) {
            let (heads, queries, keys) = weights.dim();
            let mut padded = Array3::zeros((heads, t, t));
            padded.slice_mut(s![.., ..queries, ..keys]).assign(weights);
            let padded = padded.as_slice().unwrap_or_default();
            file.write(name, number * heads * t * t, padded)?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Summary<'a> {
    out: &'a Path,
    tensors: BTreeMap<String, Vec<usize>>,
}

fn print_summary(
    args: &ForwardArgs,
    format: Format,
    fields: Vec<(String, Vec<usize>)>,
) -> Result<()> {
    let mut output = Output::new(format);
    match format {
        Format::Json => {
            let tensors = fields.into_iter().collect();
            output.json(&Summary { out: &args.out, tensors })?;
        }
        Format::Text => {
            for (name, shape) in &fields {
                writeln!(output, "{name:<18} {shape:?}")?;
            }
            writeln!(output, "written to {}", printable(&args.out.display().to_string()))?;
        }
    }
    output.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_place_in_its_list() {
        let sequences = Ragged::from_lengths([2, 1, 3]);
        let places: Vec<_> = (0..6).map(|row| place(&sequences, row)).collect();
        assert_eq!(places, [(0, 0), (0, 1), (1, 0), (2, 0), (2, 1), (2, 2)]);
    }
}
