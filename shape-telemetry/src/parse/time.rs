//! Times as logs write them, decoded in a fixed layout where possible.

use jiff::Timestamp;

use super::scan::{Scan, blanks, byte, digits, fail, split};

/// What times that do not say everything are completed with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Context {
    /// A time not long before which a time without a year lies.
    pub(crate) reference: Option<Timestamp>,
    /// Seconds east of UTC of times without a zone.
    pub(crate) utc_offset_s: i32,
    /// How many wrappers (Docker, CRI) were taken off the line.
    pub(crate) unwrapped: u8,
}

impl Context {
    /// For the line inside a wrapper; `None` when it was wrapped too often.
    pub(crate) fn inside(self) -> Option<Self> {
        (self.unwrapped < 2).then(|| Self {
            unwrapped: self.unwrapped + 1,
            ..self
        })
    }
}

/// A civil time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Civil {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanos: u32,
}

impl Civil {
    fn timestamp(self, offset_s: i64) -> Option<Timestamp> {
        let in_range = (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60
            && (0..=9999).contains(&self.year);
        if !in_range {
            return None;
        }
        let seconds = days(self.year, self.month, self.day) * 86_400
            + i64::from(self.hour * 3_600 + self.minute * 60 + self.second)
            - offset_s;
        Timestamp::new(seconds, i32::try_from(self.nanos).ok()?).ok()
    }
}

/// Days since 1970-01-01 (Howard Hinnant, `days_from_civil`).
fn days(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let shifted = i64::from((month + 9) % 12);
    let of_year = (153 * shifted + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Two digits at an offset.
fn two(bytes: &[u8], at: usize) -> Option<u32> {
    let tens = bytes.get(at)?.wrapping_sub(b'0');
    let ones = bytes.get(at + 1)?.wrapping_sub(b'0');
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

fn two_digits(i: &str) -> Scan<'_, u32> {
    match two(i.as_bytes(), 0) {
        Some(value) => Ok((split(i, 2).1, value)),
        None => fail(),
    }
}

/// A number of one to `most` digits.
fn number(i: &str, most: usize) -> Scan<'_, u32> {
    let (rest, digits) = digits(i)?;
    match digits.parse() {
        Ok(value) if digits.len() <= most => Ok((rest, value)),
        _ => fail(),
    }
}

/// `HH:MM:SS`.
fn clock(bytes: &[u8], at: usize) -> Option<(u32, u32, u32)> {
    let colons = bytes.get(at + 2) == Some(&b':') && bytes.get(at + 5) == Some(&b':');
    if !colons {
        return None;
    }
    Some((two(bytes, at)?, two(bytes, at + 3)?, two(bytes, at + 6)?))
}

/// A fraction of a second behind `.` or `,`; nothing gives 0.
fn fraction(i: &str) -> (&str, u32) {
    let bytes = i.as_bytes();
    if !matches!(bytes.first(), Some(b'.' | b',')) || !bytes.get(1).is_some_and(u8::is_ascii_digit)
    {
        return (i, 0);
    }
    let mut nanos = 0;
    let mut scale = 100_000_000;
    let mut end = 1;
    while let Some(digit) = bytes.get(end).filter(|b| b.is_ascii_digit()) {
        nanos += u32::from(digit - b'0') * scale;
        scale /= 10;
        end += 1;
    }
    (split(i, end).1, nanos)
}

/// `Z`, `+01:00`, `+0100`, `+01`, each perhaps behind a blank; ` UTC` and ` GMT`.
pub(super) fn zone(i: &str) -> (&str, Option<i64>) {
    if let Some(rest) = i.strip_prefix('Z') {
        return (rest, Some(0));
    }
    for name in [" UTC", " GMT", "UTC"] {
        if let Some(rest) = i.strip_prefix(name)
            && !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
        {
            return (rest, Some(0));
        }
    }
    let signed = i.strip_prefix(' ').unwrap_or(i);
    let bytes = signed.as_bytes();
    let sign = match bytes.first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (i, None),
    };
    let Some(hours) = two(bytes, 1).filter(|&h| h <= 15) else {
        return (i, None);
    };
    let (minutes, end) = match (bytes.get(3), two(bytes, 3), two(bytes, 4)) {
        (Some(b':'), _, Some(minutes)) => (minutes, 6),
        (_, Some(minutes), _) => (minutes, 5),
        // `-05` alone is a zone only where nothing separates it from the time.
        _ if signed.len() == i.len() => (0, 3),
        _ => return (i, None),
    };
    if bytes.get(end).is_some_and(u8::is_ascii_digit) {
        return (i, None);
    }
    let seconds = i64::from(hours * 3_600 + minutes * 60);
    (split(signed, end).1, Some(sign * seconds))
}

/// `2026-11-23T23:41:07.321916Z` and its relatives: `T` or a blank, `-` or `/` or `.`, `.` or `,`, any zone or none.
pub(crate) fn iso<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let bytes = i.as_bytes();
    let Some(head) = bytes.get(..19) else {
        return fail();
    };
    let separator = head[4];
    if !matches!(separator, b'-' | b'/' | b'.')
        || head[7] != separator
        || !matches!(head[10], b'T' | b' ' | b't' | b'_')
    {
        return fail();
    }
    let date = (two(head, 0), two(head, 2), two(head, 5), two(head, 8));
    let (Some(century), Some(year), Some(month), Some(day)) = date else {
        return fail();
    };
    let Some((hour, minute, second)) = clock(head, 11) else {
        return fail();
    };
    let (rest, nanos) = fraction(split(i, 19).1);
    let (rest, offset) = zone(rest);
    let civil = Civil {
        year: i64::from(century * 100 + year),
        month,
        day,
        hour,
        minute,
        second,
        nanos,
    };
    finish(
        rest,
        civil.timestamp(offset.unwrap_or(i64::from(context.utc_offset_s))),
    )
}

/// The seconds at which a day begins, written `2026-11-23` or with another separator of [`iso`].
pub(super) fn midnight(date: [u8; 10]) -> Option<i64> {
    let separator = date[4];
    if !matches!(separator, b'-' | b'/' | b'.') || date[7] != separator {
        return None;
    }
    let civil = Civil {
        year: i64::from(two(&date, 0)? * 100 + two(&date, 2)?),
        month: two(&date, 5)?,
        day: two(&date, 8)?,
        ..Civil::default()
    };
    civil.timestamp(0).map(Timestamp::as_second)
}

fn finish(rest: &str, time: Option<Timestamp>) -> Scan<'_, Timestamp> {
    match time {
        Some(time) => Ok((rest, time)),
        None => fail(),
    }
}

/// `Jan` to `Dec`.
fn month(i: &str) -> Scan<'_, u32> {
    const MONTHS: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let name = i.as_bytes().get(..3);
    let found = (1..)
        .zip(MONTHS)
        .find(|(_, month)| name == Some(&month[..]));
    match found {
        Some((number, _)) => Ok((split(i, 3).1, number)),
        None => fail(),
    }
}

/// Completes a time without a year: the latest year in which it is not more than a day after the reference.
fn yearless(civil: Civil, context: &Context) -> Option<Timestamp> {
    let reference = context.reference?;
    let latest = reference.as_second() + 86_400;
    // 400 Gregorian years have 146,097 days; an estimate that is at most one off.
    let estimate = 1_970 + reference.as_second().div_euclid(31_556_952);
    (estimate - 2..=estimate + 1).rev().find_map(|year| {
        Civil { year, ..civil }
            .timestamp(i64::from(context.utc_offset_s))
            .filter(|time| time.as_second() <= latest)
    })
}

/// `Oct 11 22:14:15`, perhaps with a year behind or a fraction. Without a reference the time is `None`.
pub(crate) fn syslog<'a>(i: &'a str, context: &Context) -> Scan<'a, Option<Timestamp>> {
    let (i, month) = month(i)?;
    let (i, ()) = byte(b' ')(i)?;
    let (i, day) = number(blanks(i), 2)?;
    let (i, ()) = byte(b' ')(i)?;
    let i = blanks(i);
    let (i, year) = match split(i, 5) {
        (text, rest) if text.ends_with(' ') && digits(text).is_ok_and(|(_, d)| d.len() == 4) => {
            (rest, text.trim_end().parse().ok())
        }
        _ => (i, None),
    };
    let Some((hour, minute, second)) = clock(i.as_bytes(), 0) else {
        return fail();
    };
    let (i, nanos) = fraction(split(i, 8).1);
    let civil = Civil {
        year: year.unwrap_or(2_000),
        month,
        day,
        hour,
        minute,
        second,
        nanos,
    };
    if civil.timestamp(0).is_none() {
        return fail();
    }
    let time = if year.is_some() {
        civil.timestamp(i64::from(context.utc_offset_s))
    } else {
        yearless(civil, context)
    };
    Ok((i, time))
}

/// `10/Oct/2000:13:55:36 -0700`, and `10/Oct/2000 13:55:36` as Python's servers write it.
pub(crate) fn clf<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let (i, day) = number(i, 2)?;
    let (i, ()) = byte(b'/')(i)?;
    let (i, month) = month(i)?;
    let (i, ()) = byte(b'/')(i)?;
    let (i, year) = number(i, 4)?;
    let (i, ()) = byte(b':')(i).or_else(|_| byte(b' ')(i))?;
    civil_clock(i, year, month, day, context)
}

/// `HH:MM:SS` with fraction and zone, behind a date that was read.
fn civil_clock<'a>(
    i: &'a str,
    year: u32,
    month: u32,
    day: u32,
    context: &Context,
) -> Scan<'a, Timestamp> {
    let Some((hour, minute, second)) = clock(i.as_bytes(), 0) else {
        return fail();
    };
    let (i, nanos) = fraction(split(i, 8).1);
    let (i, offset) = zone(i);
    let civil = Civil {
        year: i64::from(year),
        month,
        day,
        hour,
        minute,
        second,
        nanos,
    };
    finish(
        i,
        civil.timestamp(offset.unwrap_or(i64::from(context.utc_offset_s))),
    )
}

/// `Sun Dec 04 04:47:44 2005`, perhaps with a fraction behind the seconds.
pub(crate) fn asctime<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let (i, day_name) = super::scan::word_blanks(i)?;
    if day_name.len() != 3 {
        return fail();
    }
    let (i, month) = month(i)?;
    let (i, ()) = byte(b' ')(i)?;
    let (i, day) = number(blanks(i), 2)?;
    let (i, ()) = byte(b' ')(i)?;
    let Some((hour, minute, second)) = clock(i.as_bytes(), 0) else {
        return fail();
    };
    let (i, nanos) = fraction(split(i, 8).1);
    let (i, ()) = byte(b' ')(i)?;
    let (i, year) = number(i, 4)?;
    let civil = Civil {
        year: i64::from(year),
        month,
        day,
        hour,
        minute,
        second,
        nanos,
    };
    finish(i, civil.timestamp(i64::from(context.utc_offset_s)))
}

/// `01 Mar 2026 12:00:00.123`.
pub(crate) fn day_month_year<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let (i, day) = number(i, 2)?;
    let (i, ()) = byte(b' ')(i)?;
    let (i, month) = month(i)?;
    let (i, ()) = byte(b' ')(i)?;
    let (i, year) = number(i, 4)?;
    let (i, ()) = byte(b' ')(i)?;
    civil_clock(i, year, month, day, context)
}

/// `24-Nov-2026 08:59:30.833`, perhaps with a zone; Erlang writes two colons between date and time.
pub(crate) fn dashed<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let (i, day) = number(i, 2)?;
    let (i, ()) = byte(b'-')(i)?;
    let (i, month) = month(i)?;
    let (i, ()) = byte(b'-')(i)?;
    let (i, year) = number(i, 4)?;
    let i = match i.strip_prefix("::") {
        Some(i) => i,
        None => byte(b' ')(i)?.0,
    };
    civil_clock(i, year, month, day, context)
}

/// `11/24/2026, 8:59:30 AM`, with or without the comma.
pub(crate) fn american<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let (i, month) = number(i, 2)?;
    let (i, ()) = byte(b'/')(i)?;
    let (i, day) = number(i, 2)?;
    let (i, ()) = byte(b'/')(i)?;
    let (i, year) = number(i, 4)?;
    let (i, ()) = byte(b',')(i).or_else(|_| byte(b' ')(i))?;
    let (i, hour) = number(blanks(i), 2)?;
    let (i, ()) = byte(b':')(i)?;
    let (i, minute) = two_digits(i)?;
    let (i, ()) = byte(b':')(i)?;
    let (i, second) = two_digits(i)?;
    // The blank may be a narrow one.
    let i = i.trim_start();
    let (i, hour) = match (split(i, 2), hour) {
        (("AM", rest), 12) => (rest, 0),
        (("AM", rest), hour) | (("PM", rest), hour @ 12) => (rest, hour),
        (("PM", rest), hour) => (rest, hour + 12),
        _ => (i, hour),
    };
    let civil = Civil {
        year: i64::from(year),
        month,
        day,
        hour,
        minute,
        second,
        nanos: 0,
    };
    finish(i, civil.timestamp(i64::from(context.utc_offset_s)))
}

/// `08:59:30.833`: the last such time not after the end of the day of the reference; without one `None`.
pub(crate) fn of_day<'a>(i: &'a str, context: &Context) -> Scan<'a, Option<Timestamp>> {
    let Some((hour, minute, second)) = clock(i.as_bytes(), 0) else {
        return fail();
    };
    if 23 < hour || 59 < minute || 60 < second {
        return fail();
    }
    let (rest, nanos) = fraction(split(i, 8).1);
    let time = context.reference.and_then(|reference| {
        let offset = i64::from(context.utc_offset_s);
        let midnight = (reference.as_second() + offset).div_euclid(86_400) * 86_400 - offset;
        let seconds = midnight + i64::from(hour * 3_600 + minute * 60 + second);
        Timestamp::new(seconds, i32::try_from(nanos).ok()?).ok()
    });
    Ok((rest, time))
}

/// A time of this century in the zone of the context, and what stands behind it.
fn short_year<'a>(
    [year, month, day]: [u32; 3],
    [hour, minute, second]: [u32; 3],
    context: &Context,
    rest: &'a str,
) -> Scan<'a, Timestamp> {
    let civil = Civil {
        year: i64::from(2_000 + year),
        month,
        day,
        hour,
        minute,
        second,
        nanos: 0,
    };
    finish(rest, civil.timestamp(i64::from(context.utc_offset_s)))
}

/// `081109 203615` (HDFS): `yyMMdd HHmmss`.
pub(crate) fn compact<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let (i, year) = two_digits(i)?;
    let (i, month) = two_digits(i)?;
    let (i, day) = two_digits(i)?;
    let (i, ()) = byte(b' ')(i)?;
    let (i, hour) = two_digits(i)?;
    let (i, minute) = two_digits(i)?;
    let (i, second) = two_digits(i)?;
    short_year([year, month, day], [hour, minute, second], context, i)
}

/// `261124  9:00:00` (`MySQL` up to 5.6): `yyMMdd HH:mm:ss`.
pub(crate) fn short_compact<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let (i, year) = two_digits(i)?;
    let (i, month) = two_digits(i)?;
    let (i, day) = two_digits(i)?;
    let (i, ()) = byte(b' ')(i)?;
    let (i, hour) = number(i.strip_prefix(' ').unwrap_or(i), 2)?;
    let (i, ()) = byte(b':')(i)?;
    let (i, minute) = two_digits(i)?;
    let (i, ()) = byte(b':')(i)?;
    let (i, second) = two_digits(i)?;
    short_year([year, month, day], [hour, minute, second], context, i)
}

/// `17/06/09 20:10:40` (Spark): `yy/MM/dd HH:mm:ss`.
pub(crate) fn short_slashed<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let (i, year) = two_digits(i)?;
    let (i, ()) = byte(b'/')(i)?;
    let (i, month) = two_digits(i)?;
    let (i, ()) = byte(b'/')(i)?;
    let (i, day) = two_digits(i)?;
    let (i, ()) = byte(b' ')(i)?;
    civil_clock(i, 2_000 + year, month, day, context)
}

/// `MM<sep>dd HH:mm:ss.SSS` (logcat with `-`, Proxifier with `.`): no year.
pub(crate) fn month_day<'a>(
    i: &'a str,
    separator: u8,
    context: &Context,
) -> Scan<'a, Option<Timestamp>> {
    let (i, month) = two_digits(i)?;
    let (i, ()) = byte(separator)(i)?;
    let (i, day) = two_digits(i)?;
    let (i, ()) = byte(b' ')(i)?;
    month_day_clock(i, month, day, context)
}

/// `MMdd HH:mm:ss.ffffff` (klog): no year; glog writes one since version 0.5.
pub(crate) fn klog<'a>(i: &'a str, context: &Context) -> Scan<'a, Option<Timestamp>> {
    if i.as_bytes().get(8) == Some(&b' ') {
        let (i, century) = two_digits(i)?;
        let (i, year) = two_digits(i)?;
        let (i, month) = two_digits(i)?;
        let (i, day) = two_digits(i)?;
        let (i, ()) = byte(b' ')(i)?;
        let (i, time) = civil_clock(i, century * 100 + year, month, day, context)?;
        return Ok((i, Some(time)));
    }
    let (i, month) = two_digits(i)?;
    let (i, day) = two_digits(i)?;
    let (i, ()) = byte(b' ')(i)?;
    month_day_clock(i, month, day, context)
}

fn month_day_clock<'a>(
    i: &'a str,
    month: u32,
    day: u32,
    context: &Context,
) -> Scan<'a, Option<Timestamp>> {
    let Some((hour, minute, second)) = clock(i.as_bytes(), 0) else {
        return fail();
    };
    let (i, nanos) = fraction(split(i, 8).1);
    let civil = Civil {
        year: 2_000,
        month,
        day,
        hour,
        minute,
        second,
        nanos,
    };
    if civil.timestamp(0).is_none() {
        return fail();
    }
    Ok((i, yearless(civil, context)))
}

/// `20171223-22:15:29:606` (`HealthApp`): unpadded fields of the clock.
pub(crate) fn health<'a>(i: &'a str, context: &Context) -> Scan<'a, Timestamp> {
    let (i, century) = two_digits(i)?;
    let (i, year) = two_digits(i)?;
    let (i, month) = two_digits(i)?;
    let (i, day) = two_digits(i)?;
    let (i, ()) = byte(b'-')(i)?;
    let (i, hour) = number(i, 2)?;
    let (i, ()) = byte(b':')(i)?;
    let (i, minute) = number(i, 2)?;
    let (i, ()) = byte(b':')(i)?;
    let (i, second) = number(i, 2)?;
    let (i, ()) = byte(b':')(i)?;
    let (i, millis) = number(i, 3)?;
    let civil = Civil {
        year: i64::from(century * 100 + year),
        month,
        day,
        hour,
        minute,
        second,
        nanos: millis * 1_000_000,
    };
    finish(i, civil.timestamp(i64::from(context.utc_offset_s)))
}

/// An epoch number in seconds, milliseconds, microseconds or nanoseconds, told apart by its size; a fraction is kept.
pub(crate) fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty()
        || !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit())
    {
        return float_epoch(text);
    }
    let whole: i128 = whole.parse().ok()?;
    let per_second: i128 = match whole {
        0..100_000_000_000 => 1,
        100_000_000_000..100_000_000_000_000 => 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000_000,
        _ => 1_000_000_000,
    };
    let unit = 1_000_000_000 / per_second;
    let mut nanos = whole.checked_mul(unit)?;
    let mut scale = unit;
    for digit in fraction.bytes() {
        scale /= 10;
        nanos += i128::from(digit - b'0') * scale;
    }
    Timestamp::from_nanosecond(nanos).ok()
}

/// `1.772366400123E9`, as some JSON writers print.
fn float_epoch(text: &str) -> Option<Timestamp> {
    let seconds: f64 = text.parse().ok()?;
    if !(0.0..1e11).contains(&seconds) {
        return None;
    }
    let micros = crate::number::to_u64((seconds * 1e6).round());
    Timestamp::from_microsecond(i64::try_from(micros).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Context = Context {
        reference: None,
        utc_offset_s: 0,
        unwrapped: 0,
    };

    #[track_caller]
    fn is(result: Scan<'_, Timestamp>, rest: &str, time: &str) {
        let result = result.unwrap();
        assert_eq!(result, (rest, time.parse().unwrap()));
    }

    #[test]
    fn iso_forms() {
        is(
            iso("2026-11-23T23:41:07.321916Z  INFO", &NONE),
            "  INFO",
            "2026-11-23T23:41:07.321916Z",
        );
        is(
            iso("2015-10-18 18:04:44,036 INFO", &NONE),
            " INFO",
            "2015-10-18T18:04:44.036Z",
        );
        is(
            iso("2026-03-01T12:00:00+01:00 x", &NONE),
            " x",
            "2026-03-01T11:00:00Z",
        );
        is(
            iso("2026-03-01T12:00:00-0530 x", &NONE),
            " x",
            "2026-03-01T17:30:00Z",
        );
        is(
            iso("2026-03-01 12:00:00.5 UTC [1]", &NONE),
            " [1]",
            "2026-03-01T12:00:00.5Z",
        );
        is(
            iso("2026/03/01 12:00:00 [error]", &NONE),
            " [error]",
            "2026-03-01T12:00:00Z",
        );
        is(
            iso("2000-02-29 00:00:00", &NONE),
            "",
            "2000-02-29T00:00:00Z",
        );
        let cet = Context {
            reference: None,
            utc_offset_s: 3_600,
            ..NONE
        };
        is(
            iso("2026-03-01 12:00:00 - x", &cet),
            " - x",
            "2026-03-01T11:00:00Z",
        );
        assert!(iso("2026-13-01T12:00:00Z", &NONE).is_err());
        assert!(iso("2026-03-01T25:00:00Z", &NONE).is_err());
        assert!(iso("äöü-03-01T12:00:00Zäöü", &NONE).is_err());
    }

    #[test]
    fn other_forms() {
        is(
            clf("10/Oct/2000:13:55:36 -0700]", &NONE),
            "]",
            "2000-10-10T20:55:36Z",
        );
        is(
            asctime("Sun Dec 04 04:47:44 2005]", &NONE),
            "]",
            "2005-12-04T04:47:44Z",
        );
        is(
            compact("081109 203615 148", &NONE),
            " 148",
            "2008-11-09T20:36:15Z",
        );
        is(
            short_slashed("17/06/09 20:10:40 INFO", &NONE),
            " INFO",
            "2017-06-09T20:10:40Z",
        );
        is(
            health("20171223-22:5:29:6|x", &NONE),
            "|x",
            "2017-12-23T22:05:29.006Z",
        );
        is(
            day_month_year("01 Mar 2026 12:00:00.123 *", &NONE),
            " *",
            "2026-03-01T12:00:00.123Z",
        );
    }

    #[test]
    fn a_year_is_inferred_from_the_reference_only() {
        assert_eq!(syslog("Jun 14 15:16:01 combo", &NONE), Ok((" combo", None)));
        let reference = "2026-01-02T00:00:00Z".parse().unwrap();
        let context = Context {
            reference: Some(reference),
            utc_offset_s: 0,
            ..NONE
        };
        let (_, time) = syslog("Dec 31 23:59:59 host", &context).unwrap();
        assert_eq!(time, Some("2025-12-31T23:59:59Z".parse().unwrap()));
        let (_, time) = syslog("Jan  2 12:00:00 host", &context).unwrap();
        assert_eq!(time, Some("2026-01-02T12:00:00Z".parse().unwrap()));
    }

    #[test]
    fn epochs() {
        let at = |text| epoch(text).map(|t| t.to_string());
        assert_eq!(at("1772366400").as_deref(), Some("2026-03-01T12:00:00Z"));
        assert_eq!(
            at("1772366400123").as_deref(),
            Some("2026-03-01T12:00:00.123Z")
        );
        assert_eq!(
            at("1772366400.123").as_deref(),
            Some("2026-03-01T12:00:00.123Z")
        );
        assert_eq!(
            at("1772366400000000").as_deref(),
            Some("2026-03-01T12:00:00Z")
        );
        assert_eq!(at("99999999999999999999999999999999999999999999"), None);
        assert_eq!(at("x"), None);
    }

    #[test]
    fn days_agree_with_jiff() {
        for (year, month, day) in [(1970, 1, 1), (2024, 2, 29), (2100, 3, 1), (1999, 12, 31)] {
            let civil = Civil {
                year,
                month,
                day,
                ..Civil::default()
            };
            let text = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
            assert_eq!(civil.timestamp(0), text.parse().ok(), "{text}");
        }
    }
}
