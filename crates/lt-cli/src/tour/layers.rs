//! Stage 4: how the vectors change from layer to layer.

use ndarray::{Array2, Axis};
use serde::Serialize;

use super::pieces::Pieces;
use super::vectors::{cosine, mean, mean_pairwise_cosine};

/// The vectors of the sentence's pieces after each layer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Layers {
    /// What the embeddings give, then what each layer gives.
    pub(crate) layers: Vec<Layer>,
    pub(crate) followed: Option<Followed>,
}

/// The vectors after one layer: cosines, averaged over the pieces of the sentence.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Layer {
    /// Numbered as hidden states are: 0 is what the embeddings give, 1 what layer 0 gives.
    #[serde(rename = "hidden_state")]
    pub(crate) layer: usize,
    /// Of each piece to what the embeddings gave it.
    pub(crate) to_start: f32,
    /// Of each piece to what the layer before gave it.
    pub(crate) to_previous: Option<f32>,
    /// Of each two pieces to each other.
    pub(crate) to_each_other: Option<f32>,
}

/// A piece that is followed through the layers, or one that occurs twice.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Followed {
    pub(crate) token: String,
    pub(crate) unknown: bool,
    /// Where it is: one place or two.
    pub(crate) at: Vec<usize>,
    pub(crate) steps: Vec<Step>,
}

/// A followed piece after one layer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    /// Numbered as in [`Layer`].
    #[serde(rename = "hidden_state")]
    pub(crate) layer: usize,
    /// The cosine of the two places; with one place, that to what the embeddings gave it.
    pub(crate) cosine: f32,
    /// For each place, the nearest other piece of the sentence.
    pub(crate) nearest: Vec<Option<Neighbour>>,
}

/// A piece, and the cosine to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Neighbour {
    pub(crate) token: String,
    pub(crate) at: usize,
    pub(crate) cosine: f32,
}

impl Layers {
    /// `hidden` is what the embeddings gave, then what each layer gave, `[tokens, d]`.
    pub(crate) fn new(pieces: &Pieces, hidden: &[Array2<f32>]) -> Self {
        let subjects = pieces.subjects();
        let mean_cosine = |a: &Array2<f32>, b: &Array2<f32>| {
            mean(subjects.iter().map(|&at| cosine(a.row(at), b.row(at))))
        };
        let layer = |layer: usize| Layer {
            layer,
            to_start: mean_cosine(&hidden[0], &hidden[layer]),
            to_previous: (layer > 0).then(|| mean_cosine(&hidden[layer - 1], &hidden[layer])),
            to_each_other: mean_pairwise_cosine(hidden[layer].select(Axis(0), &subjects).view()),
        };
        let layers = (0..hidden.len()).map(layer).collect();
        let followed = choose(pieces, hidden).map(|at| follow(pieces, hidden, at));
        Self { layers, followed }
    }
}

/// Which piece to follow: the repeated word whose two vectors drift apart the most; if no word is
/// repeated, the one that moves furthest from where it started.
fn choose(pieces: &Pieces, hidden: &[Array2<f32>]) -> Option<Vec<usize>> {
    let (first, last) = (hidden.first()?, hidden.last()?);
    let starts_word = |at: usize| pieces.starts_word(at);
    let pieces = &pieces.pieces;
    let drift = |at: &Vec<usize>| {
        let (i, j) = (at[0], at[1]);
        cosine(first.row(i), first.row(j)) - cosine(last.row(i), last.row(j))
    };
    let twins = |wanted: &dyn Fn(usize) -> bool| {
        let next = |i: usize| (i + 1..pieces.len()).find(|&j| pieces[j].id == pieces[i].id);
        let pairs = (0..pieces.len()).filter(|&i| wanted(i));
        first_largest(pairs.filter_map(|i| Some(vec![i, next(i)?])), drift)
    };
    let moved = |at: &Vec<usize>| -cosine(first.row(at[0]), last.row(at[0]));
    let single = |wanted: &dyn Fn(usize) -> bool| {
        first_largest((0..pieces.len()).filter(|&at| wanted(at)).map(|at| vec![at]), moved)
    };
    let unknown = |at: usize| pieces[at].unknown && !pieces[at].special;
    let any = |at: usize| !pieces[at].special;
    twins(&starts_word)
        .or_else(|| twins(&unknown))
        .or_else(|| single(&starts_word))
        .or_else(|| single(&any))
}

/// The item with the largest value; of equal ones, the first.
fn first_largest<T>(items: impl Iterator<Item = T>, value: impl Fn(&T) -> f32) -> Option<T> {
    let mut best: Option<(T, f32)> = None;
    for item in items {
        let value = value(&item);
        if best.as_ref().is_none_or(|(_, largest)| value > *largest) {
            best = Some((item, value));
        }
    }
    best.map(|(item, _)| item)
}

fn follow(pieces: &Pieces, hidden: &[Array2<f32>], at: Vec<usize>) -> Followed {
    let step = |layer: usize| {
        let rows = &hidden[layer];
        let cosine = match at[..] {
            [i, j] => cosine(rows.row(i), rows.row(j)),
            _ => cosine(hidden[0].row(at[0]), rows.row(at[0])),
        };
        let nearest = at.iter().map(|&place| nearest(pieces, rows, place, &at)).collect();
        Step { layer, cosine, nearest }
    };
    let piece = &pieces.pieces[at[0]];
    Followed {
        token: piece.token.clone(),
        unknown: piece.unknown,
        steps: (0..hidden.len()).map(step).collect(),
        at,
    }
}

/// The piece of the text whose vector is nearest to that at `place`.
fn nearest(
    pieces: &Pieces,
    rows: &Array2<f32>,
    place: usize,
    except: &[usize],
) -> Option<Neighbour> {
    let others = pieces.of_text().filter(|(at, _)| !except.contains(at));
    let neighbours = others.map(|(at, piece)| Neighbour {
        token: piece.token.clone(),
        at,
        cosine: cosine(rows.row(place), rows.row(at)),
    });
    first_largest(neighbours, |neighbour| neighbour.cosine)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_repeated_word_is_followed_and_its_two_vectors_drift_apart() {
        let layers = Layers::new(&sample::pieces(), &sample::hidden());
        let followed = layers.followed.unwrap_or_else(|| panic!("a word is repeated"));
        assert_eq!((followed.token.as_str(), &followed.at[..]), ("can", &[1, 4][..]));
        let cosines: Vec<f32> = followed.steps.iter().map(|step| step.cosine).collect();
        assert!(cosines.is_sorted_by(|a, b| a > b), "{cosines:?}");
        // The other `can` is nearer, but it is the one that is followed.
        let nearest = followed.steps[0].nearest[0].as_ref().map(|near| near.token.as_str());
        assert_eq!(nearest, Some("京"));
    }

    #[test]
    fn without_a_repeated_word_the_one_that_moves_furthest_is_followed() {
        let mut pieces = sample::pieces();
        pieces.pieces[1].id = 8;
        let layers = Layers::new(&pieces, &sample::hidden());
        assert_eq!(layers.followed.map(|followed| followed.at), Some(vec![4]));
    }

    #[test]
    fn with_no_text_there_is_nothing_to_follow_and_the_added_pieces_are_measured() {
        let mut pieces = sample::pieces();
        pieces.pieces.iter_mut().for_each(|piece| piece.special = true);
        let layers = Layers::new(&pieces, &sample::hidden());
        assert!(layers.followed.is_none());
        assert_eq!(layers.layers[0].to_start, 1.0);
        assert_eq!(layers.layers[0].to_previous, None);
    }
}
