//! Batches laid end to end, and the border to padded ones.

use lt_core::{Error, Ragged};
use ndarray::{Array2, array};
use proptest::prelude::*;

#[test]
fn a_batch_knows_its_sequences() {
    let batch = Ragged::from_lengths([2, 0, 3]);
    assert_eq!((batch.len(), batch.tokens(), batch.longest()), (3, 5, 3));
    assert_eq!(batch.ranges().collect::<Vec<_>>(), [0..2, 2..2, 2..5]);
    assert_eq!(batch.ranges().len(), 3);
    assert!(!batch.is_empty());
    assert_eq!(Ragged::single(4).offsets(), [0, 4]);
}

#[test]
fn a_batch_without_sequences_is_empty() {
    let batch = Ragged::from_lengths([]);
    assert!(batch.is_empty());
    assert_eq!((batch.len(), batch.tokens(), batch.longest()), (0, 0, 0));
}

#[test]
fn rows_that_are_not_one_per_token_are_refused() {
    let batch = Ragged::from_lengths([2, 1]);
    assert!(batch.check("here", 3).is_ok());
    let refused = batch.check("here", 4).unwrap_err().to_string();
    assert_eq!(refused, "`here`: expected [3, d], got [4, d]");
    assert!(batch.to_padded(Array2::zeros((2, 1)).view(), 0.0).is_err());
}

#[test]
fn padding_on_either_side_is_dropped() {
    let ids = array![[9, 7, 8], [5, 9, 9], [9, 9, 9]];
    let mask = array![[0_u8, 1, 1], [1, 0, 0], [0, 0, 0]];
    let (ids, batch) = Ragged::from_padded(ids.view(), mask.view()).unwrap();
    assert_eq!(ids, [7, 8, 5]);
    assert_eq!(batch.offsets(), [0, 2, 3, 3]);
}

#[test]
fn a_mask_with_a_gap_is_refused() {
    let ids = array![[1, 2, 3], [1, 2, 3]];
    let refused = Ragged::from_padded(ids.view(), array![[1, 1, 1], [1, 0, 1]].view());
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("a gap in row 1"), "{message}");
}

#[test]
fn a_mask_of_other_numbers_is_refused() {
    let ids = array![[1, 2]];
    let message = Ragged::from_padded(ids.view(), array![[1, 2]].view()).unwrap_err().to_string();
    assert!(message.contains("attention_mask is 2 in row 0"), "{message}");
}

/// D3: a mask of another shape was broadcast.
#[test]
fn a_mask_of_another_shape_is_refused() {
    let ids = array![[1, 2], [3, 4]];
    for mask in [array![[1, 1]], array![[1], [1]]] {
        let refused = Ragged::from_padded(ids.view(), mask.view());
        assert!(matches!(refused, Err(Error::Shape { .. })), "{mask:?}");
    }
}

#[test]
fn what_is_past_the_end_of_a_sequence_is_filled() {
    let batch = Ragged::from_lengths([1, 2]);
    let rows = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let padded = batch.to_padded(rows.view(), -1.0).unwrap();
    assert_eq!(padded, array![[[1.0, 2.0], [-1.0, -1.0]], [[3.0, 4.0], [5.0, 6.0]]]);
}

proptest! {
    #[test]
    fn padding_and_dropping_it_gives_back_the_batch(
        sequences in proptest::collection::vec(proptest::collection::vec(0_u16..999, 0..6), 0..5),
        before in any::<bool>(),
    ) {
        let longest = sequences.iter().map(Vec::len).max().unwrap_or(0);
        let shape = (sequences.len(), longest);
        let (mut ids, mut mask) = (Array2::zeros(shape), Array2::zeros(shape));
        for (row, sequence) in sequences.iter().enumerate() {
            let start = if before { longest - sequence.len() } else { 0 };
            for (i, &id) in sequence.iter().enumerate() {
                ids[[row, start + i]] = id;
                mask[[row, start + i]] = 1;
            }
        }
        let (rows, batch) = Ragged::concatenate(&sequences);
        prop_assert_eq!(Ragged::from_padded(ids.view(), mask.view()), Ok((rows, batch)));
    }
}
