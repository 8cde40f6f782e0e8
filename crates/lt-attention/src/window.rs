//! The window of a layer as a mask.

use std::borrow::Cow;

use lt_core::Mask;

/// A sliding window, made into a mask once, so that a pass need not allocate one.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    reach: usize,
    mask: Mask,
    /// The same for texts that look back only.
    causal: Mask,
}

impl Window {
    /// So many positions back, and as many ahead.
    pub(crate) fn new(reach: usize) -> Self {
        let mask = Mask::window(reach, reach);
        Self { reach, causal: mask.clone() & Mask::causal(), mask }
    }

    /// What both allow, the window and the mask of an input.
    pub(crate) fn and<'m>(&'m self, mask: &'m Mask) -> Cow<'m, Mask> {
        if mask.is_all() {
            Cow::Borrowed(&self.mask)
        } else if mask.is_causal() {
            Cow::Borrowed(&self.causal)
        } else {
            Cow::Owned(self.mask.clone() & mask.clone())
        }
    }
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.reach == other.reach
    }
}

#[cfg(test)]
mod tests {
    use lt_core::Ragged;
    use ndarray::array;

    use super::*;
    use crate::HiddenStates;

    #[test]
    fn the_usual_masks_cost_no_new_one() {
        let (rows, batch, causal) = (array![[0.0]], Ragged::single(1), Mask::causal());
        let (input, window) = (HiddenStates::new(rows.view(), &batch), Window::new(3));
        let of = |input: HiddenStates<'_>| {
            let mask = window.and(input.mask);
            (matches!(mask, Cow::Borrowed(_)), format!("{mask:?}"))
        };
        assert_eq!(of(input), (true, "Mask(window(3, 3))".into()));
        assert_eq!(of(input.mask(&causal)), (true, "Mask(window(3, 3) & causal)".into()));
        let prefix = Mask::prefix([1]);
        assert_eq!(of(input.mask(&prefix)), (false, "Mask(window(3, 3) & prefix([1]))".into()));
        assert_eq!(of(input.mask(&Mask::all())), (true, "Mask(window(3, 3))".into()));
        assert!(window == Window::new(3) && window != Window::new(4));
    }
}
