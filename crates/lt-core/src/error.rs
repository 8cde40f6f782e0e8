//! What can go wrong in a forward pass, and how it is said.

use std::fmt;

/// The result of every forward and backward pass.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a layer refused its input or its parameters.
///
/// One type for all layers, so that a caller matches once. Each message names the place, what
/// was expected, what came, and what to do where that is not plain.
///
/// ```
/// use lt_core::{Error, Shape, shape};
/// let error = Error::Shape {
///     at: "Linear::forward",
///     expected: shape!["tokens", 384],
///     got: shape![7, 768],
/// };
/// assert_eq!(error.to_string(), "`Linear::forward`: expected [tokens, 384], got [7, 768]");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array of the wrong shape.
    #[error("`{at}`: expected {expected}, got {got}")]
    Shape {
        /// The type and method that refused.
        at: &'static str,
        /// What it takes: numbers where the layer fixes them, names where it does not.
        expected: Shape,
        /// What came.
        got: Shape,
    },
    /// A number that points past the end of a table: a token id, a segment id.
    #[error(
        "`{at}`: {what} {index} at row {row} is out of range: expected less than {len}; \
         was the text tokenised with this model's own tokenizer?"
    )]
    Index {
        /// The type and method that refused.
        at: &'static str,
        /// What the number is: "token id", "segment id".
        what: &'static str,
        /// The number that came.
        index: usize,
        /// The row of the batch that it came in.
        row: usize,
        /// How many entries the table has.
        len: usize,
    },
    /// A sequence longer than the model has positions for.
    #[error(
        "`{at}`: sequence {sequence} has {length} tokens, expected at most {limit}: \
         truncate it or split it"
    )]
    TooLong {
        /// The type and method that refused.
        at: &'static str,
        /// Which sequence of the batch, from 0.
        sequence: usize,
        /// Its length in tokens.
        length: usize,
        /// The most that fits.
        limit: usize,
    },
    /// A sequence without tokens where at least one is needed.
    #[error("`{at}`: sequence {sequence} is empty, expected at least one token: leave it out")]
    Empty {
        /// The type and method that refused.
        at: &'static str,
        /// Which sequence of the batch, from 0.
        sequence: usize,
    },
    /// A setting that no layer can be built with.
    #[error("`{at}`: {field} is {got}, expected {expected}")]
    Config {
        /// The type and method that refused.
        at: &'static str,
        /// The setting's name.
        field: &'static str,
        /// What came.
        got: String,
        /// What can be built.
        expected: String,
    },
}

/// One side of an array: a number, or a name where any number will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// Exactly this many.
    Size(usize),
    /// Any number; the name says of what.
    Any(&'static str),
}

impl From<usize> for Dim {
    fn from(size: usize) -> Self {
        Self::Size(size)
    }
}

impl From<&'static str> for Dim {
    fn from(name: &'static str) -> Self {
        Self::Any(name)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(size) => size.fmt(f),
            Self::Any(name) => name.fmt(f),
        }
    }
}

/// The shape of an array as an error prints it: `[tokens, 384]`.
///
/// Written with the [`shape!`](crate::shape) macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(pub Vec<Dim>);

impl Shape {
    /// The shape of an array that exists: numbers only.
    #[must_use]
    pub fn of(sizes: &[usize]) -> Self {
        Self(sizes.iter().map(|&size| Dim::Size(size)).collect())
    }

    /// Whether an array of these sizes fits.
    #[must_use]
    pub fn fits(&self, sizes: &[usize]) -> bool {
        fits(&self.0, sizes)
    }
}

impl AsRef<[Dim]> for Shape {
    fn as_ref(&self) -> &[Dim] {
        &self.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, dim) in self.0.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

/// Writes a [`Shape`]: `shape!["tokens", 384]`.
#[macro_export]
macro_rules! shape {
    ($($dim:expr),* $(,)?) => { $crate::Shape(vec![$($crate::Dim::from($dim)),*]) };
}

/// The sides that an array should have, for [`check_shape`]: `dims!["tokens", 384]`. Nothing is
/// allocated as long as the array has them.
#[macro_export]
macro_rules! dims {
    ($($dim:expr),* $(,)?) => { [$($crate::Dim::from($dim)),*] };
}

/// Refuses an array whose shape does not fit; allocates only to complain.
///
/// ```
/// use lt_core::{check_shape, dims};
/// assert!(check_shape("here", dims!["tokens", 384], &[7, 384]).is_ok());
/// let refusal = check_shape("here", dims!["tokens", 384], &[7, 768]).unwrap_err();
/// assert_eq!(refusal.to_string(), "`here`: expected [tokens, 384], got [7, 768]");
/// ```
///
/// # Errors
/// [`Error::Shape`] if `got` does not fit `expected`.
pub fn check_shape(at: &'static str, expected: impl AsRef<[Dim]>, got: &[usize]) -> Result<()> {
    let expected = expected.as_ref();
    if fits(expected, got) {
        Ok(())
    } else {
        Err(Error::Shape { at, expected: Shape(expected.to_vec()), got: Shape::of(got) })
    }
}

fn fits(dims: &[Dim], sizes: &[usize]) -> bool {
    dims.len() == sizes.len()
        && dims.iter().zip(sizes).all(|(dim, &size)| match dim {
            Dim::Size(expected) => *expected == size,
            Dim::Any(_) => true,
        })
}

/// Refuses rows `[tokens, d]` that are not `columns` wide; allocates only to complain.
///
/// # Errors
/// [`Error::Shape`] if the rows have another width.
pub fn check_columns(
    at: &'static str,
    columns: usize,
    rows: &ndarray::ArrayView2<'_, f32>,
) -> Result<()> {
    if rows.ncols() == columns {
        return Ok(());
    }
    Err(Error::Shape { at, expected: shape!["tokens", columns], got: Shape::of(rows.shape()) })
}
