//! Solutions of the chapter on laws.

use lt_laws::proptest::collection::vec;
use lt_laws::strategies::batch_of_rows;
use lt_laws::{Law, Rows, sample};
use ndarray::{Array2, ArrayView2, Axis};

use crate::laws::Pool;

/// A shift changes nothing where nothing is looked at. A hidden score must get 0, which it does not.
pub(crate) fn laws_of_equal_shares() -> [bool; 5] {
    [false, true, false, false, false]
}

/// 31² = 961, 32² = 1024.
pub(crate) fn smallest_case() -> u32 {
    32
}

/// Of two lists in a row the second comes first. With lists of one number that is all there is to it.
pub(crate) fn law_of_reversal(reverse: fn(&[u8]) -> Vec<u8>) {
    const LAW: Law = Law {
        name: "of two lists in a row the second comes first",
        statement: "f(a ‖ b) = f(b) ‖ f(a), f([x]) = [x]",
        tolerance: "none",
    };
    let list = || vec(0_u8..9, 0..6);
    LAW.hold(&(list(), list()), |(a, b)| {
        if let Some(&x) = a.first()
            && reverse(&[x]) != [x]
        {
            return Err(format!("[{x}] became {:?}", reverse(&[x])));
        }
        let (got, expected) =
            (reverse(&[&a[..], &b].concat()), [reverse(&b), reverse(&a)].concat());
        if got == expected { Ok(()) } else { Err(format!("{got:?}, expected {expected:?}")) }
    });
}

/// What bends the function upwards on one side does so on the other, and cancels.
pub(crate) fn slope(f: &dyn Fn(f64) -> f64, x: f64, step: f64) -> f64 {
    (f(x + step) - f(x - step)) / (2.0 * step)
}

/// Attention has no order of its own. Adding 1 is a shift, which softmax ignores.
pub(crate) fn law_that_catches_the_number_of_the_key() -> &'static str {
    lt_laws::attention::ORDER_OF_KEYS_DOES_NOT_MATTER.name
}

/// Rows whose mean is 0 already.
pub(crate) fn rows_that_hide_it(seed: u64) -> Array2<f32> {
    let mut rows = sample::rows(3, 4, seed);
    for mut row in rows.rows_mut() {
        let mean = row.sum() / row.len() as f32;
        row -= mean;
    }
    rows
}

/// The same sum in another order: close to it, but not to the bit.
pub(crate) fn right_but_for_bits(scores: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut shares = scores.to_owned();
    let among_others = shares.nrows() > 1;
    for mut row in shares.rows_mut() {
        let top = row.fold(f32::NEG_INFINITY, |top, &score| top.max(score));
        row.mapv_inplace(
            |score| if score == f32::NEG_INFINITY { 0.0 } else { (score - top).exp() },
        );
        let sum: f32 = if among_others { row.iter().rev().sum() } else { row.iter().sum() };
        row.mapv_inplace(|power| if sum == 0.0 { 0.0 } else { power / sum });
    }
    shares
}

/// What is above the mean and what is below it cancel: of no other number is that true.
pub(crate) fn laws_of_a_mean(pool: Pool) {
    const LAW: Law = Law {
        name: "above the mean of a text there is as much as below",
        statement: "Σᵢ (xᵢⱼ − yⱼ) = 0 over the tokens i of the text",
        tolerance: "1e-5 for each token: y is rounded",
    };
    LAW.hold(&batch_of_rows(3), |(batch, Rows(rows))| {
        let means = pool(rows.view(), &batch);
        if means.dim() != (batch.len(), 3) {
            return Err(format!("{:?} for {} texts", means.dim(), batch.len()));
        }
        for (text, range) in batch.ranges().enumerate() {
            let (tolerance, rows) = (1e-5 * range.len() as f32, rows.slice(ndarray::s![range, ..]));
            let left = (&rows - &means.row(text)).sum_axis(Axis(0));
            if !left.iter().all(|left| left.abs() <= tolerance) {
                return Err(format!("text {text}: {left} is left over"));
            }
        }
        Ok(())
    });
}
