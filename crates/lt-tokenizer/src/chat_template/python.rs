//! Values as Python writes them: templates were made for it.
//!
//! Every value that is written is paid for at once: a list that holds itself twice, and again, is
//! short to make and endless to write.

use std::fmt::Write;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

/// No conversation nests deeper; a template could.
const DEEPEST: usize = 200;

/// How JSON is written.
pub(super) struct Style {
    /// What a line begins with for each level; without it there is one line.
    pub(super) indent: Option<String>,
    /// Behind an item and behind a key.
    pub(super) separators: [String; 2],
    pub(super) ensure_ascii: bool,
    pub(super) sort_keys: bool,
}

/// Python's `str`.
pub(super) fn text(state: &State, value: &Value) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None if value.is_undefined() => Ok(String::new()),
        None => {
            let mut text = String::new();
            repr(state, value, DEEPEST, &mut text)?;
            Ok(text)
        }
    }
}

/// Python's `repr`.
fn repr(state: &State, value: &Value, depth: usize, out: &mut String) -> Result<(), Error> {
    pay(state, value)?;
    let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
    match value.kind() {
        ValueKind::Bool => out.push_str(if value.is_true() { "True" } else { "False" }),
        ValueKind::None => out.push_str("None"),
        ValueKind::Number => number(value, out),
        ValueKind::String => quoted(value.as_str().unwrap_or_default(), out),
        ValueKind::Map => {
            out.push('{');
            for (at, key) in value.try_iter()?.enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                repr(state, &key, depth, out)?;
                out.push_str(": ");
                repr(state, &value.get_item(&key)?, depth, out)?;
            }
            out.push('}');
        }
        ValueKind::Seq => {
            let (open, close) = if value.is_tuple() { ('(', ')') } else { ('[', ']') };
            out.push(open);
            for (at, item) in value.try_iter()?.enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                repr(state, &item, depth, out)?;
            }
            if value.is_tuple() && value.len() == Some(1) {
                out.push(',');
            }
            out.push(close);
        }
        _ => write!(out, "{value}")?,
    }
    Ok(())
}

/// A text in quotes, single ones where it can be.
fn quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// An integer, or the shortest decimal that is the same number.
fn number(value: &Value, out: &mut String) {
    if value.is_integer() {
        out.push_str(&value.to_string());
        return;
    }
    let Ok(number) = f64::try_from(value.clone()) else { return out.push_str(&value.to_string()) };
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !number.is_finite() {
        out.push_str(match (number.is_nan(), number > 0.0) {
            (true, _) => "nan",
            (_, true) => "inf",
            (_, false) => "-inf",
        });
    } else if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        out.push_str(&plain);
        out.push_str(if plain.contains('.') { "" } else { ".0" });
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        out.push_str(&format!("{digits}e{sign}{:02}", exponent.abs()));
    }
}

/// Python's `json.dumps`.
pub(super) fn json(state: &State, value: &Value, style: &Style) -> Result<String, Error> {
    let mut text = String::new();
    dump(state, value, style, 0, &mut text)?;
    Ok(text)
}

fn dump(
    state: &State,
    value: &Value,
    style: &Style,
    level: usize,
    out: &mut String,
) -> Result<(), Error> {
    pay(state, value)?;
    if level > DEEPEST {
        return Err(too_deep());
    }
    match value.kind() {
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::None => out.push_str("null"),
        ValueKind::Number => json_number(value, out),
        ValueKind::String => escaped(value.as_str().unwrap_or_default(), style, out),
        ValueKind::Map => {
            let mut entries = Vec::new();
            for key in value.try_iter()? {
                entries.push((json_key(&key)?, value.get_item(&key)?));
            }
            if style.sort_keys {
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            }
            dump_all(['{', '}'], entries.iter(), style, level, out, |(key, value), out| {
                escaped(key, style, out);
                out.push_str(&style.separators[1]);
                dump(state, value, style, level + 1, out)
            })?;
        }
        ValueKind::Seq => {
            let items: Vec<Value> = value.try_iter()?.collect();
            dump_all(['[', ']'], items.iter(), style, level, out, |item, out| {
                dump(state, item, style, level + 1, out)
            })?;
        }
        kind => {
            let message = format!("tojson: a value of kind {kind} is no JSON");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
    }
    Ok(())
}

fn dump_all<T>(
    [open, close]: [char; 2],
    items: impl ExactSizeIterator<Item = T>,
    style: &Style,
    level: usize,
    out: &mut String,
    each: impl Fn(T, &mut String) -> Result<(), Error>,
) -> Result<(), Error> {
    let line = |level: usize, out: &mut String| {
        if let Some(indent) = &style.indent {
            out.push('\n');
            out.push_str(&indent.repeat(level));
        }
    };
    out.push(open);
    let empty = items.len() == 0;
    for (at, item) in items.enumerate() {
        out.push_str(if at == 0 { "" } else { &style.separators[0] });
        line(level + 1, out);
        each(item, out)?;
    }
    if !empty {
        line(level, out);
    }
    out.push(close);
    Ok(())
}

fn json_number(value: &Value, out: &mut String) {
    let mut text = String::new();
    number(value, &mut text);
    out.push_str(match text.as_str() {
        "nan" => "NaN",
        "inf" => "Infinity",
        "-inf" => "-Infinity",
        text => text,
    });
}

/// Keys are texts; Python makes texts of other simple values.
fn json_key(key: &Value) -> Result<String, Error> {
    if let Some(text) = key.as_str() {
        return Ok(text.to_owned());
    }
    let mut text = String::new();
    match key.kind() {
        ValueKind::Bool => text.push_str(if key.is_true() { "true" } else { "false" }),
        ValueKind::None => text.push_str("null"),
        ValueKind::Number => json_number(key, &mut text),
        kind => {
            let message = format!("tojson: a key of kind {kind} is no JSON");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
    }
    Ok(text)
}

fn escaped(text: &str, style: &Style, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if style.ensure_ascii && !(' '..='~').contains(&c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn too_deep() -> Error {
    let message = format!("a value is nested deeper than {DEEPEST} levels");
    Error::new(ErrorKind::InvalidOperation, message)
}

fn pay(state: &State, value: &Value) -> Result<(), Error> {
    let bytes = value.as_str().map_or(0, str::len);
    state.consume_fuel(1 + bytes as u64 / 16)
}
