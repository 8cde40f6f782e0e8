//! Two products, of which one is the gate of the other, and a third of what comes through.

use lt_core::Scratch;
use ndarray::{Array2, ArrayView2, s};

use crate::feed_forward::WeightAndBias;
use crate::instructions::{Arithmetic, Instructions, Work};
use crate::product::{Layer, cuts, in_rows, product_with};
use crate::threads::{Cuts, Rectangle, Whole, for_each_rectangle};
use crate::tile::COLUMNS;
use crate::{Activation, Product};

/// The problem: y = (activation(x·W₁ᵀ + b₁) ⊙ (x·W₂ᵀ + b₂))·W₃ᵀ + b₃ + residual.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct GatedFeedForward<'a> {
    /// Rows `[tokens, d]`.
    pub x: ArrayView2<'a, f32>,
    /// W₁, `[f, d]`, and b₁, `[f]`.
    pub gate: WeightAndBias<'a>,
    /// Applied to the gate.
    pub activation: Activation,
    /// W₂, `[f, d]`, and b₂, `[f]`.
    pub up: WeightAndBias<'a>,
    /// W₃, `[out, f]`, and b₃, `[out]`.
    pub down: WeightAndBias<'a>,
    /// Added last, `[tokens, out]`.
    pub residual: Option<ArrayView2<'a, f32>>,
}

impl<'a> GatedFeedForward<'a> {
    /// Without a residual.
    #[must_use]
    pub fn new(
        x: ArrayView2<'a, f32>,
        gate: WeightAndBias<'a>,
        activation: Activation,
        up: WeightAndBias<'a>,
        down: WeightAndBias<'a>,
    ) -> Self {
        Self { x, gate, activation, up, down, residual: None }
    }

    /// With rows added last.
    #[must_use]
    pub fn residual(self, residual: Option<ArrayView2<'a, f32>>) -> Self {
        Self { residual, ..self }
    }

    fn gate(&self) -> Product<'a> {
        Product::new(self.x, self.gate.weight).bias(self.gate.bias).activation(self.activation)
    }

    fn up(&self) -> Product<'a> {
        Product::new(self.x, self.up.weight).bias(self.up.bias)
    }

    fn down<'w>(&self, wide: ArrayView2<'w, f32>) -> Product<'w>
    where
        'a: 'w,
    {
        let problem = Product::new(wide, self.down.weight).bias(self.down.bias);
        Product { residual: self.residual, ..problem }
    }
}

/// Columns of gate and up that are computed before they are multiplied: what 64 rows have of them
/// stays in the second cache.
const BLOCK: usize = 16 * COLUMNS;

/// y = (activation(x·W₁ᵀ + b₁) ⊙ (x·W₂ᵀ + b₂))·W₃ᵀ + b₃ + residual, with the bits of three
/// [`product`](crate::product)s.
///
/// # Shapes
/// `[tokens, d]` through twice `[tokens, f]` to `[tokens, out]`.
///
/// # Panics
/// If the shapes of the problem do not fit each other.
///
/// [Shazeer 2020](https://arxiv.org/abs/2002.05202), equation 6. transformers: `LlamaMLP`.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// use lt_kernels::{Activation, GatedFeedForward, WeightAndBias, gated_feed_forward};
/// let x = ndarray::array![[3.0], [-2.0]];
/// let (one, two) = (Weight::new(&[1, 1], vec![1.0])?, Weight::new(&[1, 1], vec![2.0])?);
/// let [one, two] = [&one, &two].map(|weight| WeightAndBias { weight, bias: None });
/// let problem = GatedFeedForward::new(x.view(), one, Activation::Relu, two, one); // relu(x)·2x
/// let y = gated_feed_forward(&problem, &mut Scratch::new());
/// assert_eq!(y, ndarray::array![[18.0], [0.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
#[must_use]
pub fn gated_feed_forward(problem: &GatedFeedForward<'_>, scratch: &mut Scratch) -> Array2<f32> {
    gated_feed_forward_with(Instructions::best(), problem, scratch)
}

/// [`gated_feed_forward`] with these instructions.
///
/// # Panics
/// As [`gated_feed_forward`].
#[must_use]
pub fn gated_feed_forward_with(
    instructions: Instructions,
    problem: &GatedFeedForward<'_>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    let (tokens, f) = problem.gate().shape();
    assert_eq!(problem.up().shape(), (tokens, f), "a gate as wide as what goes through it");
    let out = problem.down.weight.shape()[0];
    if tokens == 0 || f == 0 {
        let wide = scratch.take(tokens, f);
        let y = product_with(instructions, &problem.down(wide.view()), scratch);
        scratch.give(wide);
        return y;
    }
    let copy = in_rows(problem.x, scratch);
    let x = copy.as_ref().map_or(problem.x, |copy| copy.view());
    let gate = Layer::new(&problem.gate(), scratch.threads());
    let up = Layer::new(&problem.up(), scratch.threads());
    let cuts = cuts(tokens, f, scratch.threads().count());
    let widened = gate.room().max(up.room());
    let through = Through { instructions, gate, up, block: cuts.rows * BLOCK.min(f) };
    if cuts.columns < f {
        // Too few rows to share out: each product is cut by its columns.
        let mut wide = scratch.take_any(tokens, f);
        let (cuts, room) = (Cuts { parts: &[f], ..cuts }, through.block + widened);
        for_each_rectangle(scratch, &mut wide, cuts, room, |rectangle, room| {
            let own = x.slice_move(s![rectangle.rows.clone(), ..]);
            through.the_gate(own, rectangle, room);
        });
        let y = product_with(instructions, &problem.down(wide.view()), scratch);
        scratch.give(wide);
        copy.into_iter().for_each(|copy| scratch.give(copy));
        return y;
    }
    let mut y = scratch.take_any(tokens, out);
    // Its rows are not known yet, its shape is.
    let none = Array2::zeros((0, f));
    let down = GatedFeedForward { residual: None, ..*problem }.down(none.view());
    down.shape();
    let down = Layer::new(&down, scratch.threads());
    let (wide, widened) = (cuts.rows * f, widened.max(down.room()));
    let room = wide + through.block + widened;
    for_each_rectangle(scratch, &mut y, Cuts { parts: &[out], ..cuts }, room, |rectangle, room| {
        let rows = rectangle.rows.clone();
        let (wide, room) = room.split_at_mut(wide);
        let wide = &mut wide[..rows.len() * f];
        let own = x.slice_move(s![rows.clone(), ..]);
        through.the_gate(own, Whole::of(wide, rows.len(), 0..f).rectangle(), room);
        let wide = ArrayView2::from_shape((rows.len(), f), wide); // [rows, f]
        let wide = wide.unwrap_or_else(|_| unreachable!("rows · f numbers"));
        let residual = problem.residual.map(|residual| residual.slice_move(s![rows, ..]));
        down.multiply(instructions, wide, residual, rectangle, room);
    });
    copy.into_iter().for_each(|copy| scratch.give(copy));
    y
}

/// The two products before the third.
struct Through<'a> {
    instructions: Instructions,
    gate: Layer<'a>,
    up: Layer<'a>,
    /// Room for a block of what goes through the gate.
    block: usize,
}

impl Through<'_> {
    /// activation(x·W₁ᵀ + b₁) ⊙ (x·W₂ᵀ + b₂), in the columns of a rectangle.
    fn the_gate(&self, x: ArrayView2<'_, f32>, mut wide: Rectangle<'_>, room: &mut [f32]) {
        let (block, room) = room.split_at_mut(self.block);
        let (rows, all) = (wide.rows.len(), wide.columns.clone());
        for first in all.clone().step_by(BLOCK) {
            let columns = first..all.end.min(first + BLOCK);
            let block = &mut block[..rows * columns.len()];
            self.gate.multiply(self.instructions, x, None, wide.columns(columns.clone()), room);
            let mut up = Whole::of(block, rows, columns.clone());
            self.up.multiply(self.instructions, x, None, up.rectangle(), room);
            let wide = wide.columns(columns);
            self.instructions.run(Multiply { wide, by: block });
        }
    }
}

/// Number by number, into the first.
struct Multiply<'a> {
    wide: Rectangle<'a>,
    by: &'a [f32],
}

impl Work for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(mut self) {
        let columns = self.wide.columns.clone();
        for (row, by) in self.by.chunks_exact(columns.len()).enumerate() {
            let wide = self.wide.row(row, columns.clone());
            wide.iter_mut().zip(by).for_each(|(wide, by)| *wide *= by);
        }
    }
}
