//! Numbers and times as people read them. Shares and budgets are rounded towards bad.

use std::time::Duration;

use jiff::Timestamp;

/// A count with a comma between thousands.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at != 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A signed count, `+21` or `−19`.
pub(crate) fn signed(count: i64) -> String {
    let sign = match count {
        0 => "",
        1.. => "+",
        _ => "\u{2212}",
    };
    format!("{sign}{}", grouped(count.unsigned_abs()))
}

/// A count of things, `1 event` or `3 events`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Hundredths of a percent, rounded down; `None` of nothing.
pub(crate) fn good_share(good: u64, total: u64) -> Option<String> {
    let hundredths = (u128::from(good) * 10_000).checked_div(u128::from(total))?;
    Some(format!("{}.{:02}%", hundredths / 100, hundredths % 100))
}

/// Parts per billion as an exact percentage, `99.9%`.
pub(crate) fn exact_percent(ppb: u32) -> String {
    let (whole, rest) = (ppb / 10_000_000, ppb % 10_000_000);
    if rest == 0 {
        return format!("{whole}%");
    }
    let digits = format!("{rest:07}");
    format!("{whole}.{}%", digits.trim_end_matches('0'))
}

/// Parts per million as a percentage with one decimal, rounded up: for what is used up.
pub(crate) fn used_percent(ppm: u64) -> String {
    let tenths = ppm.div_ceil(1_000);
    format!("{}.{}%", grouped(tenths / 10), tenths % 10)
}

/// The signed rest of a budget of which so many parts per million are used, rounded down.
pub(crate) fn left_percent(used_ppm: u64) -> String {
    let used_tenths = used_ppm.div_ceil(1_000);
    let (sign, tenths) = if used_tenths <= 1_000 {
        ("", 1_000 - used_tenths)
    } else {
        ("\u{2212}", used_tenths - 1_000)
    };
    format!("{sign}{}.{}%", grouped(tenths / 10), tenths % 10)
}

/// A share in 0..=1 in whole percent, rounded down.
pub(crate) fn share(value: f64) -> String {
    if value.is_finite() {
        format!("{:.0}%", (value * 100.0 + 1e-9).floor())
    } else {
        "unknown".into()
    }
}

/// A multiple with one decimal, rounded up: for burn rates.
pub(crate) fn multiple(rate: f64) -> String {
    // The tolerance keeps 2.9 from becoming 3.0 by the last bit of a float.
    let tenths = (rate * 10.0 - 1e-6).max(0.0).ceil();
    if rate < 1_000.0 {
        format!("{:.1}\u{d7}", tenths / 10.0)
    } else {
        format!("{rate:.0}\u{d7}")
    }
}

/// A p or q value.
pub(crate) fn probability(value: f64) -> String {
    if !value.is_finite() {
        "unknown".into()
    } else if value == 0.0 {
        "< 1e-300".into()
    } else if value < 0.001 {
        format!("{value:.1e}")
    } else {
        format!("{value:.3}")
    }
}

/// A real number with at most three significant decimals and a typographic minus.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".into();
    }
    let size = value.abs();
    let text = if size == 0.0 || 100.0 <= size {
        format!("{value:.0}")
    } else if 1.0 <= size {
        format!("{value:.1}")
    } else if 0.001 <= size {
        format!("{value:.3}")
    } else {
        format!("{value:.1e}")
    };
    text.replacen('-', "\u{2212}", 1)
}

/// The same with a plus before what is above zero.
pub(crate) fn change(value: f64) -> String {
    let sign = if 0.0 < value { "+" } else { "" };
    format!("{sign}{}", number(value))
}

/// Milliseconds, in the unit that fits.
pub(crate) fn millis(ms: f64) -> String {
    if ms.is_finite() && 0.0 <= ms {
        length(Duration::try_from_secs_f64(ms / 1_000.0).unwrap_or(Duration::MAX))
    } else {
        "unknown".into()
    }
}

/// A length of time with two or three digits that count.
pub(crate) fn length(duration: Duration) -> String {
    let micros = duration.as_micros();
    let seconds = duration.as_secs();
    match seconds {
        0 if micros < 1_000 => format!("{micros} µs"),
        0 if micros < 100_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        0 => format!("{} ms", micros / 1_000),
        1..60 => format!("{seconds}.{} s", duration.subsec_millis() / 100),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// An age: whole units only.
pub(crate) fn rough(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// The name of a look-back window: `5 min`, `1 h`, `30 d`.
pub(crate) fn window(seconds: u64) -> String {
    for (unit, name) in [(86_400, "d"), (3_600, "h"), (60, "min")] {
        if seconds != 0 && seconds.is_multiple_of(unit) {
            return format!("{} {name}", seconds / unit);
        }
    }
    length(Duration::from_secs(seconds))
}

/// `14:03:27`, in UTC.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// `2026-03-02 14:03:27 UTC`.
pub(crate) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// From to, with the date once where it is the same.
pub(crate) fn period(start: Timestamp, end: Timestamp) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    if day(start) == day(end) {
        format!("{} {} to {} UTC", day(start), clock(start), clock(end))
    } else {
        format!("{} to {}", instant(start), instant(end))
    }
}

/// Parts per thousand of `part` in `whole`, at most 1,000: for the geometry of bars.
pub(crate) fn permille(part: f64, whole: f64) -> u32 {
    if part.is_finite() && 0.0 < whole && whole.is_finite() {
        let permille = (part / whole).clamp(0.0, 1.0) * 1_000.0;
        whole_number(permille)
    } else {
        0
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=1000 by its only caller; std has no TryFrom<f64>"
)]
fn whole_number(permille: f64) -> u32 {
    permille.round() as u32
}

/// A count as a real number; above 2^53 the nearest one.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "std has no `From<u64> for f64`; a drawing needs no more digits"
)]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_towards_bad() {
        assert_eq!(good_share(9_971, 10_000).as_deref(), Some("99.71%"));
        assert_eq!(good_share(99_996, 100_000).as_deref(), Some("99.99%"));
        assert_eq!(
            good_share(u64::MAX - 1, u64::MAX).as_deref(),
            Some("99.99%")
        );
        assert_eq!(good_share(0, 0), None);
        assert_eq!(used_percent(580_000), "58.0%");
        assert_eq!(used_percent(580_001), "58.1%");
        assert_eq!(left_percent(580_001), "41.9%");
        assert_eq!(left_percent(2_900_000), "\u{2212}190.0%");
        assert_eq!(multiple(2.9), "2.9\u{d7}");
        assert_eq!(multiple(2.91), "3.0\u{d7}");
        assert_eq!(multiple(0.0), "0.0\u{d7}");
    }

    #[test]
    fn figures_read_well() {
        assert_eq!(grouped(20_000_000), "20,000,000");
        assert_eq!(signed(-19), "\u{2212}19");
        assert_eq!(signed(21), "+21");
        assert_eq!(exact_percent(999_000_000), "99.9%");
        assert_eq!(exact_percent(1_000_000_000), "100%");
        assert_eq!(exact_percent(999_999_999), "99.9999999%");
        assert_eq!(millis(71.85), "71.8 ms");
        assert_eq!(millis(f64::NAN), "unknown");
        assert_eq!(length(Duration::from_secs(192)), "3 min 12 s");
        assert_eq!(window(300), "5 min");
        assert_eq!(window(2_592_000), "30 d");
        assert_eq!(probability(1.25e-12), "1.2e-12");
        assert_eq!(number(-0.05), "\u{2212}0.050");
    }
}
