//! How much a template may do.
//!
//! The library underneath counts steps, and what is written. It does not count what it looks at
//! when it compares two lists or makes a text of one: that is bounded by how large a value can
//! become, and by what it costs to have one.

use minijinja::functions;
use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, filters};

use super::names::{KEPT, KEPT_BY_NAMESPACE};
use super::products::FACTOR;

/// Steps for a template that has nothing to write down; 64 bytes of what is written are a step too.
const STEPS: u64 = 100_000;
/// Steps for each message. A real template takes some hundreds, and more if it gathers them.
const STEPS_OF_MESSAGE: u64 = 10_000;
/// Steps to look at an item of what gets a name, and at so many bytes of a text.
const STEPS_OF_ITEM: u64 = 4;
const BYTES_OF_STEP: u64 = 32;
/// So often a conversation may be given a name as a whole.
const NAMES: u64 = 32;
/// Nested no deeper than this; JSON has 128 levels at most.
const DEEPEST: usize = 200;

/// How many steps a template may take for a conversation of so many messages, and of this weight.
pub(super) fn fuel(messages: usize, weight: u64) -> u64 {
    let messages = (messages as u64).saturating_mul(STEPS_OF_MESSAGE);
    weight.saturating_mul(NAMES).saturating_add(messages).saturating_add(STEPS)
}

/// What it costs to look at a value once, which is no larger than the JSON it was read from.
pub(super) fn weight(value: &Value) -> u64 {
    let items = || value.try_iter().into_iter().flatten();
    own_weight(value).saturating_add(match value.kind() {
        ValueKind::Seq => items().map(|item| weight(&item)).sum(),
        ValueKind::Map => {
            let held = |key: &Value| value.get_item(key).map_or(0, |item| weight(&item));
            items().map(|key| own_weight(&key) + held(&key)).sum()
        }
        _ => 0,
    })
}

fn own_weight(value: &Value) -> u64 {
    STEPS_OF_ITEM + value.as_str().map_or(0, str::len) as u64 / BYTES_OF_STEP
}

/// Puts functions in the place of those that would go beyond.
pub(super) fn set(environment: &mut Environment<'_>) {
    environment.add_function(KEPT, kept);
    environment.add_filter(KEPT, kept);
    environment.add_function(KEPT_BY_NAMESPACE, kept_by_namespace);
    environment.add_filter(KEPT_BY_NAMESPACE, kept_by_namespace);
    environment.add_function(FACTOR, factor);
    environment.add_filter(FACTOR, factor);
    environment.add_function("range", range);
    environment.add_function("namespace", namespace);
    environment.add_filter("batch", batch);
    environment.add_filter("slice", slice);
    environment.add_filter("map", map);
    // It shows all there is.
    environment.remove_global("debug");
}

/// What gets a name, once it was looked at.
fn kept(state: &State, value: Value) -> Result<Value, Error> {
    if is_namespace(&value) {
        // Itself no part of what it keeps, which has been looked at.
        state.consume_fuel(STEPS_OF_ITEM)?;
        return Ok(value);
    }
    look_at(state, &value, DEEPEST)?;
    Ok(value)
}

fn kept_by_namespace(state: &State, value: Value) -> Result<Value, Error> {
    look_at(state, &value, DEEPEST)?;
    Ok(value)
}

/// Pays for all that a value holds, as often as it holds it, so that it stays something that can
/// be gone through.
fn look_at(state: &State, value: &Value, depth: usize) -> Result<(), Error> {
    state.consume_fuel(own_weight(value))?;
    // What it keeps can change, so that what holds it would have to be looked at again.
    if is_namespace(value) {
        return Err(refused("a namespace is in no list and in no other namespace"));
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {}
        _ => return Ok(()),
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Err(refused(format!("what has a name is nested no deeper than {DEEPEST} levels")));
    };
    for item in value.try_iter()? {
        if value.kind() == ValueKind::Map {
            look_at(state, &value.get_item(&item)?, depth)?;
        }
        look_at(state, &item, depth)?;
    }
    Ok(())
}

fn is_namespace(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().ends_with("::Namespace"))
}

fn is_collection(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable)
}

/// A side of a product.
fn factor(value: Value) -> Result<Value, Error> {
    if is_collection(&value) {
        return Err(refused("a list cannot be multiplied here, only numbers and texts"));
    }
    Ok(value)
}

/// Every number is paid for, as if it was in a list.
fn range(
    state: &State,
    lower: isize,
    upper: Option<isize>,
    step: Option<isize>,
) -> Result<Value, Error> {
    let range = functions::range(lower, upper, step)?;
    state.consume_fuel(range.len().unwrap_or(0) as u64)?;
    Ok(range)
}

fn namespace(state: &State, defaults: Option<ValueOrKwargs>) -> Result<Value, Error> {
    if let Some(defaults) = &defaults {
        look_at(state, defaults, DEEPEST)?;
    }
    functions::namespace(defaults)
}

fn batch(state: &State, value: Value, count: usize, fill: Option<Value>) -> Result<Value, Error> {
    no_collection("batch", fill.as_ref())?;
    filters::batch(state, value, count, fill)
}

fn slice(state: &State, value: Value, count: usize, fill: Option<Value>) -> Result<Value, Error> {
    no_collection("slice", fill.as_ref())?;
    filters::slice(state, value, count, fill)
}

fn map(state: &mut State, value: Value, options: Rest<ValueOrKwargs>) -> Result<Vec<Value>, Error> {
    for option in options.iter() {
        if option.is_kwargs() {
            for name in option.try_iter()? {
                no_collection("map", Some(&option.get_item(&name)?))?;
            }
        } else {
            no_collection("map", Some(option))?;
        }
    }
    filters::map(state, value, options)
}

/// What is put into a list as often as somebody likes is no list itself, unless it is empty.
fn no_collection(filter: &str, value: Option<&Value>) -> Result<(), Error> {
    match value {
        Some(value) if is_collection(value) && value.len() != Some(0) => {
            Err(refused(format!("{filter}: expected a text or a number to fill in")))
        }
        _ => Ok(()),
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}
