//! Recommendations keep what they promise: the share of later windows that miss the target is near the risk, on simulated
//! histories of several kinds and on real ones where they are.
#![expect(
    clippy::print_stdout,
    reason = "the shares, and why a comparison is skipped"
)]

use std::{collections::BTreeMap, fs, path::PathBuf};

use jiff::Timestamp;
use shape_sli::{Events, SliPoint};
use shape_slo::{BackTest, back_test};

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In 0..1.
    fn share(&mut self) -> f64 {
        let bits = u32::try_from(self.next() >> 32).unwrap();
        (f64::from(bits) + 0.5) / 4_294_967_296.0
    }

    /// Standard normal (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.share().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }

    /// How many of `total` requests fail: normal, or one by one where failures are few.
    fn failures(&mut self, total: u32, ratio: f64) -> u64 {
        let mean = f64::from(total) * ratio;
        let limit = (-mean).exp();
        if 30.0 < mean {
            let seen = mean + mean.sqrt() * self.normal();
            let count = (0..total).take_while(|n| f64::from(*n) < seen).count();
            return u64::try_from(count).unwrap();
        }
        let (mut count, mut product) = (0, self.share());
        while limit < product {
            count += 1;
            product *= self.share();
        }
        count
    }
}

/// A kind of history: the error ratio of each day, as a multiple of the usual one.
type Kind = fn(&mut Random, &mut f64, f64) -> f64;

/// Every day is like every other.
fn alike(_: &mut Random, _: &mut f64, _: f64) -> f64 {
    1.0
}

/// Good and bad weeks: the logarithm follows an autoregression with a memory of some six days.
fn autocorrelated(random: &mut Random, state: &mut f64, _: f64) -> f64 {
    *state = 0.85 * *state + 0.3 * random.normal();
    state.exp()
}

/// Now and then an incident that fails a few percent of a day or two.
fn incidents(random: &mut Random, state: &mut f64, _: f64) -> f64 {
    if random.share() < 0.02 {
        *state = 20.0 + 40.0 * random.share();
    } else {
        *state *= 0.3;
    }
    1.0 + *state
}

/// Twice as many failures at the end of the year as at its beginning.
fn worsening(_: &mut Random, _: &mut f64, elapsed: f64) -> f64 {
    1.0 + elapsed
}

/// Half as many.
fn improving(_: &mut Random, _: &mut f64, elapsed: f64) -> f64 {
    1.0 / (1.0 + elapsed)
}

fn history(kind: Kind, seed: u64, days: u32, usual: f64) -> Vec<SliPoint> {
    let mut random = Random(seed);
    let mut state = 0.0;
    (0..days)
        .map(|day| {
            let total = 5_000 + u32::try_from(random.next() % 10_000).unwrap();
            let elapsed = f64::from(day) / f64::from(days);
            let ratio = (usual * kind(&mut random, &mut state, elapsed)).min(1.0);
            let bad = random.failures(total, ratio).min(u64::from(total));
            SliPoint {
                start: Timestamp::from_second(i64::from(day) * 86_400).unwrap(),
                events: Events::from_good_bad(u64::from(total) - bad, bad),
            }
        })
        .collect()
}

fn share(tests: &[BackTest]) -> (f64, u64, u64) {
    let breached: u64 = tests.iter().map(|test| test.breached).sum();
    let windows: u64 = tests.iter().map(|test| test.windows).sum();
    let shares: Vec<f64> = tests.iter().filter_map(|test| test.share).collect();
    (
        shares.iter().sum::<f64>() / f64::from(u32::try_from(shares.len()).unwrap()),
        breached,
        windows,
    )
}

#[test]
fn simulated_histories() {
    let kinds: [(&str, Kind); 5] = [
        ("alike", alike),
        ("autocorrelated", autocorrelated),
        ("incidents", incidents),
        ("worsening", worsening),
        ("improving", improving),
    ];
    for (name, kind) in kinds {
        for window in [7_u64, 28] {
            let tests: Vec<BackTest> = (0..40)
                .map(|seed| {
                    let usual = [3e-4, 8e-4, 2e-3, 4e-3, 9e-3][usize::try_from(seed % 5).unwrap()];
                    let history = history(kind, seed, 364, usual);
                    back_test(&history, window * 86_400, 0.95, 0.05).unwrap()
                })
                .collect();
            let (mean, breached, windows) = share(&tests);
            println!(
                "{name}, {window} d: {:.1} % ({breached} of {windows} windows)",
                mean * 100.0
            );
            assert!((mean - 0.05).abs() <= 0.05, "{name}, {window} d: {mean}");
            let loss: f64 = tests.iter().map(|test| test.loss).sum();
            let of_mean: f64 = tests.iter().map(|test| test.loss_of_mean).sum();
            // Where failures become fewer nothing forecasts well.
            assert!(
                loss < of_mean || name == "improving",
                "{name}: {loss} {of_mean}"
            );
        }
    }
}

/// Probes of real sites, where they lie beside the repository: `unix_s,site,status,…`.
#[test]
fn real_histories() {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/slo/series/upptime");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: no {}", folder.display());
        return;
    };
    let mut tests = Vec::new();
    for entry in entries {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut sites: BTreeMap<&str, Vec<SliPoint>> = BTreeMap::new();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let is_up = u64::from(fields[2] != "down");
            sites.entry(fields[1]).or_default().push(SliPoint {
                start: Timestamp::from_second(fields[0].parse().unwrap()).unwrap(),
                events: Events::from_good_bad(is_up, 1 - is_up),
            });
        }
        for (site, points) in sites {
            // Histories of less than two windows can not be judged; sites that never answer have no target to keep.
            let Ok(judged) = back_test(&points, 28 * 86_400, 0.95, 0.05) else {
                continue;
            };
            println!(
                "{site}: {:?} {:?}",
                judged.recommendation.target, judged.share
            );
            tests.push(judged);
        }
    }
    let (mean, breached, windows) = share(&tests);
    println!(
        "real sites: {:.1} % ({breached} of {windows} windows)",
        mean * 100.0
    );
    assert!((mean - 0.05).abs() <= 0.05, "{mean}");
}
