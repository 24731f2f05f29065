//! Streams in calendar windows of zones that change their clocks, with times left out by local time, against the slow
//! reckoning: for every method, unit and policy.

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Weekday, date},
    tz::TimeZone,
};
use proptest::prelude::*;
use shape_budget::{BudgetConfig, BurnMeter, Exclusion, NoDataPolicy};
use shape_sli::{Events, Indicator};
use shape_slo::{BudgetingMethod, Slo, Target};
use shape_telemetry::{ComponentId, Period};

use self::reckoning::{Case, Reckoned};

mod reckoning;

/// Zones and months in which their clocks change: by an hour, by half an hour, at midnight, and not at all.
const CHANGES: [(&str, i16, i8); 6] = [
    ("Europe/Berlin", 2026, 10),
    ("America/New_York", 2026, 3),
    ("Australia/Lord_Howe", 2026, 4),
    ("America/Santiago", 2026, 9),
    ("Africa/Cairo", 2026, 4),
    ("UTC", 2028, 2),
];

/// The first instant of a day: midnight, or what comes after it where clocks skip it.
fn begins(day: Date, zone: &TimeZone) -> i64 {
    let midnight = day.at(0, 0, 0, 0).to_zoned_datetime(zone.clone());
    midnight.unwrap().timestamp().as_second()
}

/// The first day of the window of a unit around a day, and that of the next.
fn bounds(unit: &str, day: Date) -> (Date, Date) {
    match unit {
        "day" => (day, day + 1.day()),
        "week" => {
            let back = i64::from(day.weekday().since(Weekday::Monday));
            let monday = day - back.days();
            (monday, monday + 7.days())
        }
        "month" => (day.first_of_month(), day.last_of_month() + 1.day()),
        _ => {
            let first = date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
            (first, first + 3.months())
        }
    }
}

fn methods() -> impl Strategy<Value = BudgetingMethod> {
    let seconds = prop::sample::select(vec![60_u64, 420, 3_600, 5_040]);
    prop_oneof![
        Just(BudgetingMethod::Occurrences),
        seconds
            .clone()
            .prop_map(|slice_seconds| BudgetingMethod::RatioTimeslices { slice_seconds }),
        seconds.prop_map(|slice_seconds| BudgetingMethod::Timeslices {
            slice_seconds,
            slice_target: "90%".parse().unwrap(),
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_stream_agrees_with_counting(
        change in prop::sample::select(CHANGES.to_vec()),
        unit in prop::sample::select(vec!["day", "week", "month", "quarter"]),
        // Minutes of the month, most of them shortly before the question.
        asked in 60_i64..43_000,
        stream in prop::collection::vec((0_i64..43_000, 0_u64..40, 0_u64..4), 1..60),
        recent in prop::collection::vec((0_i64..2_000, 0_u64..40, 0_u64..4), 1..60),
        once in prop::collection::vec((0_i64..43_000, 1_i64..400), 0..3),
        nightly in prop::option::of((0_i8..4, prop::sample::select(vec![0_i8, 30]), 1_i64..300)),
        method in methods(),
        target in prop::sample::select(vec!["90%", "99.9%", "100%"]),
        no_data in prop::sample::select(vec![NoDataPolicy::Exclude, NoDataPolicy::Good, NoDataPolicy::Bad]),
    ) {
        let (name, year, month) = change;
        let zone = TimeZone::get(name).unwrap();
        let first = date(year, month, 1);
        let zero = begins(first, &zone);
        let now = zero + asked * 60;
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let target: Target = target.parse().unwrap();

        let mut config = BudgetConfig::new().no_data(no_data);
        let mut excluded: Vec<(i64, i64)> = once.iter().map(|(from, minutes)| (zero + from * 60, zero + (from + minutes) * 60)).collect();
        let mut exclusions: Vec<Exclusion> = excluded
            .iter()
            .map(|(from, to)| Exclusion::once("once", Period { start: at(*from), end: at(*to) }).unwrap())
            .collect();
        if let Some((hour, minute, minutes)) = nightly {
            let night = first.at(hour, minute, 0, 0);
            let rule = "FREQ=DAILY".parse().unwrap();
            exclusions.push(Exclusion::again("nightly", night, name, (60 * minutes).unsigned_abs(), rule).unwrap());
            // A time that clocks skip is read by the offset before, one that they show twice is the first (RFC 5545).
            excluded.extend((0..130).map(|day| {
                let night = night.checked_add(SignedDuration::from_hours(24 * day)).unwrap();
                let from = night.to_zoned_datetime(zone.clone()).unwrap().timestamp().as_second();
                (from, from + 60 * minutes)
            }));
        }
        config = config.exclusions(exclusions);

        let mut meter = BurnMeter::new(target, 35 * 86_400, 60, &[]).unwrap();
        let recent = recent.into_iter().map(|(ago, good, bad)| ((asked - ago).max(0), good, bad));
        let events: Vec<(i64, u64, u64)> = stream
            .into_iter()
            .filter(|(minute, ..)| *minute < asked)
            .chain(recent)
            .map(|(minute, good, bad)| (zero + minute * 60, good, bad))
            .collect();
        for (second, good, bad) in &events {
            meter.record(at(*second), Events::from_good_bad(*good, *bad));
        }
        let mut slo = Slo::new(
            &ComponentId::new("canvas"),
            Indicator::Availability,
            target,
            format!("calendar {unit} {name}").parse().unwrap(),
        );
        slo.method = method;
        let budget = meter.budget(&slo, at(now), &config).unwrap();
        let today = at(now).to_zoned_datetime(zone.clone()).date();
        let (from, to) = bounds(unit, today);
        let expected = Case {
            events: &events,
            excluded: &excluded,
            target_ppb: u128::from(target.ppb()),
            method,
            no_data,
            window: (begins(from, &zone), begins(to, &zone)),
            is_rolling: false,
            now,
            step: 60,
        }
        .reckon();
        prop_assert_eq!(Reckoned::of(&budget), expected, "{} {} {:?}", name, unit, excluded);
    }
}
