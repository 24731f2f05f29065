//! What a byte may be part of.

/// Part of a word.
pub(super) const WORD: u8 = 1;
/// A decimal digit.
pub(super) const DIGIT: u8 = 2;
/// A dot.
pub(super) const DOT: u8 = 4;
/// A colon.
pub(super) const COLON: u8 = 8;
/// A slash of either kind or `@`: such a word may be a path or an address.
pub(super) const SPECIAL: u8 = 16;
/// Something the scanner stops at: a blank, a quote, an angle bracket.
pub(super) const BREAK: u8 = 32;

/// What each byte may be part of.
const CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut b = 0_u8;
    loop {
        let class = match b {
            b'0'..=b'9' => WORD | DIGIT,
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'_'
            | b'-'
            | b'%'
            | b'$'
            | b'+'
            | b'~'
            | b'*'
            | b'&'
            | b'?'
            | b'^'
            | 0x80.. => WORD,
            b'.' => WORD | DOT,
            b':' => WORD | COLON,
            b'/' | b'\\' | b'@' => WORD | SPECIAL,
            b'"' | b'\'' | b'`' | b'<' | 0..=b' ' => BREAK,
            _ => 0,
        };
        table[index(b)] = class;
        if b == u8::MAX {
            return table;
        }
        b += 1;
    }
}

#[expect(clippy::as_conversions, reason = "`From` is not const yet")]
const fn index(b: u8) -> usize {
    b as usize
}

pub(super) fn class(b: u8) -> u8 {
    CLASS[index(b)]
}
