//! Where tokens end: bit sets over the bytes of a text, made sixteen bytes at a time.

use wide::u8x16;

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

    /// The first byte from here on that is no letter, no digit and none of `_ - . / :`; the end of the text without one.
    #[inline]
    pub(crate) fn stop(&self, from: usize) -> usize {
        self.next(from, |word| word.stops)
    }

    /// The first `"` or `\` from here on.
    #[inline]
    pub(crate) fn quote(&self, from: usize) -> usize {
        self.next(from, |word| word.quotes)
    }

    /// The first blank from here on.
    #[inline]
    pub(crate) fn blank(&self, from: usize) -> usize {
        self.next(from, |word| word.blanks)
    }

    /// The first line break from here on.
    #[inline]
    pub(crate) fn end(&self, from: usize) -> usize {
        self.next(from, |word| word.ends)
    }

    #[inline]
    fn next(&self, from: usize, set: impl Fn(&Word) -> u64) -> usize {
        let index = from / 64;
        let Some(word) = self.words.get(index) else {
            return self.len;
        };
        let bits = set(word) >> (from % 64);
        if bits != 0 {
            return from + first(bits);
        }
        let further = self.words.iter().enumerate().skip(index + 1);
        for (index, word) in further {
            if set(word) != 0 {
                return index * 64 + first(set(word));
            }
        }
        self.len
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
    let (parts, _) = chunk.as_chunks::<16>();
    for (index, &part) in parts.iter().enumerate() {
        let bytes = u8x16::from(part);
        let is = |b: u8| bytes.simd_eq(u8x16::splat(b));
        let shift = 16 * index;
        if STOPS {
            // `x - low <= length`, the only comparison of unsigned bytes that there is.
            let within = |bytes: u8x16, low: u8, high: u8| {
                let offset = bytes - u8x16::splat(low);
                offset.min(u8x16::splat(high - low)).simd_eq(offset)
            };
            let letter = within(bytes | u8x16::splat(0x20), b'a', b'z');
            let plain = letter | within(bytes, b'-', b':') | is(b'_');
            word.stops |= u64::from(!plain.to_bitmask() & 0xffff) << shift;
        }
        word.quotes |= u64::from((is(b'"') | is(b'\\')).to_bitmask()) << shift;
        word.blanks |= u64::from(is(b' ').to_bitmask()) << shift;
        word.ends |= u64::from(is(b'\n').to_bitmask()) << shift;
    }
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_byte_is_told_apart(text in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut marks = Marks::default();
            marks.take(b"something that was there before", true);
            let mut few = marks.clone();
            marks.take(&text, true);
            few.take(&text, false);
            let check = |from: usize, found: usize, wanted: &dyn Fn(u8) -> bool| {
                let rest = text.iter().skip(from);
                let expected = rest.clone().position(|&b| wanted(b)).map_or(text.len(), |at| from + at);
                prop_assert_eq!(found, expected);
                Ok(())
            };
            for from in 0..=text.len() {
                check(from, marks.stop(from), &|b| !(b.is_ascii_alphanumeric() || b"_-./:".contains(&b)))?;
                check(from, marks.quote(from), &|b| matches!(b, b'"' | b'\\'))?;
                check(from, marks.blank(from), &|b| b == b' ')?;
                check(from, marks.end(from), &|b| b == b'\n')?;
                prop_assert_eq!(few.quote(from), marks.quote(from));
                prop_assert_eq!(few.blank(from), marks.blank(from));
                prop_assert_eq!(few.end(from), marks.end(from));
            }
        }
    }
}
