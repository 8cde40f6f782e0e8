//! The embeddings under their laws, and what they refuse.

#![allow(clippy::unwrap_used)] // what fails here is the test

#[path = "laws/relative.rs"]
mod relative;
#[path = "laws/rotary.rs"]
mod rotary;
#[path = "laws/scaling.rs"]
mod scaling;

use lt_core::{Error, Module, Ragged, Weight};
use lt_embedding::{
    Embedding, PositionIds, Positions, TextEmbeddings, TokenIds, lt_core, sinusoidal_table,
};
use lt_laws::sample::{filled, weight};
use lt_laws::{limits, same_bits};
use lt_layers::{Dropout, LayerNorm};

const WORDS: usize = 11;
const POSITIONS: usize = 9;
const D: usize = 6;

fn table(rows: usize, seed: u64) -> Embedding {
    Embedding::new(weight(&[rows, D], seed)).unwrap()
}

fn embeddings(numbering: PositionIds) -> TextEmbeddings {
    let position = Positions::new(table(POSITIONS, 3), numbering).unwrap();
    let norm = filled(LayerNorm::zeros(D, 1e-5).unwrap(), 4);
    let dropout = Dropout::new(0.1).unwrap();
    TextEmbeddings::new(table(WORDS, 1), Some(table(2, 2)), position, norm, dropout).unwrap()
}

#[test]
fn the_same_ids_have_the_same_bits_on_every_path() {
    let layer = embeddings(PositionIds::FromZero);
    same_bits::same_ids_same_bits(
        WORDS as u32,
        POSITIONS,
        |ids, batch| layer.forward(TokenIds::new(ids, batch)),
        |ids, batch, scratch| layer.forward_in(TokenIds::new(ids, batch), scratch),
    );
}

#[test]
fn ids_beyond_a_table_are_refused() {
    let layer = embeddings(PositionIds::FromZero);
    limits::unknown_ids_are_refused(WORDS as u32, |ids| {
        layer.forward(TokenIds::new(ids, &Ragged::single(ids.len())))
    });
    limits::unknown_ids_are_refused(2, |segments| {
        let (ids, batch) = (vec![0; segments.len()], Ragged::single(segments.len()));
        layer.forward(TokenIds::new(&ids, &batch).segments(segments))
    });
    limits::unknown_ids_are_refused(WORDS as u32, |ids| layer.token().forward(ids));
}

/// D7: the course's code had no such check.
#[test]
fn sequences_longer_than_the_positions_are_refused() {
    for (numbering, limit) in
        [(PositionIds::FromZero, POSITIONS), (PositionIds::AfterPadding(1), POSITIONS - 2)]
    {
        let layer = embeddings(numbering);
        assert_eq!(layer.limit(), Some(limit));
        limits::too_long_is_refused(limit, |batch| {
            layer.forward(TokenIds::new(&vec![5; batch.tokens()], batch))
        });
    }
}

#[test]
fn the_parts_add_up_to_the_output() {
    let layer = embeddings(PositionIds::FromZero);
    let (ids, batch) = Ragged::concatenate(&[vec![3_u32, 4], vec![3, 9, 0]]);
    let segments = [0, 1, 1, 0, 1];
    let parts = layer.parts(TokenIds::new(&ids, &batch).segments(&segments)).unwrap();
    let tables =
        [layer.token().weight().matrix(), layer.position().unwrap().table().weight().matrix()];
    assert_eq!(parts.token.row(3), tables[0].row(9));
    assert_eq!(parts.segment.row(1), layer.segment().unwrap().weight().matrix().row(1));
    assert_eq!(parts.position.row(2), tables[1].row(0)); // the second sequence begins anew
    assert_eq!(parts.position.row(4), tables[1].row(2));
    let sum = &parts.token + &parts.segment + &parts.position;
    assert_eq!(parts.output, layer.norm().unwrap().forward(sum.view()).unwrap());
}

#[test]
fn without_segments_all_tokens_are_of_the_first() {
    let layer = embeddings(PositionIds::FromZero);
    let (ids, batch) = Ragged::concatenate(&[vec![3_u32, 4, 5]]);
    let plain = TokenIds::new(&ids, &batch);
    let first = layer.forward(plain.segments(&[0, 0, 0])).unwrap();
    assert_eq!(layer.forward(plain).unwrap(), first);
    assert_ne!(layer.forward(plain.segments(&[0, 1, 0])).unwrap(), first);
}

#[test]
fn a_family_without_segments_refuses_them() {
    let position = Positions::new(table(POSITIONS, 3), PositionIds::FromZero).unwrap();
    let norm = filled(LayerNorm::zeros(D, 1e-5).unwrap(), 4);
    let layer =
        TextEmbeddings::new(table(WORDS, 1), None, position, norm, Dropout::default()).unwrap();
    let batch = Ragged::single(1);
    let input = TokenIds::new(&[3], &batch);
    assert_eq!(layer.parts(input).unwrap().segment, ndarray::Array2::<f32>::zeros((1, D)));
    let refused = layer.forward(input.segments(&[0])).unwrap_err().to_string();
    assert_eq!(refused, "`TextEmbeddings::forward`: expected [no segments], got [1]");
}

/// ModernBERT: positions come in with attention, and there is no limit here.
#[test]
fn a_family_without_positions_takes_a_text_of_any_length() {
    let norm = filled(LayerNorm::zeros(D, 1e-5).unwrap(), 4);
    let layer = TextEmbeddings::new(table(WORDS, 1), None, None, norm, Dropout::default()).unwrap();
    assert_eq!(layer.limit(), None);
    let ids = vec![3_u32; 500];
    let batch = Ragged::from_lengths([400, 100]);
    let parts = layer.parts(TokenIds::new(&ids, &batch)).unwrap();
    assert_eq!(parts.output, layer.norm().unwrap().forward(parts.token.view()).unwrap());
    assert_eq!(parts.position, ndarray::Array2::<f32>::zeros((500, D)));
}

#[test]
fn ids_segments_and_sequences_must_be_equally_long() {
    let layer = embeddings(PositionIds::FromZero);
    let batch = Ragged::from_lengths([2, 1]);
    let refused = |input| matches!(layer.forward(input), Err(Error::Shape { .. }));
    assert!(refused(TokenIds::new(&[1, 2], &batch)));
    assert!(refused(TokenIds::new(&[1, 2, 3], &batch).segments(&[0, 0])));
    assert!(!refused(TokenIds::new(&[1, 2, 3], &batch).segments(&[0, 0, 0])));
}

#[test]
fn tables_of_different_widths_are_refused() {
    let narrow = |rows| Embedding::new(weight(&[rows, D - 1], 1)).unwrap();
    let position = |table| Positions::new(table, PositionIds::FromZero).unwrap();
    let norm = |d| LayerNorm::zeros(d, 1e-5).unwrap();
    let new = |segment, place, norm| {
        TextEmbeddings::new(
            table(WORDS, 1),
            Some(segment),
            position(place),
            norm,
            Dropout::default(),
        )
    };
    assert!(new(table(2, 2), table(9, 3), norm(D)).is_ok());
    assert!(new(narrow(2), table(9, 3), norm(D)).is_err());
    assert!(new(table(2, 2), narrow(9), norm(D)).is_err());
    assert!(new(table(2, 2), table(9, 3), norm(D - 1)).is_err());
    for shape in [&[3][..], &[0, 3], &[3, 0], &[2, 2, 2]] {
        assert!(Embedding::new(Weight::zeros(shape)).is_err(), "{shape:?}");
    }
}

#[test]
fn positions_after_padding_leave_padding_out_of_the_count() {
    let positions = Positions::new(table(POSITIONS, 3), PositionIds::AfterPadding(1)).unwrap();
    assert_eq!(positions.numbers(&[5, 1, 6, 7], 0).collect::<Vec<_>>(), [2, 1, 3, 4]);
    let from_zero = Positions::new(table(POSITIONS, 3), PositionIds::FromZero).unwrap();
    assert_eq!(from_zero.numbers(&[5, 1, 6, 7], 0).collect::<Vec<_>>(), [0, 1, 2, 3]);
    // A padding id that leaves no row for text.
    for padding in [POSITIONS as u32 - 1, u32::MAX] {
        assert!(Positions::new(table(POSITIONS, 3), PositionIds::AfterPadding(padding)).is_err());
    }
}

#[test]
fn the_stored_table_wins_over_the_computed_one() {
    let stored = table(4, 7);
    let make =
        |stored| Positions::stored_or_sinusoidal(stored, 4, D, PositionIds::FromZero).unwrap();
    assert_eq!(make(Some(stored.clone())).table(), &stored);
    assert_eq!(make(None).table().weight(), &sinusoidal_table(4, D).unwrap());
}

#[test]
fn the_sines_are_those_of_the_paper() {
    let (positions, d) = (600, 10);
    let table = sinusoidal_table(positions, d).unwrap();
    for ((p, column), &got) in table.matrix().indexed_iter() {
        let angle = p as f64 / 10_000_f64.powf((column / 2 * 2) as f64 / d as f64);
        let expected = if column % 2 == 0 { angle.sin() } else { angle.cos() };
        assert!((f64::from(got) - expected).abs() < 1e-7, "[{p}, {column}]: {got}, {expected}");
    }
}

/// The pair at p + n is the pair at p, turned by n / 10000^(2i/d), whatever p is.
#[test]
fn a_shift_of_the_position_is_a_rotation() {
    let (positions, d) = (600, 10);
    let table = sinusoidal_table(positions, d).unwrap();
    let pair = |p: usize, i: usize| {
        let row = table.matrix();
        (f64::from(row[[p, 2 * i]]), f64::from(row[[p, 2 * i + 1]]))
    };
    for (n, i) in [1, 7, 90].into_iter().flat_map(|n| (0..d / 2).map(move |i| (n, i))) {
        let angle = n as f64 / 10_000_f64.powf((2 * i) as f64 / d as f64);
        for p in 0..positions - n {
            let ((sin, cos), (shifted_sin, shifted_cos)) = (pair(p, i), pair(p + n, i));
            let turned = sin * angle.cos() + cos * angle.sin();
            assert!((turned - shifted_sin).abs() < 3e-7, "{p} + {n}, pair {i}");
            let turned = cos * angle.cos() - sin * angle.sin();
            assert!((turned - shifted_cos).abs() < 3e-7, "{p} + {n}, pair {i}");
        }
    }
}

#[test]
fn a_table_of_sines_that_no_memory_holds_is_refused_at_once() {
    for (positions, d) in [(usize::MAX, 2), (1 << 20, 1 << 20), (0, 4), (4, 0)] {
        assert!(sinusoidal_table(positions, d).is_err(), "{positions} × {d}");
    }
}

/// Without a norm, as GPT-2; scaled, as Gemma; and both with a text that comes in parts.
#[test]
fn a_part_of_a_text_is_embedded_as_in_the_whole() {
    let table = |rows, seed| Embedding::new(weight(&[rows, D], seed)).unwrap();
    let positions = || Positions::new(table(POSITIONS, 2), PositionIds::FromZero).unwrap();
    for (positions, scale) in [(Some(positions()), 1.0), (None, 2.5), (Some(positions()), 2.5)] {
        let none = Dropout::default();
        let layer = TextEmbeddings::new(table(WORDS, 1), None, positions, None, none).unwrap();
        let layer = layer.with_scale(scale);
        let (ids, batch) = Ragged::concatenate(&[vec![1, 4, 2, 9], vec![3, 5]]);
        let input = TokenIds::new(&ids, &batch);
        let (whole, parts) = (layer.forward(input).unwrap(), layer.parts(input).unwrap());
        assert_eq!(whole, &parts.token + &parts.position);
        let row = |token: usize| &layer.token().weight().matrix().row(ids[token] as usize) * scale;
        assert_eq!(parts.token.row(1), row(1));

        let (rest, last) = ([2, 9, 5], Ragged::from_lengths([2, 1]));
        let after = layer.forward(TokenIds::new(&rest, &last).before(&[2, 1])).unwrap();
        assert_eq!(after.row(0), whole.row(2));
        assert_eq!(after.row(1), whole.row(3));
        assert_eq!(after.row(2), whole.row(5));
        let (one, single) = ([7], Ragged::single(1));
        let end = layer.forward(TokenIds::new(&one, &single).before(&[POSITIONS]));
        match layer.limit() {
            Some(limit) => {
                let (at, sequence, length) = ("TextEmbeddings::forward", 0, POSITIONS + 1);
                assert_eq!(end.unwrap_err(), Error::TooLong { at, sequence, length, limit });
            }
            None => assert!(end.is_ok()),
        }
        assert!(layer.forward(TokenIds::new(&one, &single).before(&[0, 0])).is_err());
    }
}
