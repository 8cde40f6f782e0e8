//! Laws of models that keep what they have read: a KV cache, a recurrent state.
//!
//! The closures are a model that reads whole texts, and one that reads them in pieces, as a
//! [`Keeper`] of so many texts, of which nothing is kept yet.

use lt_core::{Mask, Ragged};
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::rows::{same_bits, shaped};
use crate::{Batch, IntoRows, Law, Verdict, sample};

/// The laws of this module.
pub const LAWS: [&Law; 4] = [
    &WHAT_FOLLOWS_DOES_NOT_COUNT,
    &PIECES_ARE_THE_WHOLE,
    &WHAT_IS_CUT_IS_FORGOTTEN,
    &CHOSEN_TEXTS_GO_ON_APART,
];

/// A model with what it has kept of some texts.
pub trait Keeper {
    /// What it gives for each token.
    type Rows: IntoRows;

    /// Reads the tokens that follow: for each text a sequence of the batch, which may be empty.
    fn read(&mut self, batch: Batch<'_>) -> Self::Rows;

    /// Forgets all but the first tokens of each text, so many as are named.
    fn cut(&mut self, lengths: &[usize]);

    /// Text i becomes what text `parents[i]` was; there may be more or fewer of them.
    fn select(&mut self, parents: &[usize]);
}

/// All the laws of what is kept.
///
/// # Panics
/// If one of them is broken.
#[track_caller]
pub fn all<R: IntoRows, K: Keeper>(
    width: usize,
    whole: impl Fn(Batch<'_>) -> R,
    keeper: impl Fn(usize) -> K,
) {
    what_follows_does_not_count(width, &whole);
    pieces_are_the_whole(width, &whole, &keeper);
    what_is_cut_is_forgotten(width, &whole, &keeper);
    chosen_texts_go_on_apart(width, &whole, &keeper);
}

/// See [`what_follows_does_not_count`].
pub const WHAT_FOLLOWS_DOES_NOT_COUNT: Law = Law {
    name: "a causal model does not look ahead",
    statement: "f(x₁ … xₜ … xₙ)ₜ = f(x₁ … xₜ)ₜ",
    tolerance: "none: what follows takes no part",
};

/// A token has the bits that it has where the text ends with it, whatever follows, NaN included.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn what_follows_does_not_count<R: IntoRows>(width: usize, whole: impl Fn(Batch<'_>) -> R) {
    WHAT_FOLLOWS_DOES_NOT_COUNT.hold(&(1..20_usize, 0..20_usize, any::<u64>()), |case| {
        let (before, after, seed) = case;
        let mut text = sample::rows(before + after, width, seed);
        let whole_text = read_whole(&whole, text.view())?;
        let short = read_whole(&whole, text.slice(s![..before, ..]))?;
        text.slice_mut(s![before.., ..]).fill(f32::NAN);
        let among_nan = read_whole(&whole, text.view())?;
        for token in 0..before {
            let what = format!("token {token}, with {after} more");
            same_bits(&what, whole_text.row(token), short.row(token))?;
            same_bits(&what, among_nan.row(token), short.row(token))?;
        }
        Ok(())
    });
}

/// See [`pieces_are_the_whole`].
pub const PIECES_ARE_THE_WHOLE: Law = Law {
    name: "a text read in pieces is the text read at once",
    statement: "f(xₜ | kept of x₁ … xₜ₋₁) = f(x₁ … xₜ)ₜ, in a batch of any lengths",
    tolerance: "none: the sums are the same sums in the same order",
};

/// Texts that are read piece by piece, in a batch in which some pause, have the bits of each text
/// read at once.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn pieces_are_the_whole<R: IntoRows, K: Keeper>(
    width: usize,
    whole: impl Fn(Batch<'_>) -> R,
    keeper: impl Fn(usize) -> K,
) {
    let steps = vec(reading(), 1..6);
    PIECES_ARE_THE_WHOLE.hold(&steps, |steps| run(width, &whole, &keeper, &steps));
}

/// See [`what_is_cut_is_forgotten`].
pub const WHAT_IS_CUT_IS_FORGOTTEN: Law = Law {
    name: "a text that was cut back goes on as if the rest had never been",
    statement: "f(x | kept of x₁ … xₙ, cut to m) = f(x | kept of x₁ … xₘ)",
    tolerance: "none",
};

/// Texts that are cut back and go on with other tokens have the bits of the text so made.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn what_is_cut_is_forgotten<R: IntoRows, K: Keeper>(
    width: usize,
    whole: impl Fn(Batch<'_>) -> R,
    keeper: impl Fn(usize) -> K,
) {
    let cut = vec(0..=100_usize, 3).prop_map(Step::Cut);
    let steps = vec(prop_oneof![2 => reading(), 1 => cut], 2..7);
    WHAT_IS_CUT_IS_FORGOTTEN.hold(&steps, |steps| run(width, &whole, &keeper, &steps));
}

/// See [`chosen_texts_go_on_apart`].
pub const CHOSEN_TEXTS_GO_ON_APART: Law = Law {
    name: "texts that were reordered, repeated or dropped go on apart",
    statement: "text i becomes what text pᵢ was; what is then read of one changes no other",
    tolerance: "none",
};

/// Texts that are chosen anew, some of them twice, and go on with tokens of their own, have the
/// bits of each text read at once.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn chosen_texts_go_on_apart<R: IntoRows, K: Keeper>(
    width: usize,
    whole: impl Fn(Batch<'_>) -> R,
    keeper: impl Fn(usize) -> K,
) {
    let choice = vec(0..100_usize, 1..5).prop_map(Step::Select);
    let cut = vec(0..=100_usize, 3).prop_map(Step::Cut);
    let steps = vec(prop_oneof![3 => reading(), 2 => choice, 1 => cut], 2..8);
    CHOSEN_TEXTS_GO_ON_APART.hold(&steps, |steps| run(width, &whole, &keeper, &steps));
}

/// What happens to what is kept.
#[derive(Debug, Clone)]
enum Step {
    /// So many tokens more for each text, for the n-th text the n-th number, and from the first
    /// again; which ones depends on the seed.
    Read { lengths: Vec<usize>, seed: u64 },
    /// For each text, the part that stays, in hundredths.
    Cut(Vec<usize>),
    /// The texts that go on, counted around.
    Select(Vec<usize>),
}

fn reading() -> impl Strategy<Value = Step> {
    // A block of keys may have 128 of them: texts should come near its end now and then.
    let length = prop_oneof![6 => 0..4_usize, 1 => 100..140_usize];
    (vec(length, 3), any::<u64>()).prop_map(|(lengths, seed)| Step::Read { lengths, seed })
}

/// Goes through the steps, and compares each read token with that of its whole text.
fn run<R: IntoRows, K: Keeper>(
    width: usize,
    whole: &impl Fn(Batch<'_>) -> R,
    keeper: &impl Fn(usize) -> K,
    steps: &[Step],
) -> Verdict {
    let mut texts = vec![Array2::<f32>::zeros((0, width)); 3];
    let mut kept = keeper(texts.len());
    for step in steps {
        match step {
            Step::Read { lengths, seed } => {
                let more = |text: usize| {
                    sample::rows(
                        lengths[text % lengths.len()],
                        width,
                        seed.wrapping_add(text as u64),
                    )
                };
                let more: Vec<_> = (0..texts.len()).map(more).collect();
                read(whole, &mut kept, &mut texts, &more)?;
            }
            Step::Cut(parts) => {
                let stays = |(text, rows): (usize, &Array2<f32>)| {
                    rows.nrows() * parts[text % parts.len()] / 100
                };
                let lengths: Vec<usize> = texts.iter().enumerate().map(stays).collect();
                kept.cut(&lengths);
                for (text, &length) in texts.iter_mut().zip(&lengths) {
                    *text = text.slice(s![..length, ..]).to_owned();
                }
            }
            Step::Select(choice) => {
                let parents: Vec<usize> = choice.iter().map(|text| text % texts.len()).collect();
                kept.select(&parents);
                texts = parents.iter().map(|&parent| texts[parent].clone()).collect();
            }
        }
    }
    // What is kept at the end shows in what is read next.
    let one = |text: usize| sample::rows(1, width, 77 + text as u64);
    let more: Vec<_> = (0..texts.len()).map(one).collect();
    read(whole, &mut kept, &mut texts, &more)
}

/// Reads the tokens that follow each text.
fn read<R: IntoRows, K: Keeper>(
    whole: &impl Fn(Batch<'_>) -> R,
    kept: &mut K,
    texts: &mut [Array2<f32>],
    more: &[Array2<f32>],
) -> Verdict {
    let views: Vec<_> = more.iter().map(|rows| rows.view()).collect();
    let rows = concatenate(Axis(0), &views).map_err(|error| error.to_string())?;
    let (sequences, mask) = (Ragged::from_lengths(more.iter().map(Array2::nrows)), Mask::causal());
    let batch = Batch { rows: rows.view(), sequences: &sequences, mask: &mask };
    let got = kept.read(batch).into_rows()?;
    let got = shaped(Ok::<_, String>(got.clone()), rows.nrows(), got.ncols())?;
    for (number, (text, range)) in texts.iter_mut().zip(sequences.ranges()).enumerate() {
        let before = text.nrows();
        *text = concatenate![Axis(0), *text, more[number]];
        if range.is_empty() {
            continue;
        }
        let expected = read_whole(whole, text.view())?;
        for (place, row) in range.enumerate() {
            let what = format!("text {number}, token {}", before + place);
            same_bits(&what, got.row(row), expected.row(before + place))?;
        }
    }
    Ok(())
}

fn read_whole<R: IntoRows>(
    whole: &impl Fn(Batch<'_>) -> R,
    text: ArrayView2<'_, f32>,
) -> Result<Array2<f32>, String> {
    let (sequences, mask) = (Ragged::single(text.nrows()), Mask::causal());
    let rows = whole(Batch { rows: text, sequences: &sequences, mask: &mask }).into_rows()?;
    shaped(Ok::<_, String>(rows.clone()), text.nrows(), rows.ncols())
}
