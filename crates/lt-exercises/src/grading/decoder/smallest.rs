//! The smallest decoder: its words are numbers, and what it keeps of each is a number.

use lt_attention::{AttentionConfig, MultiHeadAttention, Projections};
use lt_core::{Module, Ragged, Weight};
use lt_decoder::{Decoder, DecoderLayer, HiddenStates, SublayerNorms};
use lt_laws::kept::{self, Keeper};
use lt_laws::proptest::collection::vec;
use lt_laws::{Batch, Law};
use lt_layers::{Activation, FeedForward, Linear};
use ndarray::{Array2, s};

use crate::grading::{Tried, breaks_only, is_caught_by};

type ReadOn = fn(&mut Vec<f32>, &[f32]) -> Vec<f32>;

/// How it reads, and how it is cut back to so many words.
struct Smallest {
    read: ReadOn,
    cut: fn(&mut Vec<f32>, usize),
}

impl Smallest {
    fn whole(&self, batch: Batch<'_>) -> Result<Array2<f32>, String> {
        self.keeper(batch.sequences.len()).read(batch)
    }

    fn keeper(&self, texts: usize) -> Texts<'_> {
        Texts { decoder: self, kept: vec![Vec::new(); texts] }
    }
}

/// What it has kept of some texts.
struct Texts<'a> {
    decoder: &'a Smallest,
    kept: Vec<Vec<f32>>,
}

impl Keeper for Texts<'_> {
    type Rows = Result<Array2<f32>, String>;

    fn read(&mut self, batch: Batch<'_>) -> Self::Rows {
        let mut rows = Vec::new();
        for (kept, range) in self.kept.iter_mut().zip(batch.sequences.ranges()) {
            let new = batch.rows.slice(s![range, 0]).to_vec();
            let more = (self.decoder.read)(kept, &new);
            if more.len() != new.len() {
                return Err(format!("{} rows for {} new words", more.len(), new.len()));
            }
            rows.extend(more);
        }
        Array2::from_shape_vec((rows.len(), 1), rows).map_err(|error| error.to_string())
    }

    fn cut(&mut self, lengths: &[usize]) {
        for (kept, &length) in self.kept.iter_mut().zip(lengths) {
            (self.decoder.cut)(kept, length);
        }
    }

    fn select(&mut self, parents: &[usize]) {
        self.kept = parents.iter().map(|&parent| self.kept[parent].clone()).collect();
    }
}

const LAWS: &[Tried<Smallest>] = &[
    (&kept::WHAT_FOLLOWS_DOES_NOT_COUNT, |of| {
        kept::what_follows_does_not_count(1, |batch| of.whole(batch));
    }),
    (&kept::PIECES_ARE_THE_WHOLE, |of| {
        kept::pieces_are_the_whole(1, |batch| of.whole(batch), |texts| of.keeper(texts));
    }),
    (&kept::WHAT_IS_CUT_IS_FORGOTTEN, |of| {
        kept::what_is_cut_is_forgotten(1, |batch| of.whole(batch), |texts| of.keeper(texts));
    }),
    (&kept::CHOSEN_TEXTS_GO_ON_APART, |of| {
        kept::chosen_texts_go_on_apart(1, |batch| of.whole(batch), |texts| of.keeper(texts));
    }),
];

/// See [`read_on`].
const EACH_ROW_IS_THE_DECODERS: Law = Law {
    name: "each row is the decoder's",
    statement: "yₜ = xₜ + (x₁ + … + xₜ) / t",
    tolerance: "1e-4",
};

/// The layer of the chapter that scores all keys alike.
fn mean_of_what_is_seen() -> lt_core::Result<Decoder> {
    let zero = || Linear::zeros(1, 1);
    let same = || Linear::new(Weight::new(&[1, 1], vec![1.0])?, None);
    let projections = Projections { query: zero()?, key: zero()?, value: same()?, output: same()? };
    let attention = MultiHeadAttention::new(projections, AttentionConfig::new(1))?;
    let nothing = FeedForward::new(zero()?, Activation::Relu, zero()?)?;
    let none = SublayerNorms::default;
    Ok(Decoder::new(vec![DecoderLayer::new((attention, none()), (nothing, none()))?], None))
}

pub(super) fn read_on(answer: ReadOn) {
    EACH_ROW_IS_THE_DECODERS.hold(&vec(-9_i8..10, 1..6), |words| {
        let words: Vec<f32> = words.into_iter().map(f32::from).collect();
        let (x, all) =
            (Array2::from_shape_fn((words.len(), 1), |(row, _)| words[row]), words.len());
        let input = Ragged::single(all);
        let expected = mean_of_what_is_seen()
            .and_then(|decoder| decoder.forward(HiddenStates::new(x.view(), &input)))
            .map_err(|error| error.to_string())?;
        let mut kept = Vec::new();
        let (expected, got) = (expected.column(0).to_vec(), answer(&mut kept, &words));
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4;
        if got.len() != all || !got.iter().zip(&expected).all(close) {
            return Err(format!(
                "with nothing kept, {words:?} give {got:?}, expected {expected:?}"
            ));
        }
        match kept.len() {
            count if count == all => Ok(()),
            count => Err(format!("of {all} words {count} numbers are kept, expected one each")),
        }
    });
    let decoder = Smallest { read: answer, cut: Vec::truncate };
    LAWS.iter().for_each(|(_, hold)| hold(&decoder));
}

/// The reach of the decoder that forgets.
const REACH: usize = 3;

/// The first number is how many words were read, the others are the last of them.
fn read_and_forget(kept: &mut Vec<f32>, new: &[f32]) -> Vec<f32> {
    if kept.is_empty() {
        kept.push(0.0);
    }
    let row = |&x: &f32| {
        kept[0] += 1.0;
        kept.push(x);
        if kept.len() > 1 + REACH {
            kept.remove(1);
        }
        x + kept[1..].iter().sum::<f32>() / (kept.len() - 1) as f32
    };
    new.iter().map(row).collect()
}

fn cut_what_is_left(kept: &mut Vec<f32>, words: usize) {
    let Some(read) = kept.first_mut() else { return };
    let off = *read as usize - words;
    *read = words as f32;
    kept.truncate(kept.len().saturating_sub(off).max(1));
}

pub(super) fn law_that_catches_a_cache_that_forgets(answer: fn() -> &'static str) {
    // Without the last: it cuts texts as well as choosing them, and catches this cache, too.
    let laws = &LAWS[..LAWS.len() - 1];
    is_caught_by(answer(), laws, &Smallest { read: read_and_forget, cut: cut_what_is_left });
}

pub(super) fn wrong_by_what_follows_alone(answer: ReadOn) {
    let broken = Smallest { read: answer, cut: Vec::truncate };
    breaks_only(&kept::WHAT_FOLLOWS_DOES_NOT_COUNT, LAWS, &broken);
}
