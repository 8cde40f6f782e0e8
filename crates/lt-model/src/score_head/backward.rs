//! The derivative of the layers that score vectors.

use lt_core::{Backward, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_layers::Dropped;
use ndarray::{Array2, ArrayView2};

use super::ScoreHead;
use crate::head_transform::HeadTransformCache;

/// What the backward pass of a [`ScoreHead`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct ScoreHeadCache {
    transform: Option<TransformRun>,
    dropped: Dropped,
    /// What was scored, `[n, e]`.
    scored: Array2<f32>,
}

#[derive(Debug, Clone)]
struct TransformRun {
    dropped: Dropped,
    /// What the transform was given, `[n, d]`.
    given: Array2<f32>,
    cache: HeadTransformCache,
}

impl Trainable for ScoreHead {
    type Cache = ScoreHeadCache;
}

impl<'a> Backward<ArrayView2<'a, f32>> for ScoreHead {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        vectors: ArrayView2<'a, f32>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, ScoreHeadCache)> {
        let mut scored = vectors.to_owned();
        let mut transform_run = None;
        if let Some(transform) = &self.transform {
            let dropped = self.dropout.before_transform.apply(&mut scored, train);
            let (transformed, cache) = transform.forward_cached(scored.view(), train)?; // [n, e]
            let given = std::mem::replace(&mut scored, transformed);
            transform_run = Some(TransformRun { dropped, given, cache });
        }
        let dropped = self.dropout.before_output.apply(&mut scored, train);
        let (scores, ()) = self.output.forward_cached(scored.view(), train)?; // [n, labels]
        Ok((scores, ScoreHeadCache { transform: transform_run, dropped, scored }))
    }

    fn backward(
        &self,
        vectors: ArrayView2<'a, f32>,
        cache: &ScoreHeadCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        const AT: &str = "ScoreHead::backward";
        check_shape(AT, dims![vectors.nrows(), self.labels()], d_output.shape())?;
        // forward: y = W·(m∘t) + b  ⇒  backward: that of the linear layer, then dt = m∘d
        let scored = cache.scored.view();
        let mut d = self.output.backward(scored, &(), d_output, &mut grads.output, scratch)?;
        cache.dropped.apply(0, d.view_mut());
        // forward: t = transform(m∘h)  ⇒  backward: that of the transform, then dh = m∘d
        if let (Some(transform), Some(grads), Some(run)) =
            (&self.transform, &mut grads.transform, &cache.transform)
        {
            d = transform.backward(run.given.view(), &run.cache, &d, grads, scratch)?;
            run.dropped.apply(0, d.view_mut());
        }
        Ok(d)
    }
}
