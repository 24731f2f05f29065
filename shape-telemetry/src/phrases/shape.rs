//! The shape of a message: its bytes with the values left out that say nothing.

use wide::u8x16;

use crate::mine::is_word;

/// The bytes of a message, every digit being a zero, and the letters of ids in base 16 being `a`.
///
/// An id is a word of eight or more such digits with letters among them, or five groups of them with dashes between, as a
/// UUID has them. Of its digits stays which of the first and the last is a letter: that decides how the words beside it are
/// read. The shape is as long as the message: what stands somewhere in one stands there in the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    bytes: Vec<u8>,
}

/// The shortest id.
const MIN_ID: usize = 8;
/// How long a UUID is, and where its dashes stand.
const UUID: (usize, [usize; 4]) = (36, [8, 13, 18, 23]);

impl Shape {
    /// The shape of a message, in place of the one before.
    pub(crate) fn take(&mut self, message: &str) {
        let zeroed = |b: u8| if b.is_ascii_digit() { b'0' } else { b };
        self.bytes.clear();
        self.bytes.extend(message.bytes().map(zeroed));
        if self.has_digits() {
            self.ids();
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn has_digits(&self) -> bool {
        memchr::memchr(b'0', &self.bytes).is_some()
    }

    /// Leaves the letters of ids out.
    fn ids(&mut self) {
        /// As many bytes are looked at together, and so many of them again with those behind them.
        const BLOCK: usize = 64;
        let mut done = 0;
        let mut from = 0;
        while from < self.bytes.len() {
            let mut block = [0; BLOCK];
            let rest = self.bytes.get(from..).unwrap_or_default();
            let n = rest.len().min(BLOCK);
            block[..n].copy_from_slice(&rest[..n]);
            let mut starts = starts(&block);
            while starts != 0 {
                let at = from + usize::try_from(starts.trailing_zeros()).unwrap_or(0);
                starts &= starts - 1;
                if done <= at {
                    done = self.id(at);
                }
            }
            from += BLOCK - MIN_ID + 1;
        }
    }

    /// Leaves out the letters of what may be an id; behind which byte the next may begin.
    fn id(&mut self, start: usize) -> usize {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|&&b| is_digit(b)).count();
        let begins = start
            .checked_sub(1)
            .and_then(|at| self.bytes.get(at))
            .is_none_or(|&b| !is_word(b));
        let ends = |end: usize| self.bytes.get(end).is_none_or(|&b| !is_word(b));
        let end = if !begins {
            return start + length;
        } else if ends(start + length) {
            start + length
        } else if rest.get(..UUID.0).is_some_and(is_uuid) && ends(start + UUID.0) {
            start + UUID.0
        } else {
            return start + length;
        };
        let Some(id) = self.bytes.get_mut(start..end) else {
            return end;
        };
        let is_mixed = id.contains(&b'0') && id.iter().any(u8::is_ascii_alphabetic);
        if let [first, second, middle @ .., last] = id
            && is_mixed
        {
            let kind = |b: u8| if b == b'0' { b'0' } else { b'a' };
            (*first, *last) = (kind(*first), kind(*last));
            *second = b'0';
            for b in middle.iter_mut().filter(|b| **b != b'-') {
                *b = b'a';
            }
        }
        end
    }
}

fn is_digit(b: u8) -> bool {
    matches!(b, b'0' | b'a'..=b'f')
}

fn is_uuid(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(at, &b)| {
        if UUID.1.contains(&at) {
            b == b'-'
        } else {
            is_digit(b)
        }
    })
}

/// Where in a block eight digits of base 16 or more begin.
fn starts(block: &[u8; 64]) -> u64 {
    let mut digits = 0;
    let (parts, _) = block.as_chunks::<16>();
    for (index, &part) in parts.iter().enumerate() {
        let bytes = u8x16::from(part);
        let offset = bytes - u8x16::splat(b'a');
        let letter = offset.min(u8x16::splat(5)).simd_eq(offset);
        let digit = letter | bytes.simd_eq(u8x16::splat(b'0'));
        digits |= u64::from(digit.to_bitmask()) << (16 * index);
    }
    let two = digits & (digits >> 1);
    let four = two & (two >> 2);
    four & (four >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, expected: &str) {
        let mut shape = Shape::default();
        shape.take("something that was there before 1");
        shape.take(message);
        assert_eq!(std::str::from_utf8(shape.as_bytes()), Ok(expected));
    }

    #[test]
    fn digits_and_ids() {
        check("took 512 ms", "took 000 ms");
        check("id=8fe7726b2cf8818f ok", "id=00aaaaaaaaaaaaaa ok");
        check("id=cfe7726b2cf88180 ok", "id=a0aaaaaaaaaaaaa0 ok");
        check("12345678 deadbeef", "00000000 deadbeef");
        check(
            "1234567a. x1234567a 1234567a",
            "0000000a. x0000000a 00aaaaaa",
        );
        check(
            "<f81d4fae-7dec-11d0-a765-00a0c91e6bf6>",
            "<a0aaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaa0>",
        );
        check("f81d4fae-7dec-11d0-a765", "f00d0fae-0dec-00d0-a000");
        let long = "x ".repeat(60) + "8fe7726b2cf8818f";
        check(&long, &("x ".repeat(60) + "00aaaaaaaaaaaaaa"));
    }
}
