//! The formats of security devices: CEF and LEEF.

use std::borrow::Cow;

use super::{
    pairs,
    scan::split,
    time::{self, Context},
};
use crate::{Field, Format, Level, Record};

/// `type=USER_LOGIN msg=audit(1795521600.123:45): pid=1 … msg='op=login … res=failed'` of the audit daemon of Linux: the
/// kind is the message, what is in quotes is fields too.
pub(crate) fn audit(line: &str) -> Option<Record<'_>> {
    let (kind, rest) = line.strip_prefix("type=")?.split_once(" msg=audit(")?;
    let (stamp, rest) = rest.split_once("):")?;
    let (time, serial) = stamp.split_once(':')?;
    let mut record = Record::new(Format::Logfmt, kind)
        .at(time::epoch(time))
        .target("audit")
        .with("serial", serial);
    let (head, inside) = match rest.split_once("msg='") {
        Some((head, inside)) => (head, inside.strip_suffix('\'').unwrap_or(inside)),
        None => (rest, ""),
    };
    pairs::all(head, false, &mut record.fields);
    pairs::all(inside, false, &mut record.fields);
    Some(record)
}

/// `CEF:0|Vendor|Product|1.0|100|Name|5|src=10.0.0.1 dst=2.1.2.2`.
pub(crate) fn cef<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let at = memchr::memmem::find(line.as_bytes(), b"CEF:")?;
    let mut i = split(line, at).1;
    let mut part = || {
        let (part, rest) = header_part(i)?;
        i = rest;
        Some(part)
    };
    let _version = part()?;
    let (vendor, product, version) = (part()?, part()?, part()?);
    let (signature, name, severity) = (part()?, part()?, part()?);
    let level = match severity.parse::<u8>() {
        Ok(0..=3) => Some(Level::Info),
        Ok(4..=6) => Some(Level::Warn),
        Ok(7..=8) => Some(Level::Error),
        Ok(_) => Some(Level::Fatal),
        Err(_) => word(&severity),
    };
    let mut record = Record::new(Format::Cef, "").level(level);
    record.message = name;
    record.target = Some(product);
    for (name, value) in [
        ("vendor", vendor),
        ("version", version),
        ("signature", signature),
    ] {
        push(&mut record, name, value);
    }
    extension(i, &mut record);
    record.time = record
        .first_field(&["rt", "end", "start"])
        .and_then(|text| moment(text, context));
    Some(record)
}

/// The levels of CEF that are words.
fn word(severity: &str) -> Option<Level> {
    Some(match severity {
        "Unknown" | "Low" => Level::Info,
        "Medium" => Level::Warn,
        "High" => Level::Error,
        "Very-High" => Level::Fatal,
        other => return Level::from_word(other),
    })
}

/// A part of the header, up to a `|` that no backslash stands before.
fn header_part(i: &str) -> Option<(Cow<'_, str>, &str)> {
    let at = unescaped(i, b'|')?;
    let (part, rest) = split(i, at);
    Some((unescape(part), split(rest, 1).1))
}

/// The offset of a byte that no backslash stands before.
fn unescaped(i: &str, wanted: u8) -> Option<usize> {
    let bytes = i.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr2(wanted, b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&wanted) {
            return Some(at);
        }
        at += 2;
    }
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('\\', Some(next @ ('\\' | '|' | '='))) => {
                out.push(next);
                chars.next();
            }
            ('\\', Some('n' | 'r')) => {
                out.push(' ');
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out.into()
}

fn push<'a>(record: &mut Record<'a>, name: &'a str, value: Cow<'a, str>) {
    if !name.is_empty() && !value.is_empty() {
        record.fields.push(Field {
            name: name.into(),
            value,
            of_span: false,
        });
    }
}

/// `src=10.0.0.1 msg=a text with blanks act=drop`: a value reaches to the blank before the next name.
fn extension<'a>(i: &'a str, record: &mut Record<'a>) {
    // The name whose value is being read, and where that begins; where the last word begins.
    let mut open: Option<(&str, usize)> = None;
    let mut word = 0;
    let bytes = i.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'\\' => at += 1,
            b' ' => word = at + 1,
            b'=' if word < at => {
                if let Some((name, from)) = open {
                    push(
                        record,
                        name,
                        unescape(i.get(from..word).unwrap_or_default().trim_end()),
                    );
                }
                open = i.get(word..at).map(|name| (name, at + 1));
                // What follows up to the next blank is value.
                word = usize::MAX;
            }
            _ => {}
        }
        at += 1;
    }
    if let Some((name, from)) = open {
        push(
            record,
            name,
            unescape(i.get(from..).unwrap_or_default().trim_end()),
        );
    }
}

/// An epoch, `Mar 01 2026 12:00:00`, or an ISO time.
fn moment(text: &str, context: &Context) -> Option<jiff::Timestamp> {
    time::epoch(text)
        .or_else(|| time::syslog(text, context).ok().and_then(|(_, time)| time))
        .or_else(|| time::iso(text, context).ok().map(|(_, time)| time))
}

/// `LEEF:1.0|Vendor|Product|Version|EventID|src=10.0.0.1<tab>sev=5`, and `LEEF:2.0` with a separator of its own.
pub(crate) fn leef<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let at = memchr::memmem::find(line.as_bytes(), b"LEEF:")?;
    let mut parts = split(line, at).1.splitn(6, '|');
    let format = parts.next()?;
    let (vendor, product, version) = (parts.next()?, parts.next()?, parts.next()?);
    let (event, rest) = (parts.next()?, parts.next().unwrap_or(""));
    let (separator, rest) = match rest.split_once('|') {
        Some((written, rest)) if format == "LEEF:2.0" => (separator(written)?, rest),
        _ => ('\t', rest),
    };
    let mut record = Record::new(Format::Leef, event)
        .target(product)
        .with("vendor", vendor)
        .with("version", version);
    for pair in rest.split(separator) {
        if let Some((name, value)) = pair.split_once('=') {
            match name.trim() {
                "sev" => {
                    record.level = match value.parse::<u8>() {
                        Ok(0..=3) => Some(Level::Info),
                        Ok(4..=6) => Some(Level::Warn),
                        Ok(7..=8) => Some(Level::Error),
                        Ok(_) => Some(Level::Fatal),
                        Err(_) => Level::from_word(value),
                    }
                }
                "devTime" => record.time = moment(value, context),
                name => push(&mut record, name, value.into()),
            }
        }
    }
    Some(record)
}

/// `^`, `x5E` or `0x5E`; nothing written is a tab.
fn separator(written: &str) -> Option<char> {
    let mut chars = written.chars();
    match (chars.next(), chars.next()) {
        (None, _) => Some('\t'),
        (Some(c), None) => Some(c),
        _ => {
            let digits = written
                .strip_prefix("0x")
                .or_else(|| written.strip_prefix('x'))?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_blanks_and_escapes() {
        let line = r"CEF:0|A\|B|P|1|7|it \\ broke|High|msg=a = text\=x with b act=drop cs1=";
        let record = cef(line, &Context::default()).unwrap();
        assert_eq!(record.message, r"it \ broke");
        assert_eq!(record.field("vendor"), Some("A|B"));
        assert_eq!(record.level, Some(Level::Error));
        assert_eq!(record.field("act"), Some("drop"));
        assert_eq!(record.field("msg"), Some("a = text=x with b"));
    }
}
