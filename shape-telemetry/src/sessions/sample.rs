//! The steps of some requests, as their records carry an id.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::SessionModel;
use crate::{
    ComponentGraph, ComponentId, Event, LogPosition, Record, TemplateId, fingerprint, number,
};

/// The records of a sample of all requests, by the id of the request or trace that they carry.
///
/// The sample is chosen by a fingerprint of the ids: all shards choose the same requests, so that merging is a law, and a
/// request whose records are in several logs is put together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionSample {
    by_key: BTreeMap<u64, Vec<SessionStep>>,
}

/// One record of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionStep {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// Where it stands.
    pub position: LogPosition,
    /// Who wrote it.
    pub component: ComponentId,
    /// What it says.
    pub template: TemplateId,
    /// The id of its span, where it carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Box<str>>,
    /// The id of the span that its span was called from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Box<str>>,
}

const SPAN: [&str; 5] = ["span_id", "spanId", "span.id", "dd.span_id", "spanID"];
const PARENT: [&str; 6] = [
    "parent_span_id",
    "parentSpanId",
    "parent_id",
    "parentId",
    "parent.id",
    "parent_span",
];

impl SessionSample {
    /// Requests that are kept.
    pub const MAX_SESSIONS: usize = 2_000;
    /// Records of a request that are kept, the first by time.
    pub const MAX_STEPS: usize = 64;

    /// Whether no record carried an id.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The requests kept.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// The steps of each request kept, in the order of their time.
    pub fn sessions(&self) -> impl Iterator<Item = &[SessionStep]> {
        self.by_key.values().map(Vec::as_slice)
    }

    /// Keeps a record that carries an id, if its request belongs to the sample.
    pub(crate) fn add(
        &mut self,
        key: &str,
        event: &Event<'_>,
        component: &ComponentId,
        template: impl FnOnce() -> TemplateId,
    ) {
        let print = fingerprint::of(&[key]);
        if self.by_key.len() == Self::MAX_SESSIONS
            && self
                .by_key
                .last_key_value()
                .is_some_and(|(&last, _)| last < print)
        {
            return;
        }
        let steps = self.by_key.entry(print).or_default();
        let place = (event.record.time, &event.position);
        let is_before = |step: &SessionStep| (step.time, &step.position) < place;
        if steps.len() < Self::MAX_STEPS || !steps.last().is_some_and(is_before) {
            let step = SessionStep::of(event, component, template());
            // Nearly always it is the last.
            if steps.last().is_none_or(is_before) {
                steps.push(step);
            } else {
                let at = steps.partition_point(|other| *other < step);
                steps.insert(at, step);
                steps.truncate(Self::MAX_STEPS);
            }
        }
        self.bound();
    }

    fn bound(&mut self) {
        while Self::MAX_SESSIONS < self.by_key.len() {
            self.by_key.pop_last();
        }
    }

    /// Keeps what another keeps as well.
    pub(crate) fn merge(&mut self, other: Self) {
        for (print, steps) in other.by_key {
            let mine = self.by_key.entry(print).or_default();
            mine.extend(steps);
            mine.sort();
            mine.truncate(Self::MAX_STEPS);
        }
        self.bound();
    }

    /// Only the requests whose first record is as asked for.
    pub(crate) fn retain(&mut self, keep: impl Fn(&SessionStep) -> bool) {
        self.by_key
            .retain(|_, steps| steps.first().is_some_and(&keep));
    }

    /// What these requests have in common.
    pub fn model(&self) -> SessionModel {
        let mut model = SessionModel::new();
        for (key, steps) in &self.by_key {
            model.learn(
                &format!("{key:016x}"),
                steps.iter().map(|step| step.template.as_str()),
            );
        }
        model
    }

    /// Which component calls which: by the parents of spans where records carry them, else by the order in which the
    /// components write about one request (who comes in is called by who wrote before, until that one writes again).
    pub fn graph(&self) -> ComponentGraph {
        let mut graph = ComponentGraph::default();
        for steps in self.by_key.values() {
            if !by_parents(steps, &mut graph) {
                by_order(steps, &mut graph);
            }
        }
        graph
    }
}

impl SessionStep {
    fn of(event: &Event<'_>, component: &ComponentId, template: TemplateId) -> Self {
        let record: &Record<'_> = &event.record;
        let id = |names: &[&str]| {
            record
                .first_field(names)
                .map(|id| Box::from(number::cut(id, 64)))
        };
        Self {
            time: record.time,
            position: event.position.clone(),
            component: component.clone(),
            template,
            span: id(&SPAN),
            parent: id(&PARENT),
        }
    }
}

/// Adds the calls that parents of spans tell; whether there were any.
fn by_parents(steps: &[SessionStep], graph: &mut ComponentGraph) -> bool {
    let spans: BTreeMap<&str, &ComponentId> = steps
        .iter()
        .filter_map(|step| Some((&**step.span.as_ref()?, &step.component)))
        .collect();
    let mut calls: Vec<(&str, &ComponentId, &ComponentId)> = steps
        .iter()
        .filter_map(|step| {
            let caller = spans.get(&**step.parent.as_ref()?)?;
            let span = step.span.as_deref().unwrap_or_default();
            (**caller != step.component).then_some((span, *caller, &step.component))
        })
        .collect();
    // A span writes several records and is one call.
    calls.sort();
    calls.dedup();
    for (_, caller, callee) in &calls {
        graph.add_call((*caller).clone(), (*callee).clone(), 1);
    }
    !calls.is_empty()
}

/// Adds the calls that the order tells.
fn by_order(steps: &[SessionStep], graph: &mut ComponentGraph) {
    let mut open: Vec<&ComponentId> = Vec::new();
    for step in steps {
        if let Some(at) = open.iter().position(|other| **other == step.component) {
            open.truncate(at + 1);
            continue;
        }
        if let Some(caller) = open.last() {
            graph.add_call((*caller).clone(), step.component.clone(), 1);
        }
        open.push(&step.component);
    }
}
