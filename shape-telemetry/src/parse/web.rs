//! Access logs of web servers.

use std::borrow::Cow;

use super::{
    pairs,
    scan::{Scan, blanks, byte, check, digits, split, until, word, word_blanks},
    time::{self, Context},
};
use crate::{Field, Format, Record};

/// `127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326 "referrer" "agent" 0.004`.
pub(crate) fn clf<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    access(line, context).ok().map(|(_, record)| record)
}

fn access<'a>(i: &'a str, context: &Context) -> Scan<'a, Record<'a>> {
    // A virtual host may stand first (`vhost_combined`).
    let (i, first) = word_blanks(i)?;
    let (i, second) = word_blanks(i)?;
    let (i, user, client) = if i.starts_with('[') {
        (i, second, first)
    } else {
        let (rest, third) = until(" [")(i)?;
        check(third.len() <= 128)?;
        let client = if second == "-" || third.is_empty() {
            first
        } else {
            second
        };
        (split(i, i.len() - rest.len() - 1).1, third, client)
    };
    let (i, ()) = byte(b'[')(i)?;
    let (i, time) = time::clf(i, context)?;
    let (i, ()) = byte(b']')(i)?;
    let (i, ()) = byte(b' ')(i)?;
    let (i, request) = pairs::quoted(i)?;
    let (i, ()) = byte(b' ')(i)?;
    let (i, status) = word(i)?;
    check(status == "-" || (status.len() == 3 && digits(status).is_ok()))?;
    let (i, size) = word(blanks(i))?;
    let mut record = Record::new(Format::Clf, "").at(Some(time));
    if let Cow::Borrowed(text) = request {
        let mut parts = text.split(' ');
        let (method, path) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        record = record.with("method", method).with("path", path);
        if let Some(protocol) = parts.next() {
            record = record.with("protocol", protocol);
        }
        record.message = Cow::Borrowed(text);
    } else {
        record.message = request;
    }
    record = record
        .with("status", status)
        .with("size", size)
        .with("client", client)
        .with("user", user);
    rest(i, &mut record);
    Ok(("", record))
}

/// Referrer, agent, and what follows them.
fn rest<'a>(i: &'a str, record: &mut Record<'a>) {
    let mut i = blanks(i);
    for name in ["referrer", "agent"] {
        let Ok((next, text)) = pairs::quoted(i) else {
            break;
        };
        if text != "-" {
            record.fields.push(Field {
                name: Cow::Borrowed(name),
                value: text,
                of_span: false,
            });
        }
        i = blanks(next);
    }
    behind_agent(i, record);
}

/// What follows the agent: a number with a point is nginx's `$request_time` in seconds, one without is Apache's `%D`
/// in microseconds, unless more in quotes and a duration with its unit follow (Traefik).
pub(super) fn behind_agent<'a>(i: &'a str, record: &mut Record<'a>) {
    let i = blanks(i);
    if let Some((_, last)) = i.rsplit_once(' ')
        && crate::duration::parse(last).is_some()
    {
        record.fields.push(Field {
            name: Cow::Borrowed("duration"),
            value: Cow::Borrowed(last),
            of_span: false,
        });
        return;
    }
    for part in i.split(' ') {
        if let Some((name, value)) = part.split_once('=') {
            record.fields.push(Field {
                name: Cow::Borrowed(name),
                value: Cow::Borrowed(value),
                of_span: false,
            });
            continue;
        }
        let is_number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if is_number {
            let name = if part.contains('.') {
                "request_time"
            } else {
                "request_time_us"
            };
            record.fields.push(Field {
                name: Cow::Borrowed(name),
                value: Cow::Borrowed(part),
                of_span: false,
            });
            return;
        }
    }
}

/// `[GIN] 2026/11/24 - 08:59:30 | 200 |     1.2ms | 127.0.0.1 | GET      "/x"`, the bracket being read.
pub(crate) fn gin<'a>(rest: &'a str, context: &Context) -> Option<Record<'a>> {
    let (date, message) = rest.trim_start().split_once(" | ")?;
    let (day, clock) = super::scan::around(date, " - ")?;
    let stamp = format!("{day} {clock}");
    let (_, time) = time::iso(&stamp, context).ok()?;
    // The bar before the status tells it from other numbers.
    let start = rest.len() - message.len() - 2;
    Some(Record::new(Format::Clf, split(rest, start).1).at(Some(time)))
}

/// `https 2026-11-24T08:59:30.186641Z app/lb/50dc 10.0.0.1:2817 10.0.0.2:80 0.000 0.001 0.000 200 200 34 366 "GET …"`:
/// the log of a load balancer of AWS.
pub(crate) fn balancer<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (kind, rest) = line.split_once(' ')?;
    if !matches!(kind, "http" | "https" | "h2" | "grpcs" | "ws" | "wss") {
        return None;
    }
    let (i, time) = time::iso(rest, context).ok()?;
    balanced(i.trim_start()).map(|record| record.at(Some(time)))
}

/// What stands behind the time in the log of a load balancer; a classic one writes nothing before it.
pub(super) fn balanced(i: &str) -> Option<Record<'_>> {
    let mut words = i.splitn(11, ' ');
    let (name, client, _target) = (words.next()?, words.next()?, words.next()?);
    let mut total: Option<std::time::Duration> = None;
    for _ in 0..3 {
        let seconds = words.next()?;
        // `-1`: the request did not come that far.
        if seconds != "-1" {
            let part = crate::duration::parse(&format!("{seconds}s"))?;
            total = Some(total.unwrap_or_default() + part);
        }
    }
    let (status, _target_status) = (words.next()?, words.next()?);
    let (_received, _sent, rest) = (words.next()?, words.next()?, words.next()?);
    let (i, request) = pairs::quoted(rest).ok()?;
    let Cow::Borrowed(request) = request else {
        return None;
    };
    let mut record = Record::new(Format::Clf, request);
    let mut parts = request.split(' ');
    let (method, path) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    record = record
        .with("method", method)
        .with("path", path)
        .with("status", status)
        .with("client", client)
        .with("balancer", name);
    if let Some(total) = total {
        record.fields.push(Field {
            name: Cow::Borrowed("duration"),
            value: Cow::Owned(format!("{}ns", total.as_nanos())),
            of_span: false,
        });
    }
    self::rest(i, &mut record);
    Some(record)
}

/// `"GET /x HTTP/1.1" 200 - 0 1234 12 11 "10.0.0.1" "agent" "id" "authority" "upstream"` of Envoy and Istio, behind the
/// time in brackets: flags, details perhaps, bytes received and sent, and the whole time in milliseconds.
pub(super) fn envoy(i: &str) -> Option<Record<'_>> {
    let (rest, request) = pairs::quoted(i).ok()?;
    let Cow::Borrowed(request) = request else {
        return None;
    };
    let (rest, status) = word_blanks(blanks(rest)).ok()?;
    let (mut i, flags) = word_blanks(rest).ok()?;
    if status.len() > 3 || digits(status).is_err() {
        return None;
    }
    let is_number = |word: &str| digits(word).is_ok_and(|(rest, _)| rest.is_empty());
    // Response code details, termination details and the failure of the transport, in versions that write them.
    for _ in 0..3 {
        match word_blanks(i).ok()? {
            (_, word) if is_number(word) => break,
            (rest, _) => i = rest,
        }
    }
    let (i, received) = word_blanks(i).ok()?;
    let (i, sent) = word_blanks(i).ok()?;
    let (i, ms) = word_blanks(i).ok()?;
    let (mut i, _upstream_ms) = word_blanks(i).ok()?;
    if ![received, sent, ms].iter().all(|word| is_number(word)) || !i.starts_with('"') {
        return None;
    }
    let mut parts = request.split(' ');
    let mut record = Record::new(Format::Clf, request)
        .with("method", parts.next().unwrap_or(""))
        .with("path", parts.next().unwrap_or(""))
        .with("protocol", parts.next().unwrap_or(""))
        .with("status", status)
        .with("flags", flags)
        .with("size", sent);
    record.fields.push(Field {
        name: Cow::Borrowed("duration"),
        value: Cow::Owned(format!("{ms}ms")),
        of_span: false,
    });
    for name in ["client", "agent", "request_id", "authority", "upstream"] {
        let Ok((rest, value)) = pairs::quoted(i) else {
            break;
        };
        if value != "-" {
            record.fields.push(Field {
                name: Cow::Borrowed(name),
                value,
                of_span: false,
            });
        }
        i = blanks(rest);
    }
    Some(record)
}

/// The program that `HAProxy` calls itself in syslog.
pub(crate) const HAPROXY: &str = "haproxy[";

/// `haproxy[1234]: ` and what [`haproxy`] reads.
pub(super) fn haproxy_behind_header<'a>(i: &'a str, context: &Context) -> Option<Record<'a>> {
    let (pid, rest) = i.strip_prefix(HAPROXY)?.split_once("]: ")?;
    let mut record = haproxy(rest, context)?.with("pid", pid);
    // The time of the header is when the line was written; that of the line is when the request came.
    record.name("haproxy");
    Some(record)
}

/// `10.0.0.1:33317 [24/Nov/2026:12:00:00.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1"`:
/// `HAProxy`'s log of requests, whose five times are milliseconds, the last of them that of the whole.
pub(crate) fn haproxy<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (client, rest) = super::scan::around(line, " [")?;
    let (time, rest) = super::scan::around(rest, "] ")?;
    if client.contains(' ') || 32 < time.len() {
        return None;
    }
    let (_, time) = time::clf(time, context).ok()?;
    let behind_time = rest;
    let mut words = rest.splitn(6, ' ');
    let (frontend, backend, times) = (words.next()?, words.next()?, words.next()?);
    let (status, size, rest) = (words.next()?, words.next()?, words.next()?);
    let is_number = |text: &str| {
        let digits = text.trim_start_matches(['+', '-']);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let parts: Vec<&str> = times.split('/').collect();
    // A connection has three times and no status.
    if parts.len() == 3 && parts.iter().all(|part| is_number(part)) && is_number(status) {
        let mut record = Record::new(Format::Clf, behind_time)
            .at(Some(time))
            .target(frontend.trim_end_matches('~'))
            .with("size", status)
            .with("client", client)
            .with("backend", backend)
            .with("termination", size);
        record.fields.push(Field {
            name: Cow::Borrowed("duration"),
            value: Cow::Owned(format!("{}ms", parts[2].trim_start_matches('+'))),
            of_span: false,
        });
        return Some(record);
    }
    if parts.len() != 5 || !parts.iter().all(|part| is_number(part)) || !is_number(status) {
        return None;
    }
    let request = rest.split_once('"')?.1;
    let request = request.strip_suffix('"').unwrap_or(request);
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let mut record = Record::new(Format::Clf, request)
        .at(Some(time))
        .target(frontend.trim_end_matches('~'))
        .with("method", method)
        .with("path", path)
        .with("status", status)
        .with("size", size)
        .with("client", client)
        .with("backend", backend);
    let total = parts[4].trim_start_matches('+');
    if !total.starts_with('-') {
        record.fields.push(Field {
            name: Cow::Borrowed("duration"),
            value: Cow::Owned(format!("{total}ms")),
            of_span: false,
        });
    }
    Some(record)
}
