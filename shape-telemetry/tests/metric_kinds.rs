//! Labelled anomalies of eight kinds in series of several rhythms: most are found soon, and few alarms are false.
#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "numbers of a test are small and known"
)]

use jiff::{SignedDuration, Timestamp};
use shape_telemetry::{MetricConfig, MetricDetector};

use crate::simulated::numbers::Numbers;

mod simulated;

const ROWS: usize = 2_000;

/// What happens to a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    Level,
    Spike,
    Dip,
    /// Half a day out of step.
    Season,
    Flat,
    Variance,
    /// Spikes as high as ever, six times as many.
    Density,
    /// A peak that comes every day does not.
    Missing,
}

/// A series with an anomaly at a row, of which a window begins there.
fn series(kind: Kind, a_day: usize, seed: u64) -> (Vec<f64>, usize) {
    let mut numbers = Numbers::new(seed);
    let noise = |numbers: &mut Numbers| (0..6).map(|_| numbers.unit() - 0.5).sum::<f64>();
    let at = ROWS * 6 / 10 + numbers.below(ROWS / 4);
    // As the benchmark does, a tenth of the series.
    let length = if a_day < 100 { 60 } else { 150 };
    let phase = numbers.unit();
    let day_of = |row: usize| {
        f64::from(u32::try_from(row % a_day).unwrap()) / f64::from(u32::try_from(a_day).unwrap())
    };
    let wave = |row: usize| 6.0 * (std::f64::consts::TAU * (day_of(row) + phase)).sin();
    // The daily peak is in the hour after noon.
    let peak =
        |row: usize| row % a_day >= a_day / 2 && row % a_day < a_day / 2 + (a_day / 24).max(2);
    let at = if kind == Kind::Missing {
        at / a_day * a_day + a_day / 2
    } else {
        at
    };
    let mut flat = None;
    let values = (0..ROWS)
        .map(|row| {
            let inside = (at..at + length).contains(&row);
            let mut value = 50.0 + wave(row) + noise(&mut numbers);
            let is_spike = numbers.chance(0.01);
            match kind {
                Kind::Level if inside => value += 12.0,
                Kind::Spike if (at..at + 2).contains(&row) => value += 30.0,
                Kind::Dip if (at..at + 6).contains(&row) => value -= 15.0,
                Kind::Season if inside => value += wave(row + a_day / 2) - wave(row),
                Kind::Flat if inside => value = *flat.get_or_insert(value),
                Kind::Variance if inside => value += 6.0 * noise(&mut numbers),
                Kind::Density if is_spike || (inside && numbers.chance(0.25)) => value += 20.0,
                Kind::Missing if peak(row) && row / a_day != at / a_day => value += 20.0,
                _ => {}
            }
            value
        })
        .collect();
    (values, at)
}

/// Whether an alarm falls into the window around the anomaly, and how many do not.
fn judge(values: &[f64], at: Option<usize>, a_day: usize) -> (bool, usize) {
    let mut detector = MetricDetector::new(MetricConfig::new());
    let start: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
    let step_s = 86_400 / i64::try_from(a_day).unwrap();
    let (mut found, mut false_alarms) = (false, 0);
    for (row, &value) in values.iter().enumerate() {
        let time = start + SignedDuration::from_secs(step_s * i64::try_from(row).unwrap());
        if !detector.push(time, value).unwrap().alarm || row < ROWS * 15 / 100 {
            continue;
        }
        let window = at.map(|at| at - 5..at + ROWS / 20);
        if window.is_some_and(|window| window.contains(&row)) {
            found = true;
        } else {
            false_alarms += 1;
        }
    }
    (found, false_alarms)
}

/// `cargo test -p shape-telemetry --test metric_kinds -- --nocapture` prints the table.
#[test]
fn each_kind_is_found_and_few_alarms_are_false() {
    use Kind::{Density, Dip, Flat, Level, Missing, None, Season, Spike, Variance};
    const SERIES: u64 = 2;
    // Of two series each at five minutes and at an hour: found at least so often, together.
    let floors = [
        (None, 0),
        (Level, 4),
        (Spike, 4),
        (Dip, 4),
        (Season, 4),
        (Flat, 4),
        (Variance, 4),
        (Density, 3),
        (Missing, 3),
    ];
    let mut false_alarms = 0;
    for (kind, floor) in floors {
        let mut found = 0;
        let mut wrong = 0;
        for a_day in [288, 24] {
            for seed in 0..SERIES {
                let (values, at) = series(kind, a_day, seed + 100);
                let (is_found, more) = judge(&values, (kind != None).then_some(at), a_day);
                found += u32::from(is_found);
                wrong += more;
            }
        }
        let kind_name = format!("{kind:?}");
        println!(
            "{kind_name:8} found {found} of {}, false alarms {wrong}",
            2 * SERIES
        );
        assert!(floor <= found, "{kind:?}: {found}");
        false_alarms += wrong;
    }
    // Two in a series of 2,000 rows, on average.
    assert!(false_alarms <= 9 * 2 * 2 * 2, "{false_alarms}");
}
