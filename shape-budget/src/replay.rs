//! Alerts over recorded counts: when would they have fired?

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_sli::Events;
use shape_slo::Target;

use crate::{AlertRule, AlertSeverity, BurnMeter, Error, alert::Arithmetic, error::Repr};

/// The first and the last minute at which alerts of one severity fire.
///
/// The counts of minute 7 are complete, and judged, at minute 8: that is the minute named here, as Prometheus would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fired {
    /// The first minute.
    pub first: u64,
    /// The last minute.
    pub last: u64,
}

/// When pages and tickets fire over recorded counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Pages.
    pub page: Option<Fired>,
    /// Tickets.
    pub ticket: Option<Fired>,
}

/// The events of one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MinuteCount {
    /// The minute, from any beginning.
    pub minute: u64,
    /// Its events.
    pub events: Events,
}

/// Reads `minute,good,bad`, one row a minute; a first row of names is read over, minutes may be missing.
///
/// # Errors
///
/// At the first row that is no such row, with its line.
///
/// ```
/// use shape_budget::parse_minute_counts;
///
/// let counts = parse_minute_counts("minute,good,bad\n0,1000,0\n1,990,10\n")?;
/// assert_eq!(counts[1].events.bad(), 10);
/// let error = parse_minute_counts("0,1000\n").unwrap_err();
/// assert_eq!(error.to_string(), "line 1: `0,1000`, expected `minute,good,bad` in whole numbers");
/// # Ok::<(), shape_budget::Error>(())
/// ```
pub fn parse_minute_counts(text: &str) -> Result<Vec<MinuteCount>, Error> {
    let mut counts = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let is_header = index == 0 && line.starts_with(|c: char| c.is_alphabetic());
        if line.is_empty() || is_header {
            continue;
        }
        let wrong = || Repr::Counts {
            line: index + 1,
            seen: line.chars().take(80).collect(),
        };
        let mut fields = line
            .split(',')
            .map(|field| field.trim().parse::<u64>().ok());
        let (Some(Some(minute)), Some(Some(good)), Some(Some(bad)), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(wrong().into());
        };
        let events = Events::from_good_bad(good, bad);
        counts.push(MinuteCount { minute, events });
    }
    Ok(counts)
}

/// When the rules fire, evaluated at the end of every minute.
///
/// At a burn exactly at a threshold the last digit of Prometheus' floats decides; a replay computes as Prometheus does
/// over the rules of Sloth, and so agrees there too. It differs in one thing, on purpose: an alert needs evidence
/// to begin ([`AlertRule::fires`]), so that few requests do not page. Once it has begun it ends as it would there.
///
/// # Errors
///
/// When a rule is not valid, or its windows are no whole minutes.
pub fn replay(
    counts: &[MinuteCount],
    target: Target,
    window_seconds: u64,
    rules: &[AlertRule],
    confidence: f64,
) -> Result<Replay, Error> {
    let mut meter = BurnMeter::new(target, window_seconds, 60, rules)?;
    let mut replay = Replay::default();
    let mut counts: Vec<MinuteCount> = counts.to_vec();
    counts.sort_by_key(|count| count.minute);
    let mut rows = counts.iter().peekable();
    let (Some(first), Some(last)) = (counts.first(), counts.last()) else {
        return Ok(replay);
    };
    let beyond = || Repr::Config {
        what: "minute",
        seen: last.minute.to_string(),
        expected: "a minute within some thousand years",
    };
    // A gap of more than the window is nothing but silence.
    let most = window_seconds / 60 + 1;
    let mut minute = first.minute;
    let mut alerts = Vec::new();
    loop {
        let at = i64::try_from(minute)
            .ok()
            .and_then(|minute| Timestamp::from_second(minute.checked_mul(60)?).ok())
            .ok_or_else(beyond)?;
        meter.advance(at);
        while let Some(row) = rows.next_if(|row| row.minute <= minute) {
            meter.record(at, row.events);
        }
        alerts = meter.alerts_as(Arithmetic::Prometheus, &alerts, confidence);
        for alert in &alerts {
            let fired = match alert.severity {
                AlertSeverity::Page => &mut replay.page,
                AlertSeverity::Ticket => &mut replay.ticket,
            };
            let judged = minute + 1;
            fired
                .get_or_insert(Fired {
                    first: judged,
                    last: judged,
                })
                .last = judged;
        }
        let Some(next) = rows.peek() else {
            return Ok(replay);
        };
        minute = (minute + 1).max(next.minute.saturating_sub(most));
    }
}
