//! What can be said of a message alone: its text with everything that looks like a variable left out.

use super::{
    WILDCARD,
    scanner::{self, Pieces, Sort},
    shape::WORDS_WITH_DIGITS,
    skeleton::date_in_words,
};
use crate::Record;

/// Writes the masked message of a record to `out`; a record without a message gives the names of its fields.
pub(crate) fn record(record: &Record<'_>, out: &mut String) {
    out.clear();
    if !record.message.trim_ascii().is_empty() {
        message(&record.message, out);
        return;
    }
    names(record, out);
}

/// `name=<*>` for each field.
pub(super) fn names(record: &Record<'_>, out: &mut String) {
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
    let start = out.len();
    let mut masked = Masked {
        out,
        start,
        closed: usize::MAX - 1,
    };
    scanner::scan(text, &mut masked);
    // An empty argument is an argument.
    if memchr::memmem::find(out.as_bytes(), b" ()").is_some() {
        *out = out.replace(" ()", " (<*>)");
    }
}

/// Whether a message of this shape (every digit a zero) may have a digit that stays where it is masked.
pub(crate) fn may_keep_digits(shape: &[u8]) -> bool {
    let is = |text: &[u8], pattern: &[u8]| {
        text.len() == pattern.len()
            && text
                .iter()
                .zip(pattern)
                .all(|(a, b)| a.eq_ignore_ascii_case(b) || (*a == b'0' && b.is_ascii_digit()))
    };
    let starts_number = |at: &usize| *at == 0 || shape.get(at - 1) != Some(&b'0');
    memchr::memchr_iter(b'0', shape)
        .filter(starts_number)
        .any(|at| {
            WORDS_WITH_DIGITS.iter().any(|word| {
                let word = word.as_bytes();
                let digit = word.iter().position(u8::is_ascii_digit).unwrap_or(0);
                at.checked_sub(digit)
                    .and_then(|from| shape.get(from..from + word.len()))
                    .is_some_and(|text| is(text, word))
            })
        })
}

struct Masked<'o> {
    out: &'o mut String,
    start: usize,
    /// The length of the text just behind a list or a date, which takes in the variables that follow.
    closed: usize,
}

impl Masked<'_> {
    fn variable(&mut self) {
        let text = self.out.get(self.start..).unwrap_or_default();
        if text.ends_with("<*>,") || (self.out.len() == self.closed + 1 && text.ends_with(' ')) {
            self.out.pop();
            return;
        }
        if text.ends_with("<*> <*> ") {
            self.out.truncate(self.out.len() - " <*> ".len());
            self.closed = self.out.len();
            return;
        }
        let date = date_in_words(text);
        if let Some(at) = date {
            self.out.truncate(self.start + at);
        }
        self.out.push_str(WILDCARD);
        if date.is_some() {
            self.closed = self.out.len();
        }
    }
}

impl Pieces for Masked<'_> {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn variable(&mut self, sort: Sort, text: &str) {
        match sort {
            Sort::Dotted | Sort::Unit => self.out.push_str(text),
            _ => Masked::variable(self),
        }
    }
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
