//! Laws of scaled dot-product attention: `softmax(Q·Kᵀ / √d)·V` over the keys that a query may
//! look at.
//!
//! The closure takes the [`Inputs`] and returns one row per query, `[t, dv]`.

mod case;
mod masks;
mod order;

use lt_core::{Mask, Place, Ragged};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate};

pub use case::Case;
pub(crate) use case::cases;
pub(crate) use masks::masks_of_other_batches;
pub use masks::{
    A_HIDDEN_KEY_MAY_HOLD_ANYTHING, A_MASK_OF_ANOTHER_BATCH_IS_REFUSED,
    A_QUERY_WITHOUT_KEYS_GETS_ZEROS, MASKS_INTERSECT, a_hidden_key_may_hold_anything,
    a_mask_of_another_batch_is_refused, a_query_without_keys_gets_zeros, masks_intersect,
};
pub use order::{
    ORDER_OF_KEYS_DOES_NOT_MATTER, OUTPUT_FOLLOWS_THE_QUERIES, order_of_keys_does_not_matter,
    output_follows_the_queries,
};

use crate::rows::{close, largest, shaped, shown};
use crate::strategies::numbers;
use crate::{IntoRows, Law};

/// What attention is given: sequences of queries and of keys with values, laid end to end, and
/// who may look at whom. A sequence of queries looks at the sequence of keys of the same number.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// `[t, d]`: one row per query.
    pub query: ArrayView2<'a, f32>,
    /// `[s, d]`: one row per key.
    pub key: ArrayView2<'a, f32>,
    /// `[s, dv]`: one row per key.
    pub value: ArrayView2<'a, f32>,
    /// Where the sequences of queries begin.
    pub queries: &'a Ragged,
    /// Where the sequences of keys begin.
    pub keys: &'a Ragged,
    /// Which query may look at which key.
    pub mask: &'a Mask,
}

/// The laws of this module.
pub const LAWS: [&Law; 8] = [
    &AGREES_WITH_ITS_DEFINITION,
    &OUTPUT_LIES_AMONG_THE_VALUES,
    &ORDER_OF_KEYS_DOES_NOT_MATTER,
    &OUTPUT_FOLLOWS_THE_QUERIES,
    &A_HIDDEN_KEY_MAY_HOLD_ANYTHING,
    &A_QUERY_WITHOUT_KEYS_GETS_ZEROS,
    &MASKS_INTERSECT,
    &A_MASK_OF_ANOTHER_BATCH_IS_REFUSED,
];

/// All the laws of scaled dot-product attention.
///
/// # Panics
/// If one of them is broken.
#[track_caller]
pub fn all<R: IntoRows>(attention: impl Fn(Inputs<'_>) -> R) {
    agrees_with_its_definition(&attention);
    output_lies_among_the_values(&attention);
    order_of_keys_does_not_matter(&attention);
    output_follows_the_queries(&attention);
    a_hidden_key_may_hold_anything(&attention);
    a_query_without_keys_gets_zeros(&attention);
    masks_intersect(&attention);
    a_mask_of_another_batch_is_refused(&attention);
}

/// See [`agrees_with_its_definition`].
pub const AGREES_WITH_ITS_DEFINITION: Law = Law {
    name: "attention agrees with its definition",
    statement: "oᵢ = Σⱼ pᵢⱼ·vⱼ, pᵢ = softmaxⱼ(qᵢ·kⱼ / √d) over the keys j that i may look at",
    tolerance: "4e-5 of the largest value: scores of up to 40 are rounded before exp",
};

/// The output is the formula, computed here in f64 with plain loops:
/// `oᵢ = Σⱼ pᵢⱼ·vⱼ` with `pᵢ = softmaxⱼ(qᵢ·kⱼ / √d)` over the keys that query `i` may look at.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn agrees_with_its_definition<R: IntoRows>(attention: impl Fn(Inputs<'_>) -> R) {
    AGREES_WITH_ITS_DEFINITION.hold(&cases(), |case| {
        let got = run(&attention, &case)?;
        close(&got, &definition(case.inputs()), 4e-5 * largest(case.value.iter()))
    });
}

/// See [`output_lies_among_the_values`].
pub const OUTPUT_LIES_AMONG_THE_VALUES: Law = Law {
    name: "attention lies in the hull of the values",
    statement: "minⱼ u·vⱼ ≤ u·oᵢ ≤ maxⱼ u·vⱼ over the keys j that i may look at, for any u",
    tolerance: "1e-5 of the largest value and component of u: the weights sum to 1 but for rounding",
};

/// An output is a weighted mean of the values that its query may look at, so in no direction `u`
/// does it lie beyond all of them: `minⱼ u·vⱼ ≤ u·oᵢ ≤ maxⱼ u·vⱼ`. Tried along each column, and in
/// directions across them.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn output_lies_among_the_values<R: IntoRows>(attention: impl Fn(Inputs<'_>) -> R) {
    OUTPUT_LIES_AMONG_THE_VALUES.hold(&(cases(), numbers()), |(case, numbers)| {
        let output = run(&attention, &case)?;
        let dv = case.value.ncols();
        let across = numbers.rows(4, dv);
        let directions = concatenate![Axis(0), Array2::eye(dv), *across];
        for place in case.places() {
            let allowed = case.allowed(place);
            if allowed.is_empty() {
                continue;
            }
            for u in directions.outer_iter() {
                let size: f32 = u.iter().map(|u| u.abs()).sum();
                let slack = f64::from(1e-5 * largest(case.value.iter()) * size);
                let seen = allowed.iter().map(|&key| along(u, case.value.row(key)));
                let low = seen.clone().fold(f64::INFINITY, f64::min) - slack;
                let high = seen.fold(f64::NEG_INFINITY, f64::max) + slack;
                let got = along(u, output.row(place.row));
                if !(low..=high).contains(&got) {
                    let (row, at, u) = (place.row, shown(output.row(place.row)), shown(u));
                    return Err(format!(
                        "query {row} gets {at}: along {u} that is {got}, not in [{low}, {high}]"
                    ));
                }
            }
        }
        Ok(())
    });
}

fn along(u: ArrayView1<'_, f32>, row: ArrayView1<'_, f32>) -> f64 {
    u.iter().zip(row).map(|(&u, &x)| f64::from(u) * f64::from(x)).sum()
}

fn run<R: IntoRows>(
    attention: &impl Fn(Inputs<'_>) -> R,
    case: &Case,
) -> Result<Array2<f32>, String> {
    shaped(attention(case.inputs()), case.query.nrows(), case.value.ncols())
}

/// The formula, in f64, one query after another.
fn definition(inputs: Inputs<'_>) -> Array2<f32> {
    let Inputs { query, key, value, queries, keys, mask } = inputs;
    let mut output = Array2::zeros((query.nrows(), value.ncols()));
    let scale = 1.0 / (query.ncols() as f64).sqrt();
    for (sequence, (rows, columns)) in queries.ranges().zip(keys.ranges()).enumerate() {
        for i in rows.clone() {
            let place =
                |j: usize| Place { sequence, query: i - rows.start, key: j - columns.start };
            let allowed: Vec<usize> = columns.clone().filter(|&j| mask.allows(place(j))).collect();
            let score = |j: usize| {
                let products = query.row(i).into_iter().zip(key.row(j));
                scale * products.map(|(&q, &k)| f64::from(q) * f64::from(k)).sum::<f64>()
            };
            let scores: Vec<f64> = allowed.iter().map(|&j| score(j)).collect();
            let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = scores.iter().map(|score| (score - top).exp()).collect();
            let total: f64 = weights.iter().sum();
            for (column, output) in output.row_mut(i).iter_mut().enumerate() {
                let terms = allowed.iter().zip(&weights);
                let sum: f64 = terms.map(|(&j, w)| w * f64::from(value[[j, column]])).sum();
                *output = if allowed.is_empty() { 0.0 } else { (sum / total) as f32 };
            }
        }
    }
    output
}
