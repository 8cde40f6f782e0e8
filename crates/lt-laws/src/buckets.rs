//! Laws of buckets of distances: near ones are told apart, far ones share a bucket.
//!
//! The closure takes a distance, the place of the key minus that of the query, and returns its
//! bucket. `count` is how many buckets there are, half of them for either side; from the distance
//! `farthest` on, all are in the last.

use proptest::prelude::*;

use crate::Law;

/// The laws of this module.
pub const LAWS: [&Law; 4] = [
    &FARTHER_IS_NO_LOWER,
    &NEAR_DISTANCES_ARE_TOLD_APART,
    &SIDES_ARE_TOLD_APART,
    &THE_FARTHEST_SHARE_THE_LAST,
];

/// All laws of this module.
///
/// # Panics
/// If one of them is broken.
#[track_caller]
pub fn all(count: usize, farthest: usize, bucket: impl Fn(isize) -> usize) {
    farther_is_no_lower(farthest, &bucket);
    near_distances_are_told_apart(count, &bucket);
    sides_are_told_apart(count, farthest, &bucket);
    the_farthest_share_the_last(count, farthest, &bucket);
}

/// See [`farther_is_no_lower`].
pub const FARTHER_IS_NO_LOWER: Law = Law {
    name: "a farther distance is in no lower bucket",
    statement: "|a| ≤ |b|, a and b on one side ⇒ bucket(a) ≤ bucket(b)",
    tolerance: "none: buckets are whole numbers",
};

/// On either side, buckets grow with the distance, or stay.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn farther_is_no_lower(farthest: usize, bucket: impl Fn(isize) -> usize) {
    let cases = (side(), 1..=2 * farthest, 1..=2 * farthest);
    FARTHER_IS_NO_LOWER.hold(&cases, |(side, a, b)| {
        let (near, far) = (side * a.min(b) as isize, side * a.max(b) as isize);
        let (low, high) = (bucket(near), bucket(far));
        if low <= high {
            return Ok(());
        }
        Err(format!("{near} is in bucket {low}, {far} in {high}"))
    });
}

/// See [`near_distances_are_told_apart`].
pub const NEAR_DISTANCES_ARE_TOLD_APART: Law = Law {
    name: "near distances are told apart",
    statement: "|a|, |b| < count/4, a ≠ b ⇒ bucket(a) ≠ bucket(b)",
    tolerance: "none: buckets are whole numbers",
};

/// Distances below a quarter of the buckets have one each.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn near_distances_are_told_apart(count: usize, bucket: impl Fn(isize) -> usize) {
    let most = (count / 4).saturating_sub(1) as isize;
    NEAR_DISTANCES_ARE_TOLD_APART.hold(&(-most..=most, -most..=most), |(a, b)| {
        if a == b || bucket(a) != bucket(b) {
            return Ok(());
        }
        Err(format!("{a} and {b} are both in bucket {}", bucket(a)))
    });
}

/// See [`sides_are_told_apart`].
pub const SIDES_ARE_TOLD_APART: Law = Law {
    name: "before and behind are told apart",
    statement: "a < 0 < b ⇒ bucket(a) ≠ bucket(b)",
    tolerance: "none: buckets are whole numbers",
};

/// No key before the query shares a bucket with one behind it, and no bucket is beyond the count.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn sides_are_told_apart(count: usize, farthest: usize, bucket: impl Fn(isize) -> usize) {
    let distance = || 1..=2 * farthest as isize;
    SIDES_ARE_TOLD_APART.hold(&(distance(), distance()), |(before, behind)| {
        let (before, behind) = (bucket(-before), bucket(behind));
        if before != behind && before.max(behind) < count {
            return Ok(());
        }
        Err(format!("buckets {before} and {behind} of {count}"))
    });
}

/// See [`the_farthest_share_the_last`].
pub const THE_FARTHEST_SHARE_THE_LAST: Law = Law {
    name: "the farthest share the last bucket",
    statement: "|a|, |b| ≥ farthest on one side ⇒ bucket(a) = bucket(b), and no other is higher",
    tolerance: "none: buckets are whole numbers",
};

/// From the farthest distance on, all are in one bucket, the highest of its side; one more
/// parameter for each longer text would have none to learn from.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn the_farthest_share_the_last(count: usize, farthest: usize, bucket: impl Fn(isize) -> usize) {
    let cases = (side(), 0..=farthest, 0..=farthest);
    THE_FARTHEST_SHARE_THE_LAST.hold(&cases, |(side, a, b)| {
        let [far, farther] = [a, b].map(|more| bucket(side * (farthest + more) as isize));
        let last = if side < 0 { count / 2 } else { count }.saturating_sub(1);
        if far == farther && far == last {
            return Ok(());
        }
        Err(format!("buckets {far} and {farther}, expected {last}"))
    });
}

/// −1, before the query, or 1, behind it.
fn side() -> impl Strategy<Value = isize> {
    prop::sample::select(vec![-1, 1])
}
