//! Random numbers that have no state.

use lt_kernels::math::scramble;

/// What a random number is drawn for: a seed, then an epoch, a sequence, a position.
///
/// The same path gives the same number, whatever was drawn before: so that a sequence has the same
/// mask in any batch, and a run that is taken up goes on as it would have.
///
/// ```
/// use lt_train::data::Draw;
/// let sequence = Draw::of(42).then(0).then(7);
/// assert_eq!(sequence.then(3).number(), Draw::of(42).then(0).then(7).then(3).number());
/// assert_ne!(sequence.then(3).number(), sequence.then(4).number());
/// assert!((0.0..1.0).contains(&sequence.unit()));
/// assert!(sequence.below(6) < 6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw(u64);

impl Draw {
    /// For this seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self(scramble(seed))
    }

    /// And of that, for this.
    #[must_use]
    pub fn then(self, what: u64) -> Self {
        Self(scramble(self.0 ^ scramble(what)))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// From 0 to below 1, in steps of 2⁻⁵³.
    #[must_use]
    pub fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to below `n`; 0 where there is nothing below.
    #[must_use]
    pub fn below(self, n: u64) -> u64 {
        ((u128::from(self.0) * u128::from(n)) >> 64) as u64
    }

    /// The numbers from 0 to below `n` in an order of this draw (Fisher and Yates).
    ///
    /// ```
    /// use lt_train::data::Draw;
    /// let mut order = Draw::of(1).order(5);
    /// assert_eq!(order, Draw::of(1).order(5));
    /// order.sort();
    /// assert_eq!(order, [0, 1, 2, 3, 4]);
    /// ```
    #[must_use]
    pub fn order(self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        for last in (1..n).rev() {
            let other = self.then(last as u64).below(last as u64 + 1) as usize;
            order.swap(last, other);
        }
        order
    }
}
