//! The derivative of multi-head attention.

use std::ops::Range;

use lt_core::{Backward, Error, Module, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_kernels::reference::matmul;
use lt_layers::{Dropped, RmsNorm};
use ndarray::{Array2, Array3, ArrayView2, Axis, s};

use crate::projected::Projected;
use crate::{CrossAttentionInput, HiddenStates, MultiHeadAttention};

/// What the backward pass of a [`MultiHeadAttention`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct MultiHeadCache {
    projected: Projected,
    /// Queries and keys before they were normalised, if they were.
    raw: Option<[Array2<f32>; 2]>,
    /// The attention weights before dropout, for each sequence `[h, t, s]`.
    weights: Vec<Array3<f32>>,
    /// What was dropped from them.
    dropped: Dropped,
    /// The heads laid side by side, `[tokens, h·v]`: what W^O was applied to.
    context: Array2<f32>,
}

/// The gradient with respect to the inputs of cross-attention.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossGrad {
    /// To the text that looks, `[tokens, d]`.
    pub hidden: Array2<f32>,
    /// To the text that is looked at, `[memory tokens, d]`.
    pub memory: Array2<f32>,
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
        if let Some(cap) = self.config.cap {
            return Err(Error::Config {
                at: "MultiHeadAttention::forward_cached",
                field: "cap",
                got: cap.to_string(),
                expected: "none: capped scores cannot be trained yet".to_owned(),
            });
        }
        let mut projected = self.project_alone(&input, &mut train.scratch)?;
        let normed = self.query_norm.is_some() || self.key_norm.is_some();
        let raw = normed.then(|| [projected.query().to_owned(), projected.key().to_owned()]);
        self.normalise_and_turn(&mut projected, &input, &[], &mut train.scratch)?;
        let mask = self.within_reach(input.mask);
        let weights = self.heads.weights(&projected.input(&input, &mask))?;
        let dropped = self.config.dropout.draw(input.sequences.tokens(), train);
        let context = if self.config.dropout.rate() == 0.0 {
            self.heads.forward_in(projected.input(&input, &mask), &mut train.scratch)?
        } else {
            let weights = with_dropout(&weights, &dropped, &input);
            average(&weights, &projected, &input, self.config.key_heads)
        };
        let output = self.output.forward_in(context.view(), &mut train.scratch)?;
        Ok((output, MultiHeadCache { projected, raw, weights, dropped, context }))
    }

    fn backward(
        &self,
        input: CrossAttentionInput<'a>,
        cache: &MultiHeadCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<CrossGrad> {
        let tokens = input.sequences.tokens();
        check_shape(
            "MultiHeadAttention::backward",
            dims![tokens, self.output_width()],
            d_output.shape(),
        )?;
        // forward: y = c·W^Oᵀ + b  ⇒  backward: dc, dW^O, db from the linear layer
        let d_context = self.output.backward(
            cache.context.view(),
            &(),
            d_output,
            &mut grads.output,
            scratch,
        )?;
        let mut d = self.backward_heads(&input, cache, &d_context);
        if let Some(rotary) = &self.rotary {
            // forward: q′ = R·q, k′ = R·k, R rotations  ⇒  backward: dq = R⁻¹·dq′, dk = R⁻¹·dk′
            rotary.rotate_back(d.query.view_mut(), input.sequences)?;
            rotary.rotate_back(d.key.view_mut(), input.memories)?;
        }
        if let Some([query, key]) = &cache.raw {
            // forward: q′ = norm(q), each head by itself  ⇒  backward: that of the norm
            let norms = (&self.query_norm, &mut grads.query_norm);
            d.query = back_through_norm(norms, query, d.query, scratch)?;
            d.key = back_through_norm((&self.key_norm, &mut grads.key_norm), key, d.key, scratch)?;
        }
        // Queries come from one text, keys and values both from the other: their shares add up.
        let hidden = self.query.backward(input.hidden, &(), &d.query, &mut grads.query, scratch)?;
        let mut memory = self.key.backward(input.memory, &(), &d.key, &mut grads.key, scratch)?;
        memory += &self.value.backward(input.memory, &(), &d.value, &mut grads.value, scratch)?;
        Ok(CrossGrad { hidden, memory })
    }
}

impl<'a> Backward<HiddenStates<'a>> for MultiHeadAttention {
    type InputGrad = crate::StatesGrad;

    fn forward_cached(
        &self,
        input: HiddenStates<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, MultiHeadCache)> {
        self.forward_cached(CrossAttentionInput::from(input), train)
    }

    fn backward(
        &self,
        input: HiddenStates<'a>,
        cache: &MultiHeadCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<crate::StatesGrad> {
        let both =
            self.backward(CrossAttentionInput::from(input), cache, d_output, grads, scratch)?;
        Ok(crate::StatesGrad::new(both.hidden + both.memory))
    }
}

/// The gradient of rows of heads `[tokens, h·k]` that a norm was given, from that of what it gave.
fn back_through_norm(
    (norm, grads): (&Option<RmsNorm>, &mut Option<RmsNorm>),
    rows: &Array2<f32>,
    d_rows: Array2<f32>,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    let (Some(norm), Some(grads)) = (norm, grads) else { return Ok(d_rows) };
    let (tokens, columns) = rows.dim();
    let of_heads = |rows: Array2<f32>| {
        let heads = (rows.len() / norm.width(), norm.width()); // [tokens·h, k]
        rows.into_shape_with_order(heads).unwrap_or_else(|_| unreachable!("as many numbers"))
    };
    let (x, d_y) = (of_heads(rows.clone()), of_heads(d_rows));
    let d_x = norm.backward(x.view(), &(), &d_y, grads, scratch)?;
    let d_rows = d_x.into_shape_with_order((tokens, columns)); // [tokens, h·k]
    Ok(d_rows.unwrap_or_else(|_| unreachable!("as many numbers")))
}

/// The gradients of queries, keys and values, as they were compared.
struct Slopes {
    query: Array2<f32>,
    key: Array2<f32>,
    value: Array2<f32>,
}

impl MultiHeadAttention {
    /// From the gradient of the context to those of queries, keys and values.
    fn backward_heads(
        &self,
        input: &CrossAttentionInput<'_>,
        cache: &MultiHeadCache,
        d_context: &Array2<f32>,
    ) -> Slopes {
        let projected = &cache.projected;
        let (query, key, value) = (projected.query(), projected.key(), projected.value());
        let mut d = Slopes {
            query: Array2::zeros(query.raw_dim()),
            key: Array2::zeros(key.raw_dim()),
            value: Array2::zeros(value.raw_dim()),
        };
        let (heads, group) = (self.config.heads, self.config.heads / self.config.key_heads);
        let (k, v) = (query.ncols() / heads, value.ncols() / self.config.key_heads);
        let scale = self.heads.scale_of(k);
        let dropped = with_dropout(&cache.weights, &cache.dropped, input);
        let sequences = input.sequences.ranges().zip(input.memories.ranges());
        for ((weights, dropped), (rows, keys)) in cache.weights.iter().zip(&dropped).zip(sequences)
        {
            for head in 0..heads {
                let at = |rows: &Range<usize>, head: usize, width: usize| {
                    s![rows.clone(), head * width..(head + 1) * width]
                };
                // Heads of a group share keys and values: what each of them sends back adds up.
                let shared = head / group;
                let p = weights.index_axis(Axis(0), head); // [t, s]
                let d_head = d_context.slice(at(&rows, head, v)); // [t, v]
                // forward: c = (p∘m)·V, m what dropout multiplies with
                //   ⇒  backward: dV = (p∘m)ᵀ·dc, dp = (dc·Vᵀ)∘m
                let p_dropped = dropped.index_axis(Axis(0), head); // [t, s]
                let mut d_value = d.value.slice_mut(at(&keys, shared, v));
                d_value += &weighted(p_dropped.t(), d_head);
                let mut d_p = matmul(d_head, value.slice(at(&keys, shared, v)).t()); // [t, s]
                // forward: p = softmax(z)  ⇒  backward: dz = p∘(dp − Σ p·dp); p∘m stands for p·m
                for ((mut d_p, p), p_dropped) in
                    d_p.rows_mut().into_iter().zip(p.rows()).zip(p_dropped.rows())
                {
                    let along: f32 = d_p.iter().zip(p_dropped).map(|(d, p)| select(*p, *d)).sum();
                    for ((d_p, &p), &p_dropped) in d_p.iter_mut().zip(p).zip(p_dropped) {
                        *d_p = (select(p_dropped, *d_p) - p * along) * scale;
                    }
                }
                // forward: z = scale·Q·Kᵀ  ⇒  backward: dQ = scale·dz·K, dK = scale·dzᵀ·Q
                let d_query = weighted(d_p.view(), key.slice(at(&keys, shared, k)));
                d.query.slice_mut(at(&rows, head, k)).assign(&d_query);
                let mut d_key = d.key.slice_mut(at(&keys, shared, k));
                d_key += &weighted(d_p.t(), query.slice(at(&rows, head, k)));
            }
        }
        d
    }
}

/// The weights with dropout applied.
fn with_dropout(
    weights: &[Array3<f32>],
    dropped: &Dropped,
    input: &CrossAttentionInput<'_>,
) -> Vec<Array3<f32>> {
    let sequences = weights.iter().zip(input.sequences.ranges());
    let with_dropout = sequences.map(|(weights, rows)| {
        let (h, t, s) = weights.dim();
        // One row per query, its heads side by side, so that a token's draws are its own.
        let by_query = weights.view().permuted_axes([1, 0, 2]); // [t, h, s]
        let mut by_query = by_query.as_standard_layout().into_owned();
        let rows_of_queries = by_query.view_mut().into_shape_with_order((t, h * s)); // [t, h·s]
        dropped.apply(rows.start, rows_of_queries.unwrap_or_else(|_| unreachable!("h·s = h·s")));
        by_query.permuted_axes([1, 0, 2]) // [h, t, s]
    });
    with_dropout.collect()
}

/// The average of the values under these weights, `[tokens, h·v]`.
fn average(
    weights: &[Array3<f32>],
    projected: &Projected,
    input: &CrossAttentionInput<'_>,
    key_heads: usize,
) -> Array2<f32> {
    let value = projected.value();
    // As wide as values, or by as much wider as groups of heads share them.
    let heads = weights.first().map_or(1, |weights| weights.len_of(Axis(0)));
    let v = value.ncols() / key_heads;
    let mut context = Array2::zeros((projected.query().nrows(), heads * v));
    let sequences = input.sequences.ranges().zip(input.memories.ranges());
    for (weights, (rows, keys)) in weights.iter().zip(sequences) {
        for (head, p) in weights.outer_iter().enumerate() {
            let (columns, shared) = (head * v..(head + 1) * v, head / (heads / key_heads));
            let values = value.slice(s![keys.clone(), shared * v..(shared + 1) * v]);
            context.slice_mut(s![rows.clone(), columns]).assign(&weighted(p, values));
        }
    }
    context
}

/// A·B where a weight of exactly 0 selects nothing: what it would multiply may be NaN.
fn weighted(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    for (weights, mut row) in a.rows().into_iter().zip(c.rows_mut()) {
        for (&weight, values) in weights.iter().zip(b.rows()) {
            if weight != 0.0 {
                row.scaled_add(weight, &values);
            }
        }
    }
    c
}

/// p·d, and exactly 0 where p is.
fn select(p: f32, d: f32) -> f32 {
    if p == 0.0 { 0.0 } else { p * d }
}
