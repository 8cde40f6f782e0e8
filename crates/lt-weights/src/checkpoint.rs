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
        // A link to nothing is there, too: opened, it says what is missing.
        if single.symlink_metadata().is_ok() {
            return SafetensorsFile::open(single, reading).map(|file| Self(Files::Single(file)));
        }
        if index.symlink_metadata().is_ok() {
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
    // What a training run leaves beside its weights.
    let other = |name: &&String| {
        ["training_args", "optimizer", "scheduler", "scaler", "rng_state"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    // What transformers writes comes before what others make of it.
    let rank = |name: &&String| {
        ["pytorch_model", "tf_model", "flax_model"]
            .iter()
            .position(|start| name.starts_with(start))
            .unwrap_or(usize::MAX)
    };
    Ok(names.iter().filter(|name| known(name) && !other(name)).min_by_key(rank).cloned())
}

fn how_to_convert(dir: &Path, found: &str) -> String {
    let with_transformers_4 = |flag: &str| {
        format!(
            "convert it in Python with transformers 4 and the class that config.json names in \
             `architectures`:\n    \
             BertModel.from_pretrained({dir:?}, {flag}=True).save_pretrained(\"converted\")"
        )
    };
    match found.rsplit('.').next() {
        Some("onnx" | "gguf") => {
            "it cannot be converted back without loss: take the checkpoint it was made from".into()
        }
        Some("h5") => with_transformers_4("from_tf"),
        Some("msgpack") => with_transformers_4("from_flax"),
        _ => convert_torch(dir, found),
    }
}

/// Names and numbers stay as they are: what they mean is for the loader to say.
fn convert_torch(dir: &Path, found: &str) -> String {
    // Of shards, all of them.
    let pattern = match found.strip_suffix(".bin.index.json") {
        Some(start) => format!("{start}*.bin"),
        None => found.to_owned(),
    };
    let (files, out) = (dir.join(pattern), dir.join(SINGLE));
    format!(
        "convert it in Python:\n    \
         import glob, torch, safetensors.torch\n    \
         tensors = {{}}\n    \
         for file in glob.glob({files:?}):\n        \
         tensors |= torch.load(file, map_location=\"cpu\", weights_only=True)\n    \
         tensors = {{name: t.clone().contiguous() for name, t in tensors.items()}}\n    \
         safetensors.torch.save_file(tensors, {out:?}, {{\"format\": \"pt\"}})"
    )
}
