//! What an optimiser remembers.

use std::collections::HashMap;

use lt_core::Weight;
use safetensors::{Dtype, SafeTensors, View};

use crate::{Result, TrainError};

/// What an optimiser remembers: how many steps it took, and buffers for each parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// How many steps were taken.
    pub(super) steps: u64,
    /// One for each parameter, in the order of the visit.
    pub(super) buffers: Vec<Buffers>,
}

/// What an optimiser remembers for one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Buffers {
    name: String,
    shape: Vec<usize>,
    pub(super) frozen: bool,
    /// The average gradient, or the momentum; empty where the rule has none.
    pub(super) first: Vec<f32>,
    /// The average square; empty where the rule has none.
    pub(super) second: Vec<f32>,
}

impl Buffers {
    pub(super) fn new(name: &str, shape: &[usize], frozen: bool, buffers: usize) -> Self {
        let len: usize = shape.iter().product();
        let zeros = |wanted| if wanted { vec![0.0; len] } else { Vec::new() };
        let (name, shape) = (name.to_owned(), shape.to_vec());
        Self { name, shape, frozen, first: zeros(buffers > 0), second: zeros(buffers > 1) }
    }

    /// How many numbers there are, for both buffers together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }

    /// Whether there are none: frozen, or of a rule that remembers nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The name of the tensor that holds the number of steps.
const STEPS: &str = "steps";
/// What follows the name of a parameter, as PyTorch's optimisers call their state.
const FIRST: &str = ".exp_avg";
const SECOND: &str = ".exp_avg_sq";

impl State {
    /// How many steps were taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// What is remembered for each parameter, in the order of the visit.
    #[must_use]
    pub fn buffers(&self) -> &[Buffers] {
        &self.buffers
    }

    /// As a safetensors file: `NAME.exp_avg` and `NAME.exp_avg_sq`, f32, and `steps`.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if safetensors refuses it.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut tensors = vec![(
            STEPS.to_owned(),
            Stored { shape: vec![], bytes: self.steps.to_le_bytes().into(), dtype: Dtype::U64 },
        )];
        for buffers in &self.buffers {
            for (ending, values) in [(FIRST, &buffers.first), (SECOND, &buffers.second)] {
                if !values.is_empty() {
                    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                    let stored = Stored { shape: buffers.shape.clone(), bytes, dtype: Dtype::F32 };
                    tensors.push((format!("{}{ending}", buffers.name), stored));
                }
            }
        }
        safetensors::serialize(tensors, None)
            .map_err(|error| TrainError::setting("the optimiser's state", error, "tensors"))
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, for parameters and a rule like these.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if it is no such file, or is of other parameters.
    pub fn from_bytes(&self, bytes: &[u8]) -> Result<Self> {
        const WHAT: &str = "the optimiser's state";
        let refused = |got: String| TrainError::setting(WHAT, got, "a safetensors file of it");
        let file = SafeTensors::deserialize(bytes).map_err(|error| refused(error.to_string()))?;
        let mut tensors: HashMap<String, _> = file.tensors().into_iter().collect();
        let steps = tensors.remove(STEPS).filter(|steps| steps.dtype() == Dtype::U64);
        let steps = steps.and_then(|steps| steps.data().try_into().ok());
        let steps =
            steps.map(u64::from_le_bytes).ok_or_else(|| refused("without `steps`".into()))?;
        let mut buffers = self.buffers.clone();
        for buffers in &mut buffers {
            for (ending, values) in [(FIRST, &mut buffers.first), (SECOND, &mut buffers.second)] {
                let name = format!("{}{ending}", buffers.name);
                let found = tensors.remove(&name);
                if values.is_empty() && found.is_none() {
                    continue;
                }
                let fits = |found: &safetensors::tensor::TensorView<'_>| {
                    found.dtype() == Dtype::F32
                        && found.shape() == buffers.shape
                        && !values.is_empty()
                };
                let Some(found) = found.filter(fits) else {
                    let got = format!("with another `{name}` than this model and rule have");
                    return Err(refused(got));
                };
                let numbers = found.data().as_chunks::<4>().0;
                values
                    .iter_mut()
                    .zip(numbers)
                    .for_each(|(v, bytes)| *v = f32::from_le_bytes(*bytes));
            }
        }
        match tensors.keys().min() {
            Some(name) => {
                Err(refused(format!("with `{name}`, which this model and rule have not")))
            }
            None => Ok(Self { steps, buffers }),
        }
    }

    /// Refuses parameters, or gradients, that the buffers are not for.
    pub(super) fn check_fits(&self, weights: &[(String, &Weight)]) -> Result<()> {
        let ours = self.buffers.iter().map(|buffers| (&buffers.name, &buffers.shape[..]));
        same(ours, weights.iter().map(|(name, weight)| (name, weight.shape())))
    }

    /// Refuses a state of other parameters or another rule.
    pub(super) fn check_like(&self, other: &Self) -> Result<()> {
        let shape = |buffers: &Buffers| [buffers.first.len(), buffers.second.len()];
        let lengths: Vec<_> = self.buffers.iter().map(shape).collect();
        let other_lengths: Vec<_> = other.buffers.iter().map(shape).collect();
        let ours = self.buffers.iter().zip(&lengths).map(|(b, len)| (&b.name, &len[..]));
        let theirs = other.buffers.iter().zip(&other_lengths).map(|(b, len)| (&b.name, &len[..]));
        same(ours, theirs)
    }
}

/// Refuses a list of names and shapes that differs from the other.
fn same<'a>(
    mut ours: impl Iterator<Item = (&'a String, &'a [usize])>,
    mut theirs: impl Iterator<Item = (&'a String, &'a [usize])>,
) -> Result<()> {
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return Ok(()),
            (a, b) if a == b => {}
            (a, b) => {
                let name = a.or(b).map_or_else(String::new, |(name, _)| name.clone());
                let shape = |found: Option<(&String, &[usize])>| {
                    found.map_or_else(Vec::new, |(_, shape)| shape.to_vec())
                };
                return Err(TrainError::OtherModel { name, expected: shape(a), got: shape(b) });
            }
        }
    }
}

/// Bytes with a shape, as safetensors takes them.
struct Stored {
    shape: Vec<usize>,
    bytes: Vec<u8>,
    dtype: Dtype,
}

impl View for Stored {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        (&self.bytes).into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
