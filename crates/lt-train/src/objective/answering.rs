//! Extractive question answering (抽取式问答): where in a text the answer begins and ends.

use std::ops::Range;

use lt_core::{Backward, Params, Scratch, Train};
use lt_embedding::TokenIds;
use ndarray::{Array1, Array2, ArrayView1, Axis, s};

use super::{Objective, Sequence, TokenBatch};
use crate::data::{Drawn, Tokens};
use crate::loss::CrossEntropy;

/// A question with a window of its text, and where in it the answer is: the places of its first and
/// last token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerWindow {
    /// The tokens.
    pub sequence: Sequence,
    /// Where the answer begins.
    pub start: u32,
    /// Where it ends: its last token, not the one behind.
    pub end: u32,
}

impl AnswerWindow {
    /// A window whose tokens come from these characters (`offsets`) of the question (`texts` is 0)
    /// or of the text (1). The answer is given in characters of the text; where the window does not
    /// hold all of it, or there is none, both places are 0: `[CLS]`.
    ///
    /// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), sections 4.2 and 4.3.
    ///
    /// ```
    /// use lt_train::objective::{AnswerWindow, Sequence};
    /// // [CLS] who [SEP] Ada and Bob [SEP]
    /// let offsets = [0..0, 0..3, 0..0, 0..3, 4..7, 8..11, 0..0];
    /// let texts = [None, Some(0), None, Some(1), Some(1), Some(1), None];
    /// let window = |answer| {
    ///     let window = AnswerWindow::new(Sequence::new(vec![0; 7]), &offsets, &texts, answer);
    ///     (window.start, window.end)
    /// };
    /// assert_eq!(window(Some(4..11)), (4, 5)); // `and Bob`
    /// assert_eq!(window(Some(9..10)), (5, 5)); // a part of a token
    /// assert_eq!(window(Some(8..14)), (0, 0)); // it goes on behind the window
    /// assert_eq!(window(None), (0, 0));
    /// ```
    #[must_use]
    pub fn new(
        sequence: Sequence,
        offsets: &[Range<usize>],
        texts: &[Option<usize>],
        answer: Option<Range<usize>>,
    ) -> Self {
        let of_text =
            || offsets.iter().zip(texts).enumerate().filter(|(_, (_, of))| **of == Some(1));
        let place = |character: usize| {
            of_text()
                .find(|(_, (range, _))| range.contains(&character))
                .map(|(place, _)| place as u32)
        };
        let found = answer.filter(|answer| !answer.is_empty());
        let found = found.and_then(|answer| Some((place(answer.start)?, place(answer.end - 1)?)));
        let (start, end) = found.unwrap_or_default();
        Self { sequence, start, end }
    }
}

impl Tokens for AnswerWindow {
    fn tokens(&self) -> usize {
        self.sequence.tokens()
    }
}

/// A shard of questions with their windows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerShard {
    /// The batch.
    pub batch: TokenBatch,
    /// Where each sequence's answer begins and ends, counted in its tokens.
    pub answers: Vec<[u32; 2]>,
}

impl AnswerShard {
    /// Of those that were drawn.
    #[must_use]
    pub fn of_drawn(drawn: &[Drawn<AnswerWindow>]) -> Self {
        let batch = TokenBatch::of(drawn.iter().map(|of| (of.number, &of.example.sequence)));
        let answers = drawn.iter().map(|of| [of.example.start, of.example.end]).collect();
        Self { batch, answers }
    }
}

/// Shows the scores of beginning and of ending in a model's output.
pub type Scores<T> = fn(&T) -> lt_core::Result<[ArrayView1<'_, f32>; 2]>;

/// Learns to find answers: of the tokens of a sequence, one begins the answer and one ends it, each
/// by cross-entropy. A sequence is one label, with the mean of both.
///
/// A model's output `T` is whatever it has the scores in.
#[derive(Debug, Clone, Copy)]
pub struct Answering<M, T> {
    scores: Scores<T>,
    gradient: fn([Array1<f32>; 2]) -> T,
    model: std::marker::PhantomData<fn() -> M>,
}

impl<M, T> Answering<M, T> {
    /// For models whose output has the scores of beginning and of ending, `[tokens]` each, in what
    /// `scores` shows; `gradient` puts their gradients together again.
    #[must_use]
    pub fn new(scores: Scores<T>, gradient: fn([Array1<f32>; 2]) -> T) -> Self {
        Self { scores, gradient, model: std::marker::PhantomData }
    }

    /// The loss of the scores, and its gradient with respect to both.
    fn losses(&self, output: &T, shard: &AnswerShard) -> lt_core::Result<(f64, [Array1<f32>; 2])> {
        let mut sum = 0.0;
        let mut gradients = [(); 2].map(|()| Array1::zeros(shard.batch.ids.len()));
        for (scores, (which, gradient)) in
            (self.scores)(output)?.into_iter().zip(gradients.iter_mut().enumerate())
        {
            lt_core::check_shape("Answering", lt_core::dims![gradient.len()], scores.shape())?;
            for (range, answer) in shard.batch.sequences.ranges().zip(&shard.answers) {
                let of_sequence = scores.slice(s![range.clone()]);
                let loss =
                    CrossEntropy::new().sum(of_sequence.insert_axis(Axis(0)), &[answer[which]])?; // [1, tokens]
                sum += 0.5 * loss.sum;
                let of_sequence = loss.gradient.remove_axis(Axis(0)) * 0.5;
                gradient.slice_mut(s![range]).assign(&of_sequence);
            }
        }
        Ok((sum, gradients))
    }
}

impl<M> Answering<M, Array2<f32>> {
    /// For models whose output is `[tokens, 2]`.
    #[must_use]
    pub fn columns() -> Self {
        let scores: Scores<Array2<f32>> = |output| {
            lt_core::check_columns("Answering::columns", 2, &output.view())?;
            Ok([output.column(0), output.column(1)])
        };
        let gradient = |[start, end]: [Array1<f32>; 2]| {
            let mut both = Array2::zeros((start.len(), 2));
            both.column_mut(0).assign(&start);
            both.column_mut(1).assign(&end);
            both
        };
        Self::new(scores, gradient)
    }
}

impl<M, T> Objective for Answering<M, T>
where
    M: Params + Clone + Send + Sync + for<'a> Backward<TokenIds<'a>, Output = T>,
{
    type Model = M;
    type Shard = AnswerShard;

    fn labels(&self, shard: &AnswerShard) -> usize {
        shard.answers.len()
    }

    fn tokens(&self, shard: &AnswerShard) -> usize {
        shard.batch.ids.len()
    }

    fn gradient(
        &self,
        model: &M,
        shard: &AnswerShard,
        train: &mut Train,
        scale: f32,
        grads: &mut M,
    ) -> lt_core::Result<f64> {
        shard.batch.announce(train);
        let input = shard.batch.input();
        let (output, cache) = model.forward_cached(input, train)?;
        let (sum, gradients) = self.losses(&output, shard)?;
        let d_output = (self.gradient)(gradients.map(|gradient| gradient * scale));
        model.backward(input, &cache, &d_output, grads, &mut train.scratch)?;
        Ok(sum)
    }

    fn loss(&self, model: &M, shard: &AnswerShard, scratch: &mut Scratch) -> lt_core::Result<f64> {
        let output = model.forward_in(shard.batch.input(), scratch)?;
        Ok(self.losses(&output, shard)?.0)
    }
}
