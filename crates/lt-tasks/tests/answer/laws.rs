//! What holds of the answers to any question.

use lt_tasks::answer::{SpanScore, best_spans};
use proptest::prelude::*;

/// A probability for each of some tokens, often equal ones.
fn probabilities() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
    let number = || (0_u8..=8).prop_map(|n| f32::from(n) / 8.0);
    (0_usize..14).prop_flat_map(move |n| {
        (proptest::collection::vec(number(), n), proptest::collection::vec(number(), n))
    })
}

/// Every piece, as the definition says.
fn brute_force(start: &[f32], end: &[f32], longest: usize) -> Vec<(usize, usize, f32)> {
    let mut all = Vec::new();
    for (i, begins) in start.iter().enumerate() {
        for (j, ends) in end.iter().enumerate().skip(i) {
            if j - i < longest {
                all.push((i, j + 1, begins * ends));
            }
        }
    }
    // They lie in the order of ties already.
    all.sort_by(|a, b| b.2.total_cmp(&a.2));
    all
}

fn plain(spans: &[SpanScore]) -> Vec<(usize, usize, f32)> {
    spans.iter().map(|span| (span.tokens.start, span.tokens.end, span.score)).collect()
}

proptest! {
    #[test]
    fn the_best_pieces_are_those_of_all_pieces(
        (start, end) in probabilities(), top in 0_usize..120, longest in 0_usize..16
    ) {
        let found = best_spans(&start, &end, top, longest).unwrap();
        let mut expected = brute_force(&start, &end, longest);
        expected.truncate(top);
        prop_assert_eq!(plain(&found), expected);
    }

    #[test]
    fn a_longer_list_begins_with_the_shorter_one((start, end) in probabilities(), top in 0_usize..9) {
        let short = best_spans(&start, &end, top, 5).unwrap();
        let long = best_spans(&start, &end, top + 3, 5).unwrap();
        prop_assert_eq!(&long[..short.len()], short);
    }

    #[test]
    fn scores_are_probabilities_and_sorted((start, end) in probabilities()) {
        let found = best_spans(&start, &end, 50, 15).unwrap();
        prop_assert!(found.iter().all(|span| (0.0..=1.0).contains(&span.score)));
        prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
    }
}
