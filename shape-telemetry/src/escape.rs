//! Terminal escapes.

use memchr::memchr;

/// The line without terminal escapes, where it has any.
pub(crate) fn strip_ansi(line: &str) -> Option<String> {
    memchr(0x1b, line.as_bytes())?;
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr(0x1b, rest.as_bytes()) {
        let (before, escape) = rest.split_at_checked(at)?;
        out.push_str(before);
        rest = after_escape(escape);
    }
    out.push_str(rest);
    Some(out)
}

/// What follows an escape sequence: CSI up to its final byte, OSC up to BEL or ST, else one character.
fn after_escape(escape: &str) -> &str {
    let bytes = escape.as_bytes();
    let end = match bytes.get(1) {
        Some(b'[') => bytes
            .iter()
            .skip(2)
            .position(|b| (0x40..=0x7e).contains(b))
            .map_or(bytes.len(), |at| at + 3),
        Some(b']') => memchr(0x07, bytes)
            .map(|at| at + 1)
            .or_else(|| memchr::memmem::find(bytes, b"\x1b\\").map(|at| at + 2))
            .unwrap_or(bytes.len()),
        Some(_) => 2,
        None => 1,
    };
    // A final byte is ASCII, so `end` is a boundary unless the sequence is broken.
    let mut end = end.min(escape.len());
    while !escape.is_char_boundary(end) {
        end += 1;
    }
    escape.get(end..).unwrap_or("")
}
