//! Solutions of the chapter on checkpoints.

use lt_core::Weight;
use lt_weights::{ReadError, StoredDtype, TensorInfo, TensorSource};

use crate::weights::{Entry, Fused, Matrix, Misfit, Named};

/// The length of the header takes 8 bytes itself.
pub(crate) fn place(header: usize, matrix: Matrix, row: usize, column: usize) -> usize {
    8 + header + matrix.start + matrix.bytes * (row * matrix.columns + column)
}

/// Wide numbers first: behind 18 bytes of f16 no f32 is aligned.
pub(crate) fn table_and_bias() -> Vec<u8> {
    let header = r#"{"bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
        "table":{"dtype":"F16","shape":[3,3],"data_offsets":[8,26]}}"#;
    let length = header.len().next_multiple_of(8);
    let mut bytes = (length as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(8 + length, b' ');
    bytes.resize(8 + length + 26, 0);
    bytes
}

/// A row of zeros has the scale 0, and nothing is divided by it.
pub(crate) fn eight_bits(row: &[f32]) -> (f32, Vec<i8>) {
    let largest = row.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
    let scale = largest / 127.0;
    let multiple = |x: &f32| if scale > 0.0 { (x / scale).round() as i8 } else { 0 };
    (scale, row.iter().map(multiple).collect())
}

/// Each side is looked up on the other: a typing error is found twice, once on each.
pub(crate) fn misfit(model: &[Named], file: &[Named]) -> Misfit {
    let mut misfit = Misfit::default();
    for wanted in model {
        match file.iter().find(|tensor| tensor.name == wanted.name) {
            None => misfit.missing.push(wanted.name.clone()),
            Some(tensor) if tensor.shape != wanted.shape => {
                misfit.wrong_shape.push(wanted.name.clone());
            }
            Some(_) => {}
        }
    }
    let is_taken = |tensor: &&Named| model.iter().any(|wanted| wanted.name == tensor.name);
    let unused = file.iter().filter(|tensor| !is_taken(tensor));
    misfit.unused = unused.map(|tensor| tensor.name.clone()).collect();
    misfit
}

struct InMemory {
    infos: Vec<TensorInfo>,
    weights: Vec<Weight>,
}

impl TensorSource for InMemory {
    fn tensors(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn weight(&self, name: &str) -> Result<Weight, ReadError> {
        let place = self.infos.iter().position(|info| info.name == name);
        // Not a copy of the numbers: they are shared.
        place.map(|place| self.weights[place].clone()).ok_or_else(|| ReadError::no_tensor(name))
    }
}

/// Sorted by name: a list that is searched by halving has to be.
pub(crate) fn in_memory(mut tensors: Vec<(String, Weight)>) -> Box<dyn TensorSource> {
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    let info = |(name, weight): &(String, Weight)| TensorInfo {
        name: name.clone(),
        dtype: StoredDtype::Usable(weight.dtype()),
        shape: weight.shape().to_vec(),
        bytes: weight.len() * weight.dtype().bytes(),
    };
    let infos = tensors.iter().map(info).collect();
    Box::new(InMemory { infos, weights: tensors.into_iter().map(|(_, weight)| weight).collect() })
}

/// A matrix of 2⁶² rows and 4 columns has 2⁶⁴ numbers, which is 0 in 64 bits: it takes no bytes.
pub(crate) fn law_that_catches_a_product_that_wraps() -> &'static str {
    "a shape beyond counting is refused"
}

/// Beside each other, a row of the file goes through all parts: part by part, then row and column
/// are exchanged.
pub(crate) fn unfused(stored: &[f32], fused: Fused, index: usize, shape: [usize; 2]) -> Vec<f32> {
    let [out, inner] = shape;
    let first = index * out; // of the 3·out rows, or columns
    let place = |row: usize, column: usize| match fused {
        Fused::Below => (first + row) * inner + column,
        Fused::Beside => column * (3 * out) + first + row,
    };
    let rows = (0..out).flat_map(|row| (0..inner).map(move |column| (row, column)));
    rows.map(|(row, column)| stored[place(row, column)]).collect()
}

/// Only `<` in place of `!=`: what begins behind the last one is let pass, what begins within it not.
pub(crate) fn sound_but_for_holes(entries: &[Entry], data: usize) -> bool {
    let mut expected = 0;
    for entry in entries {
        let count = entry.shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side));
        let bytes = count.and_then(|count| count.checked_mul(entry.bits)).map(|bits| bits / 8);
        if bytes.is_none() || entry.end.checked_sub(entry.start) != bytes {
            return false;
        }
        if entry.start < expected {
            return false;
        }
        expected = entry.end;
    }
    expected == data
}
