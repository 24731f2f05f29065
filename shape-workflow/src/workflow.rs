//! The graph of typed steps.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    path::Path,
    sync::Arc,
};

use petgraph::{
    Direction,
    graph::NodeIndex,
    stable_graph::StableDiGraph,
    visit::{EdgeRef as _, IntoEdgeReferences as _},
};

use crate::{
    Artifact, Error, Outline, Retry, StepContext, StepError, StepId, WorkflowBuilder,
    digest::{sha256, sha256_parts},
    input::{Need, Port, Slots},
    outline::{OutlineEdge, OutlineStep},
};

pub(crate) type AnyValue = Arc<dyn Any + Send + Sync>;

/// What a step made: the value and its stored form.
pub(crate) struct Produced {
    pub(crate) value: AnyValue,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sha256: String,
}

type RunFn<'a> = dyn FnMut(&StepContext<'_>, &Slots) -> Result<Produced, StepError> + 'a;
type PublishFn<'a> = dyn Fn(&AnyValue) -> Option<Artifact> + 'a;
type WriteFn = dyn Fn(&Path, &AnyValue) -> Result<(), Error>;

pub(crate) struct Node<'a> {
    pub(crate) name: String,
    pub(crate) output_type: String,
    pub(crate) retry: Retry,
    pub(crate) version: u32,
    pub(crate) ports: Vec<Port>,
    pub(crate) run: Box<RunFn<'a>>,
    pub(crate) load: fn(&[u8]) -> serde_json::Result<AnyValue>,
    pub(crate) publish: Vec<Box<PublishFn<'a>>>,
    pub(crate) write: Vec<Box<WriteFn>>,
}

/// A graph of steps, ready to be run by an [`crate::Engine`].
///
/// Steps may borrow from their surroundings for `'a` and are called as `FnMut`.
pub struct Workflow<'a> {
    pub(crate) name: String,
    pub(crate) id: u64,
    pub(crate) graph: StableDiGraph<Node<'a>, Need>,
    pub(crate) order: Vec<NodeIndex>,
    pub(crate) parameters: String,
}

impl<'a> Workflow<'a> {
    /// Begins a workflow.
    pub fn builder(name: impl Into<String>) -> WorkflowBuilder<'a> {
        WorkflowBuilder::new(name.into())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of the steps in the order in which they run: every step after those it needs, otherwise in the order
    /// in which they were added.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.order
            .iter()
            .map(|&index| self.graph[index].name.as_str())
    }

    /// What decides whether a journal can be resumed: names, versions, types and connections of the steps, and
    /// [`WorkflowBuilder::parameters`].
    pub fn fingerprint(&self) -> String {
        let lines = self.description();
        sha256_parts(lines.iter().map(String::as_str))
    }

    /// What the fingerprint is made of, a line each.
    pub(crate) fn description(&self) -> Vec<String> {
        let mut lines = vec![format!("workflow `{}`", self.name)];
        if !self.parameters.is_empty() {
            lines.push(format!(
                "parameters sha256 {}",
                sha256(self.parameters.as_bytes())
            ));
        }
        for &index in &self.order {
            let node = &self.graph[index];
            let name_of = |id: StepId| format!("`{}`", self.graph[id.index].name);
            let mut line = format!(
                "step `{}` v{}: {}",
                node.name, node.version, node.output_type
            );
            for port in &node.ports {
                let verb = match port.need {
                    Need::Value => "needs",
                    Need::NoFailure => "takes",
                    Need::End => "watches",
                    Need::Order => "follows",
                };
                // Writing to a string can not go wrong, here and below.
                let _ = write!(line, ", {verb} {}", name_of(port.id));
            }
            let mut before: Vec<_> = self
                .graph
                .edges_directed(index, Direction::Incoming)
                .filter(|edge| *edge.weight() == Need::Order)
                .map(|edge| edge.source())
                .collect();
            before.sort_unstable();
            before.dedup();
            for earlier in before {
                let _ = write!(line, ", follows `{}`", self.graph[earlier].name);
            }
            lines.push(line);
        }
        lines
    }

    /// The shape of the graph without the code: can be cloned, sent, stored and drawn.
    pub fn outline(&self) -> Outline {
        let position = |index: NodeIndex| self.order.iter().position(|&at| at == index);
        let mut edges: BTreeSet<OutlineEdge> = BTreeSet::new();
        for edge in self.graph.edge_references() {
            if let (Some(from), Some(to)) = (position(edge.source()), position(edge.target())) {
                edges.insert(OutlineEdge {
                    from,
                    to,
                    kind: (*edge.weight()).into(),
                });
            }
        }
        Outline {
            name: self.name.clone(),
            steps: self
                .order
                .iter()
                .map(|&index| OutlineStep {
                    name: self.graph[index].name.clone(),
                    output_type: self.graph[index].output_type.clone(),
                })
                .collect(),
            edges: edges.into_iter().collect(),
        }
    }

    /// The graph for Graphviz.
    pub fn to_dot(&self) -> String {
        self.outline().to_dot(&BTreeMap::new())
    }

    /// The graph as a Mermaid flowchart.
    pub fn to_mermaid(&self) -> String {
        self.outline().to_mermaid(&BTreeMap::new())
    }
}

/// A type's name without the modules it lies in: `Vec<SliReport>`.
pub(crate) fn short_type_name(full: &str) -> String {
    let mut short = String::new();
    let mut word_start = 0;
    let mut chars = full.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ':' && chars.peek() == Some(&':') {
            chars.next();
            short.truncate(word_start);
            continue;
        }
        short.push(c);
        if !c.is_alphanumeric() && c != '_' {
            word_start = short.len();
        }
    }
    short
}

impl fmt::Debug for Workflow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow")
            .field("name", &self.name)
            .field("steps", &self.steps().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::any::type_name;

    use super::*;

    #[test]
    fn type_names_lose_their_modules() {
        let name = short_type_name(type_name::<Vec<Option<String>>>());
        assert_eq!(name, "Vec<Option<String>>");
        assert_eq!(short_type_name("(a::b::C, &d::E)"), "(C, &E)");
        assert_eq!(short_type_name(type_name::<()>()), "()");
    }
}
