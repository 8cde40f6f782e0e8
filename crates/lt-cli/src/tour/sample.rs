//! A small made-up sentence and model, for the tests.

use ndarray::{Array2, Array3, array, s};

use super::attention::{Attention, Wanted};
use super::cache::{Cache, KeptByLayer, Step, Stop, Work};
use super::data::{Sizes, Tour};
use super::embeddings::{Build, Embeddings};
use super::heads::LayerView;
use super::layers::{Layers, Neighbour};
use super::next_token::{Candidate, Foretold, NextToken};
use super::outcome::{Comparison, Guess, Hidden, Mask, Outcome, SentenceVector};
use super::pieces::{Piece, Pieces};
use super::sight::Sight;
use super::spelling::Token;

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
            readable: None,
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

/// The same for pieces that look back, at most three places: what lies ahead, or farther back, goes
/// to themselves.
pub(crate) fn attentions_back() -> Vec<Array3<f32>> {
    let mut layers = attentions();
    for weights in &mut layers {
        for ((_, query, key), share) in weights.indexed_iter_mut() {
            if key > query || query - key > 3 {
                *share = 0.0;
            }
        }
        for mut rows in weights.outer_iter_mut() {
            for (row, mut shares) in rows.outer_iter_mut().enumerate() {
                let left = 1.0 - shares.sum();
                shares[row] += left;
            }
        }
    }
    layers
}

/// The layers as they let pieces look, with a head of keys for two of queries.
pub(crate) fn views(attentions: &[Array3<f32>], sight: Sight) -> Vec<LayerView<'_>> {
    let view = |weights| LayerView { weights, sight, key_heads: 1 };
    attentions.iter().map(view).collect()
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
    let all = Sight { causal: false, window: None };
    let attention = Attention::new(&pieces, &views(&attentions, all), Wanted::default());
    let layers = Layers::new(&pieces, &hidden);
    let parts = lt_model::EmbeddingParts {
        token: hidden[1].clone(),
        segment: Array2::from_elem((n, 3), 0.25),
        position: hidden[2].clone(),
        output: hidden[0].clone(),
    };
    let build = Build { scale: 1.0, normalised: true, rotary_theta: None };
    let embeddings = Embeddings::new(&parts, build, layers.followed.as_ref());
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
        cache: None,
    }
}

/// The tour of a model that goes on: its layers have a window, its vocabulary is spelt in bytes,
/// its positions are in attention.
pub(crate) fn written() -> Tour {
    let mut tour = tour();
    for piece in &mut tour.pieces.pieces {
        (piece.special, piece.unknown) = (false, false);
    }
    for (at, token, readable) in
        [(0, "<s>", None), (2, "äº", Some("京⟨E4BA⟩")), (3, "¬", Some("京⟨AC⟩")), (4, "Ġcan", None)]
    {
        let piece = &mut tour.pieces.pieces[at];
        (piece.token, piece.readable) = (token.to_owned(), readable.map(str::to_owned));
    }
    tour.pieces.pieces[0].special = true;
    for at in [2, 3] {
        let piece = &mut tour.pieces.pieces[at];
        (piece.text, piece.from, piece.to) = ("京".to_owned(), 3, 4);
    }
    let sight = Sight { causal: true, window: Some(3) };
    let back = attentions_back();
    let attention = Attention::new(&tour.pieces, &views(&back, sight), Wanted::default());
    tour.attention = attention.unwrap_or_else(|error| panic!("{error:?}"));
    tour.model.position_rows = None;
    tour.embeddings.segment.fill(0.0);
    tour.embeddings.build = Build { scale: 1.73, normalised: false, rotary_theta: Some(1e4) };
    tour.result = Outcome::NextToken(next_token());
    tour.cache = Some(cache());
    tour
}

fn candidate(token: &str, id: u32, probability: f32) -> Candidate {
    Candidate { token: Token { token: token.to_owned(), readable: None, id }, probability }
}

fn next_token() -> NextToken {
    let foretold = |at: usize, probability, rank| Foretold {
        at,
        token: pieces().pieces[at].token.clone(),
        id: pieces().pieces[at].id,
        probability,
        rank,
        expected: candidate("Ġcan", 5, probability.max(0.5)),
    };
    NextToken {
        next: vec![
            candidate("Ġtoday", 1, 0.625),
            candidate("", 99, 0.25),
            candidate("。", 2, 0.125),
        ],
        probabilities: vec![0.125; 8],
        foretold: vec![
            foretold(1, 0.25, 2),
            foretold(2, 0.0001, 1235),
            foretold(3, 1.0, 1),
            foretold(4, 0.5, 1),
            foretold(5, 0.125, 3),
            foretold(6, 0.125, 3),
        ],
        perplexity: Some(7.25),
    }
}

fn cache() -> Cache {
    let layer = |window| KeptByLayer { heads: 1, key: 3, value: 3, query_heads: 2, window };
    let step = |token: Option<&str>, kept: usize, keys: [u64; 2], times: u64| Step {
        token: token.map(|token| candidate(token, 1, 0.0).token),
        kept,
        bytes: kept * 48,
        memory: 12288,
        keys: keys.into(),
        with_cache: Work { tokens: 1, keys: keys[0] + keys[1], multiplications: 1000 },
        without_cache: Work { tokens: kept, keys: 100, multiplications: times * 1000 },
        same_bits: true,
        next: candidate("Ġtoday", 1, 0.625),
    };
    Cache {
        layers: vec![layer(None), layer(Some(3))],
        bytes_per_token: 48,
        steps: vec![step(None, 7, [28, 22], 1), step(Some("Ġtoday"), 8, [8, 4], 8)],
        end: Stop::ContextFull,
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
