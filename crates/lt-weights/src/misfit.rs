//! All the ways in which a checkpoint does not fit a model, at once.

use std::fmt;

use lt_core::Shape;

use crate::quoted::Quoted;

/// Why a checkpoint was not loaded into a model: everything that does not fit, each by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misfit {
    /// Parameters of the model that the checkpoint has no tensor for.
    pub missing: Vec<Missing>,
    /// Tensors of another shape than the model's.
    pub wrong_shape: Vec<WrongShape>,
    /// Tensors of a type that no weight can have.
    pub unusable: Vec<Unusable>,
    /// Tensors that nothing in the model takes, and that the layout does not pass over.
    pub unused: Vec<Unused>,
    /// Tensors that are the same one by two names.
    pub ambiguous: Vec<Ambiguous>,
}

/// A tensor without a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// The tensor.
    pub stored: String,
    /// The nearest name that the model looks for, those that it did not find first.
    pub nearest: Option<String>,
}

/// A parameter without a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Our name for it.
    pub ours: String,
    /// The name it should be stored under.
    pub stored: String,
    /// The nearest name in the checkpoint, those that nothing takes first.
    pub nearest: Option<String>,
}

/// A tensor of another shape than the parameter it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongShape {
    /// The tensor.
    pub stored: String,
    /// The shape it should be stored in.
    pub expected: Vec<usize>,
    /// The shape it is stored in.
    pub got: Vec<usize>,
}

/// A tensor of a type that no weight can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The tensor.
    pub stored: String,
    /// Its type.
    pub dtype: String,
}

/// Two tensors whose names mean the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguous {
    /// What both mean.
    pub meaning: String,
    /// The one.
    pub first: String,
    /// The other.
    pub second: String,
}

impl Misfit {
    /// Whether everything fits after all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::error::Error for Misfit {}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the checkpoint does not fit the model:")?;
        let mut comma = "";
        for (count, what) in [
            (self.missing.len(), "missing"),
            (self.wrong_shape.len(), "of another shape"),
            (self.unusable.len(), "of another type"),
            (self.unused.len(), "unused"),
            (self.ambiguous.len(), "stored twice"),
        ] {
            if count > 0 {
                write!(f, "{comma} {count} {what}")?;
                comma = ",";
            }
        }
        lines(f, &self.missing)?;
        lines(f, &self.wrong_shape)?;
        lines(f, &self.unusable)?;
        lines(f, &self.unused)?;
        lines(f, &self.ambiguous)
    }
}

/// One line each; of a very long list the beginning.
fn lines(f: &mut fmt::Formatter<'_>, list: &[impl fmt::Display]) -> fmt::Result {
    const MOST: usize = 1000;
    for line in list.iter().take(MOST) {
        write!(f, "\n  {line}")?;
    }
    match list.len().saturating_sub(MOST) {
        0 => Ok(()),
        more => write!(f, "\n  … and {more} more"),
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "missing: {}", Quoted(&self.stored))?;
        match &self.nearest {
            Some(nearest) => write!(f, "; the nearest name there is {}", Quoted(nearest)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for WrongShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (expected, got) = (Shape::of(&self.expected), Shape::of(&self.got));
        write!(f, "shape: {}: expected {expected}, got {got}", Quoted(&self.stored))
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Quoted(&self.stored);
        write!(f, "type: {name}: expected f32, f16 or bf16, got {}", self.dtype)
    }
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unused: {}", Quoted(&self.stored))?;
        match &self.nearest {
            Some(nearest) => write!(f, "; the nearest name in the model is {}", Quoted(nearest)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Ambiguous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = (Quoted(&self.first), Quoted(&self.second));
        write!(f, "twice: {first} and {second} are both {}", Quoted(&self.meaning))
    }
}
