//! The header of a safetensors file: what is where. Checked in full before anything is believed.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use lt_core::Dtype;
use safetensors::Dtype as FileDtype;
use safetensors::tensor::TensorInfo as Entry;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use crate::quoted::{Escaped, Quoted};
use crate::{HeaderProblem, ReadError, StoredDtype, TensorInfo, scaled};

/// No header is larger: that of a model with a hundred thousand tensors has ten million bytes.
pub(crate) const MAX_HEADER: u64 = 100_000_000;

/// No tensor has more dimensions: NumPy's arrays stop at 64, and weights have 5 at the most.
const MAX_RANK: usize = 64;

/// A tensor of a file: what its header says, and where its bytes are in the file.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) name: String,
    pub(crate) dtype: FileDtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) range: Range<usize>,
    /// Where the scales of its rows are, if it is a matrix of whole numbers that has them.
    pub(crate) scales: Option<Range<usize>>,
}

impl Placed {
    /// The tensor of this name among those that are sorted by name.
    pub(crate) fn find<'a>(places: &'a [Self], name: &str) -> Result<&'a Self, ReadError> {
        let place = places.binary_search_by(|tensor| tensor.name.as_str().cmp(name));
        place.map(|place| &places[place]).map_err(|_| ReadError::no_tensor(name))
    }

    /// What is said of it.
    pub(crate) fn info(&self) -> TensorInfo {
        TensorInfo {
            name: self.name.clone(),
            dtype: self.stored_dtype(),
            shape: self.shape.clone(),
            bytes: self.range.len() + self.scales.as_ref().map_or(0, Range::len),
        }
    }

    fn stored_dtype(&self) -> StoredDtype {
        match self.dtype {
            FileDtype::F32 => StoredDtype::Usable(Dtype::F32),
            FileDtype::F16 => StoredDtype::Usable(Dtype::F16),
            FileDtype::BF16 => StoredDtype::Usable(Dtype::Bf16),
            FileDtype::I8 if self.scales.is_some() => StoredDtype::Scaled,
            other => StoredDtype::Other(other.to_string().to_lowercase()),
        }
    }

    /// The error of a tensor whose type no weight can have.
    pub(crate) fn unusable(&self) -> ReadError {
        ReadError::Dtype { name: self.name.clone(), dtype: self.stored_dtype().to_string() }
    }
}

/// Why a header was not read: the system, or the file.
#[derive(Debug)]
pub(crate) enum Failure {
    Io(io::Error),
    File(HeaderProblem),
}

impl Failure {
    /// The error of the file at this path, or of this name.
    pub(crate) fn at(self, path: &Path) -> ReadError {
        match self {
            Self::Io(error) => ReadError::io(path)(error),
            Self::File(problem) => {
                ReadError::Header { path: path.to_owned(), problem: Box::new(problem) }
            }
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<HeaderProblem> for Failure {
    fn from(problem: HeaderProblem) -> Self {
        Self::File(problem)
    }
}

/// The tensors of a file of `file_len` bytes, sorted by name.
pub(crate) fn read(mut file: impl Read, file_len: u64) -> Result<Vec<Placed>, Failure> {
    let Some(after_length) = file_len.checked_sub(8) else {
        return Err(HeaderProblem::TooShort { bytes: file_len }.into());
    };
    if usize::try_from(file_len).is_err() {
        return Err(HeaderProblem::TooLargeForMachine { bytes: file_len }.into());
    }
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    if &length == b"version " {
        return Err(HeaderProblem::LfsPointer.into());
    }
    let bytes = u64::from_le_bytes(length);
    if bytes > MAX_HEADER {
        return Err(HeaderProblem::HeaderTooLarge { bytes, limit: MAX_HEADER }.into());
    }
    let Some(data_len) = after_length.checked_sub(bytes) else {
        return Err(HeaderProblem::HeaderCutOff { bytes, left: after_length }.into());
    };

    let mut header = vec![0; bytes as usize];
    file.read_exact(&mut header)?;
    let text = std::str::from_utf8(&header)
        .map_err(|error| HeaderProblem::NotUtf8 { at: error.valid_up_to() })?;
    let Entries(mut entries) = serde_json::from_str(text)
        .map_err(|error| HeaderProblem::Json { detail: Escaped(&error.to_string()).to_string() })?;
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    check(&entries, data_len)?;

    let data = 8 + header.len();
    let placed = |(name, Entry { dtype, shape, data_offsets: (start, end) })| Placed {
        name,
        dtype,
        shape,
        // formula: place
        range: data + start..data + end,
        scales: None,
    };
    let mut places = scaled::join(entries.into_iter().map(placed).collect());
    places.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(places)
}

/// Each tensor takes the bytes it says, and together they take all there are: no hole, no overlap.
fn check(entries: &[(String, Entry)], data_len: u64) -> Result<(), HeaderProblem> {
    let mut expected = 0;
    for (name, entry) in entries {
        let (start, end) = entry.data_offsets;
        let Some(bytes) = end.checked_sub(start) else {
            return Err(HeaderProblem::Backwards { name: name.clone(), start, end });
        };
        if entry.shape.len() > MAX_RANK {
            let (rank, limit) = (entry.shape.len(), MAX_RANK);
            return Err(HeaderProblem::Rank { name: name.clone(), rank, limit });
        }
        let takes = size(entry);
        if takes != Some(bytes) {
            return Err(HeaderProblem::Size {
                name: name.clone(),
                dtype: entry.dtype.to_string(),
                shape: entry.shape.clone(),
                bytes,
                takes,
            });
        }
        // formula: offsets
        if start != expected {
            return Err(HeaderProblem::NotContiguous { name: name.clone(), start, expected });
        }
        expected = end;
    }
    if expected as u64 == data_len {
        Ok(())
    } else {
        Err(HeaderProblem::DataLength { has: data_len, expected: expected as u64 })
    }
}

/// The bytes that a shape of a type takes; `None` if they overflow or are no whole number.
fn size(entry: &Entry) -> Option<usize> {
    // formula: offsets
    let count = entry.shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side))?;
    let bits = count.checked_mul(entry.dtype.bitsize())?;
    bits.is_multiple_of(8).then_some(bits / 8)
}

/// The tensors of a header in its own order, each name once.
struct Entries(Vec<(String, Entry)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with an entry for each tensor")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut seen = HashSet::new();
                let mut entries = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !seen.insert(name.clone()) {
                        // A plain table would keep the last one, and say nothing.
                        let name = Quoted(&name);
                        return Err(A::Error::custom(format!("a name is there twice: {name}")));
                    }
                    if name == "__metadata__" {
                        map.next_value::<Option<HashMap<String, String>>>()?;
                    } else {
                        entries.push((name, map.next_value()?));
                    }
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Names)
    }
}
