//! exp, erf, tanh and the normal distribution's tail in f32, for many numbers at a time.
//!
//! Plain formulas without a branch, so that the compiler computes eight or sixteen at once. They
//! are off the exact value by some units in the last place (ulp) at most; each says how many.

use std::f32::consts::FRAC_2_SQRT_PI;

use crate::instructions::{Arithmetic, Instructions, Work};

/// Replaces each number x by eˣ, within 1.1 ulp; 0 below e^−86.2, which is 3.7·10⁻³⁸.
///
/// ```
/// use lt_kernels::{Instructions, math};
/// let mut numbers = [0.0, f32::NEG_INFINITY];
/// math::exp_in_place(Instructions::best(), &mut numbers);
/// assert_eq!(numbers, [1.0, 0.0]);
/// ```
pub fn exp_in_place(instructions: Instructions, numbers: &mut [f32]) {
    instructions.run(Each { numbers, function: Function::Exp });
}

/// Replaces each number x by erf x, within 4 ulp.
///
/// ```
/// use lt_kernels::{Instructions, math};
/// let mut numbers = [0.0, 9.0];
/// math::erf_in_place(Instructions::best(), &mut numbers);
/// assert_eq!(numbers, [0.0, 1.0]);
/// ```
pub fn erf_in_place(instructions: Instructions, numbers: &mut [f32]) {
    instructions.run(Each { numbers, function: Function::Erf });
}

/// Replaces each number x by tanh x, within 1.4 ulp.
///
/// ```
/// use lt_kernels::{Instructions, math};
/// let mut numbers = [0.0, -20.0];
/// math::tanh_in_place(Instructions::best(), &mut numbers);
/// assert_eq!(numbers, [0.0, -1.0]);
/// ```
pub fn tanh_in_place(instructions: Instructions, numbers: &mut [f32]) {
    instructions.run(Each { numbers, function: Function::Tanh });
}

#[derive(Clone, Copy)]
enum Function {
    Exp,
    Erf,
    Tanh,
}

struct Each<'a> {
    numbers: &'a mut [f32],
    function: Function,
}

impl Work for Each<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        match self.function {
            Function::Exp => self.numbers.iter_mut().for_each(|x| *x = exp::<A>(*x)),
            Function::Erf => self.numbers.iter_mut().for_each(|x| *x = erf::<A>(*x)),
            Function::Tanh => self.numbers.iter_mut().for_each(|x| *x = tanh::<A>(*x)),
        }
    }
}

/// Σ coefficients[i]·xⁱ.
#[inline(always)]
fn polynomial<A: Arithmetic, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = coefficients[N - 1];
    let mut i = N - 1;
    while i > 0 {
        i -= 1;
        sum = A::multiply_add(sum, x, coefficients[i]);
    }
    sum
}

/// Both are computed before one is chosen.
#[inline(always)]
fn select(condition: bool, yes: f32, no: f32) -> f32 {
    if condition { yes } else { no }
}

/// Added and taken away again, rounds to the nearest integer; the integer is then in the low bits.
const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³
/// ln 2 in two parts: n times the first is exact for |n| < 2¹⁵.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// eˣ, within 1.1 ulp; 0 below [`LOWEST`].
#[inline(always)]
pub(crate) fn exp<A: Arithmetic>(x: f32) -> f32 {
    exp_of_sum::<A>(x, 0.0)
}

/// e^−86.2 is close to the smallest normal number. Those below, which processors are slow with,
/// are taken for 0.
const LOWEST: f32 = -86.2;

/// e^(x + rest), where `rest` is what was lost when x was rounded: at most some hundredths.
#[inline(always)]
fn exp_of_sum<A: Arithmetic>(x: f32, rest: f32) -> f32 {
    // A comparison with NaN is false: it goes through.
    let bounded = select(x > 89.0, 89.0, select(x < LOWEST, LOWEST, x));
    // x + rest = n·ln 2 + r with |r| ≤ ln 2 / 2.
    let rounded = A::multiply_add(bounded + rest, std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = A::multiply_add(n, -LN_2_HIGH, bounded);
    let r = A::multiply_add(n, -LN_2_LOW, r) + rest;
    // eʳ = 1 + r + r²·q(r), and q by Remez's algorithm: relative error below 2e-8.
    let q =
        polynomial::<A, 5>(r, [0.5, 0.166_665_74, 0.041_666_86, 0.008_363_734, 0.001_390_153_6]);
    let power = A::multiply_add(q * r, r, r) + 1.0;
    // 2ⁿ as 2·2ⁿ⁻¹, for n is 128 where the result is largest.
    let n = rounded.to_bits().wrapping_sub(ROUND.to_bits());
    let half = f32::from_bits(n.wrapping_add(126) << 23);
    select(x < LOWEST, 0.0, power * half * 2.0)
}

/// The tail of the normal distribution above a ≥ 0: Q(a) = 1 − Φ(a), within 3 ulp; 0 above 13.13,
/// where Q is below 10⁻³⁸.
///
/// Q(a) = e^(−a²/2)·g(a), and g is smooth: a polynomial in t = 1/(1 + 0.3·a), by Remez's
/// algorithm on 0 ≤ a ≤ 14.5.
#[inline(always)]
fn normal_tail<A: Arithmetic>(a: f32) -> f32 {
    normal_tail_and_power::<A>(a).0
}

/// Q(a), and e^(−a²/2), which the density is a multiple of.
#[inline(always)]
pub(crate) fn normal_tail_and_power<A: Arithmetic>(a: f32) -> (f32, f32) {
    let t = 1.0 / A::multiply_add(a, 0.3, 1.0);
    let g = t * polynomial::<A, 10>(
        t,
        [
            0.119_686_69,
            0.119_571_82,
            0.110_235_38,
            0.078_389_86,
            0.096_156_19,
            -0.079_422_25,
            0.191_783,
            -0.228_212_42,
            0.112_435_1,
            -0.020_623_374,
        ],
    );
    // The rounding of a² would be blown up by the power, so a² is taken in two parts: that of the
    // upper half of a's bits, which is exact, and the rest.
    let high = f32::from_bits(a.to_bits() & 0xffff_f000);
    let rest = (a - high) * (a + high);
    let power = exp_of_sum::<A>(high * high * -0.5, rest * -0.5);
    (g * power, power)
}

/// erf x, within 4 ulp.
#[inline(always)]
pub(crate) fn erf<A: Arithmetic>(x: f32) -> f32 {
    let (size, square) = (x.abs(), x * x);
    let near_zero = x * polynomial::<A, 5>(
        square,
        [FRAC_2_SQRT_PI, -0.376_125_13, 0.112_809_92, -0.026_646_987, 0.004_512_358],
    );
    // erf x = 1 − 2·Q(√2·x)
    let a = std::f32::consts::SQRT_2 * size;
    let tail = normal_tail::<A>(select(a > 14.5, 14.5, a));
    let far = A::multiply_add(-2.0, tail, 1.0).copysign(x);
    select(size < 0.55, near_zero, far)
}

/// tanh x, within 1.4 ulp.
#[inline(always)]
pub(crate) fn tanh<A: Arithmetic>(x: f32) -> f32 {
    let (size, square) = (x.abs(), x * x);
    let p = polynomial::<A, 5>(
        square,
        [-0.333_333_3, 0.133_327_7, -0.053_850_953, 0.020_997_358, -0.006_096_942],
    );
    let near_zero = A::multiply_add(p * square, x, x);
    let far = 1.0 - 2.0 / (exp::<A>(2.0 * size) + 1.0);
    select(size < 0.625, near_zero, far).copysign(x) // of −0 too, which the sum above loses
}

/// x·Φ(x), within 6 ulp where it is above 10⁻³⁶; 0 below −13.13.
#[inline(always)]
pub(crate) fn gelu<A: Arithmetic>(x: f32) -> f32 {
    // x·Φ(x) = max(x, 0) − |x|·Q(|x|): nothing cancels. From 14.5 to infinity |x|·Q(|x|) is 0.
    let size = x.abs();
    let bounded = select(size > 14.5, 14.5, size);
    select(x < 0.0, 0.0, x) - bounded * normal_tail::<A>(bounded)
}

/// x·σ(z) with z = high + low, within 3 ulp where it is above 10⁻³⁵; 0 where e⁻ᶻ is no f32.
#[inline(always)]
pub(crate) fn times_sigmoid<A: Arithmetic>(x: f32, high: f32, low: f32) -> f32 {
    let gate = 1.0 / (1.0 + exp_of_sum::<A>(-high, -low));
    // At −∞ the product would be ∞·0.
    select(gate == 0.0, -0.0, x * gate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math;
    use crate::{Activation, activate_with};
    use lt_core::Scratch;
    use ndarray::Array2;

    /// Every 997th f32 and the ends, as in `math.rs`.
    fn arguments() -> Vec<f32> {
        let ends = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, 1.0, -1.0, 0.55, 0.625, -86.2];
        let all = (0..=u32::MAX).step_by(997).map(f32::from_bits).chain(ends);
        all.filter(|x| !x.is_nan()).collect()
    }

    /// Units in the last place of `exact` between the two; those of the smallest normal number
    /// below it.
    fn ulps(got: f32, exact: f32) -> f64 {
        if got == exact {
            return 0.0;
        }
        let exponent = exact.abs().max(f32::MIN_POSITIVE).to_bits() >> 23;
        let unit = 2.0_f64.powi(exponent as i32 - 127 - 23);
        (f64::from(got) - f64::from(exact)).abs() / unit
    }

    /// Holds a function to its reference, for every set of instructions; `lost` tells which values are
    /// so small that digits are lost, or all of them.
    #[track_caller]
    fn hold(
        bound: f64,
        fast: impl Fn(Instructions, &mut [f32]),
        exact: impl Fn(f32) -> f32,
        lost: impl Fn(f32) -> bool,
    ) {
        let arguments = arguments();
        let expected: Vec<f32> = arguments.iter().map(|&x| exact(x)).collect();
        for set in Instructions::available() {
            let mut values = arguments.clone();
            fast(set, &mut values);
            for ((&x, &got), &exact) in arguments.iter().zip(&values).zip(&expected) {
                // The reference is within half a unit itself.
                let close = ulps(got, exact) <= bound + 0.51;
                let lost = lost(exact) && got.abs() <= 2.0 * exact.abs();
                assert!(close || lost, "{set:?} at {x:e}: {got:e}, {exact:e}");
            }
            let mut nan = [f32::NAN; 17];
            fast(set, &mut nan);
            assert!(nan.iter().all(|x| x.is_nan()), "{set:?} hides NaN");
        }
    }

    #[test]
    fn exp_is_within_1_1_ulp() {
        hold(1.1, exp_in_place, math::exp, |exact| exact < 3.8e-38);
    }

    #[test]
    fn erf_is_within_4_ulp() {
        hold(4.0, erf_in_place, math::erf, |_| false);
    }

    #[test]
    fn tanh_is_within_1_4_ulp() {
        hold(1.4, tanh_in_place, math::tanh, |_| false);
    }

    fn activated(activation: Activation) -> impl Fn(Instructions, &mut [f32]) {
        move |set, numbers| {
            let rows = Array2::from_shape_vec((1, numbers.len()), numbers.to_vec());
            let mut rows = rows.unwrap_or_default();
            activate_with(set, activation, &mut rows, &mut Scratch::new());
            numbers.iter_mut().zip(rows).for_each(|(number, value)| *number = value);
        }
    }

    /// x·Φ(x) where `Activation::apply` is right but not to the last digit: 1 + erf x is a small
    /// difference there. Q(a) = φ(a) / (a + 1/(a + 2/(a + 3/…))), from the inside out.
    fn gelu_in_the_tail(x: f32) -> f32 {
        let a = -f64::from(x).max(-40.0);
        let fraction = (1..60).rev().fold(a, |inner, n| a + f64::from(n) / inner);
        let density = (-0.5 * a * a).exp() / (2.0 * std::f64::consts::PI).sqrt();
        (-a * density / fraction) as f32
    }

    #[test]
    fn gelu_is_within_6_ulp() {
        let exact = |x: f32| {
            if x < -1.5 { gelu_in_the_tail(x) } else { Activation::Gelu.apply(x) }
        };
        hold(6.0, activated(Activation::Gelu), exact, |exact| exact.abs() < 1e-36);
    }

    #[test]
    fn activations_with_a_sigmoid_are_within_3_ulp() {
        let sigmoid = |x: f32, z: f64| (f64::from(x).max(-1e30) / (1.0 + (-z).exp())) as f32;
        let tanh_form = |x: f32| {
            let x_64 = f64::from(x);
            let inner = 0.797_884_560_802_865_4 * (x_64 + 0.044_715 * x_64 * x_64 * x_64);
            sigmoid(x, 2.0 * inner)
        };
        let lost = |exact: f32| exact.abs() < 1e-35;
        hold(3.0, activated(Activation::GeluTanh), tanh_form, lost);
        hold(3.0, activated(Activation::Silu), |x| sigmoid(x, f64::from(x)), lost);
        let quick = |x: f32| sigmoid(x, 1.702 * f64::from(x));
        hold(3.0, activated(Activation::QuickGelu), quick, lost);
    }

    #[test]
    fn the_other_activations_are_exact_or_tanh() {
        for activation in [Activation::Identity, Activation::Relu] {
            hold(0.0, activated(activation), |x| activation.apply(x), |_| false);
        }
        hold(1.4, activated(Activation::Tanh), |x| Activation::Tanh.apply(x), |_| false);
    }

    /// At −∞, ∞, 0 and −0; the sign of a zero counts.
    #[test]
    fn infinities_and_zeros_are_right() {
        let inf = f32::INFINITY;
        type Fast = Box<dyn Fn(Instructions, &mut [f32])>;
        let gate = |activation| (Box::new(activated(activation)) as Fast, [-0.0, inf, 0.0, -0.0]);
        let functions: [(Fast, [f32; 4]); 9] = [
            (Box::new(exp_in_place), [0.0, inf, 1.0, 1.0]),
            (Box::new(erf_in_place), [-1.0, 1.0, 0.0, -0.0]),
            (Box::new(tanh_in_place), [-1.0, 1.0, 0.0, -0.0]),
            (Box::new(activated(Activation::Tanh)), [-1.0, 1.0, 0.0, -0.0]),
            (Box::new(activated(Activation::Relu)), [0.0, inf, 0.0, 0.0]),
            // What is left of GELU at −∞ is 0 − 0.
            (Box::new(activated(Activation::Gelu)), [0.0, inf, 0.0, -0.0]),
            gate(Activation::GeluTanh),
            gate(Activation::Silu),
            gate(Activation::QuickGelu),
        ];
        let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        for (number, (fast, expected)) in functions.iter().enumerate() {
            for set in Instructions::available() {
                // More than sixteen, so that both a register and the rest behind it are asked.
                let mut values = [-inf, inf, 0.0, -0.0].repeat(5);
                fast(set, &mut values);
                for values in values.chunks(4) {
                    assert_eq!(
                        bits(values),
                        bits(expected),
                        "function {number}, {set:?}: {values:?}"
                    );
                }
            }
        }
    }

    /// The last number whose power is not taken for 0, the last whose power is not infinite, and
    /// those behind them.
    #[test]
    fn powers_end_where_they_should() {
        for set in Instructions::available() {
            let mut numbers = [LOWEST, LOWEST.next_down(), 88.722_83, 88.722_84];
            exp_in_place(set, &mut numbers);
            assert!(numbers[0] > f32::MIN_POSITIVE && numbers[1] == 0.0, "{numbers:?}");
            assert!(numbers[2] < f32::INFINITY && numbers[3] == f32::INFINITY, "{numbers:?}");
        }
    }

    #[test]
    fn sets_that_round_once_agree_to_the_bit() {
        let fused = || Instructions::available().filter(|&set| set != Instructions::portable());
        for function in [exp_in_place, erf_in_place, tanh_in_place] {
            let values: Vec<Vec<u32>> = fused()
                .map(|set| {
                    let mut values = arguments();
                    function(set, &mut values);
                    values.iter().map(|x| x.to_bits()).collect()
                })
                .collect();
            assert!(values.windows(2).all(|pair| pair[0] == pair[1]));
        }
    }
}
