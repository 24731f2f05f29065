//! The values of the variables in a message, by type.

use std::{net::IpAddr, time::Duration};

use super::{
    scanner::{self, Pieces, Sort},
    shape::{is_clock, is_host_port},
};
use crate::duration;

/// What kind of value a variable has, as its shape tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum VariableKind {
    /// `12`, `-3.5`, `1,024`.
    Number,
    /// `80%`.
    Percent,
    /// `71.9ms`, `1m30s`, `12 ms`.
    Duration,
    /// `93.0 KB`, `10MiB`.
    Size,
    /// `12:34:56`, `2026-11-24 08:59:30.833`.
    Time,
    /// An address of version 4 or 6.
    Ip,
    /// `10.0.0.1:80`, `db.example.com:443`.
    HostPort,
    /// `5c:50:15:36:bc:03`.
    Mac,
    /// `7e7cc42f-3cb9-4d91-804c-f5a32d54f1c5`.
    Uuid,
    /// `0x1f`, or eight and more digits of base 16 of which one is a letter.
    Hex,
    /// `https://example.org/x`.
    Url,
    /// `/var/log/x`, `C:\Windows`.
    Path,
    /// `ann@example.org`.
    Email,
    /// `true`, `False`.
    Truth,
    /// What stood in quotes, without them.
    Quoted,
    /// A dotted name, a word with digits, the value of `name=word`.
    Name,
}

/// One value in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'a> {
    /// What kind of value it is.
    pub kind: VariableKind,
    /// The value as written, without the unit that a blank separates from it.
    pub text: &'a str,
    /// The unit behind the blank.
    pub unit: Option<&'a str>,
}

/// The values in a message, from left to right: what is, or may be, a variable.
///
/// ```
/// use shape_telemetry::{VariableKind, variables};
///
/// let found = variables("block rdd_2_0 of 4.5 KB from 10.0.0.7:50010 took 71.9ms");
/// let kinds: Vec<_> = found.iter().map(|variable| variable.kind).collect();
/// assert_eq!(
///     kinds,
///     [VariableKind::Name, VariableKind::Size, VariableKind::HostPort, VariableKind::Duration],
/// );
/// assert_eq!(found[1].bytes(), Some(4_608.0));
/// assert_eq!(found[3].duration().map(|took| took.as_micros()), Some(71_900));
/// ```
pub fn variables(message: &str) -> Vec<Variable<'_>> {
    let mut values = Values {
        message,
        found: Vec::new(),
    };
    scanner::scan(message, &mut values);
    values.found
}

struct Values<'a> {
    message: &'a str,
    found: Vec<Variable<'a>>,
}

impl Pieces for Values<'_> {
    fn text(&mut self, _: &str) {}

    fn variable(&mut self, sort: Sort, text: &str) {
        // The pieces are parts of the message, which lives longer than the call.
        let start = text
            .as_ptr()
            .addr()
            .checked_sub(self.message.as_ptr().addr());
        let Some(text) = start.and_then(|at| self.message.get(at..at + text.len())) else {
            return;
        };
        if sort == Sort::Unit {
            if let Some(last) = self.found.last_mut() {
                let unit = text.trim_ascii();
                last.unit = Some(unit);
                last.kind = match bytes_of(unit) {
                    Some(_) => VariableKind::Size,
                    None => VariableKind::Duration,
                };
            }
            return;
        }
        let kind = match sort {
            Sort::Quoted => VariableKind::Quoted,
            Sort::Name | Sort::Dotted => VariableKind::Name,
            _ => kind(text),
        };
        self.found.push(Variable {
            kind,
            text,
            unit: None,
        });
    }
}

impl Variable<'_> {
    /// The number that a [`VariableKind::Number`] or [`VariableKind::Percent`] stands for.
    pub fn number(&self) -> Option<f64> {
        match self.kind {
            VariableKind::Number | VariableKind::Percent => {
                decimal(self.text.trim_end_matches('%'))
            }
            _ => None,
        }
    }

    /// The length of time that a [`VariableKind::Duration`] stands for; `<1 sec` is a second.
    pub fn duration(&self) -> Option<Duration> {
        if self.kind != VariableKind::Duration {
            return None;
        }
        let text = self.text.trim_start_matches('<');
        match self.unit {
            Some(unit) => duration::of_words(text, Some(unit)),
            None => duration::parse(text),
        }
    }

    /// The bytes that a [`VariableKind::Size`] stands for; `KB` is 1,024 of them, as the writers of logs mean it.
    pub fn bytes(&self) -> Option<f64> {
        if self.kind != VariableKind::Size {
            return None;
        }
        let (number, unit) = match self.unit {
            Some(unit) => (self.text, unit),
            None => split_unit(self.text),
        };
        Some(decimal(number)? * bytes_of(unit)?)
    }
}

fn kind(text: &str) -> VariableKind {
    let core = text.trim_start_matches('<');
    if decimal(core).is_some() {
        return VariableKind::Number;
    }
    if core.strip_suffix('%').and_then(decimal).is_some() {
        return VariableKind::Percent;
    }
    if super::shape::is_truth(core) {
        return VariableKind::Truth;
    }
    if core.parse::<IpAddr>().is_ok() {
        return VariableKind::Ip;
    }
    if core.contains("://") {
        return VariableKind::Url;
    }
    if core.starts_with("0x") && is_hex(&core[2..]) {
        return VariableKind::Hex;
    }
    if core
        .trim_start_matches('/')
        .parse::<std::net::SocketAddr>()
        .is_ok()
        || is_host_port(core)
    {
        return VariableKind::HostPort;
    }
    if is_mac(core) {
        return VariableKind::Mac;
    }
    if core.starts_with('/') || core.contains('\\') {
        return VariableKind::Path;
    }
    if duration::parse(core).is_some() {
        return VariableKind::Duration;
    }
    let (number, unit) = split_unit(core);
    if decimal(number).is_some() && bytes_of(unit).is_some() {
        return VariableKind::Size;
    }
    if is_uuid(core) {
        return VariableKind::Uuid;
    }
    let is_date = core.len() <= 35
        && core.starts_with(|c: char| c.is_ascii_digit())
        && core.get(4..5).is_some_and(|c| c == "-" || c == "/")
        && core.contains(':');
    if is_date || is_clock(core) {
        return VariableKind::Time;
    }
    if 8 <= core.len() && is_hex(core) {
        return VariableKind::Hex;
    }
    match core.split_once('@') {
        Some((name, host)) if !name.is_empty() && host.contains('.') => VariableKind::Email,
        _ => VariableKind::Name,
    }
}

/// A decimal number, with a sign and with commas between groups of three digits.
fn decimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit())
        || !digits
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
    {
        return None;
    }
    let number = text.replace(',', "").parse::<f64>().ok()?;
    number.is_finite().then_some(number)
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// The bytes that a text such as `93.0KiB` stands for.
pub(crate) fn bytes(text: &str) -> Option<f64> {
    let (number, unit) = split_unit(text);
    Some(decimal(number.trim_end())? * bytes_of(unit)?)
}

/// How many bytes a unit is.
fn bytes_of(unit: &str) -> Option<f64> {
    let power = match unit {
        "B" => 0,
        "KB" | "kB" | "KiB" => 1,
        "MB" | "MiB" => 2,
        "GB" | "GiB" => 3,
        "TB" | "TiB" => 4,
        "PB" | "PiB" => 5,
        _ => return None,
    };
    Some(1_024_f64.powi(power))
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_mac(text: &str) -> bool {
    text.len() == 17
        && text
            .split([':', '-'])
            .all(|part| part.len() == 2 && is_hex(part))
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    text.len() == 36 && lengths.eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_shape() {
        #[track_caller]
        fn check(value: &str, kind: VariableKind) {
            let message = format!("it is {value} now");
            let found = variables(&message);
            assert_eq!(
                found.first().map(|variable| variable.kind),
                Some(kind),
                "{value}"
            );
        }
        check("12", VariableKind::Number);
        check("-3.5", VariableKind::Number);
        check("80%", VariableKind::Percent);
        check("71.9ms", VariableKind::Duration);
        check("12 ms", VariableKind::Duration);
        check("93.0 KB", VariableKind::Size);
        check("10MiB", VariableKind::Size);
        check("12:34:56", VariableKind::Time);
        check("2026-11-24 08:59:30.833", VariableKind::Time);
        check("2026-11-24T08:59:30Z", VariableKind::Time);
        check("10.0.0.1", VariableKind::Ip);
        check("2607:f140::467f", VariableKind::Ip);
        check("10.0.0.1:80", VariableKind::HostPort);
        check("/10.0.0.1:80", VariableKind::HostPort);
        check("db.example.com:443", VariableKind::HostPort);
        check("5c:50:15:36:bc:03", VariableKind::Mac);
        check("7e7cc42f-3cb9-4d91-804c-f5a32d54f1c5", VariableKind::Uuid);
        check("0x1f", VariableKind::Hex);
        check("deadbeef00", VariableKind::Hex);
        check("https://example.org/x", VariableKind::Url);
        check("/var/log/x", VariableKind::Path);
        check("C:\\Windows\\x", VariableKind::Path);
        check("ann1@example.org", VariableKind::Email);
        check("true", VariableKind::Truth);
        check("\"two words\"", VariableKind::Quoted);
        check("rdd_2_0", VariableKind::Name);
        assert_eq!(variables("nothing that varies here"), []);
    }
}
