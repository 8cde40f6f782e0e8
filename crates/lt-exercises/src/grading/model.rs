//! What the exercises on models are held against.

mod whole;

use lt_config::{BertConfig, Gpt2Config, ModelConfig};
use lt_core::{Module, Params, Path, Ragged, Scratch, Weight, parameter_count, weights};
use lt_laws::proptest::prelude::any;
use lt_laws::sample::{self, filled};
use lt_laws::{Law, Rows, Verdict};
use lt_layers::{LayerNorm, Linear};
use lt_model::{CausalLm, Decoder, MaskedLm, TextEncoder, TokenIds, Top};
use lt_weights::{SafetensorsBytes, TensorSource};
use ndarray::{Array1, Array2, ArrayView2};

use super::{Told, exercises, told};
use crate::model::WordHead;
use whole::{bert, tied_gradient, with_query_and_key_exchanged, wrong_in_company};

exercises! { model:
    One parameters [
        "Which lines of the table are there once, and which once for each layer?",
        "The table of words has 384 numbers a word. A layer is four times 147 840, two norms, and the two feed-forward matrices.",
        "Once: the words, the segments, the positions, a norm, and the pooler.",
    ]
    One rows_and_labels [
        "Row t of a decoder has read the words up to t. Which word is asked of it?",
        "The last row has nothing to predict: of n words there are n − 1 pairs.",
    ]
    Two word_scores [
        "z = norm(φ(x·Wᵀ + b)), then z·Eᵀ + c. `Linear` and `LayerNorm` have `forward`.",
        "`Activation::Gelu.apply(number)` is φ of one number; `mapv_inplace` does it to all.",
        "A matrix of the head's own takes the place of E and of nothing else.",
    ]
    Two queries_keys_values [
        "Cut the columns into thirds: `c_attn.slice(s![.., d..2 * d])` are those of the keys.",
        "A third is `[in, out]`. Which way round does `nn.Linear` store it?",
    ]
    Two tied_gradient [
        "Two uses, two gradients: they are added.",
        "The head's is (d logits)ᵀ·T, `[v, d]`. The embedding's has something in the rows of `ids` alone.",
        "A word that stands in the text twice was looked up twice: add to its row, do not write over it.",
    ]
    Three bert [
        "H⁰ is a norm of the sum of three rows a token: of its word, of its position, which counts from 0 in each text, and of its segment.",
        "A layer: a = norm(x + attention(x)), y = norm(a + down(φ(up(a)))). `FeedForward` is the inner part of the second.",
        "`Projections { query, key, value, output }` take the linear layers, `attention.forward(HiddenStates::new(x.view(), texts))` runs it.",
    ]
    One with_query_and_key_exchanged [
        "Both matrices are `[d, d]`. What does a strict loader compare?",
        "What goes wrong in saving goes wrong in loading, the other way.",
        "Is a score q·k still the same, if queries are made with the matrix of keys?",
    ]
    Two wrong_in_company [
        "What does a model know of where one text ends and the next begins? Only what you tell it.",
        "`Ragged::single(ids.len())` says that all of it is one text.",
    ]
}

/// A small BERT without a pooler; its ε is large enough to be seen.
fn small() -> BertConfig {
    BertConfig {
        vocab_size: 9,
        hidden_size: 4,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        intermediate_size: 6,
        max_position_embeddings: 64,
        layer_norm_eps: 0.05,
        ..BertConfig::default()
    }
}

fn small_bert() -> TextEncoder {
    filled(TextEncoder::zeros(&small().into(), Top::Nothing).expect("sizes that fit"), 3)
}

/// A decoder of one layer and `words` words, as wide as that.
fn small_gpt(words: usize, decoder: Decoder) -> CausalLm {
    let config = Gpt2Config {
        vocab_size: words,
        n_embd: words,
        n_head: 1,
        n_layer: 1,
        n_positions: 16,
        embd_pdrop: 0.0,
        attn_pdrop: 0.0,
        resid_pdrop: 0.0,
        ..Gpt2Config::default()
    };
    CausalLm::zeros(&ModelConfig::Gpt2(config), decoder).expect("sizes that fit")
}

/// A parameter by its name.
fn parameter(model: &impl Params, name: &str) -> Weight {
    let all = weights(model);
    let found = all.into_iter().find(|(other, _)| other == name);
    found.unwrap_or_else(|| panic!("the model has no `{name}`")).1.clone()
}

/// What `TextEncoder::save` writes.
fn saved(model: &TextEncoder) -> SafetensorsBytes<Vec<u8>> {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("model.safetensors");
    model.save(&file).expect("saved");
    SafetensorsBytes::new(std::fs::read(file).expect("read")).expect("a header")
}

fn close(what: &str, got: &Array2<f32>, expected: &Array2<f32>) -> Verdict {
    if got.dim() != expected.dim() {
        return Err(format!("{what} is {:?}, expected {:?}", got.shape(), expected.shape()));
    }
    let size = expected.iter().fold(1.0_f32, |size, number| size.max(number.abs()));
    for (row, (got, expected)) in got.rows().into_iter().zip(expected.rows()).enumerate() {
        if !got.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-4 * size) {
            let (got, expected) = (got.to_vec(), expected.to_vec());
            return Err(format!("{what}: row {row} is {got:?}, expected {expected:?}"));
        }
    }
    Ok(())
}

/// See [`parameters`].
const AS_MANY_AS_THE_MODEL_HAS: Law = Law {
    name: "the model has as many numbers as the table says",
    statement: "the lines of the table, added up, are what `parameter_count` counts",
    tolerance: "none: numbers are counted",
};

fn parameters(answer: fn(usize, usize) -> usize) {
    AS_MANY_AS_THE_MODEL_HAS.hold(&told((1_usize..40_000, 1_usize..30)), |Told((words, layers))| {
        let config = BertConfig {
            vocab_size: words,
            hidden_size: 384,
            num_hidden_layers: layers,
            intermediate_size: 1536,
            ..BertConfig::default()
        };
        let model = TextEncoder::zeros(&config.into(), Top::Pooler).map_err(|e| e.to_string())?;
        match (answer(words, layers), parameter_count(&model)) {
            (answer, counted) if answer == counted => Ok(()),
            (answer, counted) => Err(format!(
                "vocabulary: {words}, layers: {layers}. You say {answer}, and the model has {counted}"
            )),
        }
    });
}

/// See [`rows_and_labels`].
const EACH_ROW_PREDICTS_THE_NEXT_WORD: Law = Law {
    name: "each row predicts the word that comes next",
    statement: "for each pair (row, word): the row's highest score is the word's; of n words n − 1 pairs",
    tolerance: "none: the decoder knows the text by heart",
};

/// A decoder that knows which word follows which, as the one on the page `writing` of `lt-tasks`.
fn by_heart(follows: [u32; 8]) -> CausalLm {
    let mut model = small_gpt(8, Decoder::Own);
    model.visit_mut(&mut Path::new(), &mut |name, weight| {
        let numbers = weight.make_mut();
        for (word, &next) in follows.iter().enumerate() {
            match name {
                "encoder.embeddings.token.weight" => numbers[word * 8 + word] = 1.0,
                "encoder.decoder.norm.gain" => numbers[word] = 1.0,
                "head" => numbers[next as usize * 8 + word] = 1.0,
                _ => {}
            }
        }
    });
    model
}

fn rows_and_labels(answer: fn(&[u32]) -> Vec<(usize, u32)>) {
    const FOLLOWS: [u32; 8] = [3, 5, 7, 1, 0, 6, 2, 4];
    let model = by_heart(FOLLOWS);
    EACH_ROW_PREDICTS_THE_NEXT_WORD.hold(&told((0_u32..8, 1_usize..8)), |Told((first, length))| {
        let next = |word: &u32| Some(FOLLOWS[*word as usize]);
        let text: Vec<u32> = std::iter::successors(Some(first), next).take(length).collect();
        let batch = Ragged::single(length);
        let scores = model.forward(TokenIds::new(&text, &batch)).map_err(|e| e.to_string())?;
        let pairs = answer(&text);
        if pairs.len() != length - 1 {
            let (got, expected) = (pairs.len(), length - 1);
            return Err(format!("{got} pairs of the text {text:?}, expected {expected}"));
        }
        for (place, &(row, word)) in pairs.iter().enumerate() {
            if row != place {
                return Err(format!("pair {place} of the text {text:?} is of row {row}"));
            }
            let scores = scores.row(row);
            let best = (0_u32..8).max_by(|&a, &b| scores[a as usize].total_cmp(&scores[b as usize]));
            if best != Some(word) {
                let best = best.unwrap_or_default();
                return Err(format!(
                    "row {row} of the text {text:?} finds {best} likeliest, and you say that it is to predict {word}"
                ));
            }
        }
        Ok(())
    });
}

/// See [`word_scores`].
const WORDS_HAVE_THE_SCORES_OF_THE_HEAD: Law = Law {
    name: "words have the scores of the head",
    statement: "norm(φ(x·Wᵀ + b))·Eᵀ + c, and the head's own matrix for E where it has one",
    tolerance: "1e-4 of the largest score",
};

fn word_scores(answer: fn(&WordHead, ArrayView2<'_, f32>) -> lt_core::Result<Array2<f32>>) {
    let cases = (any::<bool>(), 1_usize..4, any::<u64>());
    WORDS_HAVE_THE_SCORES_OF_THE_HEAD.hold(&cases, |(own, n, seed)| {
        let decoder = if own { Decoder::Own } else { Decoder::Tied };
        let model = MaskedLm::zeros(&small().into(), decoder).map_err(|e| e.to_string())?;
        let model = filled(model, seed);
        let of = |name: &str| parameter(&model, name);
        let (gain, bias) = (of("head.transform.norm.gain"), of("head.transform.norm.bias"));
        let dense = (of("head.transform.dense.weight"), of("head.transform.dense.bias"));
        let norm = LayerNorm::new(gain, bias, small().layer_norm_eps);
        let head = WordHead {
            dense: Linear::new(dense.0, Some(dense.1)).map_err(|e| e.to_string())?,
            norm: norm.map_err(|e| e.to_string())?,
            words: of("encoder.embeddings.token.weight").matrix().to_owned(),
            own: own.then(|| of("head.decoder").matrix().to_owned()),
            bias: Array1::from(of("head.bias").to_f32()),
        };
        let x = sample::rows(n, 4, seed ^ 1);
        let expected = model.predict(x.view(), &mut Scratch::new()).map_err(|e| e.to_string())?;
        let got = answer(&head, x.view()).map_err(|e| format!("it was refused: {e}"))?;
        let with = if own { "with a matrix of its own" } else { "tied" };
        close(&format!("the scores of {n} masks, {with}"), &got, &expected)
    });
}

fn queries_keys_values(answer: fn(ArrayView2<'_, f32>) -> [Array2<f32>; 3]) {
    let mut model = small_gpt(2, Decoder::Tied).encoder().clone();
    let mut next = 0.0;
    model.visit_mut(&mut Path::new(), &mut |name, weight| {
        if name.contains("attention") && weight.shape() == [2, 2] {
            weight.make_mut().iter_mut().for_each(|number| {
                next += 1.0;
                *number = next;
            });
        }
    });
    let stored = saved(&model).weight("h.0.attn.c_attn.weight").expect("stored");
    for (got, name) in answer(stored.matrix()).into_iter().zip(["query", "key", "value"]) {
        let loaded = parameter(&model, &format!("decoder.layers.0.attention.{name}.weight"));
        let loaded = loaded.matrix().to_owned();
        if got != loaded {
            let [stored, got, loaded] = [stored.matrix().to_owned(), got, loaded].map(Rows);
            panic!(
                "c_attn.weight = {stored:?}\n  {name}: your answer is {got:?}, the loader makes {loaded:?}"
            );
        }
    }
}
