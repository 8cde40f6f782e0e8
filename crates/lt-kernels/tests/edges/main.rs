//! Where kernels go wrong if they do: borders of tiles and tasks, views of any strides, numbers that
//! are none, and who computes what. With every set of instructions that this processor has, on one
//! thread and on two.

#![allow(clippy::unwrap_used)] // what fails here is the test

/// `fast(set, &problem, &mut scratch)` in every way, see [`in_every_way`], within `tolerance` of
/// `reference(&problem)`.
macro_rules! fast_equals_reference {
    ($fast:expr, $reference:expr, $tolerance:expr, $problem:expr, $what:expr) => {{
        let (problem, what): (_, &str) = (&$problem, &$what);
        let expected = $reference(problem);
        let fast = |set, scratch: &mut lt_core::Scratch| $fast(set, problem, scratch);
        for (set, got) in crate::in_every_way(what, fast) {
            let what = format!("{what}, {set:?}");
            crate::close(got.view(), expected.view(), $tolerance, &what);
        }
    }};
}

mod attention;
mod attention_bits;
mod feed_forward;
mod gated_feed_forward;
mod product;
mod rows;
mod sums;
mod threads;

use std::sync::Arc;

use lt_core::{Scratch, Threads, Weight, bf16_to_f32, f16_to_f32, f32_to_bf16, f32_to_f16};
use lt_kernels::{Activation, Instructions, Product};
use lt_laws::sample::weight;
use ndarray::{Array2, ArrayView2};

/// What a kernel gives with each set of instructions: on one thread, on two plain ones and on a
/// pool of two, to the same bits; and the sets that round once agree with each other to the bit.
fn in_every_way(
    what: &str,
    fast: impl Fn(Instructions, &mut Scratch) -> Array2<f32>,
) -> Vec<(Instructions, Array2<f32>)> {
    let mut all: Vec<(Instructions, Array2<f32>)> = Vec::new();
    for set in Instructions::available() {
        let one = fast(set, &mut Scratch::new());
        for (which, threads) in [("plain", two_threads()), ("a pool's", pool_of_two())] {
            let two = fast(set, &mut Scratch::with_threads(threads));
            assert_eq!(bits(&two), bits(&one), "{what}, {set:?}: on two threads, {which}");
        }
        match all.last() {
            Some((other, like)) if is_fused(*other) && is_fused(set) => {
                assert_eq!(bits(&one), bits(like), "{what}: {set:?} is not {other:?}");
            }
            _ => {}
        }
        all.push((set, one));
    }
    all
}

/// Whether it multiplies and adds in one rounding.
fn is_fused(set: Instructions) -> bool {
    set != Instructions::portable()
}

fn two_threads() -> Threads {
    lt_laws::same_bits::threads(2)
}

/// One for each test, so that no other test has it when it is wanted.
fn pool_of_two() -> Threads {
    thread_local!(static POOL: Threads = lt_kernels::pool(2).unwrap());
    POOL.with(Clone::clone)
}

/// NaN are all alike: which of two goes on is the processor's choice.
fn bits(rows: &Array2<f32>) -> Vec<u32> {
    rows.iter().map(|x| if x.is_nan() { f32::NAN } else { *x }.to_bits()).collect()
}

fn close(got: ArrayView2<'_, f32>, expected: ArrayView2<'_, f32>, tolerance: f32, what: &str) {
    assert_eq!(got.dim(), expected.dim(), "{what}");
    for ((place, got), expected) in got.indexed_iter().zip(expected) {
        let same = (got - expected).abs() <= tolerance || (got.is_nan() && expected.is_nan());
        assert!(same || got == expected, "{what}, at {place:?}: {got}, expected {expected}");
    }
}

/// Within so many units in the last place of what is expected, as far as that is a normal number.
fn close_in_ulps(got: &Array2<f32>, expected: &Array2<f32>, ulps: f32, what: &str) {
    assert_eq!(got.dim(), expected.dim(), "{what}");
    for ((place, &got), &expected) in got.indexed_iter().zip(expected) {
        let unit = expected.abs().next_up() - expected.abs();
        let same = (got - expected).abs() <= ulps * unit || expected.abs() < f32::MIN_POSITIVE;
        assert!(same || got == expected, "{what}, at {place:?}: {got}, expected {expected}");
    }
}

/// b + x·Wᵀ, then the activation's reference, then the residual: each sum as the plain loop has it,
/// every product rounded before it is added, or, for a fused set, not.
fn chain(set: Instructions, problem: &Product<'_>) -> Array2<f32> {
    let (out, inner) = (problem.weight.shape()[0], problem.x.ncols());
    let weight = problem.weight.to_f32();
    Array2::from_shape_fn((problem.x.nrows(), out), |(token, column)| {
        let mut sum = problem.bias.map_or(0.0, |bias| bias.f32()[column]);
        for (&x, &w) in problem.x.row(token).iter().zip(&weight[column * inner..][..inner]) {
            sum = if is_fused(set) { x.mul_add(w, sum) } else { x * w + sum };
        }
        let active = problem.activation.apply(sum);
        problem.residual.map_or(active, |residual| active + residual[[token, column]])
    })
}

/// The product in every way has the bits of [`chain`]: for problems without an activation, or
/// with ReLU, which rounds nothing.
fn has_the_bits_of_its_chain(problem: &Product<'_>, what: &str) {
    assert!(matches!(problem.activation, Activation::Identity | Activation::Relu));
    let fast = |set, scratch: &mut Scratch| lt_kernels::product_with(set, problem, scratch);
    let mut of_fused = None; // the same for all of them
    for (set, got) in in_every_way(what, fast) {
        let expected = match of_fused.take() {
            Some(expected) if is_fused(set) => expected,
            _ => chain(set, problem),
        };
        assert_eq!(got.dim(), expected.dim(), "{what}, {set:?}");
        assert_eq!(bits(&got), bits(&expected), "{what}, {set:?}");
        of_fused = is_fused(set).then_some(expected);
    }
}

/// A weight in 16 bits, f16 and bf16, and beside each the weight in f32 that it stands for.
fn halves(shape: [usize; 2], seed: u64) -> [(Weight, Weight); 2] {
    type Half = fn(&[usize], Arc<Vec<u16>>) -> lt_core::Result<Weight>;
    type Way = (fn(f32) -> u16, fn(u16) -> f32, Half);
    let f16: Half = |shape, bits| Weight::shared_f16(shape, bits);
    let bf16: Half = |shape, bits| Weight::shared_bf16(shape, bits);
    let ways: [Way; 2] = [(f32_to_f16, f16_to_f32, f16), (f32_to_bf16, bf16_to_f32, bf16)];
    ways.map(|(narrow, widen, half)| {
        let numbers = weight(&shape, seed);
        let bits: Vec<u16> = numbers.f32().iter().map(|&number| narrow(number)).collect();
        let wide = bits.iter().map(|&bits| widen(bits)).collect();
        (half(&shape, Arc::new(bits)).unwrap(), Weight::new(&shape, wide).unwrap())
    })
}
