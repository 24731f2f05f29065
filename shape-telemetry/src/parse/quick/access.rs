//! The access log lines that servers write by default.

use super::{fields::Fields, line::Line, stamps::Stamps};
use crate::{
    Format,
    parse::{time::Context, web},
};

/// `127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326 "referrer" "agent" …`, one blank between two
/// parts and nothing escaped.
pub(super) fn clf<'a>(
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    let client_end = line.word(line.start)?;
    let second_end = line.word(client_end + 1)?;
    if line.byte(client_end + 1) == b'[' || line.byte(second_end + 1) == b'[' {
        return None;
    }
    let user_end = line.word(second_end + 1)?;
    if line.byte(user_end + 1) != b'[' || 128 < user_end - second_end {
        return None;
    }
    let time = stamps.access(line, user_end + 2, context)?;
    let request = user_end + 31;
    if line.array(user_end + 28)? != *b"] \"" {
        return None;
    }
    let method_end = line.blank(request);
    let path_end = line.blank(method_end + 1);
    let request_end = line.quote(request);
    // Three parts, so that nothing has to be counted.
    if request_end <= path_end
        || line.byte(request_end) != b'"'
        || line.blank(path_end + 1) < request_end
    {
        return None;
    }
    let status = request_end + 2;
    let [b' ', a, b, c, b' '] = line.array(request_end + 1)? else {
        return None;
    };
    if !(a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_digit()) {
        return None;
    }
    let size = status + 4;
    let size_end = line.blank(size);
    if size_end == size || line.byte(size) == b'\t' {
        return None;
    }
    let record = &mut *fields.record;
    record.format = Format::Clf;
    record.time = Some(time);
    record.message = line.text(request, request_end).into();
    let first = line.text(line.start, client_end);
    let second = line.text(client_end + 1, second_end);
    let client = if second == "-" { first } else { second };
    fields.said("method", line.text(request, method_end));
    fields.said("path", line.text(method_end + 1, path_end));
    fields.said("protocol", line.text(path_end + 1, request_end));
    fields.said("status", line.text(status, status + 3));
    fields.said("size", line.text(size, size_end));
    fields.said("client", client);
    fields.said("user", line.text(second_end + 1, user_end));
    let mut at = size_end;
    for name in ["referrer", "agent"] {
        if at == line.end() {
            return Some(());
        }
        if line.array(at)? != *b" \"" {
            return None;
        }
        let end = line.quote(at + 2);
        if line.byte(end) != b'"' {
            return None;
        }
        let text = line.text(at + 2, end);
        if text != "-" {
            fields.put(name, text);
        }
        at = end + 1;
    }
    if at < line.end() {
        fields.with(|record| web::behind_agent(line.text(at, line.end()), record));
    }
    Some(())
}
