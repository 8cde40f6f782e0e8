//! Numbers to try a layer with, the same each time: where any numbers will do, and the cases of a
//! law are something else.

use lt_core::{Params, Path, Weight};
use ndarray::Array2;

/// Numbers between −1 and 1 that look random; another seed gives others.
///
/// ```
/// let numbers: Vec<f32> = lt_laws::sample::numbers(7).take(3).collect();
/// assert!(numbers.iter().all(|x| (-1.0..1.0).contains(x)));
/// assert_ne!(numbers[0], numbers[1]);
/// ```
pub fn numbers(seed: u64) -> impl Iterator<Item = f32> {
    // A multiplicative congruential generator of 64 bits, of which the upper 24 are used.
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(0xda94_2042_e4dd_58b5).rotate_left(29) | 1;
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    })
}

/// Rows `[rows, columns]` of such numbers.
#[must_use]
pub fn rows(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut numbers = numbers(seed);
    Array2::from_shape_simple_fn((rows, columns), || numbers.next().unwrap_or_default())
}

/// A weight of such numbers.
#[must_use]
pub fn weight(shape: &[usize], seed: u64) -> Weight {
    let mut weight = Weight::zeros(shape);
    fill(&mut weight, seed);
    weight
}

/// The layer with such numbers in place of its own; no two of its parameters get the same ones.
///
/// ```
/// use lt_core::Weight;
/// let layer = lt_laws::sample::filled(Weight::zeros(&[2, 3]), 7);
/// assert!(layer.f32().iter().all(|&x| x != 0.0));
/// ```
#[must_use]
pub fn filled<P: Params>(mut layer: P, seed: u64) -> P {
    fill(&mut layer, seed);
    layer
}

fn fill(layer: &mut impl Params, seed: u64) {
    let mut numbers = numbers(seed);
    layer.visit_mut(&mut Path::new(), &mut |_, weight| {
        for (value, number) in weight.make_mut().iter_mut().zip(&mut numbers) {
            *value = number;
        }
    });
}
