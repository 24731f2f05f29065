//! Which node an incident comes from, by the metrics of all nodes and the calls between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{ComponentGraph, ComponentId};

mod evidence;
mod rank;
mod series;
mod start;

/// Values of metrics of nodes over time.
///
/// Times are seconds since any epoch, of any spacing; what is not finite is missing. Counters are told by their rise and
/// taken as rates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeMetrics {
    series: BTreeMap<ComponentId, BTreeMap<String, Vec<(f64, f64)>>>,
}

impl NodeMetrics {
    /// Nothing measured yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value.
    pub fn add(&mut self, time_s: f64, node: &str, metric: &str, value: f64) {
        let metrics = self.series.entry(ComponentId::new(node)).or_default();
        if let Some(values) = metrics.get_mut(metric) {
            values.push((time_s, value));
        } else {
            metrics.insert(metric.to_owned(), vec![(time_s, value)]);
        }
    }

    /// The nodes by name.
    pub fn nodes(&self) -> impl Iterator<Item = &ComponentId> {
        self.series.keys()
    }
}

/// Which direction of a metric is bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Worse {
    /// More is worse: latency, errors.
    #[default]
    Higher,
    /// Less is worse: availability, throughput.
    Lower,
}

impl FromStr for Worse {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "higher" => Ok(Self::Higher),
            "lower" => Ok(Self::Lower),
            other => Err(format!("`{other}`: expected `higher` or `lower`")),
        }
    }
}

/// What was seen where and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// The node at which it was noticed.
    pub target: ComponentId,
    /// The metric by which it was noticed.
    pub metric: String,
    /// Which direction of the metric is bad.
    pub worse: Worse,
    /// Values before this time are taken for normal; where detection was late and the target shows it, the true start is
    /// used instead.
    pub from_s: f64,
    /// When it was noticed.
    pub at_s: f64,
}

/// A node with how likely the incident comes from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankedNode {
    /// The node.
    pub node: ComponentId,
    /// Larger is likelier; 0 for a node with no evidence. Finite.
    pub score: f64,
    /// What speaks for and against it.
    pub why: String,
}

/// Why nodes can not be ranked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RootCauseError {
    /// The target is in neither the metrics nor the graph.
    #[error("the target `{target}` is in neither the metrics nor the graph; known: {known}")]
    UnknownTarget {
        /// As given.
        target: String,
        /// Some of the nodes that are there.
        known: String,
    },
    /// The times are no times.
    #[error(
        "the incident begins at {from} and was seen at {at}: expected finite times in this order"
    )]
    Times {
        /// As given.
        from: f64,
        /// As given.
        at: f64,
    },
}

/// Ranks all nodes of the metrics and the graph, the likeliest cause first.
///
/// For each metric of a node the largest distance from the median of the normal time is taken, in interquartile ranges
/// (Pham and others' robust scorer), smoothed and set against the series' own tails. A node is a likely cause where it
/// deviates early and by itself (its callees do not explain it) and where nodes that deviate lead to it from the target.
/// Cycles in the graph are walked once. A node without values, or constant ones, is ranked by its place only.
///
/// ```
/// use shape_telemetry::{ComponentGraph, ComponentId, Incident, NodeMetrics, Worse, root_causes};
///
/// let mut metrics = NodeMetrics::new();
/// for second in 0..200_u32 {
///     let slow = if second < 100 { 0.0 } else { 80.0 };
///     let noise = f64::from(second * 7 % 11);
///     metrics.add(f64::from(second), "web", "latency_ms", 50.0 + noise + slow);
///     metrics.add(f64::from(second), "cart", "latency_ms", 20.0 + noise + slow);
///     metrics.add(f64::from(second), "mail", "latency_ms", 20.0 + noise);
/// }
/// let mut graph = ComponentGraph::default();
/// graph.add_call(ComponentId::new("web"), ComponentId::new("cart"), 1);
/// graph.add_call(ComponentId::new("web"), ComponentId::new("mail"), 1);
/// let incident = Incident {
///     target: ComponentId::new("web"),
///     metric: "latency_ms".to_owned(),
///     worse: Worse::Higher,
///     from_s: 100.0,
///     at_s: 160.0,
/// };
/// let ranked = root_causes(&metrics, &graph, &incident)?;
/// assert_eq!(ranked[0].node.as_str(), "cart");
/// assert_eq!(ranked.len(), 3);
/// # Ok::<(), shape_telemetry::RootCauseError>(())
/// ```
///
/// # Errors
///
/// When nothing is known of the target, or the times are not finite and in order.
pub fn root_causes(
    metrics: &NodeMetrics,
    graph: &ComponentGraph,
    incident: &Incident,
) -> Result<Vec<RankedNode>, RootCauseError> {
    if !(incident.from_s.is_finite()
        && incident.at_s.is_finite()
        && incident.from_s <= incident.at_s)
    {
        return Err(RootCauseError::Times {
            from: incident.from_s,
            at: incident.at_s,
        });
    }
    let nodes: BTreeSet<&ComponentId> = metrics.nodes().chain(graph.components()).collect();
    if !nodes.contains(&incident.target) {
        let known: Vec<&str> = nodes.iter().take(12).map(|node| node.as_str()).collect();
        return Err(RootCauseError::UnknownTarget {
            target: incident.target.to_string(),
            known: if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            },
        });
    }
    Ok(rank::rank(&nodes, metrics, graph, incident))
}
