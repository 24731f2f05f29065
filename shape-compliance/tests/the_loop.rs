//! Measure, recommend, ratify, break, fix and re-measure, as the closed loop does it: seconds of traffic in a window of
//! 28 days.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shape_budget::{BudgetConfig, BudgetReport, assess};
use shape_compliance::{ComplianceReport, IncidentState, JudgeConfig, Status, judge};
use shape_sli::{MeasureConfig, SliReport};
use shape_slo::{RecommendConfig, SloId, SloSet, recommend};
use shape_telemetry::{Bucket, ComponentId, Measurements};

const LIMITS_MS: [u64; 5] = [5, 10, 25, 50, 100];

/// The measurements of a service that answers 100 requests in each quarter of a second.
struct Service {
    measurements: Measurements,
    clock: Timestamp,
}

impl Service {
    fn new() -> Self {
        Self {
            measurements: Measurements::empty(
                Duration::from_millis(250),
                LIMITS_MS.map(Duration::from_millis),
            ),
            clock: "2026-11-24T08:00:00Z".parse().unwrap(),
        }
    }

    /// Of a hundred requests `slow` take 72 ms, the others 3 ms; `failed` of the quick ones fail.
    fn run(&mut self, seconds: u64, slow: u64, failed: u64) {
        let canvas = self
            .measurements
            .components
            .entry(ComponentId::new("canvas"))
            .or_default();
        for _ in 0..seconds * 4 {
            let mut bucket = Bucket {
                good: 100 - failed,
                bad: failed,
                timed: 100,
                good_within: LIMITS_MS
                    .iter()
                    .map(|ms| 100 - failed - if *ms < 72 { slow } else { 0 })
                    .collect(),
                ..Bucket::default()
            };
            for request in 0..100 {
                let ms = if request < slow { 72 } else { 3 };
                bucket.latency.insert(Duration::from_millis(ms));
            }
            canvas.buckets.insert(self.clock, bucket);
            self.clock += SignedDuration::from_millis(250);
        }
    }

    fn pause(&mut self, seconds: i64) {
        self.clock += SignedDuration::from_secs(seconds);
    }

    fn measure(&self) -> SliReport {
        SliReport::measure(&self.measurements, &MeasureConfig::new())
    }

    fn judge(
        &self,
        promises: &SloSet,
        previous: Option<&ComplianceReport>,
    ) -> (BudgetReport, ComplianceReport) {
        let budgets = assess(promises, &self.measure(), self.clock, &BudgetConfig::new()).unwrap();
        let report = judge(promises, &budgets, previous, &JudgeConfig::new());
        (budgets, report)
    }
}

fn promises(service: &Service) -> SloSet {
    recommend(&service.measure(), &RecommendConfig::new("studio")).ratify("the test", service.clock)
}

fn latency() -> SloId {
    SloId::new("canvas/latency-10ms")
}

#[test]
fn a_defect_breaches_once_and_a_fix_stops_the_burn_but_does_not_refill() {
    let mut service = Service::new();
    service.run(10, 0, 0);
    let promises = promises(&service);
    let ids: Vec<&str> = promises.slos.iter().map(|slo| slo.id.as_str()).collect();
    assert_eq!(ids, ["canvas/availability", "canvas/latency-10ms"]);

    let (_, healthy) = service.judge(&promises, None);
    assert_eq!(healthy.worst(), Status::Met, "{:#?}", healthy.statuses);
    assert_eq!(healthy.triggers().count(), 0);

    // The defective release.
    service.pause(20);
    // The healthy events before it outweigh the first two buckets: 40 bad of 4,200 are still within 1 %.
    let broken_at = service.clock + SignedDuration::from_millis(500);
    service.run(10, 20, 0);
    let (before, breached) = service.judge(&promises, Some(&healthy));
    let status = breached.status(&latency()).unwrap();
    assert_eq!(status.status, Status::Breached);
    assert_eq!(status.is_burning, Some(true));
    assert_eq!(status.since, broken_at);
    let trigger: Vec<_> = breached.triggers().collect();
    assert_eq!(trigger.len(), 1);
    assert_eq!(
        trigger[0].id.as_str(),
        "canvas/latency-10ms@2026-11-24T08:00:30.5Z"
    );
    assert_eq!(trigger[0].started_at, broken_at);
    let available = breached.status(&SloId::new("canvas/availability")).unwrap();
    assert_eq!(available.status, Status::Met);

    // Looked at again: the same incident, which does not trigger again.
    let (_, again) = service.judge(&promises, Some(&breached));
    assert_eq!(again.breaches[0].id, breached.breaches[0].id);
    assert!(!again.breaches[0].is_new);
    assert_eq!(again.triggers().count(), 0);
    // From the same data alone, the same id.
    let (_, afresh) = service.judge(&promises, None);
    assert_eq!(afresh.breaches[0].id, breached.breaches[0].id);

    // The fix: new traffic keeps the promise, the budget stays overspent.
    service.pause(30);
    service.run(10, 0, 0);
    let (after, fixed) = service.judge(&promises, Some(&breached));
    let spent = |report: &BudgetReport| report.find(&latency()).unwrap().events.bad();
    assert_eq!(spent(&before), spent(&after));
    assert!(after.find(&latency()).unwrap().remaining < 0);
    let status = fixed.status(&latency()).unwrap();
    assert_eq!(status.status, Status::Breached);
    assert_eq!(status.is_burning, Some(false));
    let incident = &fixed.breaches[0];
    assert_eq!(incident.id, breached.breaches[0].id);
    assert_eq!(incident.state, IncidentState::Mitigated);
    assert_eq!(incident.mitigated_at, Some(service.clock));
    assert!(
        status.explanation.contains("the burn has stopped"),
        "{}",
        status.explanation
    );
    assert!(
        status.explanation.contains("overspent by 680 bad events"),
        "{}",
        status.explanation
    );
    assert!(
        status.explanation.contains("again only from 2026-12-22T"),
        "{}",
        status.explanation
    );

    // The defect comes back: a new incident, which triggers again.
    service.pause(600);
    service.run(10, 20, 0);
    let (_, back) = service.judge(&promises, Some(&fixed));
    assert_eq!(back.triggers().count(), 1);
    assert_ne!(back.breaches[0].id, breached.breaches[0].id);
    assert!(fixed.now <= back.breaches[0].started_at);

    // 28 days later all bad events have left.
    service.pause(28 * 86_400);
    service.run(10, 0, 0);
    let (_, recovered) = service.judge(&promises, Some(&back));
    assert_eq!(recovered.worst(), Status::Met, "{:#?}", recovered.statuses);
    assert!(recovered.breaches.is_empty());
}

/// A storm that pauses is not over: the last seconds keep the promise, the last half minute does not.
#[test]
fn a_pause_between_bursts_is_no_fix() {
    let mut service = Service::new();
    service.run(10, 0, 0);
    let promises = promises(&service);
    service.run(4, 50, 0);
    service.run(6, 0, 0);
    let (budgets, report) = service.judge(&promises, None);
    let last_seconds = budgets.find(&latency()).unwrap().burn[0];
    assert_eq!((last_seconds.seconds, last_seconds.events.bad()), (5, 0));
    assert_eq!(report.triggers().count(), 1);
}

#[test]
fn a_promise_that_nobody_ratified_does_not_trigger() {
    let mut service = Service::new();
    service.run(10, 0, 0);
    let derived = recommend(&service.measure(), &RecommendConfig::new("studio"));
    service.run(10, 20, 0);
    let (_, report) = service.judge(&derived, None);
    let status = report.status(&latency()).unwrap();
    assert_eq!(status.status, Status::Breached);
    assert!(status.explanation.contains("nobody has ratified it"));
    assert!(report.breaches.is_empty());
}

#[test]
fn the_artifacts_come_back_as_they_were_written() {
    let mut service = Service::new();
    service.run(10, 0, 0);
    let promises = promises(&service);
    service.run(10, 20, 1);
    let (budgets, report) = service.judge(&promises, None);
    let measured = service.measure();

    let text = measured.to_json().unwrap();
    assert_eq!(SliReport::from_json(&text).unwrap(), measured);
    let text = promises.to_json().unwrap();
    assert_eq!(SloSet::from_json(&text).unwrap(), promises);
    let text = budgets.to_json().unwrap();
    assert_eq!(BudgetReport::from_json(&text).unwrap(), budgets);
    let text = report.to_json().unwrap();
    assert_eq!(ComplianceReport::from_json(&text).unwrap(), report);
    assert!(!text.contains("NaN"));

    let unknown = text.replacen("\"status\"", "\"statsu\"", 1);
    let error = ComplianceReport::from_json(&unknown)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("unknown field `statsu`") && error.contains("line "),
        "{error}"
    );
    let newer = text.replacen("\"schema_version\": 1", "\"schema_version\": 2", 1);
    let error = ComplianceReport::from_json(&newer).unwrap_err().to_string();
    assert!(
        error.contains("version 2") && error.contains("version 1"),
        "{error}"
    );
}
