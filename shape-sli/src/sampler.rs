//! Indicators that are looked at from time to time: freshness, throughput, saturation, probes.

use std::{collections::BTreeMap, num::NonZeroU64, time::Duration};

use jiff::Timestamp;
use shape_telemetry::ComponentId;

use crate::{Events, Indicator, Sli, SliPoint, SliReport, wilson};

/// What was seen at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// How old the data were.
    Age(Duration),
    /// How much was done in how long.
    Work {
        /// What was done: rows, messages, bytes.
        count: u64,
        /// In this time.
        during: Duration,
    },
    /// How much of something was used.
    Usage {
        /// Used.
        used: u64,
        /// Of so much in all.
        capacity: u64,
    },
    /// Whether it answered.
    Up(bool),
}

impl Indicator {
    /// Whether what was seen is good, decided by integers; `None` when it says nothing about this indicator: it is of
    /// another kind, took no time, or there is nothing to use.
    ///
    /// ```
    /// use std::time::Duration;
    /// use shape_sli::{Indicator, Observation};
    ///
    /// let fresh = Indicator::freshness(Duration::from_secs(600));
    /// assert_eq!(fresh.judge(Observation::Age(Duration::from_secs(600))), Some(true));
    ///
    /// let busy = Indicator::Throughput { per_hour: 3_600 };
    /// assert_eq!(busy.judge(Observation::Work { count: 9, during: Duration::from_secs(10) }), Some(false));
    ///
    /// let disk = Indicator::Saturation { limit_ppb: 800_000_000 };
    /// assert_eq!(disk.judge(Observation::Usage { used: 80, capacity: 100 }), Some(true));
    /// assert_eq!(disk.judge(Observation::Usage { used: 0, capacity: 0 }), None);
    /// ```
    pub fn judge(self, seen: Observation) -> Option<bool> {
        match (self, seen) {
            (Self::Freshness { limit_ns }, Observation::Age(age)) => {
                Some(age.as_nanos() <= u128::from(limit_ns))
            }
            (Self::Throughput { per_hour }, Observation::Work { count, during }) => {
                const HOUR_NS: u128 = 3_600_000_000_000;
                let during = during.as_nanos();
                let done = u128::from(count) * HOUR_NS;
                // A time too long for the product is longer than any count can fill.
                (during != 0).then(|| {
                    let wanted = u128::from(per_hour).checked_mul(during);
                    wanted.is_some_and(|wanted| wanted <= done)
                })
            }
            (Self::Saturation { limit_ppb }, Observation::Usage { used, capacity }) => {
                let used = u128::from(used) * 1_000_000_000;
                let most = u128::from(capacity) * u128::from(limit_ppb);
                (capacity != 0).then_some(used <= most)
            }
            (Self::Probe, Observation::Up(is_up)) => Some(is_up),
            _ => None,
        }
    }
}

/// Counts looks at an indicator: each look is an event, good or bad. Looks merge in any order.
///
/// ```
/// use std::time::Duration;
/// use shape_sli::{Events, Indicator, Observation, Sampler};
/// use shape_telemetry::ComponentId;
///
/// let mut probe = Sampler::new(Indicator::Probe, Duration::from_secs(60));
/// probe.look("2026-11-24T08:00:00Z".parse()?, Observation::Up(true));
/// probe.look("2026-11-24T08:00:20Z".parse()?, Observation::Up(false));
/// let sli = probe.sli(&ComponentId::new("shop"));
/// assert_eq!(&*sli.id, "shop/probe");
/// assert_eq!(sli.events, Events::new(1, 2)?);
/// assert_eq!(sli.points.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampler {
    indicator: Indicator,
    bucket_ms: NonZeroU64,
    buckets: BTreeMap<Timestamp, Events>,
}

impl Sampler {
    /// No looks yet. Buckets have this width, at least a millisecond.
    pub fn new(indicator: Indicator, bucket: Duration) -> Self {
        let ms = u64::try_from(bucket.as_millis()).unwrap_or(u64::MAX);
        Self {
            indicator,
            bucket_ms: NonZeroU64::new(ms).unwrap_or(NonZeroU64::MIN),
            buckets: BTreeMap::new(),
        }
    }

    /// Counts a look; whether it was good. What says nothing about the indicator counts nothing.
    pub fn look(&mut self, at: Timestamp, seen: Observation) -> Option<bool> {
        let is_good = self.indicator.judge(seen)?;
        let width = i64::try_from(self.bucket_ms.get()).unwrap_or(i64::MAX);
        let ms = at.as_millisecond();
        let start = Timestamp::from_millisecond(ms - ms.rem_euclid(width)).unwrap_or(at);
        let look = Events::from_good_bad(u64::from(is_good), u64::from(!is_good));
        *self.buckets.entry(start).or_default() += look;
        Some(is_good)
    }

    /// Adds the looks of another sampler.
    pub fn merge(&mut self, other: &Self) {
        for (start, events) in &other.buckets {
            *self.buckets.entry(*start).or_default() += *events;
        }
    }

    /// What was seen so far.
    pub fn sli(&self, component: &ComponentId) -> Sli {
        let events = self.buckets.values().copied().sum();
        let points = self.buckets.iter();
        Sli {
            id: self.indicator.sli_id(component).into(),
            indicator: self.indicator,
            events,
            interval: wilson(events, 0.95),
            points: points
                .map(|(&start, &events)| SliPoint { start, events })
                .collect(),
        }
    }
}

impl SliReport {
    /// Adds an indicator that was measured elsewhere: by a [`Sampler`], from scrapes or queries, of counts in a file.
    ///
    /// An indicator of the same name is replaced; components and indicators stay in order. The period grows to hold every
    /// point.
    pub fn add(&mut self, component: &ComponentId, sli: Sli) {
        use shape_telemetry::Period;
        let width = i64::try_from(self.bucket_ms).unwrap_or(i64::MAX);
        for point in sli.points.first().into_iter().chain(sli.points.last()) {
            let width = jiff::SignedDuration::from_millis(width);
            let covered = Period {
                start: point.start,
                end: point.start.checked_add(width).unwrap_or(Timestamp::MAX),
            };
            self.period = Some(self.period.map_or(covered, |known| known.union(covered)));
        }
        let place = self
            .components
            .binary_search_by(|entry| entry.component.cmp(component));
        let index = place.unwrap_or_else(|index| {
            let entry = crate::ComponentSli {
                component: component.clone(),
                slis: Vec::new(),
                latency: None,
                health: None,
            };
            self.components.insert(index, entry);
            index
        });
        let slis = &mut self.components[index].slis;
        slis.retain(|known| known.indicator != sli.indicator);
        let place = slis.partition_point(|known| known.indicator < sli.indicator);
        slis.insert(place, sli);
    }
}
