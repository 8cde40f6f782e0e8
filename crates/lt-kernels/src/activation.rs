//! Activation functions: each with its derivative.

#[cfg(feature = "train")]
mod backward;

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};

use lt_core::Scratch;
use ndarray::Array2;

use crate::instructions::{Arithmetic, Instructions, Work};
use crate::math::{erf_f64, exp_f64, sigmoid_f64, tanh_f64};
use crate::threads::for_each_part;
use crate::tile::{COLUMNS, Lanes};
use crate::vector_math::{gelu, tanh, times_sigmoid};

#[cfg(feature = "train")]
pub use backward::{activation_backward, activation_backward_with};

/// A function applied to each number on its own.
///
/// `Φ` is the distribution function of the normal distribution, `σ` the logistic function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Activation {
    /// x: nothing is done.
    #[default]
    Identity,
    /// x·Φ(x), with the exact Φ(x) = (1 + erf(x/√2)) / 2. PyTorch: `nn.GELU()`.
    /// [Hendrycks & Gimpel 2016](https://arxiv.org/abs/1606.08415), section 2.
    Gelu,
    /// x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))): the approximation of GELU that GPT-2 and
    /// Google's BERT code use. PyTorch: `nn.GELU(approximate="tanh")`.
    GeluTanh,
    /// max(0, x). PyTorch: `nn.ReLU()`.
    Relu,
    /// x·σ(x), also called swish. PyTorch: `nn.SiLU()`.
    Silu,
    /// tanh x. PyTorch: `nn.Tanh()`.
    Tanh,
    /// x·σ(1.702·x): CLIP's approximation of GELU.
    QuickGelu,
}

impl Activation {
    /// The value at `x`, computed in f64 and rounded once: the reference. Layers use
    /// [`activate`], which is some units in the last place off it, and many times as fast.
    ///
    /// ```
    /// use lt_kernels::Activation;
    /// assert_eq!(Activation::Relu.apply(-2.0), 0.0);
    /// assert_eq!(Activation::Gelu.apply(1.0), 0.841_344_75); // Φ(1)
    /// ```
    #[must_use]
    pub fn apply(self, x: f32) -> f32 {
        if matches!(self, Self::Identity) {
            return x;
        }
        let x = f64::from(x);
        let value = match self {
            Self::Identity => x,
            // formula: gelu
            Self::Gelu => gated(x, normal(x)),
            // formula: gelu-tanh
            Self::GeluTanh => gated(x, 0.5 * (1.0 + tanh_f64(inner(x)))),
            // A comparison with NaN is false; it goes through.
            Self::Relu => {
                if x <= 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Self::Silu => gated(x, sigmoid_f64(x)),
            Self::Tanh => tanh_f64(x),
            Self::QuickGelu => gated(x, sigmoid_f64(1.702 * x)),
        };
        value as f32
    }

    /// The derivative at `x`; ReLU's at 0 is 0, as PyTorch has it.
    ///
    /// ```
    /// use lt_kernels::Activation;
    /// assert_eq!(Activation::Gelu.derivative(0.0), 0.5);
    /// ```
    #[must_use]
    pub fn derivative(self, x: f32) -> f32 {
        let x = f64::from(x);
        let slope = match self {
            Self::Identity => 1.0,
            // (x·Φ)′ = Φ + x·φ, φ(x) = e^(−x²/2) / √(2π)
            Self::Gelu => {
                let density = exp_f64(-0.5 * x * x) * (0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
                normal(x) + x * density
            }
            Self::GeluTanh => {
                let t = tanh_f64(inner(x));
                let d_inner = (FRAC_2_SQRT_PI / SQRT_2) * (1.0 + 3.0 * 0.044_715 * x * x);
                0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * d_inner
            }
            Self::Relu => f64::from(u8::from(x > 0.0)),
            Self::Silu => sigmoid_slope(x, 1.0),
            Self::Tanh => 1.0 - tanh_f64(x) * tanh_f64(x),
            Self::QuickGelu => sigmoid_slope(x, 1.702),
        };
        slope as f32
    }
}

/// Applies an activation to every number, in place: within 6 units in the last place of the
/// exact value, and 0 for values below 10⁻³⁵.
///
/// ```
/// use lt_core::Scratch;
/// use lt_kernels::{Activation, activate};
/// let mut rows = ndarray::array![[-1.0, 2.0]];
/// activate(Activation::Relu, &mut rows, &mut Scratch::new());
/// assert_eq!(rows, ndarray::array![[0.0, 2.0]]);
/// ```
pub fn activate(activation: Activation, rows: &mut Array2<f32>, scratch: &mut Scratch) {
    activate_with(Instructions::best(), activation, rows, scratch);
}

/// [`activate`] with these instructions.
pub fn activate_with(
    instructions: Instructions,
    activation: Activation,
    rows: &mut Array2<f32>,
    scratch: &mut Scratch,
) {
    /// So many numbers a task.
    const PART: usize = 16 << 10;
    match rows.as_slice_memory_order_mut() {
        Some(numbers) => for_each_part(scratch.threads(), numbers, PART, |_, numbers| {
            instructions.run(Numbers { activation, numbers });
        }),
        None => rows.iter_mut().for_each(|number| {
            let numbers = std::slice::from_mut(number);
            instructions.run(Numbers { activation, numbers });
        }),
    }
}

struct Numbers<'a> {
    activation: Activation,
    numbers: &'a mut [f32],
}

impl Work for Numbers<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        self.activation.apply_to_all::<A>(self.numbers);
    }
}

impl Activation {
    /// All values, in a loop for each function.
    #[inline(always)]
    pub(crate) fn apply_to_all<A: Arithmetic>(self, numbers: &mut [f32]) {
        match self {
            Self::Identity => {}
            Self::Gelu => for_each(numbers, gelu::<A>),
            // x/2 · (1 + tanh z) = x·σ(2z)
            Self::GeluTanh => {
                for_each(numbers, |x| times_sigmoid_of::<A>(x, 2.0 * inner(f64::from(x))));
            }
            // A comparison with NaN is false; it goes through.
            Self::Relu => for_each(numbers, |x| if x <= 0.0 { 0.0 } else { x }),
            Self::Silu => for_each(numbers, |x| times_sigmoid::<A>(x, x, 0.0)),
            Self::Tanh => for_each(numbers, tanh::<A>),
            Self::QuickGelu => {
                for_each(numbers, |x| times_sigmoid_of::<A>(x, 1.702 * f64::from(x)));
            }
        }
    }
}

/// Sixteen values at a time.
#[inline(always)]
fn for_each(numbers: &mut [f32], function: impl Fn(f32) -> f32) {
    let sixteen = |lanes: &mut Lanes| lanes.iter_mut().for_each(|x| *x = function(*x));
    let (all, rest) = numbers.as_chunks_mut();
    for lanes in all {
        sixteen(lanes);
    }
    if !rest.is_empty() {
        let mut lanes = [0.0; COLUMNS];
        lanes[..rest.len()].copy_from_slice(rest);
        sixteen(&mut lanes);
        rest.copy_from_slice(&lanes[..rest.len()]);
    }
}

/// x·σ(z), where z is known in f64 and its rounding would show.
#[inline(always)]
fn times_sigmoid_of<A: Arithmetic>(x: f32, z: f64) -> f32 {
    // Beyond, σ is 0 or 1 in f32; and the parts of ∞ would be ∞ and NaN.
    let z = if z > 200.0 { 200.0 } else { z };
    let z = if z < -200.0 { -200.0 } else { z };
    let high = z as f32;
    times_sigmoid::<A>(x, high, (z - f64::from(high)) as f32)
}

/// Φ(x), the share of the normal distribution that lies below x.
fn normal(x: f64) -> f64 {
    // formula: gelu
    0.5 * (1.0 + erf_f64(x * FRAC_1_SQRT_2))
}

/// √(2/π)·(x + 0.044715·x³)
fn inner(x: f64) -> f64 {
    // formula: gelu-tanh
    (FRAC_2_SQRT_PI / SQRT_2) * (x + 0.044_715 * x * x * x)
}

/// x·gate; −∞ gives the limit 0, where the product would be ∞·0.
fn gated(x: f64, gate: f64) -> f64 {
    if x == f64::NEG_INFINITY { -0.0 } else { x * gate }
}

/// (x·σ(a·x))′ = σ + a·x·σ·(1 − σ)
fn sigmoid_slope(x: f64, a: f64) -> f64 {
    let s = sigmoid_f64(a * x);
    s + a * x * s * (1.0 - s)
}
