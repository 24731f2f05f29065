//! The graph of typed steps.

use std::{
    any::{Any, type_name},
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    fmt::{self, Write as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use petgraph::{
    Direction,
    algo::tarjan_scc,
    graph::NodeIndex,
    stable_graph::StableDiGraph,
    visit::{EdgeRef as _, IntoEdgeReferences as _},
};

use crate::{
    Artifact, Error, Inputs, Outline, Output, Retry, StepContext, StepError, StepId, Value,
    digest::{sha256, sha256_parts},
    error::Repr,
    input::{Need, Port, Slots},
    outline::{OutlineEdge, OutlineStep},
    write_artifact,
};

type AnyValue = Arc<dyn Any + Send + Sync>;

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
    version: u32,
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

/// Collects the steps of a [`Workflow`].
///
/// Inputs are typed when the program is compiled. A step that wants text can be given one that yields text:
///
/// ```
/// use std::sync::Arc;
/// use shape_workflow::Workflow;
///
/// let mut steps = Workflow::builder("match");
/// let text = steps.step("text", (), |_, ()| Ok(String::from("abc")));
/// steps.step("count", text, |_, text: Arc<String>| Ok(text.len()));
/// # Ok::<(), shape_workflow::Error>(())
/// ```
///
/// One that wants a number can not:
///
/// ```compile_fail
/// use std::sync::Arc;
/// use shape_workflow::Workflow;
///
/// let mut steps = Workflow::builder("mismatch");
/// let text = steps.step("text", (), |_, ()| Ok(String::from("abc")));
/// steps.step("count", text, |_, text: Arc<u64>| Ok(*text));
/// # Ok::<(), shape_workflow::Error>(())
/// ```
pub struct WorkflowBuilder<'a> {
    workflow: Workflow<'a>,
    problem: Option<Repr>,
}

impl<'a> Workflow<'a> {
    /// Begins a workflow.
    pub fn builder(name: impl Into<String>) -> WorkflowBuilder<'a> {
        // Tells handles of different workflows apart; the number itself never leaves the process.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        WorkflowBuilder {
            workflow: Self {
                name: name.into(),
                id: NEXT.fetch_add(1, Ordering::Relaxed),
                graph: StableDiGraph::new(),
                order: Vec::new(),
                parameters: String::new(),
            },
            problem: None,
        }
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

impl<'a> WorkflowBuilder<'a> {
    /// Adds a step.
    ///
    /// `run` is called when every input is there, with `()`, an `Arc<T>` or a tuple like `inputs`. It may be called
    /// again: after a failure if [`WorkflowBuilder::retry`] says so, and after a crash.
    pub fn step<T, I, F>(&mut self, name: impl Into<String>, inputs: I, mut run: F) -> Output<T>
    where
        T: Value,
        I: Inputs + 'a,
        F: FnMut(&StepContext<'_>, I::Values) -> Result<T, StepError> + 'a,
    {
        let name = name.into();
        self.check_name(&name);
        let ports = inputs.ports();
        let step = name.clone();
        let run = move |ctx: &StepContext<'_>, slots: &Slots| {
            let value = run(ctx, inputs.fetch(slots))?;
            produce(&step, value)
        };
        let index = self.workflow.graph.add_node(Node {
            name: name.clone(),
            output_type: short_type_name(type_name::<T>()),
            retry: Retry::NEVER,
            version: 1,
            ports: ports.clone(),
            run: Box::new(run),
            load: |bytes| Ok(Arc::new(serde_json::from_slice::<T>(bytes)?)),
            publish: Vec::new(),
            write: Vec::new(),
        });
        for port in ports {
            if port.id.workflow == self.workflow.id {
                self.workflow
                    .graph
                    .add_edge(port.id.index, index, port.need);
            } else {
                let step = name.clone();
                self.note(Repr::ForeignHandle { step });
            }
        }
        Output::new(StepId {
            workflow: self.workflow.id,
            index,
        })
    }

    /// Lets `step` run only after `earlier` has ended, in whatever way. No value passes.
    pub fn after(&mut self, step: impl Into<StepId>, earlier: impl Into<StepId>) -> &mut Self {
        let earlier = earlier.into();
        let Some((index, name)) = self.own(step.into()) else {
            return self;
        };
        if earlier.workflow == self.workflow.id {
            self.workflow
                .graph
                .add_edge(earlier.index, index, Need::Order);
        } else {
            self.note(Repr::ForeignHandle { step: name });
        }
        self
    }

    /// How often `step` is tried.
    pub fn retry(&mut self, step: impl Into<StepId>, retry: Retry) -> &mut Self {
        if let Some((index, _)) = self.own(step.into()) {
            self.workflow.graph[index].retry = retry;
        }
        self
    }

    /// The version of the code of `step`, 1 unless told otherwise: raise it when an interrupted run must not be resumed
    /// with what the old code made.
    pub fn version(&mut self, step: impl Into<StepId>, version: u32) -> &mut Self {
        if let Some((index, _)) = self.own(step.into()) {
            self.workflow.graph[index].version = version;
        }
        self
    }

    /// Publishes the value of `step` as an event when it is there, from this run or the journal:
    /// `steps.publish(sli, |report| Some(Artifact::Sli(report)))`.
    pub fn publish<T: Value>(
        &mut self,
        step: Output<T>,
        artifact: impl Fn(Arc<T>) -> Option<Artifact> + 'a,
    ) -> &mut Self {
        if let Some((index, _)) = self.own(step.id()) {
            let publish = move |value: &AnyValue| {
                let value = Arc::clone(value).downcast::<T>().ok()?;
                artifact(value)
            };
            self.workflow.graph[index].publish.push(Box::new(publish));
        }
        self
    }

    /// Writes the value of `step` to the file `name` in the run folder (see [`write_artifact`]).
    pub fn artifact<T: Value>(&mut self, step: Output<T>, name: impl Into<String>) -> &mut Self {
        if let Some((index, _)) = self.own(step.id()) {
            let name = name.into();
            let write = move |folder: &Path, value: &AnyValue| match value.downcast_ref::<T>() {
                Some(value) => write_artifact(folder, &name, value).map(drop),
                None => Ok(()),
            };
            self.workflow.graph[index].write.push(Box::new(write));
        }
        self
    }

    /// What else the steps depend on (the text of a configuration): a journal written with other parameters can not be
    /// resumed.
    pub fn parameters(&mut self, parameters: impl Into<String>) -> &mut Self {
        self.workflow.parameters = parameters.into();
        self
    }

    /// The workflow.
    ///
    /// # Errors
    /// Two steps of the same name, steps that wait for each other (the message names them), a handle of another
    /// workflow.
    pub fn build(self) -> Result<Workflow<'a>, Error> {
        if let Some(problem) = self.problem {
            return Err(problem.into());
        }
        let mut workflow = self.workflow;
        workflow.order = execution_order(&workflow.graph)?;
        Ok(workflow)
    }

    fn own(&mut self, id: StepId) -> Option<(NodeIndex, String)> {
        if id.workflow == self.workflow.id {
            let name = self.workflow.graph[id.index].name.clone();
            Some((id.index, name))
        } else {
            let step = self.workflow.name.clone();
            self.note(Repr::ForeignHandle { step });
            None
        }
    }

    fn check_name(&mut self, name: &str) {
        let is_taken = self
            .workflow
            .graph
            .node_weights()
            .any(|node| node.name == name);
        if is_taken {
            self.note(Repr::DuplicateStep {
                name: name.to_owned(),
            });
        }
        let reason = if name.trim().is_empty() {
            "it is empty"
        } else if name.chars().any(char::is_control) {
            "it has a control character"
        } else {
            return;
        };
        let name = name.to_owned();
        self.note(Repr::StepName { name, reason });
    }

    /// Keeps the first problem: those after it are often its consequences.
    fn note(&mut self, problem: Repr) {
        self.problem.get_or_insert(problem);
    }
}

/// Stores a value as JSON and makes sure that it can be read back before anything depends on it.
fn produce<T: Value>(step: &str, value: T) -> Result<Produced, StepError> {
    let step = || step.to_owned();
    let mut bytes = serde_json::to_vec_pretty(&value)
        .map_err(|source| {
            Error::from(Repr::ValueWrite {
                step: step(),
                source,
            })
        })
        .map_err(StepError::permanent)?;
    serde_json::from_slice::<T>(&bytes)
        .map_err(|source| {
            let expected = short_type_name(type_name::<T>());
            Error::from(Repr::ValueReadBack {
                step: step(),
                expected,
                source,
            })
        })
        .map_err(StepError::permanent)?;
    bytes.push(b'\n');
    Ok(Produced {
        value: Arc::new(value),
        sha256: sha256(&bytes),
        bytes,
    })
}

/// Every node after its predecessors; among those that could come next, the one added first.
fn execution_order(graph: &StableDiGraph<Node<'_>, Need>) -> Result<Vec<NodeIndex>, Error> {
    let incoming = |index| graph.edges_directed(index, Direction::Incoming).count();
    let mut n_missing: Vec<usize> = graph.node_indices().map(incoming).collect();
    let mut ready: BinaryHeap<Reverse<NodeIndex>> = graph
        .node_indices()
        .filter(|&index| incoming(index) == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(graph.node_count());
    while let Some(Reverse(index)) = ready.pop() {
        order.push(index);
        for edge in graph.edges_directed(index, Direction::Outgoing) {
            let Some(n_missing) = n_missing.get_mut(edge.target().index()) else {
                continue;
            };
            *n_missing -= 1;
            if *n_missing == 0 {
                ready.push(Reverse(edge.target()));
            }
        }
    }
    if order.len() == graph.node_count() {
        return Ok(order);
    }
    let path = cycle(graph)
        .into_iter()
        .map(|index| graph[index].name.clone())
        .collect();
    Err(Repr::Cycle { path }.into())
}

/// A cycle of a graph that has one, its first node again at the end.
fn cycle(graph: &StableDiGraph<Node<'_>, Need>) -> Vec<NodeIndex> {
    let component = tarjan_scc(graph)
        .into_iter()
        .filter(|component| match component.as_slice() {
            [single] => graph.find_edge(*single, *single).is_some(),
            _ => true,
        })
        .map(BTreeSet::from_iter)
        .min()
        .unwrap_or_default();
    let mut path: Vec<NodeIndex> = component.iter().copied().take(1).collect();
    while let Some(&last) = path.last() {
        let next = graph
            .neighbors_directed(last, Direction::Outgoing)
            .filter(|next| component.contains(next))
            .min();
        let Some(next) = next else { break };
        let seen_at = path.iter().position(|&seen| seen == next);
        path.push(next);
        if let Some(seen_at) = seen_at {
            return path.split_off(seen_at);
        }
    }
    path
}

/// A type's name without the modules it lies in: `Vec<SliReport>`.
fn short_type_name(full: &str) -> String {
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

impl fmt::Debug for WorkflowBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkflowBuilder")
            .field("name", &self.workflow.name)
            .field("n_steps", &self.workflow.graph.node_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_lose_their_modules() {
        let name = short_type_name(type_name::<Vec<Option<String>>>());
        assert_eq!(name, "Vec<Option<String>>");
        assert_eq!(short_type_name("(a::b::C, &d::E)"), "(C, &E)");
        assert_eq!(short_type_name(type_name::<()>()), "()");
    }
}
