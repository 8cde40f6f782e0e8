//! Causal language modelling (因果语言建模): each token predicts the next.

use super::{LabelledRows, Sequence};
use crate::data::Drawn;

/// A batch in which each token has the next one as its label; the last of a sequence has none, nor
/// have those whose next is given.
///
/// [Radford et al. 2018](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf),
/// section 3.1.
///
/// ```
/// use lt_train::{data::Drawn, objective::{Sequence, next_tokens}};
/// let plain = Drawn::new(Sequence::new(vec![5, 6, 7]), 0, 0);
/// let answer = Drawn::new(Sequence::new(vec![1, 2, 3, 4]).given(3), 1, 0);
/// let shard = next_tokens(&[plain, answer]);
/// assert_eq!(shard.rows, [0, 1, 5]); // row 5 is the `3`, which predicts the `4`
/// assert_eq!(shard.labels, [6, 7, 4]);
/// ```
#[must_use]
pub fn next_tokens(drawn: &[Drawn<Sequence>]) -> LabelledRows {
    LabelledRows::of(drawn.iter().map(|drawn| {
        let sequence = &drawn.example;
        let next = sequence.ids.iter().enumerate().skip(sequence.given.max(1));
        (drawn.number, sequence, next.map(|(place, id)| (place - 1, *id)).collect())
    }))
}
