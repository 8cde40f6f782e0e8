//! Tensors in memory, and models of any names.

use lt_core::{NameMap, Params, Path, Weight};
use lt_laws::Law;
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::*;
use lt_laws::proptest::sample::subsequence;
use lt_laws::strategies::{Order, orders};
use lt_weights::{Layout, LoadError, ReadError, StoredDtype, TensorInfo, TensorSource, load};

use crate::weights::{Misfit, Named};

const NAMES: [&str; 5] = ["weight", "bias", "norm.weight", "embeddings", "head"];

/// Tensors, sorted by name.
pub(super) struct Listed(Vec<TensorInfo>, Vec<Weight>);

impl Listed {
    pub(super) fn of(mut tensors: Vec<(String, Weight)>) -> Self {
        tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
        let infos = tensors.iter().map(|(name, weight)| info(name, weight)).collect();
        Self(infos, tensors.into_iter().map(|(_, weight)| weight).collect())
    }
}

impl TensorSource for Listed {
    fn tensors(&self) -> &[TensorInfo] {
        &self.0
    }

    fn weight(&self, name: &str) -> Result<Weight, ReadError> {
        let place = self.0.binary_search_by(|info| info.name.as_str().cmp(name));
        place.map(|place| self.1[place].clone()).map_err(|_| ReadError::no_tensor(name))
    }
}

fn info(name: &str, weight: &Weight) -> TensorInfo {
    let dtype = weight.dtype();
    TensorInfo {
        name: name.to_owned(),
        dtype: StoredDtype::Usable(dtype),
        shape: weight.shape().to_vec(),
        bytes: weight.len() * dtype.bytes(),
    }
}

/// A model with parameters of these names.
pub(super) struct Model(pub(super) Vec<(String, Weight)>);

impl Params for Model {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        for (name, weight) in &self.0 {
            path.enter(name, |path| visit(path.as_str(), weight));
        }
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        for (name, weight) in &mut self.0 {
            path.enter(name, |path| visit(path.as_str(), weight));
        }
    }
}

/// Zeros under these names.
fn zeros(named: &[Named]) -> Vec<(String, Weight)> {
    named.iter().map(|of| (of.name.clone(), Weight::zeros(&of.shape))).collect()
}

/// Some of the names, each with one of a few shapes, in any order.
fn named() -> impl Strategy<Value = Vec<Named>> {
    let names = subsequence(NAMES.to_vec(), 0..=NAMES.len());
    (names, vec(1_usize..3, NAMES.len()), orders()).prop_map(
        |(names, sides, order): (_, _, Order)| {
            let all: Vec<Named> = names
                .iter()
                .zip(sides)
                .map(|(name, side)| Named { name: (*name).to_owned(), shape: vec![side, 2] })
                .collect();
            order.of(all.len()).into_iter().map(|at| all[at].clone()).collect()
        },
    )
}

const PLAIN: Layout = Layout::new(NameMap::new(&[]));

/// See [`misfit`].
const ALL_THAT_DOES_NOT_FIT: Law = Law {
    name: "all that does not fit is said",
    statement: "misfit(model, file) = what `load` refuses",
    tolerance: "none: names are compared",
};

pub(super) fn misfit(answer: fn(&[Named], &[Named]) -> Misfit) {
    ALL_THAT_DOES_NOT_FIT.hold(&(named(), named()), |(model, file)| {
        let mut expected = Misfit::default();
        match load(&mut Model(zeros(&model)), &Listed::of(zeros(&file)), &PLAIN) {
            Ok(_) => {}
            Err(LoadError::Misfit(misfit)) => {
                expected.missing = misfit.missing.into_iter().map(|of| of.stored).collect();
                expected.wrong_shape = misfit.wrong_shape.into_iter().map(|of| of.stored).collect();
                expected.unused = misfit.unused.into_iter().map(|of| of.stored).collect();
            }
            Err(error) => return Err(error.to_string()),
        }
        let mut found = answer(&model, &file);
        for misfit in [&mut found, &mut expected] {
            misfit.missing.sort();
            misfit.wrong_shape.sort();
            misfit.unused.sort();
        }
        if found == expected {
            return Ok(());
        }
        let shown = |named: &[Named]| -> Vec<String> {
            named.iter().map(|of| format!("{} {:?}", of.name, of.shape)).collect()
        };
        Err(format!(
            "the model {:?} and the file {:?}: {found:?}, expected {expected:?}",
            shown(&model),
            shown(&file)
        ))
    });
}

/// See [`in_memory`].
const EVERY_NAME_IS_FOUND: Law = Law {
    name: "every name is found",
    statement: "info(name) and weight(name) are those of the tensor, for each name",
    tolerance: "none",
};

/// What makes a source of tensors.
type Source = fn(Vec<(String, Weight)>) -> Box<dyn TensorSource>;

pub(super) fn in_memory(answer: Source) {
    EVERY_NAME_IS_FOUND.hold(&named(), |named| {
        let number = |(at, of): (usize, &Named)| {
            let numbers = vec![at as f32; of.shape.iter().product()];
            Ok((of.name.clone(), Weight::new(&of.shape, numbers)?))
        };
        let tensors: lt_core::Result<Vec<_>> = named.iter().enumerate().map(number).collect();
        let tensors = tensors.map_err(|error| error.to_string())?;
        let source = answer(tensors.clone());
        let given: Vec<&str> = tensors.iter().map(|(name, _)| name.as_str()).collect();
        let listed: Vec<&str> = source.tensors().iter().map(|of| of.name.as_str()).collect();
        let case = format!("given {given:?}, `tensors` lists {listed:?}");
        if listed.len() != given.len() {
            return Err(format!("{case}: expected as many"));
        }
        for (name, weight) in &tensors {
            let expected = info(name, weight);
            match source.info(name) {
                None => return Err(format!("{case}, and `info` does not find `{name}`")),
                Some(found) if *found != expected => {
                    return Err(format!("{case}: `info` is {found:?}, expected {expected:?}"));
                }
                Some(_) => {}
            }
            let found = source.weight(name).map_err(|error| format!("{case}: {error}"))?;
            if found != *weight {
                return Err(format!("{case}: `weight` of `{name}` is another"));
            }
        }
        if source.weight("no such name").is_ok() {
            return Err(format!("{case}: `weight` of a name that is not there is no error"));
        }
        let mut model = Model(zeros(&named));
        load(&mut model, &*source, &PLAIN).map_err(|error| format!("{case}: {error}"))?;
        let is_loaded = model.0.iter().zip(&tensors).all(|((_, a), (_, b))| a == b);
        if is_loaded { Ok(()) } else { Err(format!("{case}: other numbers were loaded")) }
    });
}
