//! Merging measurements, and asking them.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    num::NonZeroU64,
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    Bucket, ComponentId, ComponentMeasurements, LatencySketch, Limits, Measurements, Overflow,
    Period, TemplateId, TemplateSeries, exemplar, fingerprint, number,
};

/// Why measurements can not be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// The buckets have different widths.
    #[error("buckets of {0} ms and of {1} ms can not be merged")]
    BucketWidth(NonZeroU64, NonZeroU64),
    /// The latency limits differ.
    #[error("requests were counted at the limits {0:?} ns and {1:?} ns, which can not be merged")]
    LatencyLimits(Vec<u64>, Vec<u64>),
}

/// Sums over buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Requests that ended well.
    pub good: u64,
    /// Requests that failed.
    pub bad: u64,
    /// Records that report no request.
    pub other: u64,
    /// Requests that carry a duration.
    pub timed: u64,
}

impl Totals {
    /// Requests, good and bad.
    pub fn requests(self) -> u64 {
        self.good + self.bad
    }

    /// All records.
    pub fn records(self) -> u64 {
        self.good + self.bad + self.other
    }

    fn add(&mut self, bucket: &Bucket) {
        self.good += bucket.good;
        self.bad += bucket.bad;
        self.other += bucket.other;
        self.timed += bucket.timed;
    }
}

impl Measurements {
    /// Templates beyond this many are counted together under [`Measurements::OTHER`], unless [`Limits`] says otherwise.
    pub const MAX_TEMPLATES: usize = 10_000;
    /// Components beyond this many are counted together under [`Measurements::OTHER`], unless [`Limits`] says otherwise.
    pub const MAX_COMPONENTS: usize = 1_000;
    /// Fields of a component whose values are counted.
    pub const MAX_FIELDS: usize = 16;
    /// Values of a field that are counted.
    pub const MAX_VALUES: usize = 32;
    /// Numeric fields of a component that become metrics, unless [`Limits`] says otherwise.
    pub const MAX_METRICS: usize = 8;
    /// Time buckets with records, unless [`Limits`] says otherwise.
    pub const MAX_BUCKETS: usize = 1 << 17;
    /// The name under which what exceeds a limit is counted together.
    pub const OTHER: &'static str = "other";

    /// Nothing measured: the identity of [`Measurements::merge`].
    ///
    /// The bucket width is rounded down to milliseconds, at least one; the limits are sorted.
    pub fn empty(bucket: Duration, latency_limits: impl IntoIterator<Item = Duration>) -> Self {
        let bucket_ms = u64::try_from(bucket.as_millis()).unwrap_or(u64::MAX);
        let mut limits: Vec<u64> = latency_limits.into_iter().map(number::nanos).collect();
        limits.sort_unstable();
        limits.dedup();
        Self {
            bucket_ms: NonZeroU64::new(bucket_ms).unwrap_or(NonZeroU64::MIN),
            bucket_doublings: 0,
            latency_limits_ns: limits,
            limits: Limits::new(),
            lines: crate::LineCounts::default(),
            components: BTreeMap::new(),
            templates: BTreeMap::new(),
            sessions: crate::SessionSample::default(),
            presence: crate::Presence::default(),
        }
    }

    /// What both measured, as if one had read it all: associative and commutative to the byte.
    ///
    /// # Errors
    ///
    /// When bucket width or latency limits differ.
    pub fn merge(mut self, other: Self) -> Result<Self, MergeError> {
        if self.first_width() != other.first_width() {
            return Err(MergeError::BucketWidth(self.bucket_ms, other.bucket_ms));
        }
        if self.latency_limits_ns != other.latency_limits_ns {
            return Err(MergeError::LatencyLimits(
                self.latency_limits_ns,
                other.latency_limits_ns,
            ));
        }
        self.absorb(other);
        Ok(self)
    }

    /// Merges what was measured under the same configuration.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.widen_to(other.bucket_ms);
        other.widen_to(self.bucket_ms);
        self.limits = self.limits.and(other.limits);
        self.lines = self.lines.plus(other.lines);
        for (id, component) in other.components {
            match self.components.entry(id) {
                Entry::Vacant(entry) => {
                    entry.insert(component);
                }
                Entry::Occupied(mut entry) => entry.get_mut().merge(component),
            }
        }
        for (id, series) in other.templates {
            match self.templates.entry(id) {
                Entry::Vacant(entry) => {
                    entry.insert(series);
                }
                Entry::Occupied(mut entry) => entry.get_mut().merge(series),
            }
        }
        self.sessions.merge(other.sessions);
        self.presence.merge(other.presence);
        self.bound();
    }

    /// Moves what exceeds the limits to [`Measurements::OTHER`]. What stays is decided by fingerprints, so that no
    /// order of merging changes it.
    pub(crate) fn bound(&mut self) {
        while self.limits.max_templates() < self.templates.len() {
            // `other` is above every hexadecimal id.
            let last = self
                .templates
                .keys()
                .rev()
                .find(|id| id.as_str() != Self::OTHER)
                .cloned();
            let Some(series) = last.and_then(|id| self.templates.remove(&id)) else {
                break;
            };
            let id = TemplateId::new(Self::OTHER);
            match self.templates.entry(id) {
                Entry::Vacant(entry) => {
                    entry.insert(TemplateSeries {
                        text: Self::OTHER.to_owned(),
                        component: ComponentId::new(Self::OTHER),
                        ..series
                    });
                }
                Entry::Occupied(mut entry) => entry.get_mut().merge(series),
            }
        }
        // Messages of many kinds have no level in common.
        if let Some(other) = self.templates.get_mut(&TemplateId::new(Self::OTHER)) {
            other.level = None;
        }
        let max = self.limits.max_components();
        if max < self.components.len() {
            let mut order: Vec<(u64, ComponentId)> = self
                .components
                .keys()
                .filter(|id| id.as_str() != Self::OTHER)
                .map(|id| (fingerprint::of(&[id.as_str()]), id.clone()))
                .collect();
            order.sort();
            for (_, id) in order.split_off(max - 1) {
                if let Some(component) = self.components.remove(&id) {
                    self.components
                        .entry(ComponentId::new(Self::OTHER))
                        .or_default()
                        .merge(component);
                }
            }
        }
        let max = self.limits.max_metrics();
        for component in self.components.values_mut() {
            keep_smallest(&mut component.metrics, max);
        }
        self.bound_buckets();
    }

    /// What was not told apart, because of the limits.
    pub fn overflow(&self) -> Overflow {
        let messages = self
            .templates
            .get(&TemplateId::new(Self::OTHER))
            .map_or(0, TemplateSeries::count);
        // A component may have that name of its own, as long as there is room for it.
        let is_full = self.limits.max_components() <= self.components.len();
        let records = if is_full {
            self.totals(Self::OTHER, None).records()
        } else {
            0
        };
        let mut overflow = Overflow {
            messages,
            records,
            bucket_doublings: self.bucket_doublings,
            ..Overflow::default()
        };
        for component in self.components.values() {
            let (fields, metrics) = component.counted();
            overflow.field_values += component.seen.fields.saturating_sub(fields);
            overflow.metric_values += component.seen.metrics.saturating_sub(metrics);
        }
        overflow
    }

    /// Which component calls which, by the requests of the sample.
    pub fn dependencies(&self) -> crate::ComponentGraph {
        self.sessions.graph()
    }

    /// From the first to just after the last record with a time.
    pub fn period(&self) -> Option<Period> {
        self.components
            .values()
            .filter_map(ComponentMeasurements::period)
            .reduce(Period::union)
    }

    /// The start of the bucket that an instant lies in.
    pub fn bucket_start(&self, time: Timestamp) -> Timestamp {
        bucket_start(time, self.bucket_ms)
    }

    /// The buckets of a component in the order of time; none when it is not known.
    pub fn buckets(&self, component: &str) -> impl Iterator<Item = (Timestamp, &Bucket)> {
        self.components
            .get(component)
            .into_iter()
            .flat_map(|component| &component.buckets)
            .map(|(&start, bucket)| (start, bucket))
    }

    /// The buckets of a component that start in a period (all of them without one) and the records without a time
    /// (only without a period).
    fn chosen(&self, component: &str, period: Option<Period>) -> impl Iterator<Item = &Bucket> {
        let untimed = self
            .components
            .get(component)
            .filter(|_| period.is_none())
            .map(|component| &component.untimed);
        self.buckets(component)
            .filter(move |(start, _)| period.is_none_or(|period| period.contains(*start)))
            .map(|(_, bucket)| bucket)
            .chain(untimed)
    }

    /// The sums of a component over the buckets that start in a period; without one, over everything.
    pub fn totals(&self, component: &str, period: Option<Period>) -> Totals {
        let mut totals = Totals::default();
        for bucket in self.chosen(component, period) {
            totals.add(bucket);
        }
        totals
    }

    /// The latencies of the requests of a component, as [`Measurements::totals`] chooses them.
    pub fn latency(&self, component: &str, period: Option<Period>) -> LatencySketch {
        let mut sketch = LatencySketch::default();
        for bucket in self.chosen(component, period) {
            sketch.merge(&bucket.latency);
        }
        sketch
    }

    /// Good requests that took no longer than `limit`, exactly, and the requests that carry a duration; `None` when
    /// `limit` is not one of the latency limits.
    pub fn good_within(
        &self,
        component: &str,
        limit: Duration,
        period: Option<Period>,
    ) -> Option<(u64, u64)> {
        let index = self
            .latency_limits_ns
            .binary_search(&number::nanos(limit))
            .ok()?;
        let mut sums = (0, 0);
        for bucket in self.chosen(component, period) {
            sums.0 += bucket.good_within.get(index).copied().unwrap_or(0);
            sums.1 += bucket.timed;
        }
        Some(sums)
    }

    /// What was measured in the buckets that start in a period.
    ///
    /// Records without a time are left out. Line counts, the durations of templates and the counts by field value are
    /// not known by time and stay as they are.
    #[must_use]
    pub fn restrict(&self, period: Period) -> Self {
        let has_begun = |time: Timestamp| period.contains(bucket_start(time, self.bucket_ms));
        let component = |measured: &ComponentMeasurements| {
            let mut part = ComponentMeasurements {
                buckets: within(&measured.buckets, period),
                untimed: Bucket::new(self.latency_limits_ns.len()),
                fields: measured.fields.clone(),
                metrics: measured
                    .metrics
                    .iter()
                    .map(|(name, series)| (name.clone(), within(series, period)))
                    .filter(|(_, series)| !series.is_empty())
                    .collect(),
                seen: measured.seen,
            };
            // What was cut is not known by time.
            let (_, all) = measured.counted();
            part.seen.metrics = measured.seen.metrics.saturating_sub(all) + part.counted().1;
            part
        };
        let template = |series: &TemplateSeries| TemplateSeries {
            text: series.text.clone(),
            component: series.component.clone(),
            level: series.level,
            buckets: within(&series.buckets, period),
            untimed: 0,
            durations: series.durations.clone(),
            exemplars: series
                .exemplars
                .iter()
                .filter(|exemplar| exemplar.time.is_some_and(has_begun))
                .cloned()
                .collect(),
        };
        // Only what stays is cloned: of a log of weeks, the whole is the largest thing that this process holds.
        let mut result = Self {
            bucket_ms: self.bucket_ms,
            bucket_doublings: self.bucket_doublings,
            latency_limits_ns: self.latency_limits_ns.clone(),
            limits: self.limits,
            lines: self.lines,
            components: self
                .components
                .iter()
                .map(|(id, measured)| (id.clone(), component(measured)))
                .filter(|(_, measured)| !measured.buckets.is_empty())
                .collect(),
            templates: self
                .templates
                .iter()
                .map(|(id, series)| (id.clone(), template(series)))
                .filter(|(_, series)| series.count() != 0)
                .collect(),
            sessions: self.sessions.clone(),
            presence: self.presence.clone(),
        };
        result.presence.restrict(period);
        result
            .sessions
            .retain(|step| step.time.is_some_and(has_begun));
        result
    }
}

/// The buckets that start in a period.
fn within<T: Clone>(buckets: &BTreeMap<Timestamp, T>, period: Period) -> BTreeMap<Timestamp, T> {
    buckets
        .iter()
        .filter(|(start, _)| period.contains(**start))
        .map(|(start, bucket)| (*start, bucket.clone()))
        .collect()
}

pub(crate) fn bucket_start(time: Timestamp, bucket_ms: NonZeroU64) -> Timestamp {
    let width = i64::try_from(bucket_ms.get()).unwrap_or(i64::MAX);
    // `as_millisecond` cuts towards zero; before 1970 that would be the wrong bucket.
    let ms = if 0 <= time.as_second() {
        time.as_millisecond()
    } else {
        i64::try_from(time.as_nanosecond().div_euclid(1_000_000)).unwrap_or_default()
    };
    let start = ms - ms.rem_euclid(width);
    Timestamp::from_millisecond(start).unwrap_or(time)
}

impl ComponentMeasurements {
    /// From the first to just after the last record with a time.
    pub fn period(&self) -> Option<Period> {
        let first = self.buckets.values().find_map(|bucket| bucket.first)?;
        let last = self.buckets.values().rev().find_map(|bucket| bucket.last)?;
        let end = last
            .checked_add(jiff::SignedDuration::from_nanos(1))
            .unwrap_or(last);
        Some(Period { start: first, end })
    }

    /// How many values of fields, and of metrics, are counted.
    fn counted(&self) -> (u64, u64) {
        let values = self.fields.values().flat_map(BTreeMap::values);
        let gauges = self.metrics.values().flat_map(BTreeMap::values);
        (
            values.map(|counts| counts.good + counts.bad).sum(),
            gauges.map(|gauge| gauge.count).sum(),
        )
    }

    fn merge(&mut self, other: Self) {
        self.seen.fields += other.seen.fields;
        self.seen.metrics += other.seen.metrics;
        for (start, bucket) in other.buckets {
            match self.buckets.entry(start) {
                Entry::Vacant(entry) => {
                    entry.insert(bucket);
                }
                Entry::Occupied(mut entry) => entry.get_mut().merge(bucket),
            }
        }
        self.untimed.merge(other.untimed);
        for (name, values) in other.fields {
            let mine = self.fields.entry(name).or_default();
            for (value, counts) in values {
                let sum = mine.entry(value).or_default();
                sum.good += counts.good;
                sum.bad += counts.bad;
                sum.durations.merge(&counts.durations);
            }
            keep_smallest(mine, Measurements::MAX_VALUES);
        }
        keep_smallest(&mut self.fields, Measurements::MAX_FIELDS);
        for (name, series) in other.metrics {
            let mine = self.metrics.entry(name).or_default();
            for (start, gauge) in series {
                mine.entry(start)
                    .and_modify(|sum| sum.merge(&gauge))
                    .or_insert(gauge);
            }
        }
    }
}

/// Keeps the entries with the smallest fingerprints. A key among the `max` smallest of all keys is among the `max`
/// smallest of every part that has it: its count is never lost, and the result does not depend on the order.
fn keep_smallest<T>(map: &mut BTreeMap<String, T>, max: usize) {
    if map.len() <= max {
        return;
    }
    let mut order: Vec<u64> = map.keys().map(|key| fingerprint::of(&[key])).collect();
    order.sort_unstable();
    let Some(&bound) = order.get(max) else {
        return;
    };
    map.retain(|key, _| fingerprint::of(&[key]) < bound);
}

impl Bucket {
    pub(crate) fn new(n_limits: usize) -> Self {
        Self {
            good_within: vec![0; n_limits],
            ..Self::default()
        }
    }

    /// Requests, good and bad.
    pub fn requests(&self) -> u64 {
        self.good + self.bad
    }

    /// All records.
    pub fn records(&self) -> u64 {
        self.good + self.bad + self.other
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.good += other.good;
        self.bad += other.bad;
        self.other += other.other;
        self.timed += other.timed;
        self.latency.merge(&other.latency);
        if self.good_within.len() < other.good_within.len() {
            self.good_within.resize(other.good_within.len(), 0);
        }
        for (sum, more) in self.good_within.iter_mut().zip(other.good_within) {
            *sum += more;
        }
        exemplar::merge(
            &mut self.exemplars,
            other.exemplars,
            exemplar::Order::Slowest,
            exemplar::PER_BUCKET,
        );
        exemplar::merge(
            &mut self.failures,
            other.failures,
            exemplar::Order::First,
            exemplar::PER_BUCKET,
        );
        self.first = match (self.first, other.first) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.last = self.last.max(other.last);
    }
}

impl TemplateSeries {
    pub(crate) fn merge(&mut self, other: Self) {
        self.level = self.level.max(other.level);
        for (start, count) in other.buckets {
            *self.buckets.entry(start).or_insert(0) += count;
        }
        self.untimed += other.untimed;
        self.durations.merge(&other.durations);
        exemplar::merge(
            &mut self.exemplars,
            other.exemplars,
            exemplar::Order::First,
            exemplar::PER_TEMPLATE,
        );
    }
}
