//! Whether a message tells of a blocked thread or a stall.

use crate::{Level, TemplateSeries};

/// Words that tell of something that does not go on.
const WORDS: [&str; 20] = [
    "blocked",
    "blocking",
    "blocks",
    "stalled",
    "stall",
    "stalls",
    "deadlock",
    "deadlocked",
    "hung",
    "hang",
    "hangs",
    "unresponsive",
    "starved",
    "starvation",
    "frozen",
    "freeze",
    "jank",
    "livelock",
    "timeout",
    "timeouts",
];

/// Two words that do.
const PAIRS: [(&str, &str); 7] = [
    ("timed", "out"),
    ("not", "responding"),
    ("long", "task"),
    ("dropped", "frames"),
    ("lock", "contention"),
    ("held", "lock"),
    ("waited", "for"),
];

/// Words that do when a duration stands with them, at level warn and above.
const WITH_DURATION: [&str; 4] = ["took", "slow", "waited", "delayed"];

/// Whether the records of a template tell of a blocked thread or a stall: a word of the list outside of quotes, not
/// negated (`non-blocking`, `not blocked`), at any level; or `took`, `slow` and the like with a duration at level warn
/// and above. Whether it is *repeated* the caller decides by its count.
pub(crate) fn is_blocking(series: &TemplateSeries) -> bool {
    let warns = series.level.is_some_and(|level| Level::Warn <= level);
    let with_duration = warns && !series.durations.is_empty();
    let mut previous = String::new();
    let mut before_previous_is_not = false;
    let mut in_quotes = false;
    for raw in series.text.split([' ', '/', '_']) {
        let quotes = raw.bytes().filter(|&b| b == b'"').count();
        if quotes % 2 == 1 {
            in_quotes = !in_quotes;
            continue;
        }
        if in_quotes || quotes != 0 {
            continue;
        }
        let word = raw
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_ascii_lowercase();
        let negated = before_previous_is_not
            || matches!(
                previous.as_str(),
                "not" | "no" | "non" | "without" | "never"
            );
        // `timeout: 30s`, `timeout=<*>` and `set timeout` are settings, as is any that is told as a matter of course.
        let setting = word.starts_with("timeout")
            && (raw.contains([':', '='])
                || (series.level.is_some() && !warns)
                || matches!(previous.as_str(), "set" | "default" | "with" | "the"));
        if !negated && !setting && WORDS.contains(&word.as_str()) {
            return true;
        }
        if PAIRS.iter().any(|&(a, b)| a == previous && b == word)
            && (previous != "waited" || with_duration)
        {
            return true;
        }
        if with_duration && WITH_DURATION.contains(&word.as_str()) {
            return true;
        }
        before_previous_is_not = previous == "not";
        if !word.is_empty() {
            previous = word;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;
    use crate::{ComponentId, LatencySketch};

    #[track_caller]
    fn check(text: &str, level: Level, ms: Option<u64>, expected: bool) {
        let series = TemplateSeries {
            text: text.to_owned(),
            component: ComponentId::new("c"),
            level: Some(level),
            buckets: BTreeMap::new(),
            untimed: 3,
            durations: ms
                .map(Duration::from_millis)
                .into_iter()
                .collect::<LatencySketch>(),
            exemplars: Vec::new(),
        };
        assert_eq!(is_blocking(&series), expected, "{text}");
    }

    #[test]
    fn words_outside_of_quotes_count() {
        check(
            "ResizeCanvas blocked main thread for <*>",
            Level::Warn,
            Some(71),
            true,
        );
        check("request timed out", Level::Error, None, true);
        check("slow query took <*> ms", Level::Warn, Some(512), true);
        check("import took <*> ms", Level::Info, Some(512), false);
        check("using non-blocking sockets", Level::Info, None, false);
        check("the thread is not blocked", Level::Info, None, false);
        check("opened \"blocked\"", Level::Warn, None, false);
        check("timeout: <*>", Level::Info, Some(30), false);
        check("negotiated timeout <*>", Level::Info, Some(30), false);
        check("read timeout", Level::Error, None, true);
        check("unblocked main thread", Level::Info, None, false);
        check("request completed", Level::Info, Some(3), false);
    }
}
