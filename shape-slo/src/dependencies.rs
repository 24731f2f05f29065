//! What a service can promise at most, given what it depends on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use petgraph::{
    Direction,
    algo::tarjan_scc,
    stable_graph::{NodeIndex, StableDiGraph},
    visit::{Dfs, EdgeRef as _},
};
use serde::{Deserialize, Serialize};

use crate::{Error, Target, error::Repr};

/// How a service depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Dependency {
    /// Without it the service does not work.
    Hard,
    /// Without it the service works on, perhaps with less: it costs no availability.
    Soft,
    /// One of several that stand in for one another: the group fails when all of its members do.
    Redundant {
        /// The group, a number of the service's own.
        group: u32,
    },
}

/// Services, what they promise, and what they depend on.
///
/// A hard dependency caps what a service can promise, a redundant group does by the chance that all of its members fail at
/// once, a soft one does not. A dependency that is reached over several ways counts once (Treynor, Dahlin, Rau and Beyer
/// 2017, *The Calculus of Service Availability*): its failures are the same failures. Failures of different services are
/// taken as independent.
///
/// ```
/// use shape_slo::{Dependency, DependencyGraph};
///
/// let mut graph = DependencyGraph::new();
/// graph.promise("shop", "99.95%".parse()?);
/// graph.promise("database", "99.9%".parse()?);
/// graph.promise("queue", "99%".parse()?);
/// graph.depend("shop", "database", Dependency::Hard)?;
/// graph.depend("shop", "queue", Dependency::Soft)?;
///
/// let too_high = graph.too_high();
/// assert_eq!(
///     too_high[0].to_string(),
///     "`shop` promises 99.95%, at most 99.9% is possible: shop -> database (99.9%)"
/// );
/// # Ok::<(), shape_slo::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct DependencyGraph {
    graph: StableDiGraph<Service, Dependency>,
    by_name: BTreeMap<String, NodeIndex>,
}

#[derive(Clone, Debug)]
struct Service {
    name: String,
    /// Its objective.
    promised: Option<Target>,
}

/// What a service can promise at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Ceiling {
    /// The service.
    pub service: String,
    /// The share of the time at which everything that it needs works, in parts per billion, rounded down.
    pub ppb: u32,
    /// What caps it, the worst first.
    pub caps: Vec<Cap>,
}

/// One thing that a service needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cap {
    /// The way from the service to it, both included; of a group the members come last.
    pub chain: Vec<String>,
    /// The share of the time at which it works, in parts per billion.
    pub ppb: u32,
}

/// A promise that can not be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TooHigh {
    /// What is promised.
    pub promised: Target,
    /// What is possible, and why.
    pub ceiling: Ceiling,
}

const ONE: u128 = 1_000_000_000;
/// Products are kept in parts per 10^18, so that rounding in between costs no part per billion.
const FINE: u128 = ONE * ONE;

impl DependencyGraph {
    /// No services.
    pub fn new() -> Self {
        Self::default()
    }

    fn node(&mut self, name: &str) -> NodeIndex {
        if let Some(node) = self.by_name.get(name) {
            return *node;
        }
        let node = self.graph.add_node(Service {
            name: name.to_owned(),
            promised: None,
        });
        self.by_name.insert(name.to_owned(), node);
        node
    }

    /// Says what a service promises; the last word counts.
    pub fn promise(&mut self, service: &str, target: Target) {
        let node = self.node(service);
        self.graph[node].promised = Some(target);
    }

    /// Says that a service depends on another; the last word about two services counts. A service without a promise
    /// promises nothing: it is looked through to what it depends on itself.
    ///
    /// # Errors
    ///
    /// When the other depends on the service already, or both are the same: availability that rests on itself has no value.
    pub fn depend(&mut self, service: &str, on: &str, how: Dependency) -> Result<(), Error> {
        let (from, to) = (self.node(service), self.node(on));
        let edge = self.graph.update_edge(from, to, how);
        let circle = tarjan_scc(&self.graph)
            .into_iter()
            .find(|part| 1 < part.len() || from == to);
        if circle.is_some() {
            self.graph.remove_edge(edge);
            return Err(Repr::Circle {
                service: service.to_owned(),
                on: on.to_owned(),
            }
            .into());
        }
        Ok(())
    }

    /// What a service can promise at most; `None` when it is not known, or needs nothing that promises anything.
    pub fn ceiling(&self, service: &str) -> Option<Ceiling> {
        let node = *self.by_name.get(service)?;
        let mut needs = BTreeMap::new();
        self.hard(node, &mut vec![service.to_owned()], &mut needs);
        if needs.is_empty() {
            return None;
        }
        let product = needs
            .values()
            .fold(FINE, |product, need| times(product, need.fine));
        let mut caps: Vec<Cap> = needs
            .into_values()
            .map(|need| Cap {
                chain: need.chain,
                ppb: coarse(need.fine),
            })
            .collect();
        caps.sort_by(|a, b| (a.ppb, &a.chain).cmp(&(b.ppb, &b.chain)));
        Some(Ceiling {
            service: service.to_owned(),
            ppb: coarse(product),
            caps,
        })
    }

    /// Every promise that is above what its dependencies allow, by service.
    pub fn too_high(&self) -> Vec<TooHigh> {
        self.by_name
            .iter()
            .filter_map(|(name, node)| {
                let promised = self.graph[*node].promised?;
                let ceiling = self.ceiling(name)?;
                (ceiling.ppb < promised.ppb()).then_some(TooHigh { promised, ceiling })
            })
            .collect()
    }

    /// Collects what a service needs: each once, with the first way to it.
    ///
    /// What promises something stands for itself and for all behind it, which its promise accounts for; what does not is
    /// looked through. But a dependency shared by two that promise is counted in both: that is the price of a promise.
    fn hard(&self, node: NodeIndex, way: &mut Vec<String>, needs: &mut BTreeMap<Key, Need>) {
        let mut groups: BTreeMap<u32, BTreeSet<NodeIndex>> = BTreeMap::new();
        let mut edges: Vec<_> = self
            .graph
            .edges_directed(node, Direction::Outgoing)
            .collect();
        edges.sort_by_key(|edge| &self.graph[edge.target()].name);
        for edge in edges {
            let to = edge.target();
            match edge.weight() {
                Dependency::Soft => {}
                Dependency::Redundant { group } => {
                    groups.entry(*group).or_default().insert(to);
                }
                Dependency::Hard => {
                    let service = &self.graph[to];
                    way.push(service.name.clone());
                    match service.promised {
                        Some(target) => {
                            needs.entry(Key::One(to)).or_insert_with(|| Need {
                                chain: way.clone(),
                                fine: u128::from(target.ppb()) * ONE,
                            });
                        }
                        None => self.hard(to, way, needs),
                    }
                    way.pop();
                }
            }
        }
        for (group, members) in groups {
            let shares: Option<Vec<u128>> = members.iter().map(|node| self.works(*node)).collect();
            // A member that promises nothing, and needs nothing that does, is not known to fail.
            let Some(shares) = shares else { continue };
            let all_fail = shares
                .iter()
                .fold(FINE, |product, share| times(product, FINE - share));
            let names = members.iter().map(|node| self.graph[*node].name.clone());
            let chain = way.iter().cloned().chain(names).collect();
            needs.entry(Key::Group(node, group)).or_insert(Need {
                chain,
                fine: FINE - all_fail,
            });
        }
    }

    /// The share of the time at which a member of a group works: what it promises, or what it can.
    fn works(&self, node: NodeIndex) -> Option<u128> {
        let service = &self.graph[node];
        match service.promised {
            Some(target) => Some(u128::from(target.ppb()) * ONE),
            None => Some(u128::from(self.ceiling(&service.name)?.ppb) * ONE),
        }
    }

    /// Everything that a service depends on, directly or not, soft or hard.
    pub fn all_behind(&self, service: &str) -> BTreeSet<&str> {
        let mut behind = BTreeSet::new();
        if let Some(node) = self.by_name.get(service) {
            let mut walk = Dfs::new(&self.graph, *node);
            while let Some(next) = walk.next(&self.graph) {
                behind.insert(self.graph[next].name.as_str());
            }
            behind.remove(service);
        }
        behind
    }
}

/// What is counted once.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    One(NodeIndex),
    Group(NodeIndex, u32),
}

struct Need {
    chain: Vec<String>,
    fine: u128,
}

/// The product of two shares in parts per 10^18; both are below 2^60, so it fits.
fn times(a: u128, b: u128) -> u128 {
    a * b / FINE
}

fn coarse(fine: u128) -> u32 {
    u32::try_from(fine / ONE).unwrap_or(Target::DENOMINATOR)
}

impl fmt::Display for TooHigh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ceiling { service, ppb, caps } = &self.ceiling;
        write!(
            f,
            "`{service}` promises {}, at most {} is possible: ",
            self.promised,
            percent(*ppb)
        )?;
        let caps: Vec<String> = caps
            .iter()
            .map(|cap| format!("{} ({})", cap.chain.join(" -> "), percent(cap.ppb)))
            .collect();
        f.write_str(&caps.join(", "))
    }
}

fn percent(ppb: u32) -> String {
    Target::from_ppb(ppb).map_or_else(|| "0%".to_owned(), |target| target.to_string())
}
