//! The same tensors in another type of numbers.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use lt_core::{Weight, f32_to_bf16, f32_to_f16};
use safetensors::Dtype as FileDtype;

use crate::atomic;
use crate::quoted::Quoted;
use crate::save::{Entry, header};
use crate::scaled::{SUFFIX, divide};
use crate::{ReadError, SaveError, StoredDtype, TensorInfo, TensorSource};

/// How numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreAs {
    /// 32 bits.
    F32,
    /// 16 bits: 11 of precision, up to 65504.
    F16,
    /// 16 bits: 8 of precision, as large as those of 32.
    Bf16,
    /// 8 bits and, for each row of a matrix, a scale of 32: the nearest multiples of a 127th of
    /// the row's largest number. Vectors stay in 32 bits.
    I8,
}

impl fmt::Display for StoreAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::I8 => "i8",
        })
    }
}

/// What [`convert`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// How many tensors there are now, scales not counted.
    pub tensors: usize,
    /// The bytes of their numbers.
    pub bytes: usize,
    /// Those that are not there any more, for no model reads their type: ids of positions, say.
    pub left_out: Vec<TensorInfo>,
}

/// Why nothing was converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// A tensor could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file could not be written.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// A number that the type does not hold.
    #[error("tensor {} has the number {number}, which {to} does not hold", Quoted(name))]
    Number {
        /// The tensor.
        name: String,
        /// The first such number.
        number: f32,
        /// The type.
        to: StoreAs,
    },
}

/// Writes all tensors of a checkpoint to one file, in another type of numbers and under the same
/// names.
///
/// Each number becomes the nearest one of its new type. The scales of 8-bit matrices are tensors
/// `[rows, 1]` of the matrix's name and `_scale`, as in
/// [compressed-tensors](https://github.com/vllm-project/compressed-tensors). The file is written
/// beside and renamed.
///
/// ```
/// # use lt_core::{NameMap, Weight, params};
/// # use lt_weights::{Layout, save};
/// use lt_weights::{Reading, SafetensorsFile, StoreAs, TensorSource, convert};
/// # struct Linear { weight: Weight }
/// # params!(Linear { weight });
/// # let dir = tempfile::tempdir()?;
/// # let (path, small) = (dir.path().join("model.safetensors"), dir.path().join("small.safetensors"));
/// # let linear = Linear { weight: Weight::new(&[2, 2], vec![2.54, -1.0, 0.0, 0.3])? };
/// # save(&linear, &Layout::new(NameMap::new(&[])), &path)?;
/// let file = SafetensorsFile::open(&path, Reading::default())?; // [[2.54, -1.0], [0.0, 0.3]]
/// convert(&file, StoreAs::I8, &small)?; // [[127, -50], [0, 127]] with the scales 0.02 and 0.3 / 127
///
/// let small = SafetensorsFile::open(&small, Reading::default())?;
/// assert_eq!(small.weight("weight")?.f32(), [2.54, -1.0, 0.0, 0.3]);
/// assert_eq!(small.tensors()[0].bytes, 4 + 2 * 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If a tensor cannot be read or has a number that the type does not hold, or the file cannot be
/// written.
///
/// PyTorch: `model.half()`; for 8 bits, `torch.ao.quantization.PerChannelMinMaxObserver` with
/// symmetric scales.
pub fn convert(
    source: &dyn TensorSource,
    to: StoreAs,
    path: impl AsRef<Path>,
) -> Result<Converted, ConvertError> {
    let path = path.as_ref();
    let is_usable = |info: &&TensorInfo| !matches!(info.dtype, StoredDtype::Other(_));
    let (usable, left_out): (Vec<&TensorInfo>, Vec<&TensorInfo>) =
        source.tensors().iter().partition(is_usable);
    for info in &usable {
        check(&info.name, &source.weight(&info.name)?, to)?;
    }
    let mut parts: Vec<Part<'_>> = usable.iter().flat_map(|info| Part::of(info, to)).collect();
    // Wide numbers before narrow ones, so that each is aligned, then by name.
    parts.sort_by_cached_key(|part| (std::cmp::Reverse(part.dtype.bitsize()), part.name()));
    let header = header(parts.iter().map(Part::entry))?;
    let written = atomic::write(path, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        for part in &parts {
            let weight = source.weight(&part.info.name).map_err(io::Error::other)?;
            part.write(&weight, out)?;
        }
        Ok(())
    });
    written.map_err(|error| failed(error, path))?;
    let bytes = |part: &Part<'_>| part.shape().iter().product::<usize>() * part.dtype.bitsize() / 8;
    Ok(Converted {
        tensors: usable.len(),
        bytes: parts.iter().map(bytes).sum(),
        left_out: left_out.into_iter().cloned().collect(),
    })
}

/// What went wrong while the file was written: a tensor that could be read before, or the file.
fn failed(error: io::Error, path: &Path) -> ConvertError {
    match error.downcast::<ReadError>() {
        Ok(error) => error.into(),
        Err(source) => SaveError::Io { path: PathBuf::from(path), source }.into(),
    }
}

/// Refuses numbers that would become others than the nearest.
fn check(name: &str, weight: &Weight, to: StoreAs) -> Result<(), ConvertError> {
    let is_held = |number: &f32| match to {
        StoreAs::F32 => true,
        // What is infinite or no number was so before.
        StoreAs::F16 => !number.is_finite() || f32_to_f16(number.abs()) < 0x7c00,
        StoreAs::Bf16 => !number.is_finite() || f32_to_bf16(number.abs()) < 0x7f80,
        StoreAs::I8 => number.is_finite(),
    };
    match weight.to_f32().into_iter().find(|number| !is_held(number)) {
        Some(number) => Err(ConvertError::Number { name: name.to_owned(), number, to }),
        None => Ok(()),
    }
}

/// What is written of a tensor: its numbers, its multiples, or their scales.
struct Part<'a> {
    info: &'a TensorInfo,
    dtype: FileDtype,
    is_scales: bool,
}

impl<'a> Part<'a> {
    fn of(info: &'a TensorInfo, to: StoreAs) -> Vec<Self> {
        let part = |dtype, is_scales| Self { info, dtype, is_scales };
        match to {
            StoreAs::F16 => vec![part(FileDtype::F16, false)],
            StoreAs::Bf16 => vec![part(FileDtype::BF16, false)],
            StoreAs::I8 if info.shape.len() == 2 && !info.shape.contains(&0) => {
                vec![part(FileDtype::F32, true), part(FileDtype::I8, false)]
            }
            StoreAs::F32 | StoreAs::I8 => vec![part(FileDtype::F32, false)],
        }
    }

    fn name(&self) -> String {
        let suffix = if self.is_scales { SUFFIX } else { "" };
        format!("{}{suffix}", self.info.name)
    }

    fn shape(&self) -> Vec<usize> {
        if self.is_scales { vec![self.info.shape[0], 1] } else { self.info.shape.clone() }
    }

    fn entry(&self) -> Entry {
        Entry { name: self.name(), dtype: self.dtype, shape: self.shape() }
    }

    fn write(&self, weight: &Weight, out: &mut dyn Write) -> io::Result<()> {
        let numbers = weight.to_f32();
        let rows = || numbers.chunks_exact(self.info.shape.get(1).copied().unwrap_or(1).max(1));
        match self.dtype {
            FileDtype::F16 => {
                numbers.iter().try_for_each(|x| out.write_all(&f32_to_f16(*x).to_le_bytes()))
            }
            FileDtype::BF16 => {
                numbers.iter().try_for_each(|x| out.write_all(&f32_to_bf16(*x).to_le_bytes()))
            }
            FileDtype::I8 => {
                let mut multiples = rows().flat_map(|row| divide(row).1);
                multiples.try_for_each(|multiple| out.write_all(&multiple.to_le_bytes()))
            }
            _ if self.is_scales => {
                rows().try_for_each(|row| out.write_all(&divide(row).0.to_le_bytes()))
            }
            _ => numbers.iter().try_for_each(|x| out.write_all(&x.to_le_bytes())),
        }
    }
}
