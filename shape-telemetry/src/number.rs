//! Conversions between integers and floats, in one place.

/// The nearest float; above 2^53 the last bits are lost, which no caller here can notice.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "there is no lossless way; the callers compute statistics"
)]
pub(crate) const fn to_f64(n: u64) -> f64 {
    n as f64
}

/// Towards zero; NaN and negative numbers give 0, numbers beyond the range the maximum.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, which is what is documented"
)]
pub(crate) const fn to_u64(x: f64) -> u64 {
    x as u64
}

/// As [`to_f64`], for numbers with a sign.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "there is no lossless way; the callers compute statistics"
)]
pub(crate) const fn signed_to_f64(n: i64) -> f64 {
    n as f64
}

/// Towards zero; NaN gives 0, numbers beyond the range the nearest there is.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "saturates, which is what is documented"
)]
pub(crate) const fn to_i64(x: f64) -> i64 {
    x as i64
}

/// A length as `u64`; `usize` is never wider on any supported target.
pub(crate) fn len(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// At most `max` bytes of a text, ending at the end of a character.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// The up to eight bytes of a word as one number, the first one lowest.
pub(crate) const fn key(word: &str) -> u64 {
    let mut bytes = [0; 8];
    let mut at = 0;
    while at < word.len() {
        bytes[at] = word.as_bytes()[at];
        at += 1;
    }
    u64::from_le_bytes(bytes)
}

/// Nanoseconds of a duration; beyond 584 years the maximum.
pub(crate) fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
