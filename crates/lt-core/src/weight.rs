//! A parameter: shared numbers, their type and shape, and what is derived from them.

mod add;
mod dtype;
mod rows;

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use ndarray::{ArrayView1, ArrayView2};

use crate::{Error, Result, Shape, bf16_to_f32, f16_to_f32};
pub use dtype::Dtype;
pub use rows::SparseRows;

/// The stored numbers, as they are: a view tagged with its type.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Values<'a> {
    /// All zero, and no memory taken for it.
    Zeros,
    /// f32.
    F32(&'a [f32]),
    /// The bits of f16.
    F16(&'a [u16]),
    /// The bits of bf16.
    Bf16(&'a [u16]),
    /// f32, some rows; the others are zero.
    Rows(&'a SparseRows),
}

#[derive(Clone)]
enum Storage {
    Zeros,
    Owned(Arc<Vec<f32>>),
    F32(Arc<dyn AsRef<[f32]> + Send + Sync>),
    F16(Arc<dyn AsRef<[u16]> + Send + Sync>),
    Bf16(Arc<dyn AsRef<[u16]> + Send + Sync>),
    Rows(Arc<SparseRows>),
}

/// A parameter of a layer: a matrix `[out, in]` or a vector `[d]`.
///
/// Its numbers are owned, or shared with whoever holds them (a file mapped into memory); a clone
/// shares them too. What kernels derive from them (f32 copies of f16 numbers, panels packed for
/// the matrix product) is made on first use, kept with the weight, and dropped when the weight
/// changes, which it does only through [`make_mut`](Self::make_mut), [`assign`](Self::assign) and
/// the sums of gradients, [`add`](Self::add), [`add_row`](Self::add_row) and
/// [`add_weight`](Self::add_weight).
///
/// ```
/// use lt_core::Weight;
/// let mut weight = Weight::new(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!(weight.matrix()[[1, 0]], 4.0);
/// weight.make_mut()[3] = 40.0;
/// assert_eq!(weight.matrix()[[1, 0]], 40.0);
/// # Ok::<(), lt_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Weight {
    shape: Vec<usize>,
    storage: Storage,
    f32: OnceLock<Arc<[f32]>>,
    derived: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Weight {
    fn with_storage(shape: &[usize], storage: Storage) -> Self {
        Self { shape: shape.to_vec(), storage, f32: OnceLock::new(), derived: OnceLock::new() }
    }

    fn checked(shape: &[usize], len: usize, storage: Storage) -> Result<Self> {
        // A product that overflows is no length that any slice has.
        let expected = shape.iter().try_fold(1_usize, |n, &side| n.checked_mul(side));
        if expected == Some(len) {
            Ok(Self::with_storage(shape, storage))
        } else {
            Err(Error::Shape {
                at: "Weight::new",
                expected: Shape::of(shape),
                got: Shape::of(&[len]),
            })
        }
    }

    /// These numbers, row by row.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many as the shape says.
    pub fn new(shape: &[usize], values: Vec<f32>) -> Result<Self> {
        Self::checked(shape, values.len(), Storage::Owned(Arc::new(values)))
    }

    /// Zeros that take no memory until they are read: what a model is before its checkpoint is
    /// loaded, and a gradient before anything is added to it.
    #[must_use]
    pub fn zeros(shape: &[usize]) -> Self {
        Self::with_storage(shape, Storage::Zeros)
    }

    /// f32 numbers that somebody else holds.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn shared_f32(
        shape: &[usize],
        values: Arc<dyn AsRef<[f32]> + Send + Sync>,
    ) -> Result<Self> {
        Self::checked(shape, (*values).as_ref().len(), Storage::F32(values))
    }

    /// The bits of f16 numbers that somebody else holds.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn shared_f16(
        shape: &[usize],
        values: Arc<dyn AsRef<[u16]> + Send + Sync>,
    ) -> Result<Self> {
        Self::checked(shape, (*values).as_ref().len(), Storage::F16(values))
    }

    /// The bits of bf16 numbers that somebody else holds.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn shared_bf16(
        shape: &[usize],
        values: Arc<dyn AsRef<[u16]> + Send + Sync>,
    ) -> Result<Self> {
        Self::checked(shape, (*values).as_ref().len(), Storage::Bf16(values))
    }

    /// The shape: `[out, in]` for a matrix, `[d]` for a vector.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// How the numbers are stored.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        match self.storage {
            Storage::Zeros | Storage::Owned(_) | Storage::F32(_) | Storage::Rows(_) => Dtype::F32,
            Storage::F16(_) => Dtype::F16,
            Storage::Bf16(_) => Dtype::Bf16,
        }
    }

    /// The numbers as they are stored, row by row.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        match &self.storage {
            Storage::Zeros => Values::Zeros,
            Storage::Owned(values) => Values::F32(values),
            Storage::F32(values) => Values::F32((**values).as_ref()),
            Storage::F16(values) => Values::F16((**values).as_ref()),
            Storage::Bf16(values) => Values::Bf16((**values).as_ref()),
            Storage::Rows(rows) => Values::Rows(rows),
        }
    }

    /// The numbers as f32, row by row. Those stored otherwise are converted once and kept: for
    /// small vectors; a matrix is better read with [`read_row`](Self::read_row).
    #[must_use]
    pub fn f32(&self) -> &[f32] {
        match self.values() {
            Values::F32(values) => values,
            _ => self.f32.get_or_init(|| self.to_f32().into()),
        }
    }

    /// One row as f32, into `row`: the others are not touched.
    ///
    /// # Panics
    /// If there is no such row, or `row` is not one row long.
    pub fn read_row(&self, index: usize, row: &mut [f32]) {
        let columns = self.columns();
        assert_eq!(row.len(), columns, "room for one row of {:?}", self.shape);
        assert!(index < self.rows(), "row {index} of {:?}", self.shape);
        let range = index * row.len()..(index + 1) * row.len();
        match self.values() {
            Values::Zeros => row.fill(0.0),
            Values::F32(values) => row.copy_from_slice(&values[range]),
            Values::F16(values) => convert(&values[range], f16_to_f32, row),
            Values::Bf16(values) => convert(&values[range], bf16_to_f32, row),
            Values::Rows(rows) => match rows.row(index) {
                Some(values) => row.copy_from_slice(values),
                None => row.fill(0.0),
            },
        }
    }

    /// The numbers as f32, one after the other; nothing is kept.
    fn numbers(&self) -> Box<dyn Iterator<Item = f32> + '_> {
        match self.values() {
            Values::Zeros => Box::new(std::iter::repeat_n(0.0, self.len())),
            Values::F32(values) => Box::new(values.iter().copied()),
            Values::F16(values) => Box::new(values.iter().map(|&bits| f16_to_f32(bits))),
            Values::Bf16(values) => Box::new(values.iter().map(|&bits| bf16_to_f32(bits))),
            Values::Rows(rows) => Box::new((0..self.rows()).flat_map(|row| {
                let stored = rows.row(row).unwrap_or_default().iter().copied();
                stored.chain(std::iter::repeat(0.0)).take(rows.columns())
            })),
        }
    }

    /// The numbers as f32 in a new vector; nothing is kept.
    #[must_use]
    pub fn to_f32(&self) -> Vec<f32> {
        self.numbers().collect()
    }

    /// The weight as a matrix `[out, in]`; a vector `[d]` is one row.
    #[must_use]
    pub fn matrix(&self) -> ArrayView2<'_, f32> {
        ArrayView2::from_shape((self.rows(), self.columns()), self.f32())
            .unwrap_or_else(|_| unreachable!("the length was checked when the weight was made"))
    }

    /// How wide a row is.
    fn columns(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// How many rows there are; a vector is one.
    fn rows(&self) -> usize {
        self.len() / self.columns().max(1)
    }

    /// The weight as a vector.
    #[must_use]
    pub fn vector(&self) -> ArrayView1<'_, f32> {
        ArrayView1::from(self.f32())
    }

    /// The numbers, to be changed: copied first if they are shared or not f32. What was derived
    /// from them is dropped.
    pub fn make_mut(&mut self) -> &mut [f32] {
        if !matches!(self.storage, Storage::Owned(_)) {
            self.storage = Storage::Owned(Arc::new(self.to_f32()));
        }
        self.f32 = OnceLock::new();
        self.derived = OnceLock::new();
        match &mut self.storage {
            Storage::Owned(values) => Arc::<Vec<f32>>::make_mut(values).as_mut_slice(),
            _ => unreachable!("made owned above"),
        }
    }

    /// Replaces the numbers with those of a weight of the same shape.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes differ; nothing is changed then.
    pub fn assign(&mut self, other: Self) -> Result<()> {
        if self.shape != other.shape {
            return Err(Error::Shape {
                at: "Weight::assign",
                expected: Shape::of(&self.shape),
                got: Shape::of(&other.shape),
            });
        }
        *self = other;
        Ok(())
    }

    /// What a kernel makes of the numbers (packed panels, say), made on first use and kept.
    ///
    /// One thing is kept: a second type asked for is made anew each time.
    pub fn derived<T: Any + Send + Sync>(&self, make: impl Fn(&Self) -> T) -> Arc<T> {
        let kept = self.derived.get_or_init(|| Arc::new(make(self)));
        Arc::clone(kept).downcast().unwrap_or_else(|_| Arc::new(make(self)))
    }
}

fn convert(bits: &[u16], to_f32: impl Fn(u16) -> f32, row: &mut [f32]) {
    for (value, &bits) in row.iter_mut().zip(bits) {
        *value = to_f32(bits);
    }
}

impl fmt::Debug for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weight({} {:?})", self.dtype(), self.shape)
    }
}

/// Equal if shape and numbers are, however they are stored.
impl PartialEq for Weight {
    fn eq(&self, other: &Self) -> bool {
        if self.shape != other.shape {
            return false;
        }
        match (self.values(), other.values()) {
            (Values::Zeros, Values::Zeros) => true,
            (Values::F32(ours), Values::F32(theirs)) => ours == theirs,
            _ => self.numbers().eq(other.numbers()),
        }
    }
}
