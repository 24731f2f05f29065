//! When a rate or a share changed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Period,
    number::{len, to_f64},
    statistics,
};

/// When something changed: found looking back over a whole series, not while it came in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePoint {
    /// The start of the time bucket in which it began, the likeliest one.
    pub at: Timestamp,
    /// Where the beginning lies with 95 % confidence, by profile likelihood.
    pub interval: Period,
    /// When it ended, where it did before the end of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The rate or share after over that before (and, where it ended, after the end), half an event added to both.
    pub ratio: f64,
    /// That no such change lies anywhere in a steady series: the exact binomial p value of the events inside, times the
    /// number of stretches that were looked at.
    pub p_value: f64,
}

/// One time bucket: so many events of so much exposure (time, or requests).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) period: Period,
    pub(crate) events: u64,
    pub(crate) exposure: u64,
}

/// Whether there is more or less of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// Fewer cells say nothing about a change.
const LEAST_CELLS: usize = 8;
/// Pairs of ends are tried on no more cells than these; longer series are first added up, then refined.
const COARSE: usize = 128;
/// Half of the 95th percentile of chi-squared with one degree of freedom.
const DROP: f64 = 1.92;

impl ChangePoint {
    /// The stretch inside which the rate differs most from that outside, by the likelihood ratio of two Poisson rates
    /// against one (Kulldorff's scan statistic, 1997, in one dimension). `None` when there is none in that direction, or
    /// when the stretch begins with the series: then nothing is known about a before.
    pub(crate) fn find(cells: &[Cell], direction: Direction) -> Option<Self> {
        let sums = Sums::new(cells, direction);
        if cells.len() < LEAST_CELLS || sums.events(0, cells.len()) == 0 {
            return None;
        }
        let step = cells.len().div_ceil(COARSE);
        let ends: Vec<usize> = (0..cells.len())
            .step_by(step)
            .chain([cells.len()])
            .collect();
        let mut best = (0.0, 0, 0);
        for (index, &start) in ends.iter().enumerate() {
            for &end in ends.iter().skip(index + 1) {
                let gain = sums.gain(start, end);
                if best.0 < gain {
                    best = (gain, start, end);
                }
            }
        }
        let (_, mut start, mut end) = best;
        for _ in 0..4 {
            let before = (start, end);
            start = likeliest(0..end, |start| sums.gain(start, end))?;
            end = likeliest(start + 1..cells.len() + 1, |end| sums.gain(start, end))?;
            if before == (start, end) {
                break;
            }
        }
        if start == 0 {
            return None;
        }
        let all = cells.len();
        let inside = (sums.events(start, end), sums.exposure(start, end));
        let outside = (
            sums.events(0, all) - inside.0,
            sums.exposure(0, all) - inside.1,
        );
        let dispersion = sums.dispersion(start, end);
        let test = statistics::rate(
            inside.0,
            to_f64(inside.1),
            outside.0,
            to_f64(outside.1),
            dispersion,
        );
        let looked_at = to_f64(len(all)) * to_f64(len(all)) / 2.0;
        let most = sums.gain(start, end);
        let possible = |&other: &usize| most - sums.gain(other, end) <= DROP * dispersion;
        let first = (1..=start).rev().take_while(possible).last()?;
        let last = (start..end).take_while(possible).last()?;
        Some(Self {
            at: cells.get(start)?.period.start,
            interval: Period {
                start: cells.get(first)?.period.start,
                end: cells.get(last)?.period.end,
            },
            until: cells.get(end).map(|cell| cell.period.start),
            ratio: test.ratio,
            p_value: (test.p * looked_at).min(1.0),
        })
    }
}

/// Where a function is largest, the first such place.
fn likeliest(range: std::ops::Range<usize>, gain: impl Fn(usize) -> f64) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for place in range {
        let gain = gain(place);
        if best.is_none_or(|(most, _)| most < gain) {
            best = Some((gain, place));
        }
    }
    best.map(|(_, place)| place)
}

/// Events and exposure before each cell.
struct Sums {
    before: Vec<(u64, u64)>,
    direction: Direction,
}

impl Sums {
    fn new(cells: &[Cell], direction: Direction) -> Self {
        let mut total = (0_u64, 0_u64);
        let mut before = vec![total];
        for cell in cells {
            total.0 = total.0.saturating_add(cell.events);
            total.1 = total.1.saturating_add(cell.exposure);
            before.push(total);
        }
        Self { before, direction }
    }

    fn at(&self, place: usize) -> (u64, u64) {
        self.before.get(place).copied().unwrap_or_default()
    }

    fn events(&self, start: usize, end: usize) -> u64 {
        self.at(end).0 - self.at(start).0
    }

    fn exposure(&self, start: usize, end: usize) -> u64 {
        self.at(end).1 - self.at(start).1
    }

    /// How much likelier two rates are than one, as a difference of logarithms; 0 in the wrong direction.
    fn gain(&self, start: usize, end: usize) -> f64 {
        let all = self.before.len() - 1;
        let (events, exposure) = (
            to_f64(self.events(start, end)),
            to_f64(self.exposure(start, end)),
        );
        let (total, whole) = (to_f64(self.events(0, all)), to_f64(self.exposure(0, all)));
        let (others, rest) = (total - events, whole - exposure);
        if exposure <= 0.0 || rest <= 0.0 {
            return 0.0;
        }
        let wrong = match self.direction {
            Direction::Up => events / exposure <= others / rest,
            Direction::Down => others / rest <= events / exposure,
        };
        if wrong {
            return 0.0;
        }
        let term = |events: f64, exposure: f64| {
            if events <= 0.0 {
                0.0
            } else {
                events * (events / exposure).ln()
            }
        };
        (term(events, exposure) + term(others, rest) - term(total, whole)).max(0.0)
    }

    /// Variance over what Poisson expects, of the cells inside and outside around their own rates; at least 1.
    fn dispersion(&self, start: usize, end: usize) -> f64 {
        let all = self.before.len() - 1;
        let rate = |events: u64, exposure: u64| to_f64(events) / to_f64(exposure).max(1.0);
        let inside = rate(self.events(start, end), self.exposure(start, end));
        let outside = rate(
            self.events(0, all) - self.events(start, end),
            self.exposure(0, all) - self.exposure(start, end),
        );
        let (mut sum, mut cells) = (0.0, 0.0);
        for cell in 0..all {
            let expected = to_f64(self.exposure(cell, cell + 1))
                * if (start..end).contains(&cell) {
                    inside
                } else {
                    outside
                };
            if 0.0 < expected {
                sum += (to_f64(self.events(cell, cell + 1)) - expected).powi(2) / expected;
                cells += 1.0;
            }
        }
        if cells <= 2.0 {
            return 1.0;
        }
        (sum / (cells - 2.0)).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn cells(events: &[u64], exposure: u64) -> Vec<Cell> {
        let mut start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        events
            .iter()
            .map(|&events| {
                let end = start + SignedDuration::from_secs(10);
                let period = Period { start, end };
                start = end;
                Cell {
                    period,
                    events,
                    exposure,
                }
            })
            .collect()
    }

    fn place(cells: &[Cell], time: Timestamp) -> usize {
        cells
            .iter()
            .position(|cell| cell.period.start == time)
            .unwrap()
    }

    #[test]
    fn a_step_up_and_its_interval() {
        let mut events = [2, 1, 3, 2, 0, 2, 1, 2, 3, 1].repeat(4);
        events.extend([9, 11, 10, 8, 12].repeat(3));
        let cells = cells(&events, 10);
        let change = ChangePoint::find(&cells, Direction::Up).unwrap();
        assert_eq!(place(&cells, change.at), 40);
        assert!(change.interval.contains(change.at));
        assert_eq!(change.until, None);
        assert!(change.p_value < 1e-12, "{change:?}");
        assert!((5.0..7.0).contains(&change.ratio), "{change:?}");
        assert_eq!(
            ChangePoint::find(&cells, Direction::Down).map(|change| change.at),
            None
        );
    }

    #[test]
    fn a_burst_ends() {
        let mut events = vec![1; 60];
        events[20..25].fill(30);
        let cells = cells(&events, 40);
        let change = ChangePoint::find(&cells, Direction::Up).unwrap();
        assert_eq!(place(&cells, change.at), 20);
        assert_eq!(place(&cells, change.until.unwrap()), 25);
    }

    #[test]
    fn a_silence_is_a_drop() {
        let mut events = vec![20; 50];
        events[35..].fill(0);
        let cells = cells(&events, 20);
        let change = ChangePoint::find(&cells, Direction::Down).unwrap();
        assert_eq!(place(&cells, change.at), 35);
        assert!(change.ratio < 0.01);
    }

    #[test]
    fn steady_series_have_none_worth_a_word() {
        for events in [vec![0; 50], vec![5; 50], [3, 5, 4, 6, 2, 4].repeat(20)] {
            let change = ChangePoint::find(&cells(&events, 10), Direction::Up);
            assert!(
                change.is_none_or(|change| 0.5 < change.p_value),
                "{change:?}"
            );
        }
        assert_eq!(ChangePoint::find(&[], Direction::Up), None);
    }

    /// All pairs of ends, with the definition of the likelihood.
    fn by_trying_all(cells: &[Cell], direction: Direction) -> f64 {
        let sums = Sums::new(cells, direction);
        let mut most = 0.0_f64;
        for start in 0..cells.len() {
            for end in start + 1..=cells.len() {
                most = most.max(sums.gain(start, end));
            }
        }
        most
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_the_likeliest_stretch(events in prop::collection::vec(0_u64..30, 8..60)) {
            let cells = cells(&events, 30);
            for direction in [Direction::Up, Direction::Down] {
                let Some(change) = ChangePoint::find(&cells, direction) else { continue };
                let start = place(&cells, change.at);
                let end = change.until.map_or(cells.len(), |until| place(&cells, until));
                let gain = Sums::new(&cells, direction).gain(start, end);
                prop_assert!((gain - by_trying_all(&cells, direction)).abs() < 1e-9);
                prop_assert!(change.interval.start <= change.at && change.at < change.interval.end);
                prop_assert!((0.0..=1.0).contains(&change.p_value));
            }
        }
    }
}
