//! What a query engine answers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::parse::milliseconds;

/// The answer to a query.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct QueryAnswer {
    /// The series; empty when nothing matched.
    pub series: Vec<QuerySeries>,
    /// What the engine warns of; with Thanos a store that did not answer is a warning.
    pub warnings: Vec<String>,
    /// The engine says itself that something is missing (`VictoriaMetrics`).
    pub is_partial: bool,
}

/// The values of one series.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct QuerySeries {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its values in time order: one of a query at an instant, one a step of a query over a range.
    pub samples: Vec<QuerySample>,
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuerySample {
    /// When.
    pub time: Timestamp,
    /// The value; may be infinite or not a number.
    pub value: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    status: String,
    #[serde(default)]
    data: Data,
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    is_partial: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data {
    result_type: String,
    result: Value,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: Option<(f64, String)>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

impl QueryAnswer {
    /// Reads the body of an answer; the error says what the engine says.
    pub(super) fn from_json(text: &str) -> Result<Self, String> {
        let reply: Reply = serde_json::from_str(text).map_err(|error| {
            let start: String = text.chars().take(60).collect();
            format!("the answer `{start}` is not one of a query engine: {error}")
        })?;
        if reply.status != "success" {
            return Err(format!("{}: {}", reply.error_type, reply.error));
        }
        let series = match reply.data.result_type.as_str() {
            "vector" | "matrix" => {
                let series: Vec<Series> = serde_json::from_value(reply.data.result)
                    .map_err(|error| format!("a result that can not be read: {error}"))?;
                series
                    .into_iter()
                    .map(QuerySeries::of)
                    .collect::<Result<_, _>>()?
            }
            "scalar" => {
                let value: (f64, String) = serde_json::from_value(reply.data.result)
                    .map_err(|error| format!("a scalar that can not be read: {error}"))?;
                vec![QuerySeries {
                    labels: BTreeMap::new(),
                    samples: vec![QuerySample::of(value)?],
                }]
            }
            other => return Err(format!("a result of type `{other}`, expected numbers")),
        };
        Ok(Self {
            series,
            warnings: reply.warnings,
            is_partial: reply.is_partial,
        })
    }

    /// The sum of all values at an instant; `None` without values, or when one is not a number.
    pub fn total(&self) -> Option<f64> {
        let values = self.series.iter().flat_map(|series| &series.samples);
        let mut values = values.map(|sample| sample.value).peekable();
        values.peek()?;
        let total: f64 = values.sum();
        total.is_finite().then_some(total)
    }
}

impl QuerySeries {
    fn of(series: Series) -> Result<Self, String> {
        let samples = series.value.into_iter().chain(series.values);
        Ok(Self {
            labels: series.metric,
            samples: samples.map(QuerySample::of).collect::<Result<_, _>>()?,
        })
    }
}

impl QuerySample {
    fn of((seconds, value): (f64, String)) -> Result<Self, String> {
        let time = milliseconds(seconds).and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Ok(Self {
            time: time.ok_or_else(|| format!("a value at `{seconds}`, which is no time"))?,
            value: value
                .parse()
                .map_err(|_| format!("a value of `{value}`, expected a number"))?,
        })
    }
}
