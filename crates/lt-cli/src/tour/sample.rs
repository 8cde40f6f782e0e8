//! A small made-up sentence and model, for the tests.

use ndarray::{Array2, Array3, array, s};

use super::attention::{Attention, Wanted};
use super::data::{Sizes, Tour};
use super::embeddings::Embeddings;
use super::layers::{Layers, Neighbour};
use super::outcome::{Comparison, Guess, Hidden, Mask, Outcome, SentenceVector};
use super::pieces::{Piece, Pieces};

/// `[CLS] can 京 ##é can [UNK] [SEP]`: a word twice, Chinese, a combining mark, an emoji.
pub(crate) fn pieces() -> Pieces {
    let texts = ["", "Can", "京", "e\u{301}", "can", "👍", ""];
    let tokens = ["[CLS]", "can", "京", "##e\u{301}", "can", "[UNK]", "[SEP]"];
    let words = [None, Some(0), Some(1), Some(1), Some(2), Some(3), None];
    let mut from = 0;
    let piece = |at: usize| {
        let to = from + texts[at].chars().count();
        let piece = Piece {
            token: tokens[at].to_owned(),
            id: [101, 5, 6, 7, 5, 100, 102][at],
            text: texts[at].to_owned(),
            from,
            to,
            special: texts[at].is_empty(),
            unknown: tokens[at] == "[UNK]",
            word: words[at],
        };
        from = to;
        piece
    };
    let pieces: Vec<Piece> = (0..texts.len()).map(piece).collect();
    Pieces { pieces, characters: 10, truncated: 0, limit: 16 }
}

/// Two layers of two heads: layer 0 looks evenly, and at the piece before; layer 1 at the piece
/// after with half its attention, and at `[CLS]` alone.
pub(crate) fn attentions() -> Vec<Array3<f32>> {
    let n = pieces().len();
    let mut layers = vec![Array3::zeros((2, n, n)), Array3::zeros((2, n, n))];
    layers[0].slice_mut(s![0, .., ..]).fill(1.0 / n as f32);
    for row in 0..n {
        layers[0][[1, row, row.saturating_sub(1)]] = 1.0;
        layers[1][[0, row, (row + 1).min(n - 1)]] += 0.5;
        layers[1][[0, row, 0]] += 0.5;
        layers[1][[1, row, 0]] = 1.0;
    }
    layers
}

/// What the embeddings and two layers give: the two `can` start alike and drift apart.
pub(crate) fn hidden() -> Vec<Array2<f32>> {
    let start = array![
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.1],
        [0.5, 0.5, 0.0],
        [0.0, 0.1, 1.0],
        [0.0, 1.0, 0.0],
        [0.3, 0.0, 0.9],
        [-1.0, 0.0, 0.0]
    ];
    let mut middle = start.clone();
    middle[[4, 0]] = 1.0;
    let mut last = middle.clone();
    last[[4, 1]] = 0.0;
    vec![start, middle, last]
}

pub(crate) fn tour() -> Tour {
    let (pieces, attentions, hidden) = (pieces(), attentions(), hidden());
    let n = pieces.len();
    let weights: Vec<&Array3<f32>> = attentions.iter().collect();
    let attention = Attention::new(&pieces, &weights, Wanted::default());
    let layers = Layers::new(&pieces, &hidden);
    let parts = lt_model::EmbeddingParts {
        token: hidden[1].clone(),
        segment: Array2::from_elem((n, 3), 0.25),
        position: hidden[2].clone(),
        output: hidden[0].clone(),
    };
    let embeddings = Embeddings::new(&parts, layers.followed.as_ref());
    let comparison = |text: &str, reordered, cosine| Comparison {
        text: text.to_owned(),
        same_pieces: reordered,
        reordered,
        cosine,
    };
    let result = Outcome::SentenceVector(SentenceVector {
        pooling: vec!["mean"],
        normalized: true,
        length_before: 2.5,
        length: 1.0,
        vector: vec![0.6, -0.8, 0.0],
        comparisons: vec![
            comparison("👍 can 京e\u{301} Can", true, 0.75),
            comparison("A sentence that is much longer than a narrow terminal.", false, -0.1),
        ],
        nearest_pieces: vec![Neighbour { token: "京".to_owned(), at: 2, cosine: 0.9 }],
    });
    Tour {
        text: "Can京e\u{301} can👍".to_owned(),
        prepared: None,
        model: Sizes {
            vocabulary: 103,
            positions: 16,
            position_rows: Some(16),
            layers: 2,
            heads: 2,
            width: 3,
            embedding_width: 3,
        },
        pieces,
        embeddings,
        attention: attention.unwrap_or_else(|error| panic!("{error:?}")),
        layers,
        result,
    }
}

/// What a tour with a masked-LM ends in.
pub(crate) fn masked() -> Outcome {
    let guess = |token: &str, score| Guess { token: token.to_owned(), id: 1, score };
    Outcome::MaskedWords {
        masks: vec![Mask {
            text: "[MASK]京e\u{301} can👍".to_owned(),
            hidden: Some(Hidden { token: "can".to_owned(), score: 0.25, likelier: 1 }),
            guesses: vec![guess("will", 0.5), guess("can", 0.25), guess("京", 0.125)],
        }],
    }
}
