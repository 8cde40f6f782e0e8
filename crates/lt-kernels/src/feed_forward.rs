//! Two products with an activation between them, a few rows at a time.

use lt_core::{Scratch, Weight};
use ndarray::{Array2, ArrayView2, s};

use crate::instructions::Instructions;
use crate::product::{Layer, cuts, in_rows, product_with};
use crate::threads::{Cuts, Whole, for_each_rectangle};
use crate::{Activation, Product};

/// A weight and its bias: one of the two layers of a [`FeedForward`].
#[derive(Debug, Clone, Copy)]
pub struct WeightAndBias<'a> {
    /// W, `[out, in]`.
    pub weight: &'a Weight,
    /// b, `[out]`.
    pub bias: Option<&'a Weight>,
}

/// The problem: y = activation(x·W₁ᵀ + b₁)·W₂ᵀ + b₂ + residual.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FeedForward<'a> {
    /// Rows `[tokens, d]`.
    pub x: ArrayView2<'a, f32>,
    /// W₁, `[f, d]`, and b₁, `[f]`.
    pub up: WeightAndBias<'a>,
    /// Applied in the middle.
    pub activation: Activation,
    /// W₂, `[out, f]`, and b₂, `[out]`.
    pub down: WeightAndBias<'a>,
    /// Added last, `[tokens, out]`.
    pub residual: Option<ArrayView2<'a, f32>>,
}

impl<'a> FeedForward<'a> {
    /// Without a residual.
    #[must_use]
    pub fn new(
        x: ArrayView2<'a, f32>,
        up: WeightAndBias<'a>,
        activation: Activation,
        down: WeightAndBias<'a>,
    ) -> Self {
        Self { x, up, activation, down, residual: None }
    }

    /// With rows added last.
    #[must_use]
    pub fn residual(self, residual: Option<ArrayView2<'a, f32>>) -> Self {
        Self { residual, ..self }
    }

    fn up(&self) -> Product<'a> {
        Product::new(self.x, self.up.weight).bias(self.up.bias).activation(self.activation)
    }

    fn down<'w>(&self, wide: ArrayView2<'w, f32>) -> Product<'w>
    where
        'a: 'w,
    {
        let problem = Product::new(wide, self.down.weight).bias(self.down.bias);
        Product { residual: self.residual, ..problem }
    }
}

/// y = activation(x·W₁ᵀ + b₁)·W₂ᵀ + b₂ + residual, with the bits of two [`product`](crate::product)s.
///
/// The middle is the widest matrix of a Transformer. It never exists as a whole: each thread keeps
/// the part that belongs to its rows in its cache.
///
/// # Shapes
/// `[tokens, d]` through `[tokens, f]` to `[tokens, out]`.
///
/// # Panics
/// If the shapes of the problem do not fit each other.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// use lt_kernels::{Activation, FeedForward, WeightAndBias, feed_forward};
/// let x = ndarray::array![[3.0], [-2.0]];
/// let (up, down) = (Weight::new(&[2, 1], vec![1.0, -1.0])?, Weight::new(&[1, 2], vec![1.0, 1.0])?);
/// let [up, down] = [&up, &down].map(|weight| WeightAndBias { weight, bias: None });
/// let absolute = FeedForward::new(x.view(), up, Activation::Relu, down); // relu(x) + relu(−x)
/// assert_eq!(feed_forward(&absolute, &mut Scratch::new()), ndarray::array![[3.0], [2.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
#[must_use]
pub fn feed_forward(problem: &FeedForward<'_>, scratch: &mut Scratch) -> Array2<f32> {
    feed_forward_with(Instructions::best(), problem, scratch)
}

/// [`feed_forward`] with these instructions.
///
/// # Panics
/// As [`feed_forward`].
#[must_use]
pub fn feed_forward_with(
    instructions: Instructions,
    problem: &FeedForward<'_>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    let (tokens, f) = problem.up().shape();
    if tokens == 0 {
        return scratch.take(0, problem.down.weight.shape()[0]);
    }
    let cuts = cuts(tokens, f, scratch.threads().count());
    if cuts.columns < f {
        // Too few rows to share out: each product is cut by its columns.
        let wide = product_with(instructions, &problem.up(), scratch); // [tokens, f]
        let y = product_with(instructions, &problem.down(wide.view()), scratch);
        scratch.give(wide);
        return y;
    }
    let out = problem.down.weight.shape()[0];
    let mut y = scratch.take_any(tokens, out);
    let copy = in_rows(problem.x, scratch);
    let x = copy.as_ref().map_or(problem.x, |copy| copy.view());
    let up = Layer::new(&problem.up(), scratch.threads());
    // Its rows are not known yet, its shape is.
    let none = Array2::zeros((0, f));
    let down = FeedForward { residual: None, ..*problem }.down(none.view());
    down.shape();
    let down = Layer::new(&down, scratch.threads());
    let widened = up.room().max(down.room());
    let room = cuts.rows * f + widened;
    for_each_rectangle(scratch, &mut y, Cuts { parts: &[out], ..cuts }, room, |rectangle, room| {
        let rows = rectangle.rows.clone();
        let (wide, room) = room.split_at_mut(room.len() - widened);
        let wide = &mut wide[..rows.len() * f];
        let own = x.slice_move(s![rows.clone(), ..]);
        let mut whole = Whole::of(wide, rows.len(), 0..f);
        up.multiply(instructions, own, None, whole.rectangle(), room);
        let wide = ArrayView2::from_shape((rows.len(), f), wide); // [rows, f]
        let wide = wide.unwrap_or_else(|_| unreachable!("rows · f numbers"));
        let residual = problem.residual.map(|residual| residual.slice_move(s![rows, ..]));
        down.multiply(instructions, wide, residual, rectangle, room);
    });
    copy.into_iter().for_each(|copy| scratch.give(copy));
    y
}
