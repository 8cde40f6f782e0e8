//! A weight laid out for the product.

use lt_core::{Threads, Values, Weight};

use crate::instructions::Arithmetic;
use crate::threads::for_each_part;
use crate::tile::{COLUMNS, Line, Panels};

/// A weight laid out for the product: panels of 16 outputs, and inside a panel the 16 numbers
/// that meet the same input lie side by side, so that one load brings them all.
///
/// Made once per weight and kept with it, see [`Weight::derived`]. A weight that is stored in 16
/// bits stays so, and is widened where it is used: on the way into the registers, or, for many rows,
/// some panels at a time.
#[derive(Debug)]
pub struct PackedWeight {
    numbers: Numbers,
    inner: usize,
    panels: usize,
}

#[derive(Debug)]
enum Numbers {
    F32(Aligned<f32>),
    F16(Aligned<F16>),
    Bf16(Aligned<Bf16>),
}

/// The bits of an f16.
#[derive(Debug, Clone, Copy, Default)]
#[repr(transparent)]
pub(crate) struct F16(pub(crate) u16);

/// The bits of a bf16.
#[derive(Debug, Clone, Copy, Default)]
#[repr(transparent)]
pub(crate) struct Bf16(pub(crate) u16);

impl Line for [F16; COLUMNS] {
    #[inline(always)]
    fn load<A: Arithmetic>(&self) -> A::Registers {
        A::load_f16(self)
    }
}

impl Line for [Bf16; COLUMNS] {
    #[inline(always)]
    fn load<A: Arithmetic>(&self) -> A::Registers {
        A::load_bf16(self)
    }
}

/// The panels of a weight, in the format in which they are stored.
pub(crate) enum AnyPanels<'a> {
    F32(Panels<'a>),
    F16(Panels<'a, [F16; COLUMNS]>),
    Bf16(Panels<'a, [Bf16; COLUMNS]>),
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
            Values::F16(bits) => Numbers::F16(pack(bits, F16, inner, len, threads)),
            Values::Bf16(bits) => Numbers::Bf16(pack(bits, Bf16, inner, len, threads)),
            Values::F32(values) => Numbers::F32(pack(values, |value| value, inner, len, threads)),
            // Zeros and single rows; and what a newer lt-core may store otherwise.
            _ => Numbers::F32(pack(&weight.to_f32(), |value| value, inner, len, threads)),
        };
        Self { numbers, inner, panels }
    }

    /// How many bytes the panels take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let size = if matches!(self.numbers, Numbers::F32(_)) { 4 } else { 2 };
        self.panels * COLUMNS * self.inner * size
    }

    /// How much room one panel takes that is widened first; 0 if it need not be.
    pub(crate) fn room(&self) -> usize {
        match self.numbers {
            Numbers::F32(_) => 0,
            Numbers::F16(_) | Numbers::Bf16(_) => COLUMNS * self.inner,
        }
    }

    /// As they are stored.
    pub(crate) fn panels(&self) -> AnyPanels<'_> {
        let (inner, count) = (self.inner, self.panels);
        match &self.numbers {
            Numbers::F32(all) => AnyPanels::F32(Panels::new(all.lines(), inner, count)),
            Numbers::F16(all) => AnyPanels::F16(Panels::new(all.lines(), inner, count)),
            Numbers::Bf16(all) => AnyPanels::Bf16(Panels::new(all.lines(), inner, count)),
        }
    }
}

/// [`f16_to_f32`](lt_core::f16_to_f32) without a branch.
#[inline(always)]
pub(crate) fn widen_f16(F16(bits): F16) -> f32 {
    let magnitude = u32::from(bits & 0x7fff);
    // Exponent and fraction in the places of an f32, whose exponent counts from 112 more. A product
    // puts that right for subnormal numbers too.
    let finite = f32::from_bits(magnitude << 13) * f32::from_bits((127 + 112) << 23);
    let infinite = f32::from_bits(0x7f80_0000 | magnitude << 13);
    let value = if magnitude >= 0x7c00 { infinite } else { finite };
    f32::from_bits(value.to_bits() | u32::from(bits & 0x8000) << 16)
}

/// `[out, in]` to panels `[out / 16, in, 16]`, each thread some panels.
fn pack<S: Copy + Sync, T: Copy + Default + Send + Sync>(
    rows: &[S],
    convert: impl Fn(S) -> T + Sync,
    inner: usize,
    len: usize,
    threads: &Threads,
) -> Aligned<T> {
    let mut packed = Aligned::zeros(len);
    for_each_part(threads, packed.as_mut_slice(), COLUMNS * inner, |number, panel| {
        let rows = &rows[(number * COLUMNS * inner).min(rows.len())..];
        for (column, row) in rows.chunks_exact(inner).take(COLUMNS).enumerate() {
            for (line, &value) in panel.chunks_exact_mut(COLUMNS).zip(row) {
                line[column] = convert(value);
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

    fn lines(&self) -> &[[T; COLUMNS]] {
        self.numbers[self.start..][..self.len].as_chunks().0
    }

    fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..][..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instructions;
    use crate::instructions::Work;
    use crate::tile::Lanes;

    #[test]
    fn every_f16_is_widened_as_lt_core_does_it() {
        for bits in 0..=u16::MAX {
            let (got, expected) = (widen_f16(F16(bits)), lt_core::f16_to_f32(bits));
            assert_eq!(got.to_bits(), expected.to_bits(), "{bits:04x}");
        }
    }

    /// A line as it comes out of the registers.
    struct Loaded<L>(L);

    impl<L: Line> Work for Loaded<L> {
        type Output = Lanes;

        #[inline(always)]
        fn run<A: Arithmetic>(self) -> Lanes {
            let mut lanes = [0.0; COLUMNS];
            A::store(self.0.load::<A>(), &mut lanes);
            lanes
        }
    }

    #[test]
    fn every_set_of_instructions_widens_all_numbers_of_16_bits() {
        for set in Instructions::available() {
            for first in (0..=u16::MAX).step_by(COLUMNS) {
                let bits: [u16; COLUMNS] = std::array::from_fn(|i| first + i as u16);
                let both = [
                    (set.run(Loaded(bits.map(F16))), bits.map(lt_core::f16_to_f32)),
                    (set.run(Loaded(bits.map(Bf16))), bits.map(lt_core::bf16_to_f32)),
                ];
                for (got, expected) in both {
                    let same = |(a, b): (&f32, &f32)| {
                        a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
                    };
                    assert!(got.iter().zip(&expected).all(same), "{set:?}: {got:?}, {expected:?}");
                }
            }
        }
    }
}
