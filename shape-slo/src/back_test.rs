//! Whether recommendations keep what they promise.

use serde::{Deserialize, Serialize};
use shape_sli::{Events, SliPoint};

use crate::{
    Error, Target, TargetRecommendation,
    error::Repr,
    history::{days, recommend_target, window_days},
};

/// What became of a recommendation: made of the first half of a history, judged by the windows of the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BackTest {
    /// The recommendation of the first half.
    pub recommendation: TargetRecommendation,
    /// The windows of the second half, one from each day on that have events.
    pub windows: u64,
    /// Those of them that missed the target; all of them when there was none to keep.
    pub breached: u64,
    /// The share of windows that were promised to miss it at most.
    pub promised: f64,
    /// The share that did, in 0..=1; `None` without windows or without a target.
    pub share: Option<f64>,
    /// The loss of the bound as a forecast of the `risk` quantile of later windows (pinball loss, in parts per billion).
    pub loss: f64,
    /// The loss of the plain mean of the first half, for comparison.
    pub loss_of_mean: f64,
}

/// Tests what [`recommend_target`] would have said half-way through a history against what came then.
///
/// # Errors
///
/// As [`recommend_target`], and when the second half is shorter than a window.
///
/// ```
/// use shape_sli::{Events, SliPoint};
/// use shape_slo::back_test;
///
/// // One bad request in a thousand, every day of four months.
/// let day = |day: i64| -> Result<SliPoint, Box<dyn std::error::Error>> {
///     Ok(SliPoint { start: jiff::Timestamp::from_second(day * 86_400)?, events: Events::new(9_990, 10_000)? })
/// };
/// let history = (0..120).map(day).collect::<Result<Vec<_>, _>>()?;
/// let test = back_test(&history, 28 * 86_400, 0.95, 0.05)?;
/// assert_eq!(test.recommendation.target, Some("99.5%".parse()?));
/// assert_eq!((test.windows, test.breached), (33, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn back_test(
    points: &[SliPoint],
    window_seconds: u64,
    confidence: f64,
    risk: f64,
) -> Result<BackTest, Error> {
    let length = window_days(window_seconds)?;
    let all = days(points);
    let half = all.len() / 2;
    let (first, second) = all.split_at(half);
    if second.len() < length {
        return Err(Repr::Config {
            what: "history",
            seen: format!("{} days", all.len()),
            expected: "at least two windows, one to learn from and one to be judged by",
        }
        .into());
    }
    let start = points.iter().map(|point| point.start).min();
    let middle = start.and_then(|start| {
        let hours = i64::try_from(half).ok()?.checked_mul(24)?;
        start
            .checked_add(jiff::SignedDuration::from_hours(hours))
            .ok()
    });
    let known: Vec<SliPoint> = points
        .iter()
        .filter(|point| middle.is_some_and(|middle| point.start < middle))
        .copied()
        .collect();
    let recommendation = recommend_target(&known, window_seconds, confidence, risk)?;
    let later: Vec<Events> = second
        .windows(length)
        .map(|window| window.iter().copied().sum())
        .filter(|events: &Events| !events.is_none())
        .collect();
    let misses = |target: Target| {
        let missed = later
            .iter()
            .filter(|events| target.is_met_by(**events) == Some(false));
        missed.count()
    };
    let breached = recommendation.target.map_or(later.len(), misses);
    let mean: Events = first.iter().copied().sum();
    let judged = recommendation.target.filter(|_| !later.is_empty());
    Ok(BackTest {
        windows: count(later.len()),
        breached: count(breached),
        promised: risk,
        share: judged.map(|_| real(breached) / real(later.len())),
        loss: pinball(&later, recommendation.bound_ppb, risk),
        loss_of_mean: pinball(&later, mean.good_ppb().unwrap_or(0), risk),
        recommendation,
    })
}

/// The mean pinball loss (Koenker and Bassett 1978) of a forecast quantile.
fn pinball(later: &[Events], forecast_ppb: u32, risk: f64) -> f64 {
    let losses = later.iter().filter_map(|events| {
        let over = f64::from(events.good_ppb()?) - f64::from(forecast_ppb);
        Some(if 0.0 <= over {
            over * risk
        } else {
            -over * (1.0 - risk)
        })
    });
    losses.sum::<f64>() / real(later.len().max(1))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "numbers of windows are far below 2^53"
)]
fn real(number: usize) -> f64 {
    number as f64
}
