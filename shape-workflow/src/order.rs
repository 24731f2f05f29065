//! In which order the steps of a graph run.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

use petgraph::{
    Direction, algo::tarjan_scc, graph::NodeIndex, stable_graph::StableDiGraph, visit::EdgeRef as _,
};

use crate::{Error, error::Repr, input::Need, workflow::Node};

/// Every node after its predecessors; among those that could come next, the one added first.
pub(crate) fn execution_order(
    graph: &StableDiGraph<Node<'_>, Need>,
) -> Result<Vec<NodeIndex>, Error> {
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
