//! Targets derived from history: never better than it, with the confidence it has.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_sli::{ComponentSli, Events, Indicator, LatencySummary, Sli, SliPoint, SliReport};
use shape_slo::{RecommendConfig, SloSet, Standing, Target, ToleranceBound, Window, recommend};
use shape_telemetry::{ComponentId, Period};

fn sli(indicator: Indicator, points: &[(i64, u64, u64)]) -> Sli {
    let points: Vec<SliPoint> = points
        .iter()
        .map(|(second, good, bad)| SliPoint {
            start: Timestamp::from_second(*second).unwrap(),
            events: Events::from_good_bad(*good, *bad),
        })
        .collect();
    Sli {
        id: indicator.sli_id(&ComponentId::new("canvas")).into(),
        indicator,
        events: points.iter().map(|point| point.events).sum(),
        interval: None,
        points,
    }
}

fn report(slis: Vec<Sli>, p99_ms: Option<f64>) -> SliReport {
    let starts = slis
        .iter()
        .flat_map(|sli| &sli.points)
        .map(|point| point.start);
    let period = starts
        .clone()
        .min()
        .zip(starts.max())
        .map(|(start, last)| Period {
            start,
            end: last + SignedDuration::from_secs(1),
        });
    SliReport {
        schema_version: SliReport::SCHEMA_VERSION,
        period,
        bucket_ms: 1_000,
        components: vec![ComponentSli {
            component: ComponentId::new("canvas"),
            latency: p99_ms.map(|p99_ms| LatencySummary {
                count: 1_000,
                p50_ms: p99_ms / 2.0,
                p95_ms: p99_ms * 0.9,
                p99_ms,
                max_ms: p99_ms * 2.0,
            }),
            slis,
            health: None,
        }],
    }
}

fn availability(good: u64, bad: u64) -> SliReport {
    report(vec![sli(Indicator::Availability, &[(0, good, bad)])], None)
}

fn ms(limit: u64) -> Indicator {
    Indicator::Latency {
        limit_ns: limit * 1_000_000,
    }
}

#[track_caller]
fn check(good: u64, bad: u64, expected: Option<&str>) -> SloSet {
    let set = recommend(&availability(good, bad), &RecommendConfig::new("studio"));
    let seen = set.slos.first().map(|slo| slo.target.to_string());
    assert_eq!(seen.as_deref(), expected, "{good} good, {bad} bad");
    if seen.is_none() {
        let reason = &set.skipped[0].reason;
        assert!(
            reason.contains("too few") || reason.contains("not enough"),
            "{reason}"
        );
    }
    set
}

#[test]
fn so_many_events_support_so_much() {
    check(0, 0, None);
    check(29, 0, None);
    check(30, 0, Some("90%"));
    check(298, 0, Some("95%"));
    check(299, 0, Some("99%"));
    check(2_994, 0, Some("99.5%"));
    check(2_995, 0, Some("99.9%"));
    // The cap.
    check(10_000_000, 0, Some("99.9%"));
    // 9,971 of 10,000: 99.5 % is below the bound, but the history itself would use 58 % of its budget.
    check(9_971, 29, Some("99%"));
    check(9_980, 20, Some("99.5%"));
    check(10, 20, None);
    check(0, 1_000, None);
}

#[test]
fn a_recommendation_is_a_proposal_that_explains_itself() {
    let set = check(1_912, 0, Some("99.5%"));
    let slo = &set.slos[0];
    assert_eq!(slo.standing, Standing::Derived);
    assert_eq!(slo.min_events, 200);
    let rationale = slo.rationale.as_ref().unwrap();
    assert_eq!((rationale.total, rationale.windows), (1_912, 0));
    assert!(0.999 < rationale.confidence && rationale.confidence <= 1.0);
    assert_eq!(
        rationale.explanation,
        "1,912 of 1,912 events good in less than one window of 28d support up to 99.84% at 95 % confidence, rounded down to 99.5% (99.99 % confidence), as far as requests fail independently"
    );
    let at: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    let ratified = set.ratify("on-call", at);
    assert!(ratified.slos[0].is_ratified());
    let again = ratified
        .clone()
        .ratify("somebody else", at + SignedDuration::from_secs(1));
    assert_eq!(again, ratified);
    let text = ratified.to_json().unwrap();
    assert!(text.contains("\"target\": \"99.5%\""), "{text}");
    assert_eq!(SloSet::from_json(&text).unwrap(), ratified);
}

#[test]
fn a_latency_limit_has_headroom() {
    let limits = |counts: [(u64, u64, u64); 4], p99_ms| {
        let mut slis = vec![sli(Indicator::Availability, &[(0, 1_000, 0)])];
        slis.extend(counts.map(|(limit, good, bad)| sli(ms(limit), &[(0, good, bad)])));
        let set = recommend(&report(slis, Some(p99_ms)), &RecommendConfig::new("studio"));
        let slo = set
            .slos
            .iter()
            .find(|slo| slo.indicator.limit().is_some())
            .cloned();
        slo.map(|slo| {
            (
                slo.id.to_string(),
                slo.target.to_string(),
                slo.rationale.unwrap().explanation,
            )
        })
    };
    // 10 ms holds all, and is three times the 99th percentile.
    let all = [
        (5, 950, 50),
        (10, 1_000, 0),
        (25, 1_000, 0),
        (100, 1_000, 0),
    ];
    let (id, target, explanation) = limits(all, 3.3).unwrap();
    assert_eq!(
        (id.as_str(), target.as_str()),
        ("canvas/latency-10ms", "99%")
    );
    assert!(
        explanation.ends_with("the 99th percentile was 3.3 ms"),
        "{explanation}"
    );
    // 10 ms holds all, but barely: the next one.
    let (id, ..) = limits(all, 8.0).unwrap();
    assert_eq!(id, "canvas/latency-25ms");
    // No limit has headroom: the widest, and it says so.
    let (id, _, explanation) = limits(all, 90.0).unwrap();
    assert_eq!(id, "canvas/latency-100ms");
    assert!(
        explanation.contains("no wider limit is counted"),
        "{explanation}"
    );
    // Nothing supports the goal: the widest that supports anything.
    let slow = [(5, 0, 1_000), (10, 10, 990), (25, 500, 500), (100, 970, 30)];
    let (id, target, _) = limits(slow, 200.0).unwrap();
    assert_eq!(
        (id.as_str(), target.as_str()),
        ("canvas/latency-100ms", "90%")
    );
    let dead = [(5, 0, 1_000), (10, 0, 1_000), (25, 0, 1_000), (100, 1, 999)];
    assert_eq!(limits(dead, 900.0), None);
}

#[test]
fn what_gets_no_objective_is_listed() {
    let set = recommend(&availability(5, 0), &RecommendConfig::new("studio"));
    assert!(set.slos.is_empty());
    let reasons: Vec<&str> = set
        .skipped
        .iter()
        .map(|skipped| skipped.reason.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "5 events, too few for a target: at least 30 are needed",
            "no latency limit is counted"
        ]
    );
}

#[test]
fn several_windows_bound_the_target() {
    // Seven days; six without a failure, one with 3 %.
    let day = 86_400;
    let mut points: Vec<(i64, u64, u64)> = (0..7).map(|n| (n * day, 10_000, 0)).collect();
    points[2] = (2 * day, 9_700, 300);
    points.push((7 * day - 1, 0, 0));
    let history = report(vec![sli(Indicator::Availability, &points)], None);
    let config = RecommendConfig::new("studio").window(Window::rolling_days(1));
    let set = recommend(&history, &config);
    let slo = &set.slos[0];
    // All events together would support 99 %, the worst day only 95 %.
    assert_eq!(slo.target.to_string(), "95%");
    let rationale = slo.rationale.as_ref().unwrap();
    assert_eq!(rationale.windows, 7);
    assert!(
        (rationale.confidence - 0.301_663).abs() < 1e-6,
        "{}",
        rationale.confidence
    );
}

/// Wilks' numbers: 59 windows for 95 % and 5 %; the second-worst one from 93, the third from 124.
#[test]
fn tolerance_bounds_know_their_confidence() {
    for (windows, rank) in [
        (1, 1),
        (58, 1),
        (59, 1),
        (92, 1),
        (93, 2),
        (123, 2),
        (124, 3),
    ] {
        let events: Vec<Events> = (0..windows)
            .map(|n| Events::from_good_bad(900 + n, 100))
            .collect();
        let bound = ToleranceBound::of(&events, 0.05, 0.95).unwrap();
        assert_eq!(bound.rank, rank, "{windows}");
        let expected = events[usize::try_from(rank).unwrap() - 1]
            .good_ppb()
            .unwrap();
        assert_eq!(bound.good_ppb, expected);
        assert_eq!(0.95 <= bound.confidence, 59 <= windows, "{windows}");
    }
    assert_eq!(ToleranceBound::of(&[], 0.05, 0.95), None);
    assert_eq!(ToleranceBound::of(&[Events::NONE], 0.05, 0.95), None);
    assert_eq!(
        ToleranceBound::of(&[Events::from_good_bad(1, 0)], 0.0, 0.95),
        None
    );
}

#[test]
fn configurations_are_checked() {
    for confidence in [0.0, 1.0, -1.0, f64::NAN] {
        let error = RecommendConfig::new("s")
            .confidence(confidence)
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("expected a number between 0 and 1")
        );
    }
}

/// What so many good and bad requests support.
fn supported(good: u64, bad: u64) -> SloSet {
    recommend(&availability(good, bad), &RecommendConfig::new("studio"))
}

proptest! {
    /// What was seen keeps what is recommended, with room to spare; nothing is not a number.
    #[test]
    fn history_keeps_its_own_recommendation(good in 0_u64..1_000_000, bad in 0_u64..3_000) {
        let set = recommend(&availability(good, bad), &RecommendConfig::new("studio"));
        let events = Events::from_good_bad(good, bad);
        for slo in &set.slos {
            prop_assert_eq!(slo.target.is_met_by(events), Some(true));
            prop_assert!(2 * bad <= slo.target.allowed_bad(good + bad) + 1);
            let rationale = slo.rationale.as_ref().unwrap();
            prop_assert!(0.95 <= rationale.confidence && rationale.confidence <= 1.0);
            prop_assert!(slo.min_events <= 1_000);
        }
        prop_assert_eq!(set.slos.len() + set.skipped.len(), 2);
        let text = set.to_json().unwrap();
        prop_assert!(!text.contains("NaN"));
        prop_assert_eq!(SloSet::from_json(&text).unwrap(), set);
    }

    /// More failures never give a higher target.
    #[test]
    fn more_failures_never_raise_a_target(good in 1_u64..100_000, bad in 0_u64..1_000) {
        let of = |good, bad| {
            let set = recommend(&availability(good, bad), &RecommendConfig::new("studio"));
            set.slos.first().map(|slo| slo.target)
        };
        prop_assert!(of(good - 1, bad + 1) <= of(good, bad));
    }

    /// However bad the weeks, no objective is lowered by itself, and a ratified one is not touched at all.
    #[test]
    fn no_target_is_lowered_by_itself(
        weeks in prop::collection::vec((1_u64..100_000, 0_u64..1_000), 1..9), ratified in any::<bool>(),
    ) {
        let mut set = supported(1_000_000, 3);
        if ratified {
            set = set.ratify("us", Timestamp::UNIX_EPOCH);
        }
        for (good, bad) in weeks {
            let before = set.clone();
            set = set.propose(supported(good, bad));
            for slo in &before.slos {
                let now = set.find(&slo.id).unwrap();
                prop_assert!(slo.target <= now.target);
                prop_assert!(!ratified || now == slo);
            }
        }
    }

    #[test]
    fn targets_come_back(ppb in 1_u32..=1_000_000_000) {
        let target = Target::from_ppb(ppb).unwrap();
        prop_assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
        let json = serde_json::to_string(&target).unwrap();
        prop_assert_eq!(serde_json::from_str::<Target>(&json).unwrap(), target);
    }

    #[test]
    fn a_target_never_panics(text in "\\PC{0,12}") {
        if let Ok(target) = text.parse::<Target>() {
            prop_assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
        }
        let _ = text.parse::<Window>();
    }

    #[test]
    fn windows_come_back(seconds in 1_u64..1_000_000_000) {
        let window = Window::Rolling { seconds };
        prop_assert_eq!(window.to_string().parse::<Window>().unwrap(), window);
    }

    /// A calendar period holds the instant it was asked for, and its neighbours join it.
    #[test]
    fn calendar_periods_tile_time(second in -2_000_000_000_i64..4_000_000_000, unit in 0_usize..5) {
        let unit = ["day", "week", "month", "quarter", "year"][unit];
        let window: Window = format!("calendar {unit}").parse().unwrap();
        let now = Timestamp::from_second(second).unwrap();
        let period = window.period_at(now).unwrap();
        prop_assert!(period.contains(now));
        prop_assert_eq!(window.period_at(period.start).unwrap(), period);
        prop_assert_eq!(window.period_at(period.end).unwrap().start, period.end);
    }

    /// The allowance is exact, and the target is met exactly up to it.
    #[test]
    fn the_allowance_is_where_the_target_is_met(ppb in 1_u32..=1_000_000_000, total in 1_u64..u64::MAX) {
        let target = Target::from_ppb(ppb).unwrap();
        let allowed = target.allowed_bad(total);
        let met = |bad| target.is_met_by(Events::from_good_bad(total - bad, bad));
        prop_assert_eq!(met(allowed), Some(true));
        if allowed < total {
            prop_assert_eq!(met(allowed + 1), Some(false));
        }
    }
}
