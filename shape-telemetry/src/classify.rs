//! What a record says about a request.

use std::time::Duration;

use crate::{
    Format, Level, Outcome, Record,
    names::{Role, Traits},
    phrases::Reading,
    sentence::{self, Sentence},
};

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
/// 1. A status code from 100 to 599 with evidence that it is one of a request: 500 and above is bad, everything below
///    good. It stands in a field (`status`, `http.response.status_code`, `res.statusCode`, … beside a duration, a
///    method, a path, or a word such as `request` or `completed`; `code` only beside method or path), in an access log
///    line, right behind a request line (`GET /x 200`, `"GET /x HTTP/1.1" 200`, `GET /x -> 200`) or right before it
///    (`200 GET /x`, `| 200 | 1.2ms | GET "/x"`), or right behind a verb (`Completed 200 OK`, `Sent 200 in 3ms`). A
///    number that counts things (`200 items`) or names a port is none.
/// 2. The code of a remote procedure call (`grpc.code`, `finished call with code Internal`): a fault of the server is
///    bad, everything else good.
/// 3. A request line with a duration (`GET /x took 3ms`), or fields for method, path and duration, below level warn:
///    good; at level error, or with `failed` and the like, bad.
/// 4. A message that says that something was `completed`, `finished`, `served`, `handled`, `processed`, `succeeded`,
///    `executed` or `performed`, with a duration: good; bad when it says `failed`, `aborted`, `crashed`, or `timed out`,
///    or when its level is error. `0 failed`, `failed: none`, `never failed` and `no order failed` tell of no failure,
///    `could not be completed` does. Limits and plans (`retrying in 5s`, `timeout 30s`) are no durations, and phases of
///    the program itself (`startup completed in 2s`) are no requests. That something `took` a time is a request only
///    if the record says that it is one: by the word, a method, a path or the id of a request. So it is with everything
///    at level debug or trace, which tells of steps within a request.
/// 5. A record at level error or fatal with a method and a path of its own, or a request id and a duration: bad.
/// 6. Everything else reports no request, whatever words it quotes: `Subscribed to "sequence-failed"` does not, nor
///    does a duration alone (`index built in 18.9 ms`), nor the start of a request (`--> GET /x`).
///
/// ```
/// use shape_telemetry::{Outcome, Reader, classify};
///
/// let outcome = |line| classify(&Reader::new().parse_line(line)).outcome;
/// assert_eq!(outcome("INFO app: request completed path=/a status=200 duration_ms=3"), Outcome::Good);
/// assert_eq!(outcome("INFO app: request completed path=/a status=503 duration_ms=3"), Outcome::Bad);
/// assert_eq!(outcome("INFO app: GET /cheaper 200 in 33.4 ms"), Outcome::Good);
/// assert_eq!(outcome("INFO bus: Subscribed to \"sequence-failed\""), Outcome::NotARequest);
/// ```
pub fn classify(record: &Record<'_>) -> Verdict {
    classify_fields(
        record,
        &Fields::of(record, Traits::of),
        &mut Reading::new(&record.message),
    )
}

/// As [`classify`], the fields being looked at already, and the message being read.
pub(crate) fn classify_fields(
    record: &Record<'_>,
    fields: &Fields,
    reading: &mut Reading<'_>,
) -> Verdict {
    if let Some(verdict) = fields.verdict(record, reading) {
        return verdict;
    }
    let is_error = record.level.is_some_and(|level| Level::Error <= level);
    // Most messages end here: without a number there is neither a status nor a duration.
    let has_numbers = fields.latency.is_some()
        || fields.status.is_some()
        || fields.call.is_some()
        || reading.has_digits();
    let sentence = if has_numbers {
        reading.sentence()
    } else {
        Sentence::default()
    };
    let route = fields.route();
    let latency = fields.latency.or(sentence.latency);
    let verdict = |good| Verdict {
        outcome: if good { Outcome::Good } else { Outcome::Bad },
        latency,
    };
    let has_evidence = record.format == Format::Clf
        || fields.latency.is_some()
        || sentence.request
        || sentence.completed
        || sentence.failed
        || sentence.request_line
        || fields.method
        || fields.path;
    let in_fields = fields.status.filter(|_| has_evidence).or_else(|| {
        fields
            .code
            .filter(|_| sentence.request_line || fields.method || fields.path)
    });
    let in_text = sentence
        .status
        .filter(|_| sentence.verb_status || has_evidence);
    if let Some(status) = in_fields.or(in_text) {
        return verdict(status < 500);
    }
    let call = fields.call.or(sentence.call);
    if let Some(good) = call.filter(|_| latency.is_some() || sentence.completed) {
        return verdict(good);
    }
    let ends_badly = sentence.failed || is_error;
    let is_warning = record.level == Some(Level::Warn);
    if latency.is_some() && (sentence.request_line || route) && (ends_badly || !is_warning) {
        return verdict(!ends_badly);
    }
    let says_request = sentence.request
        || sentence.request_line
        || fields.method
        || fields.path
        || fields.request_id.is_some();
    let is_step = record.level.is_some_and(|level| level <= Level::Debug);
    let took = sentence.took && says_request && record.level < Some(Level::Warn);
    let ended = (sentence.completed || sentence.failed) && (says_request || !is_step);
    if (ended || took) && latency.is_some() && !sentence.lifecycle {
        return verdict(!ends_badly);
    }
    let has_request = fields.latency.is_some() && fields.request_id.is_some();
    if is_error && (fields.own_route || has_request) {
        return Verdict {
            outcome: Outcome::Bad,
            latency: fields.latency,
        };
    }
    Verdict::NONE
}

/// What the fields of a record say about a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fields {
    status: Option<u16>,
    /// A field `code`, which may be the code of anything.
    code: Option<u16>,
    /// Whether a remote procedure call ended well.
    call: Option<bool>,
    pub(crate) latency: Option<Duration>,
    method: bool,
    path: bool,
    /// Method and path are fields of the record itself, not of a span around it.
    own_route: bool,
    /// Which field holds the id of the request.
    pub(crate) request_id: Option<usize>,
}

impl Fields {
    /// Looks at all fields; `traits` says what their names mean.
    pub(crate) fn of(record: &Record<'_>, mut traits: impl FnMut(&str) -> Traits) -> Self {
        let mut found = Self::default();
        let (mut own_method, mut own_path) = (false, false);
        for (index, field) in record.fields.iter().enumerate() {
            let traits = traits(&field.name);
            if traits.request_id && found.request_id.is_none() {
                found.request_id = Some(index);
            }
            match traits.role {
                Role::Method => {
                    found.method = true;
                    own_method |= !field.of_span;
                }
                Role::Path => {
                    found.path = true;
                    own_path |= !field.of_span;
                }
                Role::Status if found.status.is_none() => {
                    found.status = first_word_status(&field.value);
                }
                Role::Code => found.code = first_word_status(&field.value),
                Role::Call => found.call = sentence::call_code(&field.value),
                Role::Status | Role::Other => {}
            }
            if found.latency.is_none()
                && let Some(hint) = traits.hint
            {
                found.latency = crate::duration::of_value(record, hint, &field.value);
            }
        }
        found.own_route = own_method && own_path;
        found
    }

    /// The verdict of records whose fields say all of it: the words need not be read.
    fn verdict(&self, record: &Record<'_>, reading: &mut Reading<'_>) -> Option<Verdict> {
        let is_access = record.format == Format::Clf;
        let status = self.status?;
        if !(is_access || self.latency.is_some() || self.method || self.path) {
            return None;
        }
        let in_text = || {
            let may_have = !is_access && reading.has_digits();
            may_have.then(|| reading.sentence().latency).flatten()
        };
        Some(Verdict {
            outcome: if status < 500 {
                Outcome::Good
            } else {
                Outcome::Bad
            },
            latency: self.latency.or_else(in_text),
        })
    }

    fn route(&self) -> bool {
        self.method && self.path
    }
}

fn first_word_status(text: &str) -> Option<u16> {
    sentence::status_code(text.split_ascii_whitespace().next()?)
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
        check("INFO app: import took 512 ms", NotARequest, None);
    }
}
