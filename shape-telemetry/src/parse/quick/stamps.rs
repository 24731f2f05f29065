//! Times of lines that follow each other: the date is decoded once, the clock for each.

use jiff::Timestamp;

use super::line::Line;
use crate::parse::time::{self, Context};

/// The dates that were decoded last, one for each way of writing them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stamps {
    /// `2026-11-23`, and its midnight in UTC.
    iso: ([u8; 10], i64),
    /// `24/Nov/2026` and ` +0000`, and midnight there.
    access: ([u8; 11], [u8; 6], i64),
    /// `Nov 23 `, and its midnight, where a reference gives it a year.
    syslog: ([u8; 7], Option<i64>),
}

/// The seconds of `HH:MM:SS`, whose eight bytes are looked at together.
#[inline]
fn clock(text: [u8; 8]) -> Option<i64> {
    const LAYOUT: u64 = u64::from_le_bytes(*b"00:00:00");
    const HIGH: u64 = 0xf0f0_fff0_f0ff_f0f0;
    // Digits become their values, colons 0; everything else has a bit of `HIGH`, or is above 9.
    let digits = u64::from_le_bytes(text) ^ LAYOUT;
    let above_nine = digits.wrapping_add(0x0606_0006_0600_0606) & 0xf0f0_f0f0_f0f0_f0f0;
    if digits & HIGH != 0 || above_nine != 0 {
        return None;
    }
    // Every byte: ten times itself and the next one, at most 99.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let [hour, _, _, minute, _, _, second, _] = pairs.to_le_bytes();
    // A leap second is left to the grammar.
    if 23 < hour || 59 < minute || 59 < second {
        return None;
    }
    Some(i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second))
}

impl Stamps {
    /// `2026-11-23T23:41:07.321916Z`: the instant, and where it ends. Only this layout, `T` or a blank; the zone, if any,
    /// as in the grammar.
    #[inline]
    pub(crate) fn iso(
        &mut self,
        line: &Line<'_, '_>,
        at: usize,
        context: &Context,
    ) -> Option<(usize, Timestamp)> {
        let date = line.array::<10>(at)?;
        if !matches!(line.byte(at + 10), b'T' | b' ') {
            return None;
        }
        let clock = clock(line.array(at + 11)?)?;
        if date != self.iso.0 {
            let midnight = time::midnight(date)?;
            self.iso = (date, midnight);
        }
        let (end, nanos) = fraction(line, at + 19)?;
        let (end, offset) = if line.byte(end) == b'Z' {
            (end + 1, 0)
        } else if line.byte(end) == b' ' && !matches!(line.byte(end + 1), b'U' | b'G' | b'+' | b'-')
        {
            // What begins like this is no zone.
            (end, i64::from(context.utc_offset_s))
        } else {
            let rest = line.text(end, line.end());
            let (behind, offset) = time::zone(rest);
            let offset = offset.unwrap_or(i64::from(context.utc_offset_s));
            (end + rest.len() - behind.len(), offset)
        };
        let time = Timestamp::new(self.iso.1 + clock - offset, nanos).ok()?;
        Some((end, time))
    }

    /// `24/Nov/2026:07:52:24 +0000`, 26 bytes.
    #[inline]
    pub(crate) fn access(
        &mut self,
        line: &Line<'_, '_>,
        at: usize,
        context: &Context,
    ) -> Option<Timestamp> {
        let date = line.array::<11>(at)?;
        let clock = clock(line.array(at + 12)?)?;
        let zone = line.array::<6>(at + 20)?;
        if zone[0] != b' ' || line.byte(at + 11) != b':' {
            return None;
        }
        if (date, zone) != (self.access.0, self.access.1) {
            let text = line.text(at, at + 26);
            let ("", time) = time::clf(text, context).ok()? else {
                return None;
            };
            self.access = (date, zone, time.as_second() - clock);
        }
        Timestamp::new(self.access.2 + clock, 0).ok()
    }

    /// `Nov 23 23:41:07`, 15 bytes; without a year it is known in the light of a reference only.
    #[inline]
    pub(crate) fn syslog(
        &mut self,
        line: &Line<'_, '_>,
        at: usize,
        context: &Context,
    ) -> Result<Option<Timestamp>, NotOrdinary> {
        let date = line.array::<7>(at).ok_or(NotOrdinary)?;
        let clock = line.array(at + 7).and_then(clock).ok_or(NotOrdinary)?;
        if date != self.syslog.0 {
            self.syslog = (date, midnight_of_year(date, context)?);
        }
        let time = self
            .syslog
            .1
            .map(|midnight| Timestamp::new(midnight + clock, 0));
        time.transpose().map_err(|_| NotOrdinary)
    }
}

/// What is left to the grammar.
pub(crate) struct NotOrdinary;

/// The midnight of `Nov 23 `, where its year is known; not ordinary is a day of which only a part lies in one year.
fn midnight_of_year(date: [u8; 7], context: &Context) -> Result<Option<i64>, NotOrdinary> {
    let at = |clock: &str| {
        let date = std::str::from_utf8(&date).map_err(|_| NotOrdinary)?;
        match time::syslog(&format!("{date}{clock}"), context) {
            Ok(("", time)) => Ok(time.map(Timestamp::as_second)),
            _ => Err(NotOrdinary),
        }
    };
    let (first, last) = (at("00:00:00")?, at("23:59:59")?);
    if first.map(|first| first + 86_399) != last {
        return Err(NotOrdinary);
    }
    Ok(first)
}

/// Nanoseconds behind `.` or `,`, up to nine digits, and where they end.
#[inline]
fn fraction(line: &Line<'_, '_>, at: usize) -> Option<(usize, i32)> {
    if !matches!(line.byte(at), b'.' | b',') || !line.byte(at + 1).is_ascii_digit() {
        return Some((at, 0));
    }
    if let Some(digits) = line.array(at + 1)
        && let Some((n, nanos)) = few_digits(digits)
    {
        return Some((at + 1 + n, nanos));
    }
    let mut nanos = 0;
    let mut end = at + 1;
    let mut scale = 100_000_000;
    loop {
        let digit = line.byte(end).wrapping_sub(b'0');
        if 9 < digit {
            return Some((end, nanos));
        }
        if scale == 0 {
            return None;
        }
        nanos += i32::from(digit) * scale;
        scale /= 10;
        end += 1;
    }
}

/// The digits that eight bytes begin with, fewer than eight, as the start of nine: how many, and their value.
#[inline]
fn few_digits(text: [u8; 8]) -> Option<(usize, i32)> {
    let digits = u64::from_le_bytes(text) ^ 0x3030_3030_3030_3030;
    // A byte above 9 has its high bit set here; what a sum carries away lies behind the first of those.
    let others = (digits | digits.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080;
    let n = others.trailing_zeros() / 8;
    if n == 8 {
        return None;
    }
    // The first digit is the lowest byte and counts most; bytes behind the digits are zeros.
    let digits = digits & ((1 << (8 * n)) - 1);
    let pairs = (digits.wrapping_mul(10).wrapping_add(digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let all = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    Some((usize::try_from(n).ok()?, i32::try_from(all * 10).ok()?))
}

#[cfg(test)]
mod tests {
    use super::{clock, few_digits};

    #[test]
    fn fractions() {
        assert_eq!(few_digits(*b"321916Z "), Some((6, 321_916_000)));
        assert_eq!(few_digits(*b"9999999x"), Some((7, 999_999_900)));
        assert_eq!(few_digits(*b"5Zaaaaaa"), Some((1, 500_000_000)));
        assert_eq!(few_digits(*b"003+0100"), Some((3, 3_000_000)));
        assert_eq!(few_digits(*b"12345678"), None);
        for b in 0..=u8::MAX {
            let found = few_digits([b'1', b, b'2', b'/', b'9', b'9', b'9', b'9']);
            let expected = match b {
                b'0'..=b'9' => (3, 102_000_000 + 10_000_000 * i32::from(b - b'0')),
                _ => (1, 100_000_000),
            };
            assert_eq!(found, Some(expected), "{b}");
        }
    }

    #[test]
    fn clocks() {
        assert_eq!(clock(*b"23:41:07"), Some(85_267));
        assert_eq!(clock(*b"00:00:00"), Some(0));
        for text in [
            b"24:00:00",
            b"23:60:00",
            b"23:00:60",
            b"2a:00:00",
            b"23.00:00",
            b"23:0 :00",
            b"::::::::",
            b"23:00:0:",
        ] {
            assert_eq!(clock(*text), None);
        }
        for b in 0..=u8::MAX {
            assert_eq!(
                clock([b'0', b, b':', b'0', b'0', b':', b'0', b'0']).is_some(),
                b.is_ascii_digit()
            );
            assert_eq!(
                clock([b'0', b'0', b, b'0', b'0', b':', b'0', b'0']).is_some(),
                b == b':'
            );
        }
    }
}
