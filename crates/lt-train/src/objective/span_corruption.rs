//! Span corruption: spans of a text are taken out, and written down from what is left.

use super::Sequence;
use crate::data::Draw;

/// How spans are taken out of a text.
///
/// [Raffel et al. 2019](https://arxiv.org/abs/1910.10683), section 3.1.4 and figure 2; which spans,
/// as T5's code has it: of the tokens that go and of those that stay, both are cut into as many
/// spans at random, and taken in turn.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SpanCorruption {
    /// What randomness is drawn from.
    pub seed: u64,
    /// The share of tokens that go.
    pub rate: f64,
    /// How long a span is on average.
    pub mean_span: f64,
    /// The ids that stand for the gaps, in their order: `<extra_id_0>`, `<extra_id_1>`, ….
    pub gaps: Vec<u32>,
    /// What ends both texts, if anything does: `</s>`.
    pub end: Option<u32>,
}

/// A text with gaps, and what was in them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Corrupted {
    /// What the encoder reads: the text, a gap for each span.
    pub input: Vec<u32>,
    /// What the decoder writes: each gap, and the span behind it.
    pub target: Vec<u32>,
}

impl Corrupted {
    /// Both parts as one text, of which the first is given: what a decoder alone learns from, with
    /// [`next_tokens`](super::next_tokens) and [`LanguageModelling`](super::LanguageModelling).
    ///
    /// [Tay et al. 2022](https://arxiv.org/abs/2205.05131) (UL2), which trains decoders in this way beside
    /// encoder-decoders. It reads from left to right in the first part as well.
    ///
    /// ```
    /// use lt_train::{data::Drawn, objective::{SpanCorruption, next_tokens}};
    /// let mut half = SpanCorruption::new(0, vec![90]);
    /// half.rate = 0.5;
    /// let text = half.corrupt(&[1, 2, 3, 4], 0, 0).unwrap().sequence();
    /// assert_eq!((&text.ids[..], text.given), (&[1, 2, 90, 90, 3, 4][..], 3));
    /// assert_eq!(next_tokens(&[Drawn::new(text, 0, 0)]).labels, [90, 3, 4]);
    /// ```
    #[must_use]
    pub fn sequence(self) -> Sequence {
        let given = self.input.len();
        Sequence::new([self.input, self.target].concat()).given(given)
    }
}

impl SpanCorruption {
    /// T5's: 15 % go, in spans of 3 on average.
    #[must_use]
    pub fn new(seed: u64, gaps: Vec<u32>) -> Self {
        Self { seed, rate: 0.15, mean_span: 3.0, gaps, end: None }
    }

    /// With this at the end of both texts.
    #[must_use]
    pub fn end(self, end: u32) -> Self {
        Self { end: Some(end), ..self }
    }

    /// The text with this number, corrupted as in this epoch; none of a text of fewer than two
    /// tokens, of which none could stay beside one that goes, and if there is no gap.
    ///
    /// ```
    /// use lt_train::objective::SpanCorruption;
    /// let mut half = SpanCorruption::new(0, vec![90]);
    /// half.rate = 0.5;
    /// let corrupted = half.corrupt(&[1, 2, 3, 4], 0, 0).unwrap();
    /// assert_eq!(corrupted.input, [1, 2, 90]);
    /// assert_eq!(corrupted.target, [90, 3, 4]);
    /// ```
    #[must_use]
    pub fn corrupt(&self, ids: &[u32], number: u64, epoch: u64) -> Option<Corrupted> {
        if ids.len() < 2 || self.gaps.is_empty() {
            return None;
        }
        let draw = Draw::of(self.seed).then(epoch).then(number);
        let gone = (ids.len() as f64 * self.rate).round() as usize;
        let gone = gone.clamp(1, ids.len() - 1);
        let spans = (gone as f64 / self.mean_span).round() as usize;
        let most = gone.min(ids.len() - gone).min(self.gaps.len());
        let spans = spans.clamp(1, most);
        let going = lengths(gone, spans, draw.then(0));
        let staying = lengths(ids.len() - gone, spans, draw.then(1));
        let (mut input, mut target, mut rest) = (Vec::new(), Vec::new(), ids);
        for ((stays, goes), gap) in staying.into_iter().zip(going).zip(&self.gaps) {
            let (stayed, others) = rest.split_at(stays);
            let (went, others) = others.split_at(goes);
            input.extend_from_slice(stayed);
            input.push(*gap);
            target.push(*gap);
            target.extend_from_slice(went);
            rest = others;
        }
        input.extend(self.end);
        target.extend(self.end);
        Some(Corrupted { input, target })
    }

    /// The text again, from both parts; none if they are not of one text.
    ///
    /// ```
    /// use lt_train::objective::SpanCorruption;
    /// let corruption = SpanCorruption::new(0, vec![90, 91]);
    /// assert_eq!(corruption.restore(&[1, 90, 4, 91], &[90, 2, 3, 91, 5]), Some(vec![1, 2, 3, 4, 5]));
    /// assert_eq!(corruption.restore(&[1, 90, 4], &[91, 5]), None);
    /// ```
    #[must_use]
    pub fn restore(&self, input: &[u32], target: &[u32]) -> Option<Vec<u32>> {
        let without_end = |ids: &[u32]| match (ids, self.end) {
            ([before @ .., last], Some(end)) if *last == end => Some(before.to_vec()),
            (_, Some(_)) => None,
            (ids, None) => Some(ids.to_vec()),
        };
        let (input, target) = (without_end(input)?, without_end(target)?);
        let mut target = target.iter().copied().peekable();
        let mut ids = Vec::new();
        for id in input {
            if !self.gaps.contains(&id) {
                ids.push(id);
            } else if target.next_if_eq(&id).is_some() {
                while let Some(id) = target.next_if(|id| !self.gaps.contains(id)) {
                    ids.push(id);
                }
            } else {
                return None;
            }
        }
        target.next().is_none().then_some(ids)
    }
}

/// Cuts `n` into `parts` at random places, none of them empty: all ways are equally likely.
fn lengths(n: usize, parts: usize, draw: Draw) -> Vec<usize> {
    let mut cuts: Vec<usize> =
        draw.order(n - 1).into_iter().take(parts - 1).map(|cut| cut as usize + 1).collect();
    cuts.sort_unstable();
    let ends = cuts.iter().copied().chain([n]);
    let begins = [0].into_iter().chain(cuts.iter().copied());
    ends.zip(begins).map(|(end, begin)| end - begin).collect()
}
