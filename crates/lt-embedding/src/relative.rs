//! How far apart two tokens stand, as a number for each head.

#[cfg(feature = "train")]
mod backward;

use lt_core::{Error, Module, Result, Scratch, Shape, params, shape};
use ndarray::Array2;

use crate::Embedding;

/// Which bucket (桶) a distance falls into: near ones have one each, far ones share one, the more of
/// them the farther they are.
///
/// With B buckets, B/2 are for keys before the query and for the query itself, B/2 for keys behind
/// it. Of each half the first e = B/4 hold one distance each; the bucket of a distance n ≥ e is
/// e + ⌊(B/2 − e) · ln(n/e) / ln(m/e)⌋, and the last holds all from the distance m on.
///
/// ```
/// use lt_embedding::Buckets;
/// let buckets = Buckets::new(8, 16)?; // 4 on either side, 2 of them of one distance
/// let behind = [1, 2, 5, 6, 15, 16, 1000].map(|distance| buckets.of(distance));
/// assert_eq!(behind, [5, 6, 6, 7, 7, 7, 7]);
/// let before = [0, -1, -2, -6, -1000].map(|distance| buckets.of(distance));
/// assert_eq!(before, [0, 1, 2, 3, 3]);
/// # Ok::<(), lt_embedding::lt_core::Error>(())
/// ```
///
/// [Raffel et al. 2019](https://arxiv.org/abs/1910.10683), section 2.1. PyTorch:
/// `T5Attention._relative_position_bucket` with `bidirectional=True`;
/// `MPNetEncoder.relative_position_bucket`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    count: usize,
    farthest: usize,
}

/// Of either side, so that no power of a distance overflows.
const MOST_BUCKETS: usize = 128;
const MOST_DISTANCE: usize = 1 << 16;

impl Buckets {
    /// So many buckets, of which the last of either side holds all distances from `farthest` on.
    ///
    /// # Errors
    /// [`Error::Config`] if they are not 4 to 128 and a multiple of 4, or `farthest` is not above
    /// a quarter of them, or above 65536.
    pub fn new(count: usize, farthest: usize) -> Result<Self> {
        let refuse = |field, got: usize, expected: String| {
            Err(Error::Config { at: "Buckets::new", field, got: got.to_string(), expected })
        };
        if !count.is_multiple_of(4) || !(4..=MOST_BUCKETS).contains(&count) {
            return refuse("count", count, format!("a multiple of 4, 4 to {MOST_BUCKETS}"));
        }
        if !(count / 4 + 1..=MOST_DISTANCE).contains(&farthest) {
            let expected = format!("{} to {MOST_DISTANCE}", count / 4 + 1);
            return refuse("farthest", farthest, expected);
        }
        Ok(Self { count, farthest })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The distance from which on all are in the last bucket.
    #[must_use]
    pub fn farthest(&self) -> usize {
        self.farthest
    }

    /// The bucket of a distance: the place of the key minus that of the query.
    #[must_use]
    pub fn of(&self, distance: isize) -> usize {
        let half = self.count / 2;
        let side = if distance > 0 { half } else { 0 };
        side + self.on_one_side(distance.unsigned_abs())
    }

    fn on_one_side(&self, distance: usize) -> usize {
        let (last, exact) = (self.count / 2 - 1, self.count / 4);
        if distance < exact {
            return distance;
        }
        // n is in bucket e + b or beyond if (n/e)^(B/2 − e) ≥ (m/e)^b: products of what divides
        // evenly are exact, which logarithms are not.
        let distance = distance.min(self.farthest) as f64 / exact as f64;
        let whole = self.farthest as f64 / exact as f64;
        let power = |base: f64, exponent: usize| (0..exponent).fold(1.0, |power, _| power * base);
        let reached = power(distance, last + 1 - exact);
        let beyond = (1..=last - exact).take_while(|&b| reached >= power(whole, b));
        exact + beyond.count()
    }
}

/// A number for each bucket and head, added to the score of every two tokens whose distance falls
/// into the bucket: a relative position (相对位置).
///
/// # Shapes
/// The table is `[B, h]`, or longer: rows beyond the buckets are not used.
///
/// [Raffel et al. 2019](https://arxiv.org/abs/1910.10683), section 2.1. PyTorch:
/// `relative_attention_bias` of `MPNetEncoder` and `T5Attention`.
///
/// ```
/// use lt_embedding::{Buckets, Embedding, RelativeBias, lt_core::{Scratch, Weight}};
/// let table = Embedding::new(Weight::new(&[4, 1], vec![0.0, 1.0, 2.0, 3.0])?)?;
/// let bias = RelativeBias::new(table, Buckets::new(4, 2)?)?;
/// // Two places back, one back, here, one ahead, two ahead.
/// let numbers = bias.by_distance(&mut Scratch::new());
/// assert_eq!(numbers, ndarray::array![[1.0, 1.0, 0.0, 3.0, 3.0]]);
/// # Ok::<(), lt_embedding::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RelativeBias {
    table: Embedding,
    buckets: Buckets,
}

params!(RelativeBias { table });

impl RelativeBias {
    /// Of this table and these buckets.
    ///
    /// # Errors
    /// [`Error::Shape`] if the table has not a row for each bucket.
    pub fn new(table: Embedding, buckets: Buckets) -> Result<Self> {
        if table.entries() >= buckets.count() {
            return Ok(Self { table, buckets });
        }
        Err(Error::Shape {
            at: "RelativeBias::new",
            expected: shape![buckets.count(), "h"],
            got: Shape::of(table.weight().shape()),
        })
    }

    /// How many heads there are numbers for.
    #[must_use]
    pub fn heads(&self) -> usize {
        self.table.width()
    }

    /// Into which buckets distances fall.
    #[must_use]
    pub fn buckets(&self) -> Buckets {
        self.buckets
    }

    /// The table, `[B, h]`.
    #[must_use]
    pub fn table(&self) -> &Embedding {
        &self.table
    }

    /// The number of each head for each distance from −m to m, `[h, 2m + 1]`; those farther away
    /// have that of ±m.
    #[must_use]
    pub fn by_distance(&self, scratch: &mut Scratch) -> Array2<f32> {
        let farthest = self.buckets.farthest();
        let mut numbers = scratch.take(self.heads(), 2 * farthest + 1);
        let mut of_bucket = scratch.take(1, self.heads());
        for (place, mut of_distance) in numbers.columns_mut().into_iter().enumerate() {
            let bucket = self.buckets.of(place as isize - farthest as isize);
            let of_bucket = of_bucket.as_slice_mut().unwrap_or_default();
            self.table.weight().read_row(bucket, of_bucket);
            of_distance.iter_mut().zip(of_bucket).for_each(|(number, &mut of)| *number = of);
        }
        scratch.give(of_bucket);
        numbers
    }
}

/// A number for each distance, [`by_distance`](RelativeBias::by_distance): the same for all texts,
/// so that there is nothing to be given.
impl Module<()> for RelativeBias {
    type Output = Array2<f32>;

    fn forward(&self, (): ()) -> Result<Array2<f32>> {
        self.forward_in((), &mut Scratch::new())
    }

    fn forward_in(&self, (): (), scratch: &mut Scratch) -> Result<Array2<f32>> {
        Ok(self.by_distance(scratch))
    }
}
