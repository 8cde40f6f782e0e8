//! Masks: what each rule allows, and that the range of keys says the same.

use lt_core::{Error, Keys, Mask, Place, Ragged};
use lt_laws::strategies::{masks, ragged};
use ndarray::{Array2, array};
use proptest::prelude::*;

/// The keys of sequence 0 that a query of it may look at.
fn looks_at(mask: &Mask, query: usize, keys: usize) -> Vec<usize> {
    (0..keys).filter(|&key| mask.allows(Place { sequence: 0, query, key })).collect()
}

#[test]
fn each_rule_allows_what_it_says() {
    assert_eq!(looks_at(&Mask::all(), 2, 5), [0, 1, 2, 3, 4]);
    assert_eq!(looks_at(&Mask::causal(), 2, 5), [0, 1, 2]);
    assert_eq!(looks_at(&Mask::window(1, 2), 2, 6), [1, 2, 3, 4]);
    assert_eq!(looks_at(&Mask::window(0, 0), 2, 6), [2]);
    assert_eq!(looks_at(&Mask::prefix([3]), 1, 5), [0, 1, 2]);
    assert_eq!(looks_at(&Mask::prefix([3]), 3, 5), [0, 1, 2, 3]);
    assert_eq!(looks_at(&Mask::table(vec![array![[true, false, true]]]), 0, 3), [0, 2]);
    assert_eq!(looks_at(&Mask::custom(|place| place.key == 4), 0, 5), [4]);
    assert_eq!(looks_at(&(Mask::causal() & Mask::window(1, 1)), 2, 5), [1, 2]);
}

#[test]
fn a_window_without_end_is_no_window() {
    assert_eq!(looks_at(&Mask::window(usize::MAX, usize::MAX), 2, 4), [0, 1, 2, 3]);
    let keys = Mask::window(usize::MAX, usize::MAX).keys(0, 2, 4);
    assert_eq!(keys, Keys { range: 0..4, all: true });
}

#[test]
fn a_place_outside_a_table_is_not_allowed() {
    let mask = Mask::table(vec![array![[true]]]);
    let allows = |sequence, query, key| mask.allows(Place { sequence, query, key });
    assert!(allows(0, 0, 0));
    assert!(!allows(1, 0, 0) && !allows(0, 1, 0) && !allows(0, 0, 1));
}

#[test]
fn a_rule_by_position_needs_no_question_for_each_key() {
    assert_eq!(Mask::causal().keys(0, 2, 9), Keys { range: 0..3, all: true });
    assert_eq!(Mask::window(1, 1).keys(0, 5, 9), Keys { range: 4..7, all: true });
    assert_eq!(Mask::window(9, 9).keys(0, 5, 7), Keys { range: 0..7, all: true });
    assert_eq!(Mask::prefix([4, 2]).keys(1, 0, 9), Keys { range: 0..2, all: true });
    assert_eq!(Mask::prefix([4]).keys(0, 6, 9), Keys { range: 0..7, all: true });
    assert_eq!(Mask::custom(|_| true).keys(0, 1, 3), Keys { range: 0..3, all: false });
    // Behind the last key: nothing, not a range that ends before it begins.
    assert_eq!(Mask::window(0, 0).keys(0, 5, 3).range.len(), 0);
}

#[test]
fn a_mask_of_another_batch_is_refused() {
    let (two, one) = (Ragged::from_lengths([2, 3]), Ragged::single(2));
    let table = |rows, columns| Array2::from_elem((rows, columns), true);
    let refused = |mask: &Mask| matches!(mask.check("here", &two, &two), Err(Error::Config { .. }));
    assert!(!refused(&Mask::prefix([1, 1])));
    assert!(refused(&Mask::prefix([1])));
    assert!(refused(&(Mask::causal() & Mask::prefix([1, 1, 1]))));
    assert!(!refused(&Mask::table(vec![table(2, 2), table(3, 3)])));
    assert!(refused(&Mask::table(vec![table(2, 2)])));
    assert!(refused(&Mask::table(vec![table(2, 2), table(3, 2)])));
    assert!(refused(&Mask::table(vec![table(3, 2), table(3, 3)])));
    let message = Mask::table(vec![table(2, 2), table(3, 2)]).check("here", &two, &two);
    assert_eq!(
        message.unwrap_err().to_string(),
        "`here`: mask is [3, 2] for sequence 1, expected [3, 3]"
    );
    let message = Mask::prefix([1]).check("here", &two, &two).unwrap_err().to_string();
    assert_eq!(
        message,
        "`here`: mask is for 1 sequences, expected a length for each of the 2 sequences"
    );
    for any_batch in [Mask::all(), Mask::causal(), Mask::window(1, 1), Mask::custom(|_| false)] {
        assert!(any_batch.check("here", &one, &two).is_ok());
    }
}

#[test]
fn a_mask_prints_its_rules() {
    let mask = Mask::causal() & Mask::window(1, 2) & Mask::prefix([3]) & Mask::custom(|_| true);
    assert_eq!(format!("{mask:?}"), "Mask(causal & window(1, 2) & prefix([3]) & custom)");
    assert_eq!(format!("{:?}", Mask::table(vec![])), "Mask(table)");
    assert_eq!(format!("{:?}", Mask::default()), "Mask(all)");
}

proptest! {
    #[test]
    fn the_range_of_keys_says_what_the_rules_allow(
        batch in ragged(),
        masks in masks(),
    ) {
        let mask = masks.of(&batch, &batch);
        for (sequence, rows) in batch.ranges().enumerate() {
            for query in 0..rows.len() {
                let Keys { range, all } = mask.keys(sequence, query, rows.len());
                for key in 0..rows.len() {
                    let allowed = mask.allows(Place { sequence, query, key });
                    prop_assert!(range.contains(&key) || !allowed);
                    prop_assert!(!(range.contains(&key) && all) || allowed);
                }
            }
        }
    }
}
