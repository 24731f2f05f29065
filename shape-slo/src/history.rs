//! A target from a long history of counts.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use shape_sli::{Events, SliPoint, lower_bound, parse_counts};
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::{
    Ceiling, Error, Target, ToleranceBound, error::Repr, ladder::step_below, trend::worsening,
    window::seconds_text,
};

/// How a [`TargetRecommendation`] was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecommendationMethod {
    /// The distribution-free tolerance bound over windows that do not overlap.
    ToleranceBound,
    /// Windows put together from blocks of days (moving block bootstrap): fewer whole windows than the bound needs.
    BlockBootstrap,
}

/// A target that a history supports: a proposal for a person to ratify.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetRecommendation {
    /// The target, rounded down to the ladder; `None` when the history supports none.
    pub target: Option<Target>,
    /// The bound before rounding, in parts per billion.
    pub bound_ppb: u32,
    /// What the bound was lowered by because failures become more, in parts per billion; 0 when they do not.
    pub lowered_ppb: u32,
    /// How the bound was found.
    pub method: RecommendationMethod,
    /// All events of the history.
    pub events: Events,
    /// Whole windows that do not overlap.
    pub windows: u64,
    /// The good share of the worst of them, in parts per billion.
    pub worst_window_ppb: Option<u32>,
    /// The share of later windows that may miss the target.
    pub risk: f64,
    /// The confidence asked for.
    pub confidence_wanted: f64,
    /// The confidence that whole windows alone give their worst one, or the bound.
    pub confidence: f64,
    /// One sentence for people.
    pub explanation: String,
}

/// The blocks of the bootstrap: what happens in a week hangs together.
const BLOCK: usize = 7;
const SAMPLES: usize = 4_000;
const DAY: SignedDuration = SignedDuration::from_hours(24);

impl TargetRecommendation {
    /// The same, at most as high as what the service depends on allows.
    ///
    /// ```
    /// use shape_slo::{Dependency, DependencyGraph, parse_history, recommend_target};
    ///
    /// let mut graph = DependencyGraph::new();
    /// graph.promise("database", "99.9%".parse()?);
    /// graph.depend("shop", "database", Dependency::Hard)?;
    /// let history = parse_history("0,1000000,1000000\n86400,1000000,1000000\n")?;
    /// let proposal = recommend_target(&history, 86_400, 0.95, 0.05)?;
    /// assert_eq!(proposal.target, Some("99.999%".parse()?));
    /// let ceiling = graph.ceiling("shop").ok_or("no ceiling")?;
    /// assert_eq!(proposal.capped(&ceiling).target, Some("99.9%".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn capped(mut self, ceiling: &Ceiling) -> Self {
        if self.target.is_some_and(|target| ceiling.ppb < target.ppb()) {
            self.target = step_below(ceiling.ppb);
            let capped = self
                .target
                .map_or_else(|| "no target".to_owned(), |target| target.to_string());
            let chain = ceiling.caps.first().map(|cap| cap.chain.join(" -> "));
            self.explanation = format!(
                "{}; capped to {capped} by what it depends on: {}",
                self.explanation,
                chain.unwrap_or_default()
            );
        }
        self
    }
}

/// Recommends a target for windows of whole days from counts in time order.
///
/// With enough windows that do not overlap (59 at 95 % confidence and 5 % risk) the target is their tolerance bound. With
/// fewer it is the `risk` quantile of windows resampled in blocks of seven days (Künsch 1989, *The jackknife and the bootstrap
/// for general stationary observations*), or what chance alone would do to the worst share of good events that the history
/// is consistent with, if that is less: few events without a failure prove little. The explanation says how little confidence
/// the whole windows alone would give.
///
/// # Errors
///
/// When the window is no whole number of days, or a share is not strictly between 0 and 1, or the history has no event.
pub fn recommend_target(
    points: &[SliPoint],
    window_seconds: u64,
    confidence: f64,
    risk: f64,
) -> Result<TargetRecommendation, Error> {
    for (what, value) in [("confidence", confidence), ("risk", risk)] {
        if !(0.0 < value && value < 1.0) {
            return Err(Repr::Config {
                what,
                seen: value.to_string(),
                expected: "a number between 0 and 1, both excluded",
            }
            .into());
        }
    }
    let length = window_days(window_seconds)?;
    let days = days(points);
    let events: Events = days.iter().copied().sum();
    if days.is_empty() || events.is_none() {
        return Err(Repr::Config {
            what: "history",
            seen: format!("{} points without an event", points.len()),
            expected: "some events",
        }
        .into());
    }
    // The latest windows are whole; what is left over lies at the beginning.
    let windows: Vec<Events> = days
        .rchunks_exact(length)
        .map(|window| window.iter().copied().sum())
        .filter(|window: &Events| !window.is_none())
        .collect();
    let worst_window_ppb = windows.iter().filter_map(|window| window.good_ppb()).min();
    let bound = ToleranceBound::of(&windows, risk, confidence);
    let (method, bound_ppb) = match bound {
        Some(bound) if confidence <= bound.confidence => {
            (RecommendationMethod::ToleranceBound, bound.good_ppb)
        }
        _ => (
            RecommendationMethod::BlockBootstrap,
            bootstrap(&days, length, risk).min(unlucky(&days, length, confidence, risk)),
        ),
    };
    let lowered_ppb = worsening(&days).map_or(0, ceil_ppb).min(bound_ppb);
    let bound_ppb = bound_ppb - lowered_ppb;
    let really = bound.map_or(0.0, |bound| bound.confidence);
    let target = step_below(bound_ppb);
    let count = windows.len();
    let plural = if count == 1 { "" } else { "s" };
    let basis = match method {
        RecommendationMethod::ToleranceBound => "the tolerance bound of the windows".to_owned(),
        RecommendationMethod::BlockBootstrap => format!(
            "windows resampled in blocks of {BLOCK} days, because {count} whole window{plural} support {:.0} % confidence, not {:.0} %,",
            really * 100.0,
            confidence * 100.0
        ),
    };
    let outcome = target.map_or_else(
        || "no target of the ladder".to_owned(),
        |target| format!("{target}"),
    );
    let trend = if lowered_ppb == 0 {
        String::new()
    } else {
        format!(
            " less {} because failures become more from week to week,",
            share(lowered_ppb)
        )
    };
    Ok(TargetRecommendation {
        target,
        bound_ppb,
        lowered_ppb,
        method,
        events,
        windows: u64::try_from(count).unwrap_or(u64::MAX),
        worst_window_ppb,
        risk,
        confidence_wanted: confidence,
        confidence: really,
        explanation: format!(
            "{count} whole window{plural} of {}; {basis} give{} {},{trend} rounded down to {outcome}",
            seconds_text(window_seconds),
            if method == RecommendationMethod::ToleranceBound {
                "s"
            } else {
                ""
            },
            share(bound_ppb + lowered_ppb),
        ),
    })
}

/// The length of a window in days.
pub(crate) fn window_days(window_seconds: u64) -> Result<usize, Error> {
    let is_whole = window_seconds != 0 && window_seconds.is_multiple_of(86_400);
    let days = usize::try_from(window_seconds / 86_400).ok();
    days.filter(|_| is_whole).ok_or_else(|| {
        Repr::Window {
            seen: seconds_text(window_seconds),
            expected: "a whole number of days",
        }
        .into()
    })
}

/// Reads `time,good,total`: RFC 3339 times or seconds since the epoch; a first row of names may say which column is which
/// ([`parse_counts`]).
///
/// # Errors
///
/// At the first row that is no such row, with its line.
///
/// ```
/// use shape_slo::{parse_history, recommend_target};
///
/// let text = "time,good,total\n2026-11-01T00:00:00Z,9990,10000\n2026-11-02T00:00:00Z,10000,10000\n";
/// let history = parse_history(text)?;
/// let proposal = recommend_target(&history, 86_400, 0.95, 0.05)?;
/// assert_eq!(proposal.target.map(|target| target.to_string()), Some("99.5%".to_owned()));
/// assert!(proposal.explanation.starts_with("2 whole windows of 1d"));
/// # Ok::<(), shape_slo::Error>(())
/// ```
pub fn parse_history(text: &str) -> Result<Vec<SliPoint>, Error> {
    let rows = parse_counts(text).map_err(|error| Repr::History {
        message: error.to_string(),
    })?;
    let mut points: Vec<SliPoint> = rows
        .into_iter()
        .map(|row| SliPoint {
            start: row.start,
            events: row.events,
        })
        .collect();
    points.sort_by_key(|point| point.start);
    Ok(points)
}

/// The events of each day from the first point on; days without events are there, and empty.
pub(crate) fn days(points: &[SliPoint]) -> Vec<Events> {
    let mut days: Vec<Events> = Vec::new();
    let Some(first) = points.iter().map(|point| point.start).min() else {
        return days;
    };
    for point in points {
        let since = point.start.duration_since(first);
        let Ok(day) = usize::try_from(since.as_secs() / DAY.as_secs()) else {
            continue;
        };
        if days.len() <= day {
            days.resize(day + 1, Events::NONE);
        }
        days[day] += point.events;
    }
    days
}

/// The `risk` quantile of the good shares of windows put together from blocks of days, always the same for the same days.
fn bootstrap(days: &[Events], length: usize, risk: f64) -> u32 {
    let block = BLOCK.min(length).min(days.len());
    let starts = u64::try_from(days.len() - block + 1).unwrap_or(1);
    let mut state = 0x5AFE_u64;
    let mut shares: Vec<u32> = (0..SAMPLES)
        .filter_map(|_| {
            let mut sample = Events::NONE;
            let mut taken = 0;
            while taken < length {
                let start = usize::try_from(split_mix(&mut state) % starts).unwrap_or(0);
                let take = block.min(length - taken);
                sample += days[start..start + take].iter().copied().sum();
                taken += take;
            }
            sample.good_ppb()
        })
        .collect();
    shares.sort_unstable();
    let rank = quantile_rank(shares.len(), risk);
    shares.get(rank).or(shares.last()).copied().unwrap_or(0)
}

/// A share in parts per billion, rounded up.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share in 0..=1; `as` saturates"
)]
fn ceil_ppb(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * 1e9).ceil() as u32
}

/// The `risk` quantile of windows whose events are as bad as they may be at a confidence (Clopper and Pearson), each on
/// its own: what a resampled history of a few failures does not know of.
fn unlucky(days: &[Events], length: usize, confidence: f64, risk: f64) -> u32 {
    let events: Events = days.iter().copied().sum();
    let of_window = || {
        let (length, days) = (u64::try_from(length).ok()?, u64::try_from(days.len()).ok()?);
        let total = u128::from(events.total()) * u128::from(length) / u128::from(days);
        let total = u64::try_from(total).ok()?.max(1);
        let bad = 1.0 - lower_bound(events, confidence)?;
        let failures = Binomial::new(bad, total).ok()?.inverse_cdf(1.0 - risk);
        Events::from_good_bad(total.saturating_sub(failures), failures).good_ppb()
    };
    of_window().unwrap_or(0)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a rank among a few thousand, cut"
)]
fn quantile_rank(count: usize, share: f64) -> usize {
    (count as f64 * share) as usize
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn share(ppb: u32) -> String {
    let thousandths = ppb / 10_000;
    format!("{}.{:03}%", thousandths / 1_000, thousandths % 1_000)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn history(days: &[(u64, u64)]) -> Vec<SliPoint> {
        (0_i64..)
            .zip(days)
            .map(|(day, (good, bad))| SliPoint {
                start: Timestamp::from_second(day * 86_400).unwrap(),
                events: Events::from_good_bad(*good, *bad),
            })
            .collect()
    }

    #[test]
    fn enough_windows_give_the_tolerance_bound() {
        let mut days = vec![(9_999, 1); 60];
        days[17] = (9_960, 40);
        let proposal = recommend_target(&history(&days), 86_400, 0.95, 0.05).unwrap();
        assert_eq!(proposal.method, RecommendationMethod::ToleranceBound);
        assert_eq!(proposal.bound_ppb, 996_000_000);
        assert_eq!(proposal.target, Some("99.5%".parse().unwrap()));
        assert!(0.95 <= proposal.confidence);
        assert_eq!(
            proposal.explanation,
            "60 whole windows of 1d; the tolerance bound of the windows gives 99.600%, rounded down to 99.5%"
        );
    }

    #[test]
    fn few_windows_say_how_little_they_support() {
        let mut days = vec![(10_000, 0); 7 * 28];
        days[100] = (0, 10_000);
        let proposal = recommend_target(&history(&days), 28 * 86_400, 0.95, 0.05).unwrap();
        assert_eq!(proposal.method, RecommendationMethod::BlockBootstrap);
        assert!(
            proposal
                .explanation
                .contains("7 whole windows support 30 % confidence, not 95 %"),
            "{}",
            proposal.explanation
        );
        // A bad day in 28 costs 3.6 %; in one window out of eight or so it comes once.
        assert_eq!(proposal.target, Some("95%".parse().unwrap()));
        let again = recommend_target(&history(&days), 28 * 86_400, 0.95, 0.05).unwrap();
        assert_eq!(again, proposal);
    }

    #[test]
    fn what_can_not_be_read_says_so() {
        for (text, line) in [
            ("2026-11-01T00:00:00Z,2,1", 1),
            ("time,good,total\n0,1,1\nx,1,1", 3),
            ("0,1", 1),
        ] {
            let error = parse_history(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line {line}: ")), "{error}");
        }
        assert!(recommend_target(&[], 86_400, 0.95, 0.05).is_err());
        let one = history(&[(1, 0)]);
        assert!(recommend_target(&one, 3_600, 0.95, 0.05).is_err());
        assert!(recommend_target(&one, 86_400, 1.0, 0.05).is_err());
        assert!(recommend_target(&one, 86_400 * 400, 0.95, 0.05).is_ok());
    }
}
