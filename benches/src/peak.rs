//! The machine's limit: how many multiplications and additions a core does if it need not wait for
//! memory.
//!
//! Sums that stay in registers, and enough of them that none waits for itself: a multiplication
//! with addition takes four or five cycles, and two begin in each.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps, _mm512_fmadd_ps, _mm512_set1_ps};
use std::hint::black_box;
use std::time::Instant;

/// Sums that do not depend on each other. Twelve leave room for the factors in 16 registers.
const CHAINS: usize = 12;
/// Steps of a run: some 10 ms.
const STEPS: usize = 4_000_000;
const RUNS: usize = 15;

/// The most that one core does with one set of instructions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// The set, by the name that `lt_kernels` gives it.
    pub instructions: &'static str,
    /// Operations in a second, in 10⁹; a multiplication with addition is two.
    pub gflops: f64,
}

/// Measures the peak of each set that this processor has, in some 0.2 s each.
#[must_use]
pub fn peaks() -> Vec<Peak> {
    let portable = measure("portable", 4, portable);
    #[cfg(target_arch = "x86_64")]
    {
        let mut peaks = vec![portable];
        let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        if has_avx2 {
            // SAFETY: the processor has these instructions.
            peaks.push(measure("avx2", 8, |steps| unsafe { avx2(steps) }));
        }
        if has_avx2 && is_x86_feature_detected!("avx512f") {
            // SAFETY: as above.
            peaks.push(measure("avx512", 16, |steps| unsafe { avx512(steps) }));
        }
        peaks
    }
    #[cfg(not(target_arch = "x86_64"))]
    vec![portable]
}

/// The highest of these peaks.
#[must_use]
pub fn highest(peaks: &[Peak]) -> f64 {
    peaks.iter().map(|peak| peak.gflops).fold(0.0, f64::max)
}

/// The fastest run: a limit is what nothing else has slowed down.
fn measure(instructions: &'static str, lanes: usize, run: impl Fn(usize)) -> Peak {
    let operations = (2 * CHAINS * lanes * STEPS) as f64;
    let run = |_| {
        let begin = Instant::now();
        run(STEPS);
        operations / begin.elapsed().as_secs_f64() / 1e9
    };
    Peak { instructions, gflops: (0..RUNS).map(run).fold(0.0, f64::max) }
}

fn portable(steps: usize) {
    // What every processor has may lack the fused step, which would then be a call.
    let step = |mut sum: [f32; 4], factor: [f32; 4], term: [f32; 4]| {
        for ((sum, factor), term) in sum.iter_mut().zip(factor).zip(term) {
            *sum = *sum * factor + term;
        }
        sum
    };
    chains(steps, [0.5; 4], [FACTOR; 4], [TERM; 4], step);
}

// Vectors by name: of an array of 16 the compiler may make 16 numbers in memory.

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(steps: usize) {
    let vector = |x| _mm256_set1_ps(x);
    let step = |sum, factor, term| _mm256_fmadd_ps(sum, factor, term);
    chains(steps, vector(0.5), vector(FACTOR), vector(TERM), step);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f")]
fn avx512(steps: usize) {
    let vector = |x| _mm512_set1_ps(x);
    let step = |sum, factor, term| _mm512_fmadd_ps(sum, factor, term);
    chains(steps, vector(0.5), vector(FACTOR), vector(TERM), step);
}

/// The sums go to a finite number, and none becomes so small that it would be slow.
const FACTOR: f32 = 0.999_999;
const TERM: f32 = 1e-6;

/// Compiled as part of its caller, with the caller's instructions.
#[inline(always)]
fn chains<V: Copy>(steps: usize, sum: V, factor: V, term: V, step: impl Fn(V, V, V) -> V) {
    // The compiler must not know them, or it would compute the end of each chain beforehand.
    let (factor, term) = (black_box(factor), black_box(term));
    let mut sums = black_box([sum; CHAINS]);
    for _ in 0..black_box(steps) {
        for sum in &mut sums {
            *sum = step(*sum, factor, term);
        }
    }
    black_box(sums);
}
