//! A conversation, and what else a template may ask for.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::environment::strftime_now;
use super::{Json, Moment};
use crate::{Result, TokenizerError};

/// One message of a conversation: who says what, and whatever else the template knows.
///
/// ```
/// use lt_tokenizer::{Json, Message};
/// let messages = Message::list_from_json(
///     r#"[{"role": "user", "content": "2 + 3?"},
///         {"role": "assistant", "tool_calls": [{"name": "add", "arguments": {"a": 2, "b": 3}}]}]"#,
/// )?;
/// assert_eq!(messages.len(), 2);
/// let tool = Message::new("tool", "5").with("name", Json::from("add"));
/// # Ok::<(), lt_tokenizer::TokenizerError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Message {
    fields: Vec<(String, Value)>,
}

impl Message {
    /// What somebody says: `user`, `assistant` or `system`, and what else the template knows.
    #[must_use]
    pub fn new(role: &str, content: &str) -> Self {
        let field = |name: &str, text: &str| (name.to_owned(), Value::from(text));
        Self { fields: vec![field("role", role), field("content", content)] }
    }

    /// With another field, or another value for one.
    #[must_use]
    pub fn with(mut self, name: &str, value: Json) -> Self {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value.0,
            None => self.fields.push((name.to_owned(), value.0)),
        }
        self
    }

    /// The messages of a JSON list of objects.
    ///
    /// # Errors
    /// [`TokenizerError::NotJson`] if it is no JSON, [`TokenizerError::Invalid`] if it is no list
    /// of objects.
    pub fn list_from_json(text: &str) -> Result<Vec<Self>> {
        let Json(list) = Json::parse(text)?;
        let wrong = |got: &Value| TokenizerError::Invalid {
            origin: "the text given as JSON".to_owned(),
            field: "messages".to_owned(),
            got: format!("a {}", got.kind()),
            expected: "a list of objects: [{\"role\": …, \"content\": …}, …]".to_owned(),
        };
        if list.kind() != ValueKind::Seq {
            return Err(wrong(&list));
        }
        let messages = list.try_iter().map_err(|_| wrong(&list))?;
        messages.map(|message| Self::of(&message).ok_or_else(|| wrong(&message))).collect()
    }

    fn of(message: &Value) -> Option<Self> {
        if message.kind() != ValueKind::Map {
            return None;
        }
        let field = |name: Value| Some((name.as_str()?.to_owned(), message.get_item(&name).ok()?));
        Some(Self { fields: message.try_iter().ok()?.map(field).collect::<Option<_>>()? })
    }

    /// As transformers gives it to a template: `null` is absent, and what a model thought goes by
    /// the names that templates know.
    fn value(&self) -> Value {
        let said = || self.fields.iter().filter(|(_, value)| !value.is_none());
        let names = ["reasoning_content", "thinking", "reasoning"];
        let thought = names.iter().find_map(|name| {
            said().find_map(|(known, value)| (known == name).then(|| value.clone()))
        });
        let Some(thought) = thought else { return Value::from_pairs(said().cloned()) };
        let mut fields = Vec::new();
        if !said().any(|(name, _)| name == "thinking") {
            fields.push(("thinking".to_owned(), thought.clone()));
        }
        fields.extend(said().filter(|(name, _)| name != "reasoning_content").cloned());
        fields.push(("reasoning_content".to_owned(), thought));
        Value::from_pairs(fields)
    }
}

/// A conversation, and what else a template may ask for.
///
/// See [`ChatTemplate`](super::ChatTemplate).
#[derive(Debug, Clone, Copy)]
pub struct Chat<'a> {
    /// What was said, the first message first.
    pub messages: &'a [Message],
    /// Whether the beginning of an answer is written behind the messages.
    pub add_generation_prompt: bool,
    /// The functions that the model may call, a list.
    pub tools: Option<&'a Json>,
    /// The documents that the model may look at, a list.
    pub documents: Option<&'a Json>,
    /// Which template is meant, if there are several; see
    /// [`names`](super::ChatTemplate::names).
    pub template: Option<&'a str>,
    /// What time it is, for templates that write the date; one that asks without being told
    /// fails.
    pub now: Option<Moment>,
    /// Variables of the template's own: `enable_thinking`, say.
    pub variables: &'a [(&'a str, Json)],
}

impl<'a> Chat<'a> {
    /// These messages and nothing else.
    #[must_use]
    pub fn new(messages: &'a [Message]) -> Self {
        Self {
            messages,
            add_generation_prompt: false,
            tools: None,
            documents: None,
            template: None,
            now: None,
            variables: &[],
        }
    }

    pub(super) fn context(&self) -> [(&'static str, Value); 5] {
        let json =
            |json: Option<&Json>| json.map_or_else(|| Value::from(()), |json| json.0.clone());
        let messages: Vec<Value> = self.messages.iter().map(Message::value).collect();
        [
            ("messages", messages.into()),
            ("add_generation_prompt", self.add_generation_prompt.into()),
            ("tools", json(self.tools)),
            ("documents", json(self.documents)),
            ("strftime_now", strftime_now(self.now)),
        ]
    }
}
