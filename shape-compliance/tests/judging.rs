//! Statuses, incidents and credits from hand-made budgets.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_budget::{BudgetConfig, BudgetReport, assess};
use shape_compliance::{
    ComplianceReport, Contract, CreditTier, ErrorKind, JudgeConfig, Rounding, Status, judge,
};
use shape_sli::{ComponentSli, Events, Indicator, Sli, SliPoint, SliReport};
use shape_slo::{Slo, SloSet, Target, Window};
use shape_telemetry::ComponentId;

fn now() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

fn promises(target: &str, min_events: u64) -> SloSet {
    let mut slo = Slo::new(
        &ComponentId::new("canvas"),
        Indicator::Availability,
        target.parse().unwrap(),
        Window::rolling_days(28),
    );
    slo.min_events = min_events;
    SloSet::new("studio", vec![slo]).ratify("the test", now())
}

/// Budgets at `after` seconds after `now()`; points in seconds after it.
fn budgets(promises: &SloSet, points: &[(i64, u64, u64)], after: i64) -> BudgetReport {
    let points: Vec<SliPoint> = points
        .iter()
        .map(|(second, good, bad)| SliPoint {
            start: now() + SignedDuration::from_secs(*second),
            events: Events::from_good_bad(*good, *bad),
        })
        .collect();
    let report = SliReport {
        schema_version: SliReport::SCHEMA_VERSION,
        period: None,
        bucket_ms: 1_000,
        components: vec![ComponentSli {
            component: ComponentId::new("canvas"),
            slis: vec![Sli {
                id: "canvas/availability".into(),
                indicator: Indicator::Availability,
                events: points.iter().map(|point| point.events).sum(),
                interval: None,
                points,
            }],
            latency: None,
            health: None,
        }],
    };
    let at = now() + SignedDuration::from_secs(after);
    assess(promises, &report, at, &BudgetConfig::new()).unwrap()
}

fn judged(target: &str, min_events: u64, good: u64, bad: u64) -> ComplianceReport {
    let promises = promises(target, min_events);
    let budgets = budgets(&promises, &[(0, good, bad)], 1);
    judge(&promises, &budgets, None, &JudgeConfig::new())
}

#[track_caller]
fn check(target: &str, good: u64, bad: u64, status: Status, part: &str) {
    let report = judged(target, 30, good, bad);
    let entry = &report.statuses[0];
    assert_eq!(entry.status, status, "{}", entry.explanation);
    assert!(entry.explanation.contains(part), "{}", entry.explanation);
    assert_eq!(
        report.breaches.len(),
        usize::from(status == Status::Breached)
    );
}

#[test]
fn statuses() {
    check(
        "99.5%",
        0,
        0,
        Status::NoData,
        "nothing seen is not a success",
    );
    check(
        "99.5%",
        20,
        0,
        Status::NoData,
        "too few events (n = 20, 20 good; 30 are needed to judge)",
    );
    check(
        "99.5%",
        0,
        20,
        Status::NoData,
        "too few events (n = 20, 0 good",
    );
    check(
        "99.5%",
        9_971,
        29,
        Status::Met,
        "9,971 of 10,000 good (99.71%) against 99.5%: 58 % of the budget used, 21 bad events left",
    );
    check(
        "99.9%",
        9_971,
        29,
        Status::Breached,
        "290 % of the budget used, overspent by 19 bad events",
    );
    check(
        "99.5%",
        9_953,
        47,
        Status::AtRisk,
        "94 % of the budget used",
    );
    // The very edge: all of the budget used is still a promise kept.
    check(
        "99.5%",
        9_950,
        50,
        Status::AtRisk,
        "100 % of the budget used, 0 bad events left",
    );
    check(
        "99.5%",
        9_949,
        51,
        Status::Breached,
        "overspent by 1 bad event;",
    );
    // One event never breaches.
    check(
        "99.9%",
        99,
        1,
        Status::AtRisk,
        "a single bad event makes no breach",
    );
    check("100%", 1_000, 2, Status::Breached, "nothing is allowed");
}

#[test]
fn the_worst_status_ignores_what_is_not_known() {
    assert_eq!(judged("99%", 30, 0, 0).worst(), Status::NoData);
    assert_eq!(judged("99%", 30, 100, 0).worst(), Status::Met);
}

#[test]
fn risk_has_hysteresis() {
    let promises = promises("99%", 30);
    let config = JudgeConfig::new();
    // A failure a minute ago keeps the burn alerts out of it.
    let at = |bad: u64, previous: Option<&ComplianceReport>| {
        let budgets = budgets(
            &promises,
            &[(-90_000_000, 0, 0), (-500_000, 10_000 - bad, bad)],
            1,
        );
        judge(&promises, &budgets, previous, &config)
    };
    let calm = at(85, None);
    assert_eq!(calm.worst(), Status::Met);
    let risky = at(91, Some(&calm));
    assert_eq!(risky.worst(), Status::AtRisk);
    // Between the two thresholds the status stays what it was.
    assert_eq!(at(85, Some(&risky)).worst(), Status::AtRisk);
    assert_eq!(at(80, Some(&risky)).worst(), Status::Met);
    let since = risky.statuses[0].since;
    assert_eq!(at(85, Some(&risky)).statuses[0].since, since);
}

#[test]
fn an_incident_closes_with_a_margin_and_stays_open_without_data() {
    let promises = promises("99%", 30);
    let config = JudgeConfig::new();
    let at = |points: &[(i64, u64, u64)], after, previous: Option<&ComplianceReport>| {
        let budgets = budgets(&promises, points, after);
        judge(&promises, &budgets, previous, &config)
    };
    let broken = at(&[(0, 900, 100)], 1, None);
    assert_eq!(broken.triggers().count(), 1);
    // Exactly met again, without margin: the incident stays open, and does not trigger.
    let edge = at(&[(0, 900, 100), (2, 9_000, 0)], 3, Some(&broken));
    assert_eq!(edge.worst(), Status::AtRisk);
    assert_eq!(edge.breaches.len(), 1);
    assert_eq!(edge.triggers().count(), 0);
    let closed = at(&[(0, 900, 100), (2, 10_000, 0)], 3, Some(&edge));
    assert!(closed.breaches.is_empty());
    // Nothing seen any more resolves nothing.
    let silent = at(&[], 5, Some(&broken));
    assert_eq!(silent.worst(), Status::NoData);
    assert_eq!(silent.breaches[0].id, broken.breaches[0].id);
    assert!(!silent.breaches[0].is_new);
    // A closed incident is re-armed: broken again, it triggers again.
    let again = at(
        &[(0, 900, 100), (2, 10_000, 0), (10, 0, 500)],
        11,
        Some(&closed),
    );
    assert_eq!(again.triggers().count(), 1);
    assert_ne!(again.breaches[0].id, broken.breaches[0].id);
}

#[test]
fn configurations_are_checked() {
    for error in [
        JudgeConfig::new().close_below_ppm(1_000_001).unwrap_err(),
        JudgeConfig::new().at_risk_ppm(2_000_000, 0).unwrap_err(),
        JudgeConfig::new()
            .at_risk_ppm(500_000, 600_000)
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("expected"), "{error}");
    }
}

#[test]
fn the_page_says_it_all() {
    let page = judged("99.9%", 30, 9_971, 29).to_markdown();
    let table = page.lines().nth(6).unwrap();
    assert_eq!(
        table,
        "| canvas/availability | 99.9% | breached | 9,971 of 10,000 | 99.71% | 290 % | −19 | 2.9 over 5s |"
    );
    assert!(
        page.starts_with("# Service levels at 2026-11-24T08:00:01Z\n\nOverall: **breached**.\n")
    );
    assert!(
        page.contains("### canvas/availability@2026-11-24T08:00:00Z\n\nnew, going on; began"),
        "{page}"
    );
    let quiet = judged("99.9%", 30, 0, 0).to_markdown();
    assert!(
        quiet.contains("| no data | 0 of 0 | no events | – |"),
        "{quiet}"
    );
    assert!(!quiet.contains("Incidents"));
}

/// Tiers as printed in the contracts; the boundaries belong to the better tier.
#[test]
fn credits_at_the_boundaries() {
    let of = |contract: Contract, good: u64, total: u64| {
        contract.credit_percent(Events::new(good, total).unwrap())
    };
    for (good, percent) in [
        (1_000_000, 0),
        (999_000, 0),
        (998_999, 10),
        (990_000, 10),
        (989_999, 25),
        (950_000, 25),
        (949_999, 100),
        (0, 100),
    ] {
        assert_eq!(
            of(Contract::amazon_s3_standard(), good, 1_000_000),
            Some(percent),
            "{good}"
        );
    }
    assert_eq!(
        of(Contract::amazon_s3_infrequent_access(), 985, 1_000),
        Some(10)
    );
    assert_eq!(
        of(Contract::google_bigtable_multi_cluster(), 94, 100),
        Some(50)
    );
    assert_eq!(
        of(Contract::google_bigtable_multi_cluster(), 99_999, 100_000),
        Some(0)
    );
    assert_eq!(
        of(Contract::azure_virtual_machines_zones(), 9_998, 10_000),
        Some(10)
    );
    // What a rounded percentage would get wrong: 98.99999 % prints as 99.0 %.
    assert_eq!(
        of(Contract::amazon_s3_standard(), 98_999_999, 100_000_000),
        Some(25)
    );
}

#[test]
fn credits_have_a_minimum_a_cap_and_a_rounding() {
    let optimizer = Contract::aws_compute_optimizer();
    let uptime = Events::new(995, 1_000).unwrap();
    assert_eq!(optimizer.credit_cents(uptime, 1_000), Some(0)); // one dollar is not more than one dollar
    assert_eq!(optimizer.credit_cents(uptime, 1_010), Some(101));
    assert_eq!(optimizer.credit_cents(Events::NONE, 1_010), None);
    let s3 = |rounding| Contract::amazon_s3_standard().rounding(rounding);
    for (rounding, cents) in [
        (Rounding::Down, 10),
        (Rounding::Nearest, 11),
        (Rounding::Up, 11),
    ] {
        assert_eq!(s3(rounding).credit_cents(uptime, 105), Some(cents));
    }
    let down = Events::new(0, 1).unwrap();
    assert_eq!(
        s3(Rounding::Up).credit_cents(down, u64::MAX),
        Some(u64::MAX)
    );
}

#[test]
fn contracts_are_data_and_checked() {
    let contract = Contract::amazon_s3_standard();
    let text = serde_json::to_string(&contract).unwrap();
    assert_eq!(serde_json::from_str::<Contract>(&text).unwrap(), contract);
    let tier = |from: Option<&str>, below: &str, credit_percent| CreditTier {
        from: from.map(|from| from.parse().unwrap()),
        below: below.parse().unwrap(),
        credit_percent,
    };
    for (tiers, part) in [
        (vec![], "no tier reaches down"),
        (vec![tier(Some("99%"), "99.9%", 10)], "no tier reaches down"),
        (vec![tier(Some("99.9%"), "99%", 10)], "empty"),
        (vec![tier(None, "99%", 101)], "at most 100 %"),
        (
            vec![tier(Some("99%"), "99.9%", 10), tier(None, "98%", 20)],
            "ends where",
        ),
        (
            vec![tier(Some("99%"), "99.9%", 10), tier(None, "99%", 5)],
            "expected no less",
        ),
    ] {
        let error = Contract::new("test", tiers).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Contract);
        assert!(error.to_string().contains(part), "{error}");
    }
}

proptest! {
    /// Less uptime never pays less.
    #[test]
    fn credits_are_monotone(good in 1_u64..100_000, bad in 0_u64..100_000, fee in any::<u64>()) {
        for contract in [
            Contract::amazon_s3_standard(),
            Contract::aws_compute_optimizer(),
            Contract::google_bigtable_multi_cluster(),
        ] {
            let better = Events::from_good_bad(good, bad);
            let worse = Events::from_good_bad(good - 1, bad + 1);
            prop_assert!(contract.credit_percent(better) <= contract.credit_percent(worse));
            let cents = contract.credit_cents(worse, fee).unwrap();
            prop_assert!(contract.credit_cents(better, fee).unwrap() <= cents && cents <= fee);
        }
    }

    /// A stricter target never gives a better status, and a breach has at least two bad events.
    #[test]
    fn a_stricter_target_is_never_easier(
        good in 0_u64..5_000,
        bad in 0_u64..100,
        one in 500_000_000_u32..=1_000_000_000,
        other in 500_000_000_u32..=1_000_000_000,
    ) {
        let status = |ppb| {
            let target = Target::from_ppb(ppb).unwrap().to_string();
            let report = judged(&target, 30, good, bad);
            report.statuses[0].status
        };
        let (lax, strict) = (status(one.min(other)), status(one.max(other)));
        prop_assert!(lax <= strict, "{:?} {:?}", lax, strict);
        if strict == Status::Breached {
            prop_assert!(2 <= bad);
        }
        prop_assert_eq!(lax == Status::NoData, good + bad < 30);
    }

    /// A report handed on never triggers twice for one incident, whatever happens in between.
    #[test]
    fn an_incident_triggers_once(buckets in prop::collection::vec((0_u64..200, 0_u64..40), 1..30)) {
        let promises = promises("95%", 30);
        let config = JudgeConfig::new();
        let mut points = Vec::new();
        let mut previous: Option<ComplianceReport> = None;
        let mut triggered = Vec::new();
        for (second, (good, bad)) in buckets.into_iter().enumerate() {
            let second = i64::try_from(second).unwrap();
            points.push((second, good, bad));
            let budgets = budgets(&promises, &points, second + 1);
            let report = judge(&promises, &budgets, previous.as_ref(), &config);
            for breach in report.triggers() {
                prop_assert!(!triggered.contains(&breach.id), "{} twice", breach.id);
                triggered.push(breach.id.clone());
            }
            let text = report.to_json().unwrap();
            let back = ComplianceReport::from_json(&text).unwrap();
            prop_assert_eq!(&back, &report);
            previous = Some(back);
        }
    }
}
