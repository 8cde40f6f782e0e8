//! How a task ends badly: what happened, and what to do about it.

use std::fmt;

/// The result of a task or of a part of one.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// What went wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What was expected and what came.
    what: String,
    /// What to do about it, where more than "read the output above" can be said.
    hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    /// The same failure with what to do about it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_stands_on_its_own_line() {
        let failure = Failure::new("no such crate").hint("try another");
        assert_eq!(failure.to_string(), "error: no such crate\nhint: try another");
    }

    #[test]
    fn without_a_hint_there_is_one_line() {
        assert_eq!(Failure::new("no such crate").to_string(), "error: no such crate");
    }
}
