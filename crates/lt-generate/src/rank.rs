//! The order of tokens: the higher score first, of equal ones the lower id.

/// A token as a number that is lower the earlier it comes: the score's bits, upside down, then the
/// id. So the order of tokens is that of integers, and selecting the first k is cheap.
fn rank(logit: f32, id: u32) -> u64 {
    // 0 and −0 are equal. The bits of numbers above 0 grow with them; those below 0 shrink.
    let bits = (logit + 0.0).to_bits();
    let falling = if bits >> 31 == 0 { !(bits | 1 << 31) } else { bits };
    u64::from(falling) << 32 | u64::from(id)
}

/// The id of a ranked token.
pub(crate) fn id(rank: u64) -> usize {
    (rank & u64::from(u32::MAX)) as usize
}

/// All tokens that are not forbidden, ranked, but not in order yet.
pub(crate) fn ranked(logits: &[f32], ranks: &mut Vec<u64>) {
    ranked_from(0.0, logits, ranks);
}

/// The same by `before + logit`: rounding makes some of them equal that were not.
pub(crate) fn ranked_from(before: f32, logits: &[f32], ranks: &mut Vec<u64>) {
    ranks.clear();
    let allowed = (0_u32..).zip(logits).filter(|(_, logit)| **logit > f32::NEG_INFINITY);
    ranks.extend(allowed.map(|(id, &logit)| rank(before + logit, id)));
}

/// Brings the first `count` to the front, in order; what comes behind them is in none.
pub(crate) fn bring_forward(ranks: &mut [u64], count: usize) {
    if count < ranks.len() {
        ranks.select_nth_unstable(count);
    }
    let count = count.min(ranks.len());
    ranks[..count].sort_unstable();
}

/// Forbids these tokens.
pub(crate) fn forbid(logits: &mut [f32], ranks: &[u64]) {
    ranks.iter().for_each(|&rank| logits[id(rank)] = f32::NEG_INFINITY);
}

/// The id of the highest score, of equal ones the lowest; 0 if all are forbidden.
pub(crate) fn highest(logits: &[f32]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (id, &logit) in logits.iter().enumerate() {
        if logit > best.1 {
            best = (id, logit);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn higher_scores_come_first_and_of_equal_ones_the_lower_id() {
        let logits = [0.0, -0.0, f32::NEG_INFINITY, 2.5, -1e-40, -7.0, 1e-40, 2.5, f32::MAX];
        let mut ranks = Vec::new();
        ranked(&logits, &mut ranks);
        for count in 0..=9 {
            let mut some = ranks.clone();
            bring_forward(&mut some, count);
            let order: Vec<usize> = some.iter().map(|&rank| id(rank)).take(count).collect();
            assert_eq!(order, [8, 3, 7, 6, 0, 1, 4, 5][..count.min(8)]);
        }
        assert_eq!(highest(&logits[..8]), 3);
    }
}
