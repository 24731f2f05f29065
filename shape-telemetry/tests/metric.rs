//! What the detector of metric anomalies keeps true, and what it finds.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_telemetry::{MetricConfig, MetricDetector, MetricError, MetricReason, MetricScore};

const FIVE_MINUTES: i64 = 300;

fn start() -> Timestamp {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

/// Numbers in -1..1 that look random and are the same every time (a linear congruential generator).
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = u32::try_from(state >> 32).unwrap();
        f64::from(high) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

fn scores_from(
    detector: &mut MetricDetector,
    first_row: usize,
    step: i64,
    values: &[f64],
) -> Vec<MetricScore> {
    (first_row..)
        .zip(values)
        .map(|(row, &value)| {
            let time = start() + SignedDuration::from_secs(step * i64::try_from(row).unwrap());
            detector.push(time, value).unwrap()
        })
        .collect()
}

fn scores(values: &[f64]) -> Vec<MetricScore> {
    let mut detector = MetricDetector::new(MetricConfig::new());
    scores_from(&mut detector, 0, FIVE_MINUTES, values)
}

fn alarms(scores: &[MetricScore]) -> Vec<(usize, MetricReason)> {
    scores
        .iter()
        .enumerate()
        .filter(|(_, score)| score.alarm)
        .map(|(row, score)| (row, score.reason.unwrap()))
        .collect()
}

/// Noise around 50 with a daily wave of this height.
fn service(rows: usize, wave: f64, seed: u64) -> Vec<f64> {
    let mut noise = noise(seed);
    (0..rows)
        .map(|row| {
            let day = f64::from(u32::try_from(row % 288).unwrap()) / 288.0;
            50.0 + wave * (std::f64::consts::TAU * day).sin() + noise() + noise() + noise()
        })
        .collect()
}

#[track_caller]
fn assert_alarm(values: &[f64], from: usize, within: usize) -> MetricReason {
    let alarms = alarms(&scores(values));
    alarms
        .iter()
        .find(|(row, _)| (from..from + within).contains(row))
        .unwrap_or_else(|| panic!("no alarm in {from}..{}: {alarms:?}", from + within))
        .1
}

#[test]
fn ordinary_series_are_left_in_peace() {
    for (wave, seed) in [(0.0, 1), (10.0, 2)] {
        let alarms = alarms(&scores(&service(2_500, wave, seed)));
        assert!(alarms.len() <= 3, "{alarms:?}");
    }
    assert_eq!(alarms(&scores(&[7.25; 1_000])), []);
}

#[test]
fn a_step() {
    let mut values = service(1_400, 0.0, 3);
    values[1_100..].iter_mut().for_each(|value| *value += 12.0);
    assert_alarm(&values, 1_100, 10);
}

#[test]
fn the_first_movement_of_a_constant() {
    let mut values = vec![3.5; 900];
    values[800] = 3.6;
    let scores = scores(&values);
    assert_eq!(alarms(&scores)[0].0, 800);
    assert!(0.9 < scores[800].score, "{:?}", scores[800]);
}

#[test]
fn a_spike() {
    let mut values = service(1_400, 0.0, 4);
    values[1_200] += 40.0;
    assert_alarm(&values, 1_200, 3);
}

#[test]
fn a_drift() {
    let mut values = service(2_200, 0.0, 5);
    for (row, value) in (0_u32..).zip(&mut values[1_500..]) {
        *value += f64::from(row) * 0.02;
    }
    assert_eq!(assert_alarm(&values, 1_500, 400), MetricReason::Level);
}

#[test]
fn noise_and_flat_lines() {
    let mut values = service(1_400, 0.0, 6);
    for value in &mut values[1_200..] {
        *value = 50.0 + (*value - 50.0) * 4.0;
    }
    assert_alarm(&values, 1_200, 30);
    let mut values = service(1_400, 0.0, 6);
    values[1_200..].fill(50.2);
    assert_eq!(assert_alarm(&values, 1_200, 100), MetricReason::Roughness);
}

#[test]
fn a_day_without_its_wave() {
    let mut values = service(2_400, 15.0, 7);
    let flat = service(2_400, 0.0, 7);
    // The eighth day stays in the middle, where the values are at home: only the time is wrong.
    values[2_016..2_304].copy_from_slice(&flat[2_016..2_304]);
    assert_alarm(&values, 2_016, 144);
}

#[test]
fn an_incident_is_one_alarm() {
    let mut values = service(1_400, 0.0, 8);
    values[1_200..1_300]
        .iter_mut()
        .for_each(|value| *value += 30.0);
    let alarms = alarms(&scores(&values));
    let during = alarms
        .iter()
        .filter(|(row, _)| (1_200..1_300).contains(row));
    assert_eq!(during.count(), 1, "{alarms:?}");
}

#[test]
fn what_is_no_number_is_refused_and_changes_nothing() {
    let mut detector = MetricDetector::new(MetricConfig::new());
    scores_from(&mut detector, 0, 60, &service(100, 0.0, 9));
    let before = detector.clone();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = detector.push(start(), value).unwrap_err();
        assert!(matches!(error, MetricError::NotFinite { row: 101, .. }));
        assert!(error.to_string().contains("row 101"), "{error}");
    }
    assert_eq!(detector, before);
}

#[test]
fn times_that_repeat_or_go_back_are_rows_like_any_other() {
    let values = service(700, 5.0, 10);
    let mut detector = MetricDetector::new(MetricConfig::new());
    let mut noise = noise(11);
    for &value in &values {
        let time = match noise() {
            x if x < -0.5 => start(),
            x if x < 0.0 => Timestamp::MIN,
            x if x < 0.5 => Timestamp::MAX,
            _ => start() + SignedDuration::from_hours(5),
        };
        let score = detector.push(time, value).unwrap();
        assert!((0.0..=1.0).contains(&score.score));
    }
    assert_eq!(detector.rows(), 700);
}

#[test]
fn absurd_values_dim_but_do_not_blind_it() {
    let mut values = service(2_000, 0.0, 12);
    values[600] = 1e300;
    values[610] = -f64::MAX;
    values[1_900..].iter_mut().for_each(|value| *value += 8.0);
    let scores = scores(&values);
    assert!(
        scores
            .iter()
            .all(|score| (0.0..=1.0).contains(&score.score))
    );
    assert!((600..603).any(|row| scores[row].alarm));
    // The rows that hold it are as odd as anything can be; until they are few among the rest it sees dimly, not nothing.
    let shifted = &scores[1_900..1_930];
    assert!(
        shifted.iter().any(|score| 1.2 < score.surprise),
        "{shifted:?}"
    );
}

#[test]
fn written_and_read_it_goes_on_as_before() {
    let mut values = service(1_300, 8.0, 13);
    values[1_200..].iter_mut().for_each(|value| *value += 25.0);
    let expected = scores(&values);
    for stop in [0, 40, 64, 700, 1_201] {
        let mut first = MetricDetector::new(MetricConfig::new());
        scores_from(&mut first, 0, FIVE_MINUTES, &values[..stop]);
        let json = serde_json::to_string(&first).unwrap();
        let mut second: MetricDetector = serde_json::from_str(&json).unwrap();
        assert_eq!(second, first);
        let rest = scores_from(&mut second, stop, FIVE_MINUTES, &values[stop..]);
        assert_eq!(rest, expected[stop..]);
    }
}

#[test]
fn a_damaged_snapshot_is_an_error() {
    let mut detector = MetricDetector::new(MetricConfig::new());
    scores_from(&mut detector, 0, 60, &service(80, 0.0, 14));
    let whole = serde_json::to_value(&detector).unwrap();
    let read = |value: serde_json::Value| serde_json::from_value::<MetricDetector>(value);
    assert!(read(whole.clone()).is_ok());
    let mut newer = whole.clone();
    newer["schema_version"] = 2.into();
    assert!(
        read(newer)
            .unwrap_err()
            .to_string()
            .contains("schema_version 2")
    );
    let mut short = whole.clone();
    short["views"]["season"]["cells"] = serde_json::json!([]);
    assert!(read(short).unwrap_err().to_string().contains("contradict"));
    let mut odd = whole;
    odd["alarms"]["mood"] = 1.into();
    assert!(read(odd).is_err());
}

#[test]
fn the_scale_is_found_again_when_the_series_outgrows_it() {
    // Hours of almost no noise, then the real size: the lattice of the first rows would cut everything off.
    let mut values = service(1_500, 0.0, 15);
    for value in &mut values[..70] {
        *value = 50.0 + (*value - 50.0) * 1e-9;
    }
    values[1_300..].iter_mut().for_each(|value| *value += 12.0);
    assert_alarm(&values, 1_300, 12);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn later_rows_do_not_change_earlier_scores(
        seed in 1_u64..1_000,
        cut in 1_usize..500,
        jump in -50.0..50.0_f64,
    ) {
        let mut values = service(500, 6.0, seed);
        values[cut..].iter_mut().for_each(|value| *value = *value * 3.0 + jump);
        let all = scores(&values);
        prop_assert_eq!(&scores(&values[..cut])[..], &all[..cut]);
        prop_assert_eq!(scores(&values), all);
    }

    #[test]
    fn units_do_not_matter(
        seed in 1_u64..1_000,
        power in -20_i32..20,
        factor in 0.001..1_000.0_f64,
        offset in -1_000.0..1_000.0_f64,
    ) {
        let mut values = service(600, 6.0, seed);
        values[450..].iter_mut().for_each(|value| *value += 9.0);
        let plain = scores(&values);
        // Powers of two are exact, so is the answer.
        let doubled: Vec<f64> = values.iter().map(|value| value * 2_f64.powi(power)).collect();
        prop_assert_eq!(&scores(&doubled), &plain);
        let moved: Vec<f64> = values.iter().map(|value| value * factor + offset).collect();
        for (moved, plain) in scores(&moved).iter().zip(&plain) {
            prop_assert_eq!(moved.alarm, plain.alarm);
            prop_assert!((moved.score - plain.score).abs() < 1e-3, "{:?} {:?}", moved, plain);
        }
    }

    #[test]
    fn any_numbers_at_any_times(
        rows in prop::collection::vec((any::<f64>(), -377_705_023_201_i64..253_402_207_200), 1..400),
    ) {
        let mut detector = MetricDetector::new(MetricConfig::new());
        for (value, second) in rows {
            let time = Timestamp::from_second(second).unwrap();
            match detector.push(time, value) {
                Ok(score) => {
                    prop_assert!((0.0..=1.0).contains(&score.score));
                    prop_assert!((0.0..=6.0).contains(&score.surprise));
                    prop_assert_eq!(score.alarm, 0.5 <= score.score);
                }
                Err(_) => prop_assert!(!value.is_finite()),
            }
        }
    }
}
