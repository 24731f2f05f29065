//! Alerts on the budget itself: how much is left, how fast it drops, how long it lasts.

use serde::{Deserialize, Serialize};
use shape_sli::{Events, Grouped};
use shape_slo::{Slo, Target};

use crate::{AlertSeverity, BudgetUnit, Error, alert, error::Repr, spend::Spend};

/// What an alert on the budget looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum BudgetCondition {
    /// At most this part of the budget is left.
    Left {
        /// In parts per million of what the window allows; 0 when it is spent to the last.
        at_most_ppm: u32,
    },
    /// At least this part of the budget was spent in a look-back.
    Dropped {
        /// In parts per million of what the window allows.
        ppm: u32,
        /// The look-back in seconds.
        within_seconds: u64,
    },
    /// The budget is spent within this time if the burn of a look-back goes on.
    Exhausted {
        /// The time in seconds.
        within_seconds: u64,
        /// The look-back in seconds.
        look_back_seconds: u64,
    },
}

/// An alert on the budget itself.
///
/// Decided with integers, and with evidence: as with [`AlertRule`](crate::AlertRule), fewer than 30 bad events alert
/// only when there are two and the lower bound of the error ratio exceeds what the condition is about.
///
/// ```
/// use shape_budget::BudgetRule;
///
/// let [left, dropped, exhausted] = BudgetRule::USUAL;
/// assert_eq!(left.to_string(), "ticket when at most 10 % of the budget is left");
/// assert_eq!(dropped.to_string(), "ticket when 20 % of the budget is spent within 1d");
/// assert_eq!(exhausted.to_string(), "ticket when the budget is spent within 3d at the burn of the last 6h");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetRule {
    /// How urgent.
    pub severity: AlertSeverity,
    /// When it fires.
    pub condition: BudgetCondition,
}

/// An alert on the budget that fires.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetAlert {
    /// How urgent.
    pub severity: AlertSeverity,
    /// Why it fires.
    pub condition: BudgetCondition,
    /// One sentence with the figures.
    pub explanation: String,
}

/// The budget of a whole window, as rules look at it.
pub(crate) struct Standing<'a> {
    pub(crate) slo: &'a Slo,
    pub(crate) events: Events,
    pub(crate) spend: &'a Spend,
    /// How long the service has been seen in the window.
    pub(crate) covered_seconds: u64,
    pub(crate) confidence: f64,
}

/// A look-back.
pub(crate) struct Recent {
    pub(crate) seconds: u64,
    pub(crate) events: Events,
    pub(crate) spend: Spend,
}

impl BudgetRule {
    /// Tickets: 10 % left, 20 % spent in a day, spent within three days at the burn of six hours.
    pub const USUAL: [Self; 3] = [
        Self {
            severity: AlertSeverity::Ticket,
            condition: BudgetCondition::Left {
                at_most_ppm: 100_000,
            },
        },
        Self {
            severity: AlertSeverity::Ticket,
            condition: BudgetCondition::Dropped {
                ppm: 200_000,
                within_seconds: 86_400,
            },
        },
        Self {
            severity: AlertSeverity::Ticket,
            condition: BudgetCondition::Exhausted {
                within_seconds: 259_200,
                look_back_seconds: 21_600,
            },
        },
    ];

    pub(crate) fn checked(self) -> Result<Self, Error> {
        let is_valid = match self.condition {
            BudgetCondition::Left { at_most_ppm } => at_most_ppm < 1_000_000,
            BudgetCondition::Dropped {
                ppm,
                within_seconds,
            } => (1..=1_000_000).contains(&ppm) && 0 < within_seconds,
            BudgetCondition::Exhausted {
                within_seconds,
                look_back_seconds,
            } => 0 < within_seconds && 0 < look_back_seconds,
        };
        if is_valid {
            return Ok(self);
        }
        Err(Repr::Config {
            what: "budget rule",
            seen: self.to_string(),
            expected: "a part of the budget up to 1,000,000 ppm and lengths above zero",
        }
        .into())
    }

    pub(crate) fn look_back_seconds(self) -> u64 {
        match self.condition {
            BudgetCondition::Left { .. } => u64::MAX,
            BudgetCondition::Dropped { within_seconds, .. } => within_seconds,
            BudgetCondition::Exhausted {
                look_back_seconds, ..
            } => look_back_seconds,
        }
    }

    pub(crate) fn fires(self, standing: &Standing<'_>, recent: &Recent) -> Option<BudgetAlert> {
        let Standing {
            slo,
            events,
            spend,
            confidence,
            ..
        } = standing;
        let allowed_ppb = u128::from(slo.target.allowed_ppb());
        if events.total() < slo.min_events.max(1) || allowed_ppb == 0 {
            return None;
        }
        let billion = u128::from(Target::DENOMINATOR);
        let (figures, is_sure) = match self.condition {
            BudgetCondition::Left { at_most_ppm } => {
                let part = 1_000_000 - at_most_ppm;
                if !spend.is_part(spend.spent(), part) {
                    return None;
                }
                let share = allowed_ppb * u128::from(part) / 1_000_000;
                let is_sure = alert::is_sure(*events, *confidence, |ppb| share <= ppb);
                let used = spend.consumed_ppm().unwrap_or(u64::MAX);
                (format!("{} is used", percent(used)), is_sure)
            }
            BudgetCondition::Dropped { ppm, .. } => {
                if !spend.is_part(recent.spend.spent(), ppm) {
                    return None;
                }
                // The share of bad events in the look-back that spends such a part of the window's budget.
                let total = u128::from(recent.events.total()).max(1);
                let whole = u128::from(events.total());
                let share =
                    (whole * allowed_ppb / 1_000_000 * u128::from(ppm) / total).min(billion);
                let is_sure = alert::is_sure(recent.events, *confidence, |ppb| share <= ppb);
                let bad = Grouped(recent.events.bad());
                let last = alert::span(recent.seconds);
                (format!("{bad} bad events in the last {last}"), is_sure)
            }
            BudgetCondition::Exhausted { within_seconds, .. } => {
                if !is_exhausted(standing, recent, within_seconds) {
                    return None;
                }
                let is_sure = alert::is_sure(recent.events, *confidence, |ppb| allowed_ppb <= ppb);
                let (bad, total) = (Grouped(recent.events.bad()), Grouped(recent.events.total()));
                let left = Grouped(spend.remaining().unsigned_abs());
                let last = alert::span(recent.seconds);
                (
                    format!(
                        "{bad} of {total} events bad in the last {last}, {left} more are allowed"
                    ),
                    is_sure,
                )
            }
        };
        is_sure.then(|| BudgetAlert {
            severity: self.severity,
            condition: self.condition,
            explanation: format!("{}: {figures}", self.condition),
        })
    }
}

/// Whether the bad events of a look-back, going on at their rate, spend what is left within a time. Other methods than
/// occurrences are not extrapolated.
fn is_exhausted(standing: &Standing<'_>, recent: &Recent, within_seconds: u64) -> bool {
    let spend = standing.spend;
    if spend.unit != BudgetUnit::Events || spend.remaining() < 0 {
        return false;
    }
    let allowed = i128::from(standing.slo.target.allowed_ppb());
    // In billionths of an event: what is left, and by how much the look-back spent more than it earned.
    let net = |events: Events| {
        i128::from(events.bad()) * i128::from(Target::DENOMINATOR)
            - i128::from(events.total()) * allowed
    };
    let (left, loss) = (-net(standing.events), net(recent.events));
    let seconds = recent.seconds.min(standing.covered_seconds).max(1);
    if loss <= 0 {
        return false;
    }
    // left / (loss / seconds) <= within; what does not fit in 127 bits is compared by quotients.
    match (
        left.checked_mul(i128::from(seconds)),
        loss.checked_mul(i128::from(within_seconds)),
    ) {
        (Some(left), Some(loss)) => left <= loss,
        _ => left / loss <= i128::from(within_seconds / seconds),
    }
}

fn percent(ppm: u64) -> String {
    format!("{} %", Grouped(ppm.div_ceil(10_000)))
}

impl std::fmt::Display for BudgetCondition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |ppm: u32| percent(u64::from(ppm));
        match *self {
            Self::Left { at_most_ppm } => {
                write!(f, "at most {} of the budget is left", percent(at_most_ppm))
            }
            Self::Dropped {
                ppm,
                within_seconds,
            } => {
                let within = alert::span(within_seconds);
                write!(f, "{} of the budget is spent within {within}", percent(ppm))
            }
            Self::Exhausted {
                within_seconds,
                look_back_seconds,
            } => write!(
                f,
                "the budget is spent within {} at the burn of the last {}",
                alert::span(within_seconds),
                alert::span(look_back_seconds)
            ),
        }
    }
}

/// `ticket when at most 10 % of the budget is left`.
impl std::fmt::Display for BudgetRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            AlertSeverity::Page => "page",
            AlertSeverity::Ticket => "ticket",
        };
        write!(f, "{severity} when {}", self.condition)
    }
}
