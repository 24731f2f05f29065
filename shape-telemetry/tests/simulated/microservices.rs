//! Microservices under load with one fault, watched as such systems are: noisy load, long tails, metrics that some lack.

use super::{
    incidents::{Case, case_of},
    numbers::Numbers,
};
use shape_telemetry::Worse;

/// What the graph tells of the calls that there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Known {
    All,
    /// A share of the calls is not known.
    Some,
    /// Each call the wrong way round.
    Reversed,
    /// A few calls back, which happen but seldom.
    Cycles,
    Nothing,
}

/// A system, its load, how it is watched and what goes wrong.
#[derive(Clone, Copy, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one trait, named where it is set"
)]
pub(crate) struct World {
    pub(crate) nodes: usize,
    pub(crate) step_s: f64,
    pub(crate) before_s: f64,
    pub(crate) after_s: f64,
    /// The `from` of the incident lies so long behind the true start.
    pub(crate) late_s: f64,
    /// Share of values that are missing.
    pub(crate) missing: f64,
    /// Users wait for answers before they ask again: when answers are late the load falls everywhere.
    pub(crate) closed: bool,
    /// The chance of an outlier in a value of latency, disk and processor.
    pub(crate) tails: f64,
    /// The rise of the load from the first value to the last.
    pub(crate) trend: f64,
    /// Processor time and requests are counters.
    pub(crate) counters: bool,
    /// Latency is measured by callers: a delay of a node shows at those that call it.
    pub(crate) at_callers: bool,
    /// Callers ask again when a call fails.
    pub(crate) retries: bool,
    pub(crate) known: Known,
    /// The fault is at the node where the incident is noticed.
    pub(crate) at_target: bool,
    /// Values are read at every so many steps and repeated between.
    pub(crate) hold: usize,
    /// Faults are so many times as large.
    pub(crate) size: f64,
    /// Share of nodes with processor and memory only.
    pub(crate) plain: f64,
    /// Nodes where something else begins meanwhile that hurts nobody: a backup, a cache that is filled.
    pub(crate) strange: usize,
}

pub(crate) const SHOP: World = World {
    nodes: 12,
    step_s: 1.0,
    before_s: 600.0,
    after_s: 600.0,
    late_s: 0.0,
    missing: 0.0,
    closed: true,
    tails: 0.005,
    trend: 0.0,
    counters: false,
    at_callers: false,
    retries: false,
    known: Known::All,
    at_target: false,
    hold: 1,
    size: 1.0,
    plain: 0.2,
    strange: 0,
};

pub(crate) const FAULTS: [&str; 6] = ["cpu", "mem", "disk", "delay", "loss", "socket"];

struct Service {
    callees: Vec<(usize, f64)>,
    base_ms: f64,
    noise: f64,
    cpu: f64,
    mem: f64,
    mem_step: f64,
    disk: f64,
    sockets: f64,
    is_plain: bool,
}

fn services(numbers: &mut Numbers, world: World) -> Vec<Service> {
    let mut all: Vec<Service> = (0..world.nodes)
        .map(|node| Service {
            callees: Vec::new(),
            base_ms: 6.0 * (numbers.normal() * 0.9).exp(),
            noise: 0.04 + 0.2 * numbers.unit(),
            cpu: 0.5 + 6.0 * numbers.unit(),
            mem: 40.0 + 400.0 * numbers.unit(),
            // Heaps drift, caches fill; others stay where they are.
            mem_step: if numbers.chance(0.4) {
                0.0
            } else {
                0.3 * numbers.unit()
            },
            disk: if numbers.chance(0.5) {
                0.0
            } else {
                20.0 * numbers.unit()
            },
            sockets: 5.0 + 40.0 * numbers.unit(),
            is_plain: node != 0 && numbers.chance(world.plain),
        })
        .collect();
    for callee in 1..world.nodes {
        for _ in 0..=usize::from(numbers.chance(0.35)) {
            let caller = numbers.between(callee.saturating_sub(7), callee - 1);
            let share = 0.2 + 1.3 * numbers.unit();
            if all[caller]
                .callees
                .iter()
                .all(|&(known, _)| known != callee)
            {
                all[caller].callees.push((callee, share));
            }
        }
    }
    all
}

/// An incident by `fault`, one of [`FAULTS`].
pub(crate) fn shop(seed: u64, fault: &str, world: World) -> Case {
    let mut numbers = Numbers::new(
        seed.wrapping_mul(7919) ^ fault.len() as u64 ^ u64::from(fault.as_bytes()[0]) << 8,
    );
    let all = services(&mut numbers, world);
    let n = world.nodes;
    let cause = if world.at_target {
        0
    } else {
        numbers.between(1, n - 1)
    };
    let strange: Vec<usize> = (0..world.strange)
        .map(|_| numbers.between(1, n - 1))
        .filter(|&node| node != cause)
        .collect();
    let size = world.size * (numbers.normal() * 0.5).exp();
    let n_before = (world.before_s / world.step_s) as usize;
    let n_all = n_before + (world.after_s / world.step_s) as usize;
    let usual_ms = 60.0;
    let (mut drift, mut slow) = (0.0_f64, usual_ms);
    let mut mem: Vec<f64> = all.iter().map(|service| service.mem).collect();
    let mut counters = vec![[0.0_f64; 2]; n];
    let mut held: Vec<Vec<(&str, f64)>> = vec![Vec::new(); n];
    let mut rows = Vec::new();
    for at in 0..n_all {
        let since_s = (at as f64 - n_before as f64) * world.step_s;
        let on = 0.0 <= since_s;
        // Memory is eaten and sockets leak over a minute or two; the rest is there at once.
        let rise = match fault {
            "mem" | "socket" => ((since_s + world.step_s) / 90.0).clamp(0.0, 1.0),
            _ => 1.0,
        };
        drift = 0.97 * drift + 0.06 * numbers.normal();
        let trend = 1.0 + world.trend * at as f64 / n_all as f64;
        let users = 100.0 * (1.0 + drift).max(0.2) * trend * (1.0 + 0.05 * numbers.normal());
        // A user thinks for half a second.
        let asked = if world.closed {
            users * (500.0 + usual_ms) / (500.0 + slow)
        } else {
            users
        };
        let fails = |node: usize| {
            if on && node == cause {
                match fault {
                    "loss" => 0.03 * size,
                    "socket" => 0.1 * size * rise,
                    _ => 0.0,
                }
                .min(0.8)
            } else {
                0.0
            }
        };
        let mut load = vec![0.0; n];
        load[0] = asked;
        for node in 0..n {
            for &(callee, share) in &all[node].callees {
                let again = if world.retries {
                    1.0 + 3.0 * fails(callee)
                } else {
                    1.0
                };
                load[callee] += load[node] * share * again;
            }
        }
        let mut latency = vec![0.0; n];
        let mut shown = vec![0.0; n];
        let mut errors = vec![0.0; n];
        for node in (0..n).rev() {
            let service = &all[node];
            let busy = 1.0 + 0.3 * (asked / 100.0 - 1.0);
            let mut own =
                service.base_ms * (service.noise * numbers.normal()).exp() * busy.max(0.5);
            if numbers.chance(world.tails) {
                own *= 3.0 + 6.0 * numbers.unit();
            }
            let mut away = 0.0;
            if on && node == cause {
                match fault {
                    "cpu" => own *= 1.0 + 2.0 * size,
                    "mem" => own *= 1.0 + 0.3 * size * rise,
                    "disk" => own *= 1.0 + 0.8 * size,
                    "delay" => away = 60.0 * size * (1.0 + 0.1 * numbers.normal()).max(0.2),
                    "loss" => away = 15.0 * size * (0.8 * numbers.normal()).exp(),
                    _ => own *= 1.0 + 0.4 * size * rise,
                }
            }
            let below: f64 = service
                .callees
                .iter()
                .map(|&(callee, share)| share * latency[callee])
                .sum();
            shown[node] = own + below + if world.at_callers { 0.0 } else { away };
            // A service that calls out is slow itself when its network is.
            if world.at_callers && !service.callees.is_empty() {
                shown[node] += away;
            }
            latency[node] = own + below + away;
            let usual = if numbers.chance(0.02) {
                0.01 * numbers.unit()
            } else {
                0.0
            };
            errors[node] = usual
                + fails(node) * (0.5 + numbers.unit())
                + service
                    .callees
                    .iter()
                    .map(|&(callee, share)| 0.6 * share.min(1.0) * errors[callee])
                    .sum::<f64>();
        }
        slow = 0.7 * slow + 0.3 * latency[0];
        for node in 0..n {
            let service = &all[node];
            let here = on && node == cause;
            let mut cpu =
                (service.cpu * load[node] / 100.0 + 0.2) * (0.05 * numbers.normal()).exp();
            if numbers.chance(world.tails) {
                cpu *= 2.0;
            }
            if here && fault == "cpu" {
                cpu += 40.0 * size;
            }
            if here && fault == "mem" {
                cpu += 4.0 * size;
            }
            mem[node] += service.mem_step * (numbers.normal() + 0.05);
            let eaten = if here && fault == "mem" {
                80.0 * size * rise
            } else {
                0.0
            };
            let mut disk =
                service.disk * (0.5 * numbers.normal()).exp() * load[node].max(1.0) / 100.0;
            if here && fault == "disk" {
                disk += 60.0 * size;
            }
            if strange.contains(&node) && on {
                disk += 15.0;
                mem[node] += 0.2 * numbers.unit();
            }
            let sockets = (service.sockets + 0.02 * load[node] + numbers.normal()).round()
                + if here && fault == "socket" {
                    (30.0 * size * rise).round()
                } else {
                    0.0
                };
            counters[node][0] += cpu * world.step_s;
            counters[node][1] += load[node] * world.step_s;
            let mut values = vec![
                (
                    "cpu",
                    if world.counters {
                        counters[node][0]
                    } else {
                        cpu
                    },
                ),
                // Memory is told in pages.
                ("mem", ((mem[node] + eaten) * 16.0).round() / 16.0),
            ];
            if !service.is_plain {
                values.extend([
                    ("latency", shown[node]),
                    ("error", errors[node]),
                    (
                        "load",
                        if world.counters {
                            counters[node][1]
                        } else {
                            load[node]
                        },
                    ),
                    ("disk", disk),
                    ("sockets", sockets),
                    ("replicas", 1.0),
                ]);
            }
            if at % world.hold == node % world.hold || held[node].is_empty() {
                held[node] = values;
            }
            for &(metric, value) in &held[node] {
                if !numbers.chance(world.missing) {
                    rows.push((at as f64 * world.step_s, node, metric.to_owned(), value));
                }
            }
        }
    }
    let mut calls: Vec<(usize, usize)> = all
        .iter()
        .enumerate()
        .flat_map(|(caller, service)| {
            service
                .callees
                .iter()
                .map(move |&(callee, _)| (caller, callee))
        })
        .collect();
    match world.known {
        Known::All => {}
        Known::Some => calls.retain(|_| numbers.chance(0.7)),
        Known::Reversed => calls.iter_mut().for_each(|call| *call = (call.1, call.0)),
        Known::Cycles => {
            for _ in 0..n / 4 {
                let caller = numbers.between(1, n - 1);
                calls.push((caller, numbers.below(caller)));
            }
        }
        Known::Nothing => calls.clear(),
    }
    let start = world.before_s;
    let from_s = start + world.late_s;
    let at_s = from_s
        + (world.after_s - world.late_s)
            .min(120.0)
            .max(2.0 * world.step_s);
    case_of(
        n,
        &calls,
        cause,
        ("latency", Worse::Higher),
        [from_s, at_s],
        rows,
    )
}
