//! Budgets as a user sees them, against a slow and obvious reckoning.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_budget::{
    AlertRule, AlertSeverity, BudgetConfig, BudgetReport, BudgetUnit, NoDataPolicy, SloBudget,
    UntimedEvents, assess,
};
use shape_sli::{ComponentSli, Events, Indicator, Sli, SliPoint, SliReport};
use shape_slo::{BudgetingMethod, Slo, SloSet, Target, Window};
use shape_telemetry::ComponentId;

const NOW: &str = "2026-11-24T08:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// A report of one availability indicator; points by their start.
fn measured(mut points: Vec<(Timestamp, u64, u64)>, untimed: Events) -> SliReport {
    points.sort_unstable();
    let points: Vec<SliPoint> = points
        .into_iter()
        .map(|(start, good, bad)| SliPoint {
            start,
            events: Events::from_good_bad(good, bad),
        })
        .collect();
    let events = untimed + points.iter().map(|point| point.events).sum::<Events>();
    SliReport {
        schema_version: SliReport::SCHEMA_VERSION,
        period: None,
        bucket_ms: 1_000,
        components: vec![ComponentSli {
            component: ComponentId::new("canvas"),
            slis: vec![Sli {
                id: "canvas/availability".into(),
                indicator: Indicator::Availability,
                events,
                interval: None,
                points,
            }],
            latency: None,
            health: None,
        }],
    }
}

fn promise(target: Target, window: Window, method: BudgetingMethod) -> SloSet {
    let mut slo = Slo::new(
        &ComponentId::new("canvas"),
        Indicator::Availability,
        target,
        window,
    );
    slo.method = method;
    SloSet::new("studio", vec![slo])
}

fn occurrences(text: &str, window: &str) -> SloSet {
    promise(
        target(text),
        window.parse().unwrap(),
        BudgetingMethod::Occurrences,
    )
}

fn budget(promises: &SloSet, measured: &SliReport) -> SloBudget {
    budget_with(promises, measured, &BudgetConfig::new())
}

fn budget_with(promises: &SloSet, measured: &SliReport, config: &BudgetConfig) -> SloBudget {
    let report = assess(promises, measured, now(), config).unwrap();
    let text = report.to_json().unwrap();
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    assert_eq!(BudgetReport::from_json(&text).unwrap(), report);
    report.budgets.into_iter().next().unwrap()
}

#[test]
fn the_pinned_figures() {
    let seen = measured(vec![(ago(10), 9_971, 29)], Events::NONE);
    let kept = budget(&occurrences("99.5%", "28d"), &seen);
    assert_eq!((kept.allowed, kept.remaining), (50, 21));
    assert_eq!(kept.consumed_ppm, Some(580_000));
    assert_eq!(kept.is_met(), Some(true));
    assert_eq!(kept.missed_since, None);

    let missed = budget(&occurrences("99.9%", "28d"), &seen);
    assert_eq!((missed.allowed, missed.remaining), (10, -19));
    assert_eq!(missed.is_met(), Some(false));
    assert_eq!(missed.window_burn().unwrap().to_string(), "2.9");
    assert_eq!(missed.missed_since, Some(ago(10)));

    let many = measured(vec![(ago(10), 19_980_000, 20_000)], Events::NONE);
    let spent = budget(&occurrences("99.9%", "28d"), &many);
    assert_eq!((spent.allowed, spent.remaining), (20_000, 0));
    assert_eq!(spent.consumed_ppm, Some(1_000_000));
    assert_eq!(spent.is_met(), Some(true));
}

#[test]
fn no_events_is_not_success() {
    for seen in [
        measured(Vec::new(), Events::NONE),
        // Outside the window.
        measured(vec![(ago(29 * 86_400), 1_000, 0)], Events::NONE),
        // Not before now: the window is half-open.
        measured(vec![(now(), 1_000, 0)], Events::NONE),
    ] {
        let budget = budget(&occurrences("99.5%", "28d"), &seen);
        assert_eq!(budget.is_met(), None);
        assert!(!budget.has_enough_events());
        assert_eq!(budget.consumed_ppm, None);
        assert!(budget.alerts.is_empty());
        assert!(budget.burn.iter().all(|window| window.burn.is_none()));
        assert_eq!(budget.forecast.breach_probability, None);
        assert!(budget.forecast.explanation.contains("no events"));
    }
    // A promise about what was never measured.
    let mut other = occurrences("99.5%", "28d");
    other.slos[0].component = ComponentId::new("library");
    let seen = measured(vec![(ago(1), 1, 0)], Events::NONE);
    assert_eq!(budget(&other, &seen).is_met(), None);
}

#[test]
fn a_target_of_all_events_has_no_budget_but_an_answer() {
    let promises = occurrences("100%", "28d");
    let clean = budget(&promises, &measured(vec![(ago(1), 100, 0)], Events::NONE));
    assert_eq!((clean.is_met(), clean.consumed_ppm), (Some(true), None));
    let flawed = budget(&promises, &measured(vec![(ago(1), 100, 1)], Events::NONE));
    assert_eq!((flawed.is_met(), flawed.remaining), (Some(false), -1));
    assert_eq!(flawed.window_burn(), None);
}

#[test]
fn a_fix_does_not_refill_a_budget() {
    let promises = occurrences("99%", "28d");
    let mut points = vec![(ago(3_600), 900, 100)];
    let before = budget(&promises, &measured(points.clone(), Events::NONE));
    assert!(before.remaining < 0);
    // The fix: only good events from here on.
    for minute in 1..30 {
        points.push((ago(1_800 - minute * 60), 100, 0));
        let after = budget(&promises, &measured(points.clone(), Events::NONE));
        assert_eq!(after.events.bad(), before.events.bad());
        assert!(after.remaining < 0, "after {minute} minutes");
    }
    // The bad events leave with the window, not before.
    let seen = measured(points, Events::NONE);
    let overspent = budget(&promises, &seen);
    let back = overspent.forecast.recovers_at.unwrap();
    let at = |instant| {
        let report = assess(&promises, &seen, instant, &BudgetConfig::new()).unwrap();
        report.budgets[0].is_met()
    };
    assert_eq!(at(back - SignedDuration::from_nanos(1)), Some(false));
    assert_eq!(at(back), Some(true));
}

#[test]
fn look_backs_see_what_happens_now() {
    let points = vec![(ago(60), 0, 100), (ago(8), 50, 0), (ago(3), 50, 0)];
    let budget = budget(&occurrences("99%", "28d"), &measured(points, Events::NONE));
    let spans: Vec<u64> = budget.burn.iter().map(|window| window.seconds).collect();
    assert_eq!(spans, [5, 30, 60, 300, 3_600, 21_600, 259_200, 28 * 86_400]);
    assert_eq!(budget.burn[0].events, Events::new(50, 50).unwrap());
    assert_eq!(budget.burn[1].events, Events::new(100, 100).unwrap());
    // The window that starts exactly at the bad bucket holds it.
    assert_eq!(budget.burn[2].events, Events::new(100, 200).unwrap());
    assert_eq!(budget.recent(60).unwrap().seconds, 30);
    assert_eq!(budget.recent(150).unwrap().seconds, 60);
    assert!(budget.recent(1_000).is_none());
}

#[test]
fn look_backs_shorter_than_a_bucket_or_longer_than_the_window_are_left_out() {
    let mut seen = measured(vec![(ago(30), 10, 0)], Events::NONE);
    seen.bucket_ms = 60_000;
    let budget = budget(&occurrences("99%", "1h"), &seen);
    let spans: Vec<u64> = budget.burn.iter().map(|window| window.seconds).collect();
    assert_eq!(spans, [60, 300, 3_600]);
}

#[test]
fn alerts_need_both_windows_and_enough_evidence() {
    let promises = occurrences("99.9%", "30d");
    let page = |points: Vec<(Timestamp, u64, u64)>| {
        let budget = budget(&promises, &measured(points, Events::NONE));
        budget
            .alerts
            .iter()
            .map(|alert| (alert.severity, alert.long_seconds))
            .collect::<Vec<_>>()
    };
    let healthy: Vec<(Timestamp, u64, u64)> = (0..72)
        .map(|hour| (ago(hour * 3_600 + 7_200), 60_000, 0))
        .collect();
    assert_eq!(page(healthy.clone()), []);
    // One failure in ten requests: burn 100, and no evidence.
    assert_eq!(page(vec![(ago(60), 9, 1)]), []);
    // A total outage of five minutes.
    let mut outage = healthy.clone();
    outage.push((ago(3_000), 50_000, 0));
    outage.push((ago(240), 0, 5_000));
    let fired = page(outage);
    assert!(fired.contains(&(AlertSeverity::Page, 3_600)), "{fired:?}");
    // The same outage, over for half an hour: the short windows of the page are clean.
    let mut over = healthy;
    over.push((ago(2_100), 0, 5_000));
    over.push((ago(1_700), 50_000, 0));
    let fired = page(over);
    assert!(
        !fired
            .iter()
            .any(|(severity, _)| *severity == AlertSeverity::Page),
        "{fired:?}"
    );
}

#[test]
fn wrong_configurations_say_what_is_expected() {
    let rule = |long, short, ppm| AlertRule {
        severity: AlertSeverity::Page,
        long_seconds: long,
        short_seconds: short,
        budget_ppm: ppm,
    };
    for rules in [
        rule(60, 120, 1),
        rule(60, 0, 1),
        rule(60, 5, 0),
        rule(60, 5, 1_000_001),
    ] {
        let error = BudgetConfig::new().alert_rules([rules]).unwrap_err();
        assert!(error.to_string().contains("expected 0 < short <= long"));
    }
    assert!(BudgetConfig::new().look_backs([0, 5]).is_err());
    assert!(BudgetConfig::new().confidence(1.0).is_err());
    let mut promises = occurrences("99%", "28d");
    promises.slos[0].window = Window::Calendar {
        unit: shape_slo::CalendarUnit::Month,
        time_zone: "Europe/Berlyn".to_owned(),
    };
    let seen = measured(Vec::new(), Events::NONE);
    let error = assess(&promises, &seen, now(), &BudgetConfig::new()).unwrap_err();
    assert_eq!(error.to_string(), "`canvas/availability`");
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.to_string().contains("Europe/Berlyn"), "{cause}");
}

#[test]
fn events_without_a_time_count_in_the_window_unless_told_otherwise() {
    let untimed = Events::new(90, 100).unwrap();
    let seen = measured(vec![(ago(1), 100, 0)], untimed);
    let promises = occurrences("99%", "28d");
    let counted = budget(&promises, &seen);
    assert_eq!((counted.events.total(), counted.untimed), (200, 100));
    assert_eq!(counted.is_met(), Some(false));
    assert_eq!(counted.burn[0].events.total(), 100);
    let config = BudgetConfig::new().untimed(UntimedEvents::Ignored);
    let ignored = budget_with(&promises, &seen, &config);
    assert_eq!((ignored.events.total(), ignored.untimed), (100, 0));
    assert_eq!(ignored.is_met(), Some(true));
}

/// Three definitions of one figure (reference §2.4): 1,000,000 requests without a failure on one day, 50 of 100 on the next.
#[test]
fn three_methods_give_three_figures() {
    let points = vec![(ago(100_000), 1_000_000, 0), (ago(20_000), 50, 50)];
    let day = 86_400;
    let of = |method| {
        let promises = promise(target("95%"), Window::rolling_days(28), method);
        budget(&promises, &measured(points.clone(), Events::NONE))
    };
    let events = of(BudgetingMethod::Occurrences);
    assert_eq!(events.is_met(), Some(true)); // 0.99995
    let slices = of(BudgetingMethod::Timeslices {
        slice_seconds: day,
        slice_target: target("95%"),
    });
    assert_eq!(slices.unit, BudgetUnit::Slices);
    let counts = slices.slices.unwrap();
    assert_eq!((counts.good, counts.bad, counts.no_data), (1, 1, 0)); // 0.5
    assert_eq!((slices.allowed, slices.remaining), (0, -1));
    assert_eq!(slices.consumed_ppm, Some(10_000_000));
    let ratios = of(BudgetingMethod::RatioTimeslices { slice_seconds: day });
    assert_eq!(ratios.unit, BudgetUnit::SliceBillionths);
    assert_eq!(ratios.consumed_ppm, Some(5_000_000)); // 1 - 0.75 against 0.05
}

/// Reference §2.5: a week of five-minute slices at 95 % allows 100.8 bad ones, whatever the time.
#[test]
fn a_calendar_window_knows_its_slices_beforehand() {
    // NOW is a Tuesday, 32 hours into the week: 384 slices have been.
    let monday: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    let points: Vec<_> = (0..384)
        .map(|slice| {
            let start = monday + SignedDuration::from_secs(slice * 300);
            if slice < 10 {
                (start, 0, 10)
            } else {
                (start, 10, 0)
            }
        })
        .collect();
    let method = BudgetingMethod::Timeslices {
        slice_seconds: 300,
        slice_target: target("99%"),
    };
    let promises = promise(target("95%"), "calendar week UTC".parse().unwrap(), method);
    let budget = budget(&promises, &measured(points, Events::NONE));
    let counts = budget.slices.unwrap();
    assert_eq!(
        (counts.good, counts.bad, counts.no_data, counts.ahead),
        (374, 10, 0, 1_632)
    );
    assert_eq!((budget.allowed, budget.remaining), (100, 90));
    assert_eq!(budget.consumed_ppm, Some(99_207)); // 9.92 %
}

#[test]
fn slices_without_data_count_as_told() {
    let points = vec![(ago(600), 10, 0), (ago(60), 0, 10)];
    let method = BudgetingMethod::Timeslices {
        slice_seconds: 60,
        slice_target: target("99%"),
    };
    let promises = promise(target("50%"), Window::rolling_days(1), method);
    let of = |policy| {
        let config = BudgetConfig::new().no_data(policy);
        let budget = budget_with(&promises, &measured(points.clone(), Events::NONE), &config);
        let counts = budget.slices.unwrap();
        assert_eq!((counts.good, counts.bad, counts.no_data), (1, 1, 8));
        (budget.allowed, budget.remaining)
    };
    assert_eq!(of(NoDataPolicy::Exclude), (1, 0));
    assert_eq!(of(NoDataPolicy::Good), (5, 4));
    assert_eq!(of(NoDataPolicy::Bad), (5, -4));
    let broken = promise(
        target("50%"),
        Window::rolling_days(1),
        BudgetingMethod::RatioTimeslices { slice_seconds: 0 },
    );
    let seen = measured(points, Events::NONE);
    let error = assess(&broken, &seen, now(), &BudgetConfig::new()).unwrap_err();
    assert!(error.to_string().contains("slices of 0 s"), "{error}");
}

#[test]
fn the_forecast_says_when() {
    // 1 % allowed, 2 % bad, over an hour of which 2,000 s had none bad.
    let mut points: Vec<_> = (1_600..3_600).map(|second| (ago(second), 100, 0)).collect();
    points.extend((0..1_600).map(|second| (ago(second + 1), 98, 2)));
    let seen = measured(points, Events::NONE);
    let budget = budget(&occurrences("99%", "28d"), &seen);
    // Left: 1 % of 360,000 less 3,200 = 400 at a net loss of one a second.
    let at = budget.forecast.exhausted_at.unwrap();
    assert!((at.as_second() - ago(-400).as_second()).abs() <= 1, "{at}");
    assert_eq!(budget.forecast.recovers_at, None);
    assert!(
        budget
            .forecast
            .explanation
            .contains("spent at 2026-11-24T08:06:"),
        "{}",
        budget.forecast.explanation
    );
}

fn any_points() -> impl Strategy<Value = Vec<(i64, u64, u64)>> {
    let buckets = prop::collection::btree_map(1_i64..400, (0_u64..30, 0_u64..6), 0..60);
    buckets.prop_map(|buckets| {
        buckets
            .into_iter()
            .map(|(at, (good, bad))| (at, good, bad))
            .collect()
    })
}

fn any_target() -> impl Strategy<Value = Target> {
    prop_oneof![
        (500_000_000_u32..=1_000_000_000),
        prop::sample::select(vec![900_000_000, 990_000_000, 999_000_000]),
    ]
    .prop_map(|ppb| Target::from_ppb(ppb).unwrap())
}

fn any_method() -> impl Strategy<Value = BudgetingMethod> {
    prop_oneof![
        Just(BudgetingMethod::Occurrences),
        (1_u64..90).prop_map(|slice_seconds| BudgetingMethod::RatioTimeslices { slice_seconds }),
        (1_u64..90, any_target()).prop_map(|(slice_seconds, slice_target)| {
            BudgetingMethod::Timeslices {
                slice_seconds,
                slice_target,
            }
        }),
    ]
}

proptest! {
    /// A slow and obvious reckoning gives the same answer, for every method, window and policy.
    #[test]
    fn agrees_with_a_brute_force_oracle(
        points in any_points(),
        target in any_target(),
        method in any_method(),
        window in 1_u64..500,
        is_calendar in any::<bool>(),
        no_data in prop::sample::select(vec![NoDataPolicy::Exclude, NoDataPolicy::Good, NoDataPolicy::Bad]),
    ) {
        let window = if is_calendar {
            "calendar day UTC".parse().unwrap()
        } else {
            Window::Rolling { seconds: window }
        };
        let points: Vec<_> = points.into_iter().map(|(second, good, bad)| (ago(second), good, bad)).collect();
        let config = BudgetConfig::new().no_data(no_data);
        let seen = budget_with(&promise(target, window.clone(), method), &measured(points.clone(), Events::NONE), &config);
        let period = window.period_at(now()).unwrap();

        let inside = |at: Timestamp| period.start <= at && at < now();
        let (mut good, mut bad) = (0_u64, 0_u64);
        for (at, g, b) in &points {
            if inside(*at) {
                good += g;
                bad += b;
            }
        }
        prop_assert_eq!(seen.events, Events::from_good_bad(good, bad));
        let allowed_ppb = u128::from(1_000_000_000 - target.ppb());
        if let BudgetingMethod::Occurrences = method {
            // Met exactly when bad / total <= allowed.
            let met = u128::from(bad) * 1_000_000_000 <= u128::from(good + bad) * allowed_ppb;
            let expected = if good + bad == 0 { None } else { Some(met) };
            prop_assert_eq!(seen.is_met(), expected);
            return Ok(());
        }
        let (seconds, slice_target) = match method {
            BudgetingMethod::Timeslices { slice_seconds, slice_target } => (slice_seconds, slice_target),
            BudgetingMethod::RatioTimeslices { slice_seconds } => (slice_seconds, target),
            _ => unreachable!(),
        };
        // Every second of the past belongs to a slice.
        let origin = if is_calendar { period.start.as_second() } else { 0 };
        let slice_of = |second: i64| (second - origin).div_euclid(i64::try_from(seconds).unwrap());
        let from = if is_calendar { Some(period.start) } else {
            points.iter().filter(|(at, _, _)| inside(*at)).map(|(at, _, _)| *at).min()
        };
        let mut slices = std::collections::BTreeMap::new();
        if let Some(from) = from {
            for second in from.as_second()..now().as_second() {
                slices.entry(slice_of(second)).or_insert((0_u64, 0_u64));
            }
        }
        for (at, g, b) in &points {
            if inside(*at) {
                let slice = slices.entry(slice_of(at.as_second())).or_insert((0, 0));
                slice.0 += g;
                slice.1 += b;
            }
        }
        let mut good_slices = 0_u64;
        let mut bad_slices = 0_u64;
        let mut empty = 0_u64;
        let mut ratio_sum = 0_u128;
        for (g, b) in slices.values() {
            if g + b == 0 {
                empty += 1;
            } else {
                let total = u128::from(g + b);
                if total * u128::from(slice_target.ppb()) <= u128::from(*g) * 1_000_000_000 {
                    good_slices += 1;
                } else {
                    bad_slices += 1;
                }
                ratio_sum += (u128::from(*b) * 1_000_000_000).div_ceil(total);
            }
        }
        let counts = seen.slices.unwrap();
        prop_assert_eq!((counts.good, counts.bad, counts.no_data), (good_slices, bad_slices, empty));
        let ahead = if is_calendar {
            86_400_u64.div_ceil(seconds) - u64::try_from(slices.len()).unwrap()
        } else { 0 };
        prop_assert_eq!(counts.ahead, ahead);
        let (extra, extra_bad) = match no_data {
            NoDataPolicy::Exclude => (0, 0),
            NoDataPolicy::Good => (empty, 0),
            NoDataPolicy::Bad => (empty, empty),
        };
        let total = u128::from(good_slices + bad_slices + ahead + extra);
        let (spent, scale) = match method {
            BudgetingMethod::Timeslices { .. } => (u128::from(bad_slices + extra_bad), 1),
            _ => (ratio_sum + u128::from(extra_bad) * 1_000_000_000, 1_000_000_000),
        };
        let allowed = total * scale * allowed_ppb / 1_000_000_000;
        prop_assert_eq!(u128::from(seen.allowed), allowed);
        prop_assert_eq!(i128::from(seen.remaining), i128::try_from(allowed).unwrap() - i128::try_from(spent).unwrap());
    }

    /// A stricter target is never easier.
    #[test]
    fn a_stricter_target_is_never_easier(
        points in any_points(),
        one in any_target(),
        other in any_target(),
        method in any_method(),
    ) {
        let (lax, strict) = (one.min(other), one.max(other));
        let points: Vec<_> = points.into_iter().map(|(second, good, bad)| (ago(second), good, bad)).collect();
        let seen = measured(points, Events::NONE);
        let of = |target| budget(&promise(target, Window::rolling_days(1), method), &seen);
        let (lax, strict) = (of(lax), of(strict));
        prop_assert!(strict.allowed <= lax.allowed);
        prop_assert!(strict.remaining <= lax.remaining);
        prop_assert!(strict.is_met() <= lax.is_met());
        if let (Some(lax), Some(strict)) = (lax.consumed_ppm, strict.consumed_ppm) {
            prop_assert!(lax <= strict);
        }
    }

    /// More bad events never leave more budget; and what is overspent says when it is over.
    #[test]
    fn a_bad_event_more_never_helps(points in any_points(), target in any_target()) {
        prop_assume!(!points.is_empty());
        let points: Vec<_> = points.into_iter().map(|(second, good, bad)| (ago(second), good, bad)).collect();
        let mut worse = points.clone();
        if let Some(last) = worse.last_mut() {
            last.1 = last.1.saturating_sub(1);
            last.2 += 1;
        }
        let promises = promise(target, Window::rolling_days(1), BudgetingMethod::Occurrences);
        let before = budget(&promises, &measured(points, Events::NONE));
        let seen = measured(worse, Events::NONE);
        let after = budget(&promises, &seen);
        if before.events.total() == after.events.total() {
            prop_assert!(after.remaining < before.remaining);
        }
        prop_assert_eq!(after.remaining < 0, after.forecast.recovers_at.is_some());
        prop_assert_eq!(after.remaining < 0, after.missed_since.is_some());
        if let Some(back) = after.forecast.recovers_at {
            let report = assess(&promises, &seen, back, &BudgetConfig::new()).unwrap();
            prop_assert_ne!(report.budgets[0].is_met(), Some(false));
        }
    }

    /// The date of recovery is the first at which nothing is overspent any more, whatever the method: as seen by looking
    /// again at each moment at which a bucket leaves.
    #[test]
    fn recovery_is_the_first_moment_that_keeps(
        points in prop::collection::vec((0_i64..86_000, 0_u64..30, 0_u64..10), 1..25),
        target in any_target(),
        slice in prop::sample::select(vec![None, Some(false), Some(true)]),
        slice_seconds in prop::sample::select(vec![60_u64, 700, 3_600]),
    ) {
        let points: Vec<_> = points.into_iter().map(|(second, good, bad)| (ago(second), good, bad)).collect();
        let method = match slice {
            None => BudgetingMethod::Occurrences,
            Some(false) => BudgetingMethod::RatioTimeslices { slice_seconds },
            Some(true) => BudgetingMethod::Timeslices { slice_seconds, slice_target: "90%".parse().unwrap() },
        };
        let promises = promise(target, Window::rolling_days(1), method);
        let seen = measured(points.clone(), Events::NONE);
        let now = budget(&promises, &seen);
        prop_assert_eq!(now.forecast.recovers_at.is_some(), now.remaining < 0);
        let mut moments: Vec<Timestamp> = points
            .iter()
            .map(|(at, ..)| *at + SignedDuration::from_hours(24) + SignedDuration::from_nanos(1))
            .collect();
        moments.sort_unstable();
        let keeps = |at: &Timestamp| {
            let report = assess(&promises, &seen, *at, &BudgetConfig::new()).unwrap();
            0 <= report.budgets[0].remaining
        };
        let first = moments.into_iter().find(keeps);
        if let Some(back) = now.forecast.recovers_at {
            prop_assert_eq!(Some(back), first);
        }
    }

    /// Look-backs add up: each holds the shorter ones, and the burndown ends at what is left.
    #[test]
    fn look_backs_and_burndown_are_consistent(points in any_points(), target in any_target()) {
        let points: Vec<_> = points.into_iter().map(|(second, good, bad)| (ago(second), good, bad)).collect();
        let config = BudgetConfig::new().max_burndown(7);
        let promises = promise(target, Window::rolling_days(1), BudgetingMethod::Occurrences);
        let budget = budget_with(&promises, &measured(points, Events::NONE), &config);
        for pair in budget.burn.windows(2) {
            prop_assert!(pair[1].events.checked_sub(pair[0].events).is_some());
        }
        prop_assert!(budget.burndown.len() <= 7 + 1);
        if let Some(last) = budget.burndown.last() {
            prop_assert_eq!(last.remaining, budget.remaining);
            prop_assert_eq!(last.events, budget.events);
        }
        for pair in budget.burndown.windows(2) {
            prop_assert!(pair[1].remaining <= pair[0].remaining && pair[0].time < pair[1].time);
        }
    }
}
