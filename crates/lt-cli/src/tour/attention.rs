//! Stage 3: what the pieces look at, in one head of one layer.

use ndarray::{Array3, ArrayView2, Axis};
use serde::Serialize;

use super::pieces::Pieces;
use super::vectors::mean;
use crate::failure::{Failure, Result};

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
    /// What each piece looks at, in shares of 1: a row for each piece that looks (query), a
    /// column for each that is looked at (key).
    pub(crate) weights: Vec<Vec<f32>>,
    /// The strongest link between two different pieces of the text.
    pub(crate) strongest: Option<Link>,
    pub(crate) sharpest_of_each_layer: Vec<Head>,
}

/// A head, and what it does in this sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Head {
    pub(crate) layer: usize,
    pub(crate) head: usize,
    /// From 0, where the pieces of the text look at each other evenly or not at all, to 1, where
    /// each looks at one other piece alone.
    pub(crate) sharpness: f32,
    /// The share of attention that goes to pieces that stand for no text.
    pub(crate) to_special: f32,
    pub(crate) habit: Habit,
}

/// What most pieces of the text look at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Habit {
    pub(crate) looks_at: Target,
    /// How many of them do.
    pub(crate) count: usize,
    pub(crate) of: usize,
}

/// Where a piece looks, seen from itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    PieceBefore,
    PieceAfter,
    Itself,
    SameWordElsewhere,
    /// All look at the piece at this place.
    Piece(usize),
}

/// How much one piece looks at another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) share: f32,
}

impl Attention {
    /// `layers` has the weights `[heads, tokens, tokens]` of each layer.
    pub(crate) fn new(pieces: &Pieces, layers: &[&Array3<f32>], wanted: Wanted) -> Result<Self> {
        check(layers, wanted)?;
        let heads: Vec<Vec<Head>> = layers
            .iter()
            .enumerate()
            .map(|(layer, heads)| {
                let heads = heads.outer_iter().enumerate();
                heads.map(|(head, weights)| Head::new(pieces, layer, head, weights)).collect()
            })
            .collect();
        let allowed = |head: &&Head| {
            wanted.layer.is_none_or(|layer| layer == head.layer)
                && wanted.head.is_none_or(|number| number == head.head)
        };
        let Some(shown) = sharpest(heads.iter().flatten().filter(allowed)) else {
            return Err(Failure::new("the model has no attention to show: it has no layers"));
        };
        let weights = layers[shown.layer].index_axis(Axis(0), shown.head);
        Ok(Self {
            shown: shown.clone(),
            chosen: wanted.layer.is_none() || wanted.head.is_none(),
            weights: weights.outer_iter().map(|row| row.to_vec()).collect(),
            strongest: strongest(pieces, weights),
            sharpest_of_each_layer: heads.iter().filter_map(sharpest).cloned().collect(),
        })
    }
}

fn check(layers: &[&Array3<f32>], wanted: Wanted) -> Result<()> {
    let heads = layers.iter().map(|heads| heads.len_of(Axis(0))).min().unwrap_or(0);
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

impl Head {
    fn new(pieces: &Pieces, layer: usize, head: usize, weights: ArrayView2<'_, f32>) -> Self {
        let subjects = pieces.subjects();
        let special = |row: usize| {
            pieces.pieces.iter().zip(weights.row(row)).filter(|(piece, _)| piece.special)
        };
        let to_special =
            mean(subjects.iter().map(|&row| special(row).map(|(_, share)| share).sum()));
        Self {
            layer,
            head,
            sharpness: mean(subjects.iter().map(|&row| row_sharpness(weights, row, &subjects))),
            to_special,
            habit: habit(pieces, weights, &subjects),
        }
    }
}

/// The share that a piece gives to these pieces, times how unevenly it gives it: 1 minus the
/// entropy over its greatest possible value.
fn row_sharpness(weights: ArrayView2<'_, f32>, row: usize, among: &[usize]) -> f32 {
    let total: f32 = among.iter().map(|&key| weights[[row, key]]).sum();
    if total <= 0.0 {
        return 0.0;
    }
    let entropy: f32 = among
        .iter()
        .map(|&key| weights[[row, key]] / total)
        .filter(|&p| p > 0.0)
        .map(|p| -p * p.ln())
        .sum();
    let greatest = (among.len() as f32).ln();
    if greatest > 0.0 { total * (1.0 - entropy / greatest) } else { total }
}

fn habit(pieces: &Pieces, weights: ArrayView2<'_, f32>, rows: &[usize]) -> Habit {
    let mut seen: Vec<(Target, usize)> =
        [Target::PieceBefore, Target::PieceAfter, Target::Itself, Target::SameWordElsewhere]
            .map(|target| (target, 0))
            .into();
    seen.extend((0..pieces.len()).map(|at| (Target::Piece(at), 0)));
    for &row in rows {
        let Some(key) = most_looked_at(weights, row) else { continue };
        for (target, count) in &mut seen {
            let hit = match *target {
                Target::PieceBefore => key + 1 == row,
                Target::PieceAfter => key == row + 1,
                Target::Itself => key == row,
                Target::SameWordElsewhere => {
                    key != row && pieces.pieces[key].id == pieces.pieces[row].id
                }
                Target::Piece(at) => key == at,
            };
            *count += usize::from(hit);
        }
    }
    let most = seen.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best });
    let (looks_at, count) = most.unwrap_or((Target::Itself, 0));
    Habit { looks_at, count, of: rows.len() }
}

/// Where this piece looks the most; of equal places, the first.
fn most_looked_at(weights: ArrayView2<'_, f32>, row: usize) -> Option<usize> {
    let shares = weights.row(row).into_iter().copied().enumerate();
    shares.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(key, _)| key)
}

fn strongest(pieces: &Pieces, weights: ArrayView2<'_, f32>) -> Option<Link> {
    let links = pieces.of_text().flat_map(|(from, _)| {
        let others = pieces.of_text().filter(move |&(to, _)| to != from);
        others.map(move |(to, _)| Link { from, to, share: weights[[from, to]] })
    });
    links.reduce(|best, link| if link.share > best.share { link } else { best })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn of(weights: &[Array3<f32>], wanted: Wanted) -> Result<Attention> {
        let layers: Vec<&Array3<f32>> = weights.iter().collect();
        Attention::new(&sample::pieces(), &layers, wanted)
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
}
