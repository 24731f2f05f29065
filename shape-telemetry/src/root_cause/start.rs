//! When an incident really began.

use std::collections::BTreeMap;

use super::{
    Incident, Worse,
    evidence::Prepared,
    series::{self, Values, Window, level, quantile, sorted},
};
use crate::{
    ComponentId,
    number::{len, to_f64},
};

/// Parts of the normal time by which a step in it is looked for, and how many on each side tell its size.
const BLOCKS: usize = 24;
const SIDE: usize = 3;
/// So many times as large as any step before it a step is out of the ordinary.
const LARGE: f64 = 3.0;
/// Steps before the incident was noticed that are so many times as large together as those before tell its true start;
/// and what one node contributes at most.
const STARTS: f64 = 10.0;
const MOST_BY_ONE: f64 = 11.0;

/// From the true start, as far as the target tells, to as long after the incident was seen as it took to see it.
pub(super) fn window(prepared: &Prepared<'_>, incident: &Incident) -> Window {
    let target = prepared
        .get(&incident.target)
        .and_then(|metrics| metrics.get(incident.metric.as_str()));
    let step = target.map_or(0.0, |values| {
        let steps = series::sorted(values.windows(2).map(|pair| pair[1].0 - pair[0].0));
        series::quantile(&steps, 0.5)
    });
    let length = (incident.at_s - incident.from_s).max(10.0 * step);
    let mut window = Window {
        from: incident.from_s,
        until: incident.at_s + length,
    };
    if let Some(onset) = true_start(prepared, incident, window, step) {
        window.from = onset - step;
    }
    window
}

/// When, how strong, and where.
type Found<'n> = (f64, f64, &'n ComponentId);

/// When the incident began, where that was before its `from`: several nodes changed together, or one very clearly.
fn true_start(
    prepared: &Prepared<'_>,
    incident: &Incident,
    window: Window,
    step: f64,
) -> Option<f64> {
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut of_metric: BTreeMap<(&str, bool), Vec<Found<'_>>> = BTreeMap::new();
    for (&node, metrics) in prepared {
        for (&name, values) in metrics {
            let signs: &[f64] = match (name == incident.metric, incident.worse) {
                (true, Worse::Higher) => &[1.0],
                (true, Worse::Lower) => &[-1.0],
                _ => &[1.0, -1.0],
            };
            for &sign in signs {
                let steps = of_metric.entry((name, 0.0 < sign)).or_default();
                if let Some(step) = earlier_step(values, window, sign) {
                    steps.push((step.at, step.strength.min(MOST_BY_ONE), node));
                }
            }
        }
    }
    for ((name, _), steps) in of_metric {
        // What steps at many nodes is the load, of which no node is the cause.
        let with = prepared
            .values()
            .filter(|metrics| metrics.contains_key(name));
        if name == incident.metric || steps.len() <= 1 || 4 * steps.len() <= with.count() {
            found.extend(steps);
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.2.cmp(b.2)));
    let near = 5.0 * step;
    let mut best: Option<(f64, f64)> = None;
    for &(from, ..) in &found {
        let mut together: BTreeMap<&ComponentId, f64> = BTreeMap::new();
        for &(_, strength, node) in found
            .iter()
            .filter(|(at, ..)| from <= *at && *at <= from + near)
        {
            let known = together.entry(node).or_default();
            *known = known.max(strength);
        }
        let sum: f64 = together.values().sum();
        if STARTS <= sum && best.is_none_or(|(most, _)| most < sum) {
            best = Some((sum, from));
        }
    }
    best.map(|(_, from)| from)
}

/// A change of level before the incident was noticed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    at: f64,
    /// How many times as large as any step before.
    strength: f64,
}

/// The step in the normal time after which the level stays where it is in the incident: detection was late.
///
/// Levels are medians of blocks, and a step is told by the three blocks on both sides of it. It must be larger than any
/// step before it, so that what drifts all the time has none.
fn earlier_step(values: &Values, window: Window, sign: f64) -> Option<Step> {
    let begin = values.partition_point(|v| v.0 < window.from);
    let end = values.partition_point(|v| v.0 <= window.until);
    let (normal, inside) = (&values[..begin], &values[begin..end]);
    let size = (normal.len() / BLOCKS).max(1);
    if normal.len() < 10 || inside.is_empty() {
        return None;
    }
    let median = |values: &[(f64, f64)]| quantile(&sorted(values.iter().map(|v| v.1)), 0.5) * sign;
    // Blocks are counted from the end: what is left over is the oldest.
    let rest = normal.len() % size;
    let blocks: Vec<f64> = normal[rest..].chunks(size).map(median).collect();
    let middle = |blocks: &[f64]| quantile(&sorted(blocks.iter().copied()), 0.5);
    let steps: Vec<f64> = (0..blocks.len())
        .map(|at| {
            let before = &blocks[at.saturating_sub(SIDE)..at];
            let after = &blocks[at..blocks.len().min(at + SIDE)];
            middle(after)
                - if before.is_empty() {
                    middle(after)
                } else {
                    middle(before)
                }
        })
        .collect();
    let (at, step) = steps
        .iter()
        .copied()
        .enumerate()
        .take(blocks.len() - 1)
        .skip((blocks.len() / 4).max(2))
        .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
    let first = &normal[..rest + at * size];
    let (level_before, scale) = level(first, f64::INFINITY)?;
    let level_before = level_before * sign;
    let moved = middle(&blocks[at..]) - level_before;
    // Of the incident the greater part: it may go on growing or have ended.
    let now = quantile(&sorted(inside.iter().map(|v| v.1 * sign)), 0.6) - level_before;
    let usual = steps[..at.saturating_sub(SIDE)]
        .iter()
        .map(|step| step.abs())
        .fold(0.0, f64::max);
    let of_blocks = scale * (4.0 / to_f64(len(size))).sqrt();
    let noise = usual
        .max(of_blocks)
        .max(0.005 * level_before.abs())
        .max(f64::MIN_POSITIVE);
    let few = if at < 2 * SIDE + 1 { 2.0 } else { 1.0 };
    let strength = step / noise / few;
    let lasts = 0.5 * step <= moved && 0.4 * step <= now && 0.25 * now <= step;
    (LARGE < strength && lasts).then(|| Step {
        at: sharpen(normal, rest + at * size, size * SIDE),
        strength,
    })
}

/// Where within `reach` values of `near` two levels are parted best.
fn sharpen(values: &[(f64, f64)], near: usize, reach: usize) -> f64 {
    let begin = near.saturating_sub(reach);
    let part = &values[begin..values.len().min(near + reach)];
    let mean =
        |values: &[(f64, f64)]| values.iter().map(|v| v.1).sum::<f64>() / to_f64(len(values.len()));
    let mut best = (0.0, near - begin);
    for at in 1..part.len() {
        let (first, second) = part.split_at(at);
        let (n, m) = (to_f64(len(first.len())), to_f64(len(second.len())));
        let between = n * m / (n + m) * (mean(second) - mean(first)).powi(2);
        if best.0 < between {
            best = (between, at);
        }
    }
    part.get(best.1).map_or(f64::INFINITY, |v| v.0)
}

#[cfg(test)]
mod tests {
    use super::{
        series::fixture::{WINDOW, series},
        *,
    };

    #[test]
    fn late_detection_is_noticed() {
        let values = series(|t| if t < 70.0 { 10.0 } else { 30.0 });
        let step = earlier_step(&values, WINDOW, 1.0).unwrap();
        assert!((69.0..72.0).contains(&step.at), "{step:?}");
        assert_eq!(earlier_step(&values, WINDOW, -1.0), None);
        assert_eq!(earlier_step(&series(|_| 10.0), WINDOW, 1.0), None);
        let in_time = series(|t| if t < 100.0 { 10.0 } else { 30.0 });
        assert_eq!(earlier_step(&in_time, WINDOW, 1.0), None);
        // What drifts all the time has no step, and a step that is taken back is none of the incident's.
        assert_eq!(earlier_step(&series(|t| t * 0.3), WINDOW, 1.0), None);
        let back = series(|t| {
            if (50.0..80.0).contains(&t) {
                30.0
            } else {
                10.0
            }
        });
        assert_eq!(earlier_step(&back, WINDOW, 1.0), None);
    }
}
