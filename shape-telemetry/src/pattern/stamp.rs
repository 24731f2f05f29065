//! The times of a pattern.

use jiff::{Timestamp, fmt::strtime::BrokenDownTime};

use crate::parse::{
    scan::{Scan, fail, split},
    time::{self, Context},
};

/// How a time is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// In any form that is known.
    Any,
    /// As `strftime` would write it.
    Form(String),
}

const KNOWN: [&str; 24] = [
    "Y", "y", "m", "b", "B", "d", "e", "j", "a", "A", "H", "k", "I", "l", "p", "M", "S", "f", ".f",
    "z", ":z", "s", "T", "F",
];

impl Stamp {
    /// The form that is written behind `time:`; the error has its offset in it.
    pub(super) fn new(form: Option<&str>) -> Result<Self, (usize, String)> {
        let Some(form) = form else {
            return Ok(Self::Any);
        };
        if !form.contains('%') {
            let problem = format!("`{form}` is no form of a time, such as `%d/%m/%Y %H:%M:%S`");
            return Err((0, problem));
        }
        let mut rest = form;
        while let Some(at) = rest.find('%') {
            let offset = form.len() - rest.len() + at;
            let (_, behind) = split(rest, at + 1);
            let directive = KNOWN
                .iter()
                .chain(&["D", "%"])
                .find(|known| behind.starts_with(**known));
            let Some(directive) = directive else {
                let shown: String = behind.chars().take(1).collect();
                let known: Vec<String> = KNOWN.iter().map(|known| format!("%{known}")).collect();
                let problem = format!(
                    "`%{shown}` is no part of a time; known are {} %D %%",
                    known.join(" ")
                );
                return Err((offset, problem));
            };
            rest = split(behind, directive.len()).1;
        }
        Ok(Self::Form(form.to_owned()))
    }

    /// The time at the start of a text; `None` where the year is missing and no reference is known.
    pub(super) fn take<'a>(&self, i: &'a str, context: &Context) -> Scan<'a, Option<Timestamp>> {
        match self {
            Self::Any => any(i, context),
            Self::Form(form) => formed(form, i, context),
        }
    }
}

/// A time in any known form.
fn any<'a>(i: &'a str, context: &Context) -> Scan<'a, Option<Timestamp>> {
    type Form = for<'a> fn(&'a str, &Context) -> Scan<'a, Timestamp>;
    type Yearless = for<'a> fn(&'a str, &Context) -> Scan<'a, Option<Timestamp>>;
    const FULL: [Form; 8] = [
        time::iso,
        time::clf,
        time::asctime,
        time::day_month_year,
        time::dashed,
        time::american,
        time::short_slashed,
        time::compact,
    ];
    const YEARLESS: [Yearless; 4] = [
        time::syslog,
        |i, context| time::month_day(i, b'-', context),
        |i, context| time::month_day(i, b'.', context),
        time::of_day,
    ];
    if let Some((rest, time)) = FULL.iter().find_map(|form| form(i, context).ok()) {
        return Ok((rest, Some(time)));
    }
    if let Some(found) = YEARLESS.iter().find_map(|form| form(i, context).ok()) {
        return Ok(found);
    }
    let end = i
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(i.len());
    let (number, rest) = split(i, end);
    match time::epoch(number) {
        Some(time) if 9 <= number.len() => Ok((rest, Some(time))),
        _ => fail(),
    }
}

fn formed<'a>(form: &str, i: &'a str, context: &Context) -> Scan<'a, Option<Timestamp>> {
    let Ok((mut parts, length)) = BrokenDownTime::parse_prefix(form, i) else {
        return fail();
    };
    let rest = split(i, length).1;
    if let Ok(time) = parts.to_timestamp() {
        return Ok((rest, Some(time)));
    }
    if parts.year().is_none() && parts.month().is_some() {
        let latest = context.reference.map(|reference| {
            let civil = jiff::tz::Offset::UTC.to_datetime(reference);
            (civil.year(), reference.as_second() + 86_400)
        });
        let Some((year, latest)) = latest else {
            return Ok((rest, None));
        };
        let found = [year + 1, year, year - 1].into_iter().find_map(|year| {
            parts.set_year(Some(year)).ok()?;
            complete(&parts, context).filter(|time| time.as_second() <= latest)
        });
        return Ok((rest, found));
    }
    match complete(&parts, context) {
        Some(time) => Ok((rest, Some(time))),
        None => fail(),
    }
}

/// The instant of a date and a time of day; a zone that is missing is that of the reader.
fn complete(parts: &BrokenDownTime, context: &Context) -> Option<Timestamp> {
    let offset = match parts.offset() {
        Some(offset) => offset,
        None => jiff::tz::Offset::from_seconds(context.utc_offset_s).ok()?,
    };
    offset.to_timestamp(parts.to_datetime().ok()?).ok()
}
