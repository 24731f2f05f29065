//! The error log of nginx.

use memchr::memchr_iter;

use super::{fields::Fields, line::Line, stamps::Stamps};
use crate::{Format, Level, parse::time::Context};

/// `2026/03/01 12:00:00 [error] 1234#5678: *90 message, client: 1.2.3.4, server: x`, one blank between two parts.
pub(super) fn error<'a>(
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    let (time_end, time) = stamps.iso(line, line.start, context)?;
    if line.array(time_end)? != *b" [" {
        return None;
    }
    let head_end = line.blank(time_end + 2);
    if line.byte(head_end - 1) != b']' {
        return None;
    }
    let level = Level::from_word(line.text(time_end + 2, head_end - 1))?;
    let pid = head_end + 1;
    let pid_end = line.digits(pid);
    let thread = pid_end + 1;
    let thread_end = line.digits(thread);
    if pid == pid_end || line.byte(pid_end) != b'#' || thread == thread_end {
        return None;
    }
    if line.array(thread_end)? != *b": " {
        return None;
    }
    let mut message = thread_end + 2;
    let mut connection = "";
    if line.byte(message) == b'*' {
        let end = line.digits(message + 1);
        connection = line.text(message + 1, end);
        message = end + 1;
        if connection.is_empty() || line.byte(end) != b' ' {
            return None;
        }
    }
    if matches!(line.byte(message), b' ' | b'\t') {
        return None;
    }
    let record = &mut *fields.record;
    record.format = Format::NginxError;
    record.time = Some(time);
    record.level = Some(level);
    fields.put("pid", line.text(pid, pid_end));
    fields.put("tid", line.text(thread, thread_end));
    fields.said("connection", connection);
    let commas = memchr_iter(b',', line.bytes(message)).map(|at| message + at);
    let request = commas
        .into_iter()
        .find(|&at| line.array(at) == Some(*b", client: "));
    let message_end = request.unwrap_or(line.end());
    fields.record.message = line.text(message, message_end).into();
    if let Some(at) = request {
        of_request(line, at + 2, fields);
    }
    Some(())
}

/// `client: 1.2.3.4, request: "GET / HTTP/1.1"`. Quotes shield no commas: the grammar knows none.
fn of_request<'a>(line: &Line<'a, '_>, from: usize, fields: &mut Fields<'_, 'a>) {
    let mut start = from;
    let mut colon = None;
    let mut at = from;
    loop {
        let blank = line.blank(at);
        let is_end = blank == line.end();
        let before = line.byte(blank - 1);
        if is_end || (before == b',' && start < blank) {
            let end = if is_end { blank } else { blank - 1 };
            if let Some(colon) = colon.take() {
                let (mut from, mut to) = (colon + 2, end);
                while from < to && line.byte(from) == b'"' {
                    from += 1;
                }
                while from < to && line.byte(to - 1) == b'"' {
                    to -= 1;
                }
                fields.put(line.text(start, colon), line.text(from, to));
            }
            start = blank + 1;
        } else if before == b':' && start < blank && colon.is_none() {
            colon = Some(blank - 1);
        }
        if is_end {
            return;
        }
        at = blank + 1;
    }
}
