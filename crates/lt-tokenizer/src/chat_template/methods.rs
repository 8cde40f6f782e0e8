//! Methods of Python's texts that the library underneath does not know.

use minijinja::value::{Value, from_args};
use minijinja::{Error, ErrorKind, State};
use minijinja_contrib::pycompat::unknown_method_callback;

/// Calls a method of a value that has none in Jinja, as Python has it.
pub(super) fn call(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    let Some(text) = value.as_str() else {
        return unknown_method_callback(state, value, method, args);
    };
    match method {
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Ok(text.strip_prefix(prefix).unwrap_or(text).into())
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Ok(text.strip_suffix(suffix).unwrap_or(text).into())
        }
        "rsplit" => {
            let (separator, most): (&str, Option<usize>) = from_args(args)?;
            not_empty(separator)?;
            let most = most.unwrap_or(usize::MAX).saturating_add(1);
            let mut parts: Vec<&str> = text.rsplitn(most, separator).collect();
            parts.reverse();
            Ok(parts.into_iter().collect())
        }
        "partition" => {
            let (separator,): (&str,) = from_args(args)?;
            not_empty(separator)?;
            let (before, after) = text.split_once(separator).unwrap_or((text, ""));
            Ok([before, found(text, separator), after].into_iter().collect())
        }
        "rpartition" => {
            let (separator,): (&str,) = from_args(args)?;
            not_empty(separator)?;
            let (before, after) = text.rsplit_once(separator).unwrap_or(("", text));
            Ok([before, found(text, separator), after].into_iter().collect())
        }
        _ => unknown_method_callback(state, value, method, args),
    }
}

fn not_empty(separator: &str) -> Result<(), Error> {
    match separator {
        "" => Err(Error::new(ErrorKind::InvalidOperation, "empty separator")),
        _ => Ok(()),
    }
}

fn found<'a>(text: &str, separator: &'a str) -> &'a str {
    if text.contains(separator) { separator } else { "" }
}
