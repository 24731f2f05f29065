//! Where the lines of a followed file end, and what they say.

use std::borrow::Cow;

use crate::decode::{self, Encoding};

/// How a file is encoded; places in it are counted in its own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Units {
    encoding: Encoding,
    /// The length of the byte order mark.
    mark: usize,
}

impl Units {
    pub(super) const UTF_8: Self = Self {
        encoding: Encoding::Utf8,
        mark: 0,
    };

    /// What the first bytes of a file show. The mark of UTF-8 is left to the reader of lines.
    pub(super) fn of(first: &[u8]) -> Self {
        match decode::encoding(first) {
            (Encoding::Utf8, _) => Self::UTF_8,
            (encoding, mark) => Self { encoding, mark },
        }
    }

    /// The bytes that end a line.
    pub(super) fn line_end(self) -> &'static [u8] {
        match self.encoding {
            Encoding::Utf8 => b"\n",
            Encoding::Utf16 { big_endian: false } => b"\n\0",
            Encoding::Utf16 { big_endian: true } => b"\0\n",
        }
    }

    /// At most so many bytes, a whole number of units.
    pub(super) fn whole(self, length: usize) -> usize {
        length - length % self.line_end().len()
    }

    /// Behind the first line end; the bytes begin with a whole unit.
    pub(super) fn behind_line(self, bytes: &[u8]) -> Option<usize> {
        let end = self.line_end();
        if let [b] = end {
            return memchr::memchr(*b, bytes).map(|at| at + 1);
        }
        bytes
            .chunks_exact(end.len())
            .position(|unit| unit == end)
            .map(|at| (at + 1) * end.len())
    }

    /// Behind the last line end.
    pub(super) fn behind_last_line(self, bytes: &[u8]) -> Option<usize> {
        let end = self.line_end();
        if let [b] = end {
            return memchr::memrchr(*b, bytes).map(|at| at + 1);
        }
        bytes
            .chunks_exact(end.len())
            .rposition(|unit| unit == end)
            .map(|at| (at + 1) * end.len())
    }

    /// How many lines end in bytes.
    pub(super) fn lines(self, bytes: &[u8]) -> usize {
        let end = self.line_end();
        if let [b] = end {
            return memchr::memchr_iter(*b, bytes).count();
        }
        bytes
            .chunks_exact(end.len())
            .filter(|unit| *unit == end)
            .count()
    }

    /// The text of whole lines; `start` says whether they are the first ones of the file.
    pub(super) fn text(self, bytes: &[u8], start: bool) -> Cow<'_, str> {
        match self.encoding {
            Encoding::Utf8 => String::from_utf8_lossy(bytes),
            Encoding::Utf16 { big_endian } => {
                let skip = if start { self.mark } else { 0 };
                let units = decode::units(bytes.get(skip..).unwrap_or_default(), big_endian);
                Cow::Owned(decode::utf16(units))
            }
        }
    }

    /// How many bytes of the file a text is that [`Units::text`] gave; `None` where the file is in UTF-8.
    pub(super) fn length(self, text: &str, start: bool) -> Option<usize> {
        match self.encoding {
            Encoding::Utf8 => None,
            // A unit that is no character became one of one unit.
            Encoding::Utf16 { .. } if text.is_empty() => Some(0),
            Encoding::Utf16 { .. } => {
                let mark = if start { self.mark } else { 0 };
                Some(mark + 2 * text.encode_utf16().count())
            }
        }
    }

    /// The place that a place in the file has in its text: exact for the characters of ASCII.
    pub(super) fn decoded(self, offset: u64) -> u64 {
        match self.encoding {
            Encoding::Utf8 => offset,
            Encoding::Utf16 { .. } => offset.saturating_sub(crate::number::len(self.mark)) / 2,
        }
    }
}
