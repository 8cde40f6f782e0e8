//! Solutions of the chapter on decoders.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::decoder::{Kept, RowsRead, Seen, Sizes};

/// The last word is written, and not read. Without a cache the n-th word costs all before it.
pub(crate) fn rows_read(prompt: usize, written: usize) -> RowsRead {
    let without = (0..written).map(|before| prompt + before).sum();
    RowsRead { with_cache: prompt + written - 1, without }
}

/// Pre-LN adds zeros. Post-LN normalises the sum, and what is normalised stays. Sandwich adds the
/// norm of zeros, which are zeros; the row itself goes past it.
pub(crate) fn row_through_nothing() -> [[f32; 2]; 3] {
    [[300.0, 700.0], [-1.0, 1.0], [300.0, 700.0]]
}

/// A layer takes the mask as it is. A decoder joins it with the causal one, and both must allow.
pub(crate) fn seen_with_a_prefix() -> Seen {
    let at = |allowed: fn(usize, usize) -> bool| {
        [0, 1, 2, 3].map(|query| [0, 1, 2, 3].map(|key| allowed(query, key)))
    };
    Seen {
        by_a_layer: at(|query, key| key <= query || key < 3),
        by_a_decoder: at(|query, key| key <= query),
    }
}

/// What the texts have in common is there once.
pub(crate) fn bytes_of_beams(prompt: usize, written: usize, beams: usize, sizes: Sizes) -> usize {
    let Sizes { layers, key_heads, width } = sizes;
    let of_token = layers * 2 * key_heads * width * size_of::<f32>(); // a key and a value
    (prompt + beams * written) * of_token
}

/// Word by word: when a row is made, what follows is not there yet.
pub(crate) fn read_on(kept: &mut Vec<f32>, new: &[f32]) -> Vec<f32> {
    let row = |&x: &f32| {
        kept.push(x);
        x + kept.iter().sum::<f32>() / kept.len() as f32
    };
    new.iter().map(row).collect()
}

/// Token by token: add it, forget the one that fell out of reach, look at what is left.
pub(crate) fn attend_in_window(
    kept: &mut Kept,
    query: ArrayView2<'_, f32>,
    key: ArrayView2<'_, f32>,
    value: ArrayView2<'_, f32>,
    window: usize,
) -> Array2<f32> {
    let mut rows = Array2::zeros(value.dim());
    let scale = (query.ncols() as f32).sqrt().recip();
    for (token, mut row) in rows.rows_mut().into_iter().enumerate() {
        kept.keys.push(key.row(token).to_vec());
        kept.values.push(value.row(token).to_vec());
        if kept.keys.len() > window {
            kept.keys.remove(0);
            kept.values.remove(0);
        }
        let query = query.row(token);
        let score = |key: &Vec<f32>| query.dot(&ArrayView1::from(key)) * scale;
        let scores: Vec<f32> = kept.keys.iter().map(score).collect();
        let weights = super::attention::weights(&scores);
        for (weight, value) in weights.into_iter().zip(&kept.values) {
            row.scaled_add(weight, &ArrayView1::from(value));
        }
    }
    rows
}

/// What was forgotten does not come back: behind a cut the window is not full. So the text cannot be
/// cut back any more, and speculative decoding cuts in every round.
pub(crate) fn law_that_catches_a_cache_that_forgets() -> &'static str {
    lt_laws::kept::WHAT_IS_CUT_IS_FORGOTTEN.name
}

/// All new words are there before the first row is made. The other laws compare a piece with the text
/// that ends where it ends, and there its words see the same ones.
pub(crate) fn wrong_by_what_follows_alone(kept: &mut Vec<f32>, new: &[f32]) -> Vec<f32> {
    kept.extend(new);
    let mean = kept.iter().sum::<f32>() / kept.len() as f32;
    new.iter().map(|x| x + mean).collect()
}
