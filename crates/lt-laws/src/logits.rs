//! Laws of what changes the scores of the next token before one is chosen: filters, temperature and
//! penalties.
//!
//! The closure takes one row of scores (logits) `[v]` and changes it. A token whose score is −∞ is
//! forbidden, before and afterwards. p is the softmax of the scores before.

use std::cmp::Ordering;

use proptest::prelude::*;
use proptest::sample::select;

use crate::rows::within;
use crate::strategies::{numbers, width};
use crate::{Law, Rows, Verdict};

/// The laws of this module.
pub const LAWS: [&Law; 8] = [
    &A_FILTER_FORBIDS_OR_LEAVES_ALONE,
    &THE_BETTER_STAY,
    &THE_K_BEST_ARE_LEFT,
    &THE_NUCLEUS_IS_LEFT,
    &NOTHING_FAR_BELOW_THE_BEST_IS_LEFT,
    &DIFFERENCES_ARE_DIVIDED,
    &A_LOW_TEMPERATURE_IS_GREEDY,
    &A_PENALTY_LOWERS_WHAT_WAS_WRITTEN,
];

/// See [`a_filter_forbids_or_leaves_alone`].
pub const A_FILTER_FORBIDS_OR_LEAVES_ALONE: Law = Law {
    name: "a filter forbids or leaves alone",
    statement: "yᵢ = xᵢ or yᵢ = −∞, so that the probabilities of what is left keep their ratios",
    tolerance: "none",
};

/// Each score is what it was, or −∞: afterwards the probabilities of what is left sum to one again
/// and have the ratios that they had.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_filter_forbids_or_leaves_alone(filter: impl Fn(&mut [f32])) {
    A_FILTER_FORBIDS_OR_LEAVES_ALONE.hold(&scores(), |scores| {
        let (before, after) = applied(&scores, &filter);
        let changed = |i: &usize| after[*i] != before[*i] && after[*i] != f32::NEG_INFINITY;
        match (0..before.len()).find(changed) {
            None => Ok(()),
            Some(i) => Err(format!("score {i} became {}, expected {} or −∞", after[i], before[i])),
        }
    });
}

/// See [`the_better_stay`].
pub const THE_BETTER_STAY: Law = Law {
    name: "a filter keeps the order, and the best",
    statement: "xᵢ > xⱼ ⇒ yᵢ ≥ yⱼ, and yᵢ > −∞ for one i with the highest xᵢ",
    tolerance: "none",
};

/// What was better is not worse afterwards, and the best stays: no filter leaves nothing.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn the_better_stay(filter: impl Fn(&mut [f32])) {
    THE_BETTER_STAY.hold(&scores(), |scores| {
        let (before, after) = applied(&scores, &filter);
        for (i, j) in (0..before.len()).flat_map(|i| (0..before.len()).map(move |j| (i, j))) {
            if before[i] > before[j] && after[i].total_cmp(&after[j]) == Ordering::Less {
                return Err(format!("{i} was better than {j}: {after:?} from {before:?}"));
            }
        }
        let best = ranking(&before)[0];
        let left = |&i: &usize| before[i] == before[best] && after[i] > f32::NEG_INFINITY;
        match (0..before.len()).any(|i| left(&i)) {
            true => Ok(()),
            false => Err(format!("the best is forbidden: {after:?} from {before:?}")),
        }
    });
}

/// See [`the_k_best_are_left`].
pub const THE_K_BEST_ARE_LEFT: Law = Law {
    name: "the k best are left",
    statement: "yᵢ > −∞ ⇔ i is among the first k by score, of equal ones by id",
    tolerance: "none",
};

/// The k tokens with the highest scores are left, of equal ones those with the lower ids; all, if
/// there are no more than k. The closure takes k and the scores.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn the_k_best_are_left(filter: impl Fn(usize, &mut [f32])) {
    THE_K_BEST_ARE_LEFT.hold(&(1..=22_usize, scores()), |(k, scores)| {
        let (before, after) = applied(&scores, |row| filter(k, row));
        let expected = ranking(&before).into_iter().take(k).collect();
        is_left(&before, &after, expected)
    });
}

/// See [`the_nucleus_is_left`].
pub const THE_NUCLEUS_IS_LEFT: Law = Law {
    name: "the fewest that have the mass p are left",
    statement: "Σ p over what is left ≥ p, and less than p without its least likely token",
    tolerance: "1e-5 of the mass: a sum of 20 rounded numbers",
};

/// What is left has at least the probability p together, and would not without the least likely of
/// it. The closure takes p and the scores.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn the_nucleus_is_left(filter: impl Fn(f32, &mut [f32])) {
    let mass = (1..=100_u8).prop_map(|hundredths| f32::from(hundredths) / 100.0);
    THE_NUCLEUS_IS_LEFT.hold(&(mass, scores()), |(mass, scores)| {
        let (before, after) = applied(&scores, |row| filter(mass, row));
        let shares = probabilities(&before);
        let mut left: Vec<f64> = kept(&after).map(|i| shares[i]).collect();
        left.sort_by(f64::total_cmp);
        let (sum, least) = (left.iter().sum::<f64>(), left.first().copied().unwrap_or(0.0));
        let mass = f64::from(mass);
        if sum < mass - 1e-5 {
            return Err(format!("{sum} is left, expected at least {mass}"));
        }
        if left.len() > 1 && sum - least > mass + 1e-5 {
            return Err(format!("{} would do, {sum} is left", sum - least));
        }
        Ok(())
    });
}

/// See [`nothing_far_below_the_best_is_left`].
pub const NOTHING_FAR_BELOW_THE_BEST_IS_LEFT: Law = Law {
    name: "what is left has p times the best probability",
    statement: "yᵢ > −∞ ⇔ pᵢ ≥ p · max pⱼ",
    tolerance: "1e-5 of the bound, within which both are right",
};

/// A token is left exactly if it has at least p times the highest probability. The closure takes p
/// and the scores.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn nothing_far_below_the_best_is_left(filter: impl Fn(f32, &mut [f32])) {
    let least = (0..=100_u8).prop_map(|hundredths| f32::from(hundredths) / 100.0);
    NOTHING_FAR_BELOW_THE_BEST_IS_LEFT.hold(&(least, scores()), |(least, scores)| {
        let (before, after) = applied(&scores, |row| filter(least, row));
        let shares = probabilities(&before);
        let bound = f64::from(least) * shares.iter().copied().fold(0.0, f64::max);
        for i in (0..before.len()).filter(|&i| before[i] > f32::NEG_INFINITY) {
            let left = after[i] > f32::NEG_INFINITY;
            if left != (shares[i] >= bound) && !within(shares[i], bound, 1e-5 * bound) {
                return Err(format!("{i} has {}, bound {bound}, left: {left}", shares[i]));
            }
        }
        Ok(())
    });
}

/// See [`differences_are_divided`].
pub const DIFFERENCES_ARE_DIVIDED: Law = Law {
    name: "a temperature divides differences of scores",
    statement: "yᵢ − yⱼ = (xᵢ − xⱼ) / T, and −∞ stays",
    tolerance: "1e-4 of the largest score after division: each is rounded",
};

/// Differences of scores are divided by the temperature: `yᵢ − yⱼ = (xᵢ − xⱼ) / T`. The closure
/// takes T and the scores.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn differences_are_divided(temperature: impl Fn(f32, &mut [f32])) {
    let temperatures = select(vec![0.1_f32, 0.5, 0.7, 1.0, 1.5, 3.0]);
    DIFFERENCES_ARE_DIVIDED.hold(&(temperatures, scores()), |(t, scores)| {
        let (before, after) = applied(&scores, |row| temperature(t, row));
        for (i, (x, y)) in before.iter().zip(&after).enumerate() {
            if *x == f32::NEG_INFINITY {
                if *y != f32::NEG_INFINITY {
                    return Err(format!("{i} was forbidden and is {y}"));
                }
                continue;
            }
            let expected = f64::from(x - before[0]) / f64::from(t);
            let got = f64::from(y - after[0]);
            if !within(got, expected, 1e-4 * f64::from(3.0 / t)) {
                return Err(format!("y{i} − y0 is {got}, expected {expected}"));
            }
        }
        Ok(())
    });
}

/// See [`a_low_temperature_is_greedy`].
pub const A_LOW_TEMPERATURE_IS_GREEDY: Law = Law {
    name: "a low temperature leaves the best",
    statement: "T = 10⁻³⁰ ⇒ softmax(y) is 0 but where xᵢ is highest, and never NaN",
    tolerance: "none: the scores differ by 0.01 or more, or not at all",
};

/// Near T = 0 all probability is that of the best, and no score becomes NaN or ∞. The closure takes
/// T and the scores.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_low_temperature_is_greedy(temperature: impl Fn(f32, &mut [f32])) {
    A_LOW_TEMPERATURE_IS_GREEDY.hold(&scores(), |Rows(scores)| {
        // Far from 0, where dividing overflows.
        let (before, after) = applied(&Rows(scores * 1e9), |row| temperature(1e-30, row));
        let best = ranking(&before)[0];
        let shares = probabilities(&after);
        for (i, &share) in shares.iter().enumerate() {
            if share.is_nan() || (share > 0.0) != (before[i] == before[best]) {
                return Err(format!("p{i} is {share} of {after:?}, from {before:?}"));
            }
        }
        Ok(())
    });
}

/// See [`a_penalty_lowers_what_was_written`].
pub const A_PENALTY_LOWERS_WHAT_WAS_WRITTEN: Law = Law {
    name: "a penalty lowers what was written and nothing else",
    statement: "yᵢ ≤ xᵢ if i was written (< unless xᵢ is 0 or −∞), else yᵢ = xᵢ",
    tolerance: "none",
};

/// Tokens that were written get lower scores, all others keep theirs. The closure takes what was
/// written, and the scores.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_penalty_lowers_what_was_written(penalty: impl Fn(&[u32], &mut [f32])) {
    let cases = (proptest::collection::vec(0..20_u32, 0..8), scores());
    A_PENALTY_LOWERS_WHAT_WAS_WRITTEN.hold(&cases, |(written, scores)| {
        let written: Vec<u32> =
            written.into_iter().filter(|&id| (id as usize) < scores.ncols()).collect();
        let (before, after) = applied(&scores, |row| penalty(&written, row));
        for (i, (x, y)) in before.iter().zip(&after).enumerate() {
            let right = if written.contains(&(i as u32)) {
                y < x || y == x && (*x == 0.0 || *x == f32::NEG_INFINITY)
            } else {
                y == x
            };
            if !right {
                return Err(format!("score {i} went from {x} to {y}; written: {written:?}"));
            }
        }
        Ok(())
    });
}

/// One row of scores, some of them forbidden, never the first; in half of the cases they are whole
/// numbers, so that some are equal.
fn scores() -> impl Strategy<Value = Rows> {
    let cases = (width(), numbers(), any::<bool>(), any::<bool>());
    cases.prop_map(|(width, numbers, forbid, whole)| {
        let Rows(mut scores) = numbers.rows(1, width);
        for (id, score) in scores.iter_mut().enumerate() {
            if whole {
                *score = score.round() + 0.0; // no −0
            }
            if id > 0 && forbid && *score < -1.0 {
                *score = f32::NEG_INFINITY;
            }
        }
        Rows(scores)
    })
}

/// The scores before and after.
fn applied(scores: &Rows, change: impl Fn(&mut [f32])) -> (Vec<f32>, Vec<f32>) {
    let before = scores.row(0).to_vec();
    let mut after = before.clone();
    change(&mut after);
    (before, after)
}

/// The tokens that are not forbidden, the best first, of equal ones the lower id.
fn ranking(scores: &[f32]) -> Vec<usize> {
    let mut ids: Vec<usize> = kept(scores).collect();
    ids.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]).then(i.cmp(&j)));
    ids
}

fn kept(scores: &[f32]) -> impl Iterator<Item = usize> + '_ {
    (0..scores.len()).filter(|&i| scores[i] != f32::NEG_INFINITY)
}

fn is_left(before: &[f32], after: &[f32], mut expected: Vec<usize>) -> Verdict {
    expected.sort_unstable();
    let got: Vec<usize> = kept(after).collect();
    if got == expected {
        return Ok(());
    }
    Err(format!("{got:?} are left of {before:?}, expected {expected:?}"))
}

fn probabilities(scores: &[f32]) -> Vec<f64> {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shares: Vec<f64> = scores.iter().map(|&x| f64::from(x - top).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / sum).collect()
}
