//! What kind of value a word is by its shape.

use memchr::memrchr;

pub(super) fn is_digit(b: u8) -> bool {
    b.is_ascii_digit()
}

/// `true`, `False`.
pub(super) fn is_truth(text: &str) -> bool {
    matches!(text, "true" | "false" | "True" | "False" | "TRUE" | "FALSE")
}

/// `https://…`, `C:\…`.
pub(super) fn is_url(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b':', bytes).any(|at| match bytes.get(at + 1) {
        Some(b'\\') => true,
        Some(b'/') => bytes.get(at + 2) == Some(&b'/'),
        _ => false,
    })
}

/// `com.example.Service`: three names at least.
pub(super) fn is_dotted(text: &str) -> bool {
    let mut names = 0_usize;
    for name in text.split('.') {
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return false;
        }
        names += 1;
    }
    3 <= names
}

/// Units of sizes and times as they stand behind a number.
pub(super) fn is_unit(text: &str) -> bool {
    matches!(
        text,
        "B" | "KB"
            | "kB"
            | "MB"
            | "GB"
            | "TB"
            | "PB"
            | "KiB"
            | "MiB"
            | "GiB"
            | "TiB"
            | "ns"
            | "us"
            | "µs"
            | "ms"
            | "s"
            | "sec"
            | "secs"
            | "min"
            | "mins"
            | "h"
            | "Kbps"
            | "Mbps"
            | "Gbps"
    )
}

/// `03:52`, or digits of any base up to 16 and at least two colons: a time of day, an address of six or eight groups.
pub(super) fn is_clock(core: &str) -> bool {
    if !core.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':') {
        return false;
    }
    let is_minutes = |(minutes, seconds): (&str, &str)| {
        let all_digits = |text: &str| text.bytes().all(is_digit);
        matches!(minutes.len(), 1..=3)
            && all_digits(minutes)
            && seconds.len() == 2
            && all_digits(seconds)
    };
    core.split_once(':').is_some_and(is_minutes)
        || (core.bytes().any(is_digit)
            && core.bytes().all(|b| {
                b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'-' | b'%' | b'/' | b'@')
            })
            && 2 <= core.bytes().filter(|&b| b == b':').count())
}

/// `10.0.0.1:80`, `node-3.example/10.0.0.1:80`, `db.example.com:443`.
pub(super) fn is_host_port(core: &str) -> bool {
    core.split_once(':').is_some_and(|(host, port)| {
        !port.is_empty()
            && port.bytes().all(is_digit)
            && (is_host(host)
                || (host.bytes().any(is_digit)
                    && host.bytes().any(|b| matches!(b, b'.' | b'/' | b'-'))))
    })
}

/// A host by name: three labels, or two that do not end like a source file.
pub(super) fn is_host(text: &str) -> bool {
    let label = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let n_labels = text.split('.').count();
    let Some((_, last)) = text.rsplit_once('.') else {
        return false;
    };
    let is_file = matches!(
        last,
        "rs" | "c"
            | "cc"
            | "cpp"
            | "h"
            | "hpp"
            | "go"
            | "py"
            | "js"
            | "ts"
            | "java"
            | "kt"
            | "rb"
            | "php"
            | "cs"
            | "swift"
            | "scala"
            | "sh"
            | "pl"
            | "lua"
    );
    text.split('.').all(label)
        && 2 <= last.len()
        && last.bytes().all(|b| b.is_ascii_lowercase())
        && (3 <= n_labels || !is_file)
        && text.bytes().all(|b| !b.is_ascii_uppercase())
}

/// Words that have a digit and are no values.
pub(super) const WORDS_WITH_DIGITS: [&str; 16] = [
    "utf8", "utf-8", "ipv4", "ipv6", "http2", "http3", "sha1", "sha256", "sha512", "md5", "base64",
    "x86_64", "oauth2", "tls1", "ext4", "i18n",
];

/// Whether a word is one of [`WORDS_WITH_DIGITS`].
pub(super) fn is_word_with_digit(core: &str) -> bool {
    WORDS_WITH_DIGITS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(core))
}

/// `eth0`, `Brcm43xx`, but not `rdd_2_4`: all digits stand together.
pub(super) fn is_one_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|number| !number.is_empty())
        .count()
        == 1
}

/// What stays of a word with digits: the name of the kind in `node-246`, `core.12`, `enabled.....1`, `Server@1f2e3d`.
pub(super) fn kept_name(text: &str) -> &str {
    let bytes = text.as_bytes();
    let n_letters = bytes.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let joint = bytes
        .iter()
        .skip(n_letters)
        .take_while(|b| matches!(b, b'-' | b'.'))
        .count();
    let start = n_letters + joint;
    if 0 < n_letters
        && 0 < joint
        && start < bytes.len()
        && bytes.iter().skip(start).all(|&b| is_digit(b))
    {
        return text.get(..start).unwrap_or_default();
    }
    match memrchr(b'@', bytes) {
        Some(at) if at + 1 < bytes.len() && !bytes.iter().take(at).any(|&b| is_digit(b)) => {
            text.get(..=at).unwrap_or_default()
        }
        _ => "",
    }
}

/// Punctuation that is no part of a word when it stands at its end.
pub(super) fn is_edge(c: char) -> bool {
    matches!(
        c,
        '.' | ':' | '-' | '*' | '?' | '~' | '^' | '&' | '+' | '/' | '@'
    )
}

/// The method that a quoted request line begins with, and the blank behind it.
pub(super) fn method(quoted: &str) -> &str {
    const METHODS: [&str; 7] = [
        "GET ", "POST ", "PUT ", "DELETE ", "HEAD ", "PATCH ", "OPTIONS ",
    ];
    METHODS
        .iter()
        .find(|method| quoted.starts_with(*method))
        .map_or("", |method| method)
}

/// The closing quote of a text that begins at `start` and is not part of a word (`don't`).
pub(super) fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
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
        }
        at += 1;
    }
    None
}
