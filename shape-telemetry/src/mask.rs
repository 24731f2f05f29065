//! From a message to the text that is the same for all messages of its kind.

use crate::{
    Record,
    parse::time::{self, Context},
};

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
                    out.push_str(method(text.get(at..end).unwrap_or_default()));
                    out.push_str(WILDCARD);
                    out.push(char::from(b));
                    at = end + 1;
                }
            }
            // A date and a time with a blank between them are one value.
            b'0'..=b'9'
                if bytes.get(at + 10) == Some(&b' ') && bytes.get(at + 4) == bytes.get(at + 7) =>
            {
                let rest = text.get(at..).unwrap_or_default();
                if let Ok((after, _)) = time::iso(rest, &Context::default()) {
                    out.push_str(WILDCARD);
                    at = text.len() - after.len();
                } else {
                    at = word_at(text, at, out);
                }
            }
            _ if is_word(b) => at = word_at(text, at, out),
            _ => {
                out.push(char::from(b));
                at += 1;
            }
        }
    }
    if cut {
        out.push_str(WILDCARD);
    }
    tidy(out);
}

/// Masks the word that begins at an offset and gives the offset of its end.
fn word_at(text: &str, at: usize, out: &mut String) -> usize {
    let bytes = text.as_bytes();
    let end = bytes
        .iter()
        .skip(at)
        .position(|&b| !is_word(b))
        .map_or(bytes.len(), |length| at + length);
    // `bounds=Rect(…)`: what opens a bracket is the name of a type.
    let is_type = matches!(bytes.get(end), Some(b'(' | b'{'));
    let is_value = 0 < at && bytes.get(at - 1) == Some(&b'=') && !is_type;
    word(text.get(at..end).unwrap_or_default(), is_value, out);
    end
}

/// The method that a quoted request line begins with, and the blank behind it.
fn method(quoted: &str) -> &str {
    const METHODS: [&str; 7] = [
        "GET ", "POST ", "PUT ", "DELETE ", "HEAD ", "PATCH ", "OPTIONS ",
    ];
    METHODS
        .iter()
        .find(|method| quoted.starts_with(*method))
        .map_or("", |method| method)
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
    let is_edge = |c: char| {
        matches!(
            c,
            '.' | ':' | '-' | '*' | '?' | '#' | '~' | '^' | '&' | '+' | '/'
        )
    };
    let body = text.trim_end_matches(is_edge);
    let tail = text.get(body.len()..).unwrap_or_default();
    let core = body.trim_start_matches(is_edge);
    let head = body.get(..body.len() - core.len()).unwrap_or_default();
    if core.is_empty() {
        out.push_str(text);
        return;
    }
    // A sign belongs to its number, a slash to its path.
    let head = if core.starts_with(|c: char| c.is_ascii_digit()) {
        head.trim_end_matches(['-', '+', '.', '/'])
    } else {
        head
    };
    let path = head.ends_with('/');
    if is_value
        || path
        || (memchr::memchr(b':', core.as_bytes()).is_some()
            && (core.contains("://")
                || core.contains(":\\")
                || is_clock(core)
                || is_host_port(core)))
    {
        out.push_str(head.trim_end_matches('/'));
        out.push_str(WILDCARD);
    } else {
        out.push_str(head);
        // `name:12`: each part by itself.
        for (index, part) in core.split(':').enumerate() {
            if 0 < index {
                out.push(':');
            }
            self::part(part, out);
        }
    }
    out.push_str(tail);
}

/// Digits of any base up to 16 and at least two colons: a time of day, an address of six or eight groups.
fn is_clock(core: &str) -> bool {
    core.bytes().any(|b| b.is_ascii_digit())
        && core
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'-' | b'%'))
        && 2 <= core.bytes().fold(0, |n, b| n + u32::from(b == b':'))
}

/// `10.0.0.1:80`, `node-3.example/10.0.0.1:80`: digits and a dot or slash before one colon, digits behind it.
fn is_host_port(core: &str) -> bool {
    core.split_once(':').is_some_and(|(host, port)| {
        !port.is_empty()
            && port.bytes().all(|b| b.is_ascii_digit())
            && host.bytes().any(|b| b.is_ascii_digit())
            && host.bytes().any(|b| matches!(b, b'.' | b'/'))
    })
}

/// A word without colons.
fn part(text: &str, out: &mut String) {
    if text == "true" || text == "false" {
        out.push_str(WILDCARD);
        return;
    }
    if !text.bytes().any(|b| b.is_ascii_digit()) || is_word_with_digit(text) {
        out.push_str(text);
        return;
    }
    // `node-246`: the name of the kind stays.
    if let Some((name, number)) = text.split_once('-')
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphabetic())
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        out.push_str(name);
        out.push('-');
    }
    out.push_str(WILDCARD);
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Brings what differs by length to one form: runs of blanks, lists of variables, dates in words, empty brackets.
fn tidy(out: &mut String) {
    let has = |needle: &[u8]| memchr::memmem::find(out.as_bytes(), needle).is_some();
    let needed = out.starts_with(' ')
        || out.ends_with(' ')
        || has(b"  ")
        || has(b"<*> <*>")
        || has(b"<*>,")
        || has(b" ()");
    if !needed {
        return;
    }
    let mut words: Vec<&str> = Vec::new();
    for word in out.split(' ').filter(|word| !word.is_empty()) {
        words.push(if word == "()" { "(<*>)" } else { word });
    }
    let mut text = String::with_capacity(out.len());
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        if !text.is_empty() {
            text.push(' ');
        }
        let is_date = |at: usize| {
            words.get(at).is_some_and(|word| MONTHS.contains(word))
                && words.get(at + 1) == Some(&WILDCARD)
        };
        let run = words
            .iter()
            .skip(at)
            .take_while(|&&w| w == WILDCARD)
            .count();
        if is_date(at) || (DAYS.contains(&word) && is_date(at + 1)) {
            at += 1 + usize::from(!is_date(at));
            at += words
                .iter()
                .skip(at)
                .take_while(|&&w| w == WILDCARD)
                .count();
            text.push_str(WILDCARD);
        } else if 3 <= run {
            text.push_str(WILDCARD);
            at += run;
        } else {
            push_list(word, &mut text);
            at += 1;
        }
    }
    *out = text;
}

/// `<*>,<*>` is one list.
fn push_list(word: &str, text: &mut String) {
    let mut rest = word;
    // Few words have a comma inside: a searcher is not built for the others.
    let may_be_list = memchr::memchr(b',', word.as_bytes()).is_some();
    while may_be_list && let Some(at) = rest.find("<*>,<*>") {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        rest = after.get("<*>,".len()..).unwrap_or_default();
    }
    text.push_str(rest);
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
            "Received block part_-1608999687919862906 of size 91178 from /10.250.14.224",
            "Received block <*> of size <*> from <*>",
        );
        check(
            "uid=0 euid=0 tty=NODEVssh ruser= rhost=218.188.2.4",
            "uid=<*> euid=<*> tty=<*> ruser= rhost=<*>",
        );
        check("can't open 'a b' at -5", "can't open '<*>' at <*>");
        check("progress 80% (12 of 15)", "progress <*> (<*> of <*>)");
        check("✅ done: 3 files", "✅ done: <*> files");
        check("from 10.0.0.1:50010 at 12:34:56", "from <*> at <*>");
        check("PendingReds:5 vCores:-3", "PendingReds:<*> vCores:<*>");
        check("at Sun Jul 10 03:55:15 2005 on", "at <*> on");
        check(
            "from 2017-05-16 00:00:00 to 2017-05-16 01:00:00.",
            "from <*> to <*>.",
        );
        check("node node-246 is  up ", "node node-<*> is up");
        check("delete a1 b2 c3 d4 now", "delete <*> now");
        check(
            "10.0.0.1,10.0.0.2 \"GET /a HTTP/1.1\" ok",
            "<*> \"GET <*>\" ok",
        );
        check("overlap:false", "overlap:<*>");
        check("to=Rect(0, 1) at=x", "to=Rect(<*>, <*>) at=<*>");
        check("C:\\Windows\\x and /var/log/x", "<*> and <*>");
        check("see http://x.y/z.", "see <*>.");
        check("state: idle", "state: idle");
        check("using utf-8 and IPv4", "using utf-8 and IPv4");
        check("", "");
    }
}
