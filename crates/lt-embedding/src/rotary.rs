//! Positions as rotations of queries and keys.

mod angles;
mod layer;
mod scaling;

use std::ops::Range;
use std::sync::Arc;

use lt_core::{Error, Ragged, Result, Shape, params};
use ndarray::{ArrayView1, ArrayViewMut2};

use angles::Angles;
pub use layer::RotaryInput;
pub use scaling::{RotaryScaling, YarnBorders};

/// Which two columns of a head are turned together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotaryLayout {
    /// Column i of the first half with column i of the second, as transformers' `rotate_half` has
    /// it: Llama, ModernBERT.
    Halves,
    /// Neighbours, columns 2i and 2i + 1: the paper, GPT-J.
    Interleaved,
}

/// Rotary position embedding: at position p, the pair i of the columns of a head, seen as a point
/// in the plane, is turned by the angle p / θ^(2i/k).
///
/// A product of two rows that were turned depends on the distance of their positions alone. There
/// are no parameters. The cosines and sines are computed once for each position that is met, and
/// shared by clones.
///
/// # Shapes
/// `[tokens, h·k]` to `[tokens, h·k]`, for any number h of heads, which are all turned alike.
///
/// [Su et al. 2021](https://arxiv.org/abs/2104.09864), section 3.2.2, equations 14 and 15, computed
/// as in section 3.4.2, equation 34. PyTorch: `apply_rotary_pos_emb` with the angles of
/// `ModernBertRotaryEmbedding` or `LlamaRotaryEmbedding`, in f32 as there.
///
/// ```
/// use lt_embedding::{Rotary, RotaryInput, RotaryLayout, lt_core::{Module, Ragged}};
/// use ndarray::array;
/// // One pair: position p is turned by p radians.
/// let rotary = Rotary::new(2, 10_000.0, RotaryLayout::Halves)?;
/// let (rows, batch) = (array![[1.0, 0.0], [1.0, 0.0]], Ragged::single(2));
/// let turned = rotary.forward(RotaryInput::new(rows.view(), &batch))?;
/// assert_eq!(turned, array![[1.0, 0.0], [0.540_302_3, 0.841_470_96]]); // (cos 1, sin 1)
/// # Ok::<(), lt_embedding::lt_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Rotary {
    settings: Settings,
    angles: Arc<Angles>,
}

params!(Rotary {});

/// What the angles follow from.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Settings {
    /// The width of a head, k.
    width: usize,
    /// Columns of a head that are turned, from the first on.
    turned: usize,
    theta: f32,
    layout: RotaryLayout,
    scaling: RotaryScaling,
}

impl Settings {
    /// The angles of texts that are not longer than those of training.
    fn angles(self) -> Angles {
        self.angles_for(0)
    }

    /// The angles of a text of this length.
    fn angles_for(self, length: usize) -> Angles {
        let Self { turned, theta, scaling, .. } = self;
        Angles::new(scaling.frequencies(turned, theta, length), scaling.length())
    }
}

/// Two that turn alike are equal, whatever positions they have met.
impl PartialEq for Rotary {
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings
    }
}

impl Rotary {
    /// Rotations for heads of this width k, with angles of base θ.
    ///
    /// # Errors
    /// [`Error::Config`] if the width is 0 or odd, or θ is below 1 or not finite.
    pub fn new(width: usize, theta: f32, layout: RotaryLayout) -> Result<Self> {
        let refuse = |field, got: String, expected: &str| {
            Err(Error::Config { at: "Rotary::new", field, got, expected: expected.into() })
        };
        if width == 0 || !width.is_multiple_of(2) {
            return refuse("width", width.to_string(), "an even number above 0");
        }
        if !(theta >= 1.0 && theta.is_finite()) {
            return refuse("theta", theta.to_string(), "a finite number, 1 or above");
        }
        let scaling = RotaryScaling::Default;
        Ok(Self::of(Settings { width, turned: width, theta, layout, scaling }))
    }

    fn of(settings: Settings) -> Self {
        Self { settings, angles: Arc::new(settings.angles()) }
    }

    /// Turning only the first columns of each head; the others pass as they are (GPT-NeoX's
    /// `partial_rotary_factor`).
    ///
    /// # Errors
    /// [`Error::Config`] if they are 0 or odd, or more than there are.
    ///
    /// ```
    /// # use lt_embedding::{Rotary, RotaryLayout, lt_core::Ragged};
    /// let rotary = Rotary::new(4, 10_000.0, RotaryLayout::Halves)?.turning(2)?;
    /// let mut rows = ndarray::array![[1.0, 0.0, 3.0, 4.0], [1.0, 0.0, 3.0, 4.0]];
    /// rotary.rotate(rows.view_mut(), &Ragged::single(2))?;
    /// assert_eq!(rows.row(1), ndarray::array![0.540_302_3, 0.841_470_96, 3.0, 4.0]);
    /// # Ok::<(), lt_embedding::lt_core::Error>(())
    /// ```
    pub fn turning(self, columns: usize) -> Result<Self> {
        let width = self.width();
        if columns > 0 && columns.is_multiple_of(2) && columns <= width {
            self.settings.scaling.check(columns)?;
            return Ok(Self::of(Settings { turned: columns, ..self.settings }));
        }
        Err(Error::Config {
            at: "Rotary::turning",
            field: "columns",
            got: columns.to_string(),
            expected: format!("an even number from 2 to {width}, the width of a head"),
        })
    }

    /// With frequencies that were changed for longer texts.
    ///
    /// # Errors
    /// [`Error::Config`] if a number of it is out of range.
    pub fn with_scaling(self, scaling: RotaryScaling) -> Result<Self> {
        scaling.check(self.settings.turned)?;
        Ok(Self::of(Settings { scaling, ..self.settings }))
    }

    /// The width of a head, k.
    #[must_use]
    pub fn width(&self) -> usize {
        self.settings.width
    }

    /// The base of the angles, θ.
    #[must_use]
    pub fn theta(&self) -> f32 {
        self.settings.theta
    }

    /// Which columns are turned together.
    #[must_use]
    pub fn layout(&self) -> RotaryLayout {
        self.settings.layout
    }

    /// How the frequencies were changed for longer texts.
    #[must_use]
    pub fn scaling(&self) -> RotaryScaling {
        self.settings.scaling
    }

    /// How far each pair is turned from one position to the next, in radians: one number a pair.
    #[must_use]
    pub fn frequencies(&self) -> &[f32] {
        self.angles.frequencies()
    }

    /// Turns each row by the angles of its position in its sequence, in place.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is not one row per token, [`Error::Config`] if a row is not a
    /// number of heads.
    ///
    /// ```
    /// # use lt_embedding::{Rotary, RotaryLayout, lt_core::Ragged};
    /// let rotary = Rotary::new(2, 10_000.0, RotaryLayout::Interleaved)?;
    /// // Two sequences, and two heads of width 2. Each sequence begins at position 0.
    /// let mut rows = ndarray::array![[1.0, 0.0, 0.0, 2.0], [1.0, 0.0, 0.0, 2.0]];
    /// rotary.rotate(rows.view_mut(), &Ragged::from_lengths([1, 1]))?;
    /// assert_eq!(rows.row(1), rows.row(0));
    /// rotary.rotate(rows.view_mut(), &Ragged::single(2))?;
    /// assert_eq!(rows.row(1), ndarray::array![0.540_302_3, 0.841_470_96, -1.682_941_9, 1.080_604_6]);
    /// # Ok::<(), lt_embedding::lt_core::Error>(())
    /// ```
    pub fn rotate(&self, rows: ArrayViewMut2<'_, f32>, sequences: &Ragged) -> Result<()> {
        self.rotate_after(rows, sequences, &[])
    }

    /// As [`rotate`](Self::rotate), where so many tokens stand before the first row of each
    /// sequence; none: none do.
    ///
    /// # Errors
    /// As for [`rotate`](Self::rotate), and if there is not one number for each sequence.
    ///
    /// ```
    /// # use lt_embedding::{Rotary, RotaryLayout, lt_core::Ragged};
    /// let rotary = Rotary::new(2, 10_000.0, RotaryLayout::Halves)?;
    /// let mut text = ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    /// let mut last = text.slice(ndarray::s![2.., ..]).to_owned();
    /// rotary.rotate(text.view_mut(), &Ragged::single(3))?;
    /// rotary.rotate_after(last.view_mut(), &Ragged::single(1), &[2])?;
    /// assert_eq!(last.row(0), text.row(2));
    /// # Ok::<(), lt_embedding::lt_core::Error>(())
    /// ```
    pub fn rotate_after(
        &self,
        rows: ArrayViewMut2<'_, f32>,
        sequences: &Ragged,
        before: &[usize],
    ) -> Result<()> {
        self.turn("Rotary::rotate", rows, Places { sequences, before }, turned)
    }

    /// The transpose of [`rotate`](Self::rotate), which is its backward pass: turns each row back.
    /// That undoes it, where the scaling makes rows no longer.
    ///
    /// # Errors
    /// As for [`rotate`](Self::rotate).
    pub fn rotate_back(&self, rows: ArrayViewMut2<'_, f32>, sequences: &Ragged) -> Result<()> {
        self.turn_back(rows, Places { sequences, before: &[] })
    }

    fn turn_back(&self, rows: ArrayViewMut2<'_, f32>, places: Places<'_>) -> Result<()> {
        let back = |point, (cos, sin): (f32, f32)| turned(point, (cos, -sin));
        self.turn("Rotary::rotate_back", rows, places, back)
    }

    fn turn(
        &self,
        at: &'static str,
        mut rows: ArrayViewMut2<'_, f32>,
        Places { sequences, before }: Places<'_>,
        turn: impl Fn(Point, (f32, f32)) -> Point,
    ) -> Result<()> {
        sequences.check(at, rows.nrows())?;
        let refuse =
            |field, got: String, expected: String| Err(Error::Config { at, field, got, expected });
        if !rows.ncols().is_multiple_of(self.width()) {
            let expected = format!("a multiple of {}, the width of a head", self.width());
            return refuse("columns", Shape::of(&[rows.ncols()]).to_string(), expected);
        }
        if !before.is_empty() && before.len() != sequences.len() {
            let expected = format!("none, or one for each of {} sequences", sequences.len());
            return refuse("before", format!("{} numbers", before.len()), expected);
        }
        if rows.is_empty() {
            return Ok(()); // rows of no columns may be more than there is memory for angles
        }
        for (sequence, range) in sequences.ranges().enumerate() {
            let first = before.get(sequence).copied().unwrap_or(0);
            let positions = first..first.saturating_add(range.len());
            let own = self.of_its_length(&positions);
            for (position, row) in positions.clone().zip(range) {
                let (cos, sin) = match &own {
                    None => self.angles.of(position),
                    Some(own) => {
                        let pairs = self.frequencies().len();
                        own[(position - first) * 2 * pairs..][..2 * pairs].split_at(pairs)
                    }
                };
                let mut row = rows.row_mut(row);
                if let Some(row) = row.as_slice_mut() {
                    self.turn_row(row, cos, sin, &turn);
                } else {
                    let mut copy = row.to_vec();
                    self.turn_row(&mut copy, cos, sin, &turn);
                    row.assign(&ArrayView1::from(&copy));
                }
            }
        }
        Ok(())
    }

    /// The cosines and sines of these positions, the last of a text, if its length changes them.
    fn of_its_length(&self, positions: &Range<usize>) -> Option<Box<[f32]>> {
        match self.settings.scaling {
            RotaryScaling::Dynamic { original, .. } if positions.end > original => {
                Some(self.settings.angles_for(positions.end).compute(positions.clone()))
            }
            _ => None,
        }
    }

    /// Turns the heads of one row, `[h·k]`, by the angles of its position, `[pairs]`.
    fn turn_row(
        &self,
        row: &mut [f32],
        cos: &[f32],
        sin: &[f32],
        turn: &impl Fn(Point, (f32, f32)) -> Point,
    ) {
        let Settings { width, turned, layout, .. } = self.settings;
        for head in row.chunks_exact_mut(width) {
            let angles = cos.iter().copied().zip(sin.iter().copied());
            match layout {
                RotaryLayout::Halves => {
                    let (first, second) = head[..turned].split_at_mut(cos.len());
                    for ((a, b), angle) in first.iter_mut().zip(second).zip(angles) {
                        (*a, *b) = turn((*a, *b), angle);
                    }
                }
                RotaryLayout::Interleaved => {
                    let pairs = head[..turned].as_chunks_mut().0;
                    for (pair, angle) in pairs.iter_mut().zip(angles) {
                        let [a, b] = pair;
                        (*a, *b) = turn((*a, *b), angle);
                    }
                }
            }
        }
    }
}

/// Where rows stand in their sequences.
#[derive(Clone, Copy)]
struct Places<'a> {
    sequences: &'a Ragged,
    before: &'a [usize],
}

/// Two columns of a head, seen as a point in the plane.
type Point = (f32, f32);

/// (a, b) turned by an angle, of which the cosine and the sine are given.
fn turned((a, b): Point, (cos, sin): (f32, f32)) -> Point {
    // formula: rotary
    (a * cos - b * sin, b * cos + a * sin)
}
