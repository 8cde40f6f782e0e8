//! From a model into a safetensors file.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use lt_core::{Dtype, Params, Part, Values, Weight, weights};
use safetensors::Dtype as FileDtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::Layout;
use crate::atomic;
use crate::quoted::Quoted;
use crate::rearrange::Arrangement;

/// Why a model was not saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The system would not let us write.
    #[error("cannot write `{}`: {}", path.display(), source.kind())]
    Io {
        /// What was written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Parameters that the layout puts into one tensor, and that do not fit together there.
    #[error("cannot save {}: {problem}", Quoted(stored))]
    Layout {
        /// The tensor.
        stored: String,
        /// What is wrong.
        problem: String,
    },
}

/// Saves the parameters of a model under the names and in the shapes that its family's
/// checkpoints have, each in the type it is in. What is saved loads to the same bits.
///
/// The file is written beside and renamed: if anything fails, an older file stays as it was.
///
/// PyTorch: `safetensors.torch.save_file(model.state_dict(), path)`.
///
/// # Errors
/// [`SaveError::Io`] if the file cannot be written, [`SaveError::Layout`] if two parameters have
/// the same name there, or the parts of a fused tensor are not alike.
pub fn save(
    model: &(impl Params + ?Sized),
    layout: &Layout,
    path: impl AsRef<Path>,
) -> Result<(), SaveError> {
    let path = path.as_ref();
    let tensors = arrange(model, layout)?;
    let header = header(tensors.iter().map(Outgoing::entry))?;
    atomic::write(path, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        tensors.iter().try_for_each(|tensor| tensor.write(out))
    })
    .map_err(|source| SaveError::Io { path: path.to_owned(), source })
}

/// A tensor to be written: one parameter, or several row below row.
struct Outgoing<'a> {
    name: String,
    parts: Vec<&'a Weight>,
    transposed: bool,
}

/// What is stored together, in the order of the file: wide numbers before narrow ones, so that
/// each is aligned, then by name.
fn arrange<'a>(
    model: &'a (impl Params + ?Sized),
    layout: &Layout,
) -> Result<Vec<Outgoing<'a>>, SaveError> {
    let mut by_name: BTreeMap<String, Vec<(Arrangement, &Weight)>> = BTreeMap::new();
    for (ours, weight) in weights(model) {
        let stored = layout.map.stored(&ours);
        let arrangement = Arrangement { transposed: stored.transposed, part: stored.part };
        by_name.entry(stored.name).or_default().push((arrangement, weight));
    }
    let mut tensors = by_name
        .into_iter()
        .map(|(name, parts)| Outgoing::new(name, parts))
        .collect::<Result<Vec<_>, _>>()?;
    tensors.sort_by(|a, b| b.dtype().cmp(&a.dtype()).then_with(|| a.name.cmp(&b.name)));
    Ok(tensors)
}

/// What a header says of a tensor, but for its place.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) dtype: FileDtype,
    pub(crate) shape: Vec<usize>,
}

/// The header for tensors in this order, filled up with spaces so that the data begins at a
/// multiple of 8.
pub(crate) fn header(tensors: impl Iterator<Item = Entry>) -> Result<Vec<u8>, SaveError> {
    let mut end = 0;
    let entries = tensors
        .map(|Entry { name, dtype, shape }| {
            let start = end;
            end += shape.iter().product::<usize>() * (dtype.bitsize() / 8);
            (name, TensorInfo { dtype, shape, data_offsets: (start, end) })
        })
        .collect();
    // PyTorch's loader asks for it.
    let format = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
    let refused = |problem: String| SaveError::Layout { stored: "the header".to_owned(), problem };
    let metadata =
        Metadata::new(Some(format), entries).map_err(|error| refused(error.to_string()))?;
    let mut header = serde_json::to_vec(&metadata).map_err(|error| refused(error.to_string()))?;
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok(header)
}

impl<'a> Outgoing<'a> {
    fn new(name: String, mut parts: Vec<(Arrangement, &'a Weight)>) -> Result<Self, SaveError> {
        let index = |(arrangement, _): &(Arrangement, &Weight)| {
            arrangement.part.map_or(0, |part: Part| part.index)
        };
        parts.sort_by_key(index);
        let first = parts.first().copied();
        let transposed = first.is_some_and(|(arrangement, _)| arrangement.transposed);
        let of = first.and_then(|(arrangement, _)| arrangement.part).map_or(1, |part| part.of);
        let refuse = |problem: String| Err(SaveError::Layout { stored: name.clone(), problem });
        if parts.len() != of || parts.iter().enumerate().any(|(i, part)| index(part) != i) {
            let count = parts.len();
            return refuse(format!("expected {of} parameters in it, each once, got {count}"));
        }
        let kind = |weight: &Weight| (weight.dtype(), weight.shape().to_vec());
        if parts.iter().any(|(_, weight)| first.is_some_and(|(_, one)| kind(weight) != kind(one))) {
            return refuse("expected its parts to be of one type and shape".to_owned());
        }
        let parts = parts.into_iter().map(|(_, weight)| weight).collect();
        Ok(Self { name, parts, transposed })
    }

    fn entry(&self) -> Entry {
        Entry { name: self.name.clone(), dtype: self.dtype(), shape: self.shape() }
    }

    fn dtype(&self) -> FileDtype {
        match self.parts.first().map(|part| part.dtype()) {
            Some(Dtype::F16) => FileDtype::F16,
            Some(Dtype::Bf16) => FileDtype::BF16,
            _ => FileDtype::F32,
        }
    }

    fn arrangement(&self) -> Arrangement {
        let part = Some(Part { index: 0, of: self.parts.len() });
        Arrangement { transposed: self.transposed, part }
    }

    fn shape(&self) -> Vec<usize> {
        self.parts
            .first()
            .map_or_else(Vec::new, |part| self.arrangement().stored_shape(part.shape()))
    }

    /// The numbers in the order of the file.
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if !self.arrangement().turns(self.parts.first().map_or(&[], |part| part.shape())) {
            return self.parts.iter().try_for_each(|part| write_range(part, 0..part.len(), 1, out));
        }
        // Column after column, each through all parts.
        let columns = self.parts.first().map_or(0, |part| part.shape()[1]);
        for column in 0..columns {
            for part in &self.parts {
                write_range(part, column..part.len(), columns, out)?;
            }
        }
        Ok(())
    }
}

/// Writes every `step`-th number of a range.
fn write_range(
    weight: &Weight,
    range: std::ops::Range<usize>,
    step: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut places = range.step_by(step);
    match weight.values() {
        Values::F32(values) => places.try_for_each(|i| out.write_all(&values[i].to_le_bytes())),
        Values::F16(bits) | Values::Bf16(bits) => {
            places.try_for_each(|i| out.write_all(&bits[i].to_le_bytes()))
        }
        Values::Zeros => places.try_for_each(|_| out.write_all(&[0; 4])),
        // Those that are not stored are written, too: a file knows no such form.
        Values::Rows(rows) => places.try_for_each(|i| {
            let (row, column) = (i / rows.columns(), i % rows.columns());
            let number = rows.row(row).map_or(0.0, |row| row[column]);
            out.write_all(&number.to_le_bytes())
        }),
        _ => Err(io::Error::other("numbers of a type that has no place in the file yet")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_among_the_zeros_that_are_not_stored() {
        let mut sparse = Weight::zeros(&[3, 2]);
        sparse.add_row(1, &[1.0, 2.0]);
        let dense = Weight::new(&[3, 2], sparse.to_f32()).unwrap();
        for (range, step) in [(0..6, 1), (1..6, 2)] {
            let bytes = |weight| {
                let mut bytes = Vec::new();
                write_range(weight, range.clone(), step, &mut bytes).unwrap();
                bytes
            };
            assert_eq!(bytes(&sparse), bytes(&dense));
        }
    }

    #[test]
    fn parts_of_a_transposed_tensor_lie_side_by_side() {
        let rows = [
            Weight::new(&[1, 2], vec![1.0, 2.0]).unwrap(),
            Weight::new(&[1, 2], vec![3.0, 4.0]).unwrap(),
        ];
        let part = |index| Arrangement { transposed: true, part: Some(Part { index, of: 2 }) };
        // The order in which a model visits them is not that in which they are stored.
        let parts = vec![(part(1), &rows[1]), (part(0), &rows[0])];
        let tensor = Outgoing::new("w".into(), parts).unwrap();
        assert_eq!(tensor.shape(), [2, 2]);
        let mut bytes = Vec::new();
        tensor.write(&mut bytes).unwrap();
        let numbers: Vec<f32> =
            bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        assert_eq!(numbers, [1.0, 3.0, 2.0, 4.0]);

        let stored = Weight::new(&[2, 2], numbers).unwrap();
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(part(index).extract(stored.clone(), &[1, 2]).unwrap(), *row);
        }
    }
}
