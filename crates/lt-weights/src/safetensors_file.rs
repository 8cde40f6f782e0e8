//! One safetensors file.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use lt_core::Weight;
#[cfg(feature = "mmap")]
use safetensors::Dtype as FileDtype;

use crate::header::{self, Placed};
#[cfg(feature = "mmap")]
use crate::mapped::{MappedFile, MappedNumbers};
use crate::numbers::copied;
use crate::{ReadError, TensorInfo, TensorSource};

/// How the numbers come from the file to memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Reading {
    /// The file is mapped: pages are read when they are first looked at, and processes that use
    /// the same file share them. A program that shortens the file meanwhile ends ours, and one
    /// that overwrites it changes the weights: use [`Copy`](Self::Copy) where that may happen.
    #[cfg(feature = "mmap")]
    #[default]
    Map,
    /// Each tensor is read when it is asked for, into memory of its own.
    #[cfg_attr(not(feature = "mmap"), default)]
    Copy,
}

/// A safetensors file, its header read and checked.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("model.safetensors");
/// # let header = br#"{"gain":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  "#;
/// # let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
/// # bytes.extend(header);
/// # bytes.extend([1.0_f32, 2.0].iter().flat_map(|x| x.to_le_bytes()));
/// # std::fs::write(&path, bytes)?;
/// use lt_weights::{Reading, SafetensorsFile, TensorSource};
///
/// let file = SafetensorsFile::open(&path, Reading::default())?;
/// assert_eq!(file.tensors()[0].name, "gain");
/// let gain = file.weight("gain")?;
/// drop(file);
/// assert_eq!(gain.f32(), [1.0, 2.0]); // a weight outlives its source
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SafetensorsFile {
    path: PathBuf,
    tensors: Vec<TensorInfo>,
    /// Where each of `tensors` lies.
    places: Vec<Placed>,
    data: Data,
}

#[derive(Debug)]
enum Data {
    #[cfg(feature = "mmap")]
    Mapped(std::sync::Arc<MappedFile>),
    OnDisk(Mutex<File>),
}

impl SafetensorsFile {
    /// Opens a file and checks its header; no tensor is read yet.
    ///
    /// # Errors
    /// If there is no such file, or it is not what its header says in every respect.
    pub fn open(path: impl AsRef<Path>, reading: Reading) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let io = ReadError::io(path);
        let metadata = fs::metadata(path).map_err(&io)?;
        if !metadata.is_file() {
            return Err(ReadError::WrongKind { path: path.to_owned(), expected: "file" });
        }
        let file = File::open(path).map_err(&io)?;
        let places = header::read(&file, metadata.len()).map_err(|failure| failure.at(path))?;

        let data = match reading {
            #[cfg(feature = "mmap")]
            Reading::Map => {
                let map = MappedFile::new(&file, metadata.len() as usize).map_err(&io)?;
                Data::Mapped(std::sync::Arc::new(map))
            }
            Reading::Copy => Data::OnDisk(Mutex::new(file)),
        };
        let tensors = places.iter().map(Placed::info).collect();
        Ok(Self { path: path.to_owned(), tensors, places, data })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl TensorSource for SafetensorsFile {
    fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    fn weight(&self, name: &str) -> Result<Weight, ReadError> {
        let tensor = Placed::find(&self.places, name)?;
        match &self.data {
            #[cfg(feature = "mmap")]
            Data::Mapped(file) => match shared(file, tensor)? {
                Some(weight) => Ok(weight),
                None => copied(tensor, &self.path, |range| Ok(&file.bytes()[range])),
            },
            Data::OnDisk(file) => {
                let file = file.lock().unwrap_or_else(PoisonError::into_inner);
                copied(tensor, &self.path, |range| {
                    let mut file: &File = &file;
                    file.seek(SeekFrom::Start(range.start as u64))?;
                    Ok(file.take(range.len() as u64))
                })
            }
        }
    }
}

/// The numbers where they lie; `None` if they cannot be used there.
#[cfg(feature = "mmap")]
fn shared(file: &std::sync::Arc<MappedFile>, tensor: &Placed) -> Result<Option<Weight>, ReadError> {
    use std::sync::Arc;
    let (shape, range) = (&tensor.shape, tensor.range.clone());
    let weight = match tensor.dtype {
        FileDtype::F32 => MappedNumbers::<f32>::new(file, range)
            .map(|numbers| Weight::shared_f32(shape, Arc::new(numbers))),
        FileDtype::F16 => MappedNumbers::<u16>::new(file, range)
            .map(|numbers| Weight::shared_f16(shape, Arc::new(numbers))),
        FileDtype::BF16 => MappedNumbers::<u16>::new(file, range)
            .map(|numbers| Weight::shared_bf16(shape, Arc::new(numbers))),
        FileDtype::I8 if tensor.scales.is_some() => return Ok(None),
        _ => return Err(tensor.unusable()),
    };
    Ok(weight.transpose()?)
}
