//! The weights of a model's directory, whatever files they are in.

use std::fs;
use std::path::Path;

use lt_core::Weight;

use crate::{ReadError, Reading, SafetensorsFile, ShardedFiles, TensorInfo, TensorSource};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// The weights in a Hugging Face directory: `model.safetensors`, or shards and their index.
///
/// ```no_run
/// use lt_weights::{Checkpoint, Reading, TensorSource};
/// let checkpoint = Checkpoint::open("all-MiniLM-L6-v2", Reading::default())?;
/// for tensor in checkpoint.tensors() {
///     println!("{} {} {:?} {} bytes", tensor.name, tensor.dtype, tensor.shape, tensor.bytes);
/// }
/// # Ok::<(), lt_weights::ReadError>(())
/// ```
#[derive(Debug)]
pub struct Checkpoint(Files);

#[derive(Debug)]
enum Files {
    Single(SafetensorsFile),
    Sharded(ShardedFiles),
}

impl Checkpoint {
    /// Opens the weights of a directory and checks what is where; no tensor is read yet.
    ///
    /// # Errors
    /// If the directory holds no weights, weights of another format (the message says how to
    /// convert them), or a file is not what it says.
    pub fn open(dir: impl AsRef<Path>, reading: Reading) -> Result<Self, ReadError> {
        let dir = dir.as_ref();
        if !fs::metadata(dir).map_err(ReadError::io(dir))?.is_dir() {
            return Err(ReadError::WrongKind { path: dir.to_owned(), expected: "directory" });
        }
        let (single, index) = (dir.join(SINGLE), dir.join(INDEX));
        if single.exists() {
            return SafetensorsFile::open(single, reading).map(|file| Self(Files::Single(file)));
        }
        if index.exists() {
            return ShardedFiles::open(index, reading).map(|files| Self(Files::Sharded(files)));
        }
        Err(match other_format(dir)? {
            Some(found) => ReadError::OtherFormat {
                dir: dir.to_owned(),
                convert: how_to_convert(dir, &found),
                found,
            },
            None => ReadError::NoCheckpoint {
                dir: dir.to_owned(),
                looked_for: format!("`{SINGLE}` and `{INDEX}`"),
            },
        })
    }

    fn source(&self) -> &dyn TensorSource {
        match &self.0 {
            Files::Single(file) => file,
            Files::Sharded(files) => files,
        }
    }
}

impl TensorSource for Checkpoint {
    fn tensors(&self) -> &[TensorInfo] {
        self.source().tensors()
    }

    fn weight(&self, name: &str) -> Result<Weight, ReadError> {
        self.source().weight(name)
    }
}

/// The first file of the directory that other programs would take for weights.
fn other_format(dir: &Path) -> Result<Option<String>, ReadError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(ReadError::io(dir))? {
        let entry = entry.map_err(ReadError::io(dir))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let known = |name: &&String| {
        [".bin", ".bin.index.json", ".h5", ".msgpack", ".onnx", ".gguf", ".pt", ".pth"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    // What transformers writes comes before what others make of it.
    let rank = |name: &&String| {
        ["pytorch_model", "tf_model", "flax_model"]
            .iter()
            .position(|start| name.starts_with(start))
            .unwrap_or(usize::MAX)
    };
    Ok(names.iter().filter(known).min_by_key(rank).cloned())
}

fn how_to_convert(dir: &Path, found: &str) -> String {
    let with = match found.rsplit('.').next() {
        Some("onnx") => {
            return "ONNX files cannot be converted back: take the checkpoint it was made from"
                .to_owned();
        }
        Some("gguf") => format!(", gguf_file={found:?}"),
        Some("h5") => ", from_tf=True".to_owned(),
        Some("msgpack") => ", from_flax=True".to_owned(),
        _ => String::new(),
    };
    let dir = dir.display().to_string();
    format!(
        "convert it in Python (AutoModelForMaskedLM keeps a masked-language-model head):\n    \
         from transformers import AutoModel\n    \
         AutoModel.from_pretrained({dir:?}{with}).save_pretrained({dir:?}, safe_serialization=True)"
    )
}
