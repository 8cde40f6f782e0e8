//! Rows whose numbers lie side by side, as kernels read them.

use lt_core::Scratch;

use super::{Attention, LooksAt};
use crate::product::in_rows;

/// The problem with rows whose numbers lie side by side: copied, where they do not.
pub(super) fn with_rows_side_by_side(
    problem: &Attention<'_>,
    scratch: &mut Scratch,
    run: impl FnOnce(&Attention<'_>, &mut Scratch),
) {
    let mut copies = [in_rows(problem.query.reborrow(), scratch), None, None];
    if let LooksAt::Rows { key, value, .. } = &problem.looks_at {
        copies[1] = in_rows(key.reborrow(), scratch);
        copies[2] = in_rows(value.reborrow(), scratch);
    }
    let query = copies[0].as_ref().map_or(problem.query.reborrow(), |copy| copy.view());
    let looks_at = match &problem.looks_at {
        LooksAt::Rows { key, value, sequences } => LooksAt::Rows {
            key: copies[1].as_ref().map_or(key.reborrow(), |copy| copy.view()),
            value: copies[2].as_ref().map_or(value.reborrow(), |copy| copy.view()),
            sequences,
        },
        LooksAt::Kept(kept) => LooksAt::Kept(kept),
    };
    let Attention { queries, before, heads, scale, cap, bias, mask, .. } = *problem;
    run(&Attention { query, queries, before, looks_at, heads, scale, cap, bias, mask }, scratch);
    copies.into_iter().flatten().for_each(|copy| scratch.give(copy));
}
