//! Where tokens end: bit sets over the bytes of a text, made sixteen bytes at a time.

use wide::i8x16;

/// What the bits of 64 bytes say.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Everything but letters, digits and `_ - . / :`.
    stops: u64,
    /// `"` and `\`.
    quotes: u64,
    /// Blanks.
    blanks: u64,
    /// Ends of lines.
    ends: u64,
}

/// The places of the bytes that end a token, a quoted text or a line.
///
/// Grammars that ask for one byte after the other pay for a mispredicted branch at the end of each token. Here all
/// bytes are classified before any is looked at, without a branch, and the end of a token is the next bit of a set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    words: Vec<Word>,
    len: usize,
    has_words: bool,
}

impl Marks {
    /// Marks a text in place of the one before; where words end, which takes as long as all the rest, only if asked.
    pub(crate) fn take(&mut self, text: &[u8], has_words: bool) {
        self.has_words = has_words;
        if has_words {
            self.fill(text, word::<true>);
        } else {
            self.fill(text, word::<false>);
        }
    }

    #[inline]
    fn fill(&mut self, text: &[u8], word: impl Fn(&[u8; 64]) -> Word) {
        self.len = text.len();
        self.words.clear();
        let (chunks, rest) = text.as_chunks::<64>();
        self.words.extend(chunks.iter().map(&word));
        if !rest.is_empty() {
            let mut last = [0; 64];
            last[..rest.len()].copy_from_slice(rest);
            let mut word = word(&last);
            // What fills up the last word is no text.
            word.stops &= (1 << rest.len()) - 1;
            self.words.push(word);
        }
    }

    /// Whether [`Marks::stop`] may be asked.
    #[inline]
    pub(crate) fn has_words(&self) -> bool {
        self.has_words
    }

    /// The first byte from here on that is no letter, no digit and none of `_ - . / :`; `before` without one before it.
    #[inline]
    pub(crate) fn stop(&self, from: usize, before: usize) -> usize {
        self.next(from, before, |word| word.stops)
    }

    /// The first `"` or `\` from here on; `before` without one before it.
    #[inline]
    pub(crate) fn quote(&self, from: usize, before: usize) -> usize {
        self.next(from, before, |word| word.quotes)
    }

    /// The first blank from here on; `before` without one before it.
    #[inline]
    pub(crate) fn blank(&self, from: usize, before: usize) -> usize {
        self.next(from, before, |word| word.blanks)
    }

    /// The first line break from here on; the end of the text without one.
    #[inline]
    pub(crate) fn end(&self, from: usize) -> usize {
        self.next(from, self.len, |word| word.ends)
    }

    /// Behind the last blank before an offset; `from`, where there is none from there on.
    #[inline]
    pub(crate) fn behind_blank(&self, from: usize, at: usize) -> usize {
        let mut end = at;
        while from < end {
            // The word of the last byte, without what is behind that.
            let index = (end - 1) / 64;
            let behind = 63 - (end - 1) % 64;
            let bits = self.words.get(index).map_or(0, |word| word.blanks) << behind;
            if bits != 0 {
                let back = usize::try_from(bits.leading_zeros()).unwrap_or(64);
                return (end - back).max(from);
            }
            end = index * 64;
        }
        from
    }

    /// What is asked for a line is not looked for behind it: a text without a quote would be gone through to its end for
    /// each of its lines.
    #[expect(
        clippy::inline_always,
        reason = "called for every token: the calls cost as much as the look-ups"
    )]
    #[inline(always)]
    fn next(&self, from: usize, before: usize, set: impl Fn(&Word) -> u64) -> usize {
        let index = from / 64;
        let Some(word) = self.words.get(index) else {
            return before;
        };
        let bits = set(word) >> (from % 64);
        if bits != 0 {
            return (from + first(bits)).min(before);
        }
        self.further(index + 1, before, set)
    }

    /// As [`Marks::next`], from a word on.
    fn further(&self, start: usize, before: usize, set: impl Fn(&Word) -> u64) -> usize {
        let last = before.div_ceil(64).min(self.words.len());
        let further = self.words.get(start..last).unwrap_or_default();
        for (index, word) in (start..).zip(further) {
            if set(word) != 0 {
                return (index * 64 + first(set(word))).min(before);
            }
        }
        before
    }
}

/// The index of the lowest bit.
#[inline]
fn first(bits: u64) -> usize {
    usize::try_from(bits.trailing_zeros()).unwrap_or(64)
}

#[inline]
fn word<const STOPS: bool>(chunk: &[u8; 64]) -> Word {
    let mut word = Word::default();
    let mut plain = 0;
    let (parts, _) = chunk.as_chunks::<16>();
    for (index, &part) in parts.iter().enumerate() {
        let bytes = signed(part);
        let is = |b: u8| bytes.simd_eq(i8x16::splat(b.cast_signed()));
        let shift = 16 * index;
        if STOPS {
            // A range that is moved to the end of the signed bytes is what is greater than all others.
            let within = |bytes: i8x16, low: u8, high: u8| {
                let move_by = i8::MAX - high.cast_signed();
                let before = low.cast_signed() - 1 + move_by;
                (bytes + i8x16::splat(move_by)).simd_gt(i8x16::splat(before))
            };
            let letter = within(bytes | i8x16::splat(0x20), b'a', b'z');
            let others = within(bytes, b'-', b':') | is(b'_');
            plain |= u64::from((letter | others).to_bitmask()) << shift;
        }
        word.quotes |= u64::from((is(b'"') | is(b'\\')).to_bitmask()) << shift;
        word.blanks |= u64::from(is(b' ').to_bitmask()) << shift;
        word.ends |= u64::from(is(b'\n').to_bitmask()) << shift;
    }
    word.stops = !plain;
    word
}

#[inline]
fn signed(bytes: [u8; 16]) -> i8x16 {
    i8x16::from(bytes.map(u8::cast_signed))
}

/// Where one byte stands among 32.
#[inline]
pub(crate) fn places(chunk: [u8; 32], byte: u8) -> u32 {
    let (parts, _) = chunk.as_chunks::<16>();
    let sought = i8x16::splat(byte.cast_signed());
    let bits = |&part: &[u8; 16]| signed(part).simd_eq(sought).to_bitmask();
    parts
        .iter()
        .rev()
        .fold(0, |all, part| all << 16 | bits(part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_byte_is_told_apart(text in prop::collection::vec(any::<u8>(), 0..300), reach in 0..400_usize) {
            let mut marks = Marks::default();
            marks.take(b"something that was there before", true);
            let mut few = marks.clone();
            marks.take(&text, true);
            few.take(&text, false);
            for from in 0..=text.len() {
                let before = (from + reach).min(text.len());
                let check = |found: usize, wanted: &dyn Fn(u8) -> bool| {
                    let rest = text[from..before].iter();
                    let expected = rest.clone().position(|&b| wanted(b)).map_or(before, |at| from + at);
                    prop_assert_eq!(found, expected);
                    Ok(())
                };
                check(marks.stop(from, before), &|b| !(b.is_ascii_alphanumeric() || b"_-./:".contains(&b)))?;
                check(marks.quote(from, before), &|b| matches!(b, b'"' | b'\\'))?;
                check(marks.blank(from, before), &|b| b == b' ')?;
                let blank = text[from..before].iter().rposition(|&b| b == b' ');
                prop_assert_eq!(marks.behind_blank(from, before), blank.map_or(from, |at| from + at + 1));
                prop_assert_eq!(few.quote(from, before), marks.quote(from, before));
                prop_assert_eq!(few.blank(from, before), marks.blank(from, before));
                prop_assert_eq!(few.end(from), marks.end(from));
                if let Some(&chunk) = text[from..].first_chunk::<32>() {
                    let expected: u32 = (0..32).filter(|&at| chunk[at] == chunk[7]).map(|at| 1_u32 << at).sum();
                    prop_assert_eq!(places(chunk, chunk[7]), expected);
                }
                if before == text.len() {
                    check(marks.end(from), &|b| b == b'\n')?;
                }
            }
        }
    }
}
