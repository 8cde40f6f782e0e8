//! What is known of a tensor before its numbers are read.

use std::fmt;

use lt_core::{Dtype, Weight};

use crate::ReadError;

/// How a checkpoint stores the numbers of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoredDtype {
    /// A type that a [`Weight`] can have.
    Usable(Dtype),
    /// Whole numbers of 8 bits in a matrix whose rows have scales, which they are multiples of: a
    /// [`Weight`] of f32 comes of them.
    Scaled,
    /// Another type, by its name: `i64`, `bool`, `f8_e4m3`.
    Other(String),
}

impl fmt::Display for StoredDtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usable(dtype) => dtype.fmt(f),
            Self::Scaled => f.write_str("i8"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// A tensor in a checkpoint: its name, type, shape and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// The name it is stored under.
    pub name: String,
    /// The type of its numbers.
    pub dtype: StoredDtype,
    /// Its shape, as it is stored.
    pub shape: Vec<usize>,
    /// The bytes it takes.
    pub bytes: usize,
}

/// Something that tensors can be read from by name: a file, several, or a table in memory.
///
/// ```
/// use lt_core::{Dtype, Weight};
/// use lt_weights::{ReadError, StoredDtype, TensorInfo, TensorSource};
///
/// /// One tensor of ones.
/// struct Ones(Vec<TensorInfo>);
/// impl TensorSource for Ones {
///     fn tensors(&self) -> &[TensorInfo] {
///         &self.0
///     }
///     fn weight(&self, name: &str) -> Result<Weight, ReadError> {
///         let info = self.info(name).ok_or_else(|| ReadError::no_tensor(name))?;
///         Ok(Weight::new(&info.shape, vec![1.0; info.shape.iter().product()])?)
///     }
/// }
///
/// let dtype = StoredDtype::Usable(Dtype::F32);
/// let source = Ones(vec![TensorInfo { name: "gain".into(), dtype, shape: vec![3], bytes: 12 }]);
/// assert_eq!(source.weight("gain")?.f32(), [1.0, 1.0, 1.0]);
/// assert!(source.weight("bias").is_err());
/// # Ok::<(), ReadError>(())
/// ```
pub trait TensorSource: Send + Sync {
    /// All tensors there are, sorted by name, each name once.
    fn tensors(&self) -> &[TensorInfo];

    /// The numbers of a tensor. They stay valid when the source is gone.
    ///
    /// # Errors
    /// If there is no such tensor, its type is none that a [`Weight`] can have, or it cannot be
    /// read.
    fn weight(&self, name: &str) -> Result<Weight, ReadError>;

    /// What is known of a tensor, if there is one of this name.
    fn info(&self, name: &str) -> Option<&TensorInfo> {
        let tensors = self.tensors();
        let place = tensors.binary_search_by(|info| info.name.as_str().cmp(name)).ok()?;
        tensors.get(place)
    }
}
