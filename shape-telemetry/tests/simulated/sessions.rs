//! Sessions of several kinds of process, each labelled.

use super::numbers::Numbers;

/// Makes sessions: from a seed, so many, with this share of anomalies.
pub(crate) type Process = fn(u64, usize, f64) -> Vec<Session>;

/// A session and whether it is anomalous.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) events: Vec<String>,
    pub(crate) anomalous: bool,
}

fn session(events: &[usize], anomalous: bool) -> Session {
    Session {
        events: events.iter().map(|event| format!("E{event}")).collect(),
        anomalous,
    }
}

/// Puts sequences into each other, each keeping its order.
fn interleave(numbers: &mut Numbers, mut parts: Vec<Vec<usize>>) -> Vec<usize> {
    for part in &mut parts {
        part.reverse();
    }
    let mut all = Vec::new();
    while !parts.is_empty() {
        let at = numbers.below(parts.len());
        match parts[at].pop() {
            Some(event) => all.push(event),
            None => drop(parts.swap_remove(at)),
        }
    }
    all
}

/// A block that three replicas store in a pipeline, that is read some times, and often deleted: the process of a
/// distributed file system, with its known kinds of fault and their relative frequency.
pub(crate) fn replicas(seed: u64, n: usize, contamination: f64) -> Vec<Session> {
    let mut numbers = Numbers::new(seed);
    (0..n)
        .map(|_| {
            let anomalous = numbers.chance(contamination);
            let events = replica(&mut numbers, anomalous);
            session(&events, anomalous)
        })
        .collect()
}

fn replica(numbers: &mut Numbers, anomalous: bool) -> Vec<usize> {
    let fault = if anomalous { numbers.unit() } else { 2.0 };
    // Write failed at the beginning.
    if fault < 0.18 {
        let mut events = vec![5, 22];
        if numbers.chance(0.5) {
            events.push(5);
        }
        if numbers.chance(0.7) {
            events.push(7);
        }
        return events;
    }
    let copies = if numbers.chance(0.0008) { 10 } else { 3 };
    let receive: Vec<Vec<usize>> = (0..copies).map(|_| vec![5, 9, 11]).collect();
    let mut head = vec![5, 22];
    let mut body = interleave(numbers, receive);
    body.remove(body.iter().position(|&event| event == 5).unwrap());
    head.extend(body);
    // The name node hears of each copy.
    for _ in 0..copies {
        let last = head.len();
        let first = head.iter().position(|&event| event == 9).unwrap();
        head.insert(numbers.between(first, last), 26);
    }
    let mut events = head;
    if fault < 0.38 {
        // The client gives up in the middle.
        let at = numbers.between(4, events.len() - 3);
        events.truncate(at);
        let copies = events.iter().filter(|&&event| event == 5).count();
        for _ in 0..numbers.between(1, copies) {
            events.extend([7, 10]);
            if numbers.chance(0.3) {
                events.push(14);
            }
        }
        return events;
    }
    if (0.38..0.44).contains(&fault) {
        let at = numbers.between(4, events.len());
        events.insert(at, 13);
    }
    if (0.44..0.50).contains(&fault) {
        let at = numbers.between(8, events.len());
        events.insert(at, 27);
    }
    if numbers.chance(0.25) {
        for _ in 0..numbers.between(1, 3) {
            events.push(2);
        }
    }
    if numbers.chance(0.4) {
        let reads = 1 + (-numbers.unit().ln() * 3.0) as usize;
        for _ in 0..reads {
            events.push(if numbers.chance(0.4) { 4 } else { 3 });
        }
    }
    // A copy moves to another node in the background: rare, and well.
    if numbers.chance(0.0025) {
        events.extend([25, 18, 5, 6, 16, 26]);
    }
    if numbers.chance(0.55) || (0.5..=1.0).contains(&fault) {
        let removed = vec![23; copies];
        let mut deleted = interleave(numbers, vec![removed, vec![21; copies]]);
        deleted.sort_by_key(|&event| std::cmp::Reverse(event));
        if (0.50..0.76).contains(&fault) {
            // The name node did not know of the deletion.
            for _ in 0..numbers.between(1, 3) {
                deleted.push(20);
            }
        }
        if (0.76..0.90).contains(&fault) {
            // A copy is deleted at once, the others are not.
            deleted.truncate(numbers.between(1, 4));
            let at = numbers.between(4, 8);
            let rest = events.split_off(at);
            events.append(&mut deleted);
            events.extend(rest.into_iter().filter(|&event| event != 26));
        }
        if (0.90..=1.0).contains(&fault) {
            let at = events.iter().rposition(|&event| event == 26).unwrap();
            events[at] = 28;
        }
        events.extend(deleted);
    }
    events
}

/// A program as a tree of steps.
#[derive(Clone, Debug)]
enum Step {
    One(usize),
    Sequence(Vec<Step>),
    Parallel(Vec<Step>),
    /// One of several, by weight.
    Choice(Vec<(f64, Step)>),
    Loop(Box<Step>, f64),
}

impl Step {
    fn any(numbers: &mut Numbers, depth: usize, next: &mut usize) -> Self {
        let kind = if depth == 0 { 0.0 } else { numbers.unit() };
        let many = |numbers: &mut Numbers, next: &mut usize| {
            (0..numbers.between(2, 4))
                .map(|_| Self::any(numbers, depth - 1, next))
                .collect::<Vec<_>>()
        };
        if kind < 0.3 {
            *next += 1;
            return Self::One(*next);
        }
        match kind {
            0.3..0.65 => Self::Sequence(many(numbers, next)),
            0.65..0.75 => Self::Parallel(many(numbers, next)),
            0.75..0.9 => {
                let steps = many(numbers, next);
                Self::Choice(
                    steps
                        .into_iter()
                        .map(|step| (0.04 + numbers.unit().powi(2), step))
                        .collect(),
                )
            }
            _ => Self::Loop(
                Box::new(Self::any(numbers, depth - 1, next)),
                numbers.unit() * 0.7,
            ),
        }
    }

    fn run(&self, numbers: &mut Numbers) -> Vec<usize> {
        match self {
            Self::One(event) => vec![*event],
            Self::Sequence(steps) => steps.iter().flat_map(|step| step.run(numbers)).collect(),
            Self::Parallel(steps) => {
                let parts = steps.iter().map(|step| step.run(numbers)).collect();
                interleave(numbers, parts)
            }
            Self::Choice(steps) => {
                let sum: f64 = steps.iter().map(|(weight, _)| weight).sum();
                let mut left = numbers.unit() * sum;
                for (weight, step) in steps {
                    left -= weight;
                    if left < 0.0 {
                        return step.run(numbers);
                    }
                }
                steps[0].1.run(numbers)
            }
            Self::Loop(step, again) => {
                let mut all = step.run(numbers);
                while all.len() < 200 && numbers.chance(*again) {
                    all.extend(step.run(numbers));
                }
                all
            }
        }
    }
}

/// A random program; faults drop, repeat, swap or add steps, or end it early.
pub(crate) fn programs(seed: u64, n: usize, contamination: f64) -> Vec<Session> {
    let mut numbers = Numbers::new(seed);
    let (root, last) = loop {
        let mut last = 0;
        let steps = (0..4)
            .map(|_| Step::any(&mut numbers, 3, &mut last))
            .collect();
        if (8..=40).contains(&last) {
            break (Step::Sequence(steps), last);
        }
    };
    (0..n)
        .map(|_| {
            let events = root.run(&mut numbers);
            if !numbers.chance(contamination) {
                return session(&events, false);
            }
            let mut broken = events.clone();
            while broken == events {
                match numbers.below(5) {
                    0 => {
                        let at = numbers.below(broken.len() + 1);
                        broken.insert(at, last + 1 + numbers.below(3));
                    }
                    1 => {
                        let at = numbers.below(broken.len());
                        let gone = numbers.between(1, 3);
                        let end = (at + gone).min(broken.len());
                        broken.drain(at..end);
                    }
                    2 => {
                        let at = numbers.below(broken.len());
                        let again = broken[at];
                        for _ in 0..numbers.between(3, 8) {
                            broken.insert(at, again);
                        }
                    }
                    3 if 6 <= broken.len() => {
                        let a = numbers.below(broken.len() / 2);
                        let b = numbers.between(broken.len() / 2, broken.len() - 1);
                        broken.swap(a, b);
                    }
                    4 if 4 <= broken.len() => {
                        let at = numbers.between(1, broken.len() * 2 / 3);
                        broken.truncate(at);
                        if numbers.chance(0.5) {
                            broken.push(last + 4);
                        }
                    }
                    _ => {}
                }
            }
            session(&broken, true)
        })
        .collect()
}

/// Windows of a noisy machine's log: long, many events, bursts of repeats; faults bring events of their own.
pub(crate) fn bursts(seed: u64, n: usize, contamination: f64) -> Vec<Session> {
    let mut numbers = Numbers::new(seed);
    let kinds = 80;
    let weights: Vec<f64> = (0..kinds)
        .map(|_| (-numbers.unit().ln()).powi(3) + 0.002)
        .collect();
    let total: f64 = weights.iter().sum();
    let pick = |numbers: &mut Numbers| {
        let mut left = numbers.unit() * total;
        weights
            .iter()
            .position(|weight| {
                left -= weight;
                left < 0.0
            })
            .unwrap_or(0)
    };
    (0..n)
        .map(|_| {
            let mut events = Vec::new();
            for _ in 0..numbers.between(3, 25) {
                let event = pick(&mut numbers);
                let repeats = 1 + (-numbers.unit().ln() * 2.0) as usize;
                events.extend(std::iter::repeat_n(event, repeats));
            }
            let anomalous = numbers.chance(contamination);
            if anomalous {
                let fault = kinds + numbers.below(8);
                let at = numbers.below(events.len());
                for _ in 0..=(-numbers.unit().ln() * 4.0) as usize {
                    events.insert(at, fault);
                }
            }
            session(&events, anomalous)
        })
        .collect()
}

/// The life of a machine: one order of steps with small variations; faults leave steps out or do them again.
pub(crate) fn lifecycles(seed: u64, n: usize, contamination: f64) -> Vec<Session> {
    let mut numbers = Numbers::new(seed);
    (0..n)
        .map(|_| {
            let anomalous = numbers.chance(contamination);
            let mut events: Vec<usize> = (1..=8).collect();
            for _ in 0..numbers.between(2, 6) {
                events.extend([9, 10]);
            }
            if numbers.chance(0.3) {
                events.push(11);
            }
            events.extend(interleave(&mut numbers, vec![vec![12, 13], vec![14]]));
            events.extend(15..=20);
            if anomalous {
                match numbers.below(4) {
                    0 => drop(events.drain(3..6)),
                    1 => {
                        let again: Vec<usize> = events[2..6].to_vec();
                        for _ in 0..numbers.between(1, 2) {
                            events.splice(6..6, again.iter().copied());
                        }
                    }
                    2 => {
                        let at = events.len() - 4;
                        events.truncate(at);
                        events.push(21);
                    }
                    _ => events.swap(4, 6),
                }
            }
            session(&events, anomalous)
        })
        .collect()
}

/// What a detector got right.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) hits: u32,
    pub(crate) false_alarms: u32,
    pub(crate) missed: u32,
    pub(crate) n: u32,
}

impl Tally {
    pub(crate) fn add(&mut self, anomalous: bool, called: bool) {
        self.n += 1;
        match (anomalous, called) {
            (true, true) => self.hits += 1,
            (false, true) => self.false_alarms += 1,
            (true, false) => self.missed += 1,
            (false, false) => {}
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            false_alarms: self.false_alarms + other.false_alarms,
            missed: self.missed + other.missed,
            n: self.n + other.n,
        }
    }

    pub(crate) fn precision(self) -> f64 {
        f64::from(self.hits) / f64::from((self.hits + self.false_alarms).max(1))
    }

    pub(crate) fn recall(self) -> f64 {
        f64::from(self.hits) / f64::from((self.hits + self.missed).max(1))
    }

    pub(crate) fn f1(self) -> f64 {
        2.0 * f64::from(self.hits)
            / f64::from((2 * self.hits + self.false_alarms + self.missed).max(1))
    }
}
