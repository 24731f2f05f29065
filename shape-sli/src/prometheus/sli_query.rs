//! Events by queries.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use shape_telemetry::Period;

use super::{PrometheusClient, QueryAnswer};
use crate::{Error, Events, SliPoint};

/// An indicator as two expressions: good (or bad) events, and all of them.
///
/// The expressions give numbers of events, so they are of the form `sum(increase(metric[1h]))`. What an engine extrapolates
/// is rounded to whole events.
///
/// Whatever keeps an answer from being sure — an engine that does not answer, a warning, an answer that says it is partial,
/// a value that is not a number, no series — is *no data* with a reason, never a success.
///
/// ```no_run
/// use shape_sli::{PrometheusClient, SliQuery};
///
/// let client = PrometheusClient::new("http://localhost:9090");
/// let sli = SliQuery::of_bad(
///     r#"sum(increase(http_requests_total{code=~"5.."}[1h]))"#,
///     "sum(increase(http_requests_total[1h]))",
/// );
/// let hour = sli.evaluate(&client, "2026-11-24T08:00:00Z".parse()?);
/// match &hour.no_data {
///     None => println!("{}", hour.events),
///     Some(reason) => println!("no data: {reason}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliQuery {
    part: String,
    total: String,
    is_bad: bool,
    is_lenient: bool,
}

/// Events that an engine was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueriedSli {
    /// The events; none when there is a reason in `no_data`.
    pub events: Events,
    /// Why there are none: what failed, or what is missing.
    pub no_data: Option<String>,
    /// What the engine warns of.
    pub warnings: Vec<String>,
}

impl SliQuery {
    /// Good events of all events.
    pub fn of_good(good: &str, total: &str) -> Self {
        Self::new(good, total, false)
    }

    /// All events less bad ones. Where no series of bad events is there, there are none of them.
    pub fn of_bad(bad: &str, total: &str) -> Self {
        Self::new(bad, total, true)
    }

    fn new(part: &str, total: &str, is_bad: bool) -> Self {
        Self {
            part: part.to_owned(),
            total: total.to_owned(),
            is_bad,
            is_lenient: false,
        }
    }

    /// Takes answers with warnings, and partial ones, for what they are.
    #[must_use]
    pub fn accept_partial(mut self) -> Self {
        self.is_lenient = true;
        self
    }

    /// The events at an instant.
    pub fn evaluate(&self, client: &PrometheusClient, at: Timestamp) -> QueriedSli {
        let ask = |expression: &str| client.query(expression, at);
        let (part, total) = match self.both(ask) {
            Ok(both) => both,
            Err(no_data) => return no_data,
        };
        let warnings = warnings(&part, &total);
        let events = part
            .total()
            .or_else(|| self.absent(&part))
            .zip(total.total())
            .and_then(|(part, total)| self.events(part, total));
        let no_data = match events {
            None => Some("no series, or a value that is not a number".to_owned()),
            Some(events) if events.is_none() => Some("no events".to_owned()),
            Some(_) => None,
        };
        QueriedSli {
            events: events.unwrap_or(Events::NONE),
            no_data,
            warnings,
        }
    }

    /// The events at every `step` of a period, where there are data; the expressions look back as far as a step.
    ///
    /// # Errors
    ///
    /// When a query fails, or its answer is not sure.
    pub fn evaluate_range(
        &self,
        client: &PrometheusClient,
        period: Period,
        step: Duration,
    ) -> Result<Vec<SliPoint>, Error> {
        let ask = |expression: &str| client.query_range(expression, period, step);
        let (part, total) = self.both(ask).map_err(|no_data| {
            Error::from(crate::error::Repr::Query {
                query: self.total.clone(),
                message: no_data.no_data.unwrap_or_default(),
            })
        })?;
        let (part, total) = (by_time(&part), by_time(&total));
        let points = total.into_iter().filter_map(|(start, total)| {
            let part = match part.get(&start) {
                Some(part) => *part,
                None => self.is_bad.then_some(0.0)?,
            };
            let events = self.events(part, total)?;
            (!events.is_none()).then_some(SliPoint { start, events })
        });
        Ok(points.collect())
    }

    /// Both answers, or why they are not sure.
    fn both(
        &self,
        ask: impl Fn(&str) -> Result<QueryAnswer, Error>,
    ) -> Result<(QueryAnswer, QueryAnswer), QueriedSli> {
        let no_data = |reason: String, warnings: Vec<String>| QueriedSli {
            events: Events::NONE,
            no_data: Some(reason),
            warnings,
        };
        let sure = |expression: &str| {
            let answer = ask(expression).map_err(|error| no_data(error.to_string(), Vec::new()))?;
            if self.is_lenient {
                return Ok(answer);
            }
            if answer.is_partial {
                let reason = format!("query `{expression}`: the answer is partial");
                return Err(no_data(reason, answer.warnings));
            }
            if let Some(warning) = answer.warnings.first() {
                let reason = format!("query `{expression}`: {warning}");
                return Err(no_data(reason, answer.warnings));
            }
            Ok(answer)
        };
        Ok((sure(&self.part)?, sure(&self.total)?))
    }

    /// A series of failures begins with the first failure.
    fn absent(&self, part: &QueryAnswer) -> Option<f64> {
        (self.is_bad && part.series.is_empty()).then_some(0.0)
    }

    fn events(&self, part: f64, total: f64) -> Option<Events> {
        let (part, total) = (rounded(part)?, rounded(total)?);
        Some(if self.is_bad {
            Events::from_good_bad(total.saturating_sub(part), part)
        } else {
            Events::from_good_bad(part.min(total), total.saturating_sub(part))
        })
    }
}

fn warnings(part: &QueryAnswer, total: &QueryAnswer) -> Vec<String> {
    part.warnings
        .iter()
        .chain(&total.warnings)
        .cloned()
        .collect()
}

/// The sums of all series by time; one value that is not a number makes the sum none.
fn by_time(answer: &QueryAnswer) -> BTreeMap<Timestamp, f64> {
    let mut sums = BTreeMap::new();
    for sample in answer.series.iter().flat_map(|series| &series.samples) {
        *sums.entry(sample.time).or_insert(0.0) += sample.value;
    }
    sums
}

/// A number of events; `None` when it is not one.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to lie inside of the range of a u64"
)]
fn rounded(value: f64) -> Option<u64> {
    (-0.5..9.2e18)
        .contains(&value)
        .then(|| value.round() as u64)
}
