//! Laws of a layer that is trained: its derivative is the derivative of its forward pass.
//!
//! [`conformance!`](crate::conformance) writes these tests for a layer from a few lines.

mod slope;

use lt_core::{Params, Scratch, Weight, weights, zeros_like};
use ndarray::Array2;
use proptest::prelude::*;

use crate::rows::same_bits;
use crate::same_bits::{threads, used_scratch};
use crate::{Law, Verdict};
pub use slope::{BACKWARD_IS_THE_SLOPE, backward_is_the_slope};
use slope::{Point, draw};

/// The laws of this module.
pub const LAWS: [&Law; 5] = [
    &FORWARD_PASSES_AGREE,
    &BACKWARD_IS_THE_SLOPE,
    &BACKWARD_ADDS,
    &EVERY_PARAMETER_HAS_A_GRADIENT,
    &WRONG_SHAPES_ARE_REFUSED,
];

/// A layer under these laws: its passes as functions of plain arrays.
///
/// Written by [`conformance!`](crate::conformance); by hand only for a layer that does not fit it.
pub struct Subject<L> {
    /// Makes the layer. Its parameters are replaced by others that leave no gradient to chance.
    pub layer: fn() -> L,
    /// The shapes of the inputs that hold floating-point numbers.
    pub inputs: Vec<[usize; 2]>,
    /// The parameters that the output does not depend on.
    pub without_gradient: Vec<&'static str>,
    /// Shapes of inputs that must be refused.
    pub wrong: Vec<Vec<[usize; 2]>>,
    /// [`Module::forward`](lt_core::Module::forward).
    pub forward: Forward<L>,
    /// [`Module::forward_in`](lt_core::Module::forward_in).
    pub forward_in: ForwardIn<L>,
    /// The output of [`Backward::forward_cached`](lt_core::Backward::forward_cached).
    pub forward_cached: Forward<L>,
    /// `forward_cached`, then [`Backward::backward`](lt_core::Backward::backward): takes the
    /// gradient of the output, adds to the gradients of the parameters, returns those of the inputs.
    pub backward: Backward<L>,
}

/// See [`Subject::forward`].
pub type Forward<L> = fn(&L, &[Array2<f32>]) -> lt_core::Result<Array2<f32>>;

/// See [`Subject::forward_in`].
pub type ForwardIn<L> = fn(&L, &[Array2<f32>], &mut Scratch) -> lt_core::Result<Array2<f32>>;

/// See [`Subject::backward`].
pub type Backward<L> =
    fn(&L, &[Array2<f32>], &Array2<f32>, &mut L, &mut Scratch) -> lt_core::Result<Vec<Array2<f32>>>;

impl<L> std::fmt::Debug for Subject<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

/// See [`forward_passes_agree`].
pub const FORWARD_PASSES_AGREE: Law = Law {
    name: "the forward passes agree",
    statement: "forward = forward_in = forward_cached, with any scratch and any threads",
    tolerance: "none: compared by to_bits",
};

/// `forward`, `forward_in` and the output of `forward_cached` have the same bits, with an empty
/// scratch, a used one, and two threads.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn forward_passes_agree<L: Params + Clone>(subject: &Subject<L>) {
    FORWARD_PASSES_AGREE.hold(&seeds(), |seed| {
        let Point { layer, inputs, .. } = draw(subject, seed)?;
        let forward = passed("forward", (subject.forward)(&layer, &inputs))?;
        let cached = passed("forward_cached", (subject.forward_cached)(&layer, &inputs))?;
        equal("forward_cached", &cached, &forward)?;
        let scratches = [
            ("forward_in", Scratch::new()),
            ("forward_in with a used scratch", used_scratch()),
            ("forward_in with two threads", Scratch::with_threads(threads(2))),
        ];
        for (name, mut scratch) in scratches {
            let got = passed(name, (subject.forward_in)(&layer, &inputs, &mut scratch))?;
            equal(name, &got, &forward)?;
        }
        Ok(())
    });
}

/// See [`backward_adds`].
pub const BACKWARD_ADDS: Law = Law {
    name: "backward adds to the gradients",
    statement: "backward twice gives twice the gradients of once, and the same for the inputs; \
                also with a used scratch and two threads",
    tolerance: "none: g + g = 2g is exact",
};

/// A second `backward` doubles the gradients of the parameters to the bit, and returns the same
/// gradients of the inputs: on two threads as on one, and with a scratch that has been used.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn backward_adds<L: Params + Clone>(subject: &Subject<L>) {
    BACKWARD_ADDS.hold(&seeds(), |seed| {
        let point = draw(subject, seed)?;
        let mut grads = zeros_like(&point.layer);
        let first = point.backward(subject, &mut grads, &mut Scratch::new())?;
        let once: Vec<Vec<f32>> = weights(&grads).iter().map(|(_, grad)| grad.to_f32()).collect();
        let scratch = &mut used_scratch().with(threads(2));
        let second = point.backward(subject, &mut grads, scratch)?;
        for ((name, twice), once) in weights(&grads).iter().zip(&once) {
            let doubled = once.iter().map(|value| value * 2.0);
            let twice = twice.to_f32();
            if let Some(at) = twice.iter().zip(doubled).position(|(a, b)| *a != b) {
                let (once, twice) = (once[at], twice[at]);
                return Err(format!("`{name}`[{at}] is {once} after one pass, {twice} after two"));
            }
        }
        for (first, second) in first.iter().zip(&second) {
            equal("the gradient of an input, the second time,", second, first)?;
        }
        Ok(())
    });
}

/// See [`every_parameter_has_a_gradient`].
pub const EVERY_PARAMETER_HAS_A_GRADIENT: Law = Law {
    name: "every parameter has a gradient, unless declared",
    statement: "∂L/∂w ≠ 0 for each w that is not declared, = 0 for each that is",
    tolerance: "a gradient of less than 1e-5 of the largest counts as none",
};

/// The gradient of each parameter is more than rounding, unless the parameter is declared to have
/// none (attention's key bias has none: softmax ignores the shift that it makes).
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn every_parameter_has_a_gradient<L: Params + Clone>(subject: &Subject<L>) {
    EVERY_PARAMETER_HAS_A_GRADIENT.hold(&seeds(), |seed| {
        let point = draw(subject, seed)?;
        let mut grads = zeros_like(&point.layer);
        let input_grads = point.backward(subject, &mut grads, &mut Scratch::new())?;
        let largest = |grad: &Weight| crate::rows::largest(grad.f32());
        let grads = weights(&grads);
        let of_inputs = input_grads.iter().map(crate::rows::largest);
        let top = grads.iter().map(|(_, grad)| largest(grad)).chain(of_inputs).fold(0.0, f32::max);
        for (name, grad) in &grads {
            let declared = subject.without_gradient.contains(&name.as_str());
            match (largest(grad) > 1e-5 * top, declared) {
                (true, false) | (false, true) => {}
                (false, false) => {
                    return Err(format!(
                        "`{name}` has no gradient: if the output does not depend on it, say so \
                         under `without_gradient`"
                    ));
                }
                (true, true) => {
                    let got = largest(grad);
                    return Err(format!("`{name}` is declared without gradient, but has {got}"));
                }
            }
        }
        match subject.without_gradient.iter().find(|name| !grads.iter().any(|(n, _)| n == *name)) {
            None => Ok(()),
            Some(name) => Err(format!("there is no parameter `{name}` to declare")),
        }
    });
}

/// See [`wrong_shapes_are_refused`].
pub const WRONG_SHAPES_ARE_REFUSED: Law = Law {
    name: "wrong shapes are refused",
    statement: "each pass returns an error for an input, or a gradient, of the wrong shape",
    tolerance: "none",
};

/// Each pass refuses each of the subject's wrong inputs, and `backward` refuses a gradient of a
/// shape that the output does not have.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn wrong_shapes_are_refused<L: Params + Clone>(subject: &Subject<L>) {
    WRONG_SHAPES_ARE_REFUSED.hold_for(1, &Just(()), |()| {
        let layer = (subject.layer)();
        let zeros = |shapes: &[[usize; 2]]| -> Vec<Array2<f32>> {
            shapes.iter().map(|&shape| Array2::zeros(shape)).collect()
        };
        let refused = |pass: &str, shapes: &[[usize; 2]], was_refused: bool| match was_refused {
            true => Ok(()),
            false => Err(format!("`{pass}` accepted {shapes:?}")),
        };
        for shapes in &subject.wrong {
            let inputs = zeros(shapes);
            let mut scratch = Scratch::new();
            refused("forward", shapes, (subject.forward)(&layer, &inputs).is_err())?;
            let result = (subject.forward_in)(&layer, &inputs, &mut scratch);
            refused("forward_in", shapes, result.is_err())?;
            let result = (subject.forward_cached)(&layer, &inputs);
            refused("forward_cached", shapes, result.is_err())?;
        }
        let inputs = zeros(&subject.inputs);
        let (rows, columns) = passed("forward", (subject.forward)(&layer, &inputs))?.dim();
        for shape in [[rows + 1, columns], [rows, columns + 1], [1, columns], [rows, 1]] {
            if shape != [rows, columns] {
                let mut grads = zeros_like(&layer);
                let (d_output, mut scratch) = (Array2::zeros(shape), Scratch::new());
                let result =
                    (subject.backward)(&layer, &inputs, &d_output, &mut grads, &mut scratch);
                refused("backward", &[shape], result.is_err())?;
            }
        }
        Ok(())
    });
}

/// What a case is drawn from: parameters, inputs, and the gradient of the output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed(u64);

/// Shrinking a seed leads nowhere, and the layer is as small as its test made it.
fn seeds() -> impl Strategy<Value = Seed> {
    any::<u64>().prop_map(Seed).no_shrink()
}

fn passed<T>(pass: &str, result: lt_core::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("`{pass}` refused its input: {error}"))
}

fn equal(what: &str, got: &Array2<f32>, expected: &Array2<f32>) -> Verdict {
    if got.dim() != expected.dim() {
        return Err(format!("{what} is {:?}, expected {:?}", got.shape(), expected.shape()));
    }
    for (i, (got, expected)) in got.outer_iter().zip(expected.outer_iter()).enumerate() {
        same_bits(&format!("{what} row {i}"), got, expected)?;
    }
    Ok(())
}
