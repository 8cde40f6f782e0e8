//! A file in memory without reading it: the system brings in the pages that are looked at.
//!
//! The one file of this crate with `unsafe`: to map, and to see bytes as the numbers they are.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use memmap2::{Mmap, MmapOptions};

/// A file mapped into memory, for reading.
#[derive(Debug)]
pub(crate) struct MappedFile(Mmap);

impl MappedFile {
    /// Maps the first `len` bytes of a file.
    pub(crate) fn new(file: &File, len: usize) -> io::Result<Self> {
        // SAFETY: the mapping is read-only, and nothing of ours writes to a file it has open:
        // `save` writes beside it and renames. That another program changes the file cannot be
        // ruled out; the documentation of `Reading::Map` says so and what to do instead.
        let map = unsafe { MmapOptions::new().len(len).map(file)? };
        Ok(Self(map))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A number whose bytes may be anything.
///
/// # Safety
/// Every pattern of `size_of::<Self>()` bytes is a value of the type.
pub(crate) unsafe trait Number: Copy {}

// SAFETY: every pattern of 32 bits is an f32.
unsafe impl Number for f32 {}
// SAFETY: every pattern of 16 bits is a u16.
unsafe impl Number for u16 {}

/// Bytes seen as the numbers they are; `None` if they lie where such numbers may not, or are no
/// whole number of them.
fn cast<T: Number>(bytes: &[u8]) -> Option<&[T]> {
    let first = bytes.as_ptr().cast::<T>();
    if !first.is_aligned() || !bytes.len().is_multiple_of(size_of::<T>()) {
        return None;
    }
    // SAFETY: `first` is aligned, as was just checked, and points to `bytes.len()` readable
    // bytes, a whole number of `T`, for as long as `bytes` is borrowed; any bytes are a `T`,
    // as the trait promises. The length in bytes is that of a slice, so it fits an isize.
    Some(unsafe { std::slice::from_raw_parts(first, bytes.len() / size_of::<T>()) })
}

/// Numbers in a mapped file, which stays mapped as long as they are in use.
#[derive(Debug)]
pub(crate) struct MappedNumbers<T> {
    file: Arc<MappedFile>,
    range: Range<usize>,
    number: PhantomData<T>,
}

impl<T: Number> MappedNumbers<T> {
    /// The numbers in these bytes of the file; `None` if they cannot be used where they lie.
    pub(crate) fn new(file: &Arc<MappedFile>, range: Range<usize>) -> Option<Self> {
        cast::<T>(file.bytes().get(range.clone())?)?;
        Some(Self { file: Arc::clone(file), range, number: PhantomData })
    }
}

impl<T: Number> AsRef<[T]> for MappedNumbers<T> {
    fn as_ref(&self) -> &[T] {
        // Never empty by mistake: `new` has tried, and a mapping does not move.
        cast(&self.file.bytes()[self.range.clone()]).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::cast;

    #[test]
    fn bytes_are_seen_as_numbers_only_where_such_numbers_may_lie() {
        let numbers = [1.0_f32, -0.0, f32::from_bits(0x7fc0_1234)];
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let mut room = [0_u8; 24];
        let aligned = room.as_ptr().align_offset(4);

        room[aligned..aligned + 12].copy_from_slice(&bytes);
        let seen = cast::<f32>(&room[aligned..aligned + 12]).unwrap();
        assert!(seen.iter().zip(&numbers).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(seen.len(), 3);

        assert!(cast::<f32>(&room[aligned + 1..aligned + 9]).is_none(), "not aligned");
        assert!(cast::<f32>(&room[aligned + 2..aligned + 10]).is_none(), "not aligned");
        assert_eq!(cast::<u16>(&room[aligned + 2..aligned + 10]).unwrap().len(), 4);
        assert!(cast::<f32>(&room[aligned..aligned + 11]).is_none(), "no whole number of them");
        assert_eq!(cast::<f32>(&room[aligned..aligned]), Some([].as_slice()));
    }
}
