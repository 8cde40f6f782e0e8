//! AVX-512F.

use std::arch::x86_64::{
    __m512, _MM_HINT_ET0, _MM_HINT_T1, _mm256_loadu_si256, _mm512_castsi512_ps,
    _mm512_cvtepu16_epi32, _mm512_cvtph_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mul_ps,
    _mm512_set1_ps, _mm512_slli_epi32, _mm512_storeu_ps,
};

use super::{Arithmetic, Work, prefetch, prefetch_at};
use crate::packed::{Bf16, F16};
use crate::tile::{COLUMNS, Lanes};

/// Does the work with these instructions.
#[target_feature(enable = "avx2,fma,f16c,avx512f")]
pub(super) fn run<W: Work>(work: W) -> W::Output {
    work.run::<Avx512>()
}

/// Thirty-two registers of sixteen numbers.
///
/// Only [`run`] names it: where its functions are called, the processor has these instructions.
struct Avx512;

impl Arithmetic for Avx512 {
    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    type Registers = __m512;

    #[inline(always)]
    fn load(numbers: &Lanes) -> Self::Registers {
        // SAFETY: the processor has these instructions, see above; there are sixteen numbers.
        unsafe { _mm512_loadu_ps(numbers.as_ptr()) }
    }

    #[inline(always)]
    fn load_f16(numbers: &[F16; COLUMNS]) -> Self::Registers {
        // SAFETY: the processor has these instructions, see above; there are sixteen numbers of 16
        // bits.
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(numbers.as_ptr().cast())) }
    }

    #[inline(always)]
    fn load_bf16(numbers: &[Bf16; COLUMNS]) -> Self::Registers {
        // SAFETY: as above.
        unsafe {
            let bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(numbers.as_ptr().cast()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(bits))
        }
    }

    #[inline(always)]
    fn store(numbers: Self::Registers, place: &mut Lanes) {
        // SAFETY: the processor has these instructions, see above; there are sixteen places.
        unsafe { _mm512_storeu_ps(place.as_mut_ptr(), numbers) }
    }

    #[inline(always)]
    fn multiply_add_each(a: f32, b: Self::Registers, c: Self::Registers) -> Self::Registers {
        // SAFETY: the processor has these instructions, see above.
        unsafe { _mm512_fmadd_ps(_mm512_set1_ps(a), b, c) }
    }

    #[inline(always)]
    fn multiply_each(a: f32, b: Self::Registers) -> Self::Registers {
        // SAFETY: the processor has these instructions, see above.
        unsafe { _mm512_mul_ps(_mm512_set1_ps(a), b) }
    }

    #[inline(always)]
    fn will_write(soon: &mut [f32]) {
        prefetch::<_MM_HINT_ET0>(soon);
    }

    #[inline(always)]
    fn will_read(soon: &[f32]) {
        prefetch::<_MM_HINT_T1>(soon);
    }

    #[inline(always)]
    fn will_read_at(address: *const f32) {
        prefetch_at::<_MM_HINT_T1>(address);
    }

    const ROWS: usize = 8;
    const PANELS: usize = 2;
    const WIDENS_ROWS: usize = 16;
}
