//! The derivative of the encoder layer.

use lt_attention::{HiddenGrad, HiddenStates, MultiHeadCache};
use lt_core::{Backward, Error, Module, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_layers::{AnyFeedForwardCache, Dropped, LayerNorm};
use ndarray::{Array2, ArrayView2};

use super::{EncoderLayer, NormPlacement};

/// What the backward pass of an [`EncoderLayer`] needs beyond its input.
///
/// What a norm gives is not kept: to compute it again is cheaper than to hold it for all layers.
#[derive(Debug, Clone)]
pub struct EncoderLayerCache {
    attention: MultiHeadCache,
    dropped_from_attention: Dropped,
    /// x + attention(…), `[tokens, d]`.
    attended: Array2<f32>,
    feed_forward: AnyFeedForwardCache,
    dropped_from_feed_forward: Dropped,
    /// What the feed-forward layer gave, plus a, `[tokens, d]`, where a norm follows it (post-LN).
    fed_forward: Option<Array2<f32>>,
}

impl Trainable for EncoderLayer {
    type Cache = EncoderLayerCache;
}

impl<'a> Backward<HiddenStates<'a>> for EncoderLayer {
    type InputGrad = HiddenGrad;

    fn forward_cached(
        &self,
        input: HiddenStates<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, EncoderLayerCache)> {
        let post = self.placement == NormPlacement::Post;
        // attention, of x or of norm₁(x); r = x + what it gives
        let normed = self.norm_before_attention(input.hidden, &mut train.scratch)?;
        let rows = normed.as_ref().map_or(input.hidden.view(), |normed| normed.view());
        let (mut attended, attention) = self.attention.forward_cached(input.with(rows), train)?;
        normed.into_iter().for_each(|rows| train.scratch.give(rows));
        let dropped_from_attention = self.dropout.attention.apply(&mut attended, train);
        attended += &input.hidden;
        // feed_forward, of a = norm₁(r) or of norm₂(r); s = a + what it gives
        let normed = self.norm_before_feed_forward(&attended, &mut train.scratch)?;
        let rows = normed.as_ref().unwrap_or(&attended);
        let (mut y, feed_forward) = self.feed_forward.forward_cached(rows.view(), train)?;
        let dropped_from_feed_forward = self.dropout.feed_forward.apply(&mut y, train);
        y += if post { rows } else { &attended };
        normed.into_iter().for_each(|rows| train.scratch.give(rows));
        let mut fed_forward = None;
        if post {
            let normed = self.feed_forward_norm.forward_in(y.view(), &mut train.scratch)?;
            fed_forward = Some(std::mem::replace(&mut y, normed));
        }
        let cache = EncoderLayerCache {
            attention,
            dropped_from_attention,
            attended,
            feed_forward,
            dropped_from_feed_forward,
            fed_forward,
        };
        Ok((y, cache))
    }

    fn backward(
        &self,
        input: HiddenStates<'a>,
        cache: &EncoderLayerCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<HiddenGrad> {
        let (tokens, d) = input.hidden.dim();
        check_shape("EncoderLayer::backward", dims![tokens, d], d_output.shape())?;
        match (self.placement, &cache.fed_forward) {
            (NormPlacement::Post, Some(sum)) => {
                self.backward_post(input, (cache, sum), d_output, grads, scratch)
            }
            (NormPlacement::Pre, None) => self.backward_pre(input, cache, d_output, grads, scratch),
            _ => Err(Error::Config {
                at: "EncoderLayer::backward",
                field: "cache",
                got: "that of a layer with its norms in other places".to_owned(),
                expected: "what forward_cached of this layer gave".to_owned(),
            }),
        }
    }
}

impl EncoderLayer {
    /// What attention is given, unless it is x itself.
    fn norm_before_attention(
        &self,
        x: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Option<Array2<f32>>> {
        match (self.placement, &self.attention_norm) {
            (NormPlacement::Pre, Some(norm)) => norm.forward_in(x, scratch).map(Some),
            (NormPlacement::Pre, None) | (NormPlacement::Post, _) => Ok(None),
        }
    }

    /// What the feed-forward layer is given, unless it is x + attention(x) itself.
    fn norm_before_feed_forward(
        &self,
        attended: &Array2<f32>,
        scratch: &mut Scratch,
    ) -> Result<Option<Array2<f32>>> {
        let norm = match self.placement {
            NormPlacement::Pre => Some(&self.feed_forward_norm),
            NormPlacement::Post => self.attention_norm.as_ref(),
        };
        norm.map(|norm| norm.forward_in(attended.view(), scratch)).transpose()
    }

    fn backward_post(
        &self,
        input: HiddenStates<'_>,
        (cache, sum): (&EncoderLayerCache, &Array2<f32>),
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<HiddenGrad> {
        // forward: y = norm₂(s)  ⇒  backward: that of the norm
        // formula: residual-backward
        let norm = &self.feed_forward_norm;
        let d_sum =
            norm.backward(sum.view(), &(), d_output, &mut grads.feed_forward_norm, scratch)?;
        // forward: s = a + m∘feed_forward(a)
        //   ⇒  backward: a sum hands its gradient to both: da = ds + what comes back of m∘ds
        let d_f = self.undrop(&cache.dropped_from_feed_forward, &d_sum, scratch);
        let normed = self.norm_before_feed_forward(&cache.attended, scratch)?;
        let a = normed.as_ref().unwrap_or(&cache.attended);
        let (layer, grad) = (&self.feed_forward, &mut grads.feed_forward);
        let mut d_a = layer.backward(a.view(), &cache.feed_forward, &d_f, grad, scratch)?;
        d_a += &d_sum;
        normed.into_iter().chain([d_f, d_sum]).for_each(|rows| scratch.give(rows));
        // forward: a = norm₁(r)  ⇒  backward: that of the norm, if there is one
        let norm = (&self.attention_norm, &mut grads.attention_norm);
        let d_r = back_through(norm, cache.attended.view(), d_a, scratch)?;
        // forward: r = x + m∘attention(x)  ⇒  backward: dx = dr + what comes back of m∘dr
        let d_f = self.undrop(&cache.dropped_from_attention, &d_r, scratch);
        let (layer, grad) = (&self.attention, &mut grads.attention);
        let mut d_x = layer.backward(input, &cache.attention, &d_f, grad, scratch)?;
        d_x.hidden += &d_r;
        [d_f, d_r].into_iter().for_each(|rows| scratch.give(rows));
        Ok(d_x)
    }

    fn backward_pre(
        &self,
        input: HiddenStates<'_>,
        cache: &EncoderLayerCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<HiddenGrad> {
        // forward: y = a + m∘feed_forward(norm₂(a))
        //   ⇒  backward: da = dy + what comes back of m∘dy through the layer and the norm
        // formula: residual-backward
        let d_f = self.undrop(&cache.dropped_from_feed_forward, d_output, scratch);
        let norm = &self.feed_forward_norm;
        let normed = norm.forward_in(cache.attended.view(), scratch)?;
        let (layer, grad) = (&self.feed_forward, &mut grads.feed_forward);
        let d_normed = layer.backward(normed.view(), &cache.feed_forward, &d_f, grad, scratch)?;
        let (a, grad) = (cache.attended.view(), &mut grads.feed_forward_norm);
        let mut d_a = norm.backward(a, &(), &d_normed, grad, scratch)?;
        d_a += d_output;
        [d_f, normed, d_normed].into_iter().for_each(|rows| scratch.give(rows));
        // forward: a = x + m∘attention(norm₁(x))
        //   ⇒  backward: dx = da + what comes back of m∘da through the layer and the norm
        let d_f = self.undrop(&cache.dropped_from_attention, &d_a, scratch);
        let normed = self.norm_before_attention(input.hidden, scratch)?;
        let rows = normed.as_ref().map_or(input.hidden.view(), |normed| normed.view());
        let (layer, grad) = (&self.attention, &mut grads.attention);
        let mut d_x = layer.backward(input.with(rows), &cache.attention, &d_f, grad, scratch)?;
        let norm = (&self.attention_norm, &mut grads.attention_norm);
        d_x.hidden = back_through(norm, input.hidden, d_x.hidden, scratch)?;
        d_x.hidden += &d_a;
        normed.into_iter().chain([d_f, d_a]).for_each(|rows| scratch.give(rows));
        Ok(d_x)
    }

    /// m∘d: what was dropped has no gradient, what was scaled up has its gradient scaled up.
    fn undrop(&self, dropped: &Dropped, d: &Array2<f32>, scratch: &mut Scratch) -> Array2<f32> {
        let mut d_given = scratch.take_any(d.nrows(), d.ncols());
        d_given.assign(d);
        dropped.apply(0, d_given.view_mut());
        d_given
    }
}

/// The gradient of what a norm was given, from that of what it gave; without a norm they are one.
fn back_through(
    (norm, grads): (&Option<LayerNorm>, &mut Option<LayerNorm>),
    x: ArrayView2<'_, f32>,
    d_y: Array2<f32>,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    let (Some(norm), Some(grads)) = (norm, grads) else { return Ok(d_y) };
    let d_x = norm.backward(x, &(), &d_y, grads, scratch)?;
    scratch.give(d_y);
    Ok(d_x)
}
