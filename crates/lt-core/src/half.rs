//! The two 16-bit formats that checkpoints use, converted exactly.
//!
//! | format | sign | exponent | fraction |
//! |---|---|---|---|
//! | f16 (IEEE 754 binary16) | 1 bit | 5 bits | 10 bits |
//! | bf16 | 1 bit | 8 bits (as f32) | 7 bits |

/// The f32 equal to a bf16: its upper half.
///
/// ```
/// assert_eq!(lt_core::bf16_to_f32(0x3fc0), 1.5);
/// ```
#[must_use]
pub fn bf16_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// The f32 equal to an f16; every f16 has one.
///
/// ```
/// assert_eq!(lt_core::f16_to_f32(0x3e00), 1.5);
/// assert_eq!(lt_core::f16_to_f32(0x0001), 2.0_f32.powi(-24)); // the smallest above zero
/// ```
#[must_use]
pub fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits & 0x03ff);
    let magnitude = match (exponent, fraction) {
        // Subnormals: fraction · 2⁻²⁴, exact in f32.
        (0, _) => (fraction as f32 * f32::from_bits(0x3380_0000)).to_bits(),
        (31, _) => 0x7f80_0000 | (fraction << 13),
        _ => ((exponent + 112) << 23) | (fraction << 13),
    };
    f32::from_bits(sign | magnitude)
}

/// The nearest bf16, ties to even; NaN stays NaN.
///
/// ```
/// assert_eq!(lt_core::f32_to_bf16(1.5), 0x3fc0);
/// ```
#[must_use]
pub fn f32_to_bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        return (bits >> 16) as u16 | 0x0040;
    }
    ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

/// The nearest f16, ties to even; too large becomes infinity, NaN stays NaN.
///
/// ```
/// assert_eq!(lt_core::f32_to_f16(1.5), 0x3e00);
/// assert_eq!(lt_core::f32_to_f16(65520.0), 0x7c00);
/// ```
#[must_use]
pub fn f32_to_f16(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    let half = if magnitude > 0x7f80_0000 {
        0x7e00 | (magnitude >> 13) & 0x03ff
    } else if magnitude >= 0x4780_0000 {
        0x7c00 // 2¹⁶ and more
    } else if magnitude >= 0x3880_0000 {
        // Normal: drop 13 bits; a carry runs into the exponent, as it should.
        (magnitude - (112 << 23) + 0x0fff + ((magnitude >> 13) & 1)) >> 13
    } else {
        // Subnormal: a multiple of 2⁻²⁴; f32 rounds ties to even when the integer part fills it.
        let steps = f32::from_bits(magnitude) * 16_777_216.0;
        (steps + 8_388_608.0).to_bits() & 0x007f_ffff
    };
    sign | half as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_16_bit_pattern_survives_the_round_trip() {
        for bits in 0..=u16::MAX {
            let (f16, bf16) = (f16_to_f32(bits), bf16_to_f32(bits));
            if f16.is_nan() {
                assert!(f16_to_f32(f32_to_f16(f16)).is_nan());
            } else {
                assert_eq!(f32_to_f16(f16), bits);
            }
            if bf16.is_nan() {
                assert!(bf16_to_f32(f32_to_bf16(bf16)).is_nan());
            } else {
                assert_eq!(f32_to_bf16(bf16), bits);
            }
        }
    }

    /// As processors do it: the upper bits of what a NaN carries stay, and it becomes a quiet one.
    #[test]
    fn what_a_nan_carries_is_cut_off_below() {
        assert_eq!(f32_to_f16(f32::from_bits(0x7fc0_2000)), 0x7e01);
        assert_eq!(f32_to_f16(f32::from_bits(0xffbf_e001)), 0xffff);
    }

    #[test]
    fn halfway_between_neighbours_goes_to_the_even_one_and_anything_more_goes_up() {
        for low in (0..0x7bff_u16).chain([0x8000, 0x83ff, 0x8400, 0xfbfe]) {
            let (a, b) = (f16_to_f32(low), f16_to_f32(low + 1));
            let middle = a / 2.0 + b / 2.0; // exact: one more bit than f16 has
            let even = if low % 2 == 0 { low } else { low + 1 };
            assert_eq!(f32_to_f16(middle), even, "between {a} and {b}");
            assert_eq!(f32_to_f16(f32::from_bits(middle.to_bits() + 1)), low + 1);
            assert_eq!(f32_to_f16(f32::from_bits(middle.to_bits() - 1)), low);
        }
        assert_eq!(f32_to_f16(f16_to_f32(0x7bff) + 15.9), 0x7bff);
        assert_eq!(f32_to_bf16(f32::from_bits(0x3f80_8000)), 0x3f80);
        assert_eq!(f32_to_bf16(f32::from_bits(0x3f81_8000)), 0x3f82);
        assert_eq!(f32_to_bf16(f32::MAX), 0x7f80);
    }
}
