//! A checkpoint in several files (shards, 分片), and the index that says which tensor is where.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use lt_core::Weight;
use serde::Deserialize;

use crate::quoted::{Escaped, Quoted};
use crate::scaled::SUFFIX;
use crate::{ReadError, Reading, SafetensorsFile, StoredDtype, TensorInfo, TensorSource};

/// No index is larger: that of a model with a hundred thousand tensors has ten million bytes.
const MAX_INDEX: u64 = 64 << 20;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The shards of a checkpoint, as one source.
#[derive(Debug)]
pub struct ShardedFiles {
    shards: Vec<SafetensorsFile>,
    tensors: Vec<TensorInfo>,
    /// In which shard each of `tensors` is.
    shard_of: Vec<usize>,
}

impl ShardedFiles {
    /// Opens the shards that an index (`model.safetensors.index.json`) names, which lie beside it.
    ///
    /// # Errors
    /// If the index is none, a shard is missing or unsound, a tensor is not in the shard that the
    /// index says, or is in two. A tensor that the index does not mention is there all the same.
    pub fn open(index: impl AsRef<Path>, reading: Reading) -> Result<Self, ReadError> {
        let path = index.as_ref();
        let refuse = |problem| ReadError::Index { path: path.to_owned(), problem };
        let Index { weight_map } = read_index(path)?;

        let files: BTreeSet<&str> = weight_map.values().map(String::as_str).collect();
        let mut shards = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for file in &files {
            let shard = beside(path, file)
                .ok_or_else(|| refuse(format!("{} is not a file beside it", Quoted(file))))?;
            if !shard.exists() {
                let missing = "which does not exist: was the download completed?";
                return Err(refuse(format!("names {}, {missing}", Quoted(file))));
            }
            shards.push(SafetensorsFile::open(shard, reading)?);
        }
        for (number, shard) in shards.iter().enumerate() {
            for tensor in shard.tensors() {
                if let Some(other) = places.insert(&tensor.name, number) {
                    return Err(refuse(format!(
                        "tensor {} is in {} and in {}",
                        Quoted(&tensor.name),
                        shards[other].path().display(),
                        shard.path().display()
                    )));
                }
            }
        }
        for (name, file) in &weight_map {
            // Scales are no tensor of their own: they are where their matrix is.
            let matrix = name.strip_suffix(SUFFIX).filter(|matrix| {
                let infos = shards.iter().filter_map(|shard| shard.info(matrix));
                infos.into_iter().any(|info| info.dtype == StoredDtype::Scaled)
            });
            let place = places.get(name.as_str()).or_else(|| places.get(matrix?));
            let there = place.map(|&number| shards[number].path());
            if there.is_none_or(|shard| Some(shard) != beside(path, file).as_deref()) {
                let (name, file) = (Quoted(name), Quoted(file));
                return Err(refuse(format!("says tensor {name} is in {file}, but it is not")));
            }
        }

        let shard_of = places.values().copied().collect();
        let tensors = places
            .iter()
            .filter_map(|(name, &number)| shards[number].info(name).cloned())
            .collect();
        Ok(Self { shards, tensors, shard_of })
    }
}

impl TensorSource for ShardedFiles {
    fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    fn weight(&self, name: &str) -> Result<Weight, ReadError> {
        let place = self
            .tensors
            .binary_search_by(|tensor| tensor.name.as_str().cmp(name))
            .map_err(|_| ReadError::no_tensor(name))?;
        self.shards[self.shard_of[place]].weight(name)
    }
}

fn read_index(path: &Path) -> Result<Index, ReadError> {
    let refuse = |problem| ReadError::Index { path: path.to_owned(), problem };
    let metadata = fs::metadata(path).map_err(ReadError::io(path))?;
    if !metadata.is_file() {
        return Err(ReadError::WrongKind { path: path.to_owned(), expected: "file" });
    }
    let mut bytes = Vec::new();
    if metadata.len() <= MAX_INDEX {
        let file = File::open(path).map_err(ReadError::io(path))?;
        // The file may have grown since it was measured.
        file.take(MAX_INDEX + 1).read_to_end(&mut bytes).map_err(ReadError::io(path))?;
    }
    let len = metadata.len().max(bytes.len() as u64);
    if len > MAX_INDEX {
        return Err(refuse(format!("has {len} bytes, expected at most {MAX_INDEX}")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        refuse(format!("is not UTF-8: byte {} begins no character", error.valid_up_to()))
    })?;
    serde_json::from_str(text).map_err(|error| {
        let detail = error.to_string();
        let expected = r#"{"weight_map": {tensor: file, …}}"#;
        refuse(format!("is no index, expected {expected}: {}", Escaped(&detail)))
    })
}

/// The path of a file in the directory of the index; `None` if it would be elsewhere.
fn beside(index: &Path, file: &str) -> Option<PathBuf> {
    let mut parts = Path::new(file).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) => Some(index.with_file_name(name)),
        _ => None,
    }
}
