//! What the exercises on the encoder are held against.

mod wrong;

use lt_attention::{AttentionConfig, MultiHeadAttention};
use lt_core::{Backward, Module, Ragged, Scratch, Train, Weight, parameter_count, zeros_like};
use lt_encoder::{EncoderLayer, HiddenStates, NormPlacement, Norms, Sequences, Stack, mean_tokens};
use lt_laws::encoder as laws;
use lt_laws::proptest::prelude::*;
use lt_laws::proptest::sample::select;
use lt_laws::strategies::{batch_of_rows, numbers};
use lt_laws::{Batch, Law, Rows, Verdict, sample};
use lt_layers::{Activation, FeedForward, LayerNorm, Linear};
use ndarray::{Array2, ArrayView2, ArrayView3, array};

use super::{Tried, breaks_only, exercises, is_caught_by};
use crate::encoder::Layer;

exercises! { encoder:
    One layers_of_zeros [
        "x + 0 is x. Where does x go then, with post-LN?",
        "A norm makes −1 and 1 of 300 and 700, and a second one leaves them. With pre-LN the norms stand inside the branch.",
    ]
    One numbers_in_a_layer [
        "A linear layer from n to m holds n·m numbers of the matrix and m of the bias. A norm of width d holds a gain and a bias.",
        "Six linear layers: four from d to d, one from d to f, one from f to d. Two norms.",
    ]
    Two layer_that_looks_back [
        "`impl<'a> Module<HiddenStates<'a>> for Mine { type Output = Array2<f32>; fn forward(&self, input: HiddenStates<'a>) -> lt_core::Result<Array2<f32>> { … } }`",
        "Rows of all texts lie end to end. What must the first row of a text not see?",
        "For each range of `input.sequences.ranges()`: to each row but the first add the row before it, of the input, not of the output.",
    ]
    Two mean_of_padded [
        "By how many rows do you divide?",
        "0 · NaN is NaN. Leave rows of padding out of the sum; do not multiply them by the mask.",
    ]
    Two parallel [
        "What goes past the sublayers: x, or the normalised rows?",
        "`input.with(n.view())` is what attention takes; the feed-forward layer takes `n.view()`. Add `input.hidden` in the end.",
    ]
    Two law_that_catches_minus_infinity [
        "What is −∞ − (−∞), and for which tokens is it computed?",
        "One law lets some tokens look at nothing.",
    ]
    Two found_by_order_alone [
        "What has to be in a row so that a token at another place comes out as another?",
        "Add something to each row, or multiply it by something, that follows from its place in its text.",
        "A mask of another batch has to be refused: `batch.mask.check(\"mine\", batch.sequences, batch.sequences)?`.",
    ]
    Three sublayer_backward [
        "A sum hands its gradient to both sides. Where is the sum, before the norm or behind it?",
        "Post-LN: first through the norm, whose input was a + feed_forward(a); what comes out of it goes past the feed-forward layer, and through it.",
        "Pre-LN: d_y goes past everything; and through the feed-forward layer, whose input was norm(a), then through the norm, whose input was a.",
    ]
}

const D: usize = 4;

fn said<T>(result: lt_core::Result<T>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

fn lengths(texts: &Ragged) -> Vec<usize> {
    texts.ranges().map(|range| range.len()).collect()
}

/// Whether two results agree within a part of the largest number; else says where they do not.
fn near(got: &Array2<f32>, expected: &Array2<f32>, part: f32) -> Verdict {
    if got.dim() != expected.dim() {
        return Err(format!("it is {:?}, expected {:?}", got.shape(), expected.shape()));
    }
    let by = part * expected.iter().fold(1.0, |most: f32, x| most.max(x.abs()));
    for (at, (got, expected)) in got.outer_iter().zip(expected.outer_iter()).enumerate() {
        if !got.iter().zip(expected).all(|(a, b)| (a - b).abs() <= by) {
            return Err(format!("row {at} is {got}, expected {expected}"));
        }
    }
    Ok(())
}

/// A layer with this norm in both places, whose other parameters are all zero.
fn zeros(f: usize, norm: &LayerNorm, placement: NormPlacement) -> lt_core::Result<EncoderLayer> {
    let d = norm.width();
    EncoderLayer::new(
        MultiHeadAttention::zeros(d, AttentionConfig::new(1))?,
        FeedForward::new(Linear::zeros(d, f)?, Activation::Gelu, Linear::zeros(f, d)?)?,
        Norms { attention: Some(norm.clone()), feed_forward: norm.clone(), placement },
    )
}

fn layers_of_zeros(answer: fn() -> [[f32; 2]; 2]) {
    let computed = |placement| {
        let norm = LayerNorm::new(Weight::new(&[2], vec![1.0; 2])?, None, 1e-5)?;
        let (x, one) = (array![[300.0, 700.0]], Ragged::single(1));
        zeros(3, &norm, placement)?.forward(HiddenStates::new(x.view(), &one))
    };
    let places = [("post-LN", NormPlacement::Post), ("pre-LN", NormPlacement::Pre)];
    for (answer, (name, placement)) in answer().into_iter().zip(places) {
        let layer: lt_core::Result<Array2<f32>> = computed(placement);
        let near = layer.is_ok_and(|y| near(&array![answer], &y, 1e-3).is_ok());
        assert!(near, "{name}: your answer is {answer:?}, but the layer gives something else");
    }
}

/// The width of a layer, and that of its feed-forward layer.
#[derive(Debug, Clone)]
struct Widths {
    d: usize,
    f: usize,
}

/// See [`numbers_in_a_layer`].
const ALL_NUMBERS_ARE_COUNTED: Law = Law {
    name: "all numbers of a layer are counted",
    statement: "numbers(d, f) = parameter_count(layer)",
    tolerance: "none: numbers are counted",
};

fn numbers_in_a_layer(answer: fn(usize, usize) -> usize) {
    let widths = (1..=6_usize, 1..=9_usize).prop_map(|(d, f)| Widths { d, f });
    ALL_NUMBERS_ARE_COUNTED.hold(&widths, |Widths { d, f }| {
        let norm = said(LayerNorm::zeros(d, 1e-5))?;
        let count = parameter_count(&said(zeros(f, &norm, NormPlacement::Post))?);
        match answer(d, f) {
            got if got == count => Ok(()),
            got => Err(format!("{got} numbers, but the layer holds {count}")),
        }
    });
}

/// Texts of these lengths, their rows, and how many layers they go through.
#[derive(Debug, Clone)]
struct Stacked {
    lengths: Vec<usize>,
    rows: Rows,
    layers: usize,
}

/// See [`layer_that_looks_back`].
const EACH_LAYER_LOOKS_ONE_BACK: Law = Law {
    name: "each layer adds the token before, of the same text",
    statement: "yᵢ = xᵢ + xᵢ₋₁, and y = x for the first; in a stack again and again",
    tolerance: "1e-5 of the largest number",
};

fn layer_that_looks_back(answer: fn() -> Layer) {
    let cases = (batch_of_rows(1), 1..=3_usize).prop_map(|((texts, rows), layers)| Stacked {
        lengths: lengths(&texts),
        rows,
        layers,
    });
    EACH_LAYER_LOOKS_ONE_BACK.hold(&cases, |Stacked { lengths, rows, layers }| {
        let texts = Ragged::from_lengths(lengths);
        let stack = Stack::new((0..layers).map(|_| answer()).collect());
        let got = said(stack.forward(HiddenStates::new(rows.view(), &texts)))?;
        let mut expected = rows.0.clone();
        for _ in 0..layers {
            // From the last, so that the row before has not changed yet.
            for row in texts.ranges().flat_map(|range| range.skip(1).rev()) {
                expected[[row, 0]] += expected[[row - 1, 0]];
            }
        }
        near(&got, &expected, 1e-5)
    });
}

/// Texts of these lengths, their rows, and what stands in padding.
#[derive(Debug, Clone)]
struct Padded {
    lengths: Vec<usize>,
    rows: Rows,
    fill: f32,
}

/// See [`mean_of_padded`].
const PADDING_IS_NOT_IN_THE_MEAN: Law = Law {
    name: "the mean of a text is that of its tokens, whatever padding holds",
    statement: "mean(padded, mask) = mean_tokens(ragged)",
    tolerance: "1e-5 of the largest number",
};

fn mean_of_padded(answer: fn(ArrayView3<'_, f32>, ArrayView2<'_, u8>) -> Array2<f32>) {
    let cases = (batch_of_rows(2), select(vec![0.0, 9.0, f32::NAN]))
        .prop_map(|((texts, rows), fill)| Padded { lengths: lengths(&texts), rows, fill });
    PADDING_IS_NOT_IN_THE_MEAN.hold(&cases, |Padded { lengths, rows, fill }| {
        let texts = Ragged::from_lengths(lengths.iter().copied());
        let hidden = said(texts.to_padded(rows.view(), fill))?;
        let shape = (texts.len(), texts.longest());
        let mask = Array2::from_shape_fn(shape, |(text, at)| u8::from(at < lengths[text]));
        let input = Sequences { hidden: rows.view(), sequences: &texts };
        let expected = said(mean_tokens("an exercise", input, &mut Scratch::new()))?;
        let means = answer(hidden.view(), mask.view());
        near(&means, &expected, 1e-5).map_err(|why| format!("of the means, {why}"))
    });
}

fn states(batch: Batch<'_>) -> HiddenStates<'_> {
    HiddenStates::new(batch.rows, batch.sequences).mask(batch.mask)
}

/// See [`parallel`].
const SUBLAYERS_STAND_SIDE_BY_SIDE: Law = Law {
    name: "both sublayers are given the same normalised rows",
    statement: "y = x + attention(norm(x)) + feed_forward(norm(x))",
    tolerance: "1e-5 of the largest number",
};

fn parallel(answer: fn(&EncoderLayer, HiddenStates<'_>) -> lt_core::Result<Array2<f32>>) {
    let norm = LayerNorm::zeros(D, 1e-5).expect("a width");
    let layer = sample::filled(zeros(7, &norm, NormPlacement::Pre).expect("widths that fit"), 1);
    let rows = (1..=5_usize, numbers()).prop_map(|(tokens, x)| x.rows(tokens, D));
    SUBLAYERS_STAND_SIDE_BY_SIDE.hold(&rows, |rows| {
        let one = Ragged::single(rows.nrows());
        let input = HiddenStates::new(rows.view(), &one);
        let n = said(layer.feed_forward_norm().forward(rows.view()))?;
        let attended = said(layer.attention().forward(input.with(n.view())))?;
        let expected = &*rows + &attended + said(layer.feed_forward().forward(n.view()))?;
        near(&said(answer(&layer, input))?, &expected, 1e-5)
    });
    laws::masks_are_obeyed(D, |batch| answer(&layer, states(batch)));
    laws::order_is_not_seen_without_positions(D, |batch| answer(&layer, states(batch)));
}

/// A layer, as the laws take it.
type OfBatch = fn(Batch<'_>) -> lt_core::Result<Array2<f32>>;

const LAWS: &[Tried<OfBatch>] = &[
    (&laws::ORDER_IS_NOT_SEEN_WITHOUT_POSITIONS, |f| {
        laws::order_is_not_seen_without_positions(D, f);
    }),
    (&laws::THE_FUTURE_CHANGES_NOTHING, |f| laws::the_future_changes_nothing(D, f)),
    (&laws::A_HIDDEN_TOKEN_CHANGES_NO_OTHER, |f| laws::a_hidden_token_changes_no_other(D, f)),
    (&laws::BLIND_TOKENS_STAY_FINITE, |f| laws::blind_tokens_stay_finite(D, f)),
    (&laws::A_MASK_OF_ANOTHER_BATCH_IS_REFUSED, |f| {
        laws::a_mask_of_another_batch_is_refused(D, f);
    }),
];

fn law_that_catches_minus_infinity(answer: fn() -> &'static str) {
    let mutant: OfBatch = wrong::minus_infinity;
    is_caught_by(answer(), LAWS, &mutant);
}

fn found_by_order_alone(answer: OfBatch) {
    breaks_only(&laws::ORDER_IS_NOT_SEEN_WITHOUT_POSITIONS, LAWS, &answer);
}

/// Where the norm stands, what went in, and the gradient of what came out.
#[derive(Debug, Clone)]
struct Sublayer {
    placement: NormPlacement,
    a: Rows,
    d_y: Rows,
}

/// See [`sublayer_backward`].
const A_SUBLAYER_SENDS_BACK_BOTH_WAYS: Law = Law {
    name: "the gradient is that of the library's layer",
    statement: "da = da of an encoder layer whose attention is 0 and has no norm",
    tolerance: "1e-4 of the largest number",
};

/// A layer, a and dy to da.
type OfSublayer =
    fn(&EncoderLayer, ArrayView2<'_, f32>, &Array2<f32>) -> lt_core::Result<Array2<f32>>;

fn sublayer_backward(answer: OfSublayer) {
    let placements = select(vec![NormPlacement::Pre, NormPlacement::Post]);
    let cases =
        (1..=4_usize, placements, numbers(), numbers()).prop_map(|(tokens, placement, a, d_y)| {
            let (a, d_y) = (a.rows(tokens, D), d_y.rows(tokens, D));
            Sublayer { placement, a, d_y }
        });
    A_SUBLAYER_SENDS_BACK_BOTH_WAYS.hold(&cases, |Sublayer { placement, a, d_y }| {
        let zeros = said(zeros(7, &said(LayerNorm::zeros(D, 0.1))?, placement))?;
        let (attention, filled) = (zeros.attention().clone(), sample::filled(zeros, 3));
        let feed_forward = filled.feed_forward_norm().clone();
        let norms = Norms { attention: None, feed_forward, placement };
        let layer = said(EncoderLayer::new(attention, filled.feed_forward().clone(), norms))?;

        let batch = Ragged::single(a.nrows());
        let input = HiddenStates::new(a.view(), &batch);
        let (_, cache) = said(layer.forward_cached(input, &mut Train::default()))?;
        let (mut grads, scratch) = (zeros_like(&layer), &mut Scratch::new());
        let expected = said(layer.backward(input, &cache, &d_y, &mut grads, scratch))?;
        near(&said(answer(&layer, a.view(), &d_y))?, &expected.hidden, 1e-4)
    });
}
