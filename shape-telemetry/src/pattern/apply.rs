//! A line under a pattern: every step goes forward only, so that the time is linear in the line.

use std::borrow::Cow;

use super::{
    Pattern,
    syntax::{Kind, Literal, Role, Step},
};
use crate::{
    Emitter, Field, Format, Level, Record, duration,
    parse::{
        iso, pairs,
        scan::{self, blanks, split},
        time::Context,
    },
};

impl Pattern {
    /// The record of a line that fits.
    pub(crate) fn apply<'a>(&self, line: &'a str, context: &Context) -> Option<Record<'a>> {
        let mut record = Record::new(Format::Custom, "");
        let (mut file, mut number) = (None, None);
        let mut i = line;
        let mut steps = self.steps.iter().peekable();
        while let Some(step) = steps.next() {
            let (role, kind) = match step {
                Step::Literal(literals) => {
                    i = literal(literals, i, steps.peek().is_none())?;
                    continue;
                }
                Step::Field(role, kind) => (role, kind),
            };
            if let Kind::Stamp(stamp) = kind {
                (i, record.time) = stamp.take(i, context).ok()?;
                continue;
            }
            let next = steps.peek().and_then(|step| match step {
                Step::Literal(literals) => Some(literals.as_slice()),
                Step::Field(..) => None,
            });
            let is_last = steps.peek().is_none();
            let (rest, value) = take(kind, i, next, is_last)?;
            i = rest;
            match (role, value) {
                (Role::Nothing | Role::Time, _) => {}
                (Role::Level, value) => record.level = Some(level(&value)?),
                (Role::Target, value) => {
                    record.target = (!matches!(&*value, "" | "-")).then_some(value);
                }
                (Role::Message, Cow::Borrowed(text)) if is_last => {
                    record.message = pairs::tail(text, &mut record.fields).into();
                }
                (Role::Message, value) => record.message = value,
                (Role::Location, Cow::Borrowed(text)) => record.emitter = Some(scan::place(text)?),
                (Role::Location, _) => return None,
                (Role::File, value) => file = Some(value),
                (Role::Line, value) => number = value.parse().ok(),
                (Role::Named(name), value) => {
                    if !matches!(&*value, "" | "-") {
                        record.fields.push(Field {
                            name: Cow::Owned(name.clone()),
                            value,
                            of_span: false,
                        });
                    }
                }
            }
        }
        if let (Some(path), Some(line)) = (file, number) {
            record.emitter = Some(Emitter {
                path,
                line,
                column: None,
            });
        }
        blanks(i).is_empty().then_some(record)
    }
}

/// Takes the text that must stand here.
fn literal<'a>(literals: &[Literal], mut i: &'a str, is_last: bool) -> Option<&'a str> {
    for literal in literals {
        match literal {
            Literal::Text(text) => i = i.strip_prefix(text.as_str())?,
            Literal::Blank => {
                let rest = blanks(i);
                // Blanks at the end of a line may have been trimmed.
                if rest.len() == i.len() && !(is_last && i.is_empty()) {
                    return None;
                }
                i = rest;
            }
        }
    }
    Some(i)
}

/// The offset of the first place where the literals follow, or of the end.
fn end(literals: &[Literal], i: &str) -> Option<usize> {
    let follows = |at: usize| literal(literals, split(i, at).1, false).is_some();
    match literals.first()? {
        Literal::Text(text) => {
            memchr::memmem::find_iter(i.as_bytes(), text.as_bytes()).find(|&at| follows(at))
        }
        Literal::Blank => {
            // Each run of blanks is looked at once, from its start.
            let mut at = 0;
            loop {
                at += memchr::memchr2(b' ', b'\t', i.as_bytes().get(at..)?)?;
                if follows(at) {
                    return Some(at);
                }
                let rest = split(i, at).1;
                at += rest.len() - blanks(rest).len();
            }
        }
    }
}

/// The text of a field, and what follows it.
fn take<'a>(
    kind: &Kind,
    i: &'a str,
    next: Option<&[Literal]>,
    is_last: bool,
) -> Option<(&'a str, Cow<'a, str>)> {
    let (value, rest) = match kind {
        Kind::Quoted => {
            let (rest, text) = pairs::quoted(i).ok()?;
            return Some((rest, text));
        }
        Kind::Text | Kind::Word => {
            let at = match next {
                Some(literals) => end(literals, i)?,
                None if is_last => i.len(),
                None => return None,
            };
            split(i, at)
        }
        Kind::Stamp(_) => return None,
        Kind::Int
        | Kind::Number
        | Kind::Hex
        | Kind::Ip
        | Kind::Uuid
        | Kind::Duration
        | Kind::Level => {
            let part = |c: char| match kind {
                Kind::Int => c.is_ascii_digit() || c == '-' || c == '+',
                Kind::Number => c.is_ascii_digit() || "+-.eE".contains(c),
                Kind::Hex => c.is_ascii_hexdigit() || c == 'x' || c == 'X',
                Kind::Ip => c.is_ascii_hexdigit() || ".:[]%/".contains(c),
                Kind::Uuid => c.is_ascii_hexdigit() || c == '-',
                Kind::Level => c.is_ascii_alphanumeric(),
                _ => c.is_alphanumeric() || c == '.',
            };
            split(i, i.find(|c| !part(c)).unwrap_or(i.len()))
        }
    };
    let value = value.trim_matches([' ', '\t']);
    let fits = match kind {
        Kind::Text | Kind::Quoted | Kind::Stamp(_) => true,
        Kind::Word => !value.is_empty() && !value.contains([' ', '\t']),
        Kind::Int => value.parse::<i128>().is_ok(),
        Kind::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
        Kind::Hex => is_hex(value),
        Kind::Ip => is_address(value),
        Kind::Uuid => value.len() == 36 && value.split('-').count() == 5,
        Kind::Level => level(value).is_some(),
        Kind::Duration => duration::parse(value).is_some(),
    };
    fits.then_some((rest, Cow::Borrowed(value)))
}

fn is_hex(value: &str) -> bool {
    let digits = value
        .strip_prefix("0x")
        .or_else(|| value.strip_prefix("0X"))
        .unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// An address of version 4 or 6, perhaps with a port.
fn is_address(value: &str) -> bool {
    use std::net::{IpAddr, SocketAddr};
    value.parse::<IpAddr>().is_ok() || value.parse::<SocketAddr>().is_ok()
}

fn level(value: &str) -> Option<Level> {
    Level::from_word(value).or_else(|| iso::logcat_level(value))
}
