//! The default text layouts of the loggers of Python, Node, Java, Go, Ruby, .NET and PHP.

use super::{
    json, pairs,
    scan::{self, Scan, blanks, bracketed, byte, digits, fail, level, split, until, word_blanks},
    text,
    time::{self, Context},
};
use crate::{Field, Format, Level, Record};

/// `orders.prices: message`, `orders.prices - message`, `[orders.prices] message`, `c.e.Prices:42 - message`,
/// `Orders.Prices[0] message`, `in app: message`: the logger and the message.
pub(crate) fn logger(i: &str) -> Option<(&str, &str)> {
    let i = match i.strip_prefix("in ") {
        Some(rest) if rest.split(' ').next()?.ends_with(':') => rest,
        _ => i,
    };
    let name = |text: &str| text::is_name(text).then_some(text.len());
    if let Ok((rest, inside)) = bracketed(i) {
        let inside = inside.trim_end();
        let length = name(without_line(inside))?;
        // Quarkus and WildFly write the thread behind the logger.
        let rest = match scan::enclosed(blanks(rest), b'(', b')') {
            Ok((behind, _)) if behind.starts_with(' ') => behind,
            _ => rest,
        };
        let message = rest.strip_prefix(':').unwrap_or(rest);
        return message
            .starts_with([' ', '\t'])
            .then(|| (split(inside, length).0, blanks(message)));
    }
    let (first, rest) = i.split_once(' ')?;
    if let Some(first) = first.strip_suffix(':') {
        return name(first).map(|_| (first, rest));
    }
    if let Some(first) = without_event(first) {
        return name(first).map(|_| (first, blanks(rest)));
    }
    // slf4j's simple logger writes two dashes since version 2.
    let message = blanks(rest)
        .strip_prefix("- ")
        .or_else(|| blanks(rest).strip_prefix("-- "))?;
    let length = name(without_line(first))?;
    Some((split(first, length).0, message))
}

/// `Prices:42` without the line.
pub(super) fn without_line(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((name, line)) if line.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => text,
    }
}

/// `Orders.Prices[14]` without the id of the event.
fn without_event(text: &str) -> Option<&str> {
    let (name, id) = text.strip_suffix(']')?.split_once('[')?;
    (!id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

/// Takes the logger off the message of a record that has no target, then the fields behind it.
pub(crate) fn named<'a>(i: &'a str, record: &mut Record<'a>) {
    let mut i = i;
    if record.target.is_none()
        && let Some((name, rest)) = logger(i)
    {
        record.target = Some(name.into());
        i = rest;
    }
    i = place(i, record);
    let message = pairs::tail(i, &mut record.fields);
    record.message = message.into();
    trailing_logger(record);
    if record.target.is_none() {
        record.target = text::component_prefix(message).map(Into::into);
    }
}

/// `main.go:42: message`.
pub(crate) fn place<'a>(i: &'a str, record: &mut Record<'a>) -> &'a str {
    if let Some((first, rest)) = super::scan::around(i, ": ")
        && !first.contains(' ')
        && let Some(place) = scan::place(first)
    {
        record.emitter = Some(place);
        return rest;
    }
    i
}

/// `INFO orders.http: message` behind a time with a comma, which only Python's `logging` and Java's write so.
pub(crate) fn python(i: &str) -> Scan<'_, Record<'_>> {
    let (i, level) = level(i)?;
    // What is in brackets may be a thread.
    if !i.starts_with(' ') || blanks(i).starts_with('[') {
        return fail();
    }
    let Some((name, rest)) = logger(blanks(i)) else {
        return fail();
    };
    let behind = blanks(i).strip_prefix(name);
    let format = if behind.is_some_and(|behind| behind.starts_with(": ")) {
        Format::Python
    } else {
        Format::Log4j
    };
    let mut record = Record::new(format, "").level(Some(level)).target(name);
    record.message = pairs::tail(rest, &mut record.fields).into();
    Ok(("", record))
}

/// `| WARNING  | orders.prices:build:42 - message` of loguru, behind the time.
pub(crate) fn loguru(i: &str) -> Scan<'_, Record<'_>> {
    let (i, ()) = byte(b'|')(i)?;
    let (i, name) = until("|")(i)?;
    let Some(level) = Level::from_word(name.trim()) else {
        return fail();
    };
    let (message, origin) = until(" - ")(blanks(i))?;
    scan::check(!origin.contains([' ', '|']))?;
    let mut parts = origin.splitn(2, ':');
    let mut record = Record::new(Format::Python, message)
        .level(Some(level))
        .target(parts.next().unwrap_or(""));
    if let Some((function, line)) = parts.next().and_then(|rest| rest.rsplit_once(':')) {
        record = record.with("function", function).with("line", line);
    }
    Ok(("", record))
}

/// `|WARN|Orders.Prices|message` of `NLog`, behind the time.
pub(crate) fn nlog(i: &str) -> Scan<'_, Record<'_>> {
    let (i, ()) = byte(b'|')(i)?;
    let (i, name) = until("|")(i)?;
    let Some(level) = Level::from_word(name.trim()) else {
        return fail();
    };
    let (message, logger) = until("|")(i)?;
    Ok((
        "",
        Record::new(Format::Log4j, message)
            .level(Some(level))
            .target(logger.trim()),
    ))
}

/// `WARN<tab>prices<tab>orders/prices.go:42<tab>message<tab>{"k": 1}` of zap, behind the time.
pub(crate) fn zap(i: &str) -> Scan<'_, Record<'_>> {
    let (rest, level) = level(i)?;
    let (rest, ()) = byte(b'\t')(rest)?;
    let mut record = Record::new(Format::Zap, "").level(Some(level));
    let mut i = rest;
    while let Some((first, rest)) = i.split_once('\t') {
        if let Some(place) = scan::place(first) {
            record.emitter = Some(place);
            i = rest;
            break;
        }
        if record.target.is_some() || !text::is_name(first) || rest.starts_with('{') {
            break;
        }
        record.target = Some(first.into());
        i = rest;
    }
    let message = match i.split_once('\t') {
        Some((message, context)) if json::fields(context, &mut record).is_some() => message,
        _ => i,
    };
    record.message = message.into();
    Ok(("", record))
}

/// `W, [2026-11-24T08:59:30.833123 #1234]  WARN -- prices: message` of Ruby.
pub(crate) fn ruby<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let i = line.get(1..)?.strip_prefix(", ")?;
    let (rest, inside) = bracketed(i).ok()?;
    let (after, time) = time::iso(inside, context).ok()?;
    let pid = blanks(after).strip_prefix('#')?;
    let (rest, name) = word_blanks(blanks(rest)).ok()?;
    let (message, program) = rest
        .strip_prefix("-- ")?
        .split_once(": ")
        .or_else(|| {
            let program = rest.strip_prefix("-- ")?.strip_suffix(':')?;
            Some((program, ""))
        })
        .map(|(program, message)| (message, program))?;
    let mut record = Record::new(Format::Bracketed, "")
        .at(Some(time))
        .level(Level::from_word(name))
        .target(program)
        .with("pid", pid);
    let mut message = message;
    // Rails tags what it logs with the id of the request.
    if let Ok((rest, tag)) = bracketed(message)
        && is_uuid(tag)
        && let Some(rest) = rest.strip_prefix(' ')
    {
        record = record.with("request_id", tag);
        message = rest;
    }
    record.message = pairs::tail(message, &mut record.fields).into();
    Some(record)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// ` INFO [main] 2026-11-24 12:00:00,123 …`: the level first, made as long as the longest by blanks in front.
pub(crate) fn padded<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    level_first(is_padded(line).then(|| blanks(line))?, context)
}

/// Whether a line begins with one blank and a level in capitals of four letters, as `%5p` writes it.
pub(crate) fn is_padded(line: &str) -> bool {
    matches!(
        line.as_bytes(),
        [b' ', b'I', b'N', b'F', b'O', b' ', ..] | [b' ', b'W', b'A', b'R', b'N', b' ', ..]
    )
}

/// `prices.WARNING: message {"k":1} []` of Monolog, behind the time in brackets.
pub(crate) fn monolog(i: &str) -> Option<Record<'_>> {
    let (first, message) = super::scan::around(i, ": ")?;
    let (channel, name) = first.rsplit_once('.')?;
    if channel.contains(' ') || !name.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let level = Level::from_word(name)?;
    let mut record = Record::new(Format::Bracketed, "")
        .level(Some(level))
        .target(channel);
    let message = message.trim_end();
    let message = message.strip_suffix(" []").unwrap_or(message);
    let message = message.strip_suffix(" []").unwrap_or(message);
    record.message = message.into();
    // Few tries, so that a message full of braces does not cost the square of its length.
    let starts = memchr::memmem::find_iter(message.as_bytes(), b" {");
    for at in starts.take(8) {
        if json::fields(split(message, at + 1).1, &mut record).is_some() {
            record.message = split(message, at).0.into();
            break;
        }
    }
    Some(record)
}

/// `PHP Warning:  message in /x.php on line 42`, behind the time in brackets.
pub(crate) fn php(i: &str) -> Option<Record<'_>> {
    let (kind, message) = i.strip_prefix("PHP ")?.split_once(':')?;
    let level = match kind {
        "Notice" | "Deprecated" => Level::Info,
        "Warning" => Level::Warn,
        "Fatal error" | "Parse error" | "Recoverable fatal error" => Level::Error,
        _ => return None,
    };
    let message = blanks(message);
    let mut record = Record::new(Format::Bracketed, message).level(Some(level));
    if let Some((text, place)) = message.rsplit_once(" in ")
        && let Some((path, line)) = place.split_once(" on line ")
        && let Ok(line) = line.trim().parse()
    {
        record.message = text.into();
        record.emitter = Some(crate::Emitter {
            path: path.into(),
            line,
            column: None,
        });
    }
    Some(record)
}

/// `[Nest] 1234  - 11/24/2026, 8:59:30 AM    WARN [PricesService] message +2ms`, the bracket being read.
pub(crate) fn nest<'a>(rest: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, pid) = digits(blanks(rest)).ok()?;
    let i = blanks(blanks(i).strip_prefix('-')?);
    let (i, time) = time::american(i, context).ok()?;
    let (i, level) = level(blanks(i)).ok()?;
    let mut record = Record::new(Format::Bracketed, "")
        .at(Some(time))
        .level(Some(level))
        .with("pid", pid);
    let mut i = blanks(i);
    // How long ago the line before was written says nothing of this one.
    if let Some((before, last)) = i.rsplit_once(" +")
        && last.ends_with("ms")
        && crate::duration::parse(last).is_some()
    {
        i = before;
    }
    named(i, &mut record);
    Some(record)
}

/// `[2026-11-24 08:59:30,833: WARNING/MainProcess] message` of Celery: what stands behind the time.
pub(crate) fn celery<'a>(after: &'a str, rest: &'a str) -> Option<Record<'a>> {
    let (name, process) = after.strip_prefix(": ")?.split_once('/')?;
    let level = Level::from_word(name)?;
    let mut record = Record::new(Format::Python, "")
        .level(Some(level))
        .with("process", process);
    named(blanks(rest), &mut record);
    Some(record)
}

/// `WARNING 2026-11-24 08:59:30,833 prices 1234 5678 message` of Django, and other lines whose level stands first.
pub(crate) fn level_first<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (rest, level) = level(line).ok()?;
    let rest = blanks(rest.strip_prefix(':').unwrap_or(rest));
    let inner = match bracketed(rest) {
        // `WARN[2026-11-24T08:59:30Z] message k=v` of logrus.
        Ok((behind, inside)) => {
            if let Some(record) = super::server::cassandra(rest, context) {
                return Some(record.level(Some(level)));
            }
            let time = match time::iso(inside, context) {
                Ok(("", time)) => Some(time),
                _ if inside.len() == 4 && digits(inside).is_ok() => None,
                _ => return None,
            };
            let mut record = Record::new(Format::Logfmt, "").at(time);
            record.message = pairs::tail(blanks(behind), &mut record.fields)
                .trim_end()
                .into();
            return Some(record.level(Some(level)));
        }
        Err(_) => rest,
    };
    let (i, time) = time::iso(inner, context).ok()?;
    let mut record = Record::new(Format::Python, "")
        .at(Some(time))
        .level(Some(level));
    let i = blanks(i.trim_start_matches([':', '-']));
    if let Some((name, behind)) = i.split_once(' ')
        && text::is_name(name)
        && let Ok((behind, _)) = digits(behind)
        && let Ok((message, _)) = digits(blanks(behind))
        && message.starts_with(' ')
    {
        record.target = Some(name.into());
        record.message = pairs::tail(blanks(message), &mut record.fields).into();
        return Some(record);
    }
    named(i, &mut record);
    Some(record)
}

/// A time of day without a date: `08:59:30.833 [main] WARN  c.e.Prices - message`, `08:59:30 | 200 | …`.
pub(crate) fn clock<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (rest, time) = time::of_day(line, context).ok()?;
    let rest = rest.strip_prefix(' ')?;
    Some(super::iso::behind_time(blanks(rest)).at(time))
}

/// `[08:59:30 WRN] message` of Serilog, `[08:59:30.833] WARN (prices/1234): message` of pino-pretty.
pub(crate) fn clock_in_brackets<'a>(
    inside: &'a str,
    rest: &'a str,
    context: &Context,
) -> Option<Record<'a>> {
    let (after, time) = time::of_day(inside, context).ok()?;
    let i = blanks(rest);
    let mut record = Record::new(Format::Bracketed, "").at(time);
    if !after.is_empty() {
        record.level = Some(Level::from_word(after.strip_prefix(' ')?)?);
        named(i, &mut record);
        return Some(record);
    }
    let Ok((rest, level)) = level(i) else {
        named(i, &mut record);
        return Some(record);
    };
    record.level = Some(level);
    let mut i = blanks(rest);
    if let Ok((rest, inside)) = scan::enclosed(i, b'(', b')')
        && let Some(message) = rest.strip_prefix(':')
    {
        if let Some((name, pid)) = inside.split_once('/') {
            record.target = Some(name.into());
            record = record.with("pid", pid);
        }
        i = blanks(message);
    }
    named(i.trim_start_matches([':', ' ']), &mut record);
    Some(record)
}

/// `24-Nov-2026 08:59:30.833 WARNING [main] org.a.Prices.build message` of Tomcat.
pub(crate) fn tomcat<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, time) = time::dashed(line, context).ok()?;
    let (i, level) = level(blanks(i)).ok()?;
    let (i, thread) = bracketed(blanks(i)).ok()?;
    let (message, name) = word_blanks(blanks(i)).ok()?;
    // The method is no part of the logger.
    let class = name.rsplit_once('.').map_or(name, |(class, _)| class);
    let mut record = Record::new(Format::Log4j, "")
        .at(Some(time))
        .level(Some(level))
        .target(class)
        .with("thread", thread);
    record.message = pairs::tail(message, &mut record.fields).into();
    Some(record)
}

/// `message    [orders.prices] k=v` of structlog: the logger stands behind the message.
fn trailing_logger(record: &mut Record<'_>) {
    if record.target.is_none()
        && let std::borrow::Cow::Borrowed(text) = record.message
        && let Some((message, name)) = text
            .strip_suffix(']')
            .and_then(|text| text.rsplit_once("  ["))
        && text::is_name(name)
    {
        record.target = Some(name.into());
        record.message = message.trim_end().into();
    }
}

/// The levels that only .NET writes so, in front of a logger with an event id: `fail: Orders.Prices[0]`.
pub(crate) fn dotnet_level(i: &str) -> Scan<'_, Level> {
    let (word, rest) = split(i, 4);
    let level = match word {
        "trce" => Level::Trace,
        "dbug" => Level::Debug,
        "fail" => Level::Error,
        _ => return fail(),
    };
    match rest.strip_prefix(':') {
        Some(logger) if dotnet(blanks(logger)).is_some() => Ok((rest, level)),
        _ => fail(),
    }
}

/// Whether a record is a header of .NET (`warn: Orders.Prices[0]`), whose message follows on the next line.
pub(crate) fn dotnet(i: &str) -> Option<(&str, Field<'_>)> {
    let name = without_event(i.trim_end())?;
    let id = i.trim_end().get(name.len() + 1..)?.strip_suffix(']')?;
    let field = Field {
        name: "event_id".into(),
        value: id.into(),
        of_span: false,
    };
    text::is_name(name).then_some((name, field))
}
