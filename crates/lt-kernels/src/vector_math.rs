//! exp, erf, tanh and the normal distribution's tail in f32, for many numbers at a time.
//!
//! Plain formulas without a branch, so that the compiler computes eight or sixteen at once. They
//! are off the exact value by some units in the last place (ulp) at most; each says how many.

use crate::instructions::Arithmetic;

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
const LN_2_HIGH: f32 = 0.693_359_375;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// eˣ, within 1 ulp; 0 where it is below 2⁻¹⁵⁰.
#[inline(always)]
pub(crate) fn exp<A: Arithmetic>(x: f32) -> f32 {
    exp_of_sum::<A>(x, 0.0)
}

/// e^(x + rest), where `rest` is what was lost when x was rounded: at most some hundredths.
#[inline(always)]
fn exp_of_sum<A: Arithmetic>(x: f32, rest: f32) -> f32 {
    // A comparison with NaN is false: it goes through.
    let x = select(x > 89.0, 89.0, select(x < -105.0, -105.0, x));
    // x + rest = n·ln 2 + r with |r| ≤ ln 2 / 2.
    let rounded = A::multiply_add(x + rest, std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = A::multiply_add(n, -LN_2_HIGH, x);
    let r = A::multiply_add(n, -LN_2_LOW, r) + rest;
    // eʳ = 1 + r + r²·q(r), and q by Remez's algorithm: relative error below 2e-8.
    let q = polynomial::<A, 5>(
        r,
        [0.5, 0.166_665_74, 0.041_666_86, 0.008_363_734, 0.001_390_153_6],
    );
    let power = A::multiply_add(q * r, r, r) + 1.0;
    // 2ⁿ in two factors: one alone does not reach the smallest numbers and infinity.
    let n = rounded.to_bits().wrapping_sub(ROUND.to_bits()).cast_signed();
    let half = n >> 1;
    let two_to_the = |n: i32| f32::from_bits((n.wrapping_add(127).cast_unsigned()) << 23);
    power * two_to_the(half) * two_to_the(n.wrapping_sub(half))
}

/// The tail of the normal distribution above a ≥ 0: Q(a) = 1 − Φ(a), within 3 ulp.
///
/// Q(a) = e^(−a²/2)·g(a), and g is smooth: a polynomial in t = 1/(1 + 0.3·a), by Remez's
/// algorithm on 0 ≤ a ≤ 14.5, beyond which Q is 0 in f32.
#[inline(always)]
fn normal_tail<A: Arithmetic>(a: f32) -> f32 {
    let a = select(a > 14.5, 14.5, a);
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
            0.191_782_998,
            -0.228_212_42,
            0.112_435_105,
            -0.020_623_374,
        ],
    );
    g * exp_of_minus_half_square::<A>(a)
}

/// e^(−a²/2). The rounding of a² would be blown up by the power, so a² is taken in two parts: that
/// of the upper half of a's bits, which is exact, and the rest.
#[inline(always)]
fn exp_of_minus_half_square<A: Arithmetic>(a: f32) -> f32 {
    let high = f32::from_bits(a.to_bits() & 0xffff_f000);
    let rest = (a - high) * (a + high);
    exp_of_sum::<A>(-0.5 * high * high, -0.5 * rest)
}

/// erf x, within 2 ulp.
#[inline(always)]
pub(crate) fn erf<A: Arithmetic>(x: f32) -> f32 {
    let (size, square) = (x.abs(), x * x);
    let near_zero = x * polynomial::<A, 5>(
        square,
        [1.128_379_2, -0.376_125_13, 0.112_809_92, -0.026_646_987, 0.004_512_358],
    );
    // erf x = 1 − 2·Q(√2·x)
    let tail = normal_tail::<A>(std::f32::consts::SQRT_2 * size);
    let far = A::multiply_add(-2.0, tail, 1.0).copysign(x);
    select(size < 0.55, near_zero, far)
}

/// tanh x, within 2 ulp.
#[inline(always)]
pub(crate) fn tanh<A: Arithmetic>(x: f32) -> f32 {
    let (size, square) = (x.abs(), x * x);
    let p = polynomial::<A, 5>(
        square,
        [-0.333_333_3, 0.133_327_7, -0.053_850_953, 0.020_997_358, -0.006_096_942],
    );
    let near_zero = A::multiply_add(p * square, x, x);
    let far = (1.0 - 2.0 / (exp::<A>(2.0 * size) + 1.0)).copysign(x);
    select(size < 0.625, near_zero, far)
}

/// x·Φ(x), within 4 ulp; NaN stays NaN.
#[inline(always)]
pub(crate) fn gelu<A: Arithmetic>(x: f32) -> f32 {
    // x·Φ(x) = max(x, 0) − |x|·Q(|x|): nothing cancels. At infinity, |x|·Q(|x|) is 0.
    let size = x.abs();
    let bounded = select(size > 14.5, 14.5, size);
    let lost = bounded * normal_tail::<A>(bounded);
    select(x < 0.0, 0.0, x) - lost
}

/// x·σ(z) with z = high + low, within 4 ulp where σ(z) is above 2⁻¹²⁶, below that 0.
#[inline(always)]
pub(crate) fn times_sigmoid<A: Arithmetic>(x: f32, high: f32, low: f32) -> f32 {
    let gate = 1.0 / (1.0 + exp_of_sum::<A>(-high, -low));
    // At −∞ the product would be ∞·0.
    select(gate == 0.0, -0.0, x * gate)
}
