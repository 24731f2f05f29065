//! How far one series of values leaves what is normal for it.

use crate::number::{len, to_f64};

/// A rolling median of at most this many values keeps outliers out and lets small changes that last show.
const MAX_SMOOTH: usize = 15;
/// A normal time of fewer values says nothing.
const MIN_NORMAL: usize = 3;
/// Fewer runs of equal values do not tell how often a metric is read.
const MIN_RUNS: usize = 8;
/// The largest distance, in scales, that a series without any movement before can have.
const MOST: f64 = 200.0;
/// The same for a series that never moved, with the largest move of its metric anywhere.
const MOST_STILL: f64 = 30.0;
/// How many scales from the median one is sure to be out of the ordinary.
pub(super) const CLEAR: f64 = 4.0;

/// Values of one metric of one node in the order of time, all finite.
pub(super) type Values = Vec<(f64, f64)>;

/// When what is normal ends, and when the incident is over as far as one looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: f64,
    pub(super) until: f64,
}

/// How a series deviates in the incident.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deviation {
    /// The largest distance from the median upwards, in robust scales; not negative.
    pub(super) up: f64,
    /// The same downwards.
    pub(super) down: f64,
    /// The change of level in units of the metric, upwards positive.
    pub(super) shift: f64,
    /// The median before.
    pub(super) normal: f64,
    /// When the larger of both began.
    pub(super) onset: Option<f64>,
    /// What it counts, 0..=1: less where all nodes deviate alike.
    pub(super) weight: f64,
}

impl Deviation {
    pub(super) fn strength(self) -> f64 {
        self.up.max(self.down)
    }
}

/// Time order, one value a time, counters as rates.
pub(super) fn prepare(mut values: Values) -> Values {
    values.retain(|(time, value)| time.is_finite() && value.is_finite());
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    values.dedup_by(|b, a| a.0.total_cmp(&b.0).is_eq());
    if is_counter(&values) {
        values = values
            .windows(2)
            .map(|pair| {
                let rise = pair[1].1 - pair[0].1;
                // A restarted counter begins at 0.
                let rise = if rise < 0.0 { pair[1].1 } else { rise };
                (pair[1].0, rise / (pair[1].0 - pair[0].0))
            })
            .collect();
    }
    thin(values)
}

/// One value of each reading, where readings are repeated until the next: a repeated outlier is one outlier.
fn thin(values: Values) -> Values {
    let mut runs: Vec<(f64, usize)> = Vec::new();
    for &(_, value) in &values {
        match runs.last_mut() {
            Some((last, n)) if last.total_cmp(&value).is_eq() => *n += 1,
            _ => runs.push((value, 1)),
        }
    }
    let all = sorted(values.iter().map(|v| v.1));
    let usual = quantile(&all, 0.5);
    // What is the same most of the time tells nothing of the readings.
    let lengths = sorted(
        runs.iter()
            .filter(|(value, _)| value.total_cmp(&usual).is_ne())
            .map(|&(_, n)| to_f64(len(n))),
    );
    let hold = usize::try_from(crate::number::to_u64(quantile(&lengths, 0.2))).unwrap_or(1);
    if hold < 2 || lengths.len() < MIN_RUNS {
        return values;
    }
    let (mut thinned, mut same): (Values, usize) = (Vec::new(), 0);
    for (time, value) in values {
        let repeats = thinned
            .last()
            .is_some_and(|&(_, last)| last.total_cmp(&value).is_eq());
        same = if repeats { same + 1 } else { 0 };
        if same.is_multiple_of(hold) {
            thinned.push((time, value));
        }
    }
    thinned
}

/// Whether values only ever rise, with at most a few restarts, and mostly do.
fn is_counter(values: &Values) -> bool {
    let steps = values.len().saturating_sub(1);
    if steps < 10 {
        return false;
    }
    let rises = values
        .windows(2)
        .filter(|pair| pair[0].1 < pair[1].1)
        .count();
    let falls = values
        .windows(2)
        .filter(|pair| pair[1].1 < pair[0].1)
        .count();
    let restarts = values
        .windows(2)
        .all(|pair| pair[0].1 <= pair[1].1 || pair[1].1 < 0.1 * pair[0].1);
    restarts && 100 * falls <= steps && 4 * steps <= 5 * rises && 0.0 <= values[0].1
}

pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    if sorted.is_empty() {
        return 0.0;
    }
    let place = share * to_f64(len(sorted.len() - 1));
    let low = usize::try_from(crate::number::to_u64(place)).unwrap_or(0);
    let high = (low + 1).min(sorted.len() - 1);
    let part = place - place.floor();
    sorted[low] * (1.0 - part) + sorted[high] * part
}

pub(super) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Median and scale (the standard deviation of a normal distribution with this interquartile range) of the normal time.
pub(super) fn level(values: &[(f64, f64)], before: f64) -> Option<(f64, f64)> {
    let normal = sorted(values.iter().filter(|v| v.0 < before).map(|v| v.1));
    if normal.len() < MIN_NORMAL {
        return None;
    }
    let median = quantile(&normal, 0.5);
    let range = quantile(&normal, 0.75) - quantile(&normal, 0.25);
    let deviations = sorted(normal.iter().map(|value| (value - median).abs()));
    let scale = (range / 1.349).max(quantile(&deviations, 0.5) * 1.4826);
    Some((median, scale))
}

/// How far values of the incident are from the median of the normal time.
pub(super) fn largest_move(values: &Values, window: Window, median: f64) -> f64 {
    values
        .iter()
        .filter(|v| window.from <= v.0 && v.0 <= window.until)
        .map(|v| (v.1 - median).abs())
        .fold(0.0, f64::max)
}

/// The rolling median of `width` values, an odd number.
fn smooth(values: &[(f64, f64)], width: usize) -> Values {
    let half = width / 2;
    if half == 0 {
        return values.to_vec();
    }
    (0..values.len())
        .map(|at| {
            // At both ends the window is moved, not cut: fewer values would spread more.
            let begin = at
                .saturating_sub(half)
                .min(values.len().saturating_sub(width));
            let window = &values[begin..values.len().min(begin + width)];
            let window = sorted(window.iter().map(|v| v.1));
            (values[at].0, quantile(&window, 0.5))
        })
        .collect()
}

/// The deviation of a series; `floor` is the least scale, in units of the metric, `moves` the largest move of any node.
pub(super) fn deviation(values: &Values, window: Window, floor: f64, moves: f64) -> Deviation {
    let n_inside = values
        .iter()
        .filter(|v| window.from <= v.0 && v.0 <= window.until)
        .count();
    let width = (n_inside / 12).clamp(usize::from(6 <= n_inside), MAX_SMOOTH / 2) * 2 + 1;
    let floor = floor / to_f64(len(width)).sqrt();
    let values = smooth(values, width);
    let Some((median, scale)) = level(&values, window.from) else {
        return Deviation::default();
    };
    let begin = values.partition_point(|v| v.0 < window.from);
    let end = values.partition_point(|v| v.0 <= window.until);
    let (before, inside) = (&values[..begin], &values[begin..end]);
    let largest = inside
        .iter()
        .map(|v| (v.1 - median).abs())
        .fold(0.0, f64::max);
    // What never moved before has no scale of its own: any move counts, but none beyond all measure.
    let least = if scale <= 1e-9 * median.abs() {
        moves / MOST_STILL
    } else {
        0.0
    };
    let scale = scale
        .max(least)
        .max(floor)
        .max(0.003 * median.abs())
        .max(largest / MOST);
    if scale <= 0.0 {
        return Deviation {
            normal: median,
            ..Deviation::default()
        };
    }
    // A series with long tails is as far out in normal times, of which the end may be less normal than thought.
    let early = &before[..(before.len() * 3 / 5).max(MIN_NORMAL).min(before.len())];
    let usual = sorted(early.iter().map(|v| (v.1 - median).abs() / scale));
    let tails = (quantile(&usual, 0.9) / 1.645)
        .max(quantile(&usual, 0.99) / 2.576)
        .max(1.0);
    let z: Vec<f64> = inside
        .iter()
        .map(|v| (v.1 - median) / scale / tails)
        .collect();
    let up = reach(z.iter().copied(), width);
    let down = reach(z.iter().map(|z| -z), width);
    let sign = if down < up { 1.0 } else { -1.0 };
    let most = up.max(down);
    let limit = CLEAR.max(0.1 * most);
    let onset = z
        .iter()
        .position(|z| limit <= z * sign)
        .and_then(|at| inside.get(at))
        .map(|v| v.0);
    let high = sorted(
        inside
            .iter()
            .zip(&z)
            .filter(|&(_, z)| 0.5 * most <= z * sign)
            .map(|(v, _)| v.1),
    );
    Deviation {
        up,
        down,
        shift: if high.is_empty() {
            0.0
        } else {
            quantile(&high, 0.5) - median
        },
        normal: median,
        onset,
        weight: 1.0,
    }
}

/// The largest distance. Where there are too few values to smooth them, two in a row count as much as one.
fn reach(z: impl Iterator<Item = f64>, width: usize) -> f64 {
    let (mut single, mut pair, mut last) = (0.0_f64, 0.0_f64, None);
    for z in z {
        single = single.max(z);
        pair = pair.max(last.map_or(0.0, |last: f64| last.min(z)));
        last = Some(z);
    }
    if width == 1 {
        f64::midpoint(single, pair)
    } else {
        single
    }
}

#[cfg(test)]
pub(super) mod fixture {
    use super::{Values, Window, to_f64};

    /// A noisy series of 200 values, one a second.
    pub(in crate::root_cause) fn series(of: impl Fn(f64) -> f64) -> Values {
        (0..200)
            .map(|n| {
                let t = to_f64(n);
                (t, of(t) + (t * 12.9898).sin() * 0.5)
            })
            .collect()
    }

    /// The second half of it.
    pub(in crate::root_cause) const WINDOW: Window = Window {
        from: 100.0,
        until: 200.0,
    };
}

#[cfg(test)]
mod tests {
    use super::{
        fixture::{WINDOW, series},
        *,
    };

    #[test]
    fn a_step_is_found_with_its_onset() {
        let found = deviation(
            &series(|t| if t < 120.0 { 10.0 } else { 30.0 }),
            WINDOW,
            0.0,
            0.0,
        );
        assert!(30.0 < found.up, "{found:?}");
        assert!((118.0..122.0).contains(&found.onset.unwrap()));
        assert!((found.shift - 20.0).abs() < 1.0);
    }

    #[test]
    fn single_outliers_and_constants_are_nothing() {
        let spike = deviation(
            &series(|t| if (t - 150.0).abs() < 0.1 { 99.0 } else { 10.0 }),
            WINDOW,
            0.0,
            0.0,
        );
        assert!(spike.up < CLEAR, "{spike:?}");
        let flat: Values = (0..200).map(|n| (to_f64(n), 3.0)).collect();
        assert!(deviation(&flat, WINDOW, 0.0, 0.0).strength() < 1e-9);
        assert!(deviation(&Vec::new(), WINDOW, 0.0, 0.0).strength() < 1e-9);
    }

    #[test]
    fn counters_become_rates() {
        let mut sum = 0.0;
        let counter: Values = (0..200)
            .map(|n| {
                sum += if n < 150 { 2.0 } else { 9.0 };
                (to_f64(n), sum)
            })
            .collect();
        let rates = prepare(counter);
        assert!((rates[10].1 - 2.0).abs() < 1e-9);
        assert!(CLEAR < deviation(&rates, WINDOW, 0.0, 0.0).up);
    }
}
