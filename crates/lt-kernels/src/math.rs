//! exp, ln, erf, tanh, sin and cos of our own, because those of system libraries differ from each other.
//!
//! Those of f32 are computed in f64, with a formula whose error is far below what an f32 can show, and
//! rounded once: the result is the nearest f32 but for rare near-ties (tested: ≤ 0.51 units in the
//! last place). A function that is built from them, such as GELU, stays in f64 to its end.

pub use crate::vector_math::{erf_in_place, exp_in_place, tanh_in_place};

/// eˣ.
///
/// PyTorch: `torch.exp`.
///
/// ```
/// assert_eq!(lt_kernels::math::exp(0.0), 1.0);
/// assert_eq!(lt_kernels::math::exp(f32::NEG_INFINITY), 0.0);
/// ```
#[must_use]
pub fn exp(x: f32) -> f32 {
    exp_f64(f64::from(x)) as f32
}

/// The error function, erf(x) = 2/√π ∫₀ˣ e^(−t²) dt.
///
/// PyTorch: `torch.erf`.
///
/// ```
/// assert_eq!(lt_kernels::math::erf(0.0), 0.0);
/// assert_eq!(lt_kernels::math::erf(9.0), 1.0);
/// ```
#[must_use]
pub fn erf(x: f32) -> f32 {
    erf_f64(f64::from(x)) as f32
}

/// The hyperbolic tangent, tanh(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).
///
/// PyTorch: `torch.tanh`.
///
/// ```
/// assert_eq!(lt_kernels::math::tanh(0.0), 0.0);
/// assert_eq!(lt_kernels::math::tanh(-20.0), -1.0);
/// ```
#[must_use]
pub fn tanh(x: f32) -> f32 {
    tanh_f64(f64::from(x)) as f32
}

/// A number that looks random for each input: the output function of SplitMix64
/// ([Steele, Lea & Flood 2014](https://doi.org/10.1145/2660193.2660195), figure 15).
///
/// There is no state: what is drawn follows from what it is drawn for.
///
/// ```
/// use lt_kernels::math::scramble;
/// assert_eq!(scramble(0), 0xe220_a839_7b1d_cdaf); // the first number of SplitMix64 with seed 0
/// assert_ne!(scramble(1), scramble(2));
/// ```
#[must_use]
pub fn scramble(input: u64) -> u64 {
    let mut z = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// eˣ in f64: relative error below 1e-13, saturating beyond ±700.
#[must_use]
pub fn exp_f64(x: f64) -> f64 {
    // x = n·ln 2 + r with |r| ≤ ln 2 / 2, so eˣ = 2ⁿ·eʳ.
    let x = x.clamp(-700.0, 700.0);
    let n = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let r = x - n * std::f64::consts::LN_2;
    // Taylor: the first term left out is r¹²/12! < 7e-15.
    let mut e_r = 1.0 / 39_916_800.0;
    for inverse in [
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        e_r = e_r * r + inverse;
    }
    let two_to_the_n = f64::from_bits(((n as i64 + 1023) << 52) as u64);
    e_r * two_to_the_n
}

/// The natural logarithm in f64: relative error below 1e-15, but near 1, where it is absolute.
///
/// NaN below 0, −∞ at 0.
///
/// PyTorch: `torch.log`.
///
/// ```
/// assert_eq!(lt_kernels::math::ln_f64(1.0), 0.0);
/// assert_eq!(lt_kernels::math::ln_f64(0.0), f64::NEG_INFINITY);
/// ```
#[must_use]
pub fn ln_f64(x: f64) -> f64 {
    if x < f64::MIN_POSITIVE {
        // What is too small for an exponent of its own is made larger first.
        return match x {
            0.0 => f64::NEG_INFINITY,
            x if x > 0.0 => ln_f64(x * 18_014_398_509_481_984.0) - 54.0 * std::f64::consts::LN_2,
            _ => f64::NAN,
        };
    }
    if !x.is_finite() {
        return x;
    }
    // x = 2ⁿ·m with √½ ≤ m < √2, so ln x = n·ln 2 + ln m.
    let bits = x.to_bits();
    let (mut n, mut m) =
        ((bits >> 52) as i64 - 1023, f64::from_bits(bits << 12 >> 12 | 1023 << 52));
    if m >= std::f64::consts::SQRT_2 {
        (n, m) = (n + 1, m / 2.0);
    }
    // ln m = 2 (s + s³/3 + s⁵/5 + …) with s = (m − 1) / (m + 1), |s| < 0.172; the first term left
    // out is s²³/23 < 2e-19.
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let mut sum = 0.0;
    for k in (0..11).rev() {
        sum = sum * square + 1.0 / f64::from(2 * k + 1);
    }
    n as f64 * std::f64::consts::LN_2 + 2.0 * s * sum
}

/// erf(x): absolute error below 1e-10, relative error below 1e-12 near zero.
pub(crate) fn erf_f64(x: f64) -> f64 {
    let size = x.abs();
    if size < 1.0 {
        // The series of the integral: 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n!·(2n+1)).
        let square = x * x;
        let mut sum = 0.0;
        for coefficient in SERIES.iter().rev() {
            sum = sum * square + coefficient;
        }
        sum * x
    } else {
        // erf x = 1 − e^(−x²)·g(x), and g is smooth.
        let t = (size.min(4.25) - 2.625) / 1.625;
        let mut g = 0.0;
        for coefficient in SCALED_COMPLEMENT.iter().rev() {
            g = g * t + coefficient;
        }
        let erf = 1.0 - exp_f64(-size * size) * g;
        if size.is_nan() { x } else { erf.copysign(x) }
    }
}

/// 2/√π · (−1)ⁿ / (n!·(2n+1)).
const SERIES: [f64; 15] = {
    let mut series = [0.0; 15];
    let (mut n, mut factorial, mut sign) = (0, 1.0, std::f64::consts::FRAC_2_SQRT_PI);
    while n < 15 {
        if n > 0 {
            factorial *= n as f64;
            sign = -sign;
        }
        series[n] = sign / (factorial * (2 * n + 1) as f64);
        n += 1;
    }
    series
};

/// g(x) = e^(x²)·(1 − erf x) on [1, 4.25] as a polynomial in t = (x − 2.625) / 1.625: Chebyshev
/// interpolation in 50 digits; what it adds to erf's error is below 5e-11.
const SCALED_COMPLEMENT: [f64; 15] = [
    0.201_887_554_546_017,
    -0.111_262_948_044_623_83,
    0.058_503_316_678_733_985,
    -0.029_500_294_434_738_478,
    0.014_323_948_608_738_783,
    -0.006_719_961_554_792_831_5,
    0.003_054_003_341_010_395_3,
    -0.001_345_436_865_321_18,
    0.000_577_934_562_075_071_4,
    -0.000_247_758_933_927_890_53,
    0.000_100_951_182_629_962_9,
    -3.263_865_926_310_483e-5,
    1.299_111_134_770_884e-5,
    -1.011_209_826_333_770_7e-5,
    3.725_407_013_678_929_4e-6,
];

/// tanh(x): relative error below 1e-10.
pub(crate) fn tanh_f64(x: f64) -> f64 {
    if x.abs() < 0.03 {
        // The quotient below would cancel: x − x³/3 + 2x⁵/15 − 17x⁷/315.
        let square = x * x;
        let sum = 2.0 / 15.0 - square * (17.0 / 315.0);
        return x - x * square * (1.0 / 3.0 - square * sum);
    }
    let e = exp_f64(-2.0 * x.abs());
    ((1.0 - e) / (1.0 + e)).copysign(x)
}

/// sin x and cos x, for |x| up to some 10⁶: absolute error below 1e-10.
///
/// ```
/// assert_eq!(lt_kernels::math::sin_cos(0.0), (0.0, 1.0));
/// ```
#[must_use]
pub fn sin_cos(x: f64) -> (f64, f64) {
    // x = n·π/2 + r with |r| ≤ π/4; π/2 in two parts, so that n·π/2 loses nothing.
    let n = (x * std::f64::consts::FRAC_2_PI + ROUND) - ROUND;
    let r = (x - n * PI_2_HIGH) - n * PI_2_LOW;
    let square = r * r;
    // Taylor; the first terms left out are r¹⁵/15! and r¹⁶/16!, below 3e-14.
    let (mut sin, mut cos) = (0.0, 0.0);
    for k in (0..7).rev() {
        let k = f64::from(k);
        sin = 1.0 - sin * square / ((2.0 * k + 2.0) * (2.0 * k + 3.0));
        cos = 1.0 - cos * square / ((2.0 * k + 1.0) * (2.0 * k + 2.0));
    }
    let (sin, cos) = (sin * r, cos);
    match (n as i64).rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// Added and taken away again, rounds to the nearest integer.
const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 · 2⁵²
/// π/2 to 33 bits, and the rest of it.
const PI_2_HIGH: f64 = 1.570_796_326_734_125_6;
const PI_2_LOW: f64 = 6.077_100_506_506_192e-11;

/// The logistic function, 1 / (1 + e⁻ˣ).
pub(crate) fn sigmoid_f64(x: f64) -> f64 {
    1.0 / (1.0 + exp_f64(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 997th f32, which meets each exponent some 8000 times, and the ends.
    fn arguments() -> impl Iterator<Item = f32> {
        let ends = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE, 1.0, -1.0];
        (0..=u32::MAX).step_by(997).map(f32::from_bits).chain(ends).filter(|x| !x.is_nan())
    }

    /// The distance from `exact` in units of the last place of the f32 nearest to it.
    fn ulps(got: f32, exact: f64) -> f64 {
        let nearest = exact as f32;
        if got == nearest {
            return 0.0;
        }
        let exponent = nearest.abs().max(f32::MIN_POSITIVE).to_bits() >> 23;
        let unit = 2.0_f64.powi(exponent as i32 - 127 - 23);
        (f64::from(got) - exact).abs() / unit
    }

    #[test]
    fn exp_is_within_0_51_ulp_of_the_true_value() {
        for x in arguments() {
            let exact = f64::from(x).exp();
            assert!(ulps(exp(x), exact) <= 0.51, "exp({x}) = {}, exactly {exact}", exp(x));
        }
    }

    #[test]
    fn tanh_is_within_0_51_ulp_of_the_true_value() {
        for x in arguments() {
            let exact = f64::from(x).tanh();
            assert!(ulps(tanh(x), exact) <= 0.51, "tanh({x}) = {}, exactly {exact}", tanh(x));
        }
    }

    /// The Taylor series of the integral in f64, which converges everywhere; beyond 4 it cancels,
    /// but there erf is 1 to every bit of an f32.
    fn erf_series(x: f64) -> f64 {
        if x.abs() > 4.0 {
            return 1.0_f64.copysign(x);
        }
        let (mut term, mut sum) = (x, x);
        for n in 1..120 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn erf_is_within_0_51_ulp_of_the_true_value() {
        for x in arguments() {
            let exact = erf_series(f64::from(x));
            assert!(ulps(erf(x), exact) <= 0.51, "erf({x}) = {}, exactly {exact}", erf(x));
        }
    }

    #[test]
    fn sin_and_cos_are_within_1e_10_of_the_true_values() {
        for i in -200_000..200_000 {
            let x = f64::from(i) * 1.37;
            let ((sin, cos), exact) = (sin_cos(x), x.sin_cos());
            assert!((sin - exact.0).abs() < 1e-10 && (cos - exact.1).abs() < 1e-10, "at {x}");
        }
    }

    #[test]
    fn ln_is_within_1e_15_of_the_true_value() {
        for x in arguments().map(f64::from).filter(|&x| x > 0.0 && x.is_finite()) {
            for x in [x, x * 1e-270, 1.0 + 1.0 / (1.0 + x)] {
                let (got, exact) = (ln_f64(x), x.ln());
                let bound = 1e-15 * exact.abs().max(1.0);
                assert!((got - exact).abs() <= bound, "ln({x}) = {got}, exactly {exact}");
            }
        }
        assert!(ln_f64(-1.0).is_nan() && ln_f64(f64::NAN).is_nan());
        assert_eq!(ln_f64(f64::INFINITY), f64::INFINITY);
    }

    #[test]
    fn nan_goes_through() {
        for function in [exp, erf, tanh] {
            assert!(function(f32::NAN).is_nan());
        }
    }
}
