//! JSON whose keys keep their order.

use minijinja::value::{Serde, Value};

use crate::{Result, TokenizerError};

/// A JSON value whose keys keep their order, as they do in Python: templates write tools and
/// fields of messages out in the order in which they were given.
///
/// ```
/// use lt_tokenizer::{Chat, ChatTemplate, Json, Message};
/// let tools = Json::parse(r#"[{"name": "add", "args": {"b": 1, "a": 2}}]"#)?;
/// let template = ChatTemplate::new("{{ tools[0].args | tojson }}")?;
/// let messages = [Message::new("user", "")];
/// let chat = Chat { tools: Some(&tools), ..Chat::new(&messages) };
/// assert_eq!(template.render(&chat)?, r#"{"b": 1, "a": 2}"#);
/// # Ok::<(), lt_tokenizer::TokenizerError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Json(pub(crate) Value);

impl Json {
    /// The value that a text is the JSON of; nested no deeper than 128 levels.
    ///
    /// # Errors
    /// [`TokenizerError::NotJson`] if it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let parsed = serde_json::from_str(text);
        let origin = || "the text given as JSON".to_owned();
        parsed.map(Self).map_err(|source| TokenizerError::NotJson { origin: origin(), source })
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<bool> for Json {
    fn from(flag: bool) -> Self {
        Self(flag.into())
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        Self(Serde(value).into())
    }
}
