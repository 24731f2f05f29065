//! Where the variables of a message are: one pass over its bytes.

use memchr::memchr;

use super::{
    class::{BREAK, COLON, DIGIT, DOT, SPECIAL, WORD, class},
    shape::{
        is_clock, is_digit, is_dotted, is_edge, is_host_port, is_one_number, is_truth, is_unit,
        is_url, is_word_with_digit, kept_name, method, quoted_end,
    },
};

/// Takes a message apart as it is scanned; what is given in turn makes up the message, runs of blanks being one.
pub(super) trait Pieces {
    /// Text that stays.
    fn text(&mut self, text: &str);
    /// Text that is, or may be, the value of a variable.
    fn variable(&mut self, sort: Sort, text: &str);
}

/// How sure it is that a text is a variable, and what must agree for two messages to be alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A number, address, path, id: a variable by its shape.
    Sure,
    /// The value of `name=value` that is a variable by its shape.
    SureValue,
    /// A word with a digit or two (`eth0`), or the name of a function with digits: a variable if it varies.
    Name,
    /// A value made of letters, or a truth value: a variable if it varies.
    Value,
    /// `com.example.Service`: a variable if it varies.
    Dotted,
    /// A text in quotes: a variable if it varies.
    Quoted,
    /// The unit behind a number, with the blank before it: part of the variable if it varies.
    Unit,
}

/// Bytes of a word with no more digits than this may be a name.
const MAX_NAME_DIGITS: usize = 2;

/// Longer messages are scanned up to here; the rest is one variable.
pub(super) const MAX_MESSAGE: usize = 2_048;

/// Scans a message.
pub(super) fn scan(text: &str, pieces: &mut impl Pieces) {
    let all = text.trim_ascii();
    let text = first_words(all);
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        done: 0,
        pieces,
    };
    scanner.run();
    if text.len() < all.len() {
        pieces.text(" ");
        pieces.variable(Sort::Sure, all.get(text.len()..).unwrap_or_default());
    }
}

/// As many words as are scanned.
fn first_words(text: &str) -> &str {
    if text.len() <= MAX_MESSAGE {
        return text;
    }
    let cut = crate::number::cut(text, MAX_MESSAGE);
    cut.rfind(' ')
        .filter(|&at| MAX_MESSAGE / 2 < at)
        .and_then(|at| cut.get(..at))
        .unwrap_or(cut)
        .trim_ascii_end()
}

struct Scanner<'t, 'p, P> {
    text: &'t str,
    bytes: &'t [u8],
    /// Up to where the text was given away.
    done: usize,
    pieces: &'p mut P,
}

impl<'t, P: Pieces> Scanner<'t, '_, P> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(&b) = self.bytes.get(at) {
            let class = class(b);
            if class & WORD != 0 {
                at = self.word(at);
            } else if class & BREAK != 0 {
                at = self.break_at(at, b);
            } else {
                at += 1;
            }
        }
        self.flush(self.bytes.len());
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn flush(&mut self, to: usize) {
        if self.done < to {
            self.pieces.text(self.slice(self.done, to));
            self.done = to;
        }
    }

    fn variable(&mut self, sort: Sort, from: usize, to: usize) {
        self.flush(from);
        self.pieces.variable(sort, self.slice(from, to));
        self.done = to;
    }

    /// Blanks, quotes, an angle bracket.
    fn break_at(&mut self, at: usize, b: u8) -> usize {
        match b {
            b'"' | b'\'' | b'`' => self.quoted(at),
            b'<' => self.bound(at),
            _ => {
                let more = self.bytes.iter().skip(at + 1);
                let blanks = 1 + more.take_while(|&&b| b <= b' ').count();
                if b != b' ' || 1 < blanks {
                    self.flush(at);
                    self.pieces.text(" ");
                    self.done = at + blanks;
                }
                at + blanks
            }
        }
    }

    /// `"GET /x"`: the quotes and the method stay.
    fn quoted(&mut self, at: usize) -> usize {
        let Some(end) = quoted_end(self.bytes, at) else {
            return at + 1;
        };
        let from = at + 1 + method(self.slice(at + 1, end)).len();
        let inside = self.slice(from, end);
        let sure = inside.bytes().any(|b| is_digit(b) || b == b'/') || at + 1 < from;
        let sort = if sure { Sort::Sure } else { Sort::Quoted };
        self.variable(sort, from, end);
        end + 1
    }

    /// `<1 sec`, `<5ms`: less than a bound is one value.
    fn bound(&mut self, at: usize) -> usize {
        let free = at == 0 || self.bytes.get(at - 1) == Some(&b' ');
        if !free || !self.bytes.get(at + 1).is_some_and(|&b| is_digit(b)) {
            return at + 1;
        }
        let end = self.word_end(at + 1);
        let closed = self.bytes.get(end) == Some(&b'>');
        if closed {
            return at + 1;
        }
        let end = self.unit_end(end).unwrap_or(end);
        self.variable(Sort::Sure, at, end);
        end
    }

    fn word_end(&self, at: usize) -> usize {
        let rest = self.bytes.iter().skip(at);
        at + rest.take_while(|&&b| class(b) & WORD != 0).count()
    }

    /// Where the unit behind a number ends, if ` KB` or the like follows.
    fn unit_end(&self, at: usize) -> Option<usize> {
        if self.bytes.get(at) != Some(&b' ') {
            return None;
        }
        let mut end = self.word_end(at + 1);
        while self.bytes.get(end - 1) == Some(&b'.') {
            end -= 1;
        }
        is_unit(self.slice(at + 1, end)).then_some(end)
    }

    /// A word, and where it ends.
    fn word(&mut self, at: usize) -> usize {
        let mut all = 0;
        let mut digits = 0_usize;
        let mut dots = 0_usize;
        let mut end = at;
        while let Some(&b) = self.bytes.get(end) {
            let class = class(b);
            if class & WORD == 0 {
                break;
            }
            all |= class;
            digits += usize::from(class & DIGIT != 0);
            dots += usize::from(class & DOT != 0);
            end += 1;
        }
        let next = self.bytes.get(end).copied();
        let value = self.is_value(at, next);
        // Most words are letters and nothing else.
        if all & (DIGIT | SPECIAL | COLON) == 0 && dots < 2 && !value {
            self.plain_word(at, end - dots, end);
            return end;
        }
        if digits != 0
            && let Some(end) = self.date_and_time(at)
        {
            self.variable(Sort::Sure, at, end);
            return end;
        }
        let (from, to) = self.trim(at, end);
        if from == to {
            return end;
        }
        let core = self.slice(from, to);
        let is_address =
            || all & COLON != 0 && (is_url(core) || is_clock(core) || is_host_port(core));
        // `reason=Failed:code:5` says more than one thing.
        let is_structured = || {
            core.split_once(':')
                .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphabetic()))
                && !is_address()
        };
        if value && !is_structured() {
            // A qualified name is data where a value is asked for.
            let sure = digits != 0
                || core.starts_with('-')
                || core.contains(['/', '\\'])
                || is_dotted(core);
            let sort = if sure { Sort::SureValue } else { Sort::Value };
            self.variable(sort, from, to);
        } else if core.starts_with('/') || is_address() {
            self.variable(Sort::Sure, from, to);
        } else if all & COLON == 0 {
            self.part(from, to, next);
        } else {
            // `name:12`: each part by itself.
            let mut start = from;
            while start < to {
                let colon_from =
                    |at: usize| memchr(b':', &self.bytes[at..to]).map_or(to, |n| at + n);
                let mut colon = colon_from(start);
                let second = colon_from((colon + 1).min(to));
                if is_host_port(self.slice(start, second)) {
                    self.variable(Sort::Sure, start, second);
                    colon = second;
                } else {
                    let follows = if colon < to { Some(b':') } else { next };
                    self.part(start, colon, follows);
                }
                start = colon + 1;
            }
        }
        self.unit(end);
        end
    }

    /// A word of letters, and dots behind it: a truth value, or a number of base 16 by chance without digits.
    fn plain_word(&mut self, at: usize, word_end: usize, end: usize) {
        let length = word_end - at;
        if matches!(length, 4 | 5) {
            if is_truth(self.slice(at, word_end)) {
                self.variable(Sort::Value, at, word_end);
            }
        } else if 8 <= length
            && self.bytes.get(at).is_some_and(u8::is_ascii_hexdigit)
            && self.slice(at, end).bytes().all(|b| b.is_ascii_hexdigit())
        {
            self.variable(Sort::Sure, at, end);
        }
    }

    /// The unit behind a word that was a number up to its end.
    fn unit(&mut self, end: usize) {
        if self.done == end
            && end
                .checked_sub(1)
                .and_then(|at| self.bytes.get(at))
                .is_some_and(|&b| is_digit(b))
            && let Some(unit) = self.unit_end(end)
        {
            self.variable(Sort::Unit, end, unit);
        }
    }

    /// Whether a word is what a name is set to: `name=word`, `name = word`.
    fn is_value(&self, at: usize, next: Option<u8>) -> bool {
        // `bounds=Rect(…)`: what opens a bracket is the name of a type.
        if matches!(next, Some(b'(' | b'{' | b'=')) {
            return false;
        }
        let mut before = at;
        while before + 2 > at && 0 < before && self.bytes.get(before - 1) == Some(&b' ') {
            before -= 1;
        }
        if before == 0 || self.bytes.get(before - 1) != Some(&b'=') {
            return false;
        }
        let operator = before.checked_sub(2).and_then(|at| self.bytes.get(at));
        !matches!(operator, Some(b'=' | b'!' | b'<' | b'>'))
    }

    /// `2026-11-24 08:59:30.833 +0000`: a date and a time with a blank between them are one value.
    fn date_and_time(&self, at: usize) -> Option<usize> {
        let b = self.bytes.get(at..at + 16)?;
        let is_date = b[4] == b[7]
            && matches!(b[4], b'-' | b'/' | b'.')
            && matches!(b[10], b' ' | b'T')
            && b[13] == b':'
            && [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15]
                .iter()
                .all(|&n| is_digit(b[n]));
        if !is_date {
            return None;
        }
        let mut end = self.word_end(at + 11);
        while self
            .bytes
            .get(end - 1)
            .is_some_and(|b| matches!(b, b'.' | b':' | b'-'))
        {
            end -= 1;
        }
        let zone = self.bytes.get(end..end + 6);
        let is_zone = zone.is_some_and(|z| {
            z[0] == b' ' && matches!(z[1], b'+' | b'-') && z[2..].iter().all(|&b| is_digit(b))
        });
        Some(if is_zone { end + 6 } else { end })
    }

    /// A word without the punctuation around it.
    fn trim(&self, from: usize, to: usize) -> (usize, usize) {
        let word = self.slice(from, to);
        let body = word.trim_end_matches(is_edge);
        let core = body.trim_start_matches(is_edge);
        if core.is_empty() {
            return (from, from);
        }
        let mut start = from + body.len() - core.len();
        // A sign belongs to its number, a slash to its path.
        while from < start {
            let joins = match self.bytes.get(start - 1) {
                Some(b'/') => true,
                // The dots of `usr).......0` lead to the number.
                Some(b'.') if self.bytes.get(start.wrapping_sub(2)) == Some(&b'.') => false,
                Some(b'-' | b'+' | b'.') => core.starts_with(|c: char| c.is_ascii_digit()),
                _ => false,
            };
            if !joins {
                break;
            }
            start -= 1;
        }
        // The slash that ends a path is part of it.
        let is_path = self.bytes.get(start) == Some(&b'/');
        let slash = usize::from(is_path && self.bytes.get(from + body.len()) == Some(&b'/'));
        (start, (from + body.len() + slash).min(to))
    }

    /// A word without colons.
    fn part(&mut self, from: usize, to: usize, next: Option<u8>) {
        let text = self.slice(from, to);
        if text.is_empty() {
            return;
        }
        let digits = text.bytes().filter(|&b| is_digit(b)).count();
        if digits == 0 {
            if is_truth(text) {
                self.variable(Sort::Value, from, to);
            } else if is_dotted(text) {
                self.variable(Sort::Dotted, from, to);
            } else if 1 < text.len() && text.starts_with('/') {
                self.variable(Sort::Sure, from, to);
            }
            return;
        }
        if is_word_with_digit(text) {
            return;
        }
        let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'))
            && (next == Some(b'(') || (digits <= MAX_NAME_DIGITS && is_one_number(text)))
            && !(4 <= text.len() && text.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_name {
            self.variable(Sort::Name, from, to);
            return;
        }
        let name = kept_name(text);
        self.variable(Sort::Sure, from + name.len(), to);
    }
}
