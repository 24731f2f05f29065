//! Questions to a history.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::{BudgetConfig, Exclusion, SloBudget, assess_slo};
use shape_sli::{Events, Grouped, SliPoint};
use shape_slo::{Slo, SloId};

use super::{Fact, History, IncidentChange};
use crate::{BadStretch, BreachId, ComplianceReport, Error, IncidentState, error::Repr, figures};

/// The budget of a promise at a time, as known at a time, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The time that was asked about.
    pub at: Timestamp,
    /// What became known later is not in the answer.
    pub known_at: Timestamp,
    /// The promise that held then.
    pub slo: Slo,
    /// Its budget.
    pub budget: SloBudget,
    /// Why it is what it is: one sentence each.
    pub because: Vec<String>,
}

/// An incident from its first to its last word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreachRecord {
    /// The incident.
    pub id: BreachId,
    /// The promise.
    pub slo: SloId,
    /// When the promise was first missed.
    pub started_at: Timestamp,
    /// When that was noticed.
    pub detected_at: Timestamp,
    /// When the burn was seen to have stopped.
    pub mitigated_at: Option<Timestamp>,
    /// When it was over; `None` while it goes on.
    pub resolved_at: Option<Timestamp>,
    /// The figures when it was noticed, with what caused it.
    pub evidence: String,
}

impl BreachRecord {
    /// How long it lasted, or has lasted at `now`, in seconds.
    pub fn seconds(&self, now: Timestamp) -> u64 {
        let end = self.resolved_at.unwrap_or(now);
        u64::try_from(end.duration_since(self.started_at).as_secs()).unwrap_or(0)
    }
}

impl History {
    /// The budget of a promise at a time, from what was known at another; `None` when no promise of that name held.
    ///
    /// With `known_at` equal to `at` it is what was known then, with a later one what is known now. The configuration's
    /// own exclusions come on top of those of the history.
    ///
    /// # Errors
    ///
    /// When the promise's window or an exclusion can not be placed at that time.
    pub fn budget_at(
        &self,
        slo: &SloId,
        at: Timestamp,
        known_at: Timestamp,
        config: &BudgetConfig,
    ) -> Result<Option<Answer>, Error> {
        let mut known = Known::default();
        let entries = self
            .entries
            .iter()
            .take_while(|entry| entry.known_at <= known_at);
        for (index, entry) in entries.enumerate() {
            known.take(index, entry.known_at, &entry.fact, slo, at);
        }
        let Some((promise_at, promise)) = known.promise else {
            return Ok(None);
        };
        let points: Vec<SliPoint> = known
            .counts
            .iter()
            .map(|(start, events)| SliPoint {
                start: *start,
                events: *events,
            })
            .filter(|point| !point.events.is_none())
            .collect();
        let exclusions: Vec<Exclusion> = known.exclusions.into_values().cloned().collect();
        let mut all = exclusions.clone();
        all.extend(config.own_exclusions().iter().cloned());
        let config = config.clone().exclusions(all);
        let budget = assess_slo(promise, &points, Events::NONE, self.bucket_ms, at, &config);
        let budget = budget.map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            Repr::Budget {
                message: format!("{error}{}", cause.unwrap_or_default()),
            }
        })?;
        let mut because = vec![
            format!(
                "the promise is {promise}, known since {}",
                figures::to_the_second(promise_at)
            ),
            format!("in its window: {}", figures::verdict(&budget)),
        ];
        if let Some(cause) = BadStretch::of(&budget) {
            because.push(format!("where they were spent: {cause}"));
        }
        if let Some(excluded) = budget.excluded {
            let names: Vec<&str> = exclusions.iter().map(Exclusion::name).collect();
            because.push(format!(
                "left out by exclusions ({}): {} s with {} events, {} of them bad",
                names.join(", "),
                Grouped(excluded.seconds),
                Grouped(excluded.events.total()),
                Grouped(excluded.events.bad())
            ));
        }
        let in_window = |note: &&Note| budget.period.contains(note.start) && note.start < at;
        because.extend(
            known
                .notes
                .iter()
                .filter(in_window)
                .map(|note| note.text.clone()),
        );
        because.extend(known.withdrawn);
        Ok(Some(Answer {
            at,
            known_at,
            slo: promise.clone(),
            budget,
            because,
        }))
    }

    /// The incidents, in the order in which they were noticed.
    pub fn breaches(&self) -> Vec<BreachRecord> {
        let mut records: Vec<BreachRecord> = Vec::new();
        for entry in &self.entries {
            let Fact::Incident {
                id,
                slo,
                change,
                at,
                explanation,
            } = &entry.fact
            else {
                continue;
            };
            let known = records.iter_mut().rfind(|record| record.id == *id);
            match (change, known) {
                (IncidentChange::Opened, None) => records.push(BreachRecord {
                    id: id.clone(),
                    slo: slo.clone(),
                    started_at: *at,
                    detected_at: entry.known_at,
                    mitigated_at: None,
                    resolved_at: None,
                    evidence: explanation.clone(),
                }),
                (IncidentChange::Mitigated, Some(record)) => record.mitigated_at = Some(*at),
                (IncidentChange::Resolved, Some(record)) => record.resolved_at = Some(*at),
                // Told twice, or of an incident whose beginning is not in this history.
                (IncidentChange::Opened, Some(_)) | (_, None) => {}
            }
        }
        records
    }
}

/// What is known of one promise.
#[derive(Default)]
struct Known<'a> {
    promise: Option<(Timestamp, &'a Slo)>,
    promised_from: Option<Timestamp>,
    counts: BTreeMap<Timestamp, Events>,
    exclusions: BTreeMap<&'a str, &'a Exclusion>,
    notes: Vec<Note>,
    withdrawn: Vec<String>,
}

/// A fact that somebody will ask about, and the bucket it is about.
struct Note {
    start: Timestamp,
    text: String,
}

impl<'a> Known<'a> {
    fn take(&mut self, index: usize, known: Timestamp, fact: &'a Fact, of: &SloId, at: Timestamp) {
        let when = || format!("entry {} of {}", index + 1, figures::to_the_second(known));
        match fact {
            // The one that begins last holds; of those that begin together the one known last.
            Fact::Promise { from, slo }
                if slo.id == *of && *from <= at && self.promised_from <= Some(*from) =>
            {
                self.promise = Some((known, slo.as_ref()));
                self.promised_from = Some(*from);
            }
            Fact::Counts { slo, start, events } if slo == of => {
                *self.counts.entry(*start).or_insert(Events::NONE) += *events;
            }
            Fact::Correction {
                slo,
                start,
                events,
                reason,
            } if slo == of => {
                let was = self.counts.insert(*start, *events).unwrap_or(Events::NONE);
                self.notes.push(Note {
                    start: *start,
                    text: format!(
                        "corrected ({}): {} has {} of {} events bad, not {} of {}: {reason}",
                        when(),
                        figures::to_the_second(*start),
                        Grouped(events.bad()),
                        Grouped(events.total()),
                        Grouped(was.bad()),
                        Grouped(was.total())
                    ),
                });
            }
            Fact::Excluded { exclusion } if exclusion.holds_for(of) => {
                self.exclusions.insert(exclusion.name(), exclusion.as_ref());
            }
            Fact::Withdrawn { exclusion, reason }
                if self.exclusions.remove(exclusion.as_str()).is_some() =>
            {
                self.withdrawn.push(format!(
                    "exclusion `{exclusion}` was withdrawn ({}): {reason}",
                    when()
                ));
            }
            _ => {}
        }
    }
}

pub(super) fn changes(previous: Option<&ComplianceReport>, report: &ComplianceReport) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut say = |breach: &crate::Breach, change, at, explanation: String| {
        facts.push(Fact::Incident {
            id: breach.id.clone(),
            slo: breach.slo.id.clone(),
            change,
            at,
            explanation,
        });
    };
    let known = previous.map_or(&[][..], |report| &report.breaches);
    for old in known {
        if !report.breaches.iter().any(|breach| breach.id == old.id) {
            let status = report.status(&old.slo.id);
            let why = status.map_or_else(
                || "the promise is no longer judged".to_owned(),
                |status| status.explanation.clone(),
            );
            say(old, IncidentChange::Resolved, report.now, why);
        }
    }
    for breach in &report.breaches {
        let old = known.iter().find(|old| old.id == breach.id);
        if old.is_none() {
            let cause = breach.cause.map(|cause| format!("; {cause}"));
            let evidence = format!("{}{}", breach.explanation, cause.unwrap_or_default());
            say(breach, IncidentChange::Opened, breach.started_at, evidence);
        }
        let was_burning = old.is_none_or(|old| old.state == IncidentState::Burning);
        if breach.state == IncidentState::Mitigated && was_burning {
            let at = breach.mitigated_at.unwrap_or(report.now);
            say(
                breach,
                IncidentChange::Mitigated,
                at,
                breach.explanation.clone(),
            );
        }
    }
    facts
}
