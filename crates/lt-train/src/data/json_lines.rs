//! JSON lines.

use serde_json::Value;

use super::{Cut, Format};

/// JSON lines: each line is an object, of which these fields are wanted.
///
/// ```
/// use lt_train::data::{Format, JsonLines};
/// let format = JsonLines::new(["text", "label"]);
/// let record = format.record(None, r#"{"label": 3, "text": "你好", "id": [1]}"#)?;
/// assert_eq!(record, ["你好", "3"]);
/// let error = format.record(None, r#"{"text": "hi"}"#).unwrap_err();
/// assert_eq!(error, "no field `label`, expected it beside `text`");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonLines {
    fields: Vec<String>,
}

impl JsonLines {
    /// With these fields: a text, a number or a truth value each.
    #[must_use]
    pub fn new(fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { fields: fields.into_iter().map(Into::into).collect() }
    }
}

impl Format for JsonLines {
    /// The fields in the order in which they were asked for.
    type Record = Vec<String>;

    fn cut(&self) -> Cut {
        Cut::Line
    }

    fn record(&self, _: Option<&str>, text: &str) -> Result<Vec<String>, String> {
        let object: Value = serde_json::from_str(text)
            .map_err(|error| format!("not JSON ({error}), expected an object {{…}} a line"))?;
        let Value::Object(object) = object else {
            return Err("no object, expected {…}".to_owned());
        };
        let field = |name: &String| match object.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            Some(_) => Err(format!("field `{name}` is no text, expected one")),
            None => {
                let there: Vec<String> = object.keys().map(|key| format!("`{key}`")).collect();
                Err(format!("no field `{name}`, expected it beside {}", there.join(", ")))
            }
        };
        self.fields.iter().map(field).collect()
    }
}
