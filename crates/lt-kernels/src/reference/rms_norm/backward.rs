use ndarray::{Array2, ArrayView2, s};

use crate::{Gain, NormGradient, RmsNorm};

/// The gradients of [`rms_norm`](super::rms_norm()) from that of its output, head by head.
///
/// dγ = Σ dy·n and dx = (g − n·mean(g·n)) / √(mean(x²) + ε), where n is the normalised head and
/// g = γ·dy.
///
/// # Panics
/// If `d_output` has not the shape of x, or a row is not cut into whole heads as wide as the
/// weight.
///
/// [Zhang & Sennrich 2019](https://arxiv.org/abs/1910.07467), equation 4, derived. PyTorch: the
/// backward pass of `torch.nn.functional.rms_norm`.
#[must_use]
pub fn rms_norm_backward(problem: &RmsNorm<'_>, d_output: ArrayView2<'_, f32>) -> NormGradient {
    assert_eq!(d_output.dim(), problem.x.dim(), "a gradient of the shape of x");
    let weight = problem.norm.weight.f32();
    let d = weight.len();
    assert!(problem.x.ncols().is_multiple_of(d), "whole heads of {d} columns");
    let mean = |numbers: &[f32]| numbers.iter().sum::<f32>() / d as f32;
    let (mut d_input, mut d_gain) = (Array2::zeros(problem.x.raw_dim()), vec![0.0; d]);
    let (mut n, mut g, mut g_n) = (vec![0.0; d], vec![0.0; d], vec![0.0; d]);
    let rows = problem.x.rows().into_iter().zip(d_output.rows()).zip(d_input.rows_mut());
    for ((x, d_y), mut d_x) in rows {
        for first in (0..x.len()).step_by(d) {
            let head = s![first..first + d];
            let (x, d_y, mut d_x) = (x.slice(head), d_y.slice(head), d_x.slice_mut(head));
            // (1) the head, normalised again: n = x / √(mean(x²) + ε)
            n.iter_mut().zip(x).for_each(|(n, &x)| *n = x);
            g_n.iter_mut().zip(&n).for_each(|(square, n)| *square = n * n);
            let scale = 1.0 / (mean(&g_n) + problem.norm.epsilon).sqrt();
            n.iter_mut().for_each(|n| *n *= scale);
            for i in 0..d {
                // forward: y = γ·n, γ the weight or one more  ⇒  backward: dw = dγ = Σ dy·n, dn = dy·γ
                // (2) the weight's share, added up over rows and heads
                d_gain[i] += d_y[i] * n[i];
                // (3) the gradient of n
                let gain = match problem.norm.gain {
                    Gain::Weight => weight[i],
                    Gain::OnePlusWeight => 1.0 + weight[i],
                };
                g[i] = d_y[i] * gain;
                g_n[i] = g[i] * n[i];
            }
            // forward: n = x·scale, where scale depends on every x  ⇒  backward: a mean along n
            // (4) dx = scale·(g − n·mean(g·n))
            let mean_g_n = mean(&g_n);
            for (i, d_x) in d_x.iter_mut().enumerate() {
                // formula: rms-norm-backward
                *d_x = scale * (g[i] - n[i] * mean_g_n);
            }
        }
    }
    NormGradient { input: d_input, gain: d_gain, bias: None }
}
