//! The gradient check: every coordinate of every input and parameter against the slope that is
//! measured by moving it.

use lt_core::{Params, Path, Scratch, Weight, weights, zeros_like};
use ndarray::Array2;

use super::{Seed, Subject, passed, seeds};
use crate::rows::{largest, within};
use crate::strategies::mix;
use crate::{Law, Verdict, cases};

/// See [`backward_is_the_slope`].
pub const BACKWARD_IS_THE_SLOPE: Law = Law {
    name: "backward is the slope of forward",
    statement: "∂L/∂z = (L(z + h) − L(z − h)) / 2h for each number z of inputs and parameters",
    tolerance: "2e-3 of the largest gradient of its tensor and 5e-5 of the largest of all: f32 \
                reaches 3e-4, and half a hundredth too much is caught",
};

/// For each number of each input and of each parameter, what `backward` says is the slope that is
/// measured: the loss `L = Σ rᵢⱼ·yᵢⱼ` (random `r`, summed in f64) is computed with that number
/// moved up and down, by two steps, and their slopes are extrapolated (Richardson):
/// `(4·slope(h) − slope(2h)) / 3`.
///
/// Each coordinate is checked by itself: a check along one random direction misses errors that
/// cancel. Where that disagrees, because forward has a corner (relu) within a step, the slopes to
/// the left and to the right over shorter steps are looked at, and the nearest is taken.
///
/// One case is much work: a sixteenth of [`cases`] is run.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn backward_is_the_slope<L: Params + Clone>(subject: &Subject<L>) {
    BACKWARD_IS_THE_SLOPE.hold_for(cases().div_ceil(16), &seeds(), |seed| {
        let point = draw(subject, seed)?;
        let mut grads = zeros_like(&point.layer);
        let input_grads = point.backward(subject, &mut grads, &mut Scratch::new())?;
        if input_grads.len() != point.inputs.len() {
            let (got, expected) = (input_grads.len(), point.inputs.len());
            return Err(format!("{got} gradients for {expected} inputs"));
        }
        let mut tensors = Vec::new();
        for (i, (grad, input)) in input_grads.iter().zip(&point.inputs).enumerate() {
            if grad.dim() != input.dim() {
                let (got, expected) = (grad.shape(), input.shape());
                return Err(format!("the gradient of input {i} is {got:?}, expected {expected:?}"));
            }
            let values: Vec<f32> = input.iter().copied().collect();
            let name = format!("input {i}");
            let grads: Vec<f32> = grad.iter().copied().collect();
            tensors.push(compare(name, &values, &grads, |at, value| {
                let mut moved = point.inputs.clone();
                if let Some(number) = moved[i].iter_mut().nth(at) {
                    *number = value;
                }
                point.loss(subject, &point.layer, &moved)
            })?);
        }
        for ((name, grad), (_, weight)) in weights(&grads).iter().zip(weights(&point.layer)) {
            if grad.shape() != weight.shape() {
                return Err(format!("the gradient of `{name}` is {grad:?}, expected {weight:?}"));
            }
            let label = format!("parameter `{name}`");
            tensors.push(compare(label, weight.f32(), grad.f32(), |at, value| {
                point.loss(subject, &moved(&point.layer, name, at, value), &point.inputs)
            })?);
        }
        judge(&tensors)
    });
}

/// A layer, its inputs, and the gradient of the loss with respect to its output.
pub(super) struct Point<L> {
    pub(super) layer: L,
    pub(super) inputs: Vec<Array2<f32>>,
    d_output: Array2<f32>,
}

impl<L: Params + Clone> Point<L> {
    pub(super) fn backward(
        &self,
        subject: &Subject<L>,
        grads: &mut L,
        scratch: &mut Scratch,
    ) -> Result<Vec<Array2<f32>>, String> {
        let Self { layer, inputs, d_output } = self;
        passed("backward", (subject.backward)(layer, inputs, d_output, grads, scratch))
    }

    /// `Σ rᵢⱼ·yᵢⱼ`, in f64.
    fn loss(&self, subject: &Subject<L>, layer: &L, inputs: &[Array2<f32>]) -> Result<f64, String> {
        let output = passed("forward", (subject.forward)(layer, inputs))?;
        let terms = output.iter().zip(&self.d_output);
        Ok(terms.map(|(&y, &r)| f64::from(y) * f64::from(r)).sum())
    }
}

/// A point that leaves no gradient to chance. The rows of an input are spread evenly from −1 to 2
/// and shuffled, so that no norm divides by nearly zero, and no mean is zero; parameters are not 0
/// or 1, where one that is forgotten would not be missed.
pub(super) fn draw<L: Params + Clone>(
    subject: &Subject<L>,
    Seed(seed): Seed,
) -> Result<Point<L>, String> {
    let mut state = seed;
    let mut random = move || {
        state = mix(state);
        (state >> 40) as f32 / (1_u32 << 24) as f32 // in [0, 1)
    };
    let mut inputs = Vec::new();
    for &[rows, columns] in &subject.inputs {
        let mut input = Array2::zeros((rows, columns));
        for mut row in input.outer_iter_mut() {
            let step = 3.0 / columns as f32;
            for (j, value) in row.iter_mut().enumerate() {
                *value = step * (j as f32 + 0.2 + 0.6 * random()) - 1.0;
            }
            for j in (1..columns).rev() {
                row.swap(j, (random() * (j + 1) as f32) as usize);
            }
        }
        inputs.push(input);
    }
    let mut layer = (subject.layer)();
    let mut signed = |low: f32, high: f32| {
        let magnitude = low + (high - low) * random();
        if random() < 0.5 { -magnitude } else { magnitude }
    };
    layer.visit_mut(&mut Path::new(), &mut |_, weight| {
        let columns = if weight.shape().len() < 2 { 1 } else { weight.shape()[1].max(1) };
        let scale = 1.0 / (columns as f32).sqrt();
        for value in weight.make_mut() {
            *value = signed(0.25, 1.25) * scale;
        }
    });
    let output = passed("forward", (subject.forward)(&layer, &inputs))?;
    let d_output = output.mapv(|_| signed(0.5, 1.5));
    Ok(Point { layer, inputs, d_output })
}

/// The layer with one number of one parameter changed.
fn moved<L: Params + Clone>(layer: &L, name: &str, at: usize, value: f32) -> L {
    let mut layer = layer.clone();
    layer.visit_mut(&mut Path::new(), &mut |visited, weight: &mut Weight| {
        if visited == name {
            weight.make_mut()[at] = value;
        }
    });
    layer
}

/// What a tensor's gradients are worth: the worst of them, and how large they are.
struct Compared {
    name: String,
    at: usize,
    said: f64,
    measured: f64,
    largest: f64,
}

/// The step as a part of the tensor's largest number.
const STEP: f32 = 1.0 / 64.0;

/// Shorter steps, for where a corner lies near: more of them is rounding, less is beyond it.
const SHORT_STEPS: [f32; 3] = [1.0 / 512.0, 1.0 / 2048.0, 1.0 / 8192.0];

/// Differences smaller than this part of the largest need no second look.
const GOOD: f64 = 1e-3;

/// Measures the slope at each number of a tensor, and keeps the worst disagreement.
fn compare(
    name: String,
    values: &[f32],
    said: &[f32],
    loss: impl Fn(usize, f32) -> Result<f64, String>,
) -> Result<Compared, String> {
    let top = f64::from(largest(said));
    let scale = largest(values);
    let mut worst = Compared { name, at: 0, said: 0.0, measured: 0.0, largest: top };
    for (at, (&value, &said)) in values.iter().zip(said).enumerate() {
        let said = f64::from(said);
        let loss = |value| loss(at, value);
        let mut measured = smooth_slope(value, STEP * scale, &loss)?;
        for step in SHORT_STEPS {
            if within(measured, said, GOOD * top) {
                break;
            }
            for slope in slopes_beside_a_corner(value, step * scale, &loss)? {
                if measured.is_nan() || (slope - said).abs() < (measured - said).abs() {
                    measured = slope;
                }
            }
        }
        worst.largest = worst.largest.max(measured.abs());
        let (off, worst_off) = ((measured - said).abs(), (worst.measured - worst.said).abs());
        // Nothing is worse than NaN.
        if off > worst_off || (off.is_nan() && !worst_off.is_nan()) {
            (worst.at, worst.said, worst.measured) = (at, said, measured);
        }
    }
    Ok(worst)
}

type Loss<'a> = dyn Fn(f32) -> Result<f64, String> + 'a;

/// The slope of the loss at `value`: central differences of two widths, extrapolated to none.
fn smooth_slope(value: f32, step: f32, loss: &Loss<'_>) -> Result<f64, String> {
    let central = |step: f32| chord(value - step, value + step, loss);
    Ok((4.0 * central(step)? - central(2.0 * step)?) / 3.0)
}

/// The slopes to the left and to the right: where a corner lies on one side, the other is right.
fn slopes_beside_a_corner(value: f32, step: f32, loss: &Loss<'_>) -> Result<[f64; 2], String> {
    Ok([chord(value - step, value, loss)?, chord(value, value + step, loss)?])
}

fn chord(from: f32, to: f32, loss: &Loss<'_>) -> Result<f64, String> {
    // The distance as rounded, not as meant.
    Ok((loss(to)? - loss(from)?) / (f64::from(to) - f64::from(from)))
}

/// How far a gradient may be off, as a part of the largest of its tensor.
const TOLERANCE: f64 = 2e-3;

/// What rounding leaves of a gradient that should be zero, as a part of the largest of all.
const NOISE: f64 = 5e-5;

fn judge(tensors: &[Compared]) -> Verdict {
    let top = tensors.iter().map(|tensor| tensor.largest).fold(0.0, f64::max);
    for Compared { name, at, said, measured, largest } in tensors {
        let tolerance = TOLERANCE * largest + NOISE * top;
        if !within(*said, *measured, tolerance) {
            return Err(format!(
                "{name}, number {at}: backward says {said}, the slope is {measured} \
                 (allowed: {tolerance:.1e})"
            ));
        }
    }
    Ok(())
}
