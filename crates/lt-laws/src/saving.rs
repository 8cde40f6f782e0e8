//! The law of saving: what is saved loads to the same bits.

use std::fmt::Display;
use std::sync::Arc;

use lt_core::{Dtype, Params, Path, Values, Weight, weights};
use proptest::prelude::*;

use crate::strategies::mix;
use crate::{Law, Verdict};

/// The laws of this module.
pub const LAWS: [&Law; 2] = [&SAVED_LOADS_TO_THE_SAME_BITS, &SAVED_HALVES_LOAD_TO_THE_SAME_BITS];

/// See [`saved_loads_to_the_same_bits`].
pub const SAVED_LOADS_TO_THE_SAME_BITS: Law = Law {
    name: "what is saved loads to the same bits",
    statement: "load(save(model)) = model: names, shapes, and every bit of every f32",
    tolerance: "none",
};

/// A model that is saved and loaded has the same parameters: the same names in the same order,
/// the same shapes and the same bits, NaN and −0 among them.
///
/// The parameters of `model` are replaced by random bits before it is given to the closure, which
/// saves it and returns what it loads.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn saved_loads_to_the_same_bits<P: Params + Clone, E: Display>(
    model: &P,
    save_and_load: impl Fn(&P) -> Result<P, E>,
) {
    SAVED_LOADS_TO_THE_SAME_BITS.hold(&any::<u64>(), |seed| {
        round_trip(&with_random_bits(model, Dtype::F32, seed)?, &save_and_load)
    });
}

/// See [`saved_halves_load_to_the_same_bits`].
pub const SAVED_HALVES_LOAD_TO_THE_SAME_BITS: Law = Law {
    name: "what is saved in 16 bits loads to the same bits",
    statement: "load(save(model)) = model: names, shapes, types and every bit of f16 and bf16",
    tolerance: "none",
};

/// As [`saved_loads_to_the_same_bits`], for a model stored as f16 or as bf16: it stays so.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn saved_halves_load_to_the_same_bits<P: Params + Clone, E: Display>(
    model: &P,
    save_and_load: impl Fn(&P) -> Result<P, E>,
) {
    let dtype = prop_oneof![Just(Dtype::F16), Just(Dtype::Bf16)];
    SAVED_HALVES_LOAD_TO_THE_SAME_BITS.hold(&(dtype, any::<u64>()), |(dtype, seed)| {
        round_trip(&with_random_bits(model, dtype, seed)?, &save_and_load)
    });
}

fn round_trip<P: Params, E: Display>(
    model: &P,
    save_and_load: impl Fn(&P) -> Result<P, E>,
) -> Verdict {
    let loaded = save_and_load(model).map_err(|error| format!("it was refused: {error}"))?;
    let (before, after) = (weights(model), weights(&loaded));
    let names = |list: &[(String, &Weight)]| -> Vec<String> {
        list.iter().map(|(name, _)| name.clone()).collect()
    };
    if names(&before) != names(&after) {
        return Err(format!("{:?} came back as {:?}", names(&before), names(&after)));
    }
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        if before.shape() != after.shape() || before.dtype() != after.dtype() {
            return Err(format!("`{name}`: {before:?} came back as {after:?}"));
        }
        let (before, after) = (bits(before), bits(after));
        if let Some(at) = (0..before.len()).find(|&at| before[at] != after[at]) {
            let (before, after) = (before[at], after[at]);
            return Err(format!("`{name}`[{at}]: bits {before:#x} came back as {after:#x}"));
        }
    }
    Ok(())
}

fn bits(weight: &Weight) -> Vec<u32> {
    match weight.values() {
        Values::F16(values) | Values::Bf16(values) => {
            values.iter().map(|&bits| bits.into()).collect()
        }
        _ => weight.to_f32().iter().map(|value| value.to_bits()).collect(),
    }
}

/// The model with parameters of any bits: one in eight is a number with something special to it.
fn with_random_bits<P: Params + Clone>(model: &P, dtype: Dtype, seed: u64) -> Result<P, String> {
    let mut model = model.clone();
    let (mut state, mut problem) = (seed, None);
    let mut random = || {
        state = mix(state);
        let special = [f32::NAN, -f32::NAN, f32::INFINITY, -0.0, f32::from_bits(1), f32::MIN];
        match (state >> 32) % 8 {
            0 => special[(state >> 40) as usize % special.len()].to_bits(),
            _ => state as u32,
        }
    };
    model.visit_mut(&mut Path::new(), &mut |name, weight| {
        let shape = weight.shape().to_vec();
        let numbers: Vec<u32> = (0..weight.len()).map(|_| random()).collect();
        let halves = || numbers.iter().map(|&bits| (bits >> 16) as u16).collect::<Vec<_>>();
        let made = match dtype {
            Dtype::F16 => Weight::shared_f16(&shape, Arc::new(halves())),
            Dtype::Bf16 => Weight::shared_bf16(&shape, Arc::new(halves())),
            _ => Weight::new(&shape, numbers.iter().map(|&bits| f32::from_bits(bits)).collect()),
        };
        match made {
            Ok(made) => *weight = made,
            Err(error) => problem = Some(format!("`{name}`: {error}")),
        }
    });
    problem.map_or(Ok(model), Err)
}
