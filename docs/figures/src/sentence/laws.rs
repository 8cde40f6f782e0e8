//! Laws, held on the sentence.

use anyhow::{Context as _, Result, ensure};
use lt_attention::HiddenStates;
use lt_core::{Mask, Module as _, Ragged, Scratch, Weight};
use lt_encoder::Encoder;
use lt_laws::{Law, encoder, layer_norm, same_bits, softmax};
use lt_layers::LayerNorm;
use lt_model::TokenIds;
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

use super::embedding::sum;
use super::numbers::{apart, moments, projected, same_bits as equal};
use super::page::Page;
use crate::example::{Example, OTHER};
use crate::head::{HEAD, LAYER};

/// How many rows of padding are hidden.
const HIDDEN: usize = 2;
/// What is added to all scores.
const SHIFT: f32 = 100.0;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let example = Example::new()?;
    let (order, seen) = order(&example)?;
    let shift = shift(&example)?;
    let variance = variance(&example)?;
    ensure!(beside_another(&example)? && behind_padding(&example)?, "bits change");
    ensure!(order < 1e-4 && shift < 2e-5 && variance < 1e-5, "{order}, {shift}, {variance}");
    ensure!(seen > 0.1, "the positions make no difference: {seen}");

    page.say("Five laws of the book below, and what lt-tiny-bert says to them on our sentence:");
    let bits = || "0, to the bit".to_owned();
    let row = |(law, at): (&Law, &str), tried: &str, difference: String| {
        vec![format!("[{}]({at})", law.name), tried.to_owned(), difference]
    };
    page.table(
        &["law", "tried", "largest difference"],
        &[
            row(
                (&same_bits::SAME_IDS_SAME_BITS, "same_bits::same_ids_same_bits"),
                "the rows behind the last layer, alone and in front of a second text",
                bits(),
            ),
            row(
                (
                    &encoder::A_HIDDEN_TOKEN_CHANGES_NO_OTHER,
                    "encoder::a_hidden_token_changes_no_other",
                ),
                "two rows of NaN behind the sentence, which a mask hides",
                bits(),
            ),
            row(
                (&softmax::A_SHIFT_CHANGES_NOTHING, "softmax::a_shift_changes_nothing"),
                "100 added to the scores of “bank”",
                format!("{shift:.0e}"),
            ),
            row(
                (&layer_norm::VARIANCE_IS_ONE, "layer_norm::variance_is_one"),
                "the norm behind the embedding, before gain and bias: its variances, less 1",
                format!("{variance:.0e}"),
            ),
            row(
                (
                    &encoder::ORDER_IS_NOT_SEEN_WITHOUT_POSITIONS,
                    "encoder::order_is_not_seen_without_positions",
                ),
                "“bank” and “river” change places, and no positions are added",
                format!("{order:.0e}"),
            ),
        ],
    );
    page.say(&format!(
        "The first two leave no room: the same additions in the same order. In the others something is rounded otherwise, \
         and each law says how far that may lead. With positions the last one is broken, as it should be: where “bank” \
         and “river” change places, the numbers of the rows change by up to {seen:.1}. One sentence is one case; a law is tried on \
         many that are drawn: `cargo xtask laws` does that."
    ));
    Ok(())
}

/// Whether the sentence has the same rows in front of another text.
fn beside_another(example: &Example) -> Result<bool> {
    let other = Example::of(OTHER)?;
    let (ids, batch) = Ragged::concatenate(&[&example.encoding.ids, &other.encoding.ids]);
    let encoder = example.model.encoder();
    let both = encoder.hidden(TokenIds::new(&ids, &batch), &mut Scratch::new())?;
    let alone = encoder.hidden(example.ids(), &mut Scratch::new())?;
    Ok(equal(both.slice(s![..alone.nrows(), ..]), alone.view()))
}

/// Whether the sentence has the same rows in front of hidden ones that are no numbers.
fn behind_padding(example: &Example) -> Result<bool> {
    let trace = example.trace()?;
    let (first, last) =
        trace.hidden_states.first().zip(trace.hidden_states.last()).context("rows")?;
    let (n, d) = first.dim();
    let padding = Array2::from_elem((HIDDEN, d), f32::NAN);
    let rows = concatenate(Axis(0), &[first.view(), padding.view()])?;
    let (batch, mask) = (Ragged::single(n + HIDDEN), Mask::custom(move |place| place.key < n));
    let padded = layers(example)?.forward(HiddenStates::new(rows.view(), &batch).mask(&mask))?;
    Ok(equal(padded.slice(s![..n, ..]), last.view()))
}

/// How far the weights of “bank” move if the same is added to all its scores.
fn shift(example: &Example) -> Result<f32> {
    let attention = example.layers()?.get(LAYER).context("the model has this layer")?.attention();
    let x = example.trace()?.hidden_states.swap_remove(LAYER);
    let k = attention.cache_shape().key;
    let head = s![.., HEAD * k..(HEAD + 1) * k];
    let (query, key) =
        (projected(attention, "query", x.view())?, projected(attention, "key", x.view())?);
    let query = query.slice(head);
    let query = query.row(example.place("bank")?);
    let scores = key.slice(head).map_axis(Axis(1), |key| query.dot(&key) / (k as f32).sqrt());
    let weights = |added: f32| {
        let mut row = (&scores + added).insert_axis(Axis(0));
        lt_kernels::softmax(row.view_mut());
        row
    };
    Ok(apart(weights(0.0).view(), weights(SHIFT).view()))
}

/// How far from 1 the variances are behind a norm without gain and bias.
fn variance(example: &Example) -> Result<f64> {
    let rows = plain_norm(example)?.forward(sum(&example.parts()?).view())?;
    let off = rows.rows().into_iter().map(|row| (moments(row).1 - 1.0).abs());
    Ok(off.fold(0.0, f64::max))
}

/// The norm behind the embedding, without gain and bias.
fn plain_norm(example: &Example) -> Result<LayerNorm> {
    let norm = example.model.encoder().embeddings().norm().context("BERT has this norm")?;
    let ones = Weight::new(&[norm.width()], vec![1.0; norm.width()])?;
    Ok(LayerNorm::new(ones, None::<Weight>, norm.epsilon())?)
}

/// How far the rows move if two words change places: without positions, and with them.
fn order(example: &Example) -> Result<(f32, f32)> {
    let parts = example.parts()?;
    let norm = example.model.encoder().embeddings().norm().context("BERT has this norm")?;
    let (bank, river) = (example.place("bank")?, example.place("river")?);
    let mut places: Vec<usize> = (0..example.tokens().len()).collect();
    places.swap(bank, river);
    let swapped = |rows: ArrayView2<'_, f32>| rows.select(Axis(0), &places);
    let through = |rows: Array2<f32>| -> Result<Array2<f32>> {
        let x = norm.forward(rows.view())?;
        Ok(layers(example)?.forward(HiddenStates::new(x.view(), &example.batch))?)
    };
    let words = &parts.token + &parts.segment;
    let (plain, moved) = (through(words.clone())?, through(swapped(words.view()))?);
    let without = apart(swapped(plain.view()).view(), moved.view());
    let (plain, moved) =
        (through(&words + &parts.position)?, through(swapped(words.view()) + &parts.position)?);
    Ok((without, apart(swapped(plain.view()).view(), moved.view())))
}

fn layers(example: &Example) -> Result<&Encoder> {
    example.model.encoder().layers().encoder().context("BERT is an encoder")
}
