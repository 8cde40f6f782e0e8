//! The language of templates, as transformers sets Jinja up.

use std::error::Error as StdError;
use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State};

use super::python::{self, Style};
use super::tags::MARK;
use super::{Moment, limits, methods};

pub(super) fn as_in_transformers() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .block_delimiters(format!("{MARK}%"), "%}")
        .variable_delimiters(format!("{MARK}{{"), "}}")
        .comment_delimiters(format!("{MARK}#"), "#}")
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()?;
    environment.set_syntax(syntax);
    // An error is no place for the whole template.
    environment.set_debug(false);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_unknown_method_callback(methods::call);
    environment.add_function("raise_exception", raise_exception);
    limits::set(&mut environment);
    environment.add_filter("tojson", tojson);
    environment.add_filter("string", |state: &State, value: &Value| written(state, value));
    environment.set_formatter(|out, state, value| {
        let text = written(state, value)?;
        out.write_str(text.as_str().unwrap_or_default()).map_err(Error::from)
    });
    // In Python a text is a sequence of characters, and an object is one of keys.
    environment.add_test("sequence", is_collection);
    environment.add_test("iterable", |value: &Value| {
        is_collection(value) || value.kind() == ValueKind::Iterable
    });
    Ok(environment)
}

fn is_collection(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::String | ValueKind::Seq | ValueKind::Map)
}

/// A value as Python writes it.
fn written(state: &State, value: &Value) -> Result<Value, Error> {
    if value.as_str().is_some() {
        return Ok(value.clone());
    }
    Ok(python::text(state, value)?.into())
}

/// Python's `json.dumps`, with transformers' defaults.
fn tojson(state: &State, value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent = match options.get::<Option<Value>>("indent")? {
        None => None,
        Some(none) if none.is_none() => None,
        Some(width) => match (width.as_usize(), width.as_str()) {
            (Some(width), _) if width <= 64 => Some(" ".repeat(width)),
            (_, Some(text)) if text.len() <= 64 => Some(text.to_owned()),
            _ => return Err(Error::new(ErrorKind::InvalidOperation, "indent: expected 0 to 64")),
        },
    };
    let separators = match options.get::<Option<Vec<String>>>("separators")?.as_deref() {
        None if indent.is_some() => [",".to_owned(), ": ".to_owned()],
        None => [", ".to_owned(), ": ".to_owned()],
        Some([item, key]) => [item.clone(), key.clone()],
        Some(_) => {
            return Err(Error::new(ErrorKind::InvalidOperation, "separators: expected two"));
        }
    };
    let flag = |name| Ok::<_, Error>(options.get::<Option<bool>>(name)?.unwrap_or(false));
    let style = Style {
        indent,
        separators,
        ensure_ascii: flag("ensure_ascii")?,
        sort_keys: flag("sort_keys")?,
    };
    options.assert_all_used()?;
    Ok(python::json(state, value, &style)?.into())
}

/// What a template says when it refuses a conversation.
#[derive(Debug)]
struct Raised(String);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Raised {}

fn raise_exception(state: &State, message: &Value) -> Result<Value, Error> {
    let message = python::text(state, message)?;
    let error = Error::new(ErrorKind::InvalidOperation, message.clone());
    Err(error.with_source(Raised(message)))
}

/// The message, if that is why rendering ended.
pub(super) fn raised(error: &Error) -> Option<&str> {
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(Raised(message)) = error.downcast_ref() {
            return Some(message);
        }
        cause = error.source();
    }
    None
}

/// The function by which a template writes the date.
pub(super) fn strftime_now(now: Option<Moment>) -> Value {
    Value::from_function(move |format: &str| match now {
        Some(now) => now.format(format).map_err(|directive| {
            let message = format!("strftime_now: {directive:?} is not supported");
            Error::new(ErrorKind::InvalidOperation, message)
        }),
        None => {
            let message = "the template asks what time it is: set `now` of the `Chat`";
            Err(Error::new(ErrorKind::InvalidOperation, message))
        }
    })
}
