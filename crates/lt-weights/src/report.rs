//! What loading did.

use std::fmt;

use lt_core::{Dtype, Shape};

use crate::quoted::Quoted;

/// What loading did with each parameter and each tensor. Printed, it is a few lines.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The parameters that were loaded, in the order of the model.
    pub loaded: Vec<Loaded>,
    /// The parameters that stayed as they were: the checkpoint has none for them. Only
    /// [`load_partial`](crate::load_partial) allows that.
    pub kept: Vec<String>,
    /// The tensors that were passed over, as the layout says.
    pub ignored: Vec<String>,
    /// What is not as it should be, and no reason to stop.
    pub warnings: Vec<Warning>,
}

/// A parameter and the tensor it was loaded from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Our name for it.
    pub ours: String,
    /// The tensor's.
    pub stored: String,
    /// The type of its numbers.
    pub dtype: Dtype,
    /// Its shape, as the model has it.
    pub shape: Vec<usize>,
}

/// Something in a checkpoint that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A tensor that should be a copy of another, and is not.
    CopyDiffers {
        /// The copy; it was not used.
        copy: String,
        /// What it should be a copy of; this was used.
        original: String,
        /// How many numbers differ.
        numbers: usize,
    },
    /// A tensor that should be a copy of another, and has not even its shape.
    CopyShape {
        /// The copy; it was not used.
        copy: String,
        /// Its shape.
        got: Vec<usize>,
        /// What it should be a copy of; this was used.
        original: String,
        /// The shape of that.
        expected: Vec<usize>,
    },
    /// A tensor that the configuration says is a copy of another, and that was loaded as a tensor
    /// of its own, because it differs.
    NotTied {
        /// The tensor that should be a copy.
        copy: String,
        /// What it should be a copy of.
        original: String,
    },
}

/// So many names are printed; a file may have millions.
const MOST: usize = 1000;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: usize = self.loaded.iter().map(Loaded::len).sum();
        let megabytes = self.loaded.iter().map(Loaded::bytes).sum::<usize>() as f64 / 1e6;
        let count = self.loaded.len();
        write!(f, "loaded {count} parameters, {numbers} numbers, {megabytes:.1} MB")?;
        for (what, names) in [("not in the checkpoint", &self.kept), ("ignored", &self.ignored)] {
            if !names.is_empty() {
                write!(f, "\n{what}:")?;
                for name in names.iter().take(MOST) {
                    write!(f, " {}", Quoted(name))?;
                }
                if let Some(more) = names.len().checked_sub(MOST + 1) {
                    write!(f, " … and {} more", more + 1)?;
                }
            }
        }
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}

impl Loaded {
    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    fn bytes(&self) -> usize {
        self.len() * self.dtype.bytes()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CopyDiffers { copy, original, numbers } => {
                let (copy, original) = (Quoted(copy), Quoted(original));
                write!(f, "{copy} differs from {original} in {numbers} numbers, expected a copy")?;
                write!(f, "; {original} was used")
            }
            Self::CopyShape { copy, got, original, expected } => {
                let (copy, original) = (Quoted(copy), Quoted(original));
                let (got, expected) = (Shape::of(got), Shape::of(expected));
                write!(f, "{copy} is {got}, expected a copy of {original}, which is {expected}")?;
                write!(f, "; {original} was used")
            }
            Self::NotTied { copy, original } => {
                let (copy, original) = (Quoted(copy), Quoted(original));
                write!(f, "{copy} differs from {original}, expected a copy")?;
                write!(f, "; each is used as it is stored")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_in_a_few_lines_what_happened() {
        let report = Report {
            loaded: vec![Loaded {
                ours: "words".into(),
                stored: "embeddings.word_embeddings.weight".into(),
                dtype: Dtype::F16,
                shape: vec![1000, 100],
            }],
            kept: vec!["head.bias".into()],
            ignored: vec!["position_ids".into(), "cls.seq_relationship.bias".into()],
            warnings: vec![
                Warning::CopyDiffers { copy: "a".into(), original: "b".into(), numbers: 3 },
                Warning::CopyShape {
                    copy: "a".into(),
                    got: vec![2],
                    original: "b".into(),
                    expected: vec![3],
                },
            ],
        };
        assert_eq!(
            report.to_string(),
            "loaded 1 parameters, 100000 numbers, 0.2 MB\n\
             not in the checkpoint: `head.bias`\n\
             ignored: `position_ids` `cls.seq_relationship.bias`\n\
             warning: `a` differs from `b` in 3 numbers, expected a copy; `b` was used\n\
             warning: `a` is [2], expected a copy of `b`, which is [3]; `b` was used"
        );
    }
}
