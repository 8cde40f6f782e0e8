//! The gradient of an activation.

use ndarray::{Array2, ArrayView2, Zip};

use super::{Activation, inner};
use crate::instructions::{Arithmetic, Instructions, Work};
use crate::vector_math::{exp, normal_tail_and_power, tanh};

/// dx = dy·f′(x), in the place of dy, for every number: f′ within 2·10⁻⁶ of its exact value.
///
/// # Panics
/// If there is not a gradient for each number.
///
/// ```
/// use lt_kernels::{Activation, activation_backward};
/// let (x, mut d) = (ndarray::array![[-1.0, 2.0]], ndarray::array![[5.0, 5.0]]);
/// activation_backward(Activation::Relu, x.view(), &mut d);
/// assert_eq!(d, ndarray::array![[0.0, 5.0]]);
/// ```
pub fn activation_backward(activation: Activation, x: ArrayView2<'_, f32>, d: &mut Array2<f32>) {
    activation_backward_with(Instructions::best(), activation, x, d);
}

/// [`activation_backward`] with these instructions.
///
/// # Panics
/// As [`activation_backward`].
pub fn activation_backward_with(
    instructions: Instructions,
    activation: Activation,
    x: ArrayView2<'_, f32>,
    d: &mut Array2<f32>,
) {
    assert_eq!(x.dim(), d.dim(), "a gradient for each number");
    match (x.as_slice(), d.as_slice_mut()) {
        (Some(x), Some(d)) => instructions.run(Numbers { activation, x, d }),
        _ => Zip::from(d).and(x).for_each(|d, x| {
            let (x, d) = (std::slice::from_ref(x), std::slice::from_mut(d));
            instructions.run(Numbers { activation, x, d });
        }),
    }
}

struct Numbers<'a> {
    activation: Activation,
    x: &'a [f32],
    d: &'a mut [f32],
}

impl Work for Numbers<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { activation, x, d } = self;
        match activation {
            Activation::Identity => {}
            Activation::Gelu => for_each(x, d, gelu_slope::<A>),
            Activation::GeluTanh => for_each(x, d, |x| {
                let x = bounded(x);
                // x·σ(2z)  ⇒  σ + x·σ·(1 − σ)·2z′
                let s = sigmoid::<A>(2.0 * inner(f64::from(x)) as f32);
                let d_inner = 1.595_769 * A::multiply_add(x * x, 3.0 * 0.044_715, 1.0);
                A::multiply_add(x * d_inner, s * (1.0 - s), s)
            }),
            Activation::Relu => for_each(x, d, |x| {
                // A comparison with NaN is false; it goes through.
                if x > 0.0 {
                    1.0
                } else if x <= 0.0 {
                    0.0
                } else {
                    x
                }
            }),
            Activation::Silu => for_each(x, d, |x| sigmoid_slope::<A>(x, 1.0)),
            Activation::Tanh => for_each(x, d, |x| {
                let t = tanh::<A>(x);
                A::multiply_add(-t, t, 1.0)
            }),
            Activation::QuickGelu => for_each(x, d, |x| sigmoid_slope::<A>(x, 1.702)),
        }
    }
}

#[inline(always)]
fn for_each(x: &[f32], d: &mut [f32], slope: impl Fn(f32) -> f32) {
    d.iter_mut().zip(x).for_each(|(d, &x)| *d *= slope(x));
}

/// Beyond, slopes are 0 or 1, and the parts of ∞ would be ∞·0.
#[inline(always)]
fn bounded(x: f32) -> f32 {
    let x = if x > 60.0 { 60.0 } else { x };
    if x < -60.0 { -60.0 } else { x }
}

/// (x·Φ(x))′ = Φ(x) + x·φ(x).
#[inline(always)]
fn gelu_slope<A: Arithmetic>(x: f32) -> f32 {
    let size = x.abs();
    let bounded = if size > 14.5 { 14.5 } else { size };
    let (tail, power) = normal_tail_and_power::<A>(bounded);
    let density = power * 0.398_942_3; // φ(x) = e^(−x²/2) / √(2π)
    let below = if x < 0.0 { tail } else { 1.0 - tail };
    A::multiply_add(bounded.copysign(x), density, below)
}

/// σ(x) = 1 / (1 + e⁻ˣ).
#[inline(always)]
fn sigmoid<A: Arithmetic>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<A>(-x))
}

/// (x·σ(a·x))′ = σ + a·x·σ·(1 − σ)
#[inline(always)]
fn sigmoid_slope<A: Arithmetic>(x: f32, a: f32) -> f32 {
    let x = bounded(x);
    let s = sigmoid::<A>(a * x);
    A::multiply_add(a * x, s * (1.0 - s), s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn slopes_are_those_of_the_reference() {
        let ends = [0.0, -0.0, 1e-30, -1e-30, 1e30, -1e30];
        let all = (-4000..4000).map(|n| n as f32 / 200.0).chain(ends);
        let x = Array2::from_shape_vec((1, 8006), all.collect()).unwrap();
        for set in Instructions::available() {
            for activation in [
                Activation::Identity,
                Activation::Gelu,
                Activation::GeluTanh,
                Activation::Relu,
                Activation::Silu,
                Activation::Tanh,
                Activation::QuickGelu,
            ] {
                let mut slopes = Array2::ones(x.raw_dim());
                activation_backward_with(set, activation, x.view(), &mut slopes);
                for (&x, &got) in x.iter().zip(&slopes) {
                    let expected = if x.abs() > 1e20 && activation != Activation::Tanh {
                        // The reference's x³ or x·φ(x) is ∞·0 there.
                        let zero = activation != Activation::Identity && x < 0.0;
                        if zero { 0.0 } else { 1.0 }
                    } else {
                        activation.derivative(x)
                    };
                    let close = (got - expected).abs() <= 2e-6;
                    assert!(close, "{set:?} {activation:?} at {x:e}: {got}, {expected}");
                }
                let mut nan = Array2::ones((1, 1));
                let at = ndarray::array![[f32::NAN]];
                activation_backward_with(set, activation, at.view(), &mut nan);
                let goes_through = activation != Activation::Identity;
                assert_eq!(nan[[0, 0]].is_nan(), goes_through, "{set:?} {activation:?}");
            }
        }
    }
}
