//! Durations as logs write them.

use std::time::Duration;

use crate::{Format, Record};

/// Nanoseconds of a unit by its name.
fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" | "nanos" | "nanoseconds" => 1,
        "us" | "µs" | "μs" | "micros" | "microseconds" | "usec" => 1_000,
        "ms" | "msec" | "msecs" | "millis" | "milliseconds" | "millisecond" => 1_000_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "min" | "mins" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `12.5` times a unit, exactly to the nanosecond (cut); `None` for what is no plain decimal number or too long.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for digit in whole.bytes() {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    value = value.checked_mul(unit)?;
    // A unit is at most 3.6e12 ns: digits beyond the 19th can not count.
    let mut scale = u128::from(unit) * 10_u128.pow(18);
    let mut part = 0_u128;
    for digit in fraction.bytes() {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        scale /= 10;
        part += u128::from(digit) * scale;
    }
    value.checked_add(u64::try_from(part / 10_u128.pow(18)).ok()?)
}

/// A number and what follows it.
fn number(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|b| !(b.is_ascii_digit() || b == b'.'))
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// `71.9ms`, `1.5 s`, `1m30s`, `1h2m3.5s`: the whole text.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let mut total: u64 = 0;
    let mut rest = text;
    let mut parts = 0_u8;
    while !rest.is_empty() {
        let (digits, after) = number(rest);
        let after = after.trim_start();
        let end = after
            .char_indices()
            .find(|&(_, c)| !c.is_alphabetic())
            .map_or(after.len(), |(at, _)| at);
        let (name, next) = after.split_at_checked(end)?;
        // `m` alone is a minute only beside other parts, `1m30s`; elsewhere it may be metres or mega.
        let scale = match name {
            "m" if 0 < parts || !next.is_empty() => 60_000_000_000,
            _ => unit(name)?,
        };
        total = total.checked_add(scaled(digits, scale)?)?;
        parts += 1;
        rest = next;
    }
    (0 < parts).then(|| Duration::from_nanos(total))
}

/// The duration that a word and the word behind it give: `512 ms`, `71.9ms`. Punctuation around it is ignored.
pub(crate) fn of_words(word: &str, next: Option<&str>) -> Option<Duration> {
    let word = word.trim_matches(['(', ')', '[', ']', ',', ';', ':', '.', '!', '~', '=']);
    if !word.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    if let Some(found) = parse(word) {
        return Some(found);
    }
    if !word.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let name = next?.trim_matches(['(', ')', '[', ']', ',', ';', ':', '.', '!']);
    if name == "m" || name == "h" {
        return None;
    }
    scaled(word, unit(name)?).map(Duration::from_nanos)
}

/// Where in a text the words stand that give a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    word: (usize, usize),
    next: Option<(usize, usize)>,
}

impl Place {
    /// The place of two parts of a text.
    pub(crate) fn of(text: &str, word: &str, next: Option<&str>) -> Option<Self> {
        let range = |part: &str| {
            let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
            Some((start, start + part.len()))
        };
        Some(Self {
            word: range(word)?,
            next: match next {
                Some(next) => Some(range(next)?),
                None => None,
            },
        })
    }

    /// The duration that stands at this place of another text.
    pub(crate) fn read(self, text: &str) -> Option<Duration> {
        let part = |(from, to)| text.get(from..to).unwrap_or_default();
        of_words(part(self.word), self.next.map(part))
    }
}

/// What the name of a field says about its value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hint {
    /// The value carries its unit.
    Text,
    /// The value carries its unit, or its unit follows from the program that wrote it.
    Bare,
    /// Numbers are in this unit.
    Unit(u64),
}

const MS: u64 = 1_000_000;

/// Whether a field of this name holds the duration of what the record reports.
pub(crate) fn hint(name: &str) -> Option<Hint> {
    // Exact names with a unit of their own.
    match name {
        "request_time" | "upstream_response_time" | "process_time" | "rt" => {
            return Some(Hint::Unit(1_000 * MS));
        }
        "responseTime" | "response-time" | "ms" | "took" | "Elapsed" | "ElapsedMilliseconds" => {
            return Some(Hint::Unit(MS));
        }
        "event.duration" | "Duration" => return Some(Hint::Unit(1)),
        "duration" | "elapsed" | "latency" | "dur" => return Some(Hint::Bare),
        _ => {}
    }
    let last = after_last(name, b'.');
    if is_stem(last) {
        return Some(Hint::Text);
    }
    let suffix = after_last(last, b'_');
    if suffix.len() < last.len() {
        let stem = last.get(..last.len() - suffix.len() - 1)?;
        return is_stem(stem)
            .then(|| unit(suffix).map(Hint::Unit))
            .flatten();
    }
    if !last.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    for (suffix, unit) in [
        ("Ms", MS),
        ("Millis", MS),
        ("MS", MS),
        ("Us", 1_000),
        ("Micros", 1_000),
        ("Ns", 1),
        ("Nanos", 1),
        ("Secs", 1_000 * MS),
        ("Seconds", 1_000 * MS),
        ("Sec", 1_000 * MS),
    ] {
        if let Some(stem) = last.strip_suffix(suffix)
            && is_stem(stem)
        {
            return Some(Hint::Unit(unit));
        }
    }
    None
}

/// What stands behind the last such byte; all of it without one.
pub(crate) fn after_last(name: &str, separator: u8) -> &str {
    memchr::memrchr(separator, name.as_bytes())
        .and_then(|at| name.get(at + 1..))
        .unwrap_or(name)
}

fn is_stem(name: &str) -> bool {
    matches!(
        name,
        "duration"
            | "elapsed"
            | "latency"
            | "latency_human"
            | "dur"
            | "took"
            | "time_taken"
            | "timeTaken"
            | "response_time"
            | "responseTime"
            | "request_time"
            | "requestTime"
            | "resp_time"
            | "exec_time"
            | "execution_time"
            | "executionTime"
            | "processing_time"
            | "processingTime"
            | "upstream_response_time"
            | "total_time"
            | "totalTime"
            | "time"
            | "runtime"
            | "busy"
    )
}

/// The unit of a bare number under a name such as `duration`, where the writer tells: Go's loggers write integers in
/// nanoseconds and floats in seconds, Node's and Rails' milliseconds. Others write either: no unit is better than a
/// wrong one.
fn bare_unit(record: &Record<'_>, value: &str) -> Option<u64> {
    match record.format {
        Format::Zap | Format::Slog if value.contains('.') => Some(1_000 * MS),
        Format::Zap | Format::Slog => Some(1),
        Format::Pino | Format::Bunyan => Some(MS),
        Format::Clf => Some(1_000 * MS),
        _ if record.field("controller").is_some() => Some(MS),
        _ => None,
    }
}

/// The duration in the fields of a record.
pub(crate) fn of_fields(record: &Record<'_>) -> Option<Duration> {
    record
        .fields
        .iter()
        .find_map(|field| of_value(record, hint(&field.name)?, &field.value))
}

/// The duration in the value of a field whose name says what it is.
pub(crate) fn of_value(record: &Record<'_>, hint: Hint, value: &str) -> Option<Duration> {
    let value = value.trim();
    // A plain number in a known unit is the most frequent; with a unit of its own it would not be plain.
    if let Hint::Unit(unit) = hint
        && value.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    {
        return scaled(value, unit).map(Duration::from_nanos);
    }
    parse(value).or_else(|| {
        let unit = match hint {
            Hint::Text => return None,
            Hint::Bare => bare_unit(record, value)?,
            Hint::Unit(unit) => unit,
        };
        scaled(value, unit).map(Duration::from_nanos)
    })
}

/// The first duration in a text, outside of quotes.
pub(crate) fn of_text(text: &str) -> Option<Duration> {
    place(text).map(|(_, duration)| duration)
}

/// The first duration in a text, outside of quotes, and where it stands.
pub(crate) fn place(text: &str) -> Option<(Place, Duration)> {
    let bytes = text.as_bytes();
    let mut in_quotes = false;
    let mut start = 0;
    while start <= bytes.len() {
        // A word, its quotes, and what stands behind the last `=` in it.
        let mut end = start;
        let (mut quotes, mut value) = (0_usize, start);
        while let Some(&b) = bytes.get(end).filter(|&&b| b != b' ') {
            quotes += usize::from(b == b'"');
            if b == b'=' {
                value = end + 1;
            }
            end += 1;
        }
        if !in_quotes && quotes == 0 && may_be_number(bytes.get(value..end).unwrap_or_default()) {
            let next = text
                .get(end + 1..)
                .map(|rest| rest.split(' ').next().unwrap_or(rest));
            let word = text.get(value..end).unwrap_or_default();
            if let Some(found) = of_words(word, next) {
                return Some((Place::of(text, word, next)?, found));
            }
        }
        in_quotes ^= quotes % 2 == 1;
        start = end + 1;
    }
    None
}

/// Whether a digit stands behind the punctuation that [`of_words`] takes off.
fn may_be_number(value: &[u8]) -> bool {
    let first = value.iter().find(|b| !b"()[],;:.!~=".contains(b));
    first.is_some_and(u8::is_ascii_digit)
}

impl Record<'_> {
    /// The duration that the record reports: of a field such as `duration_ms` or `elapsed`, else the first in the
    /// message that has a unit.
    ///
    /// ```
    /// use std::time::Duration;
    /// use shape_telemetry::Reader;
    ///
    /// let reader = Reader::new();
    /// let of = |line| reader.parse_line(line).duration();
    /// assert_eq!(of("INFO app: done duration_ms=1.93"), Some(Duration::from_micros(1_930)));
    /// assert_eq!(of("WARN app: blocked for 71.9ms"), Some(Duration::from_micros(71_900)));
    /// assert_eq!(of("WARN app: slow query took 512 ms"), Some(Duration::from_millis(512)));
    /// assert_eq!(of("INFO app: 12 files"), None);
    /// ```
    pub fn duration(&self) -> Option<Duration> {
        of_fields(self).or_else(|| of_text(&self.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let ns = |text| parse(text).map(|d| d.as_nanos());
        assert_eq!(ns("71.9ms"), Some(71_900_000));
        assert_eq!(ns("1.5 s"), Some(1_500_000_000));
        assert_eq!(ns("1m30s"), Some(90_000_000_000));
        assert_eq!(ns("1h2m3.5s"), Some(3_723_500_000_000));
        assert_eq!(ns("12µs"), Some(12_000));
        assert_eq!(ns("5m"), None);
        assert_eq!(ns("5"), None);
        assert_eq!(ns("5ms x"), None);
        assert_eq!(ns("99999999999999999999h"), None);
        assert_eq!(ns("0.0000000000000000000000000000000000001s"), Some(0));
    }

    #[test]
    fn messages() {
        let ms = |text| of_text(text).map(|d| d.as_millis());
        assert_eq!(ms("Beat 2 completed in 5ms"), Some(5));
        assert_eq!(ms("took 512 ms."), Some(512));
        assert_eq!(ms("name \"wait 5ms\" is long"), None);
        assert_eq!(ms("(elapsed=7ms)"), Some(7));
        assert_eq!(ms("started in 2.1 seconds"), Some(2_100));
        assert_eq!(ms("80 % of 12 files"), None);
    }
}
