//! Rules about text.

use jiff::civil::Date;

/// A value and a unit, read as Go's `fmt.Sscanf` reads `%d%s`; nothing is `(0, "")`.
pub(super) fn duration(text: &str) -> Option<(i64, &str)> {
    if text.is_empty() {
        return Some((0, ""));
    }
    let is_space = |c: char| c.is_whitespace() && c != '\n';
    let number = text.trim_start_matches(is_space);
    let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let length = number.len() - unsigned.len() + digits;
    let value = number[..length].parse().ok()?;
    let unit = number[length..].trim_start_matches(is_space);
    let unit = unit.split(char::is_whitespace).next()?;
    (!unit.is_empty()).then_some((value, unit))
}

/// A label of a host name (RFC 1123).
pub(super) fn is_dns_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// A letter or digit, and up to 62 more of them, dashes, dots and underscores; the last is a letter or digit again.
pub(super) fn is_name(text: &str, is_letter: fn(u8) -> bool) -> bool {
    let is_end = |byte: u8| is_letter(byte) || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    bytes.len() <= 63
        && is_end(*first)
        && is_end(*last)
        && bytes
            .iter()
            .all(|byte| is_end(*byte) || b"-._".contains(byte))
}

/// A key of an annotation: a name, perhaps after a host name, of which no part is longer than `most`, and a slash.
pub(super) fn is_qualified_name(text: &str, most: usize) -> bool {
    let is_any_letter = |byte: u8| byte.is_ascii_alphabetic();
    let Some((prefix, name)) = text.split_once('/') else {
        return is_name(text, is_any_letter);
    };
    let is_host = prefix
        .split('.')
        .all(|label| is_dns_label(label) && label.len() <= most);
    is_host && prefix.len() <= 253 && is_name(name, is_any_letter)
}

/// `2006-01-02 15:04:05`, with one digit of the hour and a fraction of a second if need be, as Go's `time.Parse` takes it.
pub(super) fn is_date_time(text: &str) -> bool {
    let parsed = || {
        let (date, time) = text.split_once(' ')?;
        // One blank of the layout stands for any number of them.
        let time = time.trim_start_matches(' ');
        let number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
            let is_number =
                lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse::<i16>().ok())?
        };
        let mut parts = date.split('-');
        let year = number(parts.next()?, 4..=4)?;
        let month = i8::try_from(number(parts.next()?, 2..=2)?).ok()?;
        let day = i8::try_from(number(parts.next()?, 2..=2)?).ok()?;
        Date::new(year, month, day).ok()?;
        let (clock, fraction) = match time.find(['.', ',']) {
            Some(at) => (&time[..at], Some(&time[at + 1..])),
            None => (time, None),
        };
        let mut clock = clock.split(':');
        let hour = number(clock.next()?, 1..=2)?;
        let minute = number(clock.next()?, 2..=2)?;
        let second = number(clock.next()?, 2..=2)?;
        let is_over = parts.next().is_some() || clock.next().is_some();
        let is_fraction = fraction.is_none_or(|fraction| {
            !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit())
        });
        (!is_over && is_fraction && hour < 24 && minute < 60 && second < 60).then_some(())
    };
    parsed().is_some()
}

/// A name of the IANA time zone database, in its own case.
pub(crate) fn is_time_zone(text: &str) -> bool {
    // Without the database every name may be one.
    if text == "UTC" || text == "Etc/UTC" || !cfg!(feature = "calendar") {
        return !text.is_empty();
    }
    crate::window::time_zone(text).is_ok_and(|zone| zone.iana_name() == Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_go_reads_them() {
        assert_eq!(duration(""), Some((0, "")));
        assert_eq!(duration("5m"), Some((5, "m")));
        assert_eq!(duration("-5m"), Some((-5, "m")));
        assert_eq!(duration(" 5 m rest"), Some((5, "m")));
        assert_eq!(duration("2020-01-21"), Some((2020, "-01-21")));
        for text in ["m", "5", "x5m", "99999999999999999999m", "5\nm"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_read_as_go_reads_them() {
        for text in [
            "2024-02-29 12:30:00",
            "2022-01-01 1:02:03",
            "2022-01-01 01:02:03.5",
            "2022-01-01   01:02:03,25",
        ] {
            assert!(is_date_time(text), "{text}");
        }
        for text in [
            "",
            "2023-02-29 12:30:00",
            "2022-01-01T12:30:00Z",
            "2022-01-01",
            "2022-01-01 24:00:00",
            "2022-1-01 12:00:00",
            "2022-01-01 12:00:00 ",
            "2022-01-01 12:00:00.",
        ] {
            assert!(!is_date_time(text), "{text}");
        }
    }

    #[test]
    fn names() {
        assert!(is_dns_label("a-1") && is_dns_label("1"));
        assert!(
            !is_dns_label("") && !is_dns_label("-a") && !is_dns_label("A") && !is_dns_label("a.")
        );
        assert!(
            is_qualified_name("openslo.com/service-folder", 63) && is_qualified_name("A.b_c", 63)
        );
        assert!(
            !is_qualified_name("a/b/c", 63)
                && !is_qualified_name("/b", 63)
                && !is_qualified_name("a/", 63)
        );
    }
}
