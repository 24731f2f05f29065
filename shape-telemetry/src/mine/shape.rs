//! What kind of value a word is by its shape.

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
pub(super) fn is_word_with_digit(core: &str) -> bool {
    const WORDS: [&str; 16] = [
        "utf8", "utf-8", "ipv4", "ipv6", "http2", "http3", "sha1", "sha256", "sha512", "md5",
        "base64", "x86_64", "oauth2", "tls1", "ext4", "i18n",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(core))
}
