//! Masked language modelling (遮盖语言建模): some tokens are hidden, and predicted from all others.

use std::ops::Range;

use super::{LabelledRows, Sequence};
use crate::data::{Draw, Drawn};

/// What is chosen as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Whole {
    /// Each token by itself.
    #[default]
    Token,
    /// All tokens of a word, or none.
    Word,
}

/// How tokens are hidden: of those chosen, eight of ten become the mask, one another token, and
/// one stays.
///
/// Never a special token; at least one token, if there is one that may be. What becomes of a
/// sequence depends on the seed, the epoch and its number, not on its batch; in another epoch it
/// has another mask (that is RoBERTa's way).
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), section 3.1, task 1;
/// [Liu et al. 2019](https://arxiv.org/abs/1907.11692), section 4.1. transformers:
/// `DataCollatorForLanguageModeling`, `DataCollatorForWholeWordMask`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Masking {
    /// What randomness is drawn from.
    pub seed: u64,
    /// The id of the mask.
    pub mask: u32,
    /// The ids that another token is drawn from.
    pub vocabulary: Range<u32>,
    /// The ids that are never drawn: special tokens.
    pub never: Vec<u32>,
    /// How likely a token, or a word, is to be chosen.
    pub rate: f64,
    /// How likely one that is chosen becomes the mask.
    pub masked: f64,
    /// How likely one that is chosen becomes another.
    pub replaced: f64,
    /// What is chosen as a whole.
    pub whole: Whole,
}

/// A sequence in which some tokens are hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Masked {
    /// What the model reads.
    pub ids: Vec<u32>,
    /// The places that were chosen, ascending, with the token that was there.
    pub labels: Vec<(usize, u32)>,
}

impl Masking {
    /// BERT's rates: 15 % are chosen; of them 80 % become the mask, 10 % another, 10 % stay.
    #[must_use]
    pub fn new(seed: u64, mask: u32, vocabulary: Range<u32>) -> Self {
        let (rate, masked, replaced) = (0.15, 0.8, 0.1);
        let (never, whole) = (Vec::new(), Whole::Token);
        Self { seed, mask, vocabulary, never, rate, masked, replaced, whole }
    }

    /// With this as the whole.
    #[must_use]
    pub fn whole(self, whole: Whole) -> Self {
        Self { whole, ..self }
    }

    /// Never drawing these ids.
    #[must_use]
    pub fn never(self, never: impl IntoIterator<Item = u32>) -> Self {
        Self { never: never.into_iter().collect(), ..self }
    }

    /// The sequence with this number, hidden as in this epoch.
    ///
    /// ```
    /// use lt_train::objective::{Masking, Sequence};
    /// let sequence = Sequence::new(vec![101, 7592, 102]).special(vec![true, false, true]);
    /// let mut masking = Masking::new(1, 103, 1000..9000);
    /// (masking.rate, masking.masked) = (0.0, 1.0);
    /// let masked = masking.hide(&sequence, 0, 0);
    /// assert_eq!(masked.ids, [101, 103, 102]); // at least one
    /// assert_eq!(masked.labels, [(1, 7592)]);
    /// ```
    #[must_use]
    pub fn hide(&self, sequence: &Sequence, number: u64, epoch: u64) -> Masked {
        let draw = Draw::of(self.seed).then(epoch).then(number);
        let mut ids = sequence.ids.clone();
        let places = self.chosen(sequence, draw.then(0));
        let labels: Vec<(usize, u32)> =
            places.iter().map(|place| (*place, sequence.ids[*place])).collect();
        for place in places {
            let fate = draw.then(1).then(place as u64).unit();
            if fate < self.masked {
                ids[place] = self.mask;
            } else if fate < self.masked + self.replaced {
                ids[place] = self.another(draw.then(2).then(place as u64)).unwrap_or(ids[place]);
            }
        }
        Masked { ids, labels }
    }

    /// The places that are hidden, ascending.
    fn chosen(&self, sequence: &Sequence, draw: Draw) -> Vec<usize> {
        let unit = |place: usize| match self.whole {
            Whole::Token => draw.then(place as u64).unit(),
            Whole::Word => draw.then(u64::from(sequence.word(place))).unit(),
        };
        let may = (0..sequence.ids.len()).filter(|place| !sequence.is_special(*place));
        let units: Vec<(usize, f64)> = may.map(|place| (place, unit(place))).collect();
        let least = units.iter().map(|(_, unit)| *unit).fold(f64::INFINITY, f64::min);
        let is_chosen = |unit: f64| unit < self.rate || unit == least;
        units.into_iter().filter(|(_, unit)| is_chosen(*unit)).map(|(place, _)| place).collect()
    }

    /// An id of the vocabulary that may be drawn; none if there hardly is one.
    fn another(&self, draw: Draw) -> Option<u32> {
        let Range { start, end } = self.vocabulary;
        let size = u64::from(end.saturating_sub(start));
        let draws = (0..100).map(|attempt| start + draw.then(attempt).below(size) as u32);
        draws.filter(|_| size > 0).find(|id| !self.never.contains(id))
    }

    /// A batch with what was hidden as its labels.
    #[must_use]
    pub fn shard(&self, drawn: &[Drawn<Sequence>]) -> LabelledRows {
        let hide = |of: &Drawn<Sequence>| self.hide(&of.example, of.number, of.epoch);
        let hidden: Vec<Masked> = drawn.iter().map(hide).collect();
        let read = drawn.iter().zip(&hidden);
        let read =
            read.map(|(of, hidden)| Sequence { ids: hidden.ids.clone(), ..of.example.clone() });
        let read: Vec<Sequence> = read.collect();
        let parts = drawn.iter().zip(&read).zip(hidden);
        LabelledRows::of(parts.map(|((of, read), hidden)| (of.number, read, hidden.labels)))
    }
}
