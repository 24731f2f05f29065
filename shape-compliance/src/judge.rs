//! From budgets to statuses and incidents.

use jiff::Timestamp;
use shape_budget::{BudgetPolicy, BudgetReport, BurnWindow, SloBudget};
use shape_sli::{Events, confidence_at_least};
use shape_slo::{Slo, SloSet};

use crate::{
    BadStretch, Breach, BreachId, ComplianceReport, Error, IncidentState, SloStatus, Status,
    error::Repr, figures,
};

/// How statuses change.
///
/// ```
/// use shape_compliance::JudgeConfig;
///
/// let config = JudgeConfig::new().min_bad_events(5).close_below_ppm(900_000)?;
/// # let _ = config;
/// # Ok::<(), shape_compliance::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgeConfig {
    min_bad_events: u64,
    min_recent_events: u64,
    min_recent_seconds: u64,
    close_below_ppm: u64,
    at_risk_above_ppm: u64,
    at_risk_until_ppm: u64,
    at_risk_probability_percent: u32,
    policies: Vec<BudgetPolicy>,
}

impl Default for JudgeConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl JudgeConfig {
    /// A breach needs 2 bad events; an incident closes when at most 95 % of the budget is used; a promise is at risk
    /// when an alert fires, when more than 90 % of the budget is used (until 80 %), or when a miss is 95 % likely; what
    /// happens now is judged from the shortest look-back of at least 10 s with at least 30 events, and the promise's own
    /// minimum of them.
    pub fn new() -> Self {
        Self {
            min_bad_events: 2,
            min_recent_events: 30,
            min_recent_seconds: 10,
            close_below_ppm: 950_000,
            at_risk_above_ppm: 900_000,
            at_risk_until_ppm: 800_000,
            at_risk_probability_percent: 95,
            policies: Vec::new(),
        }
    }

    /// The budget policies; of those that speak of a promise the first one says what its incidents allow.
    #[must_use]
    pub fn policies(mut self, policies: impl IntoIterator<Item = BudgetPolicy>) -> Self {
        self.policies = policies.into_iter().collect();
        self
    }

    /// With fewer bad events a missed target is a risk, not a breach. At least 2: one event never decides.
    #[must_use]
    pub fn min_bad_events(mut self, events: u64) -> Self {
        self.min_bad_events = events.max(2);
        self
    }

    /// What happens now is judged from the shortest look-back with so many events. At least 1.
    #[must_use]
    pub fn min_recent_events(mut self, events: u64) -> Self {
        self.min_recent_events = events.max(1);
        self
    }

    /// What happens now is judged from look-backs of at least so many seconds: longer than the pauses of a burst.
    #[must_use]
    pub fn min_recent_seconds(mut self, seconds: u64) -> Self {
        self.min_recent_seconds = seconds;
        self
    }

    /// An incident closes when at most this part of the budget is used.
    ///
    /// # Errors
    ///
    /// When it is above 1,000,000: an incident would close while the promise is broken.
    pub fn close_below_ppm(mut self, ppm: u64) -> Result<Self, Error> {
        self.close_below_ppm = part("part of the budget to close at", ppm)?;
        Ok(self)
    }

    /// A promise is at risk when `above` is used, and stays at risk until no more than `until` is used.
    ///
    /// # Errors
    ///
    /// When `until` is above `above`, or that above 1,000,000.
    pub fn at_risk_ppm(mut self, above: u64, until: u64) -> Result<Self, Error> {
        self.at_risk_above_ppm = part("part of the budget at risk", above)?;
        if above < until {
            return Err(Repr::Config {
                what: "part of the budget until which a promise is at risk",
                seen: format!("{until} ppm"),
                expected: "no more than the part from which it is at risk",
            }
            .into());
        }
        self.at_risk_until_ppm = until;
        Ok(self)
    }

    /// A promise is at risk when a miss at the end of its window is so likely; 100 turns this off.
    #[must_use]
    pub fn at_risk_probability_percent(mut self, percent: u32) -> Self {
        self.at_risk_probability_percent = percent.min(100);
        self
    }
}

fn part(what: &'static str, ppm: u64) -> Result<u64, Error> {
    if ppm <= 1_000_000 {
        return Ok(ppm);
    }
    Err(Repr::Config {
        what,
        seen: format!("{ppm} ppm"),
        expected: "at most 1,000,000 ppm",
    }
    .into())
}

/// The status of every promise, and the incidents that call for healing.
///
/// **Status** says what is true: [`Status::Breached`] exactly when the window's events miss the target (an integer
/// comparison), there are at least `min_events` of them, and more than one is bad. [`Status::AtRisk`] has hysteresis.
///
/// **Incidents** ([`ComplianceReport::breaches`]) are for acting: one for every ratified promise that is broken. An
/// incident keeps its id from report to report as long as `previous` is handed on, so that it triggers once
/// ([`Breach::is_new`]). It ends when the promise holds again with some margin. While the budget is still overspent but
/// recent events keep the target, the incident is [`IncidentState::Mitigated`]: a fix stops the burn, it does not
/// refill the budget. If the burn comes back then, that is a new incident, and triggers again.
///
/// Only ratified promises breach. A derived one is shown with its status and says that nobody stands behind it.
///
/// Hand in the report that was assessed for the same set: a budget whose promise is not in `promises` is left out.
pub fn judge(
    promises: &SloSet,
    budgets: &BudgetReport,
    previous: Option<&ComplianceReport>,
    config: &JudgeConfig,
) -> ComplianceReport {
    let mut statuses = Vec::new();
    let mut breaches = Vec::new();
    for budget in &budgets.budgets {
        let Some(slo) = promises.find(&budget.slo) else {
            continue;
        };
        let case = Case {
            slo,
            budget,
            now: budgets.now,
            last: previous.map(|report| report.now),
            was: previous.and_then(|report| report.status(&slo.id)),
            open: previous.and_then(|report| report.breach(&slo.id)),
            config,
        };
        let status = case.status();
        let breach = case.breach(status);
        statuses.push(case.entry(status, breach.as_ref()));
        breaches.extend(breach);
    }
    // What calls for healing first, then by how far the budget is overspent, then by name.
    breaches.sort_by(|a, b| {
        let rank = |breach: &Breach| {
            (
                !breach.calls_for_healing(),
                !breach.is_new,
                std::cmp::Reverse(breach.budget.consumed_ppm.unwrap_or(u64::MAX)),
                breach.id.clone(),
            )
        };
        rank(a).cmp(&rank(b))
    });
    ComplianceReport {
        schema_version: ComplianceReport::SCHEMA_VERSION,
        now: budgets.now,
        statuses,
        breaches,
    }
}

/// One promise with all that its judgement needs.
struct Case<'a> {
    slo: &'a Slo,
    budget: &'a SloBudget,
    now: Timestamp,
    last: Option<Timestamp>,
    was: Option<&'a SloStatus>,
    open: Option<&'a Breach>,
    config: &'a JudgeConfig,
}

impl Case<'_> {
    fn status(&self) -> Status {
        let budget = self.budget;
        if !budget.has_enough_events() {
            return Status::NoData;
        }
        if budget.is_met() == Some(false) {
            return if budget.events.bad() < self.config.min_bad_events {
                Status::AtRisk
            } else {
                Status::Breached
            };
        }
        let used = budget.consumed_ppm.unwrap_or(0);
        let was_at_risk = self
            .was
            .is_some_and(|was| matches!(was.status, Status::AtRisk | Status::Breached));
        let limit = if was_at_risk {
            self.config.at_risk_until_ppm
        } else {
            self.config.at_risk_above_ppm
        };
        let probability = budget.forecast.breach_probability.unwrap_or(0.0);
        let likely = f64::from(self.config.at_risk_probability_percent) / 100.0;
        let is_likely = likely < 1.0 && likely <= probability && 2 <= budget.events.bad();
        if !budget.alerts.is_empty() || limit < used || is_likely {
            Status::AtRisk
        } else {
            Status::Met
        }
    }

    /// What happens now: the shortest look-back with enough events to allow a failure, and whether it keeps the target.
    fn recent(&self) -> Option<(&BurnWindow, bool)> {
        let needed = self.config.min_recent_events.max(self.slo.min_events);
        let whole = self.budget.period.length().as_secs();
        let recent = self.budget.burn.iter().find(|window| {
            self.config.min_recent_seconds <= window.seconds
                && window.seconds < whole
                && needed <= window.events.total()
        })?;
        Some((recent, self.slo.target.is_met_by(recent.events)?))
    }

    /// Whether recent events miss the target beyond doubt: a burn that stopped does not come back by chance.
    fn surely_burns(&self, recent: &BurnWindow) -> bool {
        let errors = Events::from_good_bad(recent.events.bad(), recent.events.good());
        let allowed = f64::from(self.slo.target.allowed_ppb()) / 1e9;
        2 <= recent.events.bad()
            && confidence_at_least(errors, allowed).is_some_and(|surely| 0.95 <= surely)
    }

    fn breach(&self, status: Status) -> Option<Breach> {
        if !self.slo.is_ratified() {
            return None;
        }
        let stays_open = self.open.is_some()
            && match status {
                // That nothing is seen any more resolves nothing.
                Status::Breached | Status::NoData => true,
                Status::Met | Status::AtRisk => {
                    self.config.close_below_ppm < self.budget.consumed_ppm.unwrap_or(0)
                }
            };
        if status != Status::Breached && !stays_open {
            return None;
        }
        let recent = self.recent();
        let was = self.open.map(|open| open.state);
        let state = match (recent, was) {
            // Without enough recent events nothing new is known.
            (None, was) => was.unwrap_or(IncidentState::Burning),
            (Some((recent, _)), Some(IncidentState::Mitigated)) => {
                if self.surely_burns(recent) {
                    IncidentState::Burning
                } else {
                    IncidentState::Mitigated
                }
            }
            (Some((_, true)), _) => IncidentState::Mitigated,
            (Some((_, false)), _) => IncidentState::Burning,
        };
        // A burn that returns after it was stopped is another incident, although the budget never recovered.
        let returned = was == Some(IncidentState::Mitigated) && state == IncidentState::Burning;
        let known = self.open.filter(|_| !returned);
        let (id, started_at, detected_at) = if let Some(open) = known {
            (open.id.clone(), open.started_at, open.detected_at)
        } else {
            let started_at = match recent {
                Some((recent, _)) if returned => self.start_of(recent),
                _ => self.first_miss(),
            };
            let id = BreachId::of(&self.slo.id, started_at);
            (id, started_at, self.now)
        };
        let mitigated_at = match state {
            IncidentState::Burning => None,
            IncidentState::Mitigated => known.and_then(|open| open.mitigated_at).or(Some(self.now)),
        };
        Some(Breach {
            id,
            component: self.slo.component.clone(),
            slo: self.slo.clone(),
            started_at,
            detected_at,
            budget: self.budget.clone(),
            is_new: known.is_none(),
            state,
            mitigated_at,
            cause: BadStretch::of(self.budget),
            policy: self
                .config
                .policies
                .iter()
                .find(|policy| policy.holds_for(&self.slo.id))
                .map(|policy| policy.decide(self.budget)),
            explanation: format!(
                "{} promises {} over {}: {}{}",
                self.slo.id,
                self.slo.target,
                self.slo.window,
                if status == Status::NoData {
                    figures::no_data(self.budget)
                } else {
                    figures::verdict(self.budget)
                },
                self.incident_note(state)
            ),
        })
    }

    fn incident_note(&self, state: IncidentState) -> String {
        let Some((recent, _)) = self.recent() else {
            return "; too few recent events to say whether it goes on".to_owned();
        };
        let recent = figures::recent(recent, self.slo.target);
        match state {
            IncidentState::Burning => format!("; it goes on: {recent}"),
            IncidentState::Mitigated => {
                let back = self
                    .budget
                    .forecast
                    .recovers_at
                    .map_or(String::new(), |at| {
                        let at = figures::to_the_second(at);
                        format!(", and without new events the promise holds again only from {at}")
                    });
                format!(
                    "; the burn has stopped ({recent}), which does not refill the budget: the bad events stay in the window{back}"
                )
            }
        }
    }

    /// When the window's events first missed the target, for good.
    fn first_miss(&self) -> Timestamp {
        self.budget.missed_since.unwrap_or(self.now)
    }

    /// The start of a look-back, but not before the last report, which saw no burn.
    fn start_of(&self, recent: &BurnWindow) -> Timestamp {
        i64::try_from(recent.seconds)
            .ok()
            .and_then(|seconds| {
                let length = jiff::SignedDuration::from_secs(seconds);
                self.now.checked_sub(length).ok()
            })
            .max(self.last)
            .unwrap_or(self.now)
    }

    fn entry(&self, status: Status, breach: Option<&Breach>) -> SloStatus {
        let since = match self.was {
            Some(was) if was.status == status => was.since,
            _ => match (status, breach) {
                (Status::Breached, Some(breach)) => breach.started_at,
                (Status::Breached, None) => self.first_miss(),
                _ => self.now,
            },
        };
        SloStatus {
            slo: self.slo.id.clone(),
            component: self.slo.component.clone(),
            status,
            since,
            explanation: self.explain(status, breach),
            is_burning: self.recent().map(|(_, keeps)| !keeps),
            budget: self.budget.clone(),
        }
    }

    fn explain(&self, status: Status, breach: Option<&Breach>) -> String {
        let budget = self.budget;
        if status == Status::NoData {
            return figures::no_data(budget);
        }
        let mut text = figures::verdict(budget);
        if status == Status::AtRisk && budget.is_met() == Some(false) {
            text.push_str("; a single bad event makes no breach");
        } else if let (Status::AtRisk, Some(alert)) = (status, budget.alerts.first()) {
            text.push_str("; ");
            text.push_str(&alert.explanation);
        }
        if let Some(breach) = breach {
            text.push_str(&self.incident_note(breach.state));
        } else if status == Status::Breached {
            text.push_str(
                "; the target is derived and nobody has ratified it: no breach is raised",
            );
        }
        text
    }
}
