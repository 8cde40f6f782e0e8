/// The gradient of [`softmax`](super::softmax()) from that of its output: dsᵢ = pᵢ·(dpᵢ − Σⱼ pⱼ·dpⱼ).
///
/// A score that became 0 has gradient 0, so that the gradients of a row that may look at nothing
/// are zeros.
///
/// # Panics
/// If there are not as many probabilities as gradients.
///
/// ```
/// use lt_kernels::reference::softmax_backward;
/// // All weight on the first of two that were alike: what one wins, the other loses.
/// assert_eq!(softmax_backward(&[0.5, 0.5], &[1.0, 0.0]), [0.25, -0.25]);
/// ```
#[must_use]
pub fn softmax_backward(p: &[f32], d_p: &[f32]) -> Vec<f32> {
    assert_eq!(p.len(), d_p.len(), "a gradient for each probability");
    // forward: pᵢ = e^sᵢ / Σⱼ e^sⱼ  ⇒  backward: ∂pⱼ/∂sᵢ = pⱼ·([i = j] − pᵢ)
    // (1) what a step along all scores would move: it is taken off, for softmax does not see it
    let along: f32 = p.iter().zip(d_p).map(|(p, d_p)| p * d_p).sum();
    // (2) the rest, as far as each has a share
    p.iter().zip(d_p).map(|(p, d_p)| p * (d_p - along)).collect()
}
