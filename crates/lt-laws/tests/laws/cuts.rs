//! Plain buckets of distances, right, or wrong in one way.

/// What buckets can get wrong.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Cut {
    None,
    /// The query minus the key, in place of the key minus the query.
    OtherSign,
    /// One side for both, as in a decoder, which never looks ahead.
    OneSide,
    /// The logarithm from the first distance on: near ones share buckets.
    LogarithmFromOne,
    /// The last bucket is left out of the minimum: a long text has more.
    NoLast,
    /// Distances are cut off before they are made positive, so that those before are all near.
    CutsBefore,
}

/// 32 buckets up to the distance 128, with logarithms as the paper has them.
pub(crate) fn bucket(cut: Cut, distance: isize) -> usize {
    let (half, exact) = (16, 8);
    let distance = if cut == Cut::OtherSign { -distance } else { distance };
    let side = if distance > 0 && cut != Cut::OneSide { half } else { 0 };
    let distance = match cut {
        Cut::CutsBefore if distance < 0 => distance.unsigned_abs() % 8,
        _ => distance.unsigned_abs(),
    };
    if distance < if cut == Cut::LogarithmFromOne { 1 } else { exact } {
        return side + distance;
    }
    let share = (distance as f32 / exact as f32).ln() / (128.0 / exact as f32).ln();
    let far = exact + (share * (half - exact) as f32) as usize;
    side + if cut == Cut::NoLast { far } else { far.min(half - 1) }
}
