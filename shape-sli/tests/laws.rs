//! What always holds of events, intervals, scores and comparisons.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_sli::{
    Apdex, BudgetHealth, Change, Events, HealthInput, HealthModel, Indicator, Interval,
    LegacyHealth, MeasureConfig, SliReport, clopper_pearson, compare_events, confidence_at_least,
    jeffreys, lower_bound, probability_below, wilson,
};
use shape_telemetry::{
    Bucket, ComponentId, ComponentMeasurements, LatencySketch, Measurements, Period,
};

fn any_events() -> impl Strategy<Value = Events> {
    prop_oneof![
        (0_u64..2_000, 0_u64..2_000),
        (any::<u64>(), any::<u64>()),
        Just((0, 0)),
    ]
    .prop_map(|(good, bad)| Events::from_good_bad(good, bad))
}

fn few_events() -> impl Strategy<Value = Events> {
    (0_u64..3_000, 0_u64..300).prop_map(|(good, bad)| Events::from_good_bad(good, bad))
}

/// Buckets of a second: good, bad, and how many of the good ones are within 10 ms and 100 ms.
fn any_buckets() -> impl Strategy<Value = Vec<(i64, u64, u64, u64, u64)>> {
    prop::collection::vec(
        (0_i64..60, 0_u64..50, 0_u64..5, 0_u64..50, 0_u64..50),
        0..40,
    )
}

fn measurements(buckets: &[(i64, u64, u64, u64, u64)]) -> Measurements {
    let mut canvas = ComponentMeasurements::default();
    for (second, good, bad, quick, slower) in buckets {
        let start = Timestamp::from_second(1_700_000_000 + second).unwrap();
        let quick = *quick.min(good);
        let bucket = Bucket {
            good: *good,
            bad: *bad,
            timed: good + bad,
            good_within: vec![quick, (quick + slower).min(*good)],
            ..Bucket::default()
        };
        canvas.buckets.insert(start, bucket);
    }
    let limits = [10, 100].map(Duration::from_millis);
    let mut measurements = Measurements::empty(Duration::from_secs(1), limits);
    measurements
        .components
        .insert(ComponentId::new("canvas"), canvas);
    measurements
}

fn score(events: Events, within: &[(u64, Events)], model: &dyn HealthModel) -> Option<u16> {
    let sketch = LatencySketch::default();
    let input = HealthInput::new(events, within, &sketch);
    model.assess(&input).map(|health| health.score.hundredths())
}

proptest! {
    #[test]
    fn events_are_a_commutative_monoid(a in any_events(), b in any_events(), c in any_events()) {
        prop_assert_eq!(a + b, b + a);
        prop_assert_eq!((a + b) + c, a + (b + c));
        prop_assert_eq!(a + Events::NONE, a);
        let sum = a + b;
        prop_assert!(sum.good() <= sum.total());
        if a.total().checked_add(b.total()).is_some() {
            prop_assert_eq!(sum.checked_sub(b), Some(a));
        }
    }

    /// A share is never shown better than it is, and 100 % only when nothing failed.
    #[test]
    fn a_share_is_shown_rounded_towards_bad(events in any_events(), decimals in 0_usize..=9) {
        let shown = format!("{events:.decimals$}");
        if events.is_none() {
            prop_assert_eq!(shown, "no events");
        } else {
            let digits: u128 = shown.trim_end_matches('%').replace('.', "").parse().unwrap();
            let scale = 100 * 10_u128.pow(u32::try_from(decimals).unwrap());
            let exact = u128::from(events.good()) * scale;
            prop_assert!(digits * u128::from(events.total()) <= exact);
            prop_assert!(exact < (digits + 1) * u128::from(events.total()));
            prop_assert_eq!(digits == scale, events.bad() == 0);
        }
    }

    #[test]
    fn intervals_hold_the_share(events in few_events(), confidence in 0.5_f64..0.999) {
        prop_assume!(!events.is_none());
        let ratio = events.ratio().unwrap();
        for interval in [wilson, clopper_pearson, jeffreys] {
            let Interval { lower, upper, .. } = interval(events, confidence).unwrap();
            prop_assert!(0.0 <= lower && lower <= upper && upper <= 1.0);
            prop_assert!(lower <= ratio + 1e-12 && ratio <= upper + 1e-12, "{} {} {}", lower, ratio, upper);
        }
    }

    /// The bound and the confidence are two sides of one question.
    #[test]
    fn bound_and_confidence_are_inverse(events in few_events(), confidence in 0.5_f64..0.999) {
        prop_assume!(0 < events.good());
        let bound = lower_bound(events, confidence).unwrap();
        let back = confidence_at_least(events, bound).unwrap();
        prop_assert!((back - confidence).abs() < 1e-6, "{} {}", back, confidence);
    }

    /// A failure more makes every claim weaker.
    #[test]
    fn a_failure_more_weakens_every_claim(events in few_events(), target in 0.5_f64..0.9999) {
        prop_assume!(0 < events.good());
        let worse = Events::from_good_bad(events.good() - 1, events.bad() + 1);
        let tolerance = 1e-9;
        prop_assert!(lower_bound(worse, 0.95) <= lower_bound(events, 0.95).map(|bound| bound + tolerance));
        prop_assert!(probability_below(events, target) <= probability_below(worse, target).map(|p| p + tolerance));
        prop_assert!(wilson(worse, 0.95).unwrap().lower <= wilson(events, 0.95).unwrap().lower);
    }

    /// Bounded, monotone, and no term saturates short of its end.
    #[test]
    fn health_is_bounded_and_monotone(
        events in few_events(),
        within in few_events(),
    ) {
        prop_assume!(0 < events.good() && 0 < within.good());
        let limit = 100_000_000;
        let worse = |events: Events| Events::from_good_bad(events.good() - 1, events.bad() + 1);
        let model = BudgetHealth::new();
        let of = |events, within| score(events, &[(limit, within)], &model).unwrap();
        let now = of(events, within);
        prop_assert!(now <= 10_000);
        prop_assert!(of(worse(events), within) <= now);
        prop_assert!(of(events, worse(within)) <= now);
        if events.bad() == 0 && within.bad() == 0 {
            prop_assert_eq!(now, 10_000);
        }
        let all_bad = Events::from_good_bad(0, events.total());
        prop_assert_eq!(of(all_bad, within), 0);
        let legacy = score(events, &[], &LegacyHealth).unwrap();
        prop_assert!(score(worse(events), &[], &LegacyHealth).unwrap() <= legacy);
    }

    #[test]
    fn comparing_the_other_way_round_turns_the_answer(before in few_events(), after in few_events()) {
        let there = compare_events(before, after);
        let back = compare_events(after, before);
        let turned = match there.change {
            Change::Better => Change::Worse,
            Change::Worse => Change::Better,
            same => same,
        };
        prop_assert_eq!(back.change, turned);
        if let (Some(p), Some(q)) = (there.p_value, back.p_value) {
            prop_assert!((p - q).abs() <= 1e-9 * p.max(q), "{} {}", p, q);
        }
        if let (Some(difference), Some(bounds)) = (there.difference, there.difference_interval) {
            prop_assert!(bounds.lower <= difference + 1e-12 && difference <= bounds.upper + 1e-12);
        }
    }

    /// Measuring adds up the buckets, and a period picks those that start in it.
    #[test]
    fn measuring_agrees_with_adding_up(buckets in any_buckets(), from in 0_i64..60, to in 0_i64..60) {
        let measurements = measurements(&buckets);
        let canvas = ComponentId::new("canvas");
        let report = SliReport::measure(&measurements, &MeasureConfig::new());
        let at = |second| Timestamp::from_second(1_700_000_000 + second).unwrap();
        let period = Period { start: at(from), end: at(to) };
        let part = SliReport::measure(&measurements, &MeasureConfig::new().period(period));
        for (index, indicator) in [
            Indicator::Availability,
            Indicator::Latency { limit_ns: 10_000_000 },
            Indicator::Latency { limit_ns: 100_000_000 },
        ].into_iter().enumerate() {
            let count = |bucket: &Bucket| match index {
                0 => Events::from_good_bad(bucket.good, bucket.bad),
                index => Events::new(bucket.good_within[index - 1], bucket.timed).unwrap(),
            };
            let stored = &measurements.components[&canvas].buckets;
            let all: Events = stored.values().map(count).sum();
            let sli = report.find(&canvas, indicator).unwrap();
            prop_assert_eq!(sli.events, all);
            prop_assert_eq!(sli.untimed(), Events::NONE);
            let chosen: Events = stored
                .iter()
                .filter(|(start, _)| period.contains(**start))
                .map(|(_, bucket)| count(bucket))
                .sum();
            prop_assert_eq!(part.find(&canvas, indicator).unwrap().events, chosen);
            prop_assert_eq!(sli.events_in(period), chosen);
        }
    }

    #[test]
    fn the_artifact_comes_back(buckets in any_buckets()) {
        let report = SliReport::measure(&measurements(&buckets), &MeasureConfig::new());
        let text = report.to_json().unwrap();
        prop_assert_eq!(SliReport::from_json(&text).unwrap(), report);
        prop_assert!(!text.contains("NaN"));
    }
}

#[test]
fn events_without_a_time_count_but_have_no_point() {
    let mut measured = measurements(&[(0, 10, 0, 10, 0)]);
    let canvas = ComponentId::new("canvas");
    measured.components.get_mut(&canvas).unwrap().untimed = Bucket {
        good: 5,
        bad: 1,
        ..Bucket::default()
    };
    let report = SliReport::measure(&measured, &MeasureConfig::new());
    let sli = report.find(&canvas, Indicator::Availability).unwrap();
    assert_eq!(sli.events, Events::new(15, 16).unwrap());
    assert_eq!(sli.untimed(), Events::new(5, 6).unwrap());
    assert_eq!(sli.points.len(), 1);
}

#[test]
fn a_component_without_requests_is_listed_without_a_verdict() {
    let mut measured = measurements(&[]);
    measured
        .components
        .insert(ComponentId::new("quiet"), ComponentMeasurements::default());
    let report = SliReport::measure(&measured, &MeasureConfig::new());
    let quiet = report.component(&ComponentId::new("quiet")).unwrap();
    assert_eq!(quiet.health, None);
    assert_eq!(quiet.latency, None);
    assert_eq!(quiet.slis[0].events, Events::NONE);
    assert_eq!(quiet.slis[0].interval, None);
    assert_eq!(report.period, None);
}

#[test]
fn a_summary_is_within_the_error_of_the_sketch() {
    let mut measured = measurements(&[(0, 100, 0, 100, 0)]);
    let canvas = measured.components.values_mut().next().unwrap();
    let bucket = canvas.buckets.values_mut().next().unwrap();
    for ms in 1..=100 {
        bucket.latency.insert(Duration::from_millis(ms));
    }
    let report = SliReport::measure(&measured, &MeasureConfig::new());
    let summary = report.components[0].latency.unwrap();
    for (seen, exact) in [
        (summary.p50_ms, 50.0),
        (summary.p95_ms, 95.0),
        (summary.p99_ms, 99.0),
        (summary.max_ms, 100.0),
    ] {
        assert!((seen - exact).abs() <= exact * 0.0101, "{seen} {exact}");
    }
    let covered = report.period.unwrap();
    assert_eq!(
        covered.end.duration_since(covered.start),
        SignedDuration::from_secs(1)
    );
}

/// Values of the Apdex specification's bands, computed by hand.
#[test]
fn apdex_by_counts_and_as_a_model() {
    for (satisfied, tolerating, frustrated, index) in [
        (60, 30, 10, 0.75),
        (170, 20, 10, 0.90),
        (40, 200, 48, 0.486_111),
    ] {
        let seen = Apdex::index(satisfied, tolerating, frustrated).unwrap();
        assert!((seen - index).abs() < 1e-6, "{seen} {index}");
    }
    assert_eq!(Apdex::index(0, 0, 0), None);
    let within = [
        (25_000_000, Events::new(60, 100).unwrap()),
        (100_000_000, Events::new(90, 100).unwrap()),
    ];
    let events = Events::new(95, 100).unwrap();
    assert_eq!(score(events, &within, &Apdex::new(25_000_000)), Some(7_500));
    assert_eq!(score(events, &within, &Apdex::new(50_000_000)), None);
}

#[test]
fn an_artifact_that_contradicts_itself_is_refused() {
    let report = SliReport::measure(&measurements(&[(0, 10, 1, 5, 5)]), &MeasureConfig::new());
    let text = report.to_json().unwrap();
    for (from, to, part) in [
        (
            "\"good\": 10",
            "\"good\": 12",
            "12 good events out of only 11",
        ),
        ("\"bucket_ms\"", "\"bucket\"", "unknown field `bucket`"),
        (
            "\"schema_version\": 1",
            "\"schema_version\": 9",
            "version 9",
        ),
        ("\"confidence\": 0.95", "\"confidence\": 95", "confidence"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = SliReport::from_json(&text.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}
