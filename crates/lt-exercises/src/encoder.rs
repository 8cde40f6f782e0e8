//! Chapter: encoder. `cargo xtask grade encoder`
//!
//! Fill in one function at a time. `input.with(rows)` is an input with other rows, for the same texts and
//! under the same mask.

use lt_core::Module;
use lt_encoder::{EncoderLayer, HiddenStates};
use lt_laws::Batch;
use ndarray::{Array2, ArrayView2, ArrayView3};

/// ★ A text is one token, the row (300, 700). It goes through an encoder layer whose attention and whose
/// feed-forward layer give zeros, and whose norms have the gain 1 and the bias 0.
///
/// Return what comes out with post-LN, and what with pre-LN, to three digits.
pub fn layers_of_zeros() -> [[f32; 2]; 2] {
    todo!()
}

/// ★ How many numbers an encoder layer holds: four linear layers of attention, all from width `d` to `d`, two
/// of the feed-forward layer, through width `f`, all of them with a bias; and two layer norms.
///
/// It is 1 774 464 for all-MiniLM-L6-v2, with d = 384 and f = 1536. Held by
/// [`lt_core::parameter_count`].
pub fn numbers_in_a_layer(d: usize, f: usize) -> usize {
    todo!()
}

/// A layer of any kind that turns hidden states into hidden states.
pub type Layer = Box<dyn for<'a> Module<HiddenStates<'a>, Output = Array2<f32>>>;

/// ★★ A layer of your own, without a single parameter: to the row of each token it adds that of the token
/// before it in its text. The first token of a text stays as it is.
///
/// Write a struct, implement [`Module`] for it, and return it in a `Box`. The rows 1, 10, 100 of one text
/// become 1, 11, 110. The test puts several of it into a [`lt_encoder::Stack`]: from how far back does
/// something reach the last token of 1, 2, 3 layers?
pub fn layer_that_looks_back() -> Layer {
    todo!()
}

/// ★★ The mean of the vectors of each text, from a padded batch as Hugging Face has it: `hidden` is
/// `[b, longest, d]`, and `mask` `[b, longest]` is 1 where there is a token and 0 where there is padding.
///
/// Return `[b, d]`. A row of padding may hold anything, NaN too. Held by [`lt_encoder::mean_tokens`], which
/// knows no padding.
pub fn mean_of_padded(hidden: ArrayView3<'_, f32>, mask: ArrayView2<'_, u8>) -> Array2<f32> {
    todo!()
}

/// ★★ A layer that lets both sublayers work side by side, as GPT-J does, on the same normalised rows:
/// y = x + attention(n) + `feed_forward(n)` with n = norm(x).
///
/// Write it with the parts of `layer`: `layer.attention()`, `layer.feed_forward()`, and
/// `layer.feed_forward_norm()` for the norm. Held by its formula, and by the laws of `lt_laws::encoder` that
/// hold every encoder layer.
///
/// # Errors
/// If a part refuses its input.
pub fn parallel(layer: &EncoderLayer, input: HiddenStates<'_>) -> lt_core::Result<Array2<f32>> {
    todo!()
}

/// ★★ Break it: a hidden key is given the score −∞, and softmax takes the largest score off all of them.
/// That there may be no largest one was forgotten:
///
/// ```text
/// let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
/// let powers = scores.iter().map(|score| (score - top).exp());
/// // was: if top is −∞, all weights are 0
/// ```
///
/// Return the name of the law of `lt_laws::encoder` that catches it in an encoder layer, as in
/// `lt_laws::encoder::THE_FUTURE_CHANGES_NOTHING.name`. Why does this law run the layer twice?
pub fn law_that_catches_minus_infinity() -> &'static str {
    todo!()
}

/// ★★ Break it: write a layer that obeys its mask, and still is none of an encoder: only the law "without
/// positions an encoder does not see order" may find it.
///
/// `batch.rows` is `[tokens, d]`; return as many. It need not be a long one, nor look at other tokens at all.
///
/// # Errors
/// If `batch.mask` is one of another batch: [`lt_core::Mask::check`].
pub fn found_by_order_alone(batch: Batch<'_>) -> lt_core::Result<Array2<f32>> {
    todo!()
}

/// ★★★ The backward pass of the second half of an encoder layer, for either place of its norm:
///
/// ```text
/// post-LN:  y = norm(a + feed_forward(a))
/// pre-LN:   y = a + feed_forward(norm(a))
/// ```
///
/// `d_y` is the gradient of the loss with respect to y; return that with respect to `a`. The parts are
/// `layer.feed_forward()`, `layer.feed_forward_norm()` and `layer.placement()`. Each has
/// `forward_cached(x, &mut Train::default())`, which gives its output and its cache, and `backward`, which takes
/// x, that cache, the gradient of its output, gradients to add to (`&mut lt_core::zeros_like(part)`; they are
/// not asked for here), and a `Scratch`. A norm's cache is `()`. Held by the library's layer.
///
/// # Errors
/// If a part refuses its input.
pub fn sublayer_backward(
    layer: &EncoderLayer,
    a: ArrayView2<'_, f32>,
    d_y: &Array2<f32>,
) -> lt_core::Result<Array2<f32>> {
    todo!()
}
