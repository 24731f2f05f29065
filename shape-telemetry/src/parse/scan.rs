//! Small nom parsers that the grammars are made of.

use memchr::{memchr, memchr_iter};
use nom::{Err, IResult};

use crate::{Emitter, Level};

/// The result of a grammar: rest and value. Why a line does not fit is never asked, so the error is empty.
pub(crate) type Scan<'a, T> = IResult<&'a str, T, ()>;

pub(crate) fn fail<'a, T>() -> Scan<'a, T> {
    Err(Err::Error(()))
}

pub(crate) fn check<'a>(holds: bool) -> Scan<'a, ()> {
    if holds { Ok(("", ())) } else { fail() }
}

/// Splits at a byte offset that is known to be a character boundary.
pub(crate) fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// One ASCII character.
pub(crate) fn byte(expected: u8) -> impl Fn(&str) -> Scan<'_, ()> {
    move |i| {
        if i.as_bytes().first() == Some(&expected) {
            Ok((split(i, 1).1, ()))
        } else {
            fail()
        }
    }
}

/// Any number of blanks.
pub(crate) fn blanks(i: &str) -> &str {
    i.trim_start_matches([' ', '\t'])
}

/// At least one blank.
pub(crate) fn blanks1(i: &str) -> Scan<'_, ()> {
    let rest = blanks(i);
    if rest.len() < i.len() {
        Ok((rest, ()))
    } else {
        fail()
    }
}

/// Everything up to the next blank, at least one character; the blank stays.
pub(crate) fn word(i: &str) -> Scan<'_, &str> {
    let end = memchr(b' ', i.as_bytes()).unwrap_or(i.len());
    if end == 0 {
        return fail();
    }
    let (word, rest) = split(i, end);
    Ok((rest, word))
}

/// A word and the blanks behind it.
pub(crate) fn word_blanks(i: &str) -> Scan<'_, &str> {
    let (i, word) = word(i)?;
    let (i, ()) = blanks1(i)?;
    Ok((i, word))
}

/// Everything up to `needle`, which is consumed.
pub(crate) fn until(needle: &str) -> impl for<'a> Fn(&'a str) -> Scan<'a, &'a str> {
    move |i| match around(i, needle) {
        Some((before, rest)) => Ok((rest, before)),
        None => fail(),
    }
}

/// What stands before and behind the first place of a short text; building a searcher takes longer than looking at the
/// places of one of its bytes.
#[inline]
pub(crate) fn around<'a>(i: &'a str, needle: &str) -> Option<(&'a str, &'a str)> {
    let (before, rest) = split(i, find(i.as_bytes(), needle.as_bytes())?);
    Some((before, split(rest, needle.len()).1))
}

/// The first place of a needle of a few bytes.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    // Blanks are many.
    let skipped = usize::from(needle.first() == Some(&b' ') && 1 < needle.len());
    let rare = *needle.get(skipped)?;
    memchr_iter(rare, bytes.get(skipped..)?)
        .find(|&at| bytes.get(at..).is_some_and(|rest| rest.starts_with(needle)))
}

/// One or more ASCII digits.
pub(crate) fn digits(i: &str) -> Scan<'_, &str> {
    let end = i
        .bytes()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(i.len());
    if end == 0 {
        return fail();
    }
    let (digits, rest) = split(i, end);
    Ok((rest, digits))
}

/// Text in `[` and `]`, which may be nested.
pub(crate) fn bracketed(i: &str) -> Scan<'_, &str> {
    enclosed(i, b'[', b']')
}

/// Text between `open` and `close`, which may be nested.
pub(crate) fn enclosed(i: &str, open: u8, close: u8) -> Scan<'_, &str> {
    let bytes = i.as_bytes();
    if bytes.first() != Some(&open) {
        return fail();
    }
    let mut depth = 0_usize;
    for (at, &b) in bytes.iter().enumerate() {
        if b == open {
            depth += 1;
        } else if b == close {
            depth -= 1;
            if depth == 0 {
                let (inside, rest) = split(split(i, 1).1, at - 1);
                return Ok((split(rest, 1).1, inside));
            }
        }
    }
    fail()
}

/// A level as a word in capitals or in small letters (`Error` at the start of a sentence is none).
pub(crate) fn level(i: &str) -> Scan<'_, Level> {
    let end = i
        .bytes()
        .position(|b| !b.is_ascii_alphabetic())
        .unwrap_or(i.len());
    let (word, rest) = split(i, end);
    let one_case = word.bytes().all(|b| b.is_ascii_uppercase())
        || word.bytes().all(|b| b.is_ascii_lowercase());
    let ends_here = rest
        .bytes()
        .next()
        .is_none_or(|b| !(b.is_ascii_alphanumeric() || b == b'_'));
    match Level::from_word(word) {
        Some(level) if one_case && ends_here => Ok((rest, level)),
        _ => fail(),
    }
}

/// `path:line`, `path:line:column`; nothing else in the text.
pub(crate) fn place(text: &str) -> Option<Emitter<'_>> {
    let (before, last) = text.rsplit_once(':')?;
    let last: std::num::NonZeroU32 = last.parse().ok()?;
    if let Some((path, line)) = before.rsplit_once(':')
        && let Ok(line) = line.parse()
        && is_path(path)
    {
        return Some(Emitter {
            path: path.into(),
            line,
            column: Some(last),
        });
    }
    is_path(before).then_some(Emitter {
        path: before.into(),
        line: last,
        column: None,
    })
}

/// Whether text looks like the path of a source file: no blanks, and a file name with an extension.
pub(crate) fn is_path(text: &str) -> bool {
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    !stem.is_empty()
        && (1..=6).contains(&extension.len())
        && extension.starts_with(|c: char| c.is_ascii_alphabetic())
        && extension.bytes().all(|b| b.is_ascii_alphanumeric())
        && !text
            .bytes()
            .any(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'=' | b'{' | b'\'' | b','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let place = |text| place(text).map(|p| p.to_location().to_string());
        assert_eq!(place("src/main.rs:2").as_deref(), Some("src/main.rs:2"));
        assert_eq!(place("src/main.rs:2:7").as_deref(), Some("src/main.rs:2:7"));
        assert_eq!(place("C:\\a\\b.cs:3").as_deref(), Some("C:/a/b.cs:3"));
        assert_eq!(place("10.0.0.1:80"), None);
        assert_eq!(place("main.rs:0"), None);
        assert_eq!(place("a b.rs:1"), None);
    }

    #[test]
    fn nested_brackets() {
        assert_eq!(bracketed("[a[b]c] d"), Ok((" d", "a[b]c")));
        assert!(bracketed("[a[b]c d").is_err());
    }
}
