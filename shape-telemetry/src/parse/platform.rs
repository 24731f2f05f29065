//! Lines of what programs run on: kernels, service managers, orchestrators, runners of builds, frameworks.

use super::{
    bracket, iso, layout, pairs,
    scan::{self, blanks, split, word_blanks},
    text,
    time::{self, Context},
};
use crate::{Format, Level, Record};

/// `##[error]message` of a runner of GitHub or Azure, behind the time.
pub(super) fn runner(i: &str) -> Option<Record<'_>> {
    let (name, message) = i.strip_prefix("##[")?.split_once(']')?;
    let mut record = Record::new(Format::Iso, message);
    record.level = match name {
        "group" | "endgroup" | "section" | "command" => None,
        name => Some(Level::from_word(name)?),
    };
    Some(record)
}

/// `::error file=app.js,line=10::message`, a command to a runner of GitHub.
pub(crate) fn runner_command(line: &str) -> Option<Record<'_>> {
    let (head, message) = line.strip_prefix("::")?.split_once("::")?;
    let (name, parameters) = head.split_once(' ').unwrap_or((head, ""));
    let level = match name {
        "error" | "warning" | "notice" | "debug" => Level::from_word(name),
        _ => return None,
    };
    let mut record = Record::new(Format::Iso, message).level(level);
    let (mut path, mut number) = (None, None);
    for (name, value) in parameters
        .split(',')
        .filter_map(|pair| pair.split_once('='))
    {
        match name {
            "file" => path = Some(value),
            "line" => number = value.parse().ok(),
            _ => {}
        }
    }
    if let (Some(path), Some(line)) = (path, number) {
        record.emitter = Some(crate::Emitter {
            path: path.into(),
            line,
            column: None,
        });
    }
    Some(record)
}

/// `job<tab>step<tab>2026-11-24T12:00:00.1234567Z message`, as the command line of GitHub prints the log of a run.
pub(crate) fn runner_log<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (job, rest) = line.split_once('\t')?;
    let (step, rest) = rest.split_once('\t')?;
    let rest = rest.trim_start_matches('\u{feff}');
    let (i, time) = time::iso(rest, context).ok()?;
    let message = i.strip_prefix(' ')?;
    let mut record = runner(message).unwrap_or_else(|| Record::new(Format::Iso, message));
    record.name(step);
    Some(record.at(Some(time)).with("job", job))
}

/// `5m  Warning  BackOff  pod/cart-5d4f  message`: an event as `kubectl get events` lists it, perhaps behind its
/// namespace. How long ago it was is no time.
pub(crate) fn kubectl(line: &str) -> Option<Record<'_>> {
    let (mut i, mut age) = word_blanks(line).ok()?;
    let mut namespace = "";
    if !is_age(age) {
        namespace = age;
        (i, age) = word_blanks(i).ok()?;
        if !is_age(age) {
            return None;
        }
    }
    let (i, kind) = word_blanks(i).ok()?;
    let level = match kind {
        "Normal" => Level::Info,
        "Warning" => Level::Warn,
        _ => return None,
    };
    let (i, reason) = word_blanks(i).ok()?;
    let (message, object) = word_blanks(i).ok()?;
    let (resource, _) = object.split_once('/')?;
    Some(
        Record::new(Format::Iso, message)
            .level(Some(level))
            .target(resource)
            .with("reason", reason)
            .with("object", object)
            .with("namespace", namespace)
            .with("age", age),
    )
}

/// `5m`, `2d3h`, `<unknown>`.
fn is_age(text: &str) -> bool {
    text == "<unknown>"
        || (text.len() <= 8
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.ends_with(['s', 'm', 'h', 'd', 'y'])
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || b"smhdy".contains(&b)))
}

/// `kern  :info  : [    1.234567] message`, as `dmesg -x` prints the buffer of the kernel.
pub(crate) fn decoded_dmesg<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (facility, rest) = line.split_once(':')?;
    let facility = facility.trim_end();
    let is_facility = matches!(
        facility,
        "kern"
            | "user"
            | "mail"
            | "daemon"
            | "auth"
            | "syslog"
            | "lpr"
            | "news"
            | "uucp"
            | "cron"
            | "authpriv"
            | "ftp"
    );
    let (name, rest) = rest.split_once(':')?;
    let level = Level::from_word(name.trim())?;
    let rest = blanks(rest);
    if !is_facility || !rest.starts_with('[') {
        return None;
    }
    let record = bracket::bracket(rest, context)?;
    Some(record.level(Some(level)))
}

/// `1.7955216001234567e+09<tab>info<tab>setup<tab>message` of zap, and other lines that begin with epoch seconds and a
/// level.
pub(crate) fn epoch_first(line: &str) -> Option<Record<'_>> {
    let end = line.find(['\t', ' '])?;
    let (stamp, rest) = split(line, end);
    let whole = stamp.split(['.', 'e']).next()?;
    let is_epoch = stamp.contains('e') || matches!(whole.len(), 10 | 13);
    let time = time::epoch(stamp).filter(|_| is_epoch && stamp.len() != whole.len())?;
    let (_, record) = layout::zap(blanks(rest))
        .or_else(|_| iso::logcat(blanks(rest)))
        .ok()?;
    Some(record.at(Some(time)))
}

/// `<6>Shop.Cart[0] message`: a priority, as programs under systemd write it, and no header of syslog behind it.
pub(super) fn prioritised<'a>(i: &'a str, context: &Context) -> Record<'a> {
    if let Some(record) = i
        .starts_with('[')
        .then(|| bracket::bracket(i, context))
        .flatten()
    {
        return record;
    }
    if let Some((first, message)) = i.split_once(' ')
        && let Some((name, id)) = layout::dotnet(first)
    {
        let mut record = Record::new(Format::Iso, message).target(name);
        record.fields.push(id);
        return record;
    }
    let mut record = Record::new(Format::Iso, "");
    let message = pairs::tail(i, &mut record.fields);
    record.message = message.into();
    record.target = text::component_prefix(message).map(Into::into);
    record
}

/// `src/main.c:12:3: error: message` of compilers, `error[E0308]: message` of Rust's.
pub(crate) fn compiler(line: &str) -> Option<Record<'_>> {
    if let Some(rest) = line.strip_prefix("error[") {
        let (code, message) = super::scan::around(rest, "]: ")?;
        let is_code = code
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b':' || b == b'_');
        return is_code.then(|| {
            Record::new(Format::Iso, message)
                .level(Some(Level::Error))
                .with("code", code)
        });
    }
    let (place, rest) = super::scan::around(line, ": ")?;
    let place = scan::place(place)?;
    let (name, message) = super::scan::around(rest, ": ")?;
    let level = match name {
        "fatal error" => Level::Fatal,
        "error" | "warning" | "note" => Level::from_word(name)?,
        _ => return None,
    };
    let mut record = Record::new(Format::Iso, message).level(Some(level));
    record.emitter = Some(place);
    Some(record)
}

/// `12 verbose cli /usr/bin/node`, `npm error code E404` of npm.
pub(crate) fn npm(line: &str) -> Option<Record<'_>> {
    let (first, rest) = line.split_once(' ')?;
    let is_number = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
    if !is_number && first != "npm" {
        return None;
    }
    let (name, message) = rest.split_once(' ')?;
    let level = match name {
        "silly" | "sill" => Level::Trace,
        "verbose" | "verb" => Level::Debug,
        "info" | "http" | "timing" | "notice" => Level::Info,
        // `1 error generated` counts; with any other number it would be `errors`.
        "warn" | "error" if first == "1" => return None,
        "warn" | "WARN" => Level::Warn,
        "error" | "ERR!" => Level::Error,
        _ => return None,
    };
    let mut record = Record::new(Format::Iso, message).level(Some(level));
    if is_number {
        record = record.with("number", first);
    }
    Some(record)
}

/// `update-alternatives 2026-11-24 12:00:00: message`: a program, a time and a message.
pub(crate) fn program_and_time<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (program, rest) = line.split_once(' ')?;
    if !text::is_name(program) {
        return None;
    }
    let (i, time) = time::iso(rest, context).ok()?;
    let i = i.strip_prefix(':').unwrap_or(i);
    let mut record = iso::behind_time(blanks(i.strip_prefix(' ')?)).at(Some(time));
    if record.target.is_none() || record.level.is_none() {
        record.target = Some(program.into());
    }
    Some(record)
}
