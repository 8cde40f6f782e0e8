//! AVX2, FMA and F16C.

use std::arch::x86_64::{
    __m256, _MM_HINT_ET0, _MM_HINT_T1, _mm_loadu_si128, _mm256_castsi256_ps, _mm256_cvtepu16_epi32,
    _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_mul_ps, _mm256_set1_ps,
    _mm256_slli_epi32, _mm256_storeu_ps,
};

use super::{Arithmetic, Work, prefetch, prefetch_at};
use crate::packed::{Bf16, F16};
use crate::tile::{COLUMNS, Lanes};

/// Does the work with these instructions.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn run<W: Work>(work: W) -> W::Output {
    work.run::<Avx2>()
}

/// Sixteen registers of eight numbers: 6 rows of 2 are sums, the other 4 hold what is multiplied.
///
/// Only [`run`] names it: where its functions are called, the processor has these instructions.
struct Avx2;

impl Arithmetic for Avx2 {
    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    type Registers = [__m256; 2];

    #[inline(always)]
    fn load(numbers: &Lanes) -> Self::Registers {
        let [low, high] = [&numbers[..8], &numbers[8..]];
        // SAFETY: the processor has these instructions, see above; each half has eight numbers.
        unsafe { [_mm256_loadu_ps(low.as_ptr()), _mm256_loadu_ps(high.as_ptr())] }
    }

    #[inline(always)]
    fn load_f16(numbers: &[F16; COLUMNS]) -> Self::Registers {
        let (low, high) = numbers.split_at(8);
        // SAFETY: the processor has these instructions, see above; each half has eight numbers of
        // 16 bits.
        [low, high].map(|eight| unsafe { _mm256_cvtph_ps(_mm_loadu_si128(eight.as_ptr().cast())) })
    }

    #[inline(always)]
    fn load_bf16(numbers: &[Bf16; COLUMNS]) -> Self::Registers {
        let (low, high) = numbers.split_at(8);
        // SAFETY: as above.
        [low, high].map(|eight| unsafe {
            let bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(eight.as_ptr().cast()));
            _mm256_castsi256_ps(_mm256_slli_epi32::<16>(bits))
        })
    }

    #[inline(always)]
    fn store(numbers: Self::Registers, place: &mut Lanes) {
        let (low, high) = place.split_at_mut(8);
        // SAFETY: the processor has these instructions, see above; each half has eight places.
        unsafe {
            _mm256_storeu_ps(low.as_mut_ptr(), numbers[0]);
            _mm256_storeu_ps(high.as_mut_ptr(), numbers[1]);
        }
    }

    #[inline(always)]
    fn multiply_add_each(a: f32, b: Self::Registers, c: Self::Registers) -> Self::Registers {
        // SAFETY: the processor has these instructions, see above.
        unsafe {
            let a = _mm256_set1_ps(a);
            [_mm256_fmadd_ps(a, b[0], c[0]), _mm256_fmadd_ps(a, b[1], c[1])]
        }
    }

    #[inline(always)]
    fn multiply_each(a: f32, b: Self::Registers) -> Self::Registers {
        // SAFETY: the processor has these instructions, see above.
        unsafe {
            let a = _mm256_set1_ps(a);
            [_mm256_mul_ps(a, b[0]), _mm256_mul_ps(a, b[1])]
        }
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

    const ROWS: usize = 6;
    const PANELS: usize = 1;
    // Widening costs nothing here beside multiplying, and half the bytes come from the cache.
    const WIDENS_ROWS: usize = usize::MAX;
}
