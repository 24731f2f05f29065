//! Base 64, as data URLs and the mappings of source maps use it.

/// The six bits of a digit of base 64.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// The bytes of a base 64 text with or without padding.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut n_bits) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        bits = bits << 6 | u32::from(digit(byte)?);
        n_bits += 6;
        if 8 <= n_bits {
            n_bits -= 8;
            bytes.push(u8::try_from(bits >> n_bits).ok()?);
            bits &= (1 << n_bits) - 1;
        }
    }
    Some(bytes)
}

/// The numbers of a segment: digits of five bits, the lowest first, with a bit that says that more follow; the lowest
/// bit of a number is its sign. At most five numbers make a segment.
pub(super) fn segment(text: &[u8]) -> Result<([i64; 5], usize), String> {
    let mut numbers = [0_i64; 5];
    let mut n_numbers = 0;
    let (mut value, mut shift) = (0_i64, 0_u32);
    for byte in text {
        let bits = digit(*byte)
            .ok_or_else(|| format!("`{}` is no digit of base 64", char::from(*byte)))?;
        // A number of 32 bits has seven digits at most.
        if 30 < shift {
            return Err("a number is longer than 32 bits".to_owned());
        }
        value |= i64::from(bits & 31) << shift;
        shift += 5;
        if bits & 32 == 0 {
            let number = numbers
                .get_mut(n_numbers)
                .ok_or("a segment has more than five numbers")?;
            *number = if value & 1 == 0 {
                value >> 1
            } else {
                -(value >> 1)
            };
            n_numbers += 1;
            (value, shift) = (0, 0);
        }
    }
    if shift != 0 {
        return Err("a number ends in its middle".to_owned());
    }
    Ok((numbers, n_numbers))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The other direction, from the specification.
    fn encode(number: i32) -> String {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut rest = u64::from(number.unsigned_abs()) << 1 | u64::from(number < 0);
        let mut text = String::new();
        loop {
            let bits = usize::try_from(rest & 31).unwrap();
            rest >>= 5;
            text.push(char::from(digits[bits | usize::from(rest != 0) << 5]));
            if rest == 0 {
                return text;
            }
        }
    }

    #[test]
    fn numbers_of_the_specification() {
        let check = |text: &str, expected: &[i64]| {
            let (numbers, n) = segment(text.as_bytes()).unwrap();
            assert_eq!(&numbers[..n], expected, "{text}");
        };
        check("AAAA", &[0, 0, 0, 0]);
        check("C", &[1]);
        check("D", &[-1]);
        check("gB", &[16]);
        check("gqjG", &[100_000]);
        check("hqjG", &[-100_000]);
        check("", &[]);
        assert!(segment(b"g").is_err());
        assert!(segment(b"A*").is_err());
        assert!(segment(b"AAAAAA").is_err());
        assert!(segment(b"ggggggggggggB").is_err());
    }

    #[test]
    fn base64_of_rfc_4648() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8", "fo"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(base64(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(base64("Z*"), None);
    }

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(any::<i32>(), 1..=5)) {
            let text: String = numbers.iter().map(|number| encode(*number)).collect();
            let (read, n) = segment(text.as_bytes()).map_err(TestCaseError::fail)?;
            let expected: Vec<i64> = numbers.into_iter().map(i64::from).collect();
            prop_assert_eq!(&read[..n], expected);
        }
    }
}
