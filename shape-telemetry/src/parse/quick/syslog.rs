//! Syslog lines as daemons write them.

use super::{fields::Fields, line::Line, pairs, stamps::Stamps};
use crate::{
    Format, Level,
    parse::{syslog, time::Context, web},
};

/// `<34>` and what follows it.
pub(super) fn with_priority<'a>(
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    if line.byte(line.start) != b'<' {
        return None;
    }
    let mut at = line.start + 1;
    let mut priority = 0;
    while let digit @ 0..=9 = line.byte(at).wrapping_sub(b'0') {
        priority = priority * 10 + u64::from(digit);
        at += 1;
        if line.start + 4 < at {
            return None;
        }
    }
    if at == line.start + 1 || line.byte(at) != b'>' || 192 <= priority {
        return None;
    }
    let level = Level::from_syslog(priority & 7);
    at += 1;
    if line.byte(at + 1) == b' ' {
        fields.record.level = level;
        return rfc5424(line, at, stamps, context, fields);
    }
    header(line, at, stamps, context, fields)?;
    fields.record.level = level;
    fields.record.format = Format::Rfc3164;
    Some(())
}

/// `1 2003-10-11T22:14:15.003Z host app procid msgid [data] message`.
fn rfc5424<'a>(
    line: &Line<'a, '_>,
    at: usize,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    // In a log of the older syntax words are not marked.
    if !matches!(line.byte(at), b'1' | b'2') || !line.marks.has_words() {
        return None;
    }
    let (time_end, time) = stamps.iso(line, at + 2, context)?;
    if line.byte(time_end) != b' ' || matches!(line.byte(time_end + 1), b' ' | b'\t') {
        return None;
    }
    let host_end = line.word(time_end + 1)?;
    let app_end = line.word(host_end + 1)?;
    let process_end = line.word(app_end + 1)?;
    let id_end = line.word(process_end + 1)?;
    fields.record.format = Format::Rfc5424;
    fields.record.time = Some(time);
    fields.record.name(line.text(host_end + 1, app_end));
    fields.said("host", line.text(time_end + 1, host_end));
    fields.said("pid", line.text(app_end + 1, process_end));
    fields.said("msgid", line.text(process_end + 1, id_end));
    let mut at = id_end + 1;
    if line.byte(at) == b'-' {
        at += 1;
    } else {
        while line.byte(at) == b'[' {
            at = pairs::parameters(line, at, fields)?;
        }
    }
    let message = line.text(at, line.end()).trim_start_matches([' ', '\t']);
    fields.record.message = message.trim_start_matches('\u{feff}').into();
    Some(())
}

/// `Oct 11 22:14:15 host prog(sub)[pid]: message`.
pub(super) fn header<'a>(
    line: &Line<'a, '_>,
    at: usize,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    let time = stamps.syslog(line, at, context).ok()?;
    if line.byte(at + 15) != b' ' || matches!(line.byte(at + 16), b' ' | b'\t') {
        return None;
    }
    let host_end = line.word(at + 16)?;
    // Without a host.
    if line.byte(host_end - 1) == b':' {
        return None;
    }
    let program = host_end + 1;
    // A program without blanks: its last byte is the colon.
    let head_end = line.blank(program);
    if head_end == line.end() || line.byte(head_end - 1) != b':' || head_end - 1 == program {
        return None;
    }
    let head = line.text(program, head_end - 1);
    if head.starts_with("CEF:") || head.starts_with("LEEF:") || head.starts_with(web::HAPROXY) {
        return None;
    }
    let (name, pid) = match head.strip_suffix(']') {
        Some(head) => head.split_once('[')?,
        None => (head, ""),
    };
    let is_plain = name.trim_end().len() == name.len() && !name.contains('[');
    if name.is_empty() || !is_plain || pid.contains(['[', ']']) {
        return None;
    }
    fields.record.format = Format::Syslog;
    fields.record.time = time;
    fields.record.name(name);
    fields.said("pid", pid);
    fields.said("host", line.text(at + 16, host_end));
    let message = line.text(head_end + 1, line.end());
    if syslog::is_record(message) {
        return None;
    }
    fields.record.level = syslog::body_level(message);
    fields.record.message = message.into();
    Some(())
}
