//! An encoder layer that is wrong.

use lt_core::Place;
use lt_laws::Batch;
use ndarray::Array2;

/// x + attention(x), where rows are queries, keys and values as they are, and a softmax that takes off
/// the largest score though it be −∞.
pub(super) fn minus_infinity(batch: Batch<'_>) -> lt_core::Result<Array2<f32>> {
    let Batch { rows, sequences, mask } = batch;
    mask.check("an encoder layer", sequences, sequences)?;
    let mut output = rows.to_owned();
    for (sequence, range) in sequences.ranges().enumerate() {
        for i in range.clone() {
            let place = |j| Place { sequence, query: i - range.start, key: j - range.start };
            let score = |j: usize| match mask.allows(place(j)) {
                true => rows.row(i).dot(&rows.row(j)),
                false => f32::NEG_INFINITY,
            };
            let scores: Vec<f32> = range.clone().map(score).collect();
            let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let powers: Vec<f32> = scores.iter().map(|score| (score - top).exp()).collect();
            let sum: f32 = powers.iter().sum();
            for (j, power) in range.clone().zip(powers).filter(|(_, power)| *power != 0.0) {
                output.row_mut(i).scaled_add(power / sum, &rows.row(j));
            }
        }
    }
    Ok(output)
}
