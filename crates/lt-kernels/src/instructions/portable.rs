//! What every processor has.

use super::{Arithmetic, Work};
use crate::packed::{Bf16, F16, widen_f16};
use crate::tile::{COLUMNS, Lanes};

/// Does the work with these instructions.
pub(super) fn run<W: Work>(work: W) -> W::Output {
    work.run::<Portable>()
}

/// Sixteen registers of four numbers, as SSE2 and NEON have them.
struct Portable;

impl Arithmetic for Portable {
    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }

    type Registers = Lanes;

    #[inline(always)]
    fn load(numbers: &Lanes) -> Lanes {
        *numbers
    }

    #[inline(always)]
    fn load_f16(numbers: &[F16; COLUMNS]) -> Lanes {
        numbers.map(widen_f16)
    }

    #[inline(always)]
    fn load_bf16(numbers: &[Bf16; COLUMNS]) -> Lanes {
        numbers.map(|Bf16(bits)| lt_core::bf16_to_f32(bits))
    }

    #[inline(always)]
    fn store(numbers: Lanes, place: &mut Lanes) {
        *place = numbers;
    }

    #[inline(always)]
    fn multiply_add_each(a: f32, b: Lanes, mut c: Lanes) -> Lanes {
        for i in 0..c.len() {
            c[i] += a * b[i];
        }
        c
    }

    #[inline(always)]
    fn multiply_each(a: f32, b: Lanes) -> Lanes {
        b.map(|b| a * b)
    }

    const ROWS: usize = 2;
    const PANELS: usize = 1;
    const WIDENS_ROWS: usize = 16;
}
