//! Matrices to multiply. Which numbers are in them makes no difference to the time.

use std::sync::Arc;

use lt_core::{Weight, f32_to_f16};
use ndarray::Array2;

/// Numbers from −0.5 to 0.5 that look random and are the same each time.
///
/// ```
/// let some: Vec<f32> = benches::numbers::noise(1).take(3).collect();
/// assert!(some.iter().all(|x| (-0.5..0.5).contains(x)));
/// assert_eq!(some, benches::numbers::noise(1).take(3).collect::<Vec<_>>());
/// ```
pub fn noise(seed: u64) -> impl Iterator<Item = f32> {
    bits(seed).map(|bits| (bits >> 40) as f32 / (1 << 24) as f32 - 0.5)
}

/// SplitMix64: bits that look random and are the same each time.
pub fn bits(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

/// Rows `[rows, columns]`.
#[must_use]
pub fn rows(rows: usize, columns: usize) -> Array2<f32> {
    let numbers = noise(1).take(rows * columns).collect();
    Array2::from_shape_vec((rows, columns), numbers)
        .unwrap_or_else(|error| unreachable!("as many numbers as the shape says: {error}"))
}

/// A weight of this shape: `[out, in]`, or `[d]`.
#[must_use]
pub fn weight(shape: &[usize]) -> Weight {
    Weight::new(shape, noise(2).take(shape.iter().product()).collect())
        .unwrap_or_else(|error| unreachable!("as many numbers as the shape says: {error}"))
}

/// The same weight, stored as f16.
#[must_use]
pub fn half_weight(shape: &[usize]) -> Weight {
    let numbers = noise(2).take(shape.iter().product()).map(f32_to_f16);
    Weight::shared_f16(shape, Arc::new(numbers.collect::<Vec<_>>()))
        .unwrap_or_else(|error| unreachable!("as many numbers as the shape says: {error}"))
}
