//! Numbers of a checkpoint that are none.

use lt_core::{Values, Weight};
use lt_weights::{Checkpoint, TensorSource};

/// A warning for each tensor that holds NaN or infinity. Nothing that is computed with one is a
/// number; most come from a training run that went wrong.
pub(crate) fn warnings(checkpoint: &Checkpoint) -> Vec<String> {
    let tensors = checkpoint.tensors().iter();
    let warning = |name: &str| {
        // What is no float, such as a table of positions, is always finite.
        let weight = checkpoint.weight(name).ok()?;
        let found = count(&weight);
        let (nan, infinite) = (kinds(found.nan, "NaN"), kinds(found.infinite, "infinite"));
        let kinds: Vec<String> = [nan, infinite].into_iter().flatten().collect();
        let of = weight.len();
        (!kinds.is_empty()).then(|| {
            format!(
                "`{name}` holds numbers that are none: {} of {of}; whatever is computed with \
                 them is none either",
                kinds.join(" and ")
            )
        })
    };
    tensors.filter_map(|tensor| warning(&tensor.name)).collect()
}

fn kinds(count: usize, kind: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} {kind}"))
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    nan: usize,
    infinite: usize,
}

/// By the bits as they are stored, so that nothing is converted.
fn count(weight: &Weight) -> Found {
    /// All bits of the exponent set: no number. Any of the fraction too: NaN.
    fn of<B: Copy>(values: &[B], magnitude: impl Fn(B) -> u32, infinity: u32) -> Found {
        values.iter().map(|&bits| magnitude(bits)).filter(|&bits| bits >= infinity).fold(
            Found::default(),
            |found, bits| match bits == infinity {
                true => Found { infinite: found.infinite + 1, ..found },
                false => Found { nan: found.nan + 1, ..found },
            },
        )
    }
    match weight.values() {
        Values::F32(values) => of(values, |x| x.to_bits() & 0x7fff_ffff, 0x7f80_0000),
        Values::F16(values) => of(values, |bits| u32::from(bits & 0x7fff), 0x7c00),
        Values::Bf16(values) => of(values, |bits| u32::from(bits & 0x7fff), 0x7f80),
        Values::Zeros => Found::default(),
        _ => of(&weight.to_f32(), |x| x.to_bits() & 0x7fff_ffff, 0x7f80_0000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_counted_by_kind() {
        let values = vec![1.0, f32::NAN, f32::INFINITY, -f32::NAN, f32::NEG_INFINITY, f32::MAX];
        let weight = Weight::new(&[6], values).unwrap();
        assert_eq!(count(&weight), Found { nan: 2, infinite: 2 });
        assert_eq!(count(&Weight::zeros(&[3])), Found::default());
        let mut rows = Weight::zeros(&[3, 2]);
        rows.add_row(1, &[f32::NAN, f32::INFINITY]);
        assert_eq!(count(&rows), Found { nan: 1, infinite: 1 });
        // The largest number, infinity, NaN; then the same below zero.
        let f16 = vec![0x7bff_u16, 0x7c00, 0x7e00, 0xfbff, 0xfc00, 0xfe00];
        let weight = Weight::shared_f16(&[6], std::sync::Arc::new(f16)).unwrap();
        assert_eq!(count(&weight), Found { nan: 2, infinite: 2 });
        let bf16 = vec![0x7f7f_u16, 0x7f80, 0x7fc0, 0xff7f, 0xff80, 0xffc0];
        let weight = Weight::shared_bf16(&[6], std::sync::Arc::new(bf16)).unwrap();
        assert_eq!(count(&weight), Found { nan: 2, infinite: 2 });
    }
}
