//! Which sessions are out of the ordinary.

use std::collections::BTreeMap;

use super::{
    SessionModel, ending,
    table::quantile,
    tables::{Finding, MAX_KINDS, Part, Sequence, Surprise, Tables},
};
use crate::number::to_f64;

/// The share of normal sessions beyond the threshold, by the tail of their scores.
const FALSE_ALARMS: f64 = 0.003;
/// The score above which a session is left out while learning: something about it is rarer than one in thirty, by
/// several views, or much rarer by one.
const TRIM: f64 = 4.0;
/// The threshold as a share of the score that a usual session gets from one event that was never seen.
const OF_UNSEEN: f64 = 0.7;
/// Sessions with an event added, for their score.
const PROBES: usize = 25;
/// The 90th percentile less the median of Gumbel's distribution, in its scale: the largest of several surprises.
const GUMBEL: f64 = 1.884;
/// No more than this share of the sessions is taken for anomalies while learning.
const MAX_TRIMMED: f64 = 0.2;
/// What so many sessions do is a way of being normal: they are learned from, however far from the others they are.
/// Without it, rounds of learning without them make a variant that one session in fifty follows rarer each time.
const VARIANT: f64 = 0.01;
/// How often what is normal is learned anew without the anomalies found.
const ROUNDS: usize = 3;
/// Reasons that a verdict gives.
const MAX_REASONS: usize = 3;

/// What a [`SessionDetector`] says of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionVerdict {
    /// How surprising the session is, in nats (minus the logarithm of a probability); not negative.
    pub score: f64,
    /// Whether the score is above [`SessionDetector::threshold`].
    pub anomalous: bool,
    /// What surprises most, for people; empty when nothing does.
    pub reasons: Vec<String>,
    /// Whether it was judged as a beginning, for the log ends before it does.
    pub cut_off: bool,
}

/// What surprises most about a session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lead {
    /// It is about the order of events, not about which there are.
    pub(crate) is_order: bool,
    /// The events concerned; none for sets and lengths.
    pub(crate) events: Vec<String>,
}

impl Lead {
    /// The same for the same peculiarity.
    pub(crate) fn signature(&self) -> String {
        format!("{} {}", self.is_order, self.events.join(" "))
    }
}

/// Says which sessions are out of the ordinary, by a [`SessionModel`].
#[derive(Clone, Debug)]
pub struct SessionDetector {
    kinds: BTreeMap<String, usize>,
    names: Vec<String>,
    tables: Tables,
    /// What is usual for each view.
    usual: [Usual; VIEWS],
    /// The score that few normal sessions are above.
    noise: f64,
    threshold: f64,
}

/// Ways to look at a session, each with the surprise that it finds: the most surprising count, the sum over all counts,
/// the set of events, their number, the order of two, the rarest neighbours, the rarest event, an event never seen, all neighbours
/// together (many ways that are unusual, none of them very rare).
const VIEWS: usize = 9;
/// The view of events never seen.
const NEW: usize = 7;
/// The view of all neighbours.
const WAYS: usize = 8;

/// The surprises of a session by view.
struct Parts {
    findings: Vec<Surprise>,
    views: [f64; VIEWS],
}

/// The upper part of a distribution, told from its median and 90th percentile: a tenth of anomalies moves neither far.
#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    most: f64,
    scale: f64,
}

impl Usual {
    fn of(mut values: Vec<(f64, u64)>, least: f64) -> Self {
        let half = quantile(&mut values, 0.5);
        let most = quantile(&mut values, 0.9);
        Self {
            most,
            scale: ((most - half) / GUMBEL).max(least),
        }
    }

    /// How far beyond the usual.
    fn excess(self, value: f64) -> f64 {
        ((value - self.most) / self.scale).max(0.0)
    }
}

impl SessionDetector {
    pub(super) fn fit(model: &SessionModel) -> Self {
        let distinct = model.distinct();
        let mut frequency: BTreeMap<&str, u64> = BTreeMap::new();
        for (text, &weight) in &distinct {
            let mut events: Vec<&str> = text.split(' ').filter(|e| !e.is_empty()).collect();
            events.sort_unstable();
            events.dedup();
            for event in events {
                *frequency.entry(event).or_insert(0) += weight;
            }
        }
        let mut order: Vec<(&str, u64)> = frequency.into_iter().collect();
        order.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        order.truncate(MAX_KINDS);
        let names: Vec<String> = order.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut detector = Self {
            kinds: names
                .iter()
                .enumerate()
                .map(|(kind, name)| (name.clone(), kind))
                .collect(),
            names,
            tables: Tables::default(),
            usual: [Usual::default(); VIEWS],
            noise: 0.0,
            threshold: 0.0,
        };
        let sequences: Vec<Sequence> = distinct
            .into_iter()
            .map(|(text, weight)| detector.sequence(text.split(' '), weight))
            .collect();
        let mut kept = vec![true; sequences.len()];
        let mut rare: Option<Vec<bool>> = None;
        for _ in 0..ROUNDS {
            let scores = detector.learn(&sequences, &kept);
            let rare = rare.get_or_insert_with(|| detector.rare(&sequences));
            let now = detector.trim(&sequences, &scores, rare);
            if now == kept {
                break;
            }
            kept = now;
        }
        detector.threshold = detector
            .noise
            .max(OF_UNSEEN * detector.unseen(&sequences, &kept));
        detector
    }

    /// The median score of usual sessions with an event that was never seen: what can be told from so many sessions.
    fn unseen(&self, sequences: &[Sequence], kept: &[bool]) -> f64 {
        let mut usual: Vec<&Sequence> = sequences
            .iter()
            .zip(kept)
            .filter(|&(_, kept)| *kept)
            .map(|(sequence, _)| sequence)
            .collect();
        usual.sort_by_key(|sequence| std::cmp::Reverse(sequence.weight));
        let mut scores: Vec<f64> = usual
            .into_iter()
            .take(PROBES)
            .map(|sequence| {
                let mut kinds = sequence.kinds.clone();
                kinds.insert(kinds.len() / 2, self.names.len());
                let mut parts = self.parts(&Sequence::new(kinds, 1), 0, Part::Whole);
                // What any rare thing would do, not only an event that is new.
                parts.views[NEW] = 0.0;
                self.sum(&parts)
            })
            .collect();
        scores.sort_by(f64::total_cmp);
        scores.get(scores.len() / 2).copied().unwrap_or(0.0)
    }

    fn sequence<'e>(&self, events: impl Iterator<Item = &'e str>, weight: u64) -> Sequence {
        let unknown = self.names.len();
        let kinds = events
            .filter(|event| !event.is_empty())
            .map(|event| self.kinds.get(event).copied().unwrap_or(unknown))
            .collect();
        Sequence::new(kinds, weight)
    }

    /// Learns from the sessions that are kept, and gives the score of each.
    fn learn(&mut self, sequences: &[Sequence], kept: &[bool]) -> Vec<f64> {
        let normal: Vec<&Sequence> = sequences
            .iter()
            .zip(kept)
            .filter(|&(_, kept)| *kept)
            .map(|(sequence, _)| sequence)
            .collect();
        self.tables = Tables::new(&normal, self.names.len());
        let parts: Vec<Parts> = sequences
            .iter()
            .zip(kept)
            .map(|(sequence, &kept)| self.parts(sequence, u64::from(kept), Part::Whole))
            .collect();
        for view in 0..VIEWS {
            let values = parts
                .iter()
                .zip(sequences)
                .map(|(parts, sequence)| (parts.views[view], sequence.weight))
                .collect();
            // A mean over many neighbours spreads less than what is rarest of them.
            let least = if view == WAYS { 0.1 } else { 1.0 };
            self.usual[view] = Usual::of(values, least);
        }
        let scores: Vec<f64> = parts.iter().map(|parts| self.sum(parts)).collect();
        let values = scores
            .iter()
            .zip(sequences)
            .map(|(&score, sequence)| (score, sequence.weight))
            .collect();
        let all = Usual::of(values, 0.3);
        self.noise = all.most + all.scale * (0.1 / FALSE_ALARMS).ln();
        scores
    }

    /// Whether anything about a session is rarer than [`VARIANT`] among all of them.
    fn rare(&self, sequences: &[Sequence]) -> Vec<bool> {
        let least = -VARIANT.ln();
        sequences
            .iter()
            .map(|sequence| {
                let parts = self.parts(sequence, 1, Part::Whole);
                parts
                    .findings
                    .iter()
                    .any(|&(surprise, _)| least <= surprise)
            })
            .collect()
    }

    /// The sessions below the threshold, but at most [`MAX_TRIMMED`] of all left out.
    fn trim(&self, sequences: &[Sequence], scores: &[f64], rare: &[bool]) -> Vec<bool> {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then_with(|| a.cmp(&b)));
        let total: u64 = sequences.iter().map(|sequence| sequence.weight).sum();
        let mut kept = vec![true; scores.len()];
        let mut out = 0;
        for at in order {
            out += sequences[at].weight;
            if scores[at] <= TRIM.max(self.noise) || MAX_TRIMMED * to_f64(total) < to_f64(out) {
                break;
            }
            kept[at] = !rare[at];
        }
        kept
    }

    fn parts(&self, sequence: &Sequence, own: u64, part: Part) -> Parts {
        let mut findings = Vec::new();
        self.tables.counts(sequence, own, part, &mut findings);
        let mut views = [0.0; VIEWS];
        for &(surprise, finding) in &findings {
            match finding {
                Finding::Set => views[2] = surprise,
                Finding::Length => views[3] = surprise,
                _ => {
                    views[0] = surprise.max(views[0]);
                    views[1] += surprise;
                }
            }
        }
        let more = [
            self.tables.order(sequence, own),
            self.tables.neighbours(sequence, own, part),
            self.tables.presence(sequence, own),
        ];
        for (view, finding) in more.into_iter().enumerate() {
            views[4 + view] = finding.map_or(0.0, |(surprise, _)| surprise);
            findings.extend(finding);
        }
        views[NEW] = self.tables.new_event(sequence, own);
        views[WAYS] = self.tables.ways(sequence, own, part);
        Parts { findings, views }
    }

    /// The largest excess, half of the second, a quarter of the third, …: views see the same things.
    fn sum(&self, parts: &Parts) -> f64 {
        let mut excess: Vec<f64> = parts
            .views
            .iter()
            .zip(self.usual)
            .map(|(&surprise, usual)| usual.excess(surprise))
            .collect();
        excess.sort_by(|a, b| b.total_cmp(a));
        excess
            .iter()
            .rev()
            .fold(0.0, |sum, excess| sum / 2.0 + excess)
    }

    /// The score above which a session is anomalous, in nats.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Judges a session that was not learned from.
    pub fn judge<'e>(&self, events: impl IntoIterator<Item = &'e str>) -> SessionVerdict {
        self.judge_part(events, Part::Whole).0
    }

    /// Judges the beginning of a session that goes on, or may: nothing that may still come is missed.
    pub fn judge_open<'e>(&self, events: impl IntoIterator<Item = &'e str>) -> SessionVerdict {
        self.judge_part(events, Part::Beginning).0
    }

    /// Judges the sessions of a log, given in the order in which they begin: those that the end of the log cuts off are
    /// judged as beginnings.
    pub fn judge_log<S: AsRef<str>>(&self, sessions: &[S]) -> Vec<SessionVerdict> {
        let mut known: BTreeMap<&str, (SessionVerdict, bool)> = BTreeMap::new();
        let mut unfinished = Vec::with_capacity(sessions.len());
        for session in sessions {
            let text = session.as_ref();
            let (_, is) = known.entry(text).or_insert_with(|| {
                let verdict = self.judge(text.split_whitespace());
                let is = verdict.anomalous && !self.judge_open(text.split_whitespace()).anomalous;
                (verdict, is)
            });
            unfinished.push(*is);
        }
        let end = sessions.len() - ending::cut_off(&unfinished);
        sessions
            .iter()
            .enumerate()
            .map(|(at, session)| match known.get(session.as_ref()) {
                Some((verdict, is)) if at < end || !is => verdict.clone(),
                _ => SessionVerdict {
                    cut_off: true,
                    ..self.judge_open(session.as_ref().split_whitespace())
                },
            })
            .collect()
    }

    fn judge_part<'e>(
        &self,
        events: impl IntoIterator<Item = &'e str>,
        part: Part,
    ) -> (SessionVerdict, Option<Lead>) {
        let events: Vec<&str> = events.into_iter().take(SessionModel::MAX_EVENTS).collect();
        let sequence = self.sequence(events.iter().copied(), 1);
        let parts = self.parts(&sequence, 0, part);
        let score = self.sum(&parts);
        let unknown = events
            .iter()
            .copied()
            .find(|event| !event.is_empty() && !self.kinds.contains_key(*event));
        let mut findings: Vec<Surprise> = parts
            .findings
            .into_iter()
            .map(|(surprise, finding)| {
                let usual = match finding {
                    Finding::Set => self.usual[2],
                    Finding::Length => self.usual[3],
                    Finding::Before { .. } => self.usual[4],
                    Finding::Step { .. } => self.usual[5],
                    Finding::Present { .. } => self.usual[6],
                    _ => self.usual[0],
                };
                let excess = usual.excess(surprise) + 1e-3 * surprise;
                // What names an event says more than what does not.
                match finding {
                    Finding::Set | Finding::Length => (excess / 2.0, finding),
                    _ => (excess, finding),
                }
            })
            .collect();
        findings.sort_by(|a, b| b.0.total_cmp(&a.0));
        let clear = findings.iter().filter(|(excess, _)| 1.0 <= *excess).count();
        // Where the sum of small things is what surprises, the largest of them stand for it.
        let shown = if self.threshold < score {
            clear.max(1)
        } else {
            clear
        };
        let lead = findings
            .first()
            .map(|&(_, finding)| self.lead(finding, unknown));
        let verdict = SessionVerdict {
            score,
            anomalous: self.threshold < score,
            cut_off: part == Part::Beginning,
            reasons: findings
                .into_iter()
                .take(shown.min(MAX_REASONS))
                .map(|(_, finding)| self.say(finding, unknown))
                .collect(),
        };
        (verdict, lead)
    }

    /// Judges a session or the beginning of one, and says what is most surprising about it.
    pub(crate) fn judge_with_lead<'e>(
        &self,
        events: impl IntoIterator<Item = &'e str>,
        is_open: bool,
    ) -> (SessionVerdict, Option<Lead>) {
        let part = if is_open {
            Part::Beginning
        } else {
            Part::Whole
        };
        self.judge_part(events, part)
    }

    fn lead(&self, finding: Finding, unknown: Option<&str>) -> Lead {
        let (is_order, kinds) = match finding {
            Finding::Count { kind, .. }
            | Finding::Beside { kind, .. }
            | Finding::Present { kind } => (false, vec![kind]),
            Finding::Set | Finding::Length => (false, Vec::new()),
            Finding::Before { kind, other } => (true, vec![kind, other]),
            Finding::Step { from, to } => (true, from.into_iter().chain(to).collect()),
        };
        let name = |kind: usize| self.names.get(kind).map(String::as_str).or(unknown);
        Lead {
            is_order,
            events: kinds
                .into_iter()
                .filter_map(name)
                .map(str::to_owned)
                .collect(),
        }
    }

    fn say(&self, finding: Finding, unknown: Option<&str>) -> String {
        let n = self.tables.sessions;
        let name = |kind: usize| {
            let name = self.names.get(kind).map(String::as_str).or(unknown);
            format!("`{}`", name.unwrap_or("?"))
        };
        match finding {
            Finding::Present { kind } => format!(
                "{} occurs; {} of {n} sessions have it",
                name(kind),
                self.tables.sessions_with(kind)
            ),
            Finding::Count { kind, .. } if self.names.len() <= kind => {
                format!("{} was never seen in {n} sessions", name(kind))
            }
            Finding::Count { kind, count: 0 } => format!(
                "{} is missing; {} of {n} sessions have it",
                name(kind),
                self.tables.sessions_with(kind)
            ),
            Finding::Count { kind, count } => match self.tables.usual_count(kind) {
                Some((0, _)) | None => format!(
                    "{} {count} times; {} of {n} sessions have it at all",
                    name(kind),
                    self.tables.sessions_with(kind)
                ),
                Some((usual, of)) => {
                    format!(
                        "{} {count} times; {usual} times in {of} of {n} sessions",
                        name(kind)
                    )
                }
            },
            Finding::Beside {
                kind,
                count,
                other,
                count_other,
            } => {
                let (same, all) = self.tables.beside(kind, count, other, count_other);
                format!(
                    "{} {count} times with {} {count_other} times; in {same} of {all} sessions",
                    name(kind),
                    name(other)
                )
            }
            Finding::Set => format!("no usual set of events among {n} sessions"),
            Finding::Length => format!("an unusual number of events among {n} sessions"),
            Finding::Before { kind, other } => {
                let (same, all) = self.tables.before(kind, other);
                format!(
                    "{} before {}; in {same} of {all} sessions",
                    name(kind),
                    name(other)
                )
            }
            Finding::Step { from, to } => {
                let (same, all) = self.tables.step(from, to);
                match (from, to) {
                    (None, Some(to)) => {
                        format!("{} is first; in {same} of {all} sessions", name(to))
                    }
                    (Some(from), None) => {
                        format!("{} is last; in {same} of {all} sessions", name(from))
                    }
                    (Some(from), Some(to)) => format!(
                        "{} behind {}; in {same} of {all} sessions",
                        name(to),
                        name(from)
                    ),
                    (None, None) => "no event at all".to_owned(),
                }
            }
        }
    }
}
