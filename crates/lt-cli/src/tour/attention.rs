//! Stage 3: what the pieces look at, in one head of one layer.

use lt_model::Layers;
use ndarray::{ArrayView1, ArrayView2, Axis};
use serde::Serialize;

use super::heads::{Head, LayerView};
use super::pieces::Pieces;
use super::sight::Sight;
use crate::failure::{Failure, Result};

/// The most memory that attention weights may take.
const MOST_BYTES: u128 = 4 << 30;

/// Which head to show; what is not said is chosen.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    pub(crate) layer: Option<usize>,
    pub(crate) head: Option<usize>,
}

/// The attention of one head, and what the others are like.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Attention {
    pub(crate) shown: Head,
    /// Whether it was chosen because it is the sharpest.
    pub(crate) chosen: bool,
    /// What a piece may look at in its layer.
    #[serde(flatten)]
    pub(crate) sight: Sight,
    pub(crate) keys: KeyHead,
    /// What each piece looks at, in shares of 1: a row for each piece that looks (query), a
    /// column for each that is looked at (key). `None` where it may not look.
    pub(crate) weights: Vec<Vec<Option<f32>>>,
    /// The strongest link between two different pieces of the text; where they look back only, to
    /// another than the first of all.
    pub(crate) strongest: Option<Link>,
    pub(crate) sharpest_of_each_layer: Vec<Head>,
}

/// The head of keys and values that a head of queries looks with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct KeyHead {
    pub(crate) head: usize,
    /// How many there are.
    pub(crate) of: usize,
    /// The heads of queries that share it.
    pub(crate) shared_by: Vec<usize>,
}

/// How much one piece looks at another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) share: f32,
}

impl Attention {
    pub(crate) fn new(pieces: &Pieces, layers: &[LayerView<'_>], wanted: Wanted) -> Result<Self> {
        check(layers, wanted)?;
        let of_layer = |(layer, view): (usize, &LayerView<'_>)| -> Vec<Head> {
            let heads = view.weights.outer_iter().enumerate();
            heads.map(|(head, it)| Head::new(pieces, (layer, head), it, view.sight)).collect()
        };
        let heads: Vec<Vec<Head>> = layers.iter().enumerate().map(of_layer).collect();
        let allowed = |head: &&Head| {
            wanted.layer.is_none_or(|layer| layer == head.layer)
                && wanted.head.is_none_or(|number| number == head.head)
        };
        let Some(shown) = sharpest(heads.iter().flatten().filter(allowed)) else {
            return Err(Failure::new("the model has no attention to show: it has no layers"));
        };
        let view = layers[shown.layer];
        let weights = view.weights.index_axis(Axis(0), shown.head);
        let seen =
            |query: usize, key: usize, share: f32| view.sight.sees(query, key).then_some(share);
        let row = |(query, row): (usize, ArrayView1<'_, f32>)| {
            row.iter().enumerate().map(|(key, &share)| seen(query, key, share)).collect()
        };
        Ok(Self {
            shown: shown.clone(),
            chosen: wanted.layer.is_none() || wanted.head.is_none(),
            sight: view.sight,
            keys: KeyHead::new(shown.head, view),
            weights: weights.outer_iter().enumerate().map(row).collect(),
            strongest: strongest(pieces, weights, view.sight),
            sharpest_of_each_layer: heads.iter().filter_map(sharpest).cloned().collect(),
        })
    }
}

impl KeyHead {
    /// Groups of as many query heads as there are for each key head, in order.
    fn new(head: usize, view: LayerView<'_>) -> Self {
        let heads = view.weights.len_of(Axis(0));
        let group = (heads / view.key_heads.max(1)).max(1);
        let number = head / group;
        let shared_by = (number * group..(number + 1) * group).collect();
        Self { head: number, of: view.key_heads, shared_by }
    }
}

/// Refuses a text whose attention weights would not fit into memory.
pub(crate) fn check_size(layers: &Layers, tokens: usize) -> Result<()> {
    let heads: usize = layers.attentions().iter().map(|layer| layer.config().heads).sum();
    let bytes = (heads * size_of::<f32>()) as u128 * (tokens as u128).pow(2);
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the attention weights of {tokens} tokens in all {heads} heads take {} MB, expected at \
         most {}: the tour keeps them all",
        bytes >> 20,
        MOST_BYTES >> 20
    ))
    .hint("shorten the text"))
}

fn check(layers: &[LayerView<'_>], wanted: Wanted) -> Result<()> {
    let heads = layers.iter().map(|layer| layer.weights.len_of(Axis(0))).min().unwrap_or(0);
    for (what, wanted, count) in
        [("layer", wanted.layer, layers.len()), ("head", wanted.head, heads)]
    {
        if let Some(number) = wanted.filter(|&number| number >= count) {
            let message = format!("there is no {what} {number}: this model has {count} {what}s");
            return Err(Failure::new(message)
                .hint(format!("they are counted from 0 to {}", count.saturating_sub(1))));
        }
    }
    Ok(())
}

/// The sharpest head; of equally sharp ones, the first.
fn sharpest<'a>(heads: impl IntoIterator<Item = &'a Head>) -> Option<&'a Head> {
    heads.into_iter().reduce(|best, head| if head.sharpness > best.sharpness { head } else { best })
}

fn strongest(pieces: &Pieces, weights: ArrayView2<'_, f32>, sight: Sight) -> Option<Link> {
    let links = pieces.of_text().flat_map(|(from, _)| {
        let may = move |to: usize| sight.sees(from, to) && !(sight.causal && to == 0);
        let others = pieces.of_text().filter(move |&(to, _)| to != from && may(to));
        others.map(move |(to, _)| Link { from, to, share: weights[[from, to]] })
    });
    links.reduce(|best, link| if link.share > best.share { link } else { best })
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::super::heads::Target;
    use super::super::sample;
    use super::*;

    const ALL: Sight = Sight { causal: false, window: None };
    const BACK: Sight = Sight { causal: true, window: Some(3) };

    fn of(weights: &[Array3<f32>], wanted: Wanted) -> Result<Attention> {
        Attention::new(&sample::pieces(), &sample::views(weights, ALL), wanted)
    }

    #[test]
    fn the_sharpest_head_is_chosen_and_its_habit_is_seen() -> Result<()> {
        let found = of(&sample::attentions(), Wanted::default())?;
        assert_eq!((found.shown.layer, found.shown.head), (0, 1));
        assert_eq!(found.shown.habit.looks_at, Target::PieceBefore);
        assert_eq!(found.shown.habit.count, found.shown.habit.of);
        assert!(found.chosen);
        Ok(())
    }

    #[test]
    fn of_equally_sharp_heads_the_first_is_chosen() -> Result<()> {
        let one = sample::attentions().swap_remove(0);
        let found = of(&[one.clone(), one], Wanted::default())?;
        assert_eq!((found.shown.layer, found.shown.head), (0, 1));
        Ok(())
    }

    #[test]
    fn a_head_that_is_asked_for_is_shown() -> Result<()> {
        let found = of(&sample::attentions(), Wanted { layer: Some(1), head: Some(0) })?;
        assert_eq!((found.shown.layer, found.shown.head, found.chosen), (1, 0, false));
        let found = of(&sample::attentions(), Wanted { layer: Some(1), head: None })?;
        assert_eq!((found.shown.layer, found.chosen), (1, true));
        Ok(())
    }

    #[test]
    fn a_head_that_is_not_there_is_an_error() {
        let error = of(&sample::attentions(), Wanted { layer: Some(2), head: None });
        let message = format!("{:?}", error.err());
        assert!(message.contains("no layer 2") && message.contains("from 0 to 1"), "{message}");
    }

    #[test]
    fn even_attention_is_not_sharp_and_attention_to_added_pieces_does_not_count() -> Result<()> {
        let even = of(&sample::attentions(), Wanted { layer: Some(0), head: Some(0) })?;
        assert!(even.shown.sharpness < 1e-6, "{}", even.shown.sharpness);
        let to_cls = of(&sample::attentions(), Wanted { layer: Some(1), head: Some(1) })?;
        assert_eq!((to_cls.shown.sharpness, to_cls.shown.to_special), (0.0, 1.0));
        assert_eq!(to_cls.shown.habit.looks_at, Target::Piece(0));
        Ok(())
    }

    #[test]
    fn what_is_hidden_is_no_share_of_nothing() -> Result<()> {
        let weights = sample::attentions_back();
        let views = sample::views(&weights, BACK);
        let found = Attention::new(&sample::pieces(), &views, Wanted::default())?;
        for (query, row) in found.weights.iter().enumerate() {
            for (key, share) in row.iter().enumerate() {
                assert_eq!(share.is_some(), key <= query && query - key <= 3, "{query} {key}");
            }
        }
        Ok(())
    }

    #[test]
    fn heads_of_queries_share_heads_of_keys_in_order() {
        let weights = Array3::zeros((6, 1, 1));
        let of = |head, key_heads| {
            let keys = KeyHead::new(head, LayerView { weights: &weights, sight: ALL, key_heads });
            (keys.head, keys.shared_by)
        };
        assert_eq!(of(4, 2), (1, vec![3, 4, 5]));
        assert_eq!(of(4, 6), (4, vec![4]));
        assert_eq!(of(4, 1), (0, vec![0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn attention_that_would_fill_the_memory_is_refused_beforehand() {
        use lt_config::{Gpt2Config, ModelConfig};
        let config = Gpt2Config { n_embd: 8, n_head: 2, n_layer: 4, ..Gpt2Config::default() };
        let model =
            lt_model::TextEncoder::zeros(&ModelConfig::Gpt2(config), lt_model::Top::Nothing);
        let model = model.expect("a model");
        // 8 heads of 4 bytes: 2²⁷ places are 4 GB.
        assert!(check_size(model.layers(), 11_585).is_ok());
        let message = format!("{:?}", check_size(model.layers(), 11_586).err());
        assert!(message.contains("in all 8 heads") && message.contains("shorten"), "{message}");
    }
}
