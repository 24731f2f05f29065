//! From a message to the text that is the same for all messages of its kind.

use crate::Record;

/// What stands for a variable.
pub(crate) const WILDCARD: &str = "<*>";

/// Longer messages are masked up to here; the rest is one variable.
const MAX_MESSAGE: usize = 2_048;

/// Writes the masked message of a record to `out`; a record without a message gives the names of its fields.
pub(crate) fn record(record: &Record<'_>, out: &mut String) {
    out.clear();
    if !record.message.trim_ascii().is_empty() {
        message(&record.message, out);
        return;
    }
    for field in record.fields.iter().filter(|field| !field.of_span).take(24) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&field.name);
        out.push('=');
        out.push_str(WILDCARD);
    }
}

/// Appends the masked text: a pure function of the message.
///
/// Numbers, durations, sizes, addresses, ids and everything else with a digit in it, paths, URLs, quoted texts and
/// the values of `name=value` become `<*>`; punctuation and words stay.
pub(crate) fn message(text: &str, out: &mut String) {
    let cut = MAX_MESSAGE < text.len();
    let text = crate::number::cut(text, MAX_MESSAGE);
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'"' | b'\'' | b'`' => {
                out.push(char::from(b));
                at += 1;
                if let Some(end) = quoted_end(bytes, at - 1) {
                    out.push_str(WILDCARD);
                    out.push(char::from(b));
                    at = end + 1;
                }
            }
            _ if is_word(b) => {
                let end = bytes
                    .iter()
                    .skip(at)
                    .position(|&b| !is_word(b))
                    .map_or(bytes.len(), |length| at + length);
                let is_value = 0 < at && bytes.get(at - 1) == Some(&b'=');
                word(text.get(at..end).unwrap_or_default(), is_value, out);
                at = end;
            }
            _ => {
                out.push(char::from(b));
                at += 1;
            }
        }
    }
    if cut {
        out.push_str(WILDCARD);
    }
}

/// Bytes that belong to one word: an address, a path, an id. Everything beyond ASCII does too.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || 0x7f < b || b"_./:-@%$+#~*\\&?^".contains(&b)
}

/// The closing quote of a text that begins at `start` and is not part of a word (`don't`).
fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = *bytes.get(start)?;
    let inside_word = 0 < start && bytes.get(start - 1).is_some_and(u8::is_ascii_alphanumeric);
    if quote == b'\'' && inside_word {
        return None;
    }
    let mut at = start + 1;
    while let Some(&b) = bytes.get(at) {
        if b == b'\\' {
            at += 1;
        } else if b == quote {
            let before_word = bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
            if !(quote == b'\'' && before_word) {
                return Some(at);
            }
        } else if b == b'\n' {
            return None;
        }
        at += 1;
    }
    None
}

/// One word, its leading and trailing punctuation apart.
fn word(text: &str, is_value: bool, out: &mut String) {
    let is_edge = |c: char| matches!(c, '.' | ':' | '-' | '*' | '?' | '#' | '~' | '^' | '&' | '+');
    let body = text.trim_end_matches(is_edge);
    let tail = text.get(body.len()..).unwrap_or_default();
    let core = body.trim_start_matches(is_edge);
    let head = body.get(..body.len() - core.len()).unwrap_or_default();
    if core.is_empty() {
        out.push_str(text);
        return;
    }
    // A sign belongs to its number.
    let head = if core.starts_with(|c: char| c.is_ascii_digit()) {
        head.trim_end_matches(['-', '+', '.'])
    } else {
        head
    };
    if is_variable(core) || is_value {
        out.push_str(head);
        out.push_str(WILDCARD);
        out.push_str(if core.ends_with('%') { "" } else { tail });
        return;
    }
    // `name:12` and the like: the name stays.
    out.push_str(head);
    out.push_str(core);
    out.push_str(tail);
}

/// Whether a word is a value and no part of the sentence.
fn is_variable(core: &str) -> bool {
    if core.bytes().any(|b| b.is_ascii_digit()) {
        return !is_word_with_digit(core);
    }
    let bytes = core.as_bytes();
    // `/var/log`, `C:\x`, `http://host/path`.
    if bytes.first() == Some(&b'/') && 1 < bytes.len() {
        return true;
    }
    if core.contains("://") || core.contains(":\\") {
        return true;
    }
    // An id of hexadecimal letters alone is rare enough to need eight of them in a mix no word has.
    false
}

/// Words that have a digit and are no values.
fn is_word_with_digit(core: &str) -> bool {
    const WORDS: [&str; 16] = [
        "utf8", "utf-8", "ipv4", "ipv6", "http2", "http3", "sha1", "sha256", "sha512", "md5",
        "base64", "x86_64", "oauth2", "tls1", "ext4", "i18n",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(core))
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut out = String::new();
        super::message(text, &mut out);
        assert_eq!(out, expected, "{text}");
    }

    #[test]
    fn variables_are_masked_and_words_stay() {
        check(
            "ResizeCanvas blocked main thread for 71.9ms",
            "ResizeCanvas blocked main thread for <*>",
        );
        check("no entry for id \"Text Field\"", "no entry for id \"<*>\"");
        check(
            "Received block blk_-1608999687919862906 of size 91178 from /10.250.14.224",
            "Received block <*> of size <*> from <*>",
        );
        check(
            "uid=0 euid=0 tty=NODEVssh ruser= rhost=218.188.2.4",
            "uid=<*> euid=<*> tty=<*> ruser= rhost=<*>",
        );
        check("can't open 'a b' at -5", "can't open '<*>' at <*>");
        check("progress 80% (12 of 15)", "progress <*> (<*> of <*>)");
        check("✅ done: 3 files", "✅ done: <*> files");
        check("see http://x.y/z.", "see <*>.");
        check("state: idle", "state: idle");
        check("using utf-8 and IPv4", "using utf-8 and IPv4");
        check("", "");
    }
}
