//! Names of things: components, places in logs, places in source code.

use std::{
    fmt,
    num::{NonZeroU32, NonZeroU64},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// The name of a component (a module, a service, a plugin) that a log speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ComponentId(Arc<str>);

impl ComponentId {
    /// The component of records that name none.
    pub const UNKNOWN: &'static str = "unknown";

    /// A component by name; an empty name is [`ComponentId::UNKNOWN`].
    pub fn new(name: &str) -> Self {
        let name = name.trim();
        Self(Arc::from(if name.is_empty() {
            Self::UNKNOWN
        } else {
            name
        }))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for ComponentId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where an event stands in a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogPosition {
    /// The name of the log source, usually its path as given.
    pub source: Arc<str>,
    /// The line, from 1.
    pub line: NonZeroU64,
    /// The offset of the line's first byte in the decoded source, in bytes.
    pub byte_offset: u64,
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.line)
    }
}

/// A place in source code, as a log or a stack trace names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceLocation {
    /// The path with `/` as separator, relative to the source root where one is known.
    pub path: String,
    /// The line, from 1.
    pub line: NonZeroU32,
    /// The column in UTF-8 bytes, from 1, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<NonZeroU32>,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}
