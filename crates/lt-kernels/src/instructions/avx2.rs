//! AVX2 and FMA.

use std::arch::x86_64::{
    __m256, _MM_HINT_ET0, _MM_HINT_T1, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_mul_ps,
    _mm256_set1_ps, _mm256_storeu_ps,
};

use super::{Arithmetic, Work, prefetch, prefetch_at};
use crate::tile::Lanes;

/// Does the work with these instructions.
#[target_feature(enable = "avx2,fma")]
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
}
