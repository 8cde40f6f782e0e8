//! How many numbers the parts of a model hold. Where a count would overflow, it is the largest
//! number there is.

pub(crate) fn product(a: usize, b: usize) -> u64 {
    (a as u64).saturating_mul(b as u64)
}

pub(crate) fn sum(terms: &[u64]) -> u64 {
    terms.iter().fold(0, |sum, &term| sum.saturating_add(term))
}

pub(crate) fn times(parts: usize, part: u64) -> u64 {
    part.saturating_mul(parts as u64)
}

/// A matrix and its bias.
pub(crate) fn linear(inputs: usize, outputs: usize) -> u64 {
    sum(&[product(inputs, outputs), outputs as u64])
}

/// The gain and the bias of layer normalisation.
pub(crate) fn norm(width: usize) -> u64 {
    product(2, width)
}

/// An encoder layer as BERT has it: query, key, value and output, two feed-forward matrices, each
/// with its bias, and two norms.
pub(crate) fn encoder_layer(width: usize, inner: usize) -> u64 {
    // formula: parameters
    let feed_forward = sum(&[linear(width, inner), linear(inner, width)]);
    sum(&[times(4, linear(width, width)), feed_forward, times(2, norm(width))])
}
