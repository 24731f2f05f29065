//! From measurements to indicators.

use std::sync::Arc;

use shape_telemetry::{
    Bucket, ComponentId, ComponentMeasurements, LatencySketch, Measurements, Period,
};

use crate::{
    BudgetHealth, ComponentSli, Error, Events, HealthInput, HealthModel, Indicator, LatencySummary,
    Sli, SliPoint, SliReport, error::Repr, figures::real, interval::is_confidence, wilson,
};

/// How measurements become an [`SliReport`].
///
/// ```
/// use shape_sli::{LegacyHealth, MeasureConfig};
///
/// let config = MeasureConfig::new().health(LegacyHealth);
/// # let _ = config;
/// ```
#[derive(Clone, Debug)]
pub struct MeasureConfig {
    confidence: f64,
    period: Option<Period>,
    health: Arc<dyn HealthModel + Send + Sync>,
}

impl Default for MeasureConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl MeasureConfig {
    /// Everything measured, intervals at 95 %, the [`BudgetHealth`] model.
    pub fn new() -> Self {
        Self {
            confidence: 0.95,
            period: None,
            health: Arc::new(BudgetHealth::new()),
        }
    }

    /// The confidence of the intervals.
    ///
    /// # Errors
    ///
    /// When it is not strictly between 0 and 1.
    pub fn confidence(mut self, confidence: f64) -> Result<Self, Error> {
        if !is_confidence(confidence) {
            return Err(Repr::BadConfidence {
                seen: confidence.to_string(),
            }
            .into());
        }
        self.confidence = confidence;
        Ok(self)
    }

    /// Only the buckets that start in this period; records without a time are left out then.
    #[must_use]
    pub fn period(mut self, period: Period) -> Self {
        self.period = Some(period);
        self
    }

    /// The model of the health score.
    #[must_use]
    pub fn health(mut self, model: impl HealthModel + Send + Sync + 'static) -> Self {
        self.health = Arc::new(model);
        self
    }
}

impl SliReport {
    /// Measures every component: availability, latency at every counted limit, a latency summary and the health.
    ///
    /// A component without requests is listed with empty indicators: nothing seen is an answer, not a success.
    pub fn measure(measurements: &Measurements, config: &MeasureConfig) -> Self {
        let bucket_ms = measurements.bucket_ms.get();
        let mut period: Option<Period> = None;
        let components = measurements
            .components
            .iter()
            .map(|(id, measured)| {
                let buckets = Selected::new(measured, config.period);
                if let Some(covered) = buckets.covers(bucket_ms) {
                    period = Some(period.map_or(covered, |known| known.union(covered)));
                }
                component(id, &buckets, &measurements.latency_limits_ns, config)
            })
            .collect();
        Self {
            schema_version: Self::SCHEMA_VERSION,
            period,
            bucket_ms,
            components,
        }
    }
}

/// The buckets of a component that are asked for.
struct Selected<'a> {
    timed: Vec<(jiff::Timestamp, &'a Bucket)>,
    untimed: Option<&'a Bucket>,
}

impl<'a> Selected<'a> {
    fn new(measured: &'a ComponentMeasurements, period: Option<Period>) -> Self {
        let wanted = |start| period.is_none_or(|period: Period| period.contains(start));
        Self {
            timed: measured
                .buckets
                .iter()
                .filter(|(start, _)| wanted(**start))
                .map(|(start, bucket)| (*start, bucket))
                .collect(),
            untimed: period.is_none().then_some(&measured.untimed),
        }
    }

    fn covers(&self, bucket_ms: u64) -> Option<Period> {
        let (start, _) = self.timed.first()?;
        let (last, _) = self.timed.last()?;
        let width = std::time::Duration::from_millis(bucket_ms);
        let end = last.checked_add(width).unwrap_or(jiff::Timestamp::MAX);
        Some(Period { start: *start, end })
    }

    fn all(&self) -> impl Iterator<Item = &'a Bucket> + '_ {
        let timed = self.timed.iter().map(|(_, bucket)| *bucket);
        timed.chain(self.untimed)
    }

    fn sli(&self, id: &str, indicator: Indicator, confidence: f64, count: CountOf<'_>) -> Sli {
        let events: Events = self.all().map(count).sum();
        let points = self.timed.iter().map(|(start, bucket)| SliPoint {
            start: *start,
            events: count(bucket),
        });
        Sli {
            id: Arc::from(id),
            indicator,
            events,
            interval: wilson(events, confidence),
            points: points.filter(|point| !point.events.is_none()).collect(),
        }
    }
}

type CountOf<'f> = &'f dyn Fn(&Bucket) -> Events;

fn component(
    id: &ComponentId,
    buckets: &Selected<'_>,
    limits_ns: &[u64],
    config: &MeasureConfig,
) -> ComponentSli {
    let mut slis = vec![buckets.sli(
        &Indicator::Availability.sli_id(id),
        Indicator::Availability,
        config.confidence,
        &|bucket| Events::from_good_bad(bucket.good, bucket.bad),
    )];
    for (index, &limit_ns) in limits_ns.iter().enumerate() {
        let indicator = Indicator::Latency { limit_ns };
        let count = |bucket: &Bucket| {
            let good = bucket.good_within.get(index).copied().unwrap_or(0);
            // A bucket that counts more good requests than timed ones contradicts itself; the total wins.
            Events::from_good_bad(
                good.min(bucket.timed),
                bucket.timed - good.min(bucket.timed),
            )
        };
        slis.push(buckets.sli(&indicator.sli_id(id), indicator, config.confidence, &count));
    }
    let mut latency = LatencySketch::default();
    for bucket in buckets.all() {
        latency.merge(&bucket.latency);
    }
    let availability = slis.first().map_or(Events::NONE, |sli| sli.events);
    let within: Vec<(u64, Events)> = slis
        .iter()
        .filter_map(|sli| match sli.indicator {
            Indicator::Latency { limit_ns } => Some((limit_ns, sli.events)),
            _ => None,
        })
        .collect();
    let input = HealthInput::new(availability, &within, &latency);
    ComponentSli {
        component: id.clone(),
        health: config.health.assess(&input),
        latency: summary(&latency),
        slis,
    }
}

fn summary(latency: &LatencySketch) -> Option<LatencySummary> {
    // One division of an integer, so that 3 ms is 3.0 and not 3.0000000000000004.
    let ms = |q| {
        let nanoseconds = latency.quantile(q)?.as_nanos();
        Some(real(u64::try_from(nanoseconds).unwrap_or(u64::MAX)) / 1e6)
    };
    Some(LatencySummary {
        count: latency.count(),
        p50_ms: ms(0.5)?,
        p95_ms: ms(0.95)?,
        p99_ms: ms(0.99)?,
        max_ms: ms(1.0)?,
    })
}
