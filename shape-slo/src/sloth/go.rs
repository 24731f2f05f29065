//! Numbers and lengths of time as Go and Prometheus write them.

/// A float as Go's `%v` prints it: the shortest digits that give it back, with an exponent below 1e-4 and from 1e6 on.
pub(super) fn float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => value.to_string(),
    }
}

/// A length in hours, in the steps of Go's `Duration.Hours`, so that the last digit agrees.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "milliseconds of a period are far below 2^53"
)]
pub(super) fn hours(ms: u64) -> f64 {
    const HOUR: u64 = 3_600_000;
    (ms / HOUR) as f64 + (ms % HOUR) as f64 * 1e6 / 3.6e12
}

/// Units of Prometheus in milliseconds; those that are written only when nothing is left over, and the others.
const UNITS: [(&str, u64, bool); 7] = [
    ("y", 365 * 86_400_000, true),
    ("w", 7 * 86_400_000, true),
    ("d", 86_400_000, false),
    ("h", 3_600_000, false),
    ("m", 60_000, false),
    ("s", 1_000, false),
    ("ms", 1, false),
];

/// A length as Prometheus writes it: `5m`, `1d12h`, `4w` for 28 days, `30d`.
pub(super) fn duration(ms: u64) -> String {
    let mut left = ms;
    let mut text = String::new();
    for (unit, length, is_exact) in UNITS {
        if (is_exact && !left.is_multiple_of(length)) || left < length {
            continue;
        }
        text.push_str(&(left / length).to_string());
        text.push_str(unit);
        left %= length;
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

/// Reads a length above zero: `28d`, `1d12h`; units from large to small, each once.
pub(super) fn parse_duration(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (_, length, _) = units.find(|(unit, ..)| *unit == &rest[..letters])?;
        total = total.checked_add(count.checked_mul(*length)?)?;
        rest = &rest[letters..];
    }
    (0 < total).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_go() {
        for (value, text) in [
            (14.4, "14.4"),
            (6.0, "6"),
            (99.9 / 100.0, "0.9990000000000001"),
            ((100.0 - 99.9) / 100.0, "0.0009999999999999432"),
            ((100.0 - 99.999) / 100.0, "1.0000000000047748e-05"),
            (0.0001, "0.0001"),
            (0.0, "0"),
            (365.0, "365"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn hours_are_those_of_go() {
        assert_eq!(float(hours(100 * 60_000)), "1.6666666666666665");
        assert_eq!(float(hours(36 * 3_600_000) / 24.0), "1.5");
    }

    #[test]
    fn lengths_print_as_in_prometheus() {
        for (text, printed) in [
            ("5m", "5m"),
            ("28d", "4w"),
            ("30d", "30d"),
            ("36h", "1d12h"),
            ("1d12h", "1d12h"),
            ("365d", "1y"),
            ("90m", "1h30m"),
        ] {
            assert_eq!(parse_duration(text).map(duration), Some(printed.to_owned()));
        }
        for text in ["", "0d", "5", "m", "5x", "1h1d", "1d1d", "-5m", "é", "5é"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
