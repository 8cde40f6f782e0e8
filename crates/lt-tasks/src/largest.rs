//! The largest of many scores.

use std::cmp::Ordering;

/// The order in which scores are shown: the largest first, of equal ones the one that was there
/// first.
pub(crate) fn largest_first(a: &(usize, f32), b: &(usize, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

/// Keeps the largest of these scores with their numbers, in the order of [`largest_first`].
pub(crate) fn keep_largest(scores: &mut Vec<(usize, f32)>, top: usize) {
    if top < scores.len() {
        // There may be many and few are wanted: those are put in front, and sorted alone.
        scores.select_nth_unstable_by(top, largest_first);
        scores.truncate(top);
    }
    scores.sort_unstable_by(largest_first);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn largest(scores: &[f32], top: usize) -> Vec<(usize, f32)> {
        let mut scores = scores.iter().copied().enumerate().collect();
        keep_largest(&mut scores, top);
        scores
    }

    #[test]
    fn the_largest_come_first_and_ties_go_to_the_lowest_number() {
        let scores = [0.2, 0.1, 0.3, 0.2, 0.2];
        assert_eq!(largest(&scores, 3), [(2, 0.3), (0, 0.2), (3, 0.2)]);
        assert_eq!(largest(&scores, 0), []);
        assert_eq!(largest(&scores, 99).len(), 5);
        assert_eq!(largest(&scores, 99)[4], (1, 0.1));
    }
}
