//! Numbers out of little-endian bytes, by copying.

use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use lt_core::Weight;
use safetensors::Dtype as FileDtype;

use crate::ReadError;
use crate::header::Placed;
use crate::scaled::multiply;

/// The weight that a tensor of the file at `path` holds, its numbers copied from what `read` gives
/// for a range of the file.
pub(crate) fn copied<R: Read>(
    tensor: &Placed,
    path: &Path,
    read: impl Fn(Range<usize>) -> io::Result<R>,
) -> Result<Weight, ReadError> {
    let error = ReadError::io(path);
    // Not more than the file has: the header was checked.
    let bytes = || read(tensor.range.clone()).map_err(&error);
    let len = tensor.range.len();
    Ok(match (tensor.dtype, &tensor.scales) {
        (FileDtype::F32, _) => {
            let numbers = read_numbers(bytes()?, len / 4, f32::from_le_bytes);
            Weight::new(&tensor.shape, numbers.map_err(&error)?)
        }
        (FileDtype::F16, _) => {
            let numbers = read_numbers(bytes()?, len / 2, u16::from_le_bytes);
            Weight::shared_f16(&tensor.shape, Arc::new(numbers.map_err(&error)?))
        }
        (FileDtype::BF16, _) => {
            let numbers = read_numbers(bytes()?, len / 2, u16::from_le_bytes);
            Weight::shared_bf16(&tensor.shape, Arc::new(numbers.map_err(&error)?))
        }
        (FileDtype::I8, Some(scales)) => {
            let multiples = read_numbers(bytes()?, len, i8::from_le_bytes).map_err(&error)?;
            let scales = read_numbers(
                read(scales.clone()).map_err(&error)?,
                scales.len() / 4,
                f32::from_le_bytes,
            );
            Weight::new(&tensor.shape, multiply(&multiples, &scales.map_err(&error)?))
        }
        _ => return Err(tensor.unusable()),
    }?)
}

fn read_numbers<T, const N: usize>(
    mut bytes: impl Read,
    count: usize,
    number: impl Fn([u8; N]) -> T,
) -> io::Result<Vec<T>> {
    const CHUNK: usize = 1 << 14;
    let mut numbers = Vec::new();
    // The file has as many, but it may be larger than the memory.
    numbers.try_reserve_exact(count).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut chunk = vec![0; CHUNK.min(count) * N];
    while numbers.len() < count {
        let part = &mut chunk[..CHUNK.min(count - numbers.len()) * N];
        bytes.read_exact(part)?;
        numbers.extend(part.as_chunks::<N>().0.iter().map(|&bytes| number(bytes)));
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_longer_than_a_chunk_arrive_whole_and_in_order() {
        let numbers: Vec<u16> = (0..40_000).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let read = read_numbers(bytes.as_slice(), numbers.len(), u16::from_le_bytes);
        assert_eq!(read.unwrap(), numbers);
    }

    #[test]
    fn a_source_that_ends_early_is_an_error() {
        let read = read_numbers([0_u8; 7].as_slice(), 2, f32::from_le_bytes);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
