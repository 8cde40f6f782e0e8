//! A packed weight times rows, and what is done to the sums.

use std::ops::Range;
use std::sync::Arc;

use lt_core::{Threads, Weight};
use ndarray::{ArrayView2, Axis};

use super::{Product, ROWS};
use crate::Activation;
use crate::instructions::{Arithmetic, Instructions, Work};
use crate::packed::{AnyPanels, PackedWeight};
use crate::threads::Rectangle;
use crate::tile::{COLUMNS, Line, Panels, Tiles, load, multiply, store};

/// Up to so many rows, all inputs are multiplied at once: each weight is read once or twice, and
/// what counts is the memory.
const FEW: usize = 16;
/// Panels that are widened at a time for more rows.
const WIDENED: usize = 2;
/// Inputs that are multiplied before the next are begun, with more rows.
const INNER: usize = 1536;

/// A weight that is packed, and what is done to its outputs.
pub(crate) struct Layer<'a> {
    packed: Arc<PackedWeight>,
    bias: Option<&'a [f32]>,
    activation: Activation,
}

impl<'a> Layer<'a> {
    pub(crate) fn new(problem: &Product<'a>, threads: &Threads) -> Self {
        let packed = problem.weight.derived(|weight| PackedWeight::pack(weight, threads));
        Self { packed, bias: problem.bias.map(Weight::f32), activation: problem.activation }
    }

    /// How much room a task needs to widen panels in, if it has to.
    pub(crate) fn room(&self) -> usize {
        self.packed.room() * WIDENED
    }

    /// One rectangle of the outputs: `x` and `residual` are its rows.
    pub(crate) fn multiply(
        &self,
        instructions: Instructions,
        x: ArrayView2<'_, f32>,
        residual: Option<ArrayView2<'_, f32>>,
        mut rectangle: Rectangle<'_>,
        room: &mut [f32],
    ) {
        instructions.run(Sums { layer: self, x, rectangle: &mut rectangle, room });
        if self.activation != Activation::Identity || residual.is_some() {
            // Apart, and not where the sums come out of the registers: the compiler makes loops of
            // its own for either, and what was summed is still in the second cache.
            let activation = self.activation;
            instructions.run(Finish { activation, residual, rectangle: &mut rectangle });
        }
    }
}

/// The sums of some outputs of some rows.
struct Sums<'a, 'r> {
    layer: &'a Layer<'a>,
    x: ArrayView2<'a, f32>,
    rectangle: &'a mut Rectangle<'r>,
    room: &'a mut [f32],
}

impl Work for Sums<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { layer, x, rectangle, room } = self;
        let columns = rectangle.columns.clone();
        let panels = columns.start / COLUMNS..columns.end.div_ceil(COLUMNS);
        match layer.packed.panels() {
            AnyPanels::F32(all) => {
                let outputs = Outputs::new(layer.bias, x, rectangle, panels.start);
                outputs.multiply::<A, _>(all.part(panels));
            }
            AnyPanels::F16(all) => widen::<A, _>(layer, x, rectangle, all.part(panels), room),
            AnyPanels::Bf16(all) => widen::<A, _>(layer, x, rectangle, all.part(panels), room),
        }
    }
}

/// The sums with panels that are not f32.
#[inline(always)]
fn widen<A: Arithmetic, L: Line>(
    layer: &Layer<'_>,
    x: ArrayView2<'_, f32>,
    rectangle: &mut Rectangle<'_>,
    panels: Panels<'_, L>,
    room: &mut [f32],
) {
    let first = rectangle.columns.start / COLUMNS;
    if x.nrows() <= A::WIDENS_ROWS {
        return Outputs::new(layer.bias, x, rectangle, first).multiply::<A, _>(panels);
    }
    for number in (0..panels.count()).step_by(WIDENED) {
        let some = panels.part(number..panels.count().min(number + WIDENED));
        let widened = some.widened::<A>(room);
        Outputs::new(layer.bias, x, rectangle, first + number).multiply::<A, _>(widened);
    }
}

/// The sums of some rows with panels that are laid out for this one product: no bias, and nothing
/// is done to them.
#[cfg(feature = "train")]
pub(super) struct PlainSums<'a, 'r> {
    pub(super) x: ArrayView2<'a, f32>,
    pub(super) panels: Panels<'a>,
    pub(super) rectangle: &'a mut Rectangle<'r>,
}

#[cfg(feature = "train")]
impl Work for PlainSums<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { x, panels, rectangle } = self;
        let columns = rectangle.columns.clone();
        let some = columns.start / COLUMNS..columns.end.div_ceil(COLUMNS);
        Outputs::new(None, x, rectangle, some.start).multiply::<A, _>(panels.part(some));
    }
}

/// The outputs of some panels.
struct Outputs<'t, 'r> {
    bias: Option<&'t [f32]>,
    x: ArrayView2<'t, f32>,
    rectangle: &'t mut Rectangle<'r>,
    /// The number of the first panel.
    first: usize,
    /// The rows that are being multiplied, and the number of the first.
    rows: [&'t [f32]; ROWS],
    first_row: usize,
    /// The inputs that are being multiplied.
    inner: Range<usize>,
}

impl<'t, 'r> Outputs<'t, 'r> {
    #[inline(always)]
    fn new(
        bias: Option<&'t [f32]>,
        x: ArrayView2<'t, f32>,
        rectangle: &'t mut Rectangle<'r>,
        first: usize,
    ) -> Self {
        Self { bias, x, rectangle, first, rows: [&[]; ROWS], first_row: 0, inner: 0..0 }
    }

    #[inline(always)]
    fn multiply<A: Arithmetic, L: Line>(mut self, panels: Panels<'_, L>) {
        let (rows, inner) = self.x.dim();
        let step = if rows <= FEW { inner } else { INNER };
        for first in (0..rows).step_by(ROWS) {
            let some = first..rows.min(first + ROWS);
            self.first_row = first;
            for (place, row) in self.rows.iter_mut().zip(some.clone()) {
                let row = self.x.index_axis_move(Axis(0), row).to_slice();
                *place = row.unwrap_or_default(); // `in_rows` has seen to it that there is one
            }
            self.inner = 0..0;
            loop {
                self.inner = self.inner.end..inner.min(self.inner.end + step);
                let lines = panels.lines(self.inner.clone());
                multiply::<A, _>(&mut self, some.clone(), lines);
                if self.inner.end == inner {
                    break;
                }
            }
        }
    }

    #[inline(always)]
    fn columns(&self, panel: usize, panels: usize) -> Range<usize> {
        let first = (self.first + panel) * COLUMNS;
        first..self.rectangle.columns.end.min(first + panels * COLUMNS)
    }
}

impl Tiles for Outputs<'_, '_> {
    #[inline(always)]
    fn row(&self, row: usize) -> &[f32] {
        &self.rows[row - self.first_row][self.inner.clone()]
    }

    #[inline(always)]
    fn start<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        row: usize,
        panel: usize,
    ) -> [[A::Registers; P]; R] {
        let columns = self.columns(panel, P);
        let mut sums = [[A::load(&[0.0; COLUMNS]); P]; R];
        if self.inner.start > 0 {
            // The chain goes on where the inputs before these ended.
            for (r, sums) in sums.iter_mut().enumerate() {
                load::<A>(self.rectangle.row(row + r, columns.clone()), sums);
            }
        } else if let Some(bias) = self.bias {
            load::<A>(&bias[columns], &mut sums[0]);
            sums = [sums[0]; R];
        }
        sums
    }

    #[inline(always)]
    fn expect<A: Arithmetic, const R: usize, const P: usize>(&mut self, row: usize, panel: usize) {
        let columns = self.columns(panel, P);
        if let Some(mut tile) = self.rectangle.tile::<R, P>(row, columns) {
            for r in 0..R {
                A::will_write(tile.row(r).as_flattened_mut());
            }
        }
    }

    #[inline(always)]
    fn finish<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        row: usize,
        panel: usize,
        sums: [[A::Registers; P]; R],
    ) {
        let columns = self.columns(panel, P);
        match self.rectangle.tile::<R, P>(row, columns.clone()) {
            Some(mut tile) => {
                for (r, sums) in sums.iter().enumerate() {
                    for (place, &sums) in tile.row(r).iter_mut().zip(sums) {
                        A::store(sums, place);
                    }
                }
            }
            None => {
                for (r, sums) in sums.iter().enumerate() {
                    store::<A>(sums, self.rectangle.row(row + r, columns.clone()));
                }
            }
        }
    }
}

/// Activation and residual.
struct Finish<'a, 'r> {
    activation: Activation,
    residual: Option<ArrayView2<'a, f32>>,
    rectangle: &'a mut Rectangle<'r>,
}

impl Work for Finish<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { activation, residual, rectangle } = self;
        let columns = rectangle.columns.clone();
        for row in 0..rectangle.rows.len() {
            let y = rectangle.row(row, columns.clone());
            activation.apply_to_all::<A>(y);
            let Some(residual) = residual else { continue };
            let residual = residual.index_axis_move(Axis(0), row);
            match residual.to_slice() {
                Some(residual) => {
                    let residual = &residual[columns.clone()];
                    y.iter_mut().zip(residual).for_each(|(y, residual)| *y += residual);
                }
                None => {
                    let residual = residual.iter().skip(columns.start);
                    y.iter_mut().zip(residual).for_each(|(y, residual)| *y += residual);
                }
            }
        }
    }
}
