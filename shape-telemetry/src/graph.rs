//! Which component calls which.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::graph::{DiGraph, NodeIndex};
use serde::{Deserialize, Serialize};

use crate::ComponentId;

/// Components and the calls between them, with how often each was seen.
///
/// A commutative monoid under [`ComponentGraph::merge`]. Cycles and calls of a component to itself are kept: real
/// systems have them.
///
/// ```
/// use shape_telemetry::{ComponentGraph, ComponentId};
///
/// let mut graph = ComponentGraph::default();
/// graph.add_call(ComponentId::new("web"), ComponentId::new("cart"), 3);
/// graph.add_call(ComponentId::new("cart"), ComponentId::new("db"), 2);
/// let db = ComponentId::new("db");
/// let below: Vec<_> = graph.distances(&ComponentId::new("web")).into_iter().collect();
/// assert_eq!(below.last(), Some(&(ComponentId::new("web"), 0)));
/// assert_eq!(graph.callers(&db).count(), 1);
/// assert_eq!(graph.to_petgraph().edge_count(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ComponentGraph {
    /// By caller and callee; a component that calls nothing may be there with no callees.
    calls: BTreeMap<ComponentId, BTreeMap<ComponentId, u64>>,
}

impl ComponentGraph {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Adds a component, whether it calls or is called or not.
    pub fn add(&mut self, component: ComponentId) {
        self.calls.entry(component).or_default();
    }

    /// Adds calls of one component to another; 0 adds the edge without a count.
    pub fn add_call(&mut self, from: ComponentId, to: ComponentId, count: u64) {
        self.add(to.clone());
        let calls = self.calls.entry(from).or_default();
        *calls.entry(to).or_insert(0) += count;
    }

    /// What both know: associative and commutative.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (caller, callees) in other.calls {
            self.add(caller.clone());
            for (callee, count) in callees {
                self.add_call(caller.clone(), callee, count);
            }
        }
        self
    }

    /// The components by name.
    pub fn components(&self) -> impl Iterator<Item = &ComponentId> {
        self.calls.keys()
    }

    /// Whether a component is known.
    pub fn contains(&self, component: &ComponentId) -> bool {
        self.calls.contains_key(component)
    }

    /// Caller, callee and count of every edge, by name.
    pub fn calls(&self) -> impl Iterator<Item = (&ComponentId, &ComponentId, u64)> {
        self.calls.iter().flat_map(|(caller, callees)| {
            callees
                .iter()
                .map(move |(callee, &count)| (caller, callee, count))
        })
    }

    /// What a component calls, itself left out.
    pub fn callees<'g>(
        &'g self,
        component: &'g ComponentId,
    ) -> impl Iterator<Item = &'g ComponentId> {
        self.calls
            .get(component)
            .into_iter()
            .flat_map(BTreeMap::keys)
            .filter(move |callee| *callee != component)
    }

    /// What calls a component, itself left out.
    pub fn callers<'g>(
        &'g self,
        component: &'g ComponentId,
    ) -> impl Iterator<Item = &'g ComponentId> {
        self.calls
            .iter()
            .filter(move |(caller, callees)| {
                *caller != component && callees.contains_key(component)
            })
            .map(|(caller, _)| caller)
    }

    /// How many calls each component that is reached is away from one; cycles are walked once.
    pub fn distances(&self, from: &ComponentId) -> BTreeMap<ComponentId, u32> {
        let mut found = BTreeMap::new();
        let mut queue = VecDeque::from([(from, 0)]);
        let mut seen = BTreeSet::from([from]);
        while let Some((component, distance)) = queue.pop_front() {
            found.insert(component.clone(), distance);
            for callee in self.callees(component) {
                if seen.insert(callee) {
                    queue.push_back((callee, distance + 1));
                }
            }
        }
        found
    }

    /// The graph for the algorithms of `petgraph`, nodes and edges in the order of their names.
    pub fn to_petgraph(&self) -> DiGraph<ComponentId, u64> {
        let mut graph = DiGraph::new();
        let nodes: BTreeMap<&ComponentId, NodeIndex> = self
            .components()
            .map(|component| (component, graph.add_node(component.clone())))
            .collect();
        for (caller, callee, count) in self.calls() {
            if let (Some(&from), Some(&to)) = (nodes.get(caller), nodes.get(callee)) {
                graph.add_edge(from, to, count);
            }
        }
        graph
    }
}
