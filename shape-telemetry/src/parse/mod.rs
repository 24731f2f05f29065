//! The grammars: one line in, one [`Record`] out.

pub(crate) mod android;
pub(crate) mod bracket;
pub(crate) mod dialect;
pub(crate) mod exception;
pub(crate) mod iso;
pub(crate) mod json;
pub(crate) mod jvm;
pub(crate) mod layout;
pub(crate) mod marks;
pub(crate) mod numeric;
pub(crate) mod other;
pub(crate) mod pairs;
pub(crate) mod platform;
pub(crate) mod postgres;
pub(crate) mod quick;
pub(crate) mod rails;
pub(crate) mod report;
pub(crate) mod scan;
pub(crate) mod security;
pub(crate) mod server;
pub(crate) mod syslog;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod tracing;
pub(crate) mod web;

use self::time::Context;
use crate::{Format, Record};

/// The record of a line in any format; [`Format::Plain`] when none fits.
pub(crate) fn any<'a>(line: &'a str, context: &Context) -> Record<'a> {
    detect(line, context).unwrap_or_else(|| text::plain(line))
}

/// The record of a line that came out of a wrapper; only so many wrappers are taken off.
pub(crate) fn inner<'a>(line: &'a str, context: &Context) -> Record<'a> {
    match context.inside() {
        Some(context) => any(line, &context),
        None => Record::plain(line),
    }
}

/// The record of a line, if any format fits; which ones are tried the first byte decides.
pub(crate) fn detect<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    match *line.as_bytes().first()? {
        b'{' => json::json(line, context),
        b'<' => syslog::with_priority(line, context).or_else(|| report::windows_xml(line, context)),
        b'=' => report::erlang(line, context),
        b'[' => bracket::bracket(line, context),
        b' ' => tracing::pretty(line, context)
            .or_else(|| server::barred_without_time(line))
            .or_else(|| layout::padded(line, context)),
        b'-' => numeric::labelled(line, context),
        b'0'..=b'9' => digit(line, context),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'@' => letter(line, context),
        // `::1 - - [10/Oct/…`
        b':' => web::clf(line, context).or_else(|| platform::runner_command(line)),
        b'/' => platform::compiler(line).or_else(|| exception::exception(line)),
        b'#' => server::slow_query(line, context),
        _ => None,
    }
}

fn digit<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    match line.as_bytes().get(4) {
        Some(b'-' | b'/' | b'.') => iso::iso(line, context),
        _ => None,
    }
    .or_else(|| web::clf(line, context))
    .or_else(|| numeric::hdfs(line, context))
    .or_else(|| numeric::spark(line, context))
    .or_else(|| android::dated(line, context))
    .or_else(|| numeric::health(line, context))
    .or_else(|| numeric::redis(line, context))
    .or_else(|| layout::clock(line, context))
    .or_else(|| layout::tomcat(line, context))
    .or_else(|| platform::epoch_first(line))
    .or_else(|| web::haproxy(line, context))
    .or_else(|| numeric::mysql(line, context))
    .or_else(|| jvm::collector(line))
    .or_else(|| numeric::hpc(line))
    .or_else(|| platform::kubectl(line))
    .or_else(|| platform::npm(line))
}

fn letter<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let bytes = line.as_bytes();
    if bytes.get(3) == Some(&b' ')
        && let Some(record) = syslog::plain(line, context)
    {
        return Some(record);
    }
    if matches!(bytes.get(1), Some(b'/' | b'('))
        && let Some(record) = android::brief(line)
    {
        return Some(record);
    }
    if bytes.get(1).is_some_and(u8::is_ascii_digit)
        && let Some(record) = other::klog(line, context)
    {
        return Some(record);
    }
    if bytes.get(1) == Some(&b',')
        && let Some(record) = layout::ruby(line, context)
    {
        return Some(record);
    }
    if line.starts_with("CEF:") {
        return security::cef(line, context);
    }
    if line.starts_with("LEEF:") {
        return security::leef(line, context);
    }
    if line.starts_with("thread '") {
        return other::panic(line);
    }
    if line.starts_with("type=")
        && let Some(record) = security::audit(line)
    {
        return Some(record);
    }
    tracing::tracing(line, context)
        .or_else(|| web::balancer(line, context))
        .or_else(|| pairs::logfmt(line, context))
        .or_else(|| other::python(line))
        .or_else(|| layout::level_first(line, context))
        .or_else(|| other::leveled(line))
        .or_else(|| other::openstack(line, context))
        .or_else(|| numeric::labelled(line, context))
        .or_else(|| web::clf(line, context))
        .or_else(|| platform::program_and_time(line, context))
        .or_else(|| platform::npm(line))
        .or_else(|| platform::compiler(line))
        .or_else(|| platform::decoded_dmesg(line, context))
        .or_else(|| platform::runner_log(line, context))
        .or_else(|| platform::kubectl(line))
        .or_else(|| exception::exception(line))
        .or_else(|| rails::rails(line, context))
        .or_else(|| report::windows(line))
        .or_else(|| text::console(line, context))
}

/// Tries the grammar of a format first, so that a file of one format is read without asking the others.
pub(crate) fn parse<'a>(format: Format, line: &'a str, context: &Context) -> Record<'a> {
    let first = match format {
        Format::Logfmt => pairs::logfmt(line, context),
        Format::Syslog => syslog::plain(line, context),
        Format::Clf => web::clf(line, context),
        Format::Hdfs => numeric::hdfs(line, context),
        Format::Spark => numeric::spark(line, context),
        Format::Logcat => android::dated(line, context),
        Format::HealthApp => numeric::health(line, context),
        Format::Hpc => numeric::hpc(line),
        Format::Redis => numeric::redis(line, context),
        Format::OpenStack => other::openstack(line, context),
        Format::Bgl | Format::Thunderbird => numeric::labelled(line, context),
        Format::Klog => other::klog(line, context),
        Format::Tracing => tracing::tracing(line, context),
        Format::Console => text::console(line, context),
        Format::Cef => security::cef(line, context),
        Format::Leef => security::leef(line, context),
        _ => None,
    };
    first.unwrap_or_else(|| any(line, context))
}
