//! Time windows, rolling and by the calendar.

use jiff::civil::{DateTime, Time};

use super::super::tree::{Node, Reader, Value};
use crate::{CalendarUnit, Window};

/// The only window of a list.
pub(super) fn only<'a>(reader: &mut Reader, node: &'a Node, name: &str) -> Option<&'a Node> {
    let [window] = reader.list(node, name) else {
        if let Value::List(_) = node.value {
            reader.mistake(node, format!("{name}, expected exactly one item"));
        }
        return None;
    };
    Some(window)
}

pub(super) fn time_window(reader: &mut Reader, node: &Node) -> Option<Window> {
    let window = only(reader, node, "timeWindow")?;
    if !reader.expect_map(
        window,
        "a time window",
        &["duration", "isRolling", "calendar"],
    ) {
        return None;
    }
    let duration = reader.required(window, "duration")?;
    let text = reader.text(duration, "duration")?;
    if is_rolling(reader, window)? {
        let parsed: Option<Window> = text.parse().ok().filter(Window::is_rolling);
        if parsed.is_none() {
            reader.mistake(
                duration,
                format!("duration `{text}`, expected a length such as `28d` for a rolling window"),
            );
        }
        return parsed;
    }
    let unit = match text {
        "1d" => Some(CalendarUnit::Day),
        "1w" => Some(CalendarUnit::Week),
        "1M" => Some(CalendarUnit::Month),
        "1Q" => Some(CalendarUnit::Quarter),
        "1Y" => Some(CalendarUnit::Year),
        _ => {
            reader.mistake(
                duration,
                format!("duration `{text}`, expected `1d`, `1w`, `1M`, `1Q` or `1Y` for a calendar window"),
            );
            None
        }
    };
    calendar(reader, window, unit)
}

/// Whether a window says that it is rolling; without a word it is if it has no `calendar`.
pub(super) fn is_rolling(reader: &mut Reader, window: &Node) -> Option<bool> {
    let calendar = window.entry("calendar");
    let is_rolling = match window.entry("isRolling") {
        Some(node) => reader.word(node, "isRolling", &["true", "false"])? == "true",
        None => calendar.is_none(),
    };
    if let Some(calendar) = calendar.filter(|_| is_rolling) {
        reader.mistake(calendar, "`calendar` in a rolling window");
    }
    Some(is_rolling)
}

/// A calendar window of a unit; a mistake of the unit is the caller's to tell.
pub(super) fn calendar(
    reader: &mut Reader,
    window: &Node,
    unit: Option<CalendarUnit>,
) -> Option<Window> {
    let calendar = reader.required(window, "calendar")?;
    if !reader.expect_map(calendar, "calendar", &["startTime", "timeZone"]) {
        return None;
    }
    let zone = match calendar.entry("timeZone") {
        Some(node) => reader.text(node, "timeZone")?,
        None => "UTC",
    };
    let unit = unit?;
    if let Some(start) = calendar.entry("startTime") {
        start_time(reader, start, unit);
    }
    match format!("calendar {unit} {zone}").parse() {
        Ok(window) => Some(window),
        Err(error) => {
            let place = calendar.entry("timeZone").unwrap_or(calendar);
            reader.mistake(place, error.to_string());
            None
        }
    }
}

/// Calendar windows of SHAPE begin with their unit; another beginning would be read wrongly, so it is refused.
fn start_time(reader: &mut Reader, node: &Node, unit: CalendarUnit) {
    let Some(text) = reader.text(node, "startTime") else {
        return;
    };
    let Ok(start) = text.trim().replacen(' ', "T", 1).parse::<DateTime>() else {
        reader.mistake(
            node,
            format!("startTime `{text}`, expected a date and time such as `2026-01-01 00:00:00`"),
        );
        return;
    };
    let begins = start.time() == Time::midnight() && unit.begins_on(start.date());
    if !begins {
        reader.mistake(
            node,
            format!("startTime `{text}` is not the beginning of a {unit}: calendar windows begin with their unit"),
        );
    }
}
