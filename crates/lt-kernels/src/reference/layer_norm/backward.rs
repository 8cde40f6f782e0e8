use ndarray::{Array2, ArrayView2};

use crate::reference::sum_of_rows;
use crate::{LayerNorm, NormGradient};

/// The gradients of [`layer_norm`](super::layer_norm()) from that of its output, row by row.
///
/// dγ = Σ dy·n, dβ = Σ dy and dx = (g − mean(g) − n·mean(g·n)) / √(σ² + ε), where n is the
/// normalised row and g = γ·dy.
///
/// # Panics
/// If `d_output` has not the shape of x, or `gain` is shorter than a row.
///
/// [Ba, Kiros & Hinton 2016](https://arxiv.org/abs/1607.06450), equation 4, derived. PyTorch: the
/// backward pass of `torch.nn.functional.layer_norm`.
#[must_use]
pub fn layer_norm_backward(problem: &LayerNorm<'_>, d_output: ArrayView2<'_, f32>) -> NormGradient {
    assert_eq!(d_output.dim(), problem.x.dim(), "a gradient of the shape of x");
    let gain = problem.norm.gain.f32();
    let d = problem.x.ncols();
    let mean = |numbers: &[f32]| numbers.iter().sum::<f32>() / d as f32;
    let (mut d_input, mut d_gain) = (Array2::zeros(problem.x.raw_dim()), vec![0.0; d]);
    let (mut n, mut g, mut g_n) = (vec![0.0; d], vec![0.0; d], vec![0.0; d]);
    let rows = problem.x.rows().into_iter().zip(d_output.rows()).zip(d_input.rows_mut());
    for ((x, d_y), mut d_x) in rows {
        // (1) the row, normalised again: n = (x − μ) / √(σ² + ε)
        n.iter_mut().zip(x).for_each(|(n, &x)| *n = x);
        let mu = mean(&n);
        n.iter_mut().for_each(|n| *n -= mu);
        g_n.iter_mut().zip(&n).for_each(|(square, n)| *square = n * n);
        let scale = 1.0 / (mean(&g_n) + problem.norm.epsilon).sqrt();
        n.iter_mut().for_each(|n| *n *= scale);
        for i in 0..d {
            // forward: y = γ·n + β  ⇒  backward: dγ = Σ dy·n, dn = dy·γ
            // (2) the gain's share, added up over the rows
            d_gain[i] += d_y[i] * n[i];
            // (3) the gradient of n
            g[i] = d_y[i] * gain[i];
            g_n[i] = g[i] * n[i];
        }
        // forward: n = (x − μ)·scale, where μ and scale depend on every x of the row
        //   ⇒  backward: what μ moves is a mean, what scale moves is a mean along n
        // (4) dx = scale·(g − mean(g) − n·mean(g·n))
        let (mean_g, mean_g_n) = (mean(&g), mean(&g_n));
        for (i, d_x) in d_x.iter_mut().enumerate() {
            // formula: layer-norm-backward
            *d_x = scale * (g[i] - mean_g - n[i] * mean_g_n);
        }
    }
    // (5) the bias is added to each row
    let bias = problem.norm.bias.map(|_| sum_of_rows(d_output));
    NormGradient { input: d_input, gain: d_gain, bias }
}
