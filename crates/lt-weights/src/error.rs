//! What can be wrong with a checkpoint's files, and how it is said.

use std::path::{Path, PathBuf};

use crate::quoted::Quoted;

/// Why a checkpoint, or a tensor in it, could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A directory without weights.
    #[error("`{}` holds no weights: looked for {looked_for}", dir.display())]
    NoCheckpoint {
        /// The directory.
        dir: PathBuf,
        /// The files that would do.
        looked_for: String,
    },
    /// A directory with weights in a format that is not read.
    #[error("`{}` holds `{found}`, expected `model.safetensors`; {convert}", dir.display())]
    OtherFormat {
        /// The directory.
        dir: PathBuf,
        /// The file in it.
        found: String,
        /// How to convert it.
        convert: String,
    },
    /// Something else where a file or a directory was expected.
    #[error("`{}` is not a {expected}", path.display())]
    WrongKind {
        /// What is there.
        path: PathBuf,
        /// "file" or "directory".
        expected: &'static str,
    },
    /// A link to a file that is not there.
    #[error(
        "`{}` is a link to `{}`, which does not exist: was a cache copied without its `blobs`?",
        path.display(),
        target.display()
    )]
    DeadLink {
        /// The link.
        path: PathBuf,
        /// What it points to.
        target: PathBuf,
    },
    /// The system would not let us read.
    #[error("cannot read `{}`: {}", path.display(), source.kind())]
    Io {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is no sound safetensors file.
    #[error("`{}`: {problem}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; boxed, for an error travels with every result.
        problem: Box<HeaderProblem>,
    },
    /// An index of shards that is none, or does not say the truth about them.
    #[error("`{}`: {problem}", path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// No tensor of this name.
    #[error("there is no tensor {}", Quoted(name))]
    NoTensor {
        /// The name that was asked for.
        name: String,
    },
    /// A tensor of a type that no weight can have.
    #[error("tensor {} is stored as {dtype}, expected f32, f16 or bf16", Quoted(name))]
    Dtype {
        /// The tensor.
        name: String,
        /// Its type.
        dtype: String,
    },
    /// A source whose numbers do not fit the shape it gave.
    #[error(transparent)]
    Weight(#[from] lt_core::Error),
}

impl ReadError {
    /// The error of a source that has no tensor of this name.
    #[must_use]
    pub fn no_tensor(name: &str) -> Self {
        Self::NoTensor { name: name.to_owned() }
    }

    pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> Self {
        move |source| match path.read_link() {
            Ok(target) if source.kind() == std::io::ErrorKind::NotFound => {
                Self::DeadLink { path: path.to_owned(), target }
            }
            _ => Self::Io { path: path.to_owned(), source },
        }
    }
}

/// What is wrong with a safetensors file: said before memory is taken for what it claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderProblem {
    /// Too short to hold even the length of the header.
    #[error("has {bytes} bytes, expected at least 8: the file is cut off or empty")]
    TooShort {
        /// Its size.
        bytes: u64,
    },
    /// A stand-in that Git leaves where a large file should be.
    #[error("is a Git LFS pointer, not the weights: fetch them with `git lfs pull`")]
    LfsPointer,
    /// A header larger than any real one.
    #[error("says its header has {bytes} bytes, expected at most {limit}: is it safetensors?")]
    HeaderTooLarge {
        /// The length it claims.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// A header that ends after the file.
    #[error("says its header has {bytes} bytes, but only {left} follow: the file is cut off")]
    HeaderCutOff {
        /// The length it claims.
        bytes: u64,
        /// What there is.
        left: u64,
    },
    /// A header that is no text.
    #[error("its header is not UTF-8: byte {at} begins no character")]
    NotUtf8 {
        /// Where it stops to be UTF-8.
        at: usize,
    },
    /// A header that is not JSON of the right form.
    #[error("its header is not as expected: {detail}")]
    Json {
        /// What the parser said.
        detail: String,
    },
    /// A tensor with another number of bytes than its shape and type take.
    #[error(
        "tensor {} has {bytes} bytes, but {dtype} {shape:?} takes {}",
        Quoted(name),
        takes.map_or_else(|| "more than there can be".to_owned(), |n| n.to_string())
    )]
    Size {
        /// The tensor.
        name: String,
        /// Its type.
        dtype: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The bytes between its offsets.
        bytes: usize,
        /// The bytes it takes; `None` if they cannot be counted.
        takes: Option<usize>,
    },
    /// A tensor of more dimensions than any has.
    #[error("tensor {} has {rank} dimensions, expected at most {limit}", Quoted(name))]
    Rank {
        /// The tensor.
        name: String,
        /// How many sides its shape has.
        rank: usize,
        /// The most that is read.
        limit: usize,
    },
    /// A tensor that ends before it begins.
    #[error("tensor {} lies between offsets {start} and {end}", Quoted(name))]
    Backwards {
        /// The tensor.
        name: String,
        /// Where it begins.
        start: usize,
        /// Where it ends.
        end: usize,
    },
    /// A tensor that does not begin where the one before it ends.
    #[error(
        "tensor {} begins at offset {start}, expected {expected}: data overlaps or has holes",
        Quoted(name)
    )]
    NotContiguous {
        /// The tensor.
        name: String,
        /// Where it begins.
        start: usize,
        /// Where the one before it ends.
        expected: usize,
    },
    /// More or fewer bytes of data than the tensors take.
    #[error("has {has} bytes of data, expected {expected}: the file is cut off or was changed")]
    DataLength {
        /// What there is.
        has: u64,
        /// What the tensors take.
        expected: u64,
    },
    /// A file that this machine cannot address.
    #[error("has {bytes} bytes, more than this machine can address")]
    TooLargeForMachine {
        /// Its size.
        bytes: u64,
    },
}
