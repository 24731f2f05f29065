//! A stream that comes late and out of order, with times left out, against a slow and obvious reckoning: for every
//! method, window and policy.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_budget::{AlertRule, AlertSeverity, BudgetConfig, BurnMeter, Exclusion, NoDataPolicy};
use shape_sli::{Events, Indicator};
use shape_slo::{BudgetingMethod, Slo, Target, Window};
use shape_telemetry::{ComponentId, Period};

use self::reckoning::{Case, Reckoned, SLOT};

mod reckoning;

const DAY: i64 = 86_400;

/// A Tuesday at midnight.
fn midnight() -> i64 {
    "2026-11-24T00:00:00Z"
        .parse::<Timestamp>()
        .unwrap()
        .as_second()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn methods() -> impl Strategy<Value = BudgetingMethod> {
    let seconds = prop::sample::select(vec![60_u64, 300, 420, 3_600, 5_000]);
    let target = prop::sample::select(vec![500_000_000_u32, 900_000_000, 1_000_000_000]);
    prop_oneof![
        Just(BudgetingMethod::Occurrences),
        seconds
            .clone()
            .prop_map(|slice_seconds| BudgetingMethod::RatioTimeslices { slice_seconds }),
        (seconds, target).prop_map(|(slice_seconds, ppb)| BudgetingMethod::Timeslices {
            slice_seconds,
            slice_target: Target::from_ppb(ppb).unwrap(),
        }),
    ]
}

/// Excluded times: some once, one every day.
fn exclusions() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((-DAY..DAY, 1_i64..20_000), 0..4).prop_map(|times| {
        times
            .into_iter()
            .map(|(from, length)| (from, from + length))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_stream_agrees_with_counting(
        stream in prop::collection::vec((0_i64..DAY, 0_u64..40, 0_u64..4), 1..150),
        excluded in exclusions(),
        nightly in prop::option::of((0_i64..DAY / 60, 60_i64..7_200)),
        late in any::<bool>(),
        target_ppb in prop::sample::select(vec![900_000_000_u32, 990_000_000, 999_000_000, 1_000_000_000]),
        method in methods(),
        window in prop::sample::select(vec!["3h", "1d", "100m", "calendar day UTC", "calendar day Asia/Kathmandu"]),
        no_data in prop::sample::select(vec![NoDataPolicy::Exclude, NoDataPolicy::Good, NoDataPolicy::Bad]),
        ask in 1_i64..DAY,
    ) {
        let rule = AlertRule { severity: AlertSeverity::Page, long_seconds: 7_200, short_seconds: 600, budget_ppm: 20_000 };
        let target = Target::from_ppb(target_ppb).unwrap();
        let mut meter = BurnMeter::new(target, 4 * 86_400, 60, &[rule]).unwrap();
        let zero = midnight();
        let excluded: Vec<(i64, i64)> = excluded.iter().map(|(from, to)| (zero + from, zero + to)).collect();
        let once = |(from, to): &(i64, i64)| Period { start: at(*from), end: at(*to) };
        // Known beforehand or told afterwards: the same.
        if !late {
            for times in &excluded {
                meter.exclude(once(times));
            }
        }
        for (second, good, bad) in &stream {
            meter.record(at(zero + second), Events::from_good_bad(*good, *bad));
        }
        if late {
            for times in &excluded {
                meter.exclude(once(times));
            }
        }
        let mut all = excluded.clone();
        let mut config = BudgetConfig::new().no_data(no_data);
        if let Some((minute, length)) = nightly {
            let first = jiff::civil::date(2026, 11, 20).at(0, 0, 0, 0) + SignedDuration::from_mins(minute);
            let seconds = length.unsigned_abs();
            let rule = "FREQ=DAILY".parse().unwrap();
            config = config.exclusions([Exclusion::again("nightly", first, "UTC", seconds, rule).unwrap()]);
            all.extend((-4..3).map(|day| {
                let from = zero + day * DAY + minute * 60;
                (from, from + length)
            }));
        }
        let now = zero + ask;
        let window: Window = window.parse().unwrap();
        let mut slo = Slo::new(&ComponentId::new("canvas"), Indicator::Availability, target, window);
        slo.method = method;
        let budget = meter.budget(&slo, at(now), &config).unwrap();
        let bounds = match slo.window {
            Window::Rolling { seconds } => (now - i64::try_from(seconds).unwrap(), now),
            Window::Calendar { ref time_zone, .. } => {
                let shift = if time_zone == "UTC" { 0 } else { 5 * 3_600 + 2_700 };
                let start = (now + shift).div_euclid(DAY) * DAY - shift;
                (start, start + DAY)
            }
        };
        let events: Vec<_> = stream.iter().map(|(second, good, bad)| (zero + second, *good, *bad)).collect();
        let expected = Case {
            events: &events,
            excluded: &all,
            target_ppb: u128::from(target_ppb),
            method,
            no_data,
            window: bounds,
            is_rolling: slo.window.is_rolling(),
            now,
            step: 1,
        }.reckon();
        prop_assert_eq!(Reckoned::of(&budget), expected);
        // The sums that are kept know what adding up knows.
        let head = stream.iter().map(|(second, _, _)| (zero + second).div_euclid(SLOT)).max().unwrap();
        for seconds in [600_i64, 7_200, 4 * DAY] {
            let oldest = head - seconds / SLOT;
            let sum: Events = events
                .iter()
                .filter(|(second, _, _)| oldest < second.div_euclid(SLOT))
                .filter(|(second, _, _)| {
                    let slot = second.div_euclid(SLOT) * SLOT;
                    !excluded.iter().any(|(from, to)| *from <= slot && slot < *to)
                })
                .map(|(_, good, bad)| Events::from_good_bad(*good, *bad))
                .sum();
            prop_assert_eq!(meter.events(seconds.unsigned_abs()), Some(sum));
        }
    }

    /// A stricter target never leaves more, whatever is excluded; and excluding bad time never leaves less.
    #[test]
    fn leaving_failures_out_never_hurts(
        stream in prop::collection::vec((0_i64..DAY, 1_u64..40, 0_u64..4), 1..60),
        outage in 0_i64..DAY / 60,
        minutes in 1_i64..200,
    ) {
        let zero = midnight();
        let (from, to) = (zero + outage * 60, zero + (outage + minutes) * 60);
        let target: Target = "99%".parse().unwrap();
        let slo = Slo::new(&ComponentId::new("canvas"), Indicator::Availability, target, Window::rolling_days(1));
        let budget = |is_excluded: bool| {
            let mut meter = BurnMeter::new(target, 2 * 86_400, 60, &[]).unwrap();
            if is_excluded {
                meter.exclude(Period { start: at(from), end: at(to) });
            }
            for (second, good, bad) in &stream {
                let second = zero + second;
                let is_down = from <= second.div_euclid(60) * 60 && second.div_euclid(60) * 60 < to;
                let events = if is_down { Events::from_good_bad(0, *bad) } else { Events::from_good_bad(*good, *bad) };
                meter.record(at(second), events);
            }
            meter.budget(&slo, at(zero + DAY), &BudgetConfig::new()).unwrap()
        };
        let (all, without) = (budget(false), budget(true));
        prop_assert!(all.remaining <= without.remaining);
        prop_assert_eq!(all.events.good(), without.events.good());
        let left_out = without.excluded.unwrap();
        prop_assert_eq!(left_out.events, Events::NONE); // the meter never kept them
    }

    /// Shards of a stream, added up in any order, are the stream.
    #[test]
    fn shards_add_up(stream in prop::collection::vec((0_i64..DAY, 0_u64..40, 0_u64..4, 0_usize..3), 1..80)) {
        let target: Target = "99%".parse().unwrap();
        let of = |keep: &dyn Fn(usize) -> bool| {
            let mut meter = BurnMeter::new(target, 2 * 86_400, 60, &AlertRule::SRE_WORKBOOK).unwrap();
            meter.advance(at(midnight() + DAY));
            for (second, good, bad, shard) in &stream {
                if keep(*shard) {
                    meter.record(at(midnight() + second), Events::from_good_bad(*good, *bad));
                }
            }
            meter
        };
        let mut merged = of(&|shard| shard == 2);
        merged.merge(&of(&|shard| shard == 0)).unwrap();
        merged.merge(&of(&|shard| shard == 1)).unwrap();
        let whole = of(&|_| true);
        prop_assert_eq!(merged.windows().collect::<Vec<_>>(), whole.windows().collect::<Vec<_>>());
        prop_assert_eq!(merged.points().collect::<Vec<_>>(), whole.points().collect::<Vec<_>>());
    }
}
