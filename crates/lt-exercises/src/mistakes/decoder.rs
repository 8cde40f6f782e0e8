//! Mistakes of the chapter on decoders.

use ndarray::{Array2, ArrayView2};

use crate::decoder::{Kept, RowsRead, Seen, Sizes};
use crate::solutions::decoder as solutions;

/// The last word is read as well.
pub(crate) fn rows_read(prompt: usize, written: usize) -> RowsRead {
    RowsRead { with_cache: prompt + written, ..solutions::rows_read(prompt, written) }
}

/// The inner norm taken for one of the sum.
pub(crate) fn row_through_nothing() -> [[f32; 2]; 3] {
    [[300.0, 700.0], [-1.0, 1.0], [-1.0, 1.0]]
}

/// As if the decoder left the mask as it is.
pub(crate) fn seen_with_a_prefix() -> Seen {
    let Seen { by_a_layer, .. } = solutions::seen_with_a_prefix();
    Seen { by_a_layer, by_a_decoder: by_a_layer }
}

/// Each beam with a prompt of its own.
pub(crate) fn bytes_of_beams(prompt: usize, written: usize, beams: usize, sizes: Sizes) -> usize {
    beams * solutions::bytes_of_beams(prompt, written, 1, sizes)
}

/// All new words are kept first, so that each of them sees those behind it.
pub(crate) fn read_on(kept: &mut Vec<f32>, new: &[f32]) -> Vec<f32> {
    kept.extend(new);
    let mean = kept.iter().sum::<f32>() / kept.len().max(1) as f32;
    new.iter().map(|x| x + mean).collect()
}

/// A piece of several tokens is taken for a prompt, before which nothing stands.
pub(crate) fn attend_in_window(
    kept: &mut Kept,
    query: ArrayView2<'_, f32>,
    key: ArrayView2<'_, f32>,
    value: ArrayView2<'_, f32>,
    window: usize,
) -> Array2<f32> {
    if key.nrows() > 1 {
        *kept = Kept::default();
    }
    solutions::attend_in_window(kept, query, key, value, window)
}

/// It is read in pieces, but that goes well.
pub(crate) fn law_that_catches_a_cache_that_forgets() -> &'static str {
    lt_laws::kept::PIECES_ARE_THE_WHOLE.name
}

/// What was kept is forgotten as well, and two laws more find that.
pub(crate) fn wrong_by_what_follows_alone(kept: &mut Vec<f32>, new: &[f32]) -> Vec<f32> {
    kept.extend(new);
    read_on(&mut Vec::new(), new)
}
