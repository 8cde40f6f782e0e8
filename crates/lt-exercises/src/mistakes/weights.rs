//! Mistakes of the chapter on checkpoints.

use lt_core::Weight;
use lt_weights::{ReadError, StoredDtype, TensorInfo, TensorSource};

use crate::weights::{Entry, Fused, Matrix, Misfit, Named};

/// The eight bytes before the header are forgotten.
pub(crate) fn place(header: usize, matrix: Matrix, row: usize, column: usize) -> usize {
    header + matrix.start + matrix.bytes * (row * matrix.columns + column)
}

/// The table first: the bias begins at 18.
pub(crate) fn table_and_bias() -> Vec<u8> {
    let header = r#"{"table":{"dtype":"F16","shape":[3,3],"data_offsets":[0,18]},
        "bias":{"dtype":"F32","shape":[2],"data_offsets":[18,26]}}"#;
    let length = header.len().next_multiple_of(8);
    let mut bytes = (length as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(8 + length, b' ');
    bytes.resize(8 + length + 26, 0);
    bytes
}

/// `as` cuts off what is behind the point.
pub(crate) fn eight_bits(row: &[f32]) -> (f32, Vec<i8>) {
    let scale = row.iter().fold(0.0_f32, |largest, x| largest.max(x.abs())) / 127.0;
    (scale, row.iter().map(|x| if scale > 0.0 { (x / scale) as i8 } else { 0 }).collect())
}

/// Nobody asks what the file has besides, as with `strict=False`.
pub(crate) fn misfit(model: &[Named], file: &[Named]) -> Misfit {
    Misfit { unused: Vec::new(), ..crate::solutions::weights::misfit(model, file) }
}

struct InMemory(Vec<TensorInfo>, Vec<Weight>);

impl TensorSource for InMemory {
    fn tensors(&self) -> &[TensorInfo] {
        &self.0
    }

    fn weight(&self, name: &str) -> Result<Weight, ReadError> {
        let place = self.0.iter().position(|info| info.name == name);
        place.map(|place| self.1[place].clone()).ok_or_else(|| ReadError::no_tensor(name))
    }
}

/// In the order in which they came.
pub(crate) fn in_memory(tensors: Vec<(String, Weight)>) -> Box<dyn TensorSource> {
    let info = |(name, weight): &(String, Weight)| TensorInfo {
        name: name.clone(),
        dtype: StoredDtype::Usable(weight.dtype()),
        shape: weight.shape().to_vec(),
        bytes: weight.len() * weight.dtype().bytes(),
    };
    let infos = tensors.iter().map(info).collect();
    Box::new(InMemory(infos, tensors.into_iter().map(|(_, weight)| weight).collect()))
}

/// Its bytes are what its shape says, as this product has it.
pub(crate) fn law_that_catches_a_product_that_wraps() -> &'static str {
    "a tensor of more or fewer bytes than its shape says is refused"
}

/// Cut into three before it is turned: a third of the rows, not of the columns.
pub(crate) fn unfused(stored: &[f32], fused: Fused, index: usize, shape: [usize; 2]) -> Vec<f32> {
    let [out, inner] = shape;
    let part = &stored[index * out * inner..(index + 1) * out * inner];
    match fused {
        Fused::Below => part.to_vec(),
        Fused::Beside => (0..out * inner).map(|at| part[at % inner * out + at / inner]).collect(),
    }
}

/// Where a tensor begins is not looked at: it may begin within another.
pub(crate) fn sound_but_for_holes(entries: &[Entry], data: usize) -> bool {
    let takes = |entry: &Entry| {
        let sides = entry.shape.iter().chain([&entry.bits]);
        let bits = sides.copied().try_fold(1_usize, usize::checked_mul)?;
        (entry.end.checked_sub(entry.start)? == bits / 8).then_some(())
    };
    let end = entries.last().map_or(0, |entry| entry.end);
    entries.iter().all(|entry| takes(entry).is_some()) && end == data
}
