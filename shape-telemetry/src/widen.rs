//! Buckets of time that become wider when there are too many of them.
//!
//! Widths double, so that wide buckets begin where narrow ones do: what was counted in narrow buckets is what would have
//! been counted in wide ones. More records never want narrower buckets, and so the width that a log ends with does not
//! depend on how it was parted: merging stays a law.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    num::NonZeroU64,
};

use jiff::Timestamp;

use crate::{
    Bucket, ComponentMeasurements, Gauge, Measurements, TemplateSeries, monoid::bucket_start,
};

/// Gives what was counted in buckets to those of another width.
pub(crate) fn rebucket<T>(
    buckets: &mut BTreeMap<Timestamp, T>,
    width_ms: NonZeroU64,
    merge: impl Fn(&mut T, T),
) {
    for (start, counted) in std::mem::take(buckets) {
        match buckets.entry(bucket_start(start, width_ms)) {
            Entry::Vacant(entry) => {
                entry.insert(counted);
            }
            Entry::Occupied(mut entry) => merge(entry.get_mut(), counted),
        }
    }
}

/// Twice the width.
pub(crate) fn twice(width_ms: NonZeroU64) -> NonZeroU64 {
    width_ms.saturating_add(width_ms.get())
}

impl Measurements {
    /// The width of the buckets before any doubling.
    pub(crate) fn first_width(&self) -> NonZeroU64 {
        let width = self.bucket_ms.get().checked_shr(self.bucket_doublings);
        width.and_then(NonZeroU64::new).unwrap_or(NonZeroU64::MIN)
    }

    /// Doubles the width of the buckets until they are as wide as asked for.
    pub(crate) fn widen_to(&mut self, width_ms: NonZeroU64) {
        if width_ms <= self.bucket_ms {
            return;
        }
        while self.bucket_ms < width_ms {
            self.bucket_ms = twice(self.bucket_ms);
            self.bucket_doublings += 1;
        }
        for component in self.components.values_mut() {
            component.rebucket(self.bucket_ms);
        }
        for series in self.templates.values_mut() {
            series.rebucket(self.bucket_ms);
        }
    }

    /// Doubles the width of the buckets until there are no more than the limit allows.
    pub(crate) fn bound_buckets(&mut self) {
        let max = self.limits.max_buckets();
        let all = |components: &BTreeMap<_, ComponentMeasurements>| -> usize {
            components.values().map(|part| part.buckets.len()).sum()
        };
        // The sum is more than there are, and quickly found.
        if all(&self.components) <= max {
            return;
        }
        let mut starts: BTreeSet<Timestamp> = self
            .components
            .values()
            .flat_map(|component| component.buckets.keys().copied())
            .collect();
        let mut width = self.bucket_ms;
        while max < starts.len() {
            width = twice(width);
            starts = starts
                .iter()
                .map(|&start| bucket_start(start, width))
                .collect();
        }
        self.widen_to(width);
    }
}

impl ComponentMeasurements {
    pub(crate) fn rebucket(&mut self, width_ms: NonZeroU64) {
        rebucket(&mut self.buckets, width_ms, Bucket::merge);
        for series in self.metrics.values_mut() {
            rebucket(series, width_ms, |sum, more: Gauge| sum.merge(&more));
        }
    }
}

impl TemplateSeries {
    pub(crate) fn rebucket(&mut self, width_ms: NonZeroU64) {
        rebucket(&mut self.buckets, width_ms, |sum, more| *sum += more);
    }
}
