//! Numbers as people read them.

use std::time::Duration;

/// A length of time: `1.93 ms`, `71.9 ms`, `9.77 s`, `3 min 20 s`, `8 h 23 min`, `126 d 1 h`.
pub(crate) fn length(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    if ms < 10.0 {
        return format!("{ms:.2} ms");
    }
    if ms < 1_000.0 {
        return format!("{ms:.1} ms");
    }
    let s = duration.as_secs() + u64::from(500 <= duration.subsec_millis());
    if s < 60 {
        return format!("{:.2} s", ms / 1e3);
    }
    let two = |n: u64, large: &str, rest: u64, small: &str| match rest {
        0 => format!("{n} {large}"),
        rest => format!("{n} {large} {rest} {small}"),
    };
    match s {
        0..3_600 => two(s / 60, "min", s % 60, "s"),
        3_600..86_400 => two(s / 3_600, "h", s % 3_600 / 60, "min"),
        _ => two(s / 86_400, "d", s % 86_400 / 3_600, "h"),
    }
}

/// A share: `12.3 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// How often: `once`, `7 times`.
pub(crate) fn times(n: u64) -> String {
    if n == 1 {
        "once".to_owned()
    } else {
        format!("{n} times")
    }
}

/// How many of something: `1 record`, `7 records`.
pub(crate) fn count(n: u64, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        let show = |ms| length(Duration::from_millis(ms));
        assert_eq!(length(Duration::from_micros(1_930)), "1.93 ms");
        assert_eq!(show(72), "72.0 ms");
        assert_eq!(show(9_766), "9.77 s");
        assert_eq!(show(59_400), "59.40 s");
        assert_eq!(show(59_800), "1 min");
        assert_eq!(show(200_000), "3 min 20 s");
        assert_eq!(show(30_182_000), "8 h 23 min");
        assert_eq!(show(7_200_000), "2 h");
        assert_eq!(show(10_889_823_000), "126 d");
    }

    #[test]
    fn one_and_many() {
        assert_eq!(
            (times(1), times(2)),
            ("once".to_owned(), "2 times".to_owned())
        );
        assert_eq!(count(1, "record"), "1 record");
        assert_eq!(count(0, "record"), "0 records");
    }
}
