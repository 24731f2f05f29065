//! Prometheus' formats: scrapes read and written, counts from scrapes, and queries to any engine that speaks its HTTP API.

#[cfg(feature = "prometheus-client")]
pub use self::{
    answer::{QueryAnswer, QuerySample, QuerySeries},
    client::PrometheusClient,
    sli_query::{QueriedSli, SliQuery},
};
pub use self::{
    family::{ExpositionFormat, MetricFamily, MetricKind, MetricSample, SampleExemplar},
    parse::Exposition,
    scrape::ScrapeCounter,
    selector::Selector,
    write::ExpositionWriter,
};

#[cfg(feature = "prometheus-client")]
mod answer;
#[cfg(feature = "prometheus-client")]
mod client;
mod cursor;
mod family;
mod parse;
mod scrape;
mod selector;
#[cfg(feature = "prometheus-client")]
mod sli_query;
mod write;
