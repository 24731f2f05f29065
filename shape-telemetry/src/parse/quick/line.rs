//! A line within the marked text that it is part of.

use crate::parse::marks::Marks;

/// A line of a marked text; offsets are those of the text.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a, 'm> {
    /// The text up to the end of the line: one comparison tells whether a byte is one of the line.
    block: &'a str,
    pub(super) marks: &'m Marks,
    pub(crate) start: usize,
}

impl<'a, 'm> Line<'a, 'm> {
    /// From one offset of a text to another, both known to be boundaries.
    #[inline]
    pub(crate) fn new(text: &'a str, marks: &'m Marks, start: usize, end: usize) -> Self {
        Self {
            block: text.get(..end).unwrap_or_default(),
            marks,
            start,
        }
    }

    /// A part of the line.
    #[inline]
    pub(super) fn part(&self, start: usize, end: usize) -> Self {
        Self::new(self.block, self.marks, start, end)
    }

    /// Where the line ends.
    #[inline]
    pub(crate) fn end(&self) -> usize {
        self.block.len()
    }

    /// A byte; behind the line a line break.
    #[inline]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.block.as_bytes().get(at).copied().unwrap_or(b'\n')
    }

    /// So many bytes, if the line has them.
    #[inline]
    pub(crate) fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.block.as_bytes().get(at..)?.first_chunk::<N>().copied()
    }

    /// The rest of the line.
    #[inline]
    pub(super) fn bytes(&self, from: usize) -> &'a [u8] {
        self.block.as_bytes().get(from..).unwrap_or_default()
    }

    /// A part, both ends known to be boundaries.
    #[expect(
        clippy::inline_always,
        reason = "called for every token: calling takes as long as cutting"
    )]
    #[inline(always)]
    pub(crate) fn text(&self, from: usize, to: usize) -> &'a str {
        let before = self.block.get(..to);
        before
            .and_then(|before| before.get(from..))
            .unwrap_or_default()
    }

    /// The next byte that ends a word of letters, digits and `_ - . / :`; the end of the line without one.
    #[inline]
    pub(crate) fn stop(&self, from: usize) -> usize {
        self.marks.stop(from, self.end())
    }

    /// The next `"` or `\`; the end of the line without one.
    #[inline]
    pub(crate) fn quote(&self, from: usize) -> usize {
        self.marks.quote(from, self.end())
    }

    /// The next blank; the end of the line without one.
    #[inline]
    pub(crate) fn blank(&self, from: usize) -> usize {
        self.marks.blank(from, self.end())
    }

    /// Behind the last blank of the line before an offset; from `from` on, where there is none.
    #[inline]
    pub(super) fn word_start(&self, from: usize, at: usize) -> usize {
        self.marks.behind_blank(from, at)
    }

    /// Where digits end.
    #[inline]
    pub(super) fn digits(&self, mut at: usize) -> usize {
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        at
    }

    /// A word up to a single blank: where the word ends. `None` at the end of the line and before further blanks.
    #[inline]
    pub(crate) fn word(&self, from: usize) -> Option<usize> {
        let end = self.blank(from);
        let is_single = !matches!(self.byte(end + 1), b' ' | b'\t' | b'\n');
        (from < end && end < self.end() && is_single).then_some(end)
    }
}
