//! A client of the HTTP API for queries.

use std::time::Duration;

use jiff::Timestamp;
use shape_telemetry::Period;

use super::QueryAnswer;
use crate::{Error, error::Repr};

/// Asks an engine that speaks Prometheus' HTTP API: Prometheus, Mimir, Thanos, Cortex, `VictoriaMetrics`.
///
/// Queries go out as `POST` forms, so that long ones pass. `https` needs the feature `prometheus-client-tls`.
///
/// ```no_run
/// use std::time::Duration;
/// use shape_sli::PrometheusClient;
///
/// let client = PrometheusClient::new("http://mimir:8080/prometheus")
///     .header("X-Scope-OrgID", "shop")
///     .timeout(Duration::from_secs(5));
/// let answer = client.query("sum(up)", "2026-11-24T08:00:00Z".parse()?)?;
/// assert_eq!(answer.total(), Some(3.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PrometheusClient {
    base: String,
    headers: Vec<(String, String)>,
    timeout: Duration,
}

/// What an answer may be long at most: a range of a day by seconds of a few hundred series.
const MOST_BYTES: u64 = 256 << 20;

impl PrometheusClient {
    /// A client of the engine at an address, without the `/api/v1`; answers are waited for for 30 seconds.
    pub fn new(address: &str) -> Self {
        Self {
            base: address.trim_end_matches('/').to_owned(),
            headers: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }

    /// How long a whole query may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// A header that every query carries: a tenant, a token.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The values of an expression at an instant.
    ///
    /// # Errors
    ///
    /// When the engine can not be reached in time, refuses the query, or answers what can not be read.
    pub fn query(&self, expression: &str, at: Timestamp) -> Result<QueryAnswer, Error> {
        self.ask("query", expression, &[("time", seconds(at))])
    }

    /// The values of an expression at every `step` of a period: at its start, and up to its end, which is part of it.
    ///
    /// # Errors
    ///
    /// As [`PrometheusClient::query`].
    pub fn query_range(
        &self,
        expression: &str,
        period: Period,
        step: Duration,
    ) -> Result<QueryAnswer, Error> {
        let form = [
            ("start", seconds(period.start)),
            ("end", seconds(period.end)),
            ("step", format!("{}", step.as_secs_f64())),
        ];
        self.ask("query_range", expression, &form)
    }

    fn ask(
        &self,
        endpoint: &str,
        expression: &str,
        form: &[(&str, String)],
    ) -> Result<QueryAnswer, Error> {
        let wrong = |message: String| {
            Error::from(Repr::Query {
                query: expression.to_owned(),
                message,
            })
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(self.timeout))
            // The body of a refusal says why.
            .http_status_as_error(false)
            .build();
        let agent = ureq::Agent::new_with_config(config);
        let mut request = agent.post(format!("{}/api/v1/{endpoint}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let query = [("query", expression)].into_iter();
        let form = query.chain(form.iter().map(|(name, value)| (*name, value.as_str())));
        let mut response = request
            .send_form(form)
            .map_err(|error| wrong(format!("{}: {error}", self.base)))?;
        let status = response.status();
        let text = response
            .body_mut()
            .with_config()
            .limit(MOST_BYTES)
            .read_to_string()
            .map_err(|error| wrong(format!("{}: {error}", self.base)))?;
        QueryAnswer::from_json(&text).map_err(|message| {
            if status.is_success() {
                wrong(message)
            } else {
                wrong(format!("status {status}, {message}"))
            }
        })
    }
}

/// Seconds since the epoch, to the millisecond.
fn seconds(time: Timestamp) -> String {
    let ms = time.as_millisecond();
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    format!("{sign}{}.{:03}", ms / 1_000, ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds() {
        for (time, text) in [
            ("1970-01-01T00:00:01.5Z", "1.500"),
            ("1969-12-31T23:59:59.999Z", "-0.001"),
            ("2026-11-24T08:00:00Z", "1795507200.000"),
        ] {
            assert_eq!(seconds(time.parse().unwrap()), text);
        }
    }
}
