//! From counters that rise to counts of events.

use std::{collections::BTreeMap, time::Duration};

use super::{Exposition, MetricSample, Selector};
use crate::{Error, Events, counter::rise, error::Repr};

/// Counts the events between scrapes of one target.
///
/// The first scrape only says where the counters stand. A counter that is lower than before was reset and counts from
/// zero; one that was not there before began at zero; one that is not a number, or gone, has no data. Where counters of a
/// program disagree about a scrape (more bad events than events), the worse one is believed.
///
/// ```
/// use shape_sli::{Events, Exposition, ScrapeCounter};
///
/// let mut counter = ScrapeCounter::of_bad(r#"requests_total{code=~"5.."}"#.parse()?, "requests_total".parse()?);
/// for (text, events) in [
///     ("requests_total{code=\"200\"} 70\n", Events::NONE), // where it begins
///     ("requests_total{code=\"200\"} 169\nrequests_total{code=\"500\"} 1\n", Events::new(99, 100)?),
///     ("requests_total{code=\"200\"} 10\n", Events::new(10, 10)?), // the program was started anew
/// ] {
///     assert_eq!(counter.observe(&Exposition::parse(text)?)?, events);
/// }
/// # Ok::<(), shape_sli::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ScrapeCounter {
    part: Part,
    total: Selector,
    label: Option<String>,
    /// By series, the value of the last scrape; `None` before the first.
    before: Option<BTreeMap<String, u64>>,
}

#[derive(Clone, Debug)]
enum Part {
    Good(Selector),
    Bad(Selector),
    Within { buckets: Selector, limit: Duration },
}

impl ScrapeCounter {
    /// Good events of all events.
    pub fn of_good(good: Selector, total: Selector) -> Self {
        Self::new(Part::Good(good), total)
    }

    /// All events less bad ones.
    pub fn of_bad(bad: Selector, total: Selector) -> Self {
        Self::new(Part::Bad(bad), total)
    }

    /// The events of a histogram in seconds that took no longer than a limit, which must be one of its bounds.
    ///
    /// Between two bounds nobody knows how many there were: [`ScrapeCounter::observe`] names the nearest ones then.
    pub fn of_latency(histogram: &Selector, limit: Duration) -> Self {
        let part = Part::Within {
            buckets: histogram.with_name(format!("{}_bucket", histogram.name())),
            limit,
        };
        Self::new(
            part,
            histogram.with_name(format!("{}_count", histogram.name())),
        )
    }

    fn new(part: Part, total: Selector) -> Self {
        Self {
            part,
            total,
            label: None,
            before: None,
        }
    }

    /// Counts by the value of a label; see [`ScrapeCounter::observe_by_label`].
    #[must_use]
    pub fn by_label(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// The events since the last scrape; none at the first one.
    ///
    /// # Errors
    ///
    /// When a counter is negative, infinite or no whole number, or a latency limit lies between two bounds; the state is
    /// then as it was.
    pub fn observe(&mut self, scrape: &Exposition<'_>) -> Result<Events, Error> {
        Ok(self.observe_by_label(scrape)?.into_values().sum())
    }

    /// The events since the last scrape, by the value of the label of [`ScrapeCounter::by_label`] (empty where it is
    /// missing, or when there is no such label).
    ///
    /// # Errors
    ///
    /// As [`ScrapeCounter::observe`].
    pub fn observe_by_label(
        &mut self,
        scrape: &Exposition<'_>,
    ) -> Result<BTreeMap<String, Events>, Error> {
        let mut now = BTreeMap::new();
        let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for sample in scrape.samples() {
            let is_total = self.total.matches(sample);
            let is_part = self.is_part(sample);
            if !(is_total || is_part) || sample.value.is_nan() {
                continue;
            }
            let count = whole(sample)?;
            let series = series_name(sample);
            let rise = self
                .before
                .as_ref()
                .map_or(0, |before| match before.get(&series) {
                    Some(earlier) => rise(*earlier, count).unwrap_or(count),
                    None => count,
                });
            now.insert(series, count);
            let label = self.label.as_deref();
            let group = label.and_then(|label| sample.label(label)).unwrap_or("");
            let sums = sums.entry(group.to_owned()).or_default();
            if is_total {
                sums.0 = sums.0.saturating_add(rise);
            }
            if is_part {
                sums.1 = sums.1.saturating_add(rise);
            }
        }
        self.check_bounds(scrape)?;
        // What is missing from one scrape goes on where it was.
        self.before.get_or_insert_default().extend(now);
        let events = sums.into_iter().map(|(group, (total, part))| {
            let events = match self.part {
                Part::Good(_) | Part::Within { .. } => {
                    let good = part.min(total);
                    Events::from_good_bad(good, total - good)
                }
                Part::Bad(_) => Events::from_good_bad(total.saturating_sub(part), part),
            };
            (group, events)
        });
        Ok(events.collect())
    }

    fn is_part(&self, sample: &MetricSample<'_>) -> bool {
        match &self.part {
            Part::Good(selector) | Part::Bad(selector) => selector.matches(sample),
            Part::Within { buckets, limit } => {
                buckets.matches(sample) && bound(sample) == Some(limit.as_nanos())
            }
        }
    }

    /// Every series of a histogram needs the limit among its bounds.
    fn check_bounds(&self, scrape: &Exposition<'_>) -> Result<(), Error> {
        let Part::Within { buckets, limit } = &self.part else {
            return Ok(());
        };
        let mut bounds: BTreeMap<String, Vec<u128>> = BTreeMap::new();
        for sample in scrape.samples().filter(|sample| buckets.matches(sample)) {
            let of_series = bounds.entry(histogram_name(sample)).or_default();
            of_series.extend(bound(sample));
        }
        for (histogram, mut bounds) in bounds {
            let limit_ns = limit.as_nanos();
            if bounds.contains(&limit_ns) {
                continue;
            }
            bounds.sort_unstable();
            let above = bounds.partition_point(|bound| *bound < limit_ns);
            let shown = |bound: &u128| {
                let ns = u64::try_from(*bound).unwrap_or(u64::MAX);
                format!("{:?}", Duration::from_nanos(ns))
            };
            let nearest: Vec<String> = above
                .checked_sub(1)
                .and_then(|below| bounds.get(below))
                .into_iter()
                .chain(bounds.get(above))
                .map(shown)
                .collect();
            let nearest = match nearest.as_slice() {
                [] => "it has no bounds".to_owned(),
                [one] => format!("the nearest is {one}"),
                both => format!("the nearest are {}", both.join(" and ")),
            };
            return Err(Repr::Limit {
                histogram,
                limit: *limit,
                nearest,
            }
            .into());
        }
        Ok(())
    }
}

/// The bound of a bucket in nanoseconds; `None` for the last one, which has none.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be finite and not negative; beyond 2^64 `as` saturates"
)]
fn bound(sample: &MetricSample<'_>) -> Option<u128> {
    let seconds: f64 = sample.label("le")?.parse().ok()?;
    // Bounds are decimal fractions: the nearest nanosecond is what was written.
    (seconds.is_finite() && 0.0 <= seconds).then(|| u128::from((seconds * 1e9).round() as u64))
}

/// The value of a counter.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a whole number below 2^63"
)]
fn whole(sample: &MetricSample<'_>) -> Result<u64, Error> {
    let value = sample.value;
    if (0.0..9.2e18).contains(&value) && value.fract().abs() < f64::EPSILON {
        return Ok(value as u64);
    }
    Err(Repr::NotACount {
        sample: series_name(sample),
        seen: value.to_string(),
    }
    .into())
}

fn series_name(sample: &MetricSample<'_>) -> String {
    named(sample, |_| true)
}

/// A histogram: a bucket without its bound.
fn histogram_name(sample: &MetricSample<'_>) -> String {
    named(sample, |label| label != "le")
}

fn named(sample: &MetricSample<'_>, is_shown: impl Fn(&str) -> bool) -> String {
    let labels: Vec<String> = sample
        .labels
        .iter()
        .filter(|(name, _)| is_shown(name))
        .map(|(name, value)| format!("{name}={}", super::write::quoted(value)))
        .collect();
    if labels.is_empty() {
        return sample.name.to_string();
    }
    format!("{}{{{}}}", sample.name, labels.join(","))
}
