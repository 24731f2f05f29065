//! What the words of a message say about a request: by tokens and their places, never by substrings.

use std::time::Duration;

use crate::duration::{self, Place};

/// Tokens beyond these are not looked at.
const MAX_TOKENS: usize = 32;
/// How far behind a request line its status may stand.
const MAX_DISTANCE: usize = 10;

/// What a message says about a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what was found in a text, nothing more"
)]
pub(crate) struct Sentence {
    /// `GET /path` stands in it.
    pub(crate) request_line: bool,
    /// A status code at a place where one stands.
    pub(crate) status: Option<u16>,
    /// The status follows a verb (`Completed 200 OK`), which needs no more evidence.
    pub(crate) verb_status: bool,
    /// A duration that is no limit, interval or delay.
    pub(crate) latency: Option<Duration>,
    /// Where it stands, if it has a unit.
    pub(crate) place: Option<Place>,
    /// `code OK`: whether a remote procedure call ended well.
    pub(crate) call: Option<bool>,
    pub(crate) completed: bool,
    pub(crate) failed: bool,
    pub(crate) took: bool,
    pub(crate) request: bool,
    /// What ended is a phase of the program itself: start, shutdown, reload.
    pub(crate) lifecycle: bool,
    /// Whether something failed depends on a number: `0 failed`.
    pub(crate) counted: bool,
}

/// Text without blanks, or all of a quoted text.
#[derive(Clone, Copy, Debug, Default)]
struct Token<'a> {
    text: &'a str,
    quoted: bool,
}

impl<'a> Token<'a> {
    /// The token without punctuation around it; nothing for a quoted one.
    fn bare(self) -> &'a str {
        if self.quoted {
            return "";
        }
        // Most words have no punctuation around them.
        if let [first, .., last] = self.text.as_bytes()
            && first.is_ascii_alphanumeric()
            && last.is_ascii_alphanumeric()
        {
            return self.text;
        }
        self.text.trim_matches(|c: char| !c.is_alphanumeric())
    }

    fn is(self, words: &[&str]) -> bool {
        let bare = self.bare();
        !bare.is_empty() && words.iter().any(|word| word.eq_ignore_ascii_case(bare))
    }
}

/// The tokens of a message.
struct Tokens<'a> {
    list: [Token<'a>; MAX_TOKENS],
    len: usize,
}

impl<'a> Tokens<'a> {
    fn new() -> Self {
        Self {
            list: [Token::default(); MAX_TOKENS],
            len: 0,
        }
    }

    /// Reads the tokens of a message, in place: a list of this size is not moved for nothing.
    fn read(&mut self, message: &'a str) {
        let tokens = self;
        let bytes = message.as_bytes();
        let mut at = 0;
        while let Some(&first) = bytes.get(at) {
            if matches!(first, b' ' | b'\t' | b'\n') {
                at += 1;
                continue;
            }
            let Some(slot) = tokens.list.get_mut(tokens.len) else {
                break;
            };
            let closing = (first == b'"').then(|| closing(bytes, at)).flatten();
            if let Some(end) = closing {
                let text = message.get(at + 1..end).unwrap_or_default();
                *slot = Token { text, quoted: true };
                at = end + 1;
            } else {
                let end = word_end(bytes, at);
                let text = message.get(at..end).unwrap_or_default();
                *slot = Token {
                    text,
                    quoted: false,
                };
                at = end;
            }
            tokens.len += 1;
        }
    }

    fn get(&self, at: usize) -> Option<Token<'a>> {
        self.all().get(at).copied()
    }

    fn all(&self) -> &[Token<'a>] {
        self.list.get(..self.len).unwrap_or_default()
    }

    fn before(&self, at: usize, distance: usize) -> Option<Token<'a>> {
        self.get(at.checked_sub(distance)?)
    }
}

/// The quote that closes the one at `start`.
fn closing(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Up to the next blank that is not in quotes: `name="a b"` is one word.
fn word_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    // Where one quote is not closed none behind it is: they are all escaped, and looked at once.
    let mut may_close = true;
    while let Some(&b) = bytes.get(at) {
        match b {
            b' ' | b'\t' | b'\n' => return at,
            b'"' if start < at && may_close => match closing(bytes, at) {
                Some(end) => at = end + 1,
                None => may_close = false,
            },
            _ => at += 1,
        }
    }
    bytes.len()
}

const METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE",
];
const COMPLETED: [&str; 13] = [
    "completed",
    "complete",
    "finished",
    "served",
    "handled",
    "processed",
    "succeeded",
    "executed",
    "performed",
    "done",
    "responded",
    "sent",
    "answered",
];
const FAILED: [&str; 4] = ["failed", "aborted", "crashed", "fail"];
/// Words that deny what follows.
const DENIALS: [&str; 17] = [
    "not", "never", "cannot", "can't", "couldn't", "won't", "isn't", "wasn't", "didn't", "hasn't",
    "haven't", "no", "none", "nothing", "without", "neither", "zero",
];
/// Verbs behind which a status stands.
const REPLIED: [&str; 9] = [
    "completed",
    "responded",
    "returned",
    "replied",
    "answered",
    "sent",
    "finished",
    "response",
    "returning",
];
/// Words that may stand between a request line and its status, or behind the status.
const CONNECTORS: [&str; 24] = [
    "in",
    "after",
    "took",
    "with",
    "from",
    "for",
    "by",
    "and",
    "ok",
    "duration",
    "latency",
    "time",
    "within",
    "responded",
    "returned",
    "replied",
    "answered",
    "completed",
    "finished",
    "status",
    "code",
    "response",
    "ms",
    "s",
];
/// A duration behind one of these is a plan or a limit, not what something took.
const PLANNED: [&str; 22] = [
    "retrying",
    "retry",
    "retries",
    "next",
    "every",
    "timeout",
    "reconnecting",
    "reconnect",
    "sleeping",
    "waiting",
    "scheduled",
    "scheduling",
    "rescheduling",
    "expires",
    "until",
    "deadline",
    "delay",
    "backoff",
    "interval",
    "ttl",
    "limit",
    "again",
];
/// What a program does for itself.
const LIFECYCLE: [&str; 16] = [
    "initialization",
    "initialisation",
    "startup",
    "boot",
    "bootstrap",
    "shutdown",
    "reload",
    "warmup",
    "warm-up",
    "migration",
    "migrations",
    "compaction",
    "compilation",
    "gc",
    "collection",
    "checkpoint",
];

fn is_one(list: &[&str], word: &str) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Three digits from 100 to 599, nothing else.
pub(crate) fn status_code(text: &str) -> Option<u16> {
    if text.len() != 3 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse()
        .ok()
        .filter(|status| (100..600).contains(status))
}

/// Whether a code of gRPC says that the call ended well: what is the caller's fault does, as a status below 500 does.
pub(crate) fn call_code(name: &str) -> Option<bool> {
    Some(match name {
        "OK"
        | "Canceled"
        | "Cancelled"
        | "CANCELLED"
        | "InvalidArgument"
        | "INVALID_ARGUMENT"
        | "NotFound"
        | "NOT_FOUND"
        | "AlreadyExists"
        | "ALREADY_EXISTS"
        | "PermissionDenied"
        | "PERMISSION_DENIED"
        | "Unauthenticated"
        | "UNAUTHENTICATED"
        | "ResourceExhausted"
        | "RESOURCE_EXHAUSTED"
        | "FailedPrecondition"
        | "FAILED_PRECONDITION"
        | "Aborted"
        | "ABORTED"
        | "OutOfRange"
        | "OUT_OF_RANGE" => true,
        "Unknown" | "UNKNOWN" | "DeadlineExceeded" | "DEADLINE_EXCEEDED" | "Unimplemented"
        | "UNIMPLEMENTED" | "Internal" | "INTERNAL" | "Unavailable" | "UNAVAILABLE"
        | "DataLoss" | "DATA_LOSS" => false,
        _ => return None,
    })
}

impl Sentence {
    /// Reads a message.
    pub(crate) fn of(message: &str) -> Self {
        let mut tokens = Tokens::new();
        tokens.read(message);
        let mut found = Self::default();
        found.words(&tokens);
        if let Some((first, after)) = request_line(&tokens) {
            found.request_line = true;
            if let Some((status, ms)) = proxied(&tokens, first) {
                found.status = Some(status);
                found.latency = Some(Duration::from_millis(ms));
                return found;
            }
            let behind = status_behind(&tokens, after);
            found.status = behind
                .map(|(status, _)| status)
                .or_else(|| status_before(&tokens, first));
            found.latency(message, &tokens);
            if found.latency.is_none() {
                found.latency = unitless(&tokens, behind.map_or(after, |(_, at)| at + 1));
            }
        } else {
            found.status = verb_status(&tokens);
            found.verb_status = found.status.is_some();
            found.latency(message, &tokens);
        }
        if found.status.is_none() {
            found.status = named_status(&tokens);
        }
        found
    }

    fn latency(&mut self, message: &str, tokens: &Tokens<'_>) {
        if let Some((latency, word, next)) = latency(tokens) {
            self.latency = Some(latency);
            self.place = Place::of(message, word, next);
        }
    }

    /// The words that matter, outside of quotes.
    fn words(&mut self, tokens: &Tokens<'_>) {
        for (at, token) in tokens.all().iter().enumerate() {
            let word = token.bare();
            if 12 < word.len()
                || word.len() < 3
                || !word.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
            {
                continue;
            }
            if is_one(&COMPLETED, word) {
                if is_denied(tokens, at) {
                    self.failed = true;
                } else {
                    self.completed = true;
                }
                self.lifecycle |= (1..=3).any(|distance| {
                    tokens
                        .before(at, distance)
                        .is_some_and(|before| before.is(&LIFECYCLE))
                });
            } else if is_one(&FAILED, word) {
                self.failure(tokens, at, at);
            } else if word.eq_ignore_ascii_case("out") {
                if tokens
                    .before(at, 1)
                    .is_some_and(|before| before.is(&["timed"]))
                {
                    self.failure(tokens, at - 1, at);
                }
            } else if word.eq_ignore_ascii_case("took") {
                self.took = true;
                self.lifecycle |= tokens
                    .before(at, 1)
                    .is_some_and(|before| before.is(&LIFECYCLE));
            } else if is_one(&["request", "response"], word) {
                self.request = true;
            } else if word.eq_ignore_ascii_case("code")
                && let Some(next) = tokens.get(at + 1)
            {
                self.call = self.call.or_else(|| call_code(next.bare()));
            }
        }
    }
}

impl Sentence {
    /// Takes words that tell of a failure, from one token to another, unless none happened: `0 failed`, `failed: none`,
    /// `never failed`, `no order failed`.
    fn failure(&mut self, tokens: &Tokens<'_>, first: usize, last: usize) {
        let number = |token: Option<Token<'_>>| {
            let bare = token?.bare();
            let is_number = !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| bare.bytes().all(|b| b == b'0'))
        };
        // A colon says that the count stands behind.
        let is_name = tokens
            .get(last)
            .is_some_and(|token| token.text.ends_with(':'));
        let before = number(tokens.before(first, 1)).filter(|_| !is_name);
        let behind = || number(tokens.get(last + 1)).filter(|_| is_name);
        if let Some(is_zero) = before.or_else(behind) {
            self.counted = true;
            self.failed |= !is_zero;
            return;
        }
        let is_nothing = is_name
            && tokens
                .get(last + 1)
                .is_some_and(|next| next.is(&["none", "no", "false", "nothing", "never"]));
        let of_none = tokens
            .before(first, 2)
            .is_some_and(|before| before.is(&["no", "zero", "without"]));
        self.failed |= !(is_nothing || of_none || is_denied(tokens, first));
    }
}

/// Whether a word is denied by those before it: `not completed`, `could not be completed`, `never failed`.
fn is_denied(tokens: &Tokens<'_>, at: usize) -> bool {
    for distance in 1..=3 {
        let Some(before) = tokens.before(at, distance) else {
            return false;
        };
        if before.is(&DENIALS) {
            return true;
        }
        if !before.is(&[
            "be",
            "been",
            "being",
            "yet",
            "fully",
            "successfully",
            "have",
            "has",
        ]) {
            return false;
        }
    }
    false
}

fn is_target(text: &str) -> bool {
    text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://")
}

/// The first `GET /path`, in quotes or not: its token, and the token behind it and its protocol.
fn request_line(tokens: &Tokens<'_>) -> Option<(usize, usize)> {
    for (at, token) in tokens.all().iter().enumerate() {
        if token.quoted {
            let mut parts = token.text.split(' ');
            let method = parts.next().unwrap_or_default();
            if METHODS.contains(&method) && parts.next().is_some_and(is_target) {
                return Some((at, at + 1));
            }
            continue;
        }
        let method = token
            .text
            .trim_matches(|c: char| matches!(c, '[' | ']' | '(' | ')' | '"'));
        if !METHODS.contains(&method) {
            continue;
        }
        let mut next = at + 1;
        while tokens.get(next).is_some_and(|token| token.text == "|") {
            next += 1;
        }
        let Some(target) = tokens.get(next) else {
            continue;
        };
        if is_target(target.text) {
            let protocol = tokens
                .get(next + 1)
                .is_some_and(|token| !token.quoted && token.text.starts_with("HTTP/"));
            return Some((at, next + 1 + usize::from(protocol)));
        }
    }
    None
}

/// Whether a token may stand behind a status: `200 items` is a number of items, `200 OK` and `200 in 3ms` are not.
fn may_follow(next: Option<Token<'_>>) -> bool {
    next.is_none_or(|next| {
        next.quoted
            || !next.text.starts_with(|c: char| c.is_lowercase())
            || next.text.contains(['=', '/'])
            || next.is(&CONNECTORS)
    })
}

/// The status behind a request line, and the token that it is.
fn status_behind(tokens: &Tokens<'_>, after: usize) -> Option<(u16, usize)> {
    for at in after..(after + MAX_DISTANCE).min(tokens.len) {
        let token = tokens.get(at)?;
        if token.quoted {
            if token.text.starts_with("HTTP/") {
                return status_code(token.text.split(' ').nth(1)?).map(|status| (status, at));
            }
            continue;
        }
        let bare = token.bare();
        if bare.is_empty() {
            continue;
        }
        let next = tokens.get(at + 1);
        if let Some((name, value)) = bare.split_once('=') {
            if is_status_word(name)
                && let Some(status) = status_code(value)
            {
                return Some((status, at));
            }
            continue;
        }
        let is_duration = duration::of_words(token.text, next.map(|next| next.text)).is_some();
        if let Some(status) = status_code(bare)
            && !is_duration
        {
            return may_follow(next).then_some((status, at));
        }
        let is_address = bare.contains(['.', ':']) && bare.bytes().any(|b| b.is_ascii_digit());
        if !(is_duration || is_address || token.is(&CONNECTORS)) {
            return None;
        }
    }
    None
}

/// The status before a request line: `200 GET /x`, `[200]: GET /x`, `| 200 | 1.2ms | GET "/x"`.
fn status_before(tokens: &Tokens<'_>, first: usize) -> Option<u16> {
    let piped = |at: usize| {
        let is_pipe = |token: Option<Token<'_>>| token.is_some_and(|token| token.text == "|");
        is_pipe(tokens.before(at, 1)) && is_pipe(tokens.get(at + 1))
    };
    let token = tokens.before(first, 1)?;
    if let Some(status) = status_code(token.bare())
        && tokens
            .before(first, 2)
            .is_none_or(|before| !before.text.chars().all(char::is_lowercase))
    {
        return Some(status);
    }
    (0..first)
        .filter(|&at| piped(at))
        .find_map(|at| status_code(tokens.get(at)?.bare()))
}

/// `HAProxy`'s `frontend backend/server 10/0/30/69/109 200 2750 … "GET /x HTTP/1.1"`: the status and the whole time.
fn proxied(tokens: &Tokens<'_>, first: usize) -> Option<(u16, u64)> {
    (0..first).find_map(|at| {
        let timers = tokens.get(at)?.text;
        let is_timers = 4 == timers.bytes().filter(|&b| b == b'/').count()
            && timers
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'/' | b'-' | b'+'));
        if !is_timers {
            return None;
        }
        let status = status_code(tokens.get(at + 1)?.text)?;
        let whole = timers.rsplit('/').next()?.trim_start_matches('+');
        Some((status, whole.parse().ok()?))
    })
}

/// `Completed 200 OK in 12ms`, `Sent 500 in 3ms`, `Outcome: Success(200 OK)`, `Request finished in 12.3ms 200`.
fn verb_status(tokens: &Tokens<'_>) -> Option<u16> {
    for (at, token) in tokens.all().iter().enumerate() {
        if token.quoted {
            continue;
        }
        if token.text == "Outcome:"
            && let Some((_, inside)) = tokens.get(at + 1)?.text.split_once('(')
        {
            return status_code(inside.trim_end_matches(')'));
        }
        if !token.is(&REPLIED) {
            continue;
        }
        let mut next = at + 1;
        while tokens
            .get(next)
            .is_some_and(|token| token.is(&["with", "status", "http"]))
        {
            next += 1;
        }
        // The time may stand first.
        if tokens.get(next).is_some_and(|token| token.is(&["in"]))
            && let Some(token) = tokens.get(next + 1)
            && duration::of_words(token.text, None).is_some()
        {
            next += 2;
        }
        let Some(number) = tokens.get(next) else {
            continue;
        };
        let Some(status) = status_code(number.bare()) else {
            continue;
        };
        let behind = tokens.get(next + 1);
        let is_duration = |at: usize| {
            tokens.get(at).is_some_and(|token| {
                duration::of_words(token.text, tokens.get(at + 1).map(|next| next.text)).is_some()
            })
        };
        let follows = match behind {
            None => true,
            Some(behind) if behind.is(&["in", "after"]) => is_duration(next + 2),
            Some(behind) => {
                let is_phrase = behind.text.starts_with(|c: char| c.is_ascii_uppercase());
                let is_type = behind.text.contains('/');
                (is_phrase || is_type || is_duration(next + 1)) && !behind.quoted
            }
        };
        // `finished 404 ms`
        if follows && !is_duration(next) {
            return Some(status);
        }
    }
    None
}

fn is_status_word(word: &str) -> bool {
    is_one(
        &[
            "status",
            "status_code",
            "statuscode",
            "code",
            "http_status",
            "response_code",
        ],
        word,
    )
}

/// `status: 200`, `status=200`, `status code 200`; an exit status is none.
fn named_status(tokens: &Tokens<'_>) -> Option<u16> {
    for (at, token) in tokens.all().iter().enumerate() {
        if token.quoted {
            continue;
        }
        let bare = token.bare();
        if let Some((name, value)) = bare.split_once(['=', ':'])
            && !name.eq_ignore_ascii_case("code")
            && is_status_word(name)
            && let Some(status) = status_code(value)
        {
            return Some(status);
        }
        let last = bare.rsplit('=').next().unwrap_or(bare);
        let is_name = is_one(&["status", "status_code", "statuscode"], last);
        let is_exit = tokens
            .before(at, 1)
            .is_some_and(|before| before.is(&["exit", "exited"]));
        if !is_name || is_exit {
            continue;
        }
        let mut next = at + 1;
        while tokens
            .get(next)
            .is_some_and(|token| token.is(&["code", "is", "was"]) || token.bare().is_empty())
        {
            next += 1;
        }
        if let Some(number) = tokens.get(next)
            && let Some(status) = status_code(number.bare())
            && may_follow(tokens.get(next + 1))
        {
            return Some(status);
        }
    }
    None
}

/// The first duration outside of quotes that is no limit, interval or delay; the word that it is, and the word behind it.
fn latency<'a>(tokens: &Tokens<'a>) -> Option<(Duration, &'a str, Option<&'a str>)> {
    for (at, token) in tokens.all().iter().enumerate() {
        if token.quoted || !token.text.bytes().any(|b| b.is_ascii_digit()) {
            continue;
        }
        let (name, value) = token.text.rsplit_once('=').unwrap_or(("", token.text));
        if is_one(&PLANNED, duration::after_last(name, b'_')) {
            continue;
        }
        let next = tokens.get(at + 1).map(|next| next.text);
        let Some(found) = duration::of_words(value, next) else {
            continue;
        };
        if !is_planned(tokens, at) {
            return Some((found, value, next));
        }
    }
    None
}

/// Whether a word of a plan stands close before a duration; an outcome between the two ends the search.
fn is_planned(tokens: &Tokens<'_>, at: usize) -> bool {
    let is_before = |word| {
        tokens
            .before(at, 1)
            .is_some_and(|before| before.is(&[word]))
    };
    // `failed for 30 seconds`: how long it is so, not how long something took.
    if is_before("for") {
        return true;
    }
    // `Scheduling restart of x in 5s`: the whole sentence is a plan.
    let is_going_to = |first: Token<'_>| first.bare().ends_with("ing") && first.is(&PLANNED);
    if is_before("in") && tokens.get(0).is_some_and(is_going_to) {
        return true;
    }
    for distance in 1..=3 {
        let Some(before) = tokens.before(at, distance) else {
            return false;
        };
        if before.is(&COMPLETED) || before.is(&FAILED) || before.is(&["took", "timed"]) {
            return false;
        }
        if before.is(&PLANNED) {
            // `timeout after 30s` has happened.
            let has_happened = before.is(&["timeout"])
                && tokens
                    .before(at, distance - 1)
                    .is_some_and(|next| next.is(&["after"]));
            return !has_happened;
        }
    }
    false
}

/// Numbers without a unit at the places where servers write durations: `time: 0.2477829` in seconds, Envoy's third
/// number behind the flags in milliseconds, a last number with a point behind quoted texts in seconds.
fn unitless(tokens: &Tokens<'_>, after: usize) -> Option<Duration> {
    let seconds = |text: &str| {
        let is_number = text.contains('.') && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        is_number
            .then(|| duration::parse(&format!("{text}s")))
            .flatten()
    };
    for (at, token) in tokens.all().iter().enumerate().skip(after) {
        if token.text == "time:" {
            return seconds(tokens.get(at + 1)?.text);
        }
    }
    let behind = tokens.all().get(after..)?;
    if let Some(ms) = envoy(behind) {
        return Some(Duration::from_millis(ms));
    }
    let (last, before) = behind.split_last()?;
    if !last.quoted && before.iter().any(|token| token.quoted) {
        return seconds(last.text);
    }
    None
}

/// `- 0 12 5 4 "…"` or `UF via_upstream - "-" 0 12 5 4 "…"`: flags, details, received, sent, duration, upstream's part.
fn envoy(behind: &[Token<'_>]) -> Option<u64> {
    let (flags, rest) = behind.split_first()?;
    let is_flags = !flags.quoted
        && (flags.text == "-"
            || flags
                .text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b == b','));
    if !is_flags {
        return None;
    }
    let is_number =
        |token: &Token<'_>| !token.quoted && token.text.bytes().all(|b| b.is_ascii_digit());
    let start = rest.iter().take(4).position(is_number)?;
    let numbers = rest.get(start..start + 4)?;
    let quoted = rest.get(start + 4)?.quoted;
    let (upstream, first) = numbers.split_last()?;
    let fits =
        quoted && first.iter().all(is_number) && (is_number(upstream) || upstream.text == "-");
    if fits {
        first.get(2)?.text.parse().ok()
    } else {
        None
    }
}
