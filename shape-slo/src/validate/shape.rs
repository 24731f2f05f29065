//! The types of fields, and reading a value by them.

use serde_json::{Map, Value};

use super::text;

/// The type of a field. Nothing (`null`) is a value of every type.
pub(super) enum Shape {
    Text,
    Bool,
    Number,
    Whole,
    Duration,
    /// The name of a kind.
    Kind,
    /// A text or a list of texts.
    Label,
    /// Anything at all, kept as it is.
    Raw,
    /// A map of anything.
    AnyMap,
    Map(&'static Shape),
    List(&'static Shape),
    Struct(&'static [(&'static str, &'static Shape)]),
    /// A value that may be absent, which is another thing than empty.
    Optional(&'static Shape),
}

/// The value of a key, in any case if not in its own: as Go's decoder finds it.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let map = value.as_object()?;
    map.get(name).or_else(|| {
        map.iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a yes or no",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// A value with its fields under their own names, or why it is of another type.
pub(super) fn decode(value: Value, shape: &Shape, path: &str) -> Result<Value, String> {
    let expected = match (&value, shape) {
        (Value::Null, _)
        | (_, Shape::Raw)
        | (Value::String(_), Shape::Text | Shape::Label)
        | (Value::Bool(_), Shape::Bool)
        | (Value::Number(_), Shape::Number)
        | (Value::Object(_), Shape::AnyMap) => return Ok(value),
        (_, Shape::Optional(inner)) => return decode(value, inner, path),
        (Value::Number(number), Shape::Whole) if is_whole(number) => return Ok(value),
        (Value::String(word), Shape::Kind) => {
            if super::objects::KINDS.contains(&word.as_str()) {
                return Ok(value);
            }
            return Err(format!("`{path}` is `{word}`, which is no kind of object"));
        }
        (Value::String(word), Shape::Duration) => {
            if text::duration(word).is_some() {
                return Ok(value);
            }
            return Err(format!(
                "`{path}` is `{word}`, expected a length such as `5m`"
            ));
        }
        (Value::Array(_), Shape::Label) => return list(value, &Shape::Text, path),
        (Value::Array(_), Shape::List(inner)) => return list(value, inner, path),
        (Value::Object(_), Shape::Map(inner)) => return map(value, inner, path),
        (Value::Object(_), Shape::Struct(fields)) => return fields_of(value, fields, path),
        (_, Shape::Text | Shape::Kind | Shape::Duration) => "text",
        (_, Shape::Bool) => "`true` or `false`",
        (_, Shape::Number) => "a number",
        (_, Shape::Whole) => "a whole number",
        (_, Shape::Label) => "text or a list of texts",
        (_, Shape::List(_)) => "a list",
        (_, Shape::AnyMap | Shape::Map(_) | Shape::Struct(_)) => "a map",
    };
    let place = if path.is_empty() { "document" } else { path };
    Err(format!(
        "`{place}` is {}, expected {expected}",
        kind_of(&value)
    ))
}

/// Whether Go reads a number into 64 bits, be it written as `1.0`.
fn is_whole(number: &serde_json::Number) -> bool {
    number.is_i64()
        || number.as_f64().is_some_and(|value| {
            value.fract().abs() <= 0.0 && value.abs() < 9_223_372_036_854_775_808.0
        })
}

fn list(value: Value, inner: &Shape, path: &str) -> Result<Value, String> {
    let Value::Array(items) = value else {
        return Ok(value);
    };
    let items = items.into_iter().enumerate();
    items
        .map(|(index, item)| decode(item, inner, &format!("{path}[{index}]")))
        .collect::<Result<Vec<Value>, String>>()
        .map(Value::Array)
}

fn map(value: Value, inner: &Shape, path: &str) -> Result<Value, String> {
    let Value::Object(entries) = value else {
        return Ok(value);
    };
    let mut map = Map::new();
    for (name, value) in entries {
        let value = decode(value, inner, &format!("{path}.{name}"))?;
        map.insert(name, value);
    }
    Ok(Value::Object(map))
}

fn fields_of(
    value: Value,
    fields: &[(&'static str, &'static Shape)],
    path: &str,
) -> Result<Value, String> {
    let Value::Object(entries) = value else {
        return Ok(value);
    };
    let mut map = Map::new();
    for (name, value) in entries {
        let found = fields.iter().find(|(known, _)| *known == name).or_else(|| {
            fields
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(&name))
        });
        let Some((known, shape)) = found else {
            let place = if path.is_empty() { "document" } else { path };
            return Err(format!("`{place}` has an unknown field `{name}`"));
        };
        let inner = if path.is_empty() {
            (*known).to_owned()
        } else {
            format!("{path}.{known}")
        };
        map.insert((*known).to_owned(), decode(value, shape, &inner)?);
    }
    Ok(Value::Object(map))
}

/// Whether a value is what Go has where nothing was written: empty text, zero, a struct of such values.
pub(super) fn is_zero(value: &Value, shape: &Shape) -> bool {
    match (value, shape) {
        // A raw value keeps even `null`; whether the field is there is asked elsewhere.
        (Value::Null, shape) => !matches!(shape, Shape::Raw),
        (_, Shape::Struct(fields)) => fields
            .iter()
            .all(|(name, shape)| value.get(name).is_none_or(|value| is_zero(value, shape))),
        (Value::String(text), Shape::Duration) => {
            matches!(text::duration(text), Some((0, unit)) if unit.is_empty())
        }
        (Value::String(text), Shape::Text | Shape::Kind) => text.is_empty(),
        (Value::Bool(value), Shape::Bool) => !value,
        (Value::Number(number), Shape::Number | Shape::Whole) => {
            number.as_f64().is_some_and(|value| value.abs() <= 0.0)
        }
        _ => false,
    }
}
