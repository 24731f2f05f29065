//! Numbers as people read them.

use std::fmt;

/// A count with a comma between thousands: `20,000,000`.
///
/// ```
/// use shape_sli::Grouped;
///
/// assert_eq!(Grouped(9_971).to_string(), "9,971");
/// assert_eq!(Grouped(50).to_string(), "50");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index != 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad_integral(true, "", &text)
    }
}

/// A count as a real number; above 2^53 the nearest one.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "std has no `From<u64> for f64`; statistics need no exact count above 2^53"
)]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// A probability or share cut into 0..=1; what is not a number becomes 0.
pub(crate) fn share(value: f64) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(0.0, 1.0)
    }
}
