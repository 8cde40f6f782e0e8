//! Mistakes of the chapter on laws.

use lt_laws::proptest::collection::vec;
use lt_laws::strategies::batch_of_rows;
use lt_laws::{Law, Rows, sample};
use ndarray::{Array2, ArrayView2};

use crate::laws::Pool;

/// The rows sum to one, but where a score is hidden it gets its share.
pub(crate) fn laws_of_equal_shares() -> [bool; 5] {
    [true, true, false, false, false]
}

/// The last that holds.
pub(crate) fn smallest_case() -> u32 {
    31
}

/// True, and not enough: what changes nothing obeys it.
pub(crate) fn law_of_reversal(reverse: fn(&[u8]) -> Vec<u8>) {
    const LAW: Law = Law {
        name: "reversing a list twice gives the list",
        statement: "f(f(a)) = a",
        tolerance: "none",
    };
    LAW.hold(&vec(0_u8..9, 0..6), |list| {
        let twice = reverse(&reverse(&list));
        if twice == list { Ok(()) } else { Err(format!("{twice:?}")) }
    });
}

/// To one side.
pub(crate) fn slope(f: &dyn Fn(f64) -> f64, x: f64, step: f64) -> f64 {
    (f(x + step) - f(x)) / step
}

/// The queries do not know what their keys are called.
pub(crate) fn law_that_catches_the_number_of_the_key() -> &'static str {
    lt_laws::attention::OUTPUT_FOLLOWS_THE_QUERIES.name
}

/// All rows together have the mean 0, each of them has not.
pub(crate) fn rows_that_hide_it(seed: u64) -> Array2<f32> {
    let rows = sample::rows(3, 4, seed);
    let mean = rows.sum() / rows.len() as f32;
    rows - mean
}

/// The largest of all rows is subtracted: another law finds that one row may drown another.
pub(crate) fn right_but_for_bits(scores: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut shares = scores.to_owned();
    let top = scores.fold(f32::NEG_INFINITY, |top, &score| top.max(score));
    for mut row in shares.rows_mut() {
        row.mapv_inplace(
            |score| if score == f32::NEG_INFINITY { 0.0 } else { (score - top).exp() },
        );
        let sum: f32 = row.iter().sum();
        row.mapv_inplace(|power| if sum == 0.0 { 0.0 } else { power / sum });
    }
    shares
}

/// A mean lies between the least and the largest. So does much else.
pub(crate) fn laws_of_a_mean(pool: Pool) {
    const LAW: Law = Law {
        name: "a mean lies between the least and the largest",
        statement: "minᵢ xᵢⱼ ≤ yⱼ ≤ maxᵢ xᵢⱼ over the tokens i of the text",
        tolerance: "1e-5",
    };
    LAW.hold(&batch_of_rows(3), |(batch, Rows(rows))| {
        let means = pool(rows.view(), &batch);
        for (mean, range) in means.rows().into_iter().zip(batch.ranges()) {
            let of_text = rows.slice(ndarray::s![range, ..]);
            for (&mean, column) in mean.iter().zip(of_text.columns()) {
                let least = column.fold(f32::INFINITY, |least, &x| least.min(x));
                let largest = column.fold(f32::NEG_INFINITY, |largest, &x| largest.max(x));
                if !(least - 1e-5..=largest + 1e-5).contains(&mean) {
                    return Err(format!("{mean} is not among {column}"));
                }
            }
        }
        Ok(())
    });
}
