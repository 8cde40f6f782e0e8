//! Attention in training: what it drops, and what its gradient is.

use ndarray::Array2;

use crate::Dropping;
use crate::math::scramble;

/// Which weights of attention are dropped.
///
/// Those of a query are a function of its row's key and of the head: the number of the key in its
/// sequence is the column.
#[derive(Debug, Clone, Copy)]
pub struct DroppedWeights<'a> {
    /// How many, and what the others are multiplied with.
    pub dropping: Dropping,
    /// What identifies each query of the batch, `[tokens]`.
    pub keys: &'a [u64],
}

impl DroppedWeights<'_> {
    /// What the weight of a query, which is a row of the batch, and a key, which is counted from
    /// the first of its sequence, is multiplied with: 0 or 1 / (1 − rate).
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn multiplier(&self, row: usize, head: usize, key: usize) -> f32 {
        // Another number for each head of a query.
        let head = (head as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.dropping.multiplier(scramble(self.keys[row] ^ head), key as u32)
    }
}

/// The gradients of attention with respect to what it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionGradient {
    /// dQ, `[tokens, h·k]`.
    pub query: Array2<f32>,
    /// dK, `[key tokens, g·k]`.
    pub key: Array2<f32>,
    /// dV, `[key tokens, g·v]`.
    pub value: Array2<f32>,
    /// That of the numbers for distances, `[h, 2r + 1]`, where they were added.
    pub bias: Option<Array2<f32>>,
}
