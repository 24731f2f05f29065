//! Alerts on the budget, policies, and how well the forecast knows when a budget ends.

use jiff::{SignedDuration, Timestamp};
use shape_budget::{
    Allowed, BudgetCondition, BudgetConfig, BudgetPart, BudgetPolicy, BudgetRule, PolicyStep,
    SloBudget, assess_slo,
};
use shape_sli::{Events, Indicator, SliPoint};
use shape_slo::{Slo, Window};
use shape_telemetry::ComponentId;

fn start() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn minute(minute: u32) -> Timestamp {
    start() + SignedDuration::from_mins(minute.into())
}

fn slo(target: &str, days: u32) -> Slo {
    Slo::new(
        &ComponentId::new("canvas"),
        Indicator::Availability,
        target.parse().unwrap(),
        Window::rolling_days(days),
    )
}

/// `(minute, good, bad)`.
fn budget(slo: &Slo, counts: &[(u32, u64, u64)], now: u32) -> SloBudget {
    let points: Vec<SliPoint> = counts
        .iter()
        .map(|(at, good, bad)| SliPoint {
            start: minute(*at),
            events: Events::from_good_bad(*good, *bad),
        })
        .collect();
    let config = BudgetConfig::new().budget_rules(BudgetRule::USUAL).unwrap();
    assess_slo(slo, &points, Events::NONE, 60_000, minute(now), &config).unwrap()
}

#[track_caller]
fn check(counts: &[(u32, u64, u64)], now: u32, expected: &[&str]) {
    let budget = budget(&slo("99%", 30), counts, now);
    let seen: Vec<&str> = budget
        .budget_alerts
        .iter()
        .map(|alert| match alert.condition {
            BudgetCondition::Left { .. } => "left",
            BudgetCondition::Dropped { .. } => "dropped",
            BudgetCondition::Exhausted { .. } => "exhausted",
        })
        .collect();
    assert_eq!(seen, expected, "{:#?}", budget.budget_alerts);
}

#[test]
fn budgets_alert_by_what_is_left_dropped_and_lasts() {
    const DAY: u32 = 1_440;
    // A hundred thousand events allow 1,000 bad ones.
    check(&[(0, 100_000, 0)], 3 * DAY, &[]);
    // 90 % used, long ago.
    check(&[(0, 99_100, 900)], 3 * DAY, &["left"]);
    check(&[(0, 99_101, 899)], 3 * DAY, &[]);
    // 20 % of it within a day, and no more of it in the last six hours.
    check(
        &[(0, 90_000, 0), (3 * DAY - 720, 9_800, 200)],
        3 * DAY,
        &["dropped"],
    );
    check(&[(0, 90_000, 0), (3 * DAY - 720, 9_801, 199)], 3 * DAY, &[]);
    // In the last six hours 160 of 4,000 are bad, 120 more than allowed: at that rate the 840 left last 42 hours.
    check(
        &[(0, 96_000, 0), (3 * DAY - 100, 3_840, 160)],
        3 * DAY,
        &["exhausted"],
    );
    check(&[(0, 96_000, 0), (3 * DAY - 100, 3_950, 50)], 3 * DAY, &[]);
    check(
        &[(0, 90_000, 0), (3 * DAY - 10, 9_000, 1_000)],
        3 * DAY,
        &["left", "dropped", "exhausted"],
    );
    // Overspent: it is spent, and no longer a question of time.
    check(
        &[(0, 90_000, 0), (3 * DAY - 10, 8_000, 2_000)],
        3 * DAY,
        &["left", "dropped"],
    );
    // One failure in ten requests, or two in two hundred, are no evidence.
    check(&[(0, 9, 1)], 10, &[]);
    check(&[(0, 198, 2)], 10, &[]);
    check(&[(0, 5, 5)], 10, &["left", "dropped"]);
    check(&[], 10, &[]);
}

#[test]
fn wrong_rules_say_so() {
    for condition in [
        BudgetCondition::Left {
            at_most_ppm: 1_000_000,
        },
        BudgetCondition::Dropped {
            ppm: 0,
            within_seconds: 60,
        },
        BudgetCondition::Dropped {
            ppm: 1,
            within_seconds: 0,
        },
        BudgetCondition::Exhausted {
            within_seconds: 0,
            look_back_seconds: 1,
        },
    ] {
        let rule = BudgetRule {
            condition,
            ..BudgetRule::USUAL[0]
        };
        let error = BudgetConfig::new()
            .budget_rules([rule])
            .unwrap_err()
            .to_string();
        assert!(error.contains("lengths above zero"), "{error}");
    }
}

fn policy() -> BudgetPolicy {
    let step = |percent: &str, allow, reason: &str| PolicyStep {
        left_at_most: percent.to_owned().try_into().unwrap(),
        allow,
        reason: reason.to_owned(),
    };
    BudgetPolicy::new(
        "storefront",
        vec![
            step("50%", Allowed::Fixes, "no new features"),
            step("0%", Allowed::Reverts, ""),
        ],
    )
    .unwrap()
}

#[test]
fn a_policy_speaks_by_what_is_left() {
    let slo = slo("99%", 30);
    let decide = |good, bad| policy().decide(&budget(&slo, &[(0, good, bad)], 10));
    let kept = decide(9_951, 49);
    assert_eq!(
        (kept.allowed, kept.left_ppm),
        (Allowed::Changes, Some(510_000))
    );
    let half = decide(9_950, 50);
    assert_eq!(half.allowed, Allowed::Fixes);
    assert_eq!(
        half.explanation,
        "the budget of canvas/availability has 50 % left: `storefront` allows fixes and reverts (no new features)"
    );
    assert_eq!(decide(9_901, 99).allowed, Allowed::Fixes);
    // Spent to the last: nothing is left, the promise still holds.
    assert_eq!(decide(9_900, 100).allowed, Allowed::Reverts);
    let over = decide(9_800, 200);
    assert_eq!(
        (over.allowed, over.left_ppm),
        (Allowed::Reverts, Some(-1_000_000))
    );
    assert!(
        over.explanation.contains("overspent by 100 % of it"),
        "{over:?}"
    );

    let nothing = policy()
        .without_data(Allowed::Proposals)
        .decide(&budget(&slo, &[], 10));
    assert_eq!(
        (nothing.allowed, nothing.left_ppm),
        (Allowed::Proposals, None)
    );
    let other = policy().only_for([shape_slo::SloId::new("header/availability")]);
    assert_eq!(
        other.decide(&budget(&slo, &[(0, 0, 10)], 10)).allowed,
        Allowed::Changes
    );
    let perfect = self::slo("100%", 30);
    let of = |bad| {
        policy()
            .decide(&budget(&perfect, &[(0, 100, bad)], 10))
            .allowed
    };
    assert_eq!((of(0), of(1)), (Allowed::Changes, Allowed::Reverts));
}

#[test]
fn policies_are_files() {
    let text = r#"{"name":"storefront","steps":[{"left_at_most":"50%","allow":"fixes","reason":"no new features"},{"left_at_most":"0%","allow":"reverts"}],"no_data":"changes"}"#;
    assert_eq!(BudgetPolicy::from_json(text).unwrap(), policy());
    assert_eq!(serde_json::to_string(&policy()).unwrap(), text);
    for (steps, part) in [
        ("", "at least one"),
        (
            r#"{"left_at_most": "0.5", "allow": "fixes"}"#,
            "a percentage such as",
        ),
        (
            r#"{"left_at_most": "0.00001%", "allow": "fixes"}"#,
            "four decimals",
        ),
        (
            r#"{"left_at_most": "0%", "allow": "all"}"#,
            "unknown variant",
        ),
        (
            r#"{"left_at_most": "5%", "allow": "fixes"}, {"left_at_most": "5%", "allow": "fixes"}"#,
            "from more left to less",
        ),
        (
            r#"{"left_at_most": "5%", "allow": "fixes"}, {"left_at_most": "1%", "allow": "changes"}"#,
            "allows no more",
        ),
    ] {
        let text = format!(r#"{{"name": "x", "steps": [{steps}]}}"#);
        let error = BudgetPolicy::from_json(&text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    for ppm in [0, 1, 500_000, 1_000_000] {
        let part = BudgetPart::from_ppm(ppm).unwrap();
        assert_eq!(BudgetPart::try_from(part.to_string()).unwrap(), part);
    }
}

/// A small generator, so that a run is the same everywhere (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }

    /// A Poisson count by multiplying uniform numbers.
    fn poisson(&mut self, mean: f64) -> u64 {
        let limit = (-mean).exp();
        let mut product = self.next();
        let mut count = 0;
        while limit < product {
            product *= self.next();
            count += 1;
        }
        count
    }
}

/// Simulated services whose error ratio stays what it is: in 80 of 100 the budget must end inside the band. 600 runs
/// know that to ±1.6 points, so that 75 to 85 is what chance allows.
#[test]
fn the_band_of_exhaustion_holds_what_it_says() {
    let mut random = Random(0x5eed_2026_1124);
    let (mut inside, mut before, mut after) = (0_u32, 0_u32, 0_u32);
    let slo = slo("99%", 30);
    for run in 0..600_u32 {
        let ratio = 0.015 + 0.002 * f64::from(run % 10);
        let mut counts = vec![(0, 40_000, 0)];
        let mut total = 40_000_u64;
        let mut bad = 0_u64;
        let mut at = 1_000;
        let mut step =
            |counts: Option<&mut Vec<(u32, u64, u64)>>, total: &mut u64, bad: &mut u64| {
                let (b, g) = (
                    random.poisson(20.0 * ratio),
                    random.poisson(20.0 * (1.0 - ratio)),
                );
                *total += b + g;
                *bad += b;
                if let Some(counts) = counts {
                    counts.push((at, g, b));
                }
                at += 1;
                at
            };
        // An hour of burning is what the forecast sees.
        for _ in 0..60 {
            step(Some(&mut counts), &mut total, &mut bad);
        }
        let seen = budget(&slo, &counts, 1_060);
        let hour = seen
            .burn
            .iter()
            .find(|window| window.seconds == 3_600)
            .unwrap();
        assert_eq!(hour.events.total() + 40_000, total);
        let mut promise = slo.clone();
        promise.min_events = hour.events.total(); // so that the hour is the recent look-back
        let seen = budget(&promise, &counts, 1_060);
        let Some(times) = seen.forecast.exhaustion else {
            after += 1; // "it may as well last": no band, although it ends
            continue;
        };
        let end = loop {
            let at = step(None, &mut total, &mut bad);
            if total / 100 < bad || 40_000 < at {
                break minute(at);
            }
        };
        if end < times.earliest {
            before += 1;
        } else if times.latest.is_some_and(|latest| latest < end) {
            after += 1;
        } else {
            inside += 1;
        }
    }
    assert!(
        (450..=510).contains(&inside),
        "{before} before, {inside} inside, {after} after"
    );
    assert!(
        (30..=90).contains(&before) && (30..=90).contains(&after),
        "{before} before, {after} after"
    );
}
