//! How well a decoder foretells a text.

use std::num::NonZeroUsize;
use std::ops::Range;

use lt_core::{Ragged, Scratch};
use lt_kernels::math::{exp_f64, ln_f64};
use lt_model::{CausalLm, TokenIds};
use ndarray::{ArrayView1, Axis, Slice};
use serde::Serialize;

use crate::TaskError;

/// How a text is cut for a model that does not hold it as a whole.
///
/// Each window begins `stride` tokens behind the one before. Of its tokens, those count that no
/// window before it had; the others are what they are foretold from. A small stride gives every
/// token more to go by, and takes longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerplexityWindows {
    /// How many tokens a window has at most.
    pub length: NonZeroUsize,
    /// How many tokens further the next one begins.
    pub stride: NonZeroUsize,
}

/// The perplexity of a text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Perplexity {
    /// Windows weighted as transformers' recipe weights them: each by the tokens that count in it
    /// less one, though only the first window lacks the score of one.
    pub perplexity: f64,
    /// All tokens weighted alike. With one window it is the same number.
    pub by_token: f64,
    /// How many tokens were foretold.
    pub tokens: usize,
    /// In how many windows.
    pub windows: usize,
}

/// So many scores are computed at a time.
const SCORES: usize = 1 << 22;

/// The perplexity of a text, given its ids: e to the mean of −ln p(token | those before it).
///
/// A model that knows nothing has that of its vocabulary's size, a perfect one 1.
///
/// # Errors
/// [`TaskError::ShortText`] if there are less than two tokens; [`TaskError::MaxLength`] if the
/// model does not hold a window; [`TaskError::NotFinite`] if its scores are no numbers.
///
/// PyTorch: the recipe of transformers' guide "Perplexity of fixed-length models".
///
/// ```
/// use lt_core::Scratch;
/// use lt_model::lt_config::{Gpt2Config, ModelConfig};
/// use lt_model::{CausalLm, Decoder};
/// use lt_tasks::{PerplexityWindows, perplexity};
/// let config = Gpt2Config { n_embd: 12, n_head: 3, n_layer: 1, vocab_size: 7, ..Gpt2Config::default() };
/// let model = CausalLm::zeros(&ModelConfig::Gpt2(config), Decoder::Tied)?;
/// let (length, stride) = (4.try_into()?, 2.try_into()?);
/// let found = perplexity(
///     &model, &[3, 1, 4, 1, 5, 2], PerplexityWindows { length, stride }, &mut Scratch::new(),
/// )?;
/// assert!((found.perplexity - 7.0).abs() < 1e-12); // all seven tokens are alike to it
/// assert_eq!((found.tokens, found.windows), (5, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn perplexity(
    model: &CausalLm,
    ids: &[u32],
    windows: PerplexityWindows,
    scratch: &mut Scratch,
) -> Result<Perplexity, TaskError> {
    let (length, stride) = (windows.length.get(), windows.stride.get());
    if let Some(most) = model.encoder().context().filter(|&most| length.min(ids.len()) > most) {
        return Err(TaskError::MaxLength { got: length, least: 1, most });
    }
    let (mut by_recipe, mut by_token) = (Mean::default(), Mean::default());
    let (mut begin, mut done, mut count) = (0_usize, 0, 0);
    while done < ids.len() {
        let end = begin.saturating_add(length).min(ids.len());
        // Of what is new, the first token of the window cannot be foretold.
        let new = end - done.max(begin);
        let first = (end - new).max(begin + 1);
        if first < end {
            let loss = loss(model, &ids[begin..end], first - begin..end - begin, scratch)?;
            by_token.add(loss, end - first);
            by_recipe.add(loss / (end - first) as f64 * (new - 1) as f64, new - 1);
            count += 1;
        }
        done = end;
        begin = begin.saturating_add(stride).min(ids.len());
    }
    let (Some(recipe), Some(mean)) = (by_recipe.value(), by_token.value()) else {
        return Err(TaskError::ShortText { tokens: ids.len() });
    };
    if !mean.is_finite() {
        return Err(TaskError::NotFinite);
    }
    // formula: perplexity
    let (perplexity, by_token_alike) = (exp_f64(recipe), exp_f64(mean));
    Ok(Perplexity { perplexity, by_token: by_token_alike, tokens: by_token.count, windows: count })
}

/// A mean while it is being made.
#[derive(Debug, Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, sum: f64, count: usize) {
        self.sum += sum;
        self.count += count;
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// The sum of −ln p of the tokens in these places of a window.
fn loss(
    model: &CausalLm,
    ids: &[u32],
    places: Range<usize>,
    scratch: &mut Scratch,
) -> Result<f64, TaskError> {
    let sequences = Ragged::single(ids.len());
    let hidden = model.encoder().hidden(TokenIds::new(ids, &sequences), scratch)?; // [n, d]
    let rows = (SCORES / model.vocabulary().max(1)).max(1);
    let mut sum = 0.0;
    for first in places.clone().step_by(rows) {
        let some = first..places.end.min(first + rows);
        // The row of a token scores the one behind it.
        let before = Slice::from(some.start - 1..some.end - 1);
        let logits = model.predict(hidden.slice_axis(Axis(0), before), scratch)?; // [rows, v]
        for (row, &id) in logits.outer_iter().zip(&ids[some]) {
            // The logarithm of a product is the sum of the logarithms.
            // formula: chain
            sum += surprise(row, id as usize);
        }
        scratch.give(logits);
    }
    scratch.give(hidden);
    Ok(sum)
}

/// −ln softmax(logits)\[id\], in f64 with functions of our own: the same bits on every system.
fn surprise(logits: ArrayView1<'_, f32>, id: usize) -> f64 {
    let maximum = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let above = |logit: f32| f64::from(logit) - f64::from(maximum);
    let sum: f64 = logits.iter().map(|&logit| exp_f64(above(logit))).sum();
    ln_f64(sum) - above(logits[id])
}
