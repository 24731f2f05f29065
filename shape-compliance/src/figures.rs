//! The figures of a budget in words.

use std::fmt::Write;

use jiff::Timestamp;
use shape_budget::{BudgetUnit, BurnWindow, ExcludedShare, SloBudget};
use shape_sli::Grouped;
use shape_slo::{Target, Window};

/// `9,971 of 10,000 good (99.71%) against 99.5%: 58 % of the budget used, 21 bad events left`.
pub(crate) fn verdict(budget: &SloBudget) -> String {
    let events = budget.events;
    let mut text = format!(
        "{} of {} good ({events}) against {}: ",
        Grouped(events.good()),
        Grouped(events.total()),
        budget.target
    );
    if let Some(slices) = budget.slices {
        let _ = write!(
            text,
            "{} of {} slices good, {} without data: ",
            Grouped(slices.good),
            Grouped(slices.good + slices.bad),
            Grouped(slices.no_data)
        );
    }
    let left = budget.remaining.unsigned_abs();
    let unit = |count: u64| match (budget.unit, count) {
        (BudgetUnit::Events, 1) => "bad event",
        (BudgetUnit::Events, _) => "bad events",
        (BudgetUnit::Slices, 1) => "bad slice",
        (BudgetUnit::Slices, _) => "bad slices",
        _ => "billionths of a slice",
    };
    let used = budget.consumed_ppm.map_or_else(
        || "nothing is allowed".to_owned(),
        |ppm| format!("{} of the budget used", percent(ppm)),
    );
    text.push_str(&used);
    if budget.remaining < 0 {
        let _ = write!(text, ", overspent by {} {}", Grouped(left), unit(left));
    } else {
        let _ = write!(text, ", {} {} left", Grouped(left), unit(left));
    }
    text
}

/// Why nothing can be said.
pub(crate) fn no_data(budget: &SloBudget) -> String {
    if budget.events.is_none() {
        return format!(
            "no events since {}: nothing seen is not a success",
            to_the_second(budget.period.start)
        );
    }
    format!(
        "too few events (n = {}, {} good; {} are needed to judge)",
        Grouped(budget.events.total()),
        Grouped(budget.events.good()),
        Grouped(budget.min_events)
    )
}

/// `1,440 of 1,500 good over the last 5s, burn 8.0`.
pub(crate) fn recent(window: &BurnWindow, target: Target) -> String {
    let verdict = match target.is_met_by(window.events) {
        Some(true) => "keeps",
        _ => "misses",
    };
    let burn = window
        .burn
        .map_or(String::new(), |burn| format!(", burn {burn}"));
    format!(
        "{} of {} good over the last {} {verdict} {target}{burn}",
        Grouped(window.events.good()),
        Grouped(window.events.total()),
        span(window.seconds)
    )
}

/// Seconds in the largest unit that divides them.
pub(crate) fn span(seconds: u64) -> String {
    Window::Rolling { seconds }.to_string()
}

/// Parts per million as a percentage, rounded up: towards bad.
pub(crate) fn percent(ppm: u64) -> String {
    if ppm < 10_000 {
        let hundredths = ppm.div_ceil(100);
        return format!("{}.{:02} %", hundredths / 100, hundredths % 100);
    }
    format!("{} %", Grouped(ppm.div_ceil(10_000)))
}

pub(crate) fn to_the_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// A signed count with a true minus sign.
pub(crate) fn signed(count: i64) -> String {
    let sign = if count < 0 { "−" } else { "" };
    format!("{sign}{}", Grouped(count.unsigned_abs()))
}

/// What exclusions left out of a window.
pub(crate) fn left_out(excluded: ExcludedShare) -> String {
    format!(
        "Left out: {} with {} events, {} of them bad",
        length(i64::try_from(excluded.seconds).unwrap_or(i64::MAX)),
        Grouped(excluded.events.total()),
        Grouped(excluded.events.bad())
    )
}

/// How long something lasted, in its two largest units: `2 d 3 h`, `4 min 5 s`.
pub(crate) fn length(seconds: i64) -> String {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    if days != 0 {
        format!("{} d {hours} h", Grouped(days))
    } else if hours != 0 {
        format!("{hours} h {minutes} min")
    } else {
        format!("{minutes} min {rest} s")
    }
}
