//! The ids of special tokens, as the files of decoders have them.

use serde_json::Value;

use crate::ConfigError;
use crate::fields::Fields;

/// No list of tokens is longer: the largest hold a vocabulary's special tokens.
pub(crate) const MAX_TOKENS: usize = 1 << 16;

impl Fields {
    /// One id. `null` is none, and so is a negative number, which some files have for it.
    pub(crate) fn token(
        &self,
        field: &str,
        default: Option<usize>,
    ) -> Result<Option<usize>, ConfigError> {
        let Some(value) = self.get(field) else {
            return Ok(default.filter(|_| !self.is_null(field)));
        };
        token(value).ok_or_else(|| self.invalid(field, "the id of a token, or null"))
    }

    /// One id or a list of them.
    pub(crate) fn tokens(
        &self,
        field: &str,
        default: Vec<usize>,
    ) -> Result<Vec<usize>, ConfigError> {
        match self.get(field) {
            None if self.is_null(field) => Ok(Vec::new()),
            None => Ok(default),
            Some(value) => ids(value)
                .ok_or_else(|| self.invalid(field, "the id of a token, a list of ids, or null")),
        }
    }
}

/// An id, or the ids of a list, at most [`MAX_TOKENS`].
pub(crate) fn ids(value: &Value) -> Option<Vec<usize>> {
    match value {
        Value::Array(list) if list.len() > MAX_TOKENS => None,
        Value::Array(list) => {
            let ids: Option<Vec<_>> = list.iter().map(token).collect();
            Some(ids?.into_iter().flatten().collect())
        }
        one => Some(token(one)?.into_iter().collect()),
    }
}

/// The id that a number is; none, if it is negative.
#[allow(clippy::option_option)] // no number, a number for none, an id
fn token(value: &Value) -> Option<Option<usize>> {
    match value.as_i64() {
        Some(negative) if negative < 0 => Some(None),
        _ => Some(Some(usize::try_from(value.as_u64()?).ok()?)),
    }
}
