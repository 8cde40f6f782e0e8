//! The derivative of multi-head attention.

use lt_core::{Backward, Module, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_kernels::reference::{attention_backward, attention_dropped};
use lt_kernels::{AttentionGradient, DroppedWeights};
use lt_layers::Dropped;
use ndarray::Array2;

use super::MultiHeadAttention;
use crate::projected::Projected;
use crate::{CrossAttentionInput, HiddenStates};

/// What the backward pass of a [`MultiHeadAttention`] needs beyond its input.
///
/// The weights `[h, t, t]` are not kept: they are computed again from queries and keys, which is
/// cheaper than to write and to read them.
#[derive(Debug, Clone)]
pub struct MultiHeadCache {
    /// Queries, keys and values as they were compared: normalised and turned, where the layer does.
    projected: Projected,
    /// Queries and keys before they were normalised, if they were.
    raw: Option<[Array2<f32>; 2]>,
    /// What was dropped from the weights.
    dropped: Dropped,
    /// The heads laid side by side, `[tokens, h·v]`: what W^O was applied to.
    context: Array2<f32>,
}

/// The gradient with respect to the input of self-attention, [`HiddenStates`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HiddenGrad {
    /// To the rows, `[tokens, d]`.
    pub hidden: Array2<f32>,
    /// To the numbers that were added to the scores by distance, `[h, 2r + 1]`, if a table of them
    /// was; slopes are constants. It is one layer's share: layers that add the same numbers add
    /// up their shares, and hand the sum to the table
    /// ([`RelativeBias`](lt_embedding::RelativeBias)).
    pub bias: Option<Array2<f32>>,
}

impl HiddenGrad {
    /// To the rows alone.
    #[must_use]
    pub fn new(hidden: Array2<f32>) -> Self {
        Self { hidden, bias: None }
    }

    /// With that to the numbers of the distances, if there is one.
    #[must_use]
    pub fn bias(self, bias: impl Into<Option<Array2<f32>>>) -> Self {
        Self { bias: bias.into(), ..self }
    }

    /// Takes the place of the gradient of a layer above, whose share of the bias it adds to its
    /// own, and gives the rows of that gradient back.
    ///
    /// ```
    /// use lt_attention::HiddenGrad;
    /// use ndarray::array;
    /// let mut above = HiddenGrad::new(array![[1.0]]).bias(array![[0.5]]);
    /// let rows = above.followed_by(HiddenGrad::new(array![[2.0]]).bias(array![[3.0]]));
    /// assert_eq!((rows, above.hidden), (array![[1.0]], array![[2.0]]));
    /// assert_eq!(above.bias, Some(array![[3.5]]));
    /// ```
    pub fn followed_by(&mut self, below: Self) -> Array2<f32> {
        // forward: all layers add the same numbers to their scores  ⇒  backward: these add up
        match (&mut self.bias, below.bias) {
            (Some(sum), Some(bias)) => *sum += &bias,
            (sum, bias) => *sum = sum.take().or(bias),
        }
        std::mem::replace(&mut self.hidden, below.hidden)
    }
}

/// The gradient with respect to the inputs of cross-attention.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CrossGrad {
    /// To the text that looks, `[tokens, d]`.
    pub hidden: Array2<f32>,
    /// To the text that is looked at, `[memory tokens, d]`.
    pub memory: Array2<f32>,
    /// As [`HiddenGrad::bias`], if the input had one.
    pub bias: Option<Array2<f32>>,
}

impl CrossGrad {
    /// To both texts, without numbers for distances.
    #[must_use]
    pub fn new(hidden: Array2<f32>, memory: Array2<f32>) -> Self {
        Self { hidden, memory, bias: None }
    }
}

impl Trainable for MultiHeadAttention {
    type Cache = MultiHeadCache;
}

impl<'a> Backward<CrossAttentionInput<'a>> for MultiHeadAttention {
    type InputGrad = CrossGrad;

    fn forward_cached(
        &self,
        input: CrossAttentionInput<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, MultiHeadCache)> {
        let projected = self.project_alone(&input, &mut train.scratch)?;
        self.attend(projected, &input, train)
    }

    fn backward(
        &self,
        input: CrossAttentionInput<'a>,
        cache: &MultiHeadCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<CrossGrad> {
        const AT: &str = "MultiHeadAttention::backward";
        let expected = dims![input.sequences.tokens(), self.output_width()];
        check_shape(AT, expected, d_output.shape())?;
        // forward: y = c·W^Oᵀ + b  ⇒  backward: dc, dW^O, db from the linear layer
        let context = cache.context.view();
        let d_context = self.output.backward(context, &(), d_output, &mut grads.output, scratch)?; // [tokens, h·v]
        // forward: c = softmax(scale·q·kᵀ + bias)·v  ⇒  backward: dq, dk, dv, dbias from the kernel
        let mask = self.within_reach(input.mask);
        let problem = self.heads.problem(&cache.projected.input(&input, &mask))?;
        let mut d = attention_backward(&problem, dropped_weights(&cache.dropped), d_context.view());
        scratch.give(d_context);
        if let Some(rotary) = &self.rotary {
            // forward: q′ = R·q, k′ = R·k, R rotations  ⇒  backward: dq = Rᵀ·dq′, dk = Rᵀ·dk′
            rotary.rotate_back(d.query.view_mut(), input.sequences)?;
            rotary.rotate_back(d.key.view_mut(), input.memories)?;
        }
        // forward: q′ = norm(q), k′ = norm(k), each head by itself  ⇒  backward: that of the norm
        if let Some([query, key]) = &cache.raw {
            for (norm, grads, rows, d_rows) in [
                (&self.query_norm, &mut grads.query_norm, query, &mut d.query),
                (&self.key_norm, &mut grads.key_norm, key, &mut d.key),
            ] {
                if let (Some(norm), Some(grads)) = (norm, grads) {
                    norm.backward_heads(rows.view(), d_rows, grads)?;
                }
            }
        }
        // forward: q = x·W^Qᵀ, k = m·W^Kᵀ, v = m·W^Vᵀ  ⇒  backward: those of the linear layers;
        // keys and values both come from the memory, so that their shares add up
        let AttentionGradient { query: d_q, key: d_k, value: d_v, bias } = d;
        let hidden = self.query.backward(input.hidden, &(), &d_q, &mut grads.query, scratch)?;
        let mut memory = self.key.backward(input.memory, &(), &d_k, &mut grads.key, scratch)?;
        let from_values =
            self.value.backward(input.memory, &(), &d_v, &mut grads.value, scratch)?;
        memory += &from_values;
        [d_q, d_k, d_v, from_values].into_iter().for_each(|rows| scratch.give(rows));
        Ok(CrossGrad { hidden, memory, bias })
    }
}

impl<'a> Backward<HiddenStates<'a>> for MultiHeadAttention {
    type InputGrad = HiddenGrad;

    fn forward_cached(
        &self,
        input: HiddenStates<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, MultiHeadCache)> {
        let projected = self.project_self_alone(&input, &mut train.scratch)?;
        self.attend(projected, &input.into(), train)
    }

    fn backward(
        &self,
        input: HiddenStates<'a>,
        cache: &MultiHeadCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<HiddenGrad> {
        let input = CrossAttentionInput::from(input);
        let CrossGrad { mut hidden, memory, bias } =
            self.backward(input, cache, d_output, grads, scratch)?;
        // The memory is the text itself.
        hidden += &memory;
        scratch.give(memory);
        Ok(HiddenGrad { hidden, bias })
    }
}

impl MultiHeadAttention {
    /// The forward pass of training from projections that are neither normalised nor turned.
    fn attend(
        &self,
        mut projected: Projected,
        input: &CrossAttentionInput<'_>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, MultiHeadCache)> {
        let normed = self.query_norm.is_some() || self.key_norm.is_some();
        let raw = normed.then(|| [projected.query().to_owned(), projected.key().to_owned()]);
        self.normalise_and_turn(&mut projected, input, &[], &mut train.scratch)?;
        let dropped = self.config.dropout.draw(input.sequences.tokens(), train);
        let mask = self.within_reach(input.mask);
        let states = projected.input(input, &mask);
        let context = match dropped_weights(&dropped) {
            None => self.heads.forward_in(states, &mut train.scratch)?,
            Some(dropped) => attention_dropped(&self.heads.problem(&states)?, dropped),
        }; // [tokens, h·v]
        let output = self.output.forward_in(context.view(), &mut train.scratch)?; // [tokens, d]
        Ok((output, MultiHeadCache { projected, raw, dropped, context }))
    }
}

/// What a kernel is told of dropout, if anything is dropped.
fn dropped_weights(dropped: &Dropped) -> Option<DroppedWeights<'_>> {
    dropped.keys().map(|keys| DroppedWeights { dropping: dropped.dropping(), keys })
}
