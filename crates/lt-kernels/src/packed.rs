//! A weight laid out for the product.

use lt_core::{Dtype, Threads, Values, Weight, bf16_to_f32};

use crate::threads::for_each_part;
use crate::tile::{COLUMNS, Panels};

/// A weight laid out for the product: panels of 16 outputs, and inside a panel the 16 numbers
/// that meet the same input lie side by side, so that one load brings them all.
///
/// Made once per weight and kept with it, see [`Weight::derived`]. A weight that is stored in 16
/// bits stays so: its panels are widened piece by piece where they are used.
#[derive(Debug)]
pub struct PackedWeight {
    numbers: Numbers,
    inner: usize,
    panels: usize,
}

#[derive(Debug)]
enum Numbers {
    F32(Aligned<f32>),
    Half(Aligned<u16>, Dtype),
}

impl PackedWeight {
    /// Packs a weight `[out, in]`; outputs that fill no panel are filled up with zeros.
    ///
    /// # Panics
    /// If the weight is no matrix.
    #[must_use]
    pub fn pack(weight: &Weight, threads: &Threads) -> Self {
        let &[out, inner] = weight.shape() else { panic!("a weight [out, in]") };
        let panels = out.div_ceil(COLUMNS);
        let len = panels * COLUMNS * inner;
        let numbers = match weight.values() {
            Values::F16(bits) | Values::Bf16(bits) => {
                Numbers::Half(pack(bits, inner, len, threads), weight.dtype())
            }
            Values::F32(values) => Numbers::F32(pack(values, inner, len, threads)),
            // Zeros; and what a newer lt-core may store otherwise.
            _ => Numbers::F32(pack(&weight.to_f32(), inner, len, threads)),
        };
        Self { numbers, inner, panels }
    }

    /// How many bytes the panels take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.numbers {
            Numbers::F32(numbers) => numbers.as_slice().len() * 4,
            Numbers::Half(bits, _) => bits.as_slice().len() * 2,
        }
    }

    /// How much room one panel takes that has to be widened first; 0 if it need not be.
    pub(crate) fn room(&self) -> usize {
        match self.numbers {
            Numbers::F32(_) => 0,
            Numbers::Half(..) => COLUMNS * self.inner,
        }
    }

    /// As f32 as they are, if they are.
    pub(crate) fn panels(&self) -> Option<Panels<'_>> {
        match &self.numbers {
            Numbers::F32(numbers) => {
                Some(Panels::new(numbers.as_slice().as_chunks().0, self.inner, self.panels))
            }
            Numbers::Half(..) => None,
        }
    }

    /// Some panels, widened into `room`.
    #[inline(always)]
    pub(crate) fn widened<'r>(
        &self,
        panels: std::ops::Range<usize>,
        room: &'r mut [f32],
    ) -> Panels<'r> {
        let len = COLUMNS * self.inner;
        let room = &mut room[..panels.len() * len];
        if let Numbers::Half(bits, dtype) = &self.numbers {
            let bits = &bits.as_slice()[panels.start * len..panels.end * len];
            // One loop each, so that the compiler widens many at a time.
            if *dtype == Dtype::F16 {
                room.iter_mut().zip(bits).for_each(|(number, &bits)| *number = widen_f16(bits));
            } else {
                room.iter_mut().zip(bits).for_each(|(number, &bits)| *number = bf16_to_f32(bits));
            }
        }
        Panels::new(room.as_chunks().0, self.inner, panels.len())
    }
}

/// [`f16_to_f32`](lt_core::f16_to_f32) without a branch.
#[inline(always)]
fn widen_f16(bits: u16) -> f32 {
    let magnitude = u32::from(bits & 0x7fff);
    // Exponent and fraction in the places of an f32, whose exponent counts from 112 more. A product
    // puts that right for subnormal numbers too.
    let finite = f32::from_bits(magnitude << 13) * f32::from_bits((127 + 112) << 23);
    let infinite = f32::from_bits(0x7f80_0000 | magnitude << 13);
    let value = if magnitude >= 0x7c00 { infinite } else { finite };
    f32::from_bits(value.to_bits() | u32::from(bits & 0x8000) << 16)
}

/// `[out, in]` to panels `[out / 16, in, 16]`, each thread some panels.
fn pack<T: Copy + Default + Send + Sync>(
    rows: &[T],
    inner: usize,
    len: usize,
    threads: &Threads,
) -> Aligned<T> {
    let mut packed = Aligned::zeros(len);
    for_each_part(threads, packed.as_mut_slice(), COLUMNS * inner, |number, panel| {
        let rows = &rows[(number * COLUMNS * inner).min(rows.len())..];
        for (column, row) in rows.chunks_exact(inner).take(COLUMNS).enumerate() {
            for (line, &value) in panel.chunks_exact_mut(COLUMNS).zip(row) {
                line[column] = value;
            }
        }
    });
    packed
}

/// Numbers that begin where a line of the cache does: a load of 64 bytes then touches one line.
#[derive(Debug)]
struct Aligned<T> {
    numbers: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    const LINE: usize = 64;

    fn zeros(len: usize) -> Self {
        let numbers = vec![T::default(); len + Self::LINE];
        let start = numbers.as_ptr().align_offset(Self::LINE).min(Self::LINE);
        Self { numbers, start, len }
    }

    fn as_slice(&self) -> &[T] {
        &self.numbers[self.start..][..self.len]
    }

    fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..][..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_f16_is_widened_as_lt_core_does_it() {
        for bits in 0..=u16::MAX {
            let (got, expected) = (widen_f16(bits), lt_core::f16_to_f32(bits));
            assert_eq!(got.to_bits(), expected.to_bits(), "{bits:04x}");
        }
    }
}
