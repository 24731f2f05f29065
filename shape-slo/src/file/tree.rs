//! YAML as a tree that knows where everything stands, and a reader that collects mistakes.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize,
    de::{self, Deserializer, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;

use super::suggest::hint;
use crate::Mistake;

/// A value of a document and where it stands.
pub(super) type Node = Place<Value>;

/// Something with its place in the text.
#[derive(Clone, Debug)]
pub(super) struct Place<T> {
    pub(super) value: T,
    line: u64,
    column: u64,
}

impl<T> Place<T> {
    /// Something else at the same place.
    pub(super) fn beside<U>(&self, value: U) -> Place<U> {
        Place {
            value,
            line: self.line,
            column: self.column,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Place<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self {
            line: spanned.referenced.line(),
            column: spanned.referenced.column(),
            value: spanned.value,
        })
    }
}

/// A YAML value; numbers and booleans as the text that a person would write.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(Place<String>, Node)>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    /// The shortest digits that give the same float are those that were written, up to fifteen of them.
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }
}

impl Node {
    /// The value of a key, when this is a map that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(name, _)| name.value == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// What it is, in words.
    fn seen(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar(text) => format!("`{text}`"),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }
}

/// The documents of a text.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, Mistake> {
    serde_saphyr::from_multiple::<Node>(text).map_err(|error| {
        let mistake = yaml_mistake(&error);
        Mistake {
            message: format!("not valid YAML: {}", mistake.message),
            ..mistake
        }
    })
}

/// What YAML's reader did not like, and where.
pub(crate) fn yaml_mistake(error: &serde_saphyr::Error) -> Mistake {
    let location = error.location();
    let line = location.map(|location| location.line());
    let column = location.map(|location| location.column());
    let message = error.without_snippet().to_string();
    let message = message.lines().next().unwrap_or("").trim();
    // The place is said by the mistake itself.
    let message = match (message.rfind(" at line "), line) {
        (Some(at), Some(_)) => &message[..at],
        _ => message,
    };
    Mistake {
        line: line.filter(|line| *line != 0),
        column: column.filter(|column| *column != 0),
        message: message.to_owned(),
    }
}

/// Collects mistakes instead of stopping at the first one.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) mistakes: Vec<Mistake>,
}

impl Reader {
    /// Notes a mistake at a place.
    pub(super) fn mistake<T>(&mut self, at: &Place<T>, message: impl Into<String>) {
        let known = |number: u64| (number != 0).then_some(number);
        self.mistakes.push(Mistake {
            line: known(at.line),
            column: known(at.column),
            message: message.into(),
        });
    }

    /// Notes a mistake about the whole text.
    pub(super) fn mistake_overall(&mut self, message: impl Into<String>) {
        self.mistakes.push(Mistake {
            line: None,
            column: None,
            message: message.into(),
        });
    }

    /// Notes the keys of a map that are not `known`; says so if it is no map.
    pub(super) fn expect_map(&mut self, node: &Node, what: &str, known: &[&str]) -> bool {
        let Value::Map(entries) = &node.value else {
            self.mistake(node, format!("{what} is {}, expected a map", node.seen()));
            return false;
        };
        for (name, _) in entries {
            if !known.contains(&name.value.as_str()) {
                let hint = hint(&name.value, known);
                let expected = if hint.is_empty() {
                    format!(", expected one of {}", listed(known))
                } else {
                    hint
                };
                self.mistake(name, format!("unknown field `{}`{expected}", name.value));
            }
        }
        true
    }

    /// The value of a key that must be there.
    pub(super) fn required<'a>(&mut self, map: &'a Node, key: &str) -> Option<&'a Node> {
        let found = map.entry(key);
        if found.is_none() {
            self.mistake(map, format!("`{key}` is missing"));
        }
        found
    }

    /// The items of a list.
    pub(super) fn list<'a>(&mut self, node: &'a Node, what: &str) -> &'a [Node] {
        if let Value::List(items) = &node.value {
            return items;
        }
        self.mistake(node, format!("{what} is {}, expected a list", node.seen()));
        &[]
    }

    /// A piece of text that is not empty.
    pub(super) fn text<'a>(&mut self, node: &'a Node, what: &str) -> Option<&'a str> {
        match &node.value {
            Value::Scalar(text) if !text.trim().is_empty() => Some(text),
            Value::Scalar(_) | Value::Null => {
                self.mistake(node, format!("{what} is empty"));
                None
            }
            _ => {
                self.mistake(node, format!("{what} is {}, expected text", node.seen()));
                None
            }
        }
    }

    /// A piece of text that says how it is to be read; the error of `T` says what is expected.
    pub(super) fn parsed<T: FromStr<Err = crate::Error>>(
        &mut self,
        node: &Node,
        what: &str,
    ) -> Option<T> {
        let text = self.text(node, what)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(node, error.to_string());
                None
            }
        }
    }

    /// One of several words.
    pub(super) fn word<'w>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[&'w str],
    ) -> Option<&'w str> {
        let text = self.text(node, what)?;
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() {
            let message = format!(
                "{what} `{text}`, expected one of {}{}",
                listed(words),
                hint(text, words)
            );
            self.mistake(node, message);
        }
        found
    }

    /// A whole number.
    pub(super) fn count(&mut self, node: &Node, what: &str) -> Option<u64> {
        let text = self.text(node, what)?;
        let count = text.parse().ok();
        if count.is_none() {
            self.mistake(node, format!("{what} `{text}`, expected a whole number"));
        }
        count
    }
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
