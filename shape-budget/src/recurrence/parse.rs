//! Recurrence rules as text.

use std::fmt::{Display, Write as _};

use jiff::civil::Weekday;

use super::{Day, End, Frequency, Recurrence, Until};
use crate::{Error, error::Repr};

const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

const FREQUENCIES: [(&str, Frequency); 4] = [
    ("DAILY", Frequency::Daily),
    ("WEEKLY", Frequency::Weekly),
    ("MONTHLY", Frequency::Monthly),
    ("YEARLY", Frequency::Yearly),
];

pub(super) fn rule(text: &str) -> Result<Recurrence, Error> {
    let wrong = |part: &str, expected: &'static str| {
        let seen = if part.is_empty() {
            format!("`{text}`")
        } else {
            format!("`{part}` in `{text}`")
        };
        let what = "recurrence";
        Error::from(Repr::Config {
            what,
            seen,
            expected,
        })
    };
    let rule = text.trim();
    let rule = rule.strip_prefix("RRULE:").unwrap_or(rule);
    let mut frequency = None;
    let mut read = Recurrence {
        frequency: Frequency::Daily,
        interval: 1,
        by_day: Vec::new(),
        by_month_day: Vec::new(),
        by_month: Vec::new(),
        by_set_pos: Vec::new(),
        week_start: Weekday::Monday,
        end: End::Never,
    };
    let mut names: Vec<&str> = Vec::new();
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| wrong(part, "parts `NAME=VALUE` between semicolons"))?;
        if names.contains(&name) {
            return Err(wrong(part, "each part once"));
        }
        names.push(name);
        if name == "FREQ" {
            let known = FREQUENCIES.iter().find(|(known, _)| *known == value);
            let known = known.ok_or("FREQ=DAILY, WEEKLY, MONTHLY or YEARLY");
            frequency = Some(known.map_err(|expected| wrong(part, expected))?.1);
        } else {
            take(&mut read, name, value).map_err(|expected| wrong(part, expected))?;
        }
    }
    read.frequency = frequency.ok_or_else(|| wrong("", "a part `FREQ`"))?;
    let ordinals = read.by_day.iter().any(|day| day.nth.is_some());
    let with_ordinals = matches!(read.frequency, Frequency::Monthly | Frequency::Yearly);
    if ordinals && !with_ordinals {
        return Err(wrong(
            "",
            "a numbered BYDAY only where FREQ is MONTHLY or YEARLY",
        ));
    }
    if read.frequency == Frequency::Weekly && !read.by_month_day.is_empty() {
        return Err(wrong("", "no BYMONTHDAY where FREQ is WEEKLY"));
    }
    let has_set = names
        .iter()
        .any(|name| matches!(*name, "BYDAY" | "BYMONTHDAY" | "BYMONTH"));
    if !read.by_set_pos.is_empty() && !has_set {
        return Err(wrong(
            "",
            "BYSETPOS beside another part that begins with BY",
        ));
    }
    Ok(read)
}

/// Takes one part of a rule into it; else what was expected.
fn take(read: &mut Recurrence, name: &str, value: &str) -> Result<(), &'static str> {
    match name {
        "INTERVAL" => {
            let interval = value.parse().ok().filter(|interval| 0 < *interval);
            read.interval = interval.ok_or("a whole number from 1 to 65,535")?;
        }
        "COUNT" | "UNTIL" if read.end != End::Never => return Err("either COUNT or UNTIL"),
        "COUNT" => {
            let count = value.parse().ok().filter(|count| 0 < *count);
            read.end = End::Count(count.ok_or("a whole number from 1 on")?);
        }
        "UNTIL" => {
            let expected = "a day `20261231`, a time `20261231T235959` or `20261231T235959Z`";
            read.end = End::Until(until(value).ok_or(expected)?);
        }
        "BYDAY" => {
            let days: Option<_> = value.split(',').map(day).collect();
            read.by_day = days.ok_or("days such as `MO,WE`, `2SU` or `-1FR`")?;
        }
        "BYMONTHDAY" => {
            let days = numbers(value, 31);
            read.by_month_day = days.ok_or("numbers from 1 to 31 or from -31 to -1")?;
        }
        "BYMONTH" => {
            let months: Option<Vec<i8>> = numbers(value, 12);
            let months = months.filter(|months| months.iter().all(|month| 0 < *month));
            read.by_month = months.ok_or("numbers from 1 to 12")?;
        }
        "BYSETPOS" => {
            let places = numbers(value, 366);
            read.by_set_pos = places.ok_or("numbers from 1 to 366 or from -366 to -1")?;
        }
        "WKST" => {
            let start = DAYS.iter().find(|(known, _)| *known == value);
            read.week_start = start.ok_or("a day such as `MO`")?.1;
        }
        _ => {
            return Err(
                "FREQ, INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, WKST, COUNT and UNTIL",
            );
        }
    }
    Ok(())
}

fn day(text: &str) -> Option<Day> {
    let split = text
        .len()
        .checked_sub(2)
        .filter(|at| text.is_char_boundary(*at))?;
    let (nth, name) = text.split_at(split);
    let (_, weekday) = DAYS.iter().find(|(known, _)| *known == name)?;
    let nth = match nth {
        "" => None,
        nth => {
            let nth: i16 = nth.strip_prefix('+').unwrap_or(nth).parse().ok()?;
            Some(nth)
                .filter(|nth| (1..=53).contains(&nth.abs()))?
                .into()
        }
    };
    Some(Day {
        nth,
        weekday: *weekday,
    })
}

fn numbers<T>(text: &str, most: i16) -> Option<Vec<T>>
where
    T: TryFrom<i16>,
{
    let number = |text: &str| {
        let number: i16 = text.strip_prefix('+').unwrap_or(text).parse().ok()?;
        let is_inside = number != 0 && -most <= number && number <= most;
        T::try_from(number).ok().filter(|_| is_inside)
    };
    text.split(',').map(number).collect()
}

fn until(text: &str) -> Option<Until> {
    if !text.is_ascii() {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i16> {
        let digits = text.get(from..to)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number)
    };
    let small = |from, to| i8::try_from(number(from, to)?).ok();
    let date = jiff::civil::Date::new(number(0, 4)?, small(4, 6)?, small(6, 8)?).ok()?;
    if text.len() == 8 {
        return Some(Until::Day(date));
    }
    text.get(8..9).filter(|mark| *mark == "T")?;
    let time = jiff::civil::Time::new(small(9, 11)?, small(11, 13)?, small(13, 15)?, 0).ok()?;
    let local = date.to_datetime(time);
    match text.get(15..)? {
        "" => Some(Until::Local(local)),
        "Z" => {
            let zoned = local.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
            Some(Until::Instant(zoned.timestamp()))
        }
        _ => None,
    }
}

pub(super) fn text(rule: &Recurrence) -> String {
    let mut text = String::from("FREQ=");
    let frequency = FREQUENCIES
        .iter()
        .find(|(_, known)| *known == rule.frequency);
    text.push_str(frequency.map_or("", |(name, _)| name));
    let mut list = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            let _ = write!(text, ";{name}={}", values.join(","));
        }
    };
    if rule.interval != 1 {
        list("INTERVAL", vec![rule.interval.to_string()]);
    }
    let name = |weekday: Weekday| {
        let known = DAYS.iter().find(|(_, known)| *known == weekday);
        known.map_or("", |(name, _)| name).to_owned()
    };
    let days = rule.by_day.iter().map(|day| match day.nth {
        Some(nth) => format!("{nth}{}", name(day.weekday)),
        None => name(day.weekday),
    });
    list("BYDAY", days.collect());
    list("BYMONTHDAY", strings(&rule.by_month_day));
    list("BYMONTH", strings(&rule.by_month));
    list("BYSETPOS", strings(&rule.by_set_pos));
    if rule.week_start != Weekday::Monday {
        list("WKST", vec![name(rule.week_start)]);
    }
    match rule.end {
        End::Never => {}
        End::Count(count) => list("COUNT", vec![count.to_string()]),
        End::Until(until) => list("UNTIL", vec![until_text(until)]),
    }
    text
}

fn strings<T: Display>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn until_text(until: Until) -> String {
    let stamp = |at: jiff::civil::DateTime| {
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    };
    match until {
        Until::Day(date) => format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()),
        Until::Local(local) => stamp(local),
        Until::Instant(instant) => {
            let utc = instant
                .to_zoned_datetime(jiff::tz::TimeZone::UTC)
                .datetime();
            format!("{}Z", stamp(utc))
        }
    }
}
