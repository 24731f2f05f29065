//! Where the counts are kept.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroU64,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Method;
use jiff::Timestamp;
use shape_telemetry::{
    Bucket, ComponentId, Limits, LineCounts, Measurements, Presence, SessionSample,
};

use crate::Events;

/// Counts of one series are spread over so many locks, so that threads seldom meet.
const SHARDS: usize = 8;

/// The `gRPC` codes that stand for an HTTP status of 500 or more (`google.rpc.Code`).
const BAD_CODES: u32 = 1 << 2 | 1 << 4 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 15;

#[derive(Clone, Debug)]
pub(super) struct Settings {
    service: String,
    limits_ns: Vec<u64>,
    bucket_ms: NonZeroU64,
    pub(super) max_routes: usize,
    pub(super) has_method: bool,
    pub(super) cancelled_is_bad: bool,
    pub(super) whole_body: bool,
    bad_codes: u32,
}

impl Settings {
    pub(super) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            limits_ns: Vec::new(),
            bucket_ms: NonZeroU64::new(60_000).unwrap_or(NonZeroU64::MIN),
            max_routes: 128,
            has_method: true,
            cancelled_is_bad: true,
            whole_body: false,
            bad_codes: BAD_CODES,
        }
    }

    pub(super) fn set_limits(&mut self, limits: impl IntoIterator<Item = Duration>) {
        self.limits_ns = limits.into_iter().map(nanoseconds).collect();
        self.limits_ns.sort_unstable();
        self.limits_ns.dedup();
    }

    pub(super) fn set_bucket(&mut self, width: Duration) {
        let ms = u64::try_from(width.as_millis()).unwrap_or(u64::MAX);
        self.bucket_ms = NonZeroU64::new(ms).unwrap_or(NonZeroU64::MIN);
    }

    pub(super) fn set_bad_codes(&mut self, codes: impl IntoIterator<Item = u8>) {
        let known = codes.into_iter().filter(|code| *code < 32);
        self.bad_codes = known.fold(0, |all, code| all | 1 << code);
    }

    /// Whether a `grpc-status` is bad; what is no code is.
    pub(super) fn is_bad_code(&self, status: &[u8]) -> bool {
        let code = str::from_utf8(status)
            .ok()
            .and_then(|text| text.parse::<u32>().ok());
        code.is_none_or(|code| 32 <= code || self.bad_codes >> code & 1 == 1)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Good,
    Bad,
    Cancelled,
}

/// The counts of one route.
#[derive(Debug)]
pub(super) struct Series {
    settings: Arc<Settings>,
    shards: [Shard; SHARDS],
}

/// A lock of its own in a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    bucket: Bucket,
    cancelled: u64,
}

impl Shard {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Counts are whole between any two statements: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The shard of this thread: threads are numbered as they come.
fn shard_index() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static INDEX: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    INDEX.try_with(|index| *index).unwrap_or(0)
}

impl Series {
    fn new(settings: &Arc<Settings>) -> Self {
        Self {
            settings: settings.clone(),
            shards: std::array::from_fn(|_| Shard::default()),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn record(&self, outcome: Outcome, took: Duration) {
        let settings = &*self.settings;
        let mut counts = self.shards[shard_index()].lock();
        let counts = &mut *counts;
        let bucket = &mut counts.bucket;
        let is_cancelled = outcome == Outcome::Cancelled;
        counts.cancelled += u64::from(is_cancelled);
        if is_cancelled && !settings.cancelled_is_bad {
            return;
        }
        bucket.timed += 1;
        bucket.latency.insert(took);
        if outcome != Outcome::Good {
            bucket.bad += 1;
            return;
        }
        bucket.good += 1;
        if bucket.good_within.is_empty() {
            bucket.good_within.resize(settings.limits_ns.len(), 0);
        }
        let took = nanoseconds(took);
        for (within, limit) in bucket.good_within.iter_mut().zip(&settings.limits_ns) {
            *within += u64::from(took <= *limit);
        }
    }

    fn events(&self) -> Events {
        let shards = self.shards.iter().map(Shard::lock);
        shards
            .map(|counts| Events::from_good_bad(counts.bucket.good, counts.bucket.bad))
            .sum()
    }

    /// Takes all counts out.
    fn take(&self) -> (Bucket, u64) {
        let mut all = Bucket {
            good_within: vec![0; self.settings.limits_ns.len()],
            ..Bucket::default()
        };
        let mut cancelled = 0;
        for shard in &self.shards {
            let counts = std::mem::take(&mut *shard.lock());
            all.good += counts.bucket.good;
            all.bad += counts.bucket.bad;
            all.timed += counts.bucket.timed;
            all.latency.merge(&counts.bucket.latency);
            for (sum, within) in all.good_within.iter_mut().zip(counts.bucket.good_within) {
                *sum += within;
            }
            cancelled += counts.cancelled;
        }
        (all, cancelled)
    }
}

/// All series of a service.
#[derive(Debug)]
pub(super) struct Registry {
    settings: Arc<Settings>,
    /// All requests, where routes are not told apart.
    whole: Arc<Series>,
    unmatched: Arc<Series>,
    /// What came after the limit.
    other: Arc<Series>,
    routes: RwLock<Routes>,
    over_limit: AtomicU64,
    /// What was taken out before: all events, and those that were cancelled.
    taken: Mutex<(BTreeMap<ComponentId, Events>, u64)>,
}

#[derive(Debug, Default)]
struct Routes {
    by_name: HashMap<Box<str>, Vec<(Method, Arc<Series>)>>,
    count: usize,
}

impl Routes {
    fn find(&self, method: &Method, route: &str) -> Option<&Arc<Series>> {
        let methods = self.by_name.get(route)?;
        let found = methods.iter().find(|(known, _)| known == method);
        found.map(|(_, series)| series)
    }
}

impl Registry {
    pub(super) fn new(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let series = || Arc::new(Series::new(&settings));
        Self {
            whole: series(),
            unmatched: series(),
            other: series(),
            settings,
            routes: RwLock::default(),
            over_limit: AtomicU64::new(0),
            taken: Mutex::default(),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn whole(&self) -> &Arc<Series> {
        &self.whole
    }

    pub(super) fn series_of(&self, method: &Method, route: Option<&str>) -> Arc<Series> {
        let Some(route) = route else {
            return self.unmatched.clone();
        };
        // Without methods every route is kept under the same one.
        let method = if self.settings.has_method {
            method
        } else {
            &Method::GET
        };
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.find(method, route) {
            return series.clone();
        }
        drop(known);
        self.add(method, route)
    }

    fn add(&self, method: &Method, route: &str) -> Arc<Series> {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = routes.find(method, route) {
            return series.clone();
        }
        if self.settings.max_routes <= routes.count {
            self.over_limit.fetch_add(1, Ordering::Relaxed);
            return self.other.clone();
        }
        let series = Arc::new(Series::new(&self.settings));
        routes.count += 1;
        let methods = routes.by_name.entry(Box::from(route)).or_default();
        methods.push((method.clone(), series.clone()));
        series
    }

    /// Every series with its component.
    fn all(&self) -> BTreeMap<ComponentId, Arc<Series>> {
        let service = &self.settings.service;
        let named = |name: &str| ComponentId::new(&format!("{service}/{name}"));
        let mut all = BTreeMap::from([
            (ComponentId::new(service), self.whole.clone()),
            (named("unmatched"), self.unmatched.clone()),
            (named("other"), self.other.clone()),
        ]);
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        for (route, methods) in &routes.by_name {
            for (method, series) in methods {
                let name = if self.settings.has_method {
                    named(&format!("{method} {route}"))
                } else {
                    named(route)
                };
                all.insert(name, series.clone());
            }
        }
        all
    }
}

/// Reads what a [`MeasureLayer`](crate::MeasureLayer) has counted.
#[derive(Clone, Debug)]
pub struct MeasureHandle {
    registry: Arc<Registry>,
}

/// What a layer counts beside good and bad requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerCounts {
    /// Requests that were dropped before their end.
    pub cancelled: u64,
    /// Requests of routes beyond the limit; they are measured as `other`.
    pub over_limit: u64,
}

impl MeasureHandle {
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    /// What was counted since the last time, in the bucket that `now` lies in.
    ///
    /// Merged with the measurements of other times or instances it gives what one pass would have; taken about once a
    /// bucket, each request lies in its own bucket or the next. A component without requests since then is not in it.
    pub fn take(&self, now: Timestamp) -> Measurements {
        let settings = &self.registry.settings;
        let mut measurements = Measurements {
            bucket_ms: settings.bucket_ms,
            bucket_doublings: 0,
            latency_limits_ns: settings.limits_ns.clone(),
            limits: Limits::new(),
            lines: LineCounts::default(),
            components: BTreeMap::new(),
            templates: BTreeMap::new(),
            sessions: SessionSample::default(),
            presence: Presence::default(),
        };
        let start = bucket_start(now, settings.bucket_ms);
        let mut taken = self.taken();
        for (component, series) in self.registry.all() {
            let (bucket, cancelled) = series.take();
            taken.1 += cancelled;
            if bucket.timed == 0 {
                continue;
            }
            let events = Events::from_good_bad(bucket.good, bucket.bad);
            *taken.0.entry(component.clone()).or_default() += events;
            let measured = measurements.components.entry(component).or_default();
            measured.buckets.insert(start, bucket);
        }
        measurements
    }

    /// All events since the beginning, by component; reading takes nothing out.
    pub fn events_by_component(&self) -> BTreeMap<ComponentId, Events> {
        let taken = self.taken();
        let mut all = taken.0.clone();
        for (component, series) in self.registry.all() {
            let events = series.events();
            if !events.is_none() {
                *all.entry(component).or_default() += events;
            }
        }
        all
    }

    /// All events of the service since the beginning; reading takes nothing out.
    pub fn events(&self) -> Events {
        self.events_by_component().into_values().sum()
    }

    /// What else was counted since the beginning.
    pub fn counts(&self) -> LayerCounts {
        let taken = self.taken();
        let series = self.registry.all().into_values();
        let now: u64 = series
            .flat_map(|series| series.shards.each_ref().map(|shard| shard.lock().cancelled))
            .sum();
        LayerCounts {
            cancelled: taken.1 + now,
            over_limit: self.registry.over_limit.load(Ordering::Relaxed),
        }
    }

    /// The number of routes that are told apart so far.
    pub fn routes(&self) -> usize {
        let routes = &self.registry.routes;
        routes.read().unwrap_or_else(PoisonError::into_inner).count
    }

    /// Held while counts move, so that a reader sees each event once.
    fn taken(&self) -> MutexGuard<'_, (BTreeMap<ComponentId, Events>, u64)> {
        let taken = &self.registry.taken;
        taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bucket_start(now: Timestamp, width_ms: NonZeroU64) -> Timestamp {
    let width = i64::try_from(width_ms.get()).unwrap_or(i64::MAX);
    let ms = now.as_millisecond();
    Timestamp::from_millisecond(ms - ms.rem_euclid(width)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_codes_are_bad_as_their_http_status_is() {
        let settings = Settings::new("shop");
        let bad: Vec<u32> = (0..40)
            .filter(|code| settings.is_bad_code(code.to_string().as_bytes()))
            .collect();
        assert_eq!(bad, [2, 4, 12, 13, 14, 15, 32, 33, 34, 35, 36, 37, 38, 39]);
        assert!(settings.is_bad_code(b"") && settings.is_bad_code(b"x"));
    }

    #[test]
    fn buckets_start_at_multiples_of_their_width() {
        let width = NonZeroU64::new(60_000).unwrap();
        for (now, start) in [
            ("2026-11-24T08:01:59.999Z", "2026-11-24T08:01:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:00Z"),
        ] {
            let seen = bucket_start(now.parse().unwrap(), width);
            assert_eq!(seen, start.parse().unwrap());
        }
    }
}
