//! What the sessions of a sample have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Table, class};
use crate::{
    fingerprint,
    number::{len, to_f64},
};

/// Events that are told apart, the most frequent first.
pub(super) const MAX_KINDS: usize = 512;
/// Events whose counts are compared with each other, and whose order is.
const MAX_PAIRED: usize = 96;
/// The events that an event is compared with.
const PARTNERS: usize = 2;
/// The least mutual information of two counts, as a share of the smaller entropy, that makes them partners.
const MIN_SHARED: f64 = 0.2;

/// A session as numbers: the kinds of its events.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    pub(super) kinds: Vec<usize>,
    /// Kind and count, by kind.
    pub(super) counts: Vec<(usize, u64)>,
    /// How often it was seen.
    pub(super) weight: u64,
}

impl Sequence {
    pub(super) fn new(kinds: Vec<usize>, weight: u64) -> Self {
        let mut counts = BTreeMap::new();
        for &kind in &kinds {
            *counts.entry(kind).or_insert(0) += 1;
        }
        Self {
            kinds,
            counts: counts.into_iter().collect(),
            weight,
        }
    }

    pub(super) fn count(&self, kind: usize) -> u64 {
        self.counts
            .binary_search_by_key(&kind, |&(kind, _)| kind)
            .ok()
            .and_then(|at| self.counts.get(at))
            .map_or(0, |&(_, count)| count)
    }

    fn set(&self) -> u64 {
        let text: Vec<String> = self
            .counts
            .iter()
            .map(|(kind, _)| kind.to_string())
            .collect();
        fingerprint::of(&text.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Neighbours, each pair once; `None` is before the first and after the last event.
    fn steps(&self) -> BTreeSet<(Option<usize>, Option<usize>)> {
        let mut steps = BTreeSet::new();
        let mut last = None;
        for &kind in &self.kinds {
            steps.insert((last, Some(kind)));
            last = Some(kind);
        }
        steps.insert((last, None));
        steps
    }

    /// The first and the last place of each kind below [`MAX_PAIRED`].
    fn places(&self) -> Vec<(usize, usize, usize)> {
        let mut places = BTreeMap::new();
        for (at, &kind) in self.kinds.iter().enumerate() {
            if kind < MAX_PAIRED {
                places.entry(kind).or_insert((at, at)).1 = at;
            }
        }
        places
            .into_iter()
            .map(|(kind, (first, last))| (kind, first, last))
            .collect()
    }
}

/// How much of a session is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// It goes on: nothing is missing yet.
    Beginning,
}

/// How often one kind came before another: by their first and by their last places.
#[derive(Clone, Copy, Debug, Default)]
struct Order {
    both: u64,
    first: u64,
    last: u64,
}

/// Something about a session that is rare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finding {
    /// The count of a kind.
    Count { kind: usize, count: u64 },
    /// The count of a kind beside that of another.
    Beside {
        kind: usize,
        count: u64,
        other: usize,
        count_other: u64,
    },
    /// A kind that few sessions have.
    Present { kind: usize },
    /// The events that occur, together.
    Set,
    /// The number of events.
    Length,
    /// One kind before another.
    Before { kind: usize, other: usize },
    /// A neighbour; `None` at the beginning and the end.
    Step {
        from: Option<usize>,
        to: Option<usize>,
    },
}

/// A finding with how surprising it is, in nats.
pub(super) type Surprise = (f64, Finding);

#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pub(super) sessions: u64,
    counts: Vec<Table>,
    /// Kinds that a session usually has: their absence may surprise.
    usual: Vec<usize>,
    /// By kind: partner, and the counts of the kind by class of the partner's count.
    partners: Vec<Vec<(usize, BTreeMap<u64, Table>)>>,
    sets: Table,
    lengths: Table,
    /// Of the kinds `a < b < MAX_PAIRED`, at `a * MAX_PAIRED + b`.
    order: Vec<Order>,
    steps: BTreeMap<(Option<usize>, Option<usize>), u64>,
    /// Sessions with an event that no other session has, or with one beyond [`MAX_KINDS`].
    with_new: u64,
    /// Sessions by kind that have a step from it.
    from: BTreeMap<Option<usize>, u64>,
}

impl Tables {
    pub(super) fn new(sequences: &[&Sequence], n_kinds: usize) -> Self {
        let mut tables = Self {
            sessions: sequences.iter().map(|sequence| sequence.weight).sum(),
            counts: vec![Table::default(); n_kinds],
            partners: vec![Vec::new(); n_kinds],
            order: vec![Order::default(); MAX_PAIRED * MAX_PAIRED],
            ..Self::default()
        };
        for sequence in sequences {
            tables.add(sequence);
        }
        for table in &mut tables.counts {
            table.add(0, tables.sessions - table.total());
            table.close();
        }
        tables.usual = (0..n_kinds)
            .filter(|&kind| tables.counts[kind].mode() != Some(0))
            .collect();
        let singles = (0..n_kinds).filter(|&kind| tables.sessions_with(kind) == 1);
        tables.with_new += len(singles.count());
        tables.sets.close();
        tables.lengths.close();
        tables.find_partners(sequences, n_kinds.min(MAX_PAIRED));
        tables
    }

    fn add(&mut self, sequence: &Sequence) {
        let weight = sequence.weight;
        for &(kind, count) in &sequence.counts {
            if let Some(table) = self.counts.get_mut(kind) {
                table.add(class(count), weight);
            }
        }
        if sequence
            .counts
            .iter()
            .any(|&(kind, _)| self.counts.len() <= kind)
        {
            self.with_new += weight;
        }
        self.sets.add(sequence.set(), weight);
        self.lengths.add(class(len(sequence.kinds.len())), weight);
        let places = sequence.places();
        for (at, &(a, first_a, last_a)) in places.iter().enumerate() {
            for &(b, first_b, last_b) in places.iter().skip(at + 1) {
                let order = &mut self.order[a * MAX_PAIRED + b];
                order.both += weight;
                order.first += if first_a < first_b { weight } else { 0 };
                order.last += if last_a < last_b { weight } else { 0 };
            }
        }
        let steps = sequence.steps();
        let from: BTreeSet<Option<usize>> = steps.iter().map(|&(from, _)| from).collect();
        for step in steps {
            *self.steps.entry(step).or_insert(0) += weight;
        }
        for from in from {
            *self.from.entry(from).or_insert(0) += weight;
        }
    }

    /// For each kind those whose count tells most about its own.
    fn find_partners(&mut self, sequences: &[&Sequence], n: usize) {
        // Sessions with the same counts are one.
        let mut vectors: BTreeMap<Vec<(usize, u64)>, u64> = BTreeMap::new();
        for sequence in sequences {
            let classes = sequence
                .counts
                .iter()
                .filter(|&&(kind, _)| kind < n)
                .map(|&(kind, count)| (kind, class(count)))
                .collect();
            *vectors.entry(classes).or_insert(0) += sequence.weight;
        }
        let total = to_f64(self.sessions.max(1));
        let plogp = |weight: u64| {
            let p = to_f64(weight) / total;
            -p * p.ln()
        };
        let entropy: Vec<f64> = (0..n)
            .map(|kind| {
                self.counts[kind]
                    .iter()
                    .map(|(_, weight)| plogp(weight))
                    .sum()
            })
            .collect();
        let mut joint: BTreeMap<(usize, usize), BTreeMap<(u64, u64), u64>> = BTreeMap::new();
        for (classes, &weight) in &vectors {
            for (at, &(a, class_a)) in classes.iter().enumerate() {
                for &(b, class_b) in classes.iter().skip(at + 1) {
                    *joint
                        .entry((a, b))
                        .or_default()
                        .entry((class_a, class_b))
                        .or_insert(0) += weight;
                }
            }
        }
        let mut shared: Vec<Vec<(f64, usize)>> = vec![Vec::new(); n];
        for a in 0..n {
            for b in a + 1..n {
                let least = entropy[a].min(entropy[b]);
                let cells = self.complete(a, b, joint.get(&(a, b)));
                let both: f64 = cells.values().map(|&weight| plogp(weight)).sum();
                let information = entropy[a] + entropy[b] - both;
                if least <= 0.0 || information < MIN_SHARED * least {
                    continue;
                }
                shared[a].push((information, b));
                shared[b].push((information, a));
                joint.insert((a, b), cells);
            }
        }
        for (kind, mut list) in shared.into_iter().enumerate() {
            list.sort_by(|x, y| y.0.total_cmp(&x.0).then_with(|| x.1.cmp(&y.1)));
            for (_, other) in list.into_iter().take(PARTNERS) {
                let mut rows: BTreeMap<u64, Table> = BTreeMap::new();
                let pair = (kind.min(other), kind.max(other));
                for (&(a, b), &weight) in joint.get(&pair).into_iter().flatten() {
                    let (mine, theirs) = if kind < other { (a, b) } else { (b, a) };
                    rows.entry(theirs).or_default().add(mine, weight);
                }
                rows.values_mut().for_each(Table::close);
                self.partners[kind].push((other, rows));
            }
        }
    }

    /// The joint counts of two kinds with the sessions that lack one or both.
    fn complete(
        &self,
        a: usize,
        b: usize,
        both: Option<&BTreeMap<(u64, u64), u64>>,
    ) -> BTreeMap<(u64, u64), u64> {
        let mut cells = both.cloned().unwrap_or_default();
        let (mut of_a, mut of_b): (BTreeMap<u64, u64>, BTreeMap<u64, u64>) =
            (BTreeMap::new(), BTreeMap::new());
        for (&(class_a, class_b), &weight) in &cells {
            *of_a.entry(class_a).or_insert(0) += weight;
            *of_b.entry(class_b).or_insert(0) += weight;
        }
        let mut present = cells.values().sum::<u64>();
        for (class_a, weight) in self.counts[a].iter().filter(|&(class, _)| class != 0) {
            let alone = weight - of_a.get(&class_a).copied().unwrap_or(0);
            if 0 < alone {
                cells.insert((class_a, 0), alone);
                present += alone;
            }
        }
        for (class_b, weight) in self.counts[b].iter().filter(|&(class, _)| class != 0) {
            let alone = weight - of_b.get(&class_b).copied().unwrap_or(0);
            if 0 < alone {
                cells.insert((0, class_b), alone);
                present += alone;
            }
        }
        if present < self.sessions {
            cells.insert((0, 0), self.sessions - present);
        }
        cells
    }

    pub(super) fn sessions_with(&self, kind: usize) -> u64 {
        self.counts
            .get(kind)
            .map_or(0, |table| self.sessions - table.weight(0))
    }

    pub(super) fn usual_count(&self, kind: usize) -> Option<(u64, u64)> {
        let table = self.counts.get(kind)?;
        let mode = table.mode()?;
        Some((mode, table.weight(mode)))
    }

    /// Sessions with this count, and with a partner's this and any count.
    pub(super) fn beside(&self, kind: usize, count: u64, other: usize, n: u64) -> (u64, u64) {
        self.partners
            .get(kind)
            .and_then(|list| list.iter().find(|(partner, _)| *partner == other))
            .and_then(|(_, rows)| rows.get(&class(n)))
            .map_or((0, 0), |row| (row.weight(class(count)), row.total()))
    }

    /// Sessions with `a` before `b`, and with both.
    pub(super) fn before(&self, a: usize, b: usize) -> (u64, u64) {
        let at = a.min(b) * MAX_PAIRED + a.max(b);
        let order = self.order.get(at).copied().unwrap_or_default();
        let first = order.first.min(order.last);
        let second = order.both - order.first.max(order.last);
        (if a < b { first } else { second }, order.both)
    }

    /// Sessions with a step, and with any step from the same event.
    pub(super) fn step(&self, from: Option<usize>, to: Option<usize>) -> (u64, u64) {
        let steps = self.steps.get(&(from, to)).copied().unwrap_or(0);
        (steps, self.from.get(&from).copied().unwrap_or(0))
    }

    /// What surprises about the counts, each event once.
    pub(super) fn counts(
        &self,
        sequence: &Sequence,
        own: u64,
        part: Part,
        found: &mut Vec<Surprise>,
    ) {
        let absent = self
            .usual
            .iter()
            .filter(|&&kind| sequence.count(kind) == 0)
            .map(|&kind| (kind, 0));
        let mut done = BTreeSet::new();
        for (kind, count) in sequence.counts.iter().copied().chain(absent) {
            done.insert(kind);
            found.push(self.count(sequence, kind, count, own));
        }
        // An event may be missing beside a partner that is there.
        for kind in 0..self.partners.len() {
            if self.partners[kind]
                .iter()
                .any(|&(other, _)| sequence.count(other) != 0)
                && done.insert(kind)
            {
                found.push(self.count(sequence, kind, 0, own));
            }
        }
        match part {
            Part::Whole => {
                found.push((self.sets.surprise(sequence.set(), own), Finding::Set));
                let length = class(len(sequence.kinds.len()));
                found.push((self.lengths.surprise(length, own), Finding::Length));
            }
            Part::Beginning => found.retain(|&(_, finding)| !self.may_grow(finding)),
        }
        found.retain(|&(surprise, _)| 0.0 < surprise);
    }

    /// Whether a count is below the usual one, so that what follows may mend it.
    fn may_grow(&self, finding: Finding) -> bool {
        match finding {
            Finding::Count { kind, count } => self
                .usual_count(kind)
                .is_some_and(|(usual, _)| class(count) < usual),
            // The partner may grow as well.
            Finding::Beside { .. } => true,
            _ => false,
        }
    }

    fn count(&self, sequence: &Sequence, kind: usize, count: u64, own: u64) -> Surprise {
        let Some(table) = self.counts.get(kind) else {
            // Never seen at all: as rare as anything can be among so many sessions.
            let surprise = (to_f64(self.sessions) + 1.0).ln() + std::f64::consts::LN_2;
            return (surprise, Finding::Count { kind, count });
        };
        let mut best = (
            table.surprise(class(count), own),
            Finding::Count { kind, count },
        );
        for (other, rows) in &self.partners[kind] {
            let count_other = sequence.count(*other);
            let Some(row) = rows.get(&class(count_other)) else {
                continue;
            };
            let surprise = row.surprise(class(count), own);
            if best.0 < surprise {
                let finding = Finding::Beside {
                    kind,
                    count,
                    other: *other,
                    count_other,
                };
                best = (surprise, finding);
            }
        }
        best
    }

    /// How surprising it is that an event was never seen in any other session, where there is one: by the share of
    /// sessions with such an event (Good and Turing).
    pub(super) fn new_event(&self, sequence: &Sequence, own: u64) -> f64 {
        let is_new = |kind: usize| self.sessions_with(kind).saturating_sub(own) == 0;
        if sequence.counts.iter().any(|&(kind, _)| is_new(kind)) {
            rare(self.with_new, self.sessions, own)
        } else {
            0.0
        }
    }

    /// The rarest event.
    pub(super) fn presence(&self, sequence: &Sequence, own: u64) -> Option<Surprise> {
        sequence
            .counts
            .iter()
            .map(|&(kind, _)| {
                let with = self.sessions_with(kind);
                (rare(with, self.sessions, own), Finding::Present { kind })
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// The most surprising order of two events.
    pub(super) fn order(&self, sequence: &Sequence, own: u64) -> Option<Surprise> {
        let mut best: Option<Surprise> = None;
        let places = sequence.places();
        for (at, &(a, first_a, last_a)) in places.iter().enumerate() {
            for &(b, first_b, last_b) in places.iter().skip(at + 1) {
                let order = self.order[a * MAX_PAIRED + b];
                if order.both == 0 {
                    continue;
                }
                for (is_before, before) in [
                    (first_a < first_b, order.first),
                    (last_a < last_b, order.last),
                ] {
                    let same = if is_before {
                        before
                    } else {
                        order.both - before
                    };
                    let surprise = rare(same, order.both, own);
                    if best.is_none_or(|(most, _)| most < surprise) {
                        let (kind, other) = if is_before { (a, b) } else { (b, a) };
                        best = Some((surprise, Finding::Before { kind, other }));
                    }
                }
            }
        }
        best
    }

    /// The mean surprise of all neighbours: a session that takes many unusual ways, none of them very rare.
    pub(super) fn ways(&self, sequence: &Sequence, own: u64, part: Part) -> f64 {
        let (mut sum, mut n) = (0.0, 0_u64);
        for (from, to) in sequence.steps() {
            if part == Part::Whole || to.is_some() {
                let (taken, all) = self.step(from, to);
                sum += rare(taken, all, own);
                n += 1;
            }
        }
        sum / to_f64(n.max(1))
    }

    /// The most surprising neighbours.
    pub(super) fn neighbours(&self, sequence: &Sequence, own: u64, part: Part) -> Option<Surprise> {
        sequence
            .steps()
            .into_iter()
            .filter(|(_, to)| part == Part::Whole || to.is_some())
            .map(|(from, to)| {
                let (n, all) = self.step(from, to);
                (rare(n, all, own), Finding::Step { from, to })
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

/// `-ln` of a share, the session itself left out.
fn rare(n: u64, all: u64, own: u64) -> f64 {
    let share = (to_f64(n.saturating_sub(own)) + 0.5) / (to_f64(all.saturating_sub(own)) + 1.0);
    (-share.ln()).max(0.0)
}
