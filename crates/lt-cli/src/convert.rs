//! `lt convert`: a smaller file, or a wider one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anstyle::Style;
use clap::{Args, ValueEnum};
use lt_config::SentenceTransformers;
use lt_weights::{Checkpoint, StoreAs, TensorSource, convert};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::{Common, Format};
use crate::failure::{Failure, Result};
use crate::output::Output;

/// Store a model's numbers in another type: in half or a quarter of the bytes
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConvertArgs {
    /// The new directory
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// The type
    #[arg(long, value_enum, value_name = "TYPE")]
    to: TypeName,
}

const EXAMPLES: &str = "\
Examples:
  lt convert --model DIR --to f16 SMALLER
  lt convert --model DIR --to i8 SMALLEST
  lt convert --model SMALLEST --to f32 FOR-TRANSFORMERS

i8 stores each row of a matrix as whole numbers from -127 to 127 and a scale. It is a way to store:
what is computed is computed as before, with numbers that are up to half a scale off. transformers
reads f32, f16 and bf16.

Configuration and tokenizer are copied. JSON: {\"tensors\": n, \"bytes\": n, \"left_out\": [\"…\"]};
what is left out are tensors of types that no model here reads.";

/// The types, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TypeName {
    F32,
    F16,
    Bf16,
    I8,
}

impl From<TypeName> for StoreAs {
    fn from(name: TypeName) -> Self {
        match name {
            TypeName::F32 => Self::F32,
            TypeName::F16 => Self::F16,
            TypeName::Bf16 => Self::Bf16,
            TypeName::I8 => Self::I8,
        }
    }
}

#[derive(Serialize)]
struct Done {
    tensors: usize,
    bytes: usize,
    left_out: Vec<String>,
}

pub(crate) fn run(args: &ConvertArgs, common: &Common) -> Result<()> {
    let dir = common.model_dir()?;
    let settings = SentenceTransformers::from_dir(&dir)?;
    let model = settings.map_or_else(|| dir.clone(), |settings| settings.transformer_dir);
    let source = Checkpoint::open(&model, common.load_options().reading)?;
    // A directory of sentence-transformers may have the model in one of its own.
    let out = args.out.join(model.strip_prefix(&dir).unwrap_or(Path::new("")));
    if fs::read_dir(&args.out).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("there is something in `{}`", args.out.display());
        return Err(Failure::new(message).hint("give the name of a new directory"));
    }
    let to = StoreAs::from(args.to);
    fs::create_dir_all(&out).map_err(|error| unwritable(&out, error))?;
    // Whatever cannot be converted leaves nothing behind that looks like a model.
    let done = convert(&source, to, out.join("model.safetensors"))?;
    copy_texts(&dir, &args.out, 1)?;
    name_type(&out.join("config.json"), to)?;
    let before: usize = source.tensors().iter().map(|tensor| tensor.bytes).sum();
    let left_out = done.left_out.into_iter().map(|tensor| tensor.name).collect();
    let done = Done { tensors: done.tensors, bytes: done.bytes, left_out };
    let mut output = Output::new(common.format);
    match common.format {
        Format::Json => output.json(&done)?,
        Format::Text => {
            let bold = Style::new().bold();
            writeln!(output, "{bold}{}{bold:#}", args.out.display())?;
            let megabytes = |bytes: usize| bytes as f64 / 1e6;
            let (then, now) = (megabytes(before), megabytes(done.bytes));
            writeln!(output, "{} tensors, {then:.1} MB before, {now:.1} MB now", done.tensors)?;
            if !done.left_out.is_empty() {
                writeln!(output, "left out: {}", done.left_out.join(", "))?;
            }
        }
    }
    output.finish()
}

/// Copies what is beside the weights: what such files end with, there and in directories that are
/// so many levels below.
fn copy_texts(from: &Path, to: &Path, levels: usize) -> Result<()> {
    let unreadable = |error| Failure::new(format!("cannot read `{}`: {error}", from.display()));
    for entry in fs::read_dir(from).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name() else { continue };
        let hidden = name.to_string_lossy().starts_with('.');
        if path.is_dir() && levels > 0 && !hidden && path != to {
            copy_texts(&path, &to.join(name), levels - 1)?;
        }
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let is_text = ["json", "txt", "model", "jinja", "md"].contains(&ending.as_str());
        // An index of shards would name files that are not there.
        let is_index = name.to_string_lossy().ends_with(".index.json");
        if path.is_file() && is_text && !is_index && !hidden {
            fs::create_dir_all(to).map_err(|error| unwritable(to, error))?;
            let copy = to.join(name);
            fs::copy(&path, &copy).map_err(|error| unwritable(&copy, error))?;
        }
    }
    Ok(())
}

fn unwritable(path: &Path, error: std::io::Error) -> Failure {
    Failure::from(error).at(format!("cannot write `{}`", path.display()))
}

/// Where `config.json` names a type, it becomes this one; `float32` for 8 bits, which stand for it.
fn name_type(path: &Path, to: StoreAs) -> Result<()> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(()) };
    let Ok(mut config) = serde_json::from_str::<Map<String, Value>>(&text) else { return Ok(()) };
    let name = match to {
        StoreAs::F16 => "float16",
        StoreAs::Bf16 => "bfloat16",
        _ => "float32",
    };
    let keys = ["dtype", "torch_dtype"].into_iter().filter(|key| config.contains_key(*key));
    let keys: Vec<&str> = keys.collect();
    if keys.is_empty() {
        return Ok(());
    }
    for key in keys {
        config.insert(key.to_owned(), name.into());
    }
    let text = format!("{:#}\n", Value::Object(config));
    fs::write(path, text).map_err(|error| unwritable(path, error))
}
