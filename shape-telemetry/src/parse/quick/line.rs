//! A line within the marked text that it is part of.

use crate::parse::marks::Marks;

/// A line of a marked text; offsets are those of the text.
pub(crate) struct Line<'a, 'm> {
    /// All of the text.
    pub(crate) block: &'a str,
    pub(crate) marks: &'m Marks,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<'a> Line<'a, '_> {
    /// A byte; behind the line a line break.
    #[inline]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        match self.block.as_bytes().get(at) {
            Some(&b) if at < self.end => b,
            _ => b'\n',
        }
    }

    /// So many bytes, if the line has them.
    #[inline]
    pub(crate) fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        if self.end < at + N {
            return None;
        }
        self.block.as_bytes().get(at..)?.first_chunk::<N>().copied()
    }

    /// A part, both ends known to be boundaries.
    #[inline]
    pub(crate) fn text(&self, from: usize, to: usize) -> &'a str {
        self.block.get(from..to).unwrap_or_default()
    }

    /// The next byte that ends a word of letters, digits and `_ - . / :`; the end of the line without one.
    #[inline]
    pub(crate) fn stop(&self, from: usize) -> usize {
        self.marks.stop(from).min(self.end)
    }

    /// The next `"` or `\`; the end of the line without one.
    #[inline]
    pub(crate) fn quote(&self, from: usize) -> usize {
        self.marks.quote(from).min(self.end)
    }

    /// The next blank; the end of the line without one.
    #[inline]
    pub(crate) fn blank(&self, from: usize) -> usize {
        self.marks.blank(from).min(self.end)
    }

    /// A word up to a single blank: where the word ends. `None` at the end of the line and before further blanks.
    #[inline]
    pub(crate) fn word(&self, from: usize) -> Option<usize> {
        let end = self.blank(from);
        let is_single = !matches!(self.byte(end + 1), b' ' | b'\t' | b'\n');
        (from < end && end < self.end && is_single).then_some(end)
    }
}
