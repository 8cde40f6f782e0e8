//! What `tokenizer_config.json` and `special_tokens_map.json` say beside the tokenizer itself.

use std::path::Path;

use serde_json::{Map, Value};
use tokenizers::AddedToken;
use tokenizers::utils::truncation::TruncationDirection;

use crate::read::{CONFIG_LIMIT, read_json};
use crate::special_tokens::Role;
use crate::{Result, TokenizerError};

/// A `model_max_length` from here on means that nobody set one (transformers writes 10³⁰).
const NO_MAX_LENGTH: usize = 1_000_000;

/// The settings that were said; `None` where nothing was.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) do_lower_case: Option<bool>,
    pub(crate) strip_accents: Option<bool>,
    pub(crate) tokenize_chinese_chars: Option<bool>,
    pub(crate) add_prefix_space: Option<bool>,
    pub(crate) model_max_length: Option<usize>,
    pub(crate) truncation_side: Option<TruncationDirection>,
    pub(crate) special_tokens: Vec<(Role, AddedToken)>,
}

impl Config {
    /// Reads those of the two files that are in the directory; the first one wins.
    pub(crate) fn from_dir(dir: &Path) -> Result<Self> {
        let mut config = Self::default();
        for name in ["tokenizer_config.json", "special_tokens_map.json"] {
            let path = dir.join(name);
            if path.exists() {
                let json = read_json(&path, CONFIG_LIMIT)?;
                config.add(&Object::new(&path.display().to_string(), &json)?)?;
            }
        }
        Ok(config)
    }

    /// Reads the text of a `tokenizer_config.json`.
    pub(crate) fn from_text(text: &str) -> Result<Self> {
        let origin = "tokenizer_config.json given in memory";
        let json = serde_json::from_str(text)
            .map_err(|source| TokenizerError::NotJson { origin: origin.to_owned(), source })?;
        let mut config = Self::default();
        config.add(&Object::new(origin, &json)?)?;
        Ok(config)
    }

    fn add(&mut self, file: &Object<'_>) -> Result<()> {
        let Self { do_lower_case, strip_accents, tokenize_chinese_chars, .. } = self;
        *do_lower_case = do_lower_case.or(file.bool("do_lower_case")?);
        *strip_accents = strip_accents.or(file.bool("strip_accents")?);
        *tokenize_chinese_chars = tokenize_chinese_chars.or(file.bool("tokenize_chinese_chars")?);
        self.add_prefix_space = self.add_prefix_space.or(file.bool("add_prefix_space")?);
        self.model_max_length = self.model_max_length.or(file.max_length("model_max_length")?);
        self.truncation_side = self.truncation_side.or(file.side("truncation_side")?);
        for role in Role::ALL {
            if self.special_token(role).is_none()
                && let Some(token) = file.special_token(role.key())?
            {
                self.special_tokens.push((role, token));
            }
        }
        Ok(())
    }

    pub(crate) fn special_token(&self, role: Role) -> Option<&AddedToken> {
        self.special_tokens.iter().find(|(of, _)| *of == role).map(|(_, token)| token)
    }
}

/// A JSON object and the file it is from. A field that is absent or `null` says nothing.
struct Object<'a> {
    origin: &'a str,
    fields: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    fn new(origin: &'a str, json: &'a Value) -> Result<Self> {
        match json {
            Value::Object(fields) => Ok(Self { origin, fields }),
            other => Err(invalid(origin, "the file", other, "an object {…}")),
        }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn invalid(&self, field: &str, got: &Value, expected: &str) -> TokenizerError {
        invalid(self.origin, field, got, expected)
    }

    fn bool(&self, name: &str) -> Result<Option<bool>> {
        self.get(name)
            .map(|value| {
                value.as_bool().ok_or_else(|| self.invalid(name, value, "true, false or null"))
            })
            .transpose()
    }

    fn max_length(&self, name: &str) -> Result<Option<usize>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        if value.as_f64().is_some_and(|length| length >= NO_MAX_LENGTH as f64) {
            return Ok(None);
        }
        match self.length(name)? {
            Some(0) | None => Err(self.invalid(name, value, "a number of tokens")),
            length => Ok(length),
        }
    }

    fn length(&self, name: &str) -> Result<Option<usize>> {
        self.get(name)
            .map(|value| {
                let length = value.as_u64().and_then(|length| usize::try_from(length).ok());
                length.ok_or_else(|| self.invalid(name, value, "a number of tokens"))
            })
            .transpose()
    }

    fn side(&self, name: &str) -> Result<Option<TruncationDirection>> {
        self.get(name)
            .map(|value| match value.as_str() {
                Some("left") => Ok(TruncationDirection::Left),
                Some("right") => Ok(TruncationDirection::Right),
                _ => Err(self.invalid(name, value, "\"left\" or \"right\"")),
            })
            .transpose()
    }

    /// A token is written as its text, or as an object with the text as `content`.
    fn special_token(&self, name: &str) -> Result<Option<AddedToken>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let (content, settings) = match value {
            Value::Object(fields) => (fields.get("content"), Some(fields)),
            other => (Some(other), None),
        };
        let Some(content) = content.and_then(Value::as_str).filter(|text| !text.is_empty()) else {
            return Err(self.invalid(name, value, "a token, or an object with one as `content`"));
        };
        let is_set = |flag| settings.is_some_and(|fields| fields.get(flag) == Some(&true.into()));
        let token = AddedToken::from(content, true)
            .lstrip(is_set("lstrip"))
            .rstrip(is_set("rstrip"))
            .single_word(is_set("single_word"))
            .normalized(is_set("normalized"));
        Ok(Some(token))
    }
}

/// The error for a part of a file; what came is shown, shortened.
pub(crate) fn invalid(origin: &str, field: &str, got: &Value, expected: &str) -> TokenizerError {
    const SHOWN: usize = 60;
    let got = match got {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        other => {
            let text = other.to_string();
            match text.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    };
    TokenizerError::Invalid {
        origin: origin.to_owned(),
        field: field.to_owned(),
        got,
        expected: expected.to_owned(),
    }
}
