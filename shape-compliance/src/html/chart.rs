//! The burndown as a chart.

use std::fmt::Write as _;

use jiff::Timestamp;
use shape_budget::SloBudget;
use shape_sli::Grouped;

use crate::figures;

const WIDTH: i64 = 960;
const HEIGHT: i64 = 240;
const LEFT: i64 = 72;
const RIGHT: i64 = 16;
const TOP: i64 = 14;
const BOTTOM: i64 = 30;

/// The remaining budget over the window, in SVG without script or style of its own.
///
/// Coordinates are integers: the same budget draws the same picture on every machine.
pub(super) fn burndown(budget: &SloBudget) -> String {
    let Some(last) = budget.burndown.last() else {
        return String::new();
    };
    let allowed = i128::from(budget.allowed);
    let values = budget
        .burndown
        .iter()
        .map(|point| i128::from(point.remaining));
    let (lowest, highest) = values.fold((0, allowed.max(1)), |(low, high), value| {
        (value.min(low), value.max(high))
    });
    let first = budget
        .burndown
        .first()
        .map_or(last.time, |point| point.time);
    let (start, end) = span(budget, first, last.time);
    let x = |at: Timestamp| {
        let (since, whole) = (nanoseconds(start, at), nanoseconds(start, end).max(1));
        LEFT + scaled(since.clamp(0, whole), whole, WIDTH - LEFT - RIGHT)
    };
    let y = |value: i128| {
        let down = scaled(highest - value, highest - lowest, HEIGHT - TOP - BOTTOM);
        TOP + down
    };
    let mut line = format!("M{} {}", x(start), y(allowed));
    for point in &budget.burndown {
        // Steps: what is left stays until the next bucket.
        let _ = write!(line, "H{}V{}", x(point.time), y(point.remaining.into()));
    }
    let is_over = budget.remaining < 0;
    let over = if is_over { " over" } else { "" };
    let end_of_line = x(last.time);
    let left = figures::signed(budget.remaining);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Remaining budget over time: {left} of {} left\">\n",
        Grouped(budget.allowed)
    );
    let mut grid = vec![0, allowed];
    grid.extend((lowest < 0).then_some(lowest));
    grid.dedup();
    let mut labelled: Vec<i64> = Vec::new();
    for value in grid {
        let (at, text) = (y(value), label(value));
        let class = if value == 0 { "zero" } else { "axis" };
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\"/>",
            WIDTH - RIGHT
        );
        // Labels that would overlap are left out.
        if labelled.iter().all(|other| 14 <= (other - at).abs()) {
            let (x, y) = (LEFT - 8, at + 4);
            let _ = writeln!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{text}</text>"
            );
            labelled.push(at);
        }
    }
    let zero = y(0);
    let _ = write!(
        svg,
        "<path class=\"area{over}\" d=\"{line}V{zero}H{LEFT}Z\"/>\n<path class=\"curve{over}\" d=\"{line}\"/>\n"
    );
    let base = HEIGHT - 8;
    let _ = write!(
        svg,
        "<text x=\"{LEFT}\" y=\"{base}\">{}</text>\n<text x=\"{}\" y=\"{base}\" text-anchor=\"end\">{}</text>\n",
        figures::to_the_second(start),
        WIDTH - RIGHT,
        figures::to_the_second(end)
    );
    // What is left now, beside the end of the line, inside the picture.
    let (anchor, beside) = if WIDTH - 160 < end_of_line {
        ("end", end_of_line - 6)
    } else {
        ("start", end_of_line + 6)
    };
    let above = (y(budget.remaining.into()) - 8).max(TOP + 10);
    let _ = write!(
        svg,
        "<text x=\"{beside}\" y=\"{above}\" text-anchor=\"{anchor}\">{left} left</text>\n</svg>\n"
    );
    svg
}

/// The time shown: the window, but not the years before a young service.
fn span(budget: &SloBudget, first: Timestamp, last: Timestamp) -> (Timestamp, Timestamp) {
    let (start, end) = (budget.period.start, budget.period.end.max(last));
    let (seen, whole) = (nanoseconds(first, last), nanoseconds(start, end));
    if 0 < seen && seen * 4 < whole && end <= last.max(budget.period.end) {
        return (first, last);
    }
    (start, end)
}

fn nanoseconds(from: Timestamp, to: Timestamp) -> i128 {
    to.duration_since(from).as_nanos()
}

/// `part` of `whole` on a scale of so many points.
fn scaled(part: i128, whole: i128, points: i64) -> i64 {
    let place = part * i128::from(points) / whole.max(1);
    i64::try_from(place).unwrap_or(points).clamp(0, points)
}

fn label(value: i128) -> String {
    figures::signed(i64::try_from(value).unwrap_or(i64::MAX))
}
