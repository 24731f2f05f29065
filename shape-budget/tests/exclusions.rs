//! Times that count neither for nor against a promise, and the rules by which they come again.

use jiff::{Timestamp, civil::DateTime};
use proptest::prelude::*;
use shape_budget::{BudgetConfig, Exclusion, Recurrence, SloBudget, assess_slo};
use shape_sli::{Events, Indicator, SliPoint};
use shape_slo::{BudgetingMethod, Slo, Window};
use shape_telemetry::{ComponentId, Period};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn period(start: &str, end: &str) -> Period {
    Period {
        start: time(start),
        end: time(end),
    }
}

/// 145 rules in six zones, by python-dateutil.
#[test]
fn recurrences_agree_with_another_implementation() {
    let mut checked = 0;
    for line in include_str!("data/recurrences.txt").lines() {
        if line.starts_with('#') {
            continue;
        }
        let (head, expected) = line.split_once('|').unwrap();
        let (start, rule) = head.trim().split_once(' ').unwrap();
        let (start, zone) = start.strip_suffix(']').unwrap().split_once('[').unwrap();
        let start: DateTime = start.parse().unwrap();
        let parsed: Recurrence = rule
            .parse()
            .unwrap_or_else(|error| panic!("{rule}: {error}"));
        assert_eq!(
            parsed.to_string().parse::<Recurrence>().unwrap(),
            parsed,
            "{rule}"
        );
        let exclusion = Exclusion::again("test", start, zone, 60, parsed).unwrap();
        // Up to the last one that is known, or far beyond where the rule ends.
        let last = expected.split_whitespace().nth(11);
        let all = Period {
            start: time("2020-01-01T00:00:00Z"),
            end: last.map_or(time("2041-01-01T00:00:00Z"), |last| {
                Timestamp::from_second(last.parse::<i64>().unwrap() + 1).unwrap()
            }),
        };
        let seen: Vec<String> = exclusion
            .periods_in(all)
            .unwrap()
            .iter()
            .map(|period| period.start.as_second().to_string())
            .take(12)
            .collect();
        assert_eq!(seen.join(" "), expected.trim(), "{head}");
        checked += seen.len();
    }
    assert!(1_000 < checked, "{checked}");
}

/// Spread over the days of a rule, a window sees what lies in it, from wherever one looks.
#[test]
fn a_window_sees_the_times_that_touch_it() {
    let nightly = Exclusion::again(
        "nightly",
        "2026-03-27T23:30:00".parse().unwrap(),
        "Europe/Berlin",
        7_200,
        "FREQ=DAILY;COUNT=4".parse().unwrap(),
    )
    .unwrap();
    let of = |start: &str, end: &str| -> Vec<String> {
        let seen = nightly.periods_in(period(start, end)).unwrap();
        seen.iter().map(|period| period.start.to_string()).collect()
    };
    assert_eq!(
        of("2026-03-28T00:29:59Z", "2026-03-28T00:30:00Z"),
        ["2026-03-27T22:30:00Z"]
    );
    assert!(of("2026-03-28T00:30:00Z", "2026-03-28T22:30:00Z").is_empty());
    // The clocks change in the second night: the start moves, the length stays.
    assert_eq!(
        of("2026-03-28T12:00:00Z", "2026-04-09T00:00:00Z"),
        [
            "2026-03-28T22:30:00Z",
            "2026-03-29T21:30:00Z",
            "2026-03-30T21:30:00Z"
        ]
    );
}

fn minutes(down: impl Fn(u64) -> bool, minutes: u64, start: Timestamp) -> Vec<SliPoint> {
    (0..minutes)
        .map(|minute| SliPoint {
            start: start + std::time::Duration::from_secs(60 * minute),
            events: if down(minute) {
                Events::from_good_bad(0, 10)
            } else {
                Events::from_good_bad(10, 0)
            },
        })
        .collect()
}

fn week(method: BudgetingMethod, window: &str) -> Slo {
    let target = "99%".parse().unwrap();
    let window: Window = window.parse().unwrap();
    let mut slo = Slo::new(
        &ComponentId::new("canvas"),
        Indicator::Availability,
        target,
        window,
    );
    slo.method = method;
    slo
}

const BY_MINUTES: BudgetingMethod = BudgetingMethod::RatioTimeslices { slice_seconds: 60 };

fn assess(slo: &Slo, points: &[SliPoint], now: &str, exclusions: &[Exclusion]) -> SloBudget {
    let config = BudgetConfig::new().exclusions(exclusions.to_vec());
    assess_slo(slo, points, Events::NONE, 60_000, time(now), &config).unwrap()
}

/// Reference §2.5: an hour of outage in a week of which a day is excluded is 60/8,640, not 60/10,080.
#[test]
fn an_exclusion_leaves_numerator_and_denominator() {
    let monday = time("2026-11-16T00:00:00Z");
    let points = minutes(|minute| (3_000..3_060).contains(&minute), 10_080, monday);
    let day = Exclusion::once(
        "move",
        period("2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"),
    )
    .unwrap();
    for window in ["7d", "calendar week UTC"] {
        // The last instant of the week, and a calendar week is still the present one.
        let now = if window == "7d" {
            "2026-11-23T00:00:00Z"
        } else {
            "2026-11-22T23:59:59.999999999Z"
        };
        let all = assess(&week(BY_MINUTES, window), &points, now, &[]);
        let without = assess(
            &week(BY_MINUTES, window),
            &points,
            now,
            std::slice::from_ref(&day),
        );
        let slices = without.slices.unwrap();
        assert_eq!(
            (slices.good, slices.bad, slices.no_data, slices.ahead),
            (8_580, 60, 0, 0)
        );
        assert_eq!(all.slices.unwrap().good, 10_020);
        // 60/8,640 = 0.694 % of which 1 % is allowed.
        assert_eq!(without.consumed_ppm, Some(694_445));
        assert_eq!(all.consumed_ppm, Some(595_239));
        let excluded = without.excluded.unwrap();
        assert_eq!(excluded.seconds, 86_400);
        assert_eq!(excluded.events, Events::new(14_400, 14_400).unwrap());
        assert_eq!(without.events.total(), 86_400);
    }
    // The outage itself excluded: nothing is left of it, in no look-back.
    let outage = Exclusion::once(
        "test",
        period("2026-11-18T02:00:00Z", "2026-11-18T03:00:00Z"),
    )
    .unwrap();
    let clean = assess(
        &week(BY_MINUTES, "7d"),
        &points,
        "2026-11-18T03:00:00Z",
        std::slice::from_ref(&outage),
    );
    assert_eq!(clean.events.bad(), 0);
    assert!(clean.burn.iter().all(|window| window.events.bad() == 0) && clean.alerts.is_empty());
    let other = outage.only_for([shape_slo::SloId::new("header/availability")]);
    let dirty = assess(
        &week(BY_MINUTES, "7d"),
        &points,
        "2026-11-18T03:00:00Z",
        &[other],
    );
    assert_eq!((dirty.events.bad(), dirty.excluded), (600, None));
}

/// A slice that is partly excluded is judged by the rest of it.
#[test]
fn slices_that_are_cut_by_an_exclusion_stay() {
    let monday = time("2026-11-16T00:00:00Z");
    let points = minutes(|minute| minute < 3, 1_440, monday);
    let method = BudgetingMethod::Timeslices {
        slice_seconds: 300,
        slice_target: "100%".parse().unwrap(),
    };
    let of = |start: &str, end: &str| {
        let times = Exclusion::once("cut", period(start, end)).unwrap();
        let budget = assess(
            &week(method, "calendar day UTC"),
            &points,
            "2026-11-16T12:00:00Z",
            &[times],
        );
        let slices = budget.slices.unwrap();
        (slices.good, slices.bad, slices.no_data, slices.ahead)
    };
    assert_eq!(
        of("2026-11-16T13:00:00Z", "2026-11-16T13:04:59Z"),
        (143, 1, 0, 144)
    );
    assert_eq!(
        of("2026-11-16T13:00:00Z", "2026-11-16T13:05:00Z"),
        (143, 1, 0, 143)
    );
    assert_eq!(
        of("2026-11-16T00:00:00Z", "2026-11-16T00:03:00Z"),
        (144, 0, 0, 144)
    );
    assert_eq!(
        of("2026-11-15T00:00:00Z", "2026-11-16T00:05:00Z"),
        (143, 0, 0, 144)
    );
    assert_eq!(
        of("2026-11-16T11:58:00Z", "2026-11-16T12:07:00Z"),
        (143, 1, 0, 143)
    );
}

#[test]
fn files_say_what_they_mean_or_what_is_wrong() {
    let read = |json: &str| serde_json::from_str::<Exclusion>(json);
    let once = read(
        r#"{"name": "a", "start": "2026-03-01T00:00:00[America/New_York]", "duration": "1h"}"#,
    )
    .unwrap();
    let same =
        read(r#"{"name": "a", "start": "2026-03-01T05:00:00Z", "end": "2026-03-01T06:00:00Z"}"#)
            .unwrap();
    assert_eq!(once, same);
    let again = r#"{"name":"b","start":"2026-01-04T02:00:00[Europe/Berlin]","duration":"2h","repeat":"FREQ=WEEKLY;BYDAY=SU","slos":["canvas/availability"]}"#;
    assert_eq!(serde_json::to_string(&read(again).unwrap()).unwrap(), again);
    for (json, part) in [
        (
            r#"{"name": "a", "start": "2026-03-01", "duration": "1h"}"#,
            "an instant such as",
        ),
        (
            r#"{"name": "a", "start": "2026-03-01T00:00:00Z"}"#,
            "`start` and `end`",
        ),
        (
            r#"{"name": "a", "start": "2026-03-01T00:00:00Z", "end": "2026-03-01T00:00:00Z"}"#,
            "an end after the start",
        ),
        (
            r#"{"name": "a", "start": "2026-03-01T00:00:00[Mars/Base]", "duration": "1h"}"#,
            "`a`",
        ),
        (
            r#"{"name": "a", "start": "2026-03-01T00:00:00Z", "duration": "1y"}"#,
            "a length such as",
        ),
        (
            r#"{"name": "a", "start": "2026-03-01T00:00:00Z", "duration": "1h", "repeat": "FREQ=DAILY;BYHOUR=3"}"#,
            "BYHOUR=3",
        ),
        (
            r#"{"name": "a", "start": "2026-03-01T00:00:00Z", "duration": "500d", "repeat": "FREQ=DAILY"}"#,
            "a length up to a year",
        ),
        (
            r#"{"name": "a", "start": "2026-03-01T00:00:00Z", "duration": "1h", "rrule": "x"}"#,
            "unknown field",
        ),
    ] {
        let error = read(json).unwrap_err().to_string();
        assert!(error.contains(part), "{json}: {error}");
    }
    for rule in [
        "",
        "FREQ",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=1;UNTIL=20260101",
        "FREQ=WEEKLY;BYDAY=2SU",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=MÖ",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=DAILY;UNTIL=2026",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=DAILY;UNTIL=20260101T000000X",
        "FREQ=DAILY;WKST=XX",
    ] {
        let error = rule.parse::<Recurrence>().unwrap_err().to_string();
        assert!(error.contains("expected"), "{rule}: {error}");
    }
}

proptest! {
    /// Reading never panics.
    #[test]
    fn any_text_is_read_or_refused(text in "(FREQ=(DAILY|MONTHLY|YEARLY))?[;=A-Z0-9,+-]{0,30}") {
        let _ = text.parse::<Recurrence>();
    }
}
