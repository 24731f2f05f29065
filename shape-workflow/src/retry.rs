//! How often a step is tried.

use std::time::Duration;

use crate::digest::sha256_parts;

/// How often a failing step is tried and how long to wait in between.
///
/// The wait before attempt n + 1 is `base · factor^(n − 1)`, never longer than `cap`.
///
/// ```
/// use std::time::Duration;
/// use shape_workflow::Retry;
///
/// let retry = Retry::attempts(4).base(Duration::from_secs(1)).factor(3).cap(Duration::from_secs(5));
/// let waits: Vec<u64> = (1..4).map(|n| retry.wait_after(n, "key").as_secs()).collect();
/// assert_eq!(waits, [1, 3, 5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Retry {
    max: u32,
    base: Duration,
    factor: u32,
    cap: Duration,
    jitter: bool,
}

impl Retry {
    /// One attempt, no retry; what a step has unless told otherwise.
    pub const NEVER: Self = Self {
        max: 1,
        base: Duration::from_secs(1),
        factor: 2,
        cap: Duration::from_secs(60),
        jitter: false,
    };

    /// At most `max` attempts, counting the first (0 is taken as 1); waits of 1 s, 2 s, 4 s … up to a minute.
    pub fn attempts(max: u32) -> Self {
        Self {
            max: max.max(1),
            ..Self::NEVER
        }
    }

    /// Waits this long before the second attempt.
    pub fn base(self, base: Duration) -> Self {
        Self { base, ..self }
    }

    /// Multiplies the wait by this from attempt to attempt.
    pub fn factor(self, factor: u32) -> Self {
        Self { factor, ..self }
    }

    /// Never waits longer than this.
    pub fn cap(self, cap: Duration) -> Self {
        Self { cap, ..self }
    }

    /// Spreads the waits evenly between zero and their full length ("full jitter").
    ///
    /// The share is derived from the step's idempotency key and the attempt, so that it differs between runs and is
    /// the same when a run is repeated in a test.
    pub fn full_jitter(self) -> Self {
        Self {
            jitter: true,
            ..self
        }
    }

    /// The most attempts, counting the first.
    pub fn max_attempts(self) -> u32 {
        self.max
    }

    /// How long to wait after attempt `attempt` (from 1) of the step with idempotency key `key`.
    pub fn wait_after(self, attempt: u32, key: &str) -> Duration {
        let exponent = attempt.saturating_sub(1);
        let wait = self
            .factor
            .checked_pow(exponent)
            .and_then(|times| self.base.checked_mul(times))
            .map_or(self.cap, |wait| wait.min(self.cap));
        if !self.jitter {
            return wait;
        }
        let digest = sha256_parts([key, &attempt.to_string()]);
        // Four hexadecimal digits: a share in 0..=65535 of 65535.
        let share = u32::from_str_radix(digest.get(..4).unwrap_or("0"), 16).unwrap_or(0);
        wait.saturating_mul(share) / u32::from(u16::MAX)
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::NEVER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_below_the_cap() {
        let retry = Retry::attempts(100);
        assert_eq!(retry.wait_after(1, ""), Duration::from_secs(1));
        assert_eq!(retry.wait_after(6, ""), Duration::from_secs(32));
        assert_eq!(retry.wait_after(7, ""), Duration::from_secs(60));
        assert_eq!(retry.wait_after(99, ""), Duration::from_secs(60));
        let jittered = retry.full_jitter();
        assert!(jittered.wait_after(99, "a") <= Duration::from_secs(60));
        assert_ne!(jittered.wait_after(9, "a"), jittered.wait_after(9, "b"));
        assert_eq!(Retry::attempts(0).max_attempts(), 1);
    }
}
