//! What a head of attention is like: how sharp, and where its pieces look.

use ndarray::{Array3, ArrayView2};
use serde::Serialize;

use super::pieces::Pieces;
use super::sight::Sight;
use super::vectors::mean;

/// The attention of one layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerView<'a> {
    /// `[heads, tokens, tokens]`.
    pub(crate) weights: &'a Array3<f32>,
    pub(crate) sight: Sight,
    /// How many heads keys and values have.
    pub(crate) key_heads: usize,
}

/// A head, and what it does in this sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Head {
    pub(crate) layer: usize,
    pub(crate) head: usize,
    /// From 0, where the pieces of the text look at each other evenly or not at all, to 1, where
    /// each looks at one piece alone. Where pieces look back only, those count that have a choice,
    /// and the first piece of all is no choice: see [`Choices`].
    pub(crate) sharpness: f32,
    /// The share of attention that goes to pieces that stand for no text.
    pub(crate) to_special: f32,
    /// Where pieces look back only: the share that the others give to the first piece of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to_first: Option<f32>,
    pub(crate) habit: Habit,
}

/// What most pieces of the text look at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Habit {
    pub(crate) looks_at: Target,
    /// How many of them do.
    pub(crate) count: usize,
    /// Of those that may look at more than one.
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

impl Head {
    pub(crate) fn new(
        pieces: &Pieces,
        (layer, head): (usize, usize),
        weights: ArrayView2<'_, f32>,
        sight: Sight,
    ) -> Self {
        let subjects = pieces.subjects();
        let special = |row: usize| {
            pieces.pieces.iter().zip(weights.row(row)).filter(|(piece, _)| piece.special)
        };
        let to_special =
            mean(subjects.iter().map(|&row| special(row).map(|(_, share)| share).sum()));
        let behind_first: Vec<usize> =
            subjects.iter().copied().filter(|&row| row > 0 && sight.sees(row, 0)).collect();
        let to_first = || mean(behind_first.iter().map(|&row| weights[[row, 0]]));
        Self {
            layer,
            head,
            sharpness: Choices { sight, subjects: &subjects }.sharpness(weights),
            to_special,
            to_first: (sight.causal && !behind_first.is_empty()).then(to_first),
            habit: habit(pieces, weights, sight, &subjects),
        }
    }
}

/// Between which pieces a piece chooses.
///
/// Where all look at all, between those of the text. Where they look back only, the first piece
/// has none to choose from and gives itself 1, which says nothing about a head; nor does what
/// goes to the first piece of all, where decoders send attention that has nothing to look for
/// ([Xiao et al. 2023](https://arxiv.org/abs/2309.17453): attention sink, 注意力汇). So there the
/// pieces count that have two others or more to choose from, themselves included, besides the first.
struct Choices<'a> {
    sight: Sight,
    subjects: &'a [usize],
}

impl Choices<'_> {
    fn of(&self, row: usize) -> Vec<usize> {
        let Self { sight, subjects } = *self;
        let seen = subjects.iter().copied().filter(|&key| sight.sees(row, key));
        seen.filter(|&key| !(sight.causal && key == 0)).collect()
    }

    fn sharpness(&self, weights: ArrayView2<'_, f32>) -> f32 {
        let rows = self.subjects.iter().map(|&row| (row, self.of(row)));
        let counts = |choices: &[usize]| !self.sight.causal || choices.len() > 1;
        let rows: Vec<(usize, Vec<usize>)> = rows.filter(|(_, choices)| counts(choices)).collect();
        mean(rows.iter().map(|(row, choices)| row_sharpness(weights, *row, choices)))
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

fn habit(pieces: &Pieces, weights: ArrayView2<'_, f32>, sight: Sight, rows: &[usize]) -> Habit {
    let mut seen: Vec<(Target, usize)> =
        [Target::PieceBefore, Target::PieceAfter, Target::Itself, Target::SameWordElsewhere]
            .map(|target| (target, 0))
            .into();
    seen.extend((0..pieces.len()).map(|at| (Target::Piece(at), 0)));
    let has_choice = |row: usize| (0..pieces.len()).filter(|&key| sight.sees(row, key)).nth(1);
    // A text of one piece alone is said to look at itself where nothing is hidden from it.
    let looks = |row: usize| !sight.causal || has_choice(row).is_some();
    let rows: Vec<usize> = rows.iter().copied().filter(|&row| looks(row)).collect();
    for &row in &rows {
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

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::super::sample;
    use super::*;

    const BACK: Sight = Sight { causal: true, window: None };

    fn head(weights: &Array2<f32>) -> Head {
        let mut pieces = sample::pieces();
        pieces.pieces.truncate(weights.nrows());
        pieces.pieces.iter_mut().for_each(|piece| piece.special = false);
        Head::new(&pieces, (0, 0), weights.view(), BACK)
    }

    #[test]
    fn looking_back_evenly_is_not_sharp_though_the_first_rows_are() {
        let even = Array2::from_shape_fn((5, 5), |(row, key)| match key <= row {
            true => 1.0 / (row + 1) as f32,
            false => 0.0,
        });
        let head = head(&even);
        assert!(head.sharpness.abs() < 1e-6, "{}", head.sharpness);
        assert_eq!((head.habit.looks_at, head.habit.of), (Target::Piece(0), 4));
    }

    #[test]
    fn to_rest_at_the_first_piece_is_not_sharp_and_to_look_at_the_one_before_is() {
        let rests = Array2::from_shape_fn((5, 5), |(_, key)| f32::from(key == 0));
        assert_eq!((head(&rests).sharpness, head(&rests).to_first), (0.0, Some(1.0)));
        let before = Array2::from_shape_fn((5, 5), |(row, key): (usize, usize)| {
            f32::from(key == row.saturating_sub(1))
        });
        let head = head(&before);
        assert_eq!((head.sharpness, head.to_first), (1.0, Some(0.25)));
        assert_eq!(head.habit, Habit { looks_at: Target::PieceBefore, count: 4, of: 4 });
    }

    #[test]
    fn pieces_without_a_choice_are_not_counted() {
        let head = head(&array![[1.0]]);
        assert_eq!((head.sharpness, head.to_first, head.habit.of), (0.0, None, 0));
        let alone = Sight { window: Some(0), ..BACK };
        let itself = Array2::eye(7);
        let head = Head::new(&sample::pieces(), (0, 0), itself.view(), alone);
        assert_eq!((head.sharpness, head.to_first, head.habit.of), (0.0, None, 0));
    }
}
