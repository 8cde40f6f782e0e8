//! What the exercises on decoders are held against.

mod smallest;

use lt_attention::{
    AttentionConfig, AttentionInput, MultiHeadAttention, Projections, ScaledDotProduct,
};
use lt_core::{Mask, Module, Ragged, Scratch, Weight};
use lt_decoder::{Decoder, DecoderLayer, HiddenStates, SublayerNorms};
use lt_generate::{Generator, LanguageModel, Length, Logits, Settings, TableModel, Wanted};
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::{Strategy, any};
use lt_laws::{Law, sample};
use lt_layers::{Activation, FeedForward, LayerNorm, Linear};
use ndarray::{Array2, ArrayView2, Axis, array, concatenate, s};
use std::cell::Cell;

use super::{Told, exercises, told};
use crate::decoder::{Kept, RowsRead, Seen, Sizes};
use smallest::{law_that_catches_a_cache_that_forgets, read_on, wrong_by_what_follows_alone};

exercises! { decoder:
    One rows_read [
        "With a cache each word is read once. Which word is never read?",
        "Without one, the n-th word costs the prompt and the n − 1 words before it.",
    ]
    One row_through_nothing [
        "y = after(x + inner(f(before(x)))), and f gives zeros. Which of the three norms sees something else than zeros or x?",
        "The norm of (300, 700): the mean is 500, the deviation 200. There are two sublayers; what does the second norm make of what the first gave?",
    ]
    One seen_with_a_prefix [
        "A prefix mask allows what is in the prompt, or behind.",
        "A decoder joins the mask of its input with the causal one: both must allow.",
    ]
    Two bytes_of_beams [
        "What sequences share counts once.",
        "A token has a key and a value, each `key_heads · width` numbers of four bytes, in every layer. How many tokens are there?",
    ]
    Two read_on [
        "Add a word, make its row, and only then take the next one.",
        "The mean is over all of `kept`, those of earlier calls included. A running sum would do, until the text is cut back.",
    ]
    Three attend_in_window [
        "Go token by token: add its key and value, forget what is out of reach, then look at all that is left.",
        "The first token of a long piece still needs what was kept before the piece. When may that be forgotten?",
        "The softmax of one query is `weights` of the chapter on attention.",
    ]
    Two law_that_catches_a_cache_that_forgets [
        "Which three things can be done with what is kept? For which of them is a word needed again that nobody could see any more?",
        "Read five words, and go back to three. Which words does the next one see?",
    ]
    Two wrong_by_what_follows_alone [
        "The words of earlier pieces must count as before. Only within a piece is the mask forgotten.",
        "Add all new words to `kept` first, and make their rows then.",
    ]
}

/// A layer of zeros, d wide, with these norms around both sublayers.
fn zeros(d: usize, norms: impl Fn() -> SublayerNorms) -> DecoderLayer {
    let attention = MultiHeadAttention::zeros(d, AttentionConfig::new(1)).expect("a width");
    let linear = || Linear::zeros(d, d).expect("a width");
    let wide = FeedForward::new(linear(), Activation::Relu, linear()).expect("widths that fit");
    DecoderLayer::new((attention, norms()), (wide, norms())).expect("widths that fit")
}

/// A model that counts the tokens that it reads.
struct Counting<M>(M, Cell<usize>);

impl<M: LanguageModel> LanguageModel for Counting<M> {
    type Cache = M::Cache;
    type Error = M::Error;

    fn vocabulary(&self) -> usize {
        self.0.vocabulary()
    }

    fn longest(&self) -> Option<usize> {
        self.0.longest()
    }

    fn cache(&self, sequences: usize) -> M::Cache {
        self.0.cache(sequences)
    }

    fn read(
        &self,
        ids: &[u32],
        batch: &Ragged,
        wanted: Wanted,
        cache: &mut M::Cache,
        logits: &mut Logits,
    ) -> Result<(), M::Error> {
        self.1.set(self.1.get() + ids.len());
        self.0.read(ids, batch, wanted, cache, logits)
    }

    fn select(&self, cache: &mut M::Cache, parents: &[usize]) -> Result<(), M::Error> {
        self.0.select(cache, parents)
    }

    fn cut(&self, cache: &mut M::Cache, lengths: &[usize]) -> Result<(), M::Error> {
        self.0.cut(cache, lengths)
    }
}

/// See [`rows_read`].
const WHAT_IS_READ_IS_COUNTED: Law = Law {
    name: "as many rows are read as the model counts",
    statement: "your rows = those that the model was given",
    tolerance: "none: rows are counted",
};

fn rows_read(answer: fn(usize, usize) -> RowsRead) {
    // Writes with a model that forgets everything after so many words.
    let count = |prompt: usize, written: usize, at_once: usize| {
        let model =
            Counting(TableModel::new(3, |_, last, next| ((last + next) % 3) as f32), Cell::new(0));
        let settings = Settings { maximum: Length::New(at_once), ..Settings::default() };
        let generator = Generator::new(&model, settings).map_err(|e| e.to_string())?;
        let mut text = vec![0_u32; prompt];
        while text.len() < prompt + written {
            let all = generator.generate(&[&text]).map_err(|e| e.to_string())?;
            text.clone_from(&all[0].ids);
        }
        Ok::<_, String>(model.1.get())
    };
    WHAT_IS_READ_IS_COUNTED.hold(&told((1_usize..12, 1_usize..12)), |Told((prompt, written))| {
        let with_cache = count(prompt, written, written)?;
        let counted = RowsRead { with_cache, without: count(prompt, written, 1)? };
        match answer(prompt, written) {
            answer if answer == counted => Ok(()),
            answer => Err(format!(
                "words of the prompt: {prompt}, words written: {written}. You say {answer:?}, counted are {counted:?}"
            )),
        }
    });
}

fn row_through_nothing(answer: fn() -> [[f32; 2]; 3]) {
    let answer = answer();
    let norm = || {
        let gain = Weight::new(&[2], vec![1.0; 2]).expect("two numbers");
        LayerNorm::new(gain, Weight::zeros(&[2]), 1e-5).expect("a norm")
    };
    let layers = [
        ("pre-LN", zeros(2, || SublayerNorms::pre(norm()))),
        ("post-LN", zeros(2, || SublayerNorms::post(norm()))),
        ("sandwich", zeros(2, || SublayerNorms::sandwich(norm(), norm()))),
    ];
    let (x, one) = (array![[300.0, 700.0]], Ragged::single(1));
    for ((name, layer), answer) in layers.iter().zip(answer) {
        let y = layer.forward(HiddenStates::new(x.view(), &one)).expect("a row of two");
        let close = y.iter().zip(answer).all(|(a, b)| (a - b).abs() <= 1e-3);
        assert!(close, "{name}: your answer is {answer:?}, and the layer gives something else");
    }
}

fn seen_with_a_prefix(answer: fn() -> Seen) {
    let answer = answer();
    let layer = zeros(1, SublayerNorms::default);
    let (x, four) = (Array2::zeros((4, 1)), Ragged::single(4));
    let prefix = Mask::prefix([3]);
    let input = HiddenStates::new(x.view(), &four).mask(&prefix);
    let of_layer = layer.attention_weights(input).expect("four rows");
    let decoder = Decoder::new(vec![layer], None);
    let trace = decoder.trace(input, &mut Scratch::new()).expect("four rows");
    let tried = [
        ("by_a_layer", answer.by_a_layer, &of_layer[0]),
        ("by_a_decoder", answer.by_a_decoder, &trace.attentions[0][0]),
    ];
    for (name, answer, weights) in tried {
        for (query, row) in answer.iter().enumerate() {
            for (key, &seen) in row.iter().enumerate() {
                let verb = if seen { "sees" } else { "does not see" };
                assert!(
                    seen == (weights[[0, query, key]] > 0.0),
                    "`{name}`: you say that row {query} {verb} row {key} (counted from 0); it is otherwise"
                );
            }
        }
    }
}

/// See [`bytes_of_beams`].
const WHAT_IS_SHARED_COUNTS_ONCE: Law = Law {
    name: "keys and values take so many bytes",
    statement: "your bytes = KvCache::bytes",
    tolerance: "none: bytes are counted",
};

fn bytes_of_beams(answer: fn(usize, usize, usize, Sizes) -> usize) {
    let cases = (1_usize..3, 0_usize..3, 1_usize..4, (1_usize..3, 1_usize..3, 1_usize..3));
    WHAT_IS_SHARED_COUNTS_ONCE.hold_for(12, &told(cases), |Told((prompt, written, beams, sizes))| {
        let (prompt, written) = (128 * prompt, 128 * written);
        let sizes = Sizes { layers: sizes.0, key_heads: sizes.1, width: 16 * sizes.2 };
        let counted = count_bytes(prompt, written, beams, sizes).map_err(|e| e.to_string())?;
        match answer(prompt, written, beams, sizes) {
            bytes if bytes == counted => Ok(()),
            bytes => Err(format!(
                "words of the prompt: {prompt}, words written: {written}, beams: {beams}, {sizes:?}. You say {bytes} bytes, the cache holds {counted}"
            )),
        }
    });
}

fn count_bytes(
    prompt: usize,
    written: usize,
    beams: usize,
    sizes: Sizes,
) -> lt_core::Result<usize> {
    let layer = || -> lt_core::Result<DecoderLayer> {
        let (d, wide) = (1, sizes.key_heads * sizes.width);
        let projections = Projections {
            query: Linear::zeros(d, wide)?,
            key: Linear::zeros(d, wide)?,
            value: Linear::zeros(d, wide)?,
            output: Linear::zeros(wide, d)?,
        };
        let attention =
            MultiHeadAttention::new(projections, AttentionConfig::new(sizes.key_heads))?;
        let nothing =
            FeedForward::new(Linear::zeros(d, d)?, Activation::Relu, Linear::zeros(d, d)?)?;
        DecoderLayer::new(
            (attention, SublayerNorms::default()),
            (nothing, SublayerNorms::default()),
        )
    };
    let layers = (0..sizes.layers).map(|_| layer()).collect::<lt_core::Result<_>>()?;
    let decoder = Decoder::new(layers, None);
    let mut cache = decoder.cache(1);
    let read = |cache: &mut lt_decoder::KvCache, texts: usize, words: usize| {
        let (rows, batch) =
            (Array2::zeros((texts * words, 1)), Ragged::from_lengths(vec![words; texts]));
        decoder.forward(HiddenStates::new(rows.view(), &batch).with_cache(cache))
    };
    read(&mut cache, 1, prompt)?;
    cache.select(&vec![0; beams])?;
    read(&mut cache, beams, written)?;
    Ok(cache.bytes())
}

/// See [`attend_in_window`].
const PIECES_IN_A_WINDOW: Law = Law {
    name: "pieces in a window are the whole text under a mask",
    statement: "rows of each piece = rows of softmax(Q·Kᵀ / √d)·V under causal & window(w − 1, 0); at most w tokens are kept",
    tolerance: "1e-4",
};

type AttendInWindow = fn(
    &mut Kept,
    ArrayView2<'_, f32>,
    ArrayView2<'_, f32>,
    ArrayView2<'_, f32>,
    usize,
) -> Array2<f32>;

fn attend_in_window(answer: AttendInWindow) {
    let cases = (1_usize..5, vec(1_usize..5, 1..5), any::<u64>().no_shrink());
    PIECES_IN_A_WINDOW.hold(&cases, |(window, pieces, seed)| {
        let tokens: usize = pieces.iter().sum();
        let (query, key) = (sample::rows(tokens, 2, seed), sample::rows(tokens, 2, seed ^ 1));
        let (query, value) = (query * 3.0, sample::rows(tokens, 3, seed ^ 2));
        let (whole, mask) = (Ragged::single(tokens), Mask::causal() & Mask::window(window - 1, 0));
        let input = AttentionInput::new(query.view(), key.view(), value.view(), &whole).mask(&mask);
        let expected = ScaledDotProduct::new(1)
            .and_then(|layer| layer.forward(input))
            .map_err(|e| e.to_string())?;
        let (mut kept, mut got, mut from) = (Kept::default(), Array2::zeros((0, 3)), 0);
        for &piece in &pieces {
            let rows = s![from..from + piece, ..];
            let (query, key, value) = (query.slice(rows), key.slice(rows), value.slice(rows));
            let more = answer(&mut kept, query, key, value, window);
            if more.dim() != (piece, 3) {
                return Err(format!("{:?} for a piece of {piece} tokens", more.shape()));
            }
            let (keys, values) = (kept.keys.len(), kept.values.len());
            if keys.max(values) > window {
                return Err(format!("{keys} keys and {values} values are kept, of a window of {window}"));
            }
            got = concatenate![Axis(0), got, more];
            from += piece;
        }
        let wrong = |row: &usize| {
            !got.row(*row).iter().zip(expected.row(*row)).all(|(a, b)| (a - b).abs() <= 1e-4)
        };
        match (0..tokens).find(wrong) {
            None => Ok(()),
            Some(row) => {
                let (got, expected) = (got.row(row).to_vec(), expected.row(row).to_vec());
                Err(format!(
                    "with a window of {window}, read in pieces of {pieces:?}: token {row} (counted from 0) gets {got:?}, expected {expected:?}"
                ))
            }
        }
    });
}
