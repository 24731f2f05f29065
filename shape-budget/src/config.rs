//! How budgets are assessed.

use crate::{AlertRule, BudgetRule, Error, Exclusion, NoDataPolicy, error::Repr};

/// What becomes of events that carry no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UntimedEvents {
    /// They count in every promise's window: a log without times that is read now speaks of now. They are in no
    /// look-back and in no slice.
    #[default]
    InWindow,
    /// They count nowhere.
    Ignored,
}

/// How budgets are assessed.
///
/// ```
/// use shape_budget::{AlertRule, BudgetConfig};
///
/// let config = BudgetConfig::new()
///     .look_backs([10, 60, 3_600])?
///     .alert_rules(AlertRule::SRE_WORKBOOK)?;
/// # let _ = config;
/// # Ok::<(), shape_budget::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetConfig {
    pub(crate) look_backs: Vec<u64>,
    pub(crate) rules: Vec<AlertRule>,
    pub(crate) confidence: f64,
    pub(crate) no_data: NoDataPolicy,
    pub(crate) untimed: UntimedEvents,
    pub(crate) max_burndown: usize,
    pub(crate) exclusions: Vec<Exclusion>,
    pub(crate) budget_rules: Vec<BudgetRule>,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl BudgetConfig {
    /// Look-backs of 5 s, 30 s, 1 min, 5 min, 1 h, 6 h and 3 d, the alerts of the SRE workbook at 95 % confidence,
    /// slices without data excluded, events without a time in the window, at most 300 burndown points.
    pub fn new() -> Self {
        Self {
            look_backs: vec![5, 30, 60, 300, 3_600, 21_600, 259_200],
            rules: AlertRule::SRE_WORKBOOK.to_vec(),
            confidence: 0.95,
            no_data: NoDataPolicy::Exclude,
            untimed: UntimedEvents::InWindow,
            max_burndown: 300,
            exclusions: Vec::new(),
            budget_rules: Vec::new(),
        }
    }

    /// Times that count neither for nor against a promise.
    #[must_use]
    pub fn exclusions(mut self, exclusions: impl IntoIterator<Item = Exclusion>) -> Self {
        self.exclusions = exclusions.into_iter().collect();
        self
    }

    /// Its exclusions.
    pub fn own_exclusions(&self) -> &[Exclusion] {
        &self.exclusions
    }

    /// The alerts on the budget itself: how much is left, how fast it drops, how long it lasts. None by default.
    ///
    /// # Errors
    ///
    /// When a part of the budget is not in 0..=1,000,000 ppm, or a look-back has no length.
    pub fn budget_rules(
        mut self,
        rules: impl IntoIterator<Item = BudgetRule>,
    ) -> Result<Self, Error> {
        self.budget_rules = rules
            .into_iter()
            .map(BudgetRule::checked)
            .collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// The look-backs in seconds whose burn is reported. Those shorter than a time bucket, or not shorter than the
    /// promise's window, are left out of its budget; the whole window is always there.
    ///
    /// # Errors
    ///
    /// When one is zero.
    pub fn look_backs(mut self, seconds: impl IntoIterator<Item = u64>) -> Result<Self, Error> {
        self.look_backs = seconds.into_iter().collect();
        self.look_backs.sort_unstable();
        self.look_backs.dedup();
        if self.look_backs.first() == Some(&0) {
            return Err(Repr::Config {
                what: "look-back",
                seen: "0 s".to_owned(),
                expected: "at least 1 s",
            }
            .into());
        }
        Ok(self)
    }

    /// The alert rules. Those whose long window is longer than the promise's window do not apply to it.
    ///
    /// # Errors
    ///
    /// When a short window is longer than its long one, or a part of the budget is not in 1..=1,000,000 ppm.
    pub fn alert_rules(
        mut self,
        rules: impl IntoIterator<Item = AlertRule>,
    ) -> Result<Self, Error> {
        self.rules = rules
            .into_iter()
            .map(AlertRule::checked)
            .collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// How sure an alert must be that the error ratio exceeds its threshold.
    ///
    /// # Errors
    ///
    /// When it is not strictly between 0 and 1.
    pub fn confidence(mut self, confidence: f64) -> Result<Self, Error> {
        if !(0.0 < confidence && confidence < 1.0) {
            return Err(Repr::Config {
                what: "confidence",
                seen: confidence.to_string(),
                expected: "a number between 0 and 1, both excluded",
            }
            .into());
        }
        self.confidence = confidence;
        Ok(self)
    }

    /// How slices without events count.
    #[must_use]
    pub fn no_data(mut self, policy: NoDataPolicy) -> Self {
        self.no_data = policy;
        self
    }

    /// What becomes of events that carry no time.
    #[must_use]
    pub fn untimed(mut self, untimed: UntimedEvents) -> Self {
        self.untimed = untimed;
        self
    }

    /// At most so many burndown points a promise; neighbours are merged, keeping the later one. At least 2.
    #[must_use]
    pub fn max_burndown(mut self, points: usize) -> Self {
        self.max_burndown = points.max(2);
        self
    }
}
