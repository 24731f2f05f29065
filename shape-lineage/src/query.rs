//! What is known of a log record whose source is asked for.

use std::collections::BTreeMap;

use shape_telemetry::{Event, Exemplar, Field, Level, Record, SourceLocation};

use crate::position::Spot;

/// Messages this long may have been cut by the reader of the log (exemplars are, at 1 KiB).
const CUT_FROM_BYTES: usize = 1_020;

/// What is known of a log record whose source is asked for.
///
/// ```
/// use shape_lineage::Query;
/// use shape_telemetry::Level;
///
/// let query = Query::message("connected to 127.0.0.1")
///     .level(Level::Debug)
///     .target("hyper_util::client");
/// # let _ = query;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Query<'a> {
    pub(crate) message: &'a str,
    pub(crate) level: Option<Level>,
    pub(crate) target: Option<&'a str>,
    pub(crate) fields: Fields<'a>,
    pub(crate) emitter: Option<Spot<'a>>,
    pub(crate) frames: &'a [SourceLocation],
    pub(crate) beneath: &'a str,
    pub(crate) is_cut: bool,
    pub(crate) eliminates: bool,
}

/// Fields that were split off the message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fields<'a> {
    None,
    Map(&'a BTreeMap<String, String>),
    Record(&'a [Field<'a>]),
}

impl<'a> Fields<'a> {
    pub(crate) fn get(self, name: &str) -> Option<&'a str> {
        match self {
            Self::None => None,
            Self::Map(fields) => fields.get(name).map(String::as_str),
            // The fields of enclosing spans are not written by the statement.
            Self::Record(fields) => fields
                .iter()
                .find(|field| !field.of_span && field.name == name)
                .map(|field| &*field.value),
        }
    }

    /// The value of a field within others: `attributes.code.lineno`.
    pub(crate) fn get_below(self, name: &str) -> Option<&'a str> {
        let is_below = |full: &str| {
            full.strip_suffix(name)
                .is_some_and(|above| above.ends_with('.'))
        };
        let found = self.names().find(|full| is_below(full))?;
        self.get(found)
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'a str> {
        let (map, record) = match self {
            Self::None => (None, &[][..]),
            Self::Map(fields) => (Some(fields), &[][..]),
            Self::Record(fields) => (None, fields),
        };
        let names = record.iter().filter(|field| !field.of_span);
        let of_map = map.into_iter().flat_map(BTreeMap::keys).map(String::as_str);
        of_map.chain(names.map(|field| &*field.name))
    }
}

impl<'a> Query<'a> {
    /// A record of which only the message is known; the message may contain the record's fields or not.
    pub fn message(message: &'a str) -> Self {
        Self {
            message: message.trim(),
            level: None,
            target: None,
            fields: Fields::None,
            emitter: None,
            frames: &[],
            beneath: "",
            is_cut: CUT_FROM_BYTES <= message.len(),
            eliminates: false,
        }
    }

    /// Adds its level.
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Adds its target, logger or module.
    pub fn target(mut self, target: &'a str) -> Self {
        self.target = Some(target.trim()).filter(|target| !target.is_empty());
        self
    }

    /// Adds fields that were split off the message.
    pub fn fields(mut self, fields: &'a BTreeMap<String, String>) -> Self {
        self.fields = Fields::Map(fields);
        self
    }

    /// Adds the source position that the record names.
    pub fn emitter(mut self, location: &'a SourceLocation) -> Self {
        self.emitter = Some((&location.path, location.line, location.column));
        self
    }

    /// Adds the stack frames that follow the record, innermost first.
    pub fn frames(mut self, frames: &'a [SourceLocation]) -> Self {
        self.frames = frames;
        self
    }

    /// Adds the lines beneath the record: the exception that they begin with tells the `catch` blocks apart that say the
    /// same.
    pub fn beneath(mut self, lines: &'a str) -> Self {
        self.beneath = lines;
        self
    }

    /// Allows an answer by elimination: where no statement of the module that the record names has its text, it must be
    /// one of those there that have (almost) no constant text, `debug!("{:?}", frame)` for example.
    ///
    /// That holds if all statements of the module were found; one behind an unknown macro, or one of a facade that the
    /// module hands its text to, makes the answer wrong. A logger with a name of its own is one of a module if only one file
    /// logs under it. The default is to refuse it.
    pub fn by_elimination(mut self) -> Self {
        self.eliminates = true;
        self
    }

    /// Says that the message was cut at its end.
    pub fn cut(mut self) -> Self {
        self.is_cut = true;
        self
    }
}

impl<'a> From<&'a Exemplar> for Query<'a> {
    fn from(exemplar: &'a Exemplar) -> Self {
        let fields = Fields::Map(&exemplar.fields);
        let mut query = Self::message(said(&exemplar.message, fields))
            .fields(&exemplar.fields)
            .frames(&exemplar.frames);
        query.level = exemplar.level;
        if let Some(emitter) = &exemplar.emitter {
            query = query.emitter(emitter);
        }
        match exemplar.target.as_deref() {
            Some(target) => query.target(target),
            None => query,
        }
    }
}

impl<'a> From<&'a Record<'a>> for Query<'a> {
    fn from(record: &'a Record<'a>) -> Self {
        let fields = Fields::Record(&record.fields);
        let mut query = Self::message(said(&record.message, fields));
        query.fields = fields;
        query.level = record.level;
        query.emitter = record
            .emitter
            .as_ref()
            .map(|emitter| (&*emitter.path, emitter.line, emitter.column));
        match record.target.as_deref() {
            Some(target) => query.target(target),
            None => query,
        }
    }
}

impl<'a> From<&'a Event<'a>> for Query<'a> {
    fn from(event: &'a Event<'a>) -> Self {
        Self::from(&event.record)
            .frames(&event.frames)
            .beneath(event.detail)
    }
}

/// The message, which structlog calls an event where it writes pairs only.
fn said<'a>(message: &'a str, fields: Fields<'a>) -> &'a str {
    if message.is_empty() {
        fields.get("event").unwrap_or(message)
    } else {
        message
    }
}

/// A message before its trailing `name=value` pairs, and the names.
///
/// Values may hold blanks: a value ends where the next ` name=` begins.
pub(crate) fn split_fields(message: &str) -> (&str, Vec<(&str, &str)>) {
    let mut fields = Vec::new();
    let mut core = message;
    let mut open: Option<(&str, usize)> = None;
    for at in memchr::memchr_iter(b'=', message.as_bytes()) {
        let head = &message[..at];
        let key_start = head
            .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-')))
            .map_or(0, |before| before + 1);
        let Some(key) = message.get(key_start..at).filter(|key| is_key(key)) else {
            continue;
        };
        if key_start != 0 && !head[..key_start].ends_with(' ') {
            continue;
        }
        if let Some((name, value_start)) = open {
            if key_start < value_start {
                continue;
            }
            fields.push((name, trim_value(&message[value_start..key_start])));
        } else {
            core = message[..key_start].trim_end();
        }
        open = Some((key, at + 1));
    }
    if let Some((name, value_start)) = open {
        fields.push((name, trim_value(&message[value_start..])));
    }
    (core, fields)
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c == '_' || c.is_alphabetic())
}

fn trim_value(value: &str) -> &str {
    value.trim().trim_end_matches(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_off() {
        assert_eq!(
            split_fields("blocked for 71.9ms events=31 by=\"a b\""),
            (
                "blocked for 71.9ms",
                vec![("events", "31"), ("by", "\"a b\"")]
            )
        );
        assert_eq!(split_fields("a == b"), ("a == b", vec![]));
        assert_eq!(split_fields("x=1"), ("", vec![("x", "1")]));
        assert_eq!(
            split_fields("done took=0 ms é=3"),
            ("done", vec![("took", "0 ms"), ("é", "3")])
        );
    }
}
