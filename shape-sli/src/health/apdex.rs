//! Apdex, the Application Performance Index.

use crate::{Health, HealthInput, HealthModel, HealthTier, Score, figures::real};

/// The Application Performance Index of the Apdex Alliance's technical specification 1.1.
///
/// `(satisfied + tolerating / 2) / all`: a request is satisfied within the threshold `T`, tolerating within `4 T`, and
/// frustrated beyond or when it failed. The score is a hundred times the index.
///
/// As a [`HealthModel`] it needs `T` and `4 T` among the counted limits and is `None` otherwise: counts are exact, a
/// sketch's are not.
///
/// ```
/// use shape_sli::Apdex;
///
/// let index = Apdex::index(60, 30, 10).ok_or("no requests")?;
/// assert_eq!(format!("{index:.2}"), "0.75");
/// assert_eq!(Apdex::rating(index), "fair");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apdex {
    threshold_ns: u64,
}

impl Apdex {
    /// Apdex with a threshold in nanoseconds.
    pub fn new(threshold_ns: u64) -> Self {
        Self { threshold_ns }
    }

    /// The index in 0..=1 of so many satisfied, tolerating and frustrated requests; `None` without requests.
    pub fn index(satisfied: u64, tolerating: u64, frustrated: u64) -> Option<f64> {
        let total = satisfied
            .saturating_add(tolerating)
            .saturating_add(frustrated);
        (total != 0).then(|| (real(satisfied) + real(tolerating) / 2.0) / real(total))
    }

    /// The rating that the specification gives an index.
    pub fn rating(index: f64) -> &'static str {
        match index {
            _ if 0.94 <= index => "excellent",
            _ if 0.85 <= index => "good",
            _ if 0.70 <= index => "fair",
            _ if 0.50 <= index => "poor",
            _ => "unacceptable",
        }
    }
}

impl HealthModel for Apdex {
    fn name(&self) -> &'static str {
        "apdex"
    }

    fn assess(&self, input: &HealthInput<'_>) -> Option<Health> {
        let counted = |limit: u64| {
            let found = input.within.iter().find(|(counted, _)| *counted == limit);
            found.map(|(_, events)| *events)
        };
        let satisfied = counted(self.threshold_ns)?;
        let tolerated = counted(self.threshold_ns.checked_mul(4)?)?;
        let tolerating = tolerated.good().saturating_sub(satisfied.good());
        let index = Self::index(satisfied.good(), tolerating, tolerated.bad())?;
        let score = Score::from_share(index);
        Some(Health {
            model: self.name().to_owned(),
            score,
            tier: HealthTier::of(score),
            terms: vec![("apdex".to_owned(), index, 1.0)],
        })
    }
}
