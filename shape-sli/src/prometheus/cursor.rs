//! A place in a line of text.

use std::borrow::Cow;

use crate::{Error, error::Repr};

/// Reads one line from left to right.
pub(super) struct Cursor<'a> {
    line: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a str, number: usize) -> Self {
        Self {
            line,
            at: 0,
            number,
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    /// What was read.
    pub(super) fn passed(&self) -> &'a str {
        &self.line[..self.at]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    pub(super) fn is_over(&self) -> bool {
        self.at == self.line.len()
    }

    /// The place for a later [`Cursor::wrong_at`].
    pub(super) fn here(&self) -> usize {
        self.at
    }

    pub(super) fn skip_blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Takes a byte if it is next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes a word of bytes of a kind.
    pub(super) fn take_while(&mut self, is_part: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| is_part(*byte)).count();
        // The kinds asked for hold whole characters: single bytes below 128, or all bytes from 128 on.
        self.at += length;
        &rest[..length]
    }

    /// Takes what stands before white space.
    pub(super) fn word(&mut self) -> &'a str {
        self.take_while(|byte| byte != b' ' && byte != b'\t')
    }

    /// Takes everything that is left.
    pub(super) fn take_rest(&mut self) -> &'a str {
        let rest = self.rest();
        self.at = self.line.len();
        rest
    }

    /// Takes a text in quotes; `\\`, `\"` and `\n` stand for what they escape.
    pub(super) fn quoted(&mut self) -> Result<Cow<'a, str>, Error> {
        let start = self.at;
        if !self.take(b'"') {
            return Err(self.wrong(format!("{}, expected a text in quotes", self.seen())));
        }
        let rest = self.rest();
        let mut text = String::new();
        let mut copied = 0;
        let mut bytes = rest.bytes().enumerate();
        while let Some((index, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.at += index + 1;
                    let last = &rest[copied..index];
                    return Ok(if text.is_empty() {
                        Cow::Borrowed(last)
                    } else {
                        Cow::Owned(text + last)
                    });
                }
                b'\\' => {
                    text.push_str(&rest[copied..index]);
                    let escaped = match bytes.next() {
                        Some((_, b'n')) => '\n',
                        Some((_, b'"')) => '"',
                        Some((_, b'\\')) => '\\',
                        _ => {
                            self.at += index;
                            let message = "an escape other than `\\\\`, `\\\"` and `\\n`";
                            return Err(self.wrong(message.to_owned()));
                        }
                    };
                    text.push(escaped);
                    copied = index + 2;
                }
                _ => {}
            }
        }
        Err(self.wrong_at(start, "a text in quotes that does not end".to_owned()))
    }

    /// What is next, in words.
    pub(super) fn seen(&self) -> String {
        match self.rest().chars().next() {
            Some(next) => format!("`{next}`"),
            None => "the end of the line".to_owned(),
        }
    }

    pub(super) fn wrong(&self, message: String) -> Error {
        self.wrong_at(self.at, message)
    }

    pub(super) fn wrong_at(&self, at: usize, message: String) -> Error {
        let before = self.line.get(..at).unwrap_or(self.line);
        Repr::Exposition {
            line: self.number,
            column: before.chars().count() + 1,
            message,
        }
        .into()
    }
}

/// Whether a byte may begin the name of a label.
pub(super) fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// Whether a byte may stand in the name of a metric.
pub(super) fn is_metric_byte(byte: u8) -> bool {
    begins_name(byte) || byte.is_ascii_digit() || byte == b':'
}

/// Whether a byte may stand in the name of a label.
pub(super) fn is_label_byte(byte: u8) -> bool {
    begins_name(byte) || byte.is_ascii_digit()
}
