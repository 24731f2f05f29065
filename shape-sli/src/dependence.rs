//! What failures that come together do to an interval.

use crate::{
    Events, SliPoint,
    figures::{real, share},
};

/// How much wider than for independent requests the truth is: the variance of the error ratio between slices over the
/// variance that chance alone would give (Kish 1965, *Survey Sampling*; the slices are the clusters). At least 1.
///
/// `None` with fewer than two slices that have events, or when all events are alike: nothing can be told then.
///
/// ```
/// use shape_sli::{Events, SliPoint, design_effect, effective_events, wilson};
///
/// // Ten minutes of a hundred requests; all thirty failures fall into one of them.
/// let minute = |minute: i64| -> Result<SliPoint, Box<dyn std::error::Error>> {
///     let bad = if minute == 7 { 30 } else { 0 };
///     let start = jiff::Timestamp::from_second(minute * 60)?;
///     Ok(SliPoint { start, events: Events::new(100 - bad, 100)? })
/// };
/// let points = (0..10).map(minute).collect::<Result<Vec<_>, _>>()?;
/// let events: Events = points.iter().map(|point| point.events).sum();
/// let effect = design_effect(&points).ok_or("too few slices")?;
/// assert_eq!(format!("{effect:.1}"), "30.9");
///
/// // A thousand requests tell as much as 32 independent ones.
/// let honest = wilson(effective_events(events, effect), 0.95).ok_or("no events")?;
/// assert_eq!(format!("{:.2} to {:.2}", honest.lower, honest.upper), "0.84 to 0.99");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn design_effect(points: &[SliPoint]) -> Option<f64> {
    let slices = || points.iter().filter(|point| !point.events.is_none());
    let all: Events = slices().map(|point| point.events).sum();
    let ratio = all.error_ratio()?;
    let count = real(u64::try_from(slices().count()).ok()?);
    let by_chance = ratio * (1.0 - ratio) * real(all.total());
    if count < 2.0 || by_chance <= 0.0 {
        return None;
    }
    let squares: f64 = slices()
        .map(|point| {
            let surplus = real(point.events.bad()) - ratio * real(point.events.total());
            surplus * surplus
        })
        .sum();
    let effect = squares * count / (count - 1.0) / by_chance;
    effect.is_finite().then_some(effect.max(1.0))
}

/// The independent events that tell as much as these: counts over the design effect, good ones rounded down and bad ones up.
///
/// For intervals and tests only; decisions count the events themselves. An effect below 1, or that is not a number, is
/// taken as 1.
pub fn effective_events(events: Events, design_effect: f64) -> Events {
    if !design_effect.is_finite() || design_effect <= 1.0 {
        return events;
    }
    let total = whole(real(events.total()) / design_effect).max(u64::from(!events.is_none()));
    let bad = share(events.error_ratio().unwrap_or(0.0)) * real(total);
    let bad = whole(bad.ceil()).min(total);
    Events::from_good_bad(total - bad, bad)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most a count of events, never negative; `as` saturates"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(bad: impl IntoIterator<Item = u64>) -> Vec<SliPoint> {
        (0..)
            .zip(bad)
            .map(|(minute, bad)| SliPoint {
                start: jiff::Timestamp::from_second(minute * 60).unwrap(),
                events: Events::from_good_bad(1_000 - bad, bad),
            })
            .collect()
    }

    #[test]
    fn failures_that_spread_evenly_are_no_worse_than_chance() {
        assert_eq!(
            design_effect(&points([5; 20])).map(f64::to_bits),
            Some(1.0_f64.to_bits())
        );
        // One at a time, as chance has it: mean 1, variance near 1.
        let chance = points((0..60).map(|minute| [0, 1, 2, 0, 1, 2, 1, 0, 3, 1][minute % 10]));
        let effect = design_effect(&chance).unwrap();
        assert!((1.0..1.2).contains(&effect), "{effect}");
        // A whole minute that fails counts like one event of a thousand.
        let outage = points((0..60).map(|minute| if minute == 9 { 1_000 } else { 0 }));
        let effect = design_effect(&outage).unwrap();
        assert!((999.0..1_020.0).contains(&effect), "{effect}");
    }

    #[test]
    fn what_can_not_be_told_is_none() {
        assert_eq!(design_effect(&[]), None);
        assert_eq!(design_effect(&points([5])), None);
        assert_eq!(design_effect(&points([0; 9])), None);
        assert_eq!(design_effect(&points([1_000; 9])), None);
        let events = Events::from_good_bad(7, 3);
        for effect in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(effective_events(events, effect), events);
        }
        assert_eq!(effective_events(events, 100.0), Events::from_good_bad(0, 1));
        assert_eq!(effective_events(Events::NONE, 2.0), Events::NONE);
        assert_eq!(effective_events(events, 2.0), Events::from_good_bad(3, 2));
    }
}
