//! A small language for the layouts of one's own logs.

use std::{fmt, num::NonZeroUsize, str::FromStr};

use crate::pattern::syntax::Step;

mod apply;
mod stamp;
mod syntax;

/// The layout of a log line, written as an example of it.
///
/// ```
/// use shape_telemetry::{Format, Level, Pattern, Reader};
///
/// let pattern: Pattern = "<time> <level> [<thread>] <component>: <message>".parse()?;
/// let reader = Reader::new().pattern(pattern);
/// let record = reader.parse_line("2026-11-23 23:41:07,300 WARN  [worker-3] shop.cart: no price item=42");
/// assert_eq!(record.format, Format::Custom);
/// assert_eq!(record.level, Some(Level::Warn));
/// assert_eq!(record.target.as_deref(), Some("shop.cart"));
/// assert_eq!(record.message, "no price");
/// assert_eq!((record.field("thread"), record.field("item")), (Some("worker-3"), Some("42")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The language
///
/// Text stands for itself, and a blank for one blank or more (or tabs). `<name>` or `<name:type>` is a field; it
/// reaches up to the first place where the text behind it follows. `\<` and `\\` are the characters themselves. A
/// pattern describes the whole line; a line that does not fit is read as if there were no pattern.
///
/// | field | takes | gives |
/// |---|---|---|
/// | `<time>` | a time in any form that is known, or an epoch number | [`Record`](crate::Record)`::time` |
/// | `<time:%d/%m/%Y %H:%M:%S>` | a time in the form of `strftime` (`%Y %y %m %b %d %j %H %I %p %M %S %f %z %s`) | the same |
/// | `<level>` | a word such as `WARN`, or a letter such as `W` | [`Record`](crate::Record)`::level` |
/// | `<component>`, `<target>`, `<logger>` | text | [`Record`](crate::Record)`::target` |
/// | `<message>`, `<msg>` | text; `name=value` pairs at the end of the line become fields | [`Record`](crate::Record)`::message` |
/// | `<location>` | `file:line` or `file:line:column` | [`Record`](crate::Record)`::emitter` |
/// | `<file>` and `<line>` | a path; a number | the same |
/// | `<_>` | text | nothing |
/// | `<other>` | text | a field of that name |
///
/// The types of other fields: `text` (where none is named), `word` (no blanks), `int`, `number`, `hex`, `ip` (perhaps
/// with a port), `uuid`, `quoted` (in `"`, without them in the record), `duration` (`12ms`).
///
/// Patterns are tried in the order they were given; several of them serve a log with several layouts.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    text: String,
    steps: Vec<Step>,
}

/// Why a text is no [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pattern `{pattern}`, character {position}: {problem}")]
pub struct PatternError {
    pattern: String,
    position: NonZeroUsize,
    problem: String,
}

impl PatternError {
    /// The character at which the problem is, from 1.
    pub fn position(&self) -> NonZeroUsize {
        self.position
    }

    /// What the problem is, without pattern and position.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match syntax::steps(text) {
            Ok(steps) => Ok(Self {
                text: text.to_owned(),
                steps,
            }),
            Err(mistake) => {
                let before = text.get(..mistake.at).unwrap_or(text);
                Err(PatternError {
                    pattern: text.to_owned(),
                    position: NonZeroUsize::MIN.saturating_add(before.chars().count()),
                    problem: mistake.problem,
                })
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
