//! What a record says about a request.

use std::time::Duration;

use crate::{Format, Level, Outcome, Record};

/// What a record means for a request, and how long that took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether a request ended, and how.
    pub outcome: Outcome,
    /// How long the request took, where the record says so; always `None` when it reports no request.
    pub latency: Option<Duration>,
}

impl Verdict {
    const NONE: Self = Self {
        outcome: Outcome::NotARequest,
        latency: None,
    };
}

/// What a record means by the default rules, asked in this order:
///
/// 1. An access log line, or a record with a status code that also has a duration, a method, a path, or a word such
///    as `request`, `response`, `completed` or `handled`: 500 and above is bad, everything below good.
/// 2. A record whose message says that something was `completed`, `finished`, `served`, `handled`, `processed`,
///    `succeeded`, `executed`, or `took` a time, with a duration: good; bad when it says `failed`, `aborted`,
///    `crashed`, or `timed out`, or when its level is error.
/// 3. A record at level error or fatal with a method and a path, or a request id and a duration: bad.
/// 4. Everything else reports no request, whatever words it quotes: `Subscribed to "sequence-failed"` does not.
///
/// ```
/// use shape_telemetry::{Outcome, Reader, classify};
///
/// let outcome = |line| classify(&Reader::new().parse_line(line)).outcome;
/// assert_eq!(outcome("INFO app: request completed path=/a status=200 duration_ms=3"), Outcome::Good);
/// assert_eq!(outcome("INFO app: request completed path=/a status=503 duration_ms=3"), Outcome::Bad);
/// assert_eq!(outcome("INFO bus: Subscribed to \"sequence-failed\""), Outcome::NotARequest);
/// ```
pub fn classify(record: &Record<'_>) -> Verdict {
    let field_latency = crate::duration::of_fields(&record.fields);
    let words = Words::of(&record.message);
    if let Some(status) = record.status().or_else(|| status_in_text(&record.message)) {
        let is_request = record.format == Format::Clf
            || field_latency.is_some()
            || words.request
            || words.completed
            || words.failed
            || record
                .first_field(&[
                    "method",
                    "path",
                    "uri",
                    "url",
                    "route",
                    "req.url",
                    "http.request.method",
                ])
                .is_some()
            || record.message.contains(" HTTP/");
        if is_request {
            return Verdict {
                outcome: if status < 500 {
                    Outcome::Good
                } else {
                    Outcome::Bad
                },
                latency: field_latency.or_else(|| latency_in_text(&record.message)),
            };
        }
    }
    let is_error = record.level.is_some_and(|level| Level::Error <= level);
    if words.completed || words.failed || (words.took && record.level < Some(Level::Warn)) {
        let latency = field_latency.or_else(|| crate::duration::of_text(&record.message));
        if latency.is_some() {
            let bad = words.failed || is_error;
            return Verdict {
                outcome: if bad { Outcome::Bad } else { Outcome::Good },
                latency,
            };
        }
    }
    if is_error {
        let has_route = record.field("method").is_some()
            && record
                .first_field(&["path", "uri", "url", "route"])
                .is_some();
        let has_request = record.request_id().is_some() && field_latency.is_some();
        if has_route || has_request {
            return Verdict {
                outcome: Outcome::Bad,
                latency: field_latency,
            };
        }
    }
    Verdict::NONE
}

/// The words of a message that matter, outside of quotes.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of words, nothing more"
)]
struct Words {
    completed: bool,
    failed: bool,
    took: bool,
    request: bool,
}

impl Words {
    fn of(message: &str) -> Self {
        let mut words = Self::default();
        let mut in_quotes = false;
        let mut previous = "";
        for raw in message.split(' ').take(64) {
            let quotes = raw.bytes().filter(|&b| b == b'"').count();
            if !in_quotes && quotes == 0 {
                let word = raw.trim_matches(|c: char| !c.is_alphanumeric());
                words.take(word, previous);
                previous = word;
            }
            if quotes % 2 == 1 {
                in_quotes = !in_quotes;
            }
        }
        words
    }

    fn take(&mut self, word: &str, previous: &str) {
        if 12 < word.len() || word.len() < 3 {
            return;
        }
        let is = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(word));
        let negated = previous.eq_ignore_ascii_case("not");
        if is(&[
            "completed",
            "complete",
            "finished",
            "served",
            "handled",
            "processed",
            "succeeded",
            "executed",
            "done",
            "responded",
            "sent",
        ]) {
            if negated {
                self.failed = true;
            } else {
                self.completed = true;
            }
        } else if is(&["failed", "aborted", "crashed", "fail"]) {
            self.failed |= !negated;
        } else if word.eq_ignore_ascii_case("out") {
            self.failed |= previous.eq_ignore_ascii_case("timed");
        } else if word.eq_ignore_ascii_case("took") {
            self.took = true;
        } else if is(&["request", "response"]) {
            self.request = true;
        }
    }
}

/// `status: 200`, `status=200`, `HTTP/1.1" 200` inside a message.
fn status_in_text(message: &str) -> Option<u16> {
    let bytes = message.as_bytes();
    // Cheap first: no `status` and no `HTTP/`, no status.
    let at = memchr::memmem::find(bytes, b"status")
        .map(|at| at + 6)
        .or_else(|| {
            let at = memchr::memmem::find(bytes, b"HTTP/")?;
            memchr::memchr(b'"', bytes.get(at..)?).map(|quote| at + quote + 1)
        })?;
    let rest = message.get(at..)?.trim_start_matches([':', '=', ' ']);
    let digits = rest.get(..3)?;
    let ends = rest
        .as_bytes()
        .get(3)
        .is_none_or(|b| !b.is_ascii_alphanumeric());
    digits
        .parse()
        .ok()
        .filter(|status| ends && (100..600).contains(status))
}

/// `time: 0.2477829` beside an HTTP request is in seconds (Python's WSGI servers); else a duration with a unit.
fn latency_in_text(message: &str) -> Option<Duration> {
    if let Some(at) = memchr::memmem::find(message.as_bytes(), b" time: ")
        && message.contains(" HTTP/")
    {
        let rest = message.get(at + 7..)?;
        let number = rest.split(' ').next()?;
        if number.contains('.') {
            return crate::duration::parse(&format!("{number}s"));
        }
    }
    crate::duration::of_text(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    #[track_caller]
    fn check(line: &str, outcome: Outcome, ms: Option<u128>) {
        let verdict = classify(&Reader::new().parse_line(line));
        assert_eq!(verdict.outcome, outcome, "{line}");
        assert_eq!(verdict.latency.map(|d| d.as_millis()), ms, "{line}");
    }

    #[test]
    fn requests() {
        use Outcome::{Bad, Good, NotARequest};
        check(
            "2026-11-23T23:41:07.321916Z  INFO studio::canvas: request completed request_id=17 method=GET path=/canvas/frame status=200 duration_ms=2.93",
            Good,
            Some(2),
        );
        check(
            "2026-11-23T23:41:07.321916Z  INFO studio::library: request completed request_id=17 method=GET path=/library status=500 duration_ms=2.93",
            Bad,
            Some(2),
        );
        check(
            "2026-11-23T23:41:07.321916Z  WARN studio::canvas: ResizeCanvas blocked main thread for 71.9ms events=31",
            NotARequest,
            None,
        );
        check(
            "2026-11-23T23:41:07.321916Z ERROR studio::library: component lookup failed: no entry for id \"Text Field\" request_id=4",
            NotARequest,
            None,
        );
        check(" ✅ Movement completed in 12.80ms", Good, Some(12));
        check(
            " ✅ SequenceExecutor: Sequence \"Library Load\" completed in 13ms",
            Good,
            Some(13),
        );
        check(
            " ❌ SequenceExecutor: Sequence \"Library Load\" failed after 13ms",
            Bad,
            Some(13),
        );
        check(
            " 📡 EventBus: Subscribed to \"sequence-failed\" (1 total subscribers)",
            NotARequest,
            None,
        );
        check(
            " 📡 EventBus: Subscribed to \"sequence failed in 5ms\"",
            NotARequest,
            None,
        );
        check(
            " 🎼 ExecutionQueue: Marked \"Library Load\" as completed (Total completed: 2)",
            NotARequest,
            None,
        );
        check(
            "127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 2326",
            Good,
            None,
        );
        check(
            "127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 502 0 \"-\" \"-\" 0.250",
            Bad,
            Some(250),
        );
        check(
            "127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 404 0",
            Good,
            None,
        );
        check(
            "2017-05-16 00:00:00.008 25746 INFO nova.wsgi.server [req-1 - - -] 10.1.1.1 \"GET /v2 HTTP/1.1\" status: 200 len: 1893 time: 0.2477829",
            Good,
            Some(247),
        );
        check("ERROR app: handler gave up method=GET path=/x", Bad, None);
        check("WARN app: slow query took 512 ms", NotARequest, None);
        check("INFO app: import took 512 ms", Good, Some(512));
    }
}
