//! Which pieces a piece may look at: the mask of a layer.

use std::ops::Range;

use lt_model::Layers;
use serde::Serialize;

/// What the layer lets a piece look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Sight {
    /// Only what stands before it, and itself (causal mask, 因果掩码).
    pub(crate) causal: bool,
    /// Only what is at most so many places away, if there is a window.
    pub(crate) window: Option<usize>,
}

impl Sight {
    /// That of each layer, in the order in which they run.
    pub(crate) fn of_layers(layers: &Layers) -> Vec<Self> {
        let causal = layers.decoder().is_some();
        let sight = |window| Self { causal, window };
        layers.attentions().iter().map(|layer| sight(layer.config().window)).collect()
    }

    /// Whether the piece at `query` may look at the one at `key`.
    pub(crate) fn sees(self, query: usize, key: usize) -> bool {
        let near = self.window.is_none_or(|reach| query.abs_diff(key) <= reach);
        near && !(self.causal && key > query)
    }

    /// How many keys these queries look at in a text of `length` pieces, all together.
    pub(crate) fn pairs(self, queries: Range<usize>, length: usize) -> u64 {
        let of = |query: usize| {
            let reach = self.window.unwrap_or(usize::MAX);
            let last =
                if self.causal { query } else { query.saturating_add(reach).min(length - 1) };
            (last + 1 - query.saturating_sub(reach)) as u64
        };
        queries.map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_what_is_seen() {
        for causal in [true, false] {
            for window in [None, Some(0), Some(2), Some(50)] {
                let sight = Sight { causal, window };
                for (queries, length) in [(0..7, 7), (6..7, 7), (2..5, 6), (0..0, 3)] {
                    let seen = queries
                        .clone()
                        .flat_map(|query| (0..length).filter(move |&key| sight.sees(query, key)));
                    let expected = seen.count() as u64;
                    assert_eq!(sight.pairs(queries, length), expected, "{sight:?} {length}");
                }
            }
        }
    }

    #[test]
    fn the_mask_is_that_of_attention() {
        let sees = |sight: Sight| -> String {
            let places = (0..3).flat_map(|query| (0..3).map(move |key| sight.sees(query, key)));
            places.map(|seen| if seen { '1' } else { '-' }).collect()
        };
        assert_eq!(sees(Sight { causal: false, window: None }), "111111111");
        assert_eq!(sees(Sight { causal: true, window: None }), "1--11-111");
        assert_eq!(sees(Sight { causal: true, window: Some(1) }), "1--11--11");
        assert_eq!(sees(Sight { causal: false, window: Some(1) }), "11-111-11");
    }
}
