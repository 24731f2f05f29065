//! The formula of the system that this one replaces.

use crate::{
    Health, HealthInput, HealthModel, HealthTier, Score,
    figures::{real, share},
};

/// `0.3 · max(0, 100 − P95_ms/2) + 0.4 · max(0, 100 − 100 · error_percent) + 0.3 · availability_percent`.
///
/// Kept to compare with old reports. Its terms saturate: 1 % of errors and 100 % of errors score the same, and so do
/// 200 ms and 200 s. Use [`BudgetHealth`](crate::BudgetHealth) to judge.
///
/// ```
/// use shape_sli::LegacyHealth;
///
/// assert_eq!(LegacyHealth::score(71.85, 1.0, 99.712).to_string(), "49.14");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegacyHealth;

impl LegacyHealth {
    /// The score, rounded to hundredths; what is not a number counts as the worst.
    pub fn score(p95_ms: f64, error_percent: f64, availability_percent: f64) -> Score {
        let [latency, errors, availability] = terms(p95_ms, error_percent, availability_percent);
        Score::from_points_nearest(100.0 * (0.3 * latency + 0.4 * errors + 0.3 * availability))
    }
}

impl HealthModel for LegacyHealth {
    fn name(&self) -> &'static str {
        "legacy"
    }

    fn assess(&self, input: &HealthInput<'_>) -> Option<Health> {
        let events = input.availability;
        if events.is_none() {
            return None;
        }
        let p95 = input.latency.quantile(0.95).unwrap_or_default();
        let p95_ms = p95.as_secs_f64() * 1_000.0;
        let error_percent = 100.0 * real(events.bad()) / real(events.total());
        let availability_percent = 100.0 * real(events.good()) / real(events.total());
        let score = Self::score(p95_ms, error_percent, availability_percent);
        let [latency, errors, availability] = terms(p95_ms, error_percent, availability_percent);
        Some(Health {
            model: self.name().to_owned(),
            score,
            tier: HealthTier::of(score),
            terms: vec![
                ("latency".to_owned(), latency, 0.3),
                ("errors".to_owned(), errors, 0.4),
                ("availability".to_owned(), availability, 0.3),
            ],
        })
    }
}

fn terms(p95_ms: f64, error_percent: f64, availability_percent: f64) -> [f64; 3] {
    [
        share(1.0 - p95_ms / 200.0),
        share(1.0 - error_percent),
        share(availability_percent / 100.0),
    ]
}
