//! The fields of a JSON object, read one at a time with a type and a default.
//!
//! `null` is the same as absent, as Hugging Face's files mean it; where it is not, ask
//! [`Fields::is_null`]. Keys nobody asks for are ignored.

use serde_json::{Map, Value};

use crate::{ConfigError, Origin};

/// A JSON object and where it came from.
#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) origin: Origin,
    /// Where in the file the object is, as in `rope_parameters.`; nothing for the whole.
    path: String,
    map: Map<String, Value>,
}

/// Names and paths are shorter, and go into messages.
const MAX_TEXT: usize = 300;

impl Fields {
    pub(crate) fn new(value: Value, origin: Origin) -> Result<Self, ConfigError> {
        match value {
            Value::Object(map) => Ok(Self { origin, path: String::new(), map }),
            other => Err(ConfigError::Field {
                origin,
                field: "the whole".to_owned(),
                got: excerpt(&other),
                expected: "an object {…}".to_owned(),
            }),
        }
    }

    /// The value of a key that is there and not `null`.
    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        self.map.get(field).filter(|value| !value.is_null())
    }

    /// Whether there is nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Whether a key is there and `null`, where that means something else than its absence.
    pub(crate) fn is_null(&self, field: &str) -> bool {
        self.map.get(field).is_some_and(Value::is_null)
    }

    pub(crate) fn invalid(&self, field: &str, expected: impl Into<String>) -> ConfigError {
        ConfigError::Field {
            origin: self.origin.clone(),
            field: format!("{}{field}", self.path),
            got: self.shown(field),
            expected: expected.into(),
        }
    }

    pub(crate) fn unsupported(&self, field: &str, why: &'static str) -> ConfigError {
        ConfigError::Unsupported {
            origin: self.origin.clone(),
            field: format!("{}{field}", self.path),
            got: self.shown(field),
            why,
        }
    }

    /// A value as the file writes it, for a message.
    pub(crate) fn shown(&self, field: &str) -> String {
        self.map.get(field).map_or_else(|| "absent".to_owned(), excerpt)
    }

    /// A whole number.
    pub(crate) fn size(&self, field: &str, default: usize) -> Result<usize, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(default) };
        value
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| self.invalid(field, "a whole number"))
    }

    /// A whole number that goes by two names.
    pub(crate) fn size_by_two_names(
        &self,
        [field, alias]: [&str; 2],
        default: usize,
    ) -> Result<usize, ConfigError> {
        let said = self.size(field, default)?;
        let size = self.size(alias, said)?;
        if self.get(field).is_some() && size != said {
            return Err(self.invalid(field, format!("the same as {alias} ({size})")));
        }
        Ok(size)
    }

    /// Any number.
    pub(crate) fn number(&self, field: &str, default: f32) -> Result<f32, ConfigError> {
        // Nearest f32: what PyTorch computes with.
        Ok(self.optional_real(field)?.map_or(default, |number| number as f32))
    }

    /// Any number that more is computed from before it is rounded.
    pub(crate) fn real(&self, field: &str, default: f64) -> Result<f64, ConfigError> {
        Ok(self.optional_real(field)?.unwrap_or(default))
    }

    pub(crate) fn optional_real(&self, field: &str) -> Result<Option<f64>, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| self.invalid(field, "a number"))
    }

    /// Any number; `None` if there is none.
    pub(crate) fn optional_number(&self, field: &str) -> Result<Option<f32>, ConfigError> {
        Ok(self.optional_real(field)?.map(|number| number as f32))
    }

    pub(crate) fn flag(&self, field: &str, default: bool) -> Result<bool, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(default) };
        value.as_bool().ok_or_else(|| self.invalid(field, "true or false"))
    }

    pub(crate) fn text(&self, field: &str) -> Result<Option<&str>, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        match value.as_str() {
            Some(text) if text.len() <= MAX_TEXT => Ok(Some(text)),
            Some(_) => Err(self.invalid(field, format!("a text of at most {MAX_TEXT} bytes"))),
            None => Err(self.invalid(field, "a text")),
        }
    }

    /// A text of our own to keep.
    pub(crate) fn name(&self, field: &str, default: String) -> Result<String, ConfigError> {
        Ok(self.text(field)?.map_or(default, str::to_owned))
    }

    pub(crate) fn object(&self, field: &str) -> Result<Option<&Map<String, Value>>, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        value.as_object().map(Some).ok_or_else(|| self.invalid(field, "an object {…}"))
    }

    /// The fields of an object in this one; none if it is absent.
    pub(crate) fn within(&self, field: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            origin: self.origin.clone(),
            path: format!("{}{field}.", self.path),
            map: self.object(field)?.cloned().unwrap_or_default(),
        })
    }

    pub(crate) fn texts(&self, field: &str) -> Result<Vec<String>, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(Vec::new()) };
        let wrong = || self.invalid(field, "a list of texts");
        let too_long = || self.invalid(field, format!("texts of at most {MAX_TEXT} bytes"));
        let list = value.as_array().ok_or_else(wrong)?.iter();
        list.map(|one| match one.as_str() {
            Some(text) if text.len() <= MAX_TEXT => Ok(text.to_owned()),
            Some(_) => Err(too_long()),
            None => Err(wrong()),
        })
        .collect()
    }
}

/// The beginning of a value as JSON, short enough for a message.
pub(crate) fn excerpt(value: &Value) -> String {
    const LONGEST: usize = 60;
    let json = match value {
        // A container may be as large as the file.
        Value::Array(_) => return "a list".to_owned(),
        Value::Object(_) => return "an object".to_owned(),
        other => other.to_string(),
    };
    match json.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &json[..end]),
        None => json,
    }
}
