//! What no configuration may exceed, whatever its family.

use crate::{ConfigError, Origin};

/// No table of a real model is larger, nor any layer wider.
pub(crate) const MAX_SIZE: usize = 1 << 24;
pub(crate) const MAX_LAYERS: usize = 1000;
const MAX_PARAMETERS: u64 = 1 << 40;

/// Refuses what is out of range, with the name that the file has for it.
#[derive(Clone, Copy)]
pub(crate) struct Checks<'a> {
    pub(crate) origin: &'a Origin,
}

impl Checks<'_> {
    pub(crate) fn refuse(
        self,
        field: &str,
        got: impl ToString,
        expected: impl Into<String>,
    ) -> Result<(), ConfigError> {
        Err(ConfigError::Field {
            origin: self.origin.clone(),
            field: field.to_owned(),
            got: got.to_string(),
            expected: expected.into(),
        })
    }

    pub(crate) fn sizes(self, sizes: &[(&str, usize)]) -> Result<(), ConfigError> {
        sizes.iter().try_for_each(|&(field, size)| self.within(field, size, MAX_SIZE))
    }

    /// How many layers there are.
    pub(crate) fn layers(self, field: &str, layers: usize) -> Result<(), ConfigError> {
        self.within(field, layers, MAX_LAYERS)
    }

    fn within(self, field: &str, size: usize, limit: usize) -> Result<(), ConfigError> {
        if size == 0 || size > limit {
            return self.refuse(field, size, format!("1 to {limit}"));
        }
        Ok(())
    }

    /// The heads share the width out in equal parts.
    pub(crate) fn heads(
        self,
        (width_field, width): (&str, usize),
        (heads_field, heads): (&str, usize),
    ) -> Result<(), ConfigError> {
        if !width.is_multiple_of(heads) {
            let expected = format!("a multiple of {heads_field} ({heads})");
            return self.refuse(width_field, width, expected);
        }
        Ok(())
    }

    pub(crate) fn epsilon(self, field: &str, epsilon: f32) -> Result<(), ConfigError> {
        if !(epsilon >= 0.0 && epsilon.is_finite()) {
            return self.refuse(field, epsilon, "a small number, not negative");
        }
        Ok(())
    }

    pub(crate) fn not_negative(self, field: &str, number: f32) -> Result<(), ConfigError> {
        if !(number >= 0.0 && number.is_finite()) {
            return self.refuse(field, number, "a number, not negative");
        }
        Ok(())
    }

    pub(crate) fn probabilities(self, probabilities: &[(&str, f32)]) -> Result<(), ConfigError> {
        for &(field, probability) in probabilities {
            if !(0.0..1.0).contains(&probability) {
                return self.refuse(field, probability, "a probability, at least 0 and below 1");
            }
        }
        Ok(())
    }

    /// A padding token that is not in the vocabulary has no row in the table.
    pub(crate) fn padding(self, pad_token_id: usize, vocab_size: usize) -> Result<(), ConfigError> {
        if pad_token_id >= vocab_size {
            let expected = format!("less than vocab_size ({vocab_size})");
            return self.refuse("pad_token_id", pad_token_id, expected);
        }
        Ok(())
    }

    /// Sizes that are possible one by one may be absurd together.
    pub(crate) fn parameters(self, parameters: u64) -> Result<(), ConfigError> {
        if parameters > MAX_PARAMETERS {
            let expected = format!("at most {MAX_PARAMETERS}");
            return self.refuse("the number of parameters", parameters, expected);
        }
        Ok(())
    }
}
