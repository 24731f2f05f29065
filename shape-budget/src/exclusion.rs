//! Times that count neither for nor against a promise.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};
use shape_sli::SliPoint;
use shape_slo::{SloId, Window, time_zone};
use shape_telemetry::Period;

use crate::{
    Error, Recurrence,
    error::Repr,
    recurrence::{End, Until},
};

/// A time whose events count neither for nor against a promise: a maintenance, a load test, a disaster declared.
///
/// What lies in it leaves both the good and the total events, and its slices leave the denominator: an hour of outage in
/// a week of which a day is excluded is 60/8,640 of it, not 60/10,080.
///
/// Once, or again by a rule of RFC 5545 in a time zone. A repeated exclusion begins at the same time of the clock all
/// year round and lasts the same number of seconds, also when the clocks change in it. A time that the clocks skip is
/// taken an hour later, one that comes twice is taken the first time, as the standard says.
///
/// In files a start is an instant (`2026-03-01T02:00:00Z`) or a time of the clock in a zone:
///
/// ```
/// use shape_budget::Exclusion;
/// use shape_telemetry::Period;
///
/// let nightly: Exclusion = serde_json::from_str(r#"{
///     "name": "database maintenance",
///     "start": "2026-01-04T02:30:00[Europe/Berlin]",
///     "duration": "45m",
///     "repeat": "FREQ=WEEKLY;BYDAY=SU"
/// }"#)?;
/// let march = Period { start: "2026-03-22T00:00:00Z".parse()?, end: "2026-03-30T00:00:00Z".parse()? };
/// let starts: Vec<String> = nightly.periods_in(march)?.iter().map(|period| period.start.to_string()).collect();
/// // On the 29th the clocks skip half past two.
/// assert_eq!(starts, ["2026-03-22T01:30:00Z", "2026-03-29T01:30:00Z"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Exclusion {
    name: String,
    slos: Vec<SloId>,
    when: When,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum When {
    Once(Period),
    Again {
        start: DateTime,
        time_zone: String,
        length: SignedDuration,
        rule: Recurrence,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    start: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeat: Option<Recurrence>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    slos: Vec<SloId>,
}

impl Exclusion {
    /// A time that is left out once.
    ///
    /// # Errors
    ///
    /// When it does not end after it starts.
    pub fn once(name: &str, period: Period) -> Result<Self, Error> {
        if period.end <= period.start {
            return Err(wrong(
                name,
                &period.end.to_string(),
                "an end after the start",
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            slos: Vec::new(),
            when: When::Once(period),
        })
    }

    /// A time that is left out again and again, from a first time of the clock in a zone on.
    ///
    /// # Errors
    ///
    /// When the zone is not known, or it lasts no time or more than a year.
    pub fn again(
        name: &str,
        start: DateTime,
        zone: &str,
        seconds: u64,
        rule: Recurrence,
    ) -> Result<Self, Error> {
        zone_of(name, zone)?;
        let length = i64::try_from(seconds)
            .ok()
            .filter(|seconds| (1..=366 * 86_400).contains(seconds))
            .ok_or_else(|| wrong(name, &format!("{seconds} s"), "a length up to a year"))?;
        Ok(Self {
            name: name.to_owned(),
            slos: Vec::new(),
            when: When::Again {
                start,
                time_zone: zone.to_owned(),
                length: SignedDuration::from_secs(length),
                rule,
            },
        })
    }

    /// Only for these promises; without this it holds for all.
    #[must_use]
    pub fn only_for(mut self, slos: impl IntoIterator<Item = SloId>) -> Self {
        self.slos = slos.into_iter().collect();
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it holds for a promise.
    pub fn holds_for(&self, slo: &SloId) -> bool {
        self.slos.is_empty() || self.slos.contains(slo)
    }

    /// Its times that touch a period, in order, not cut at the period's ends.
    ///
    /// # Errors
    ///
    /// When its time zone is not known any more.
    pub fn periods_in(&self, within: Period) -> Result<Vec<Period>, Error> {
        let touches = |period: &Period| period.start < within.end && within.start < period.end;
        let (start, zone, length, rule) = match &self.when {
            When::Once(period) => return Ok(Some(*period).into_iter().filter(touches).collect()),
            When::Again {
                start,
                time_zone,
                length,
                rule,
            } => (start, time_zone, *length, rule),
        };
        let zone = zone_of(&self.name, zone)?;
        // No zone is more than a day from UTC.
        let day = SignedDuration::from_hours(24);
        let reach = length.checked_add(day).unwrap_or(day);
        let earliest = within.start.checked_sub(reach).unwrap_or(Timestamp::MIN);
        let earliest = earliest.to_zoned_datetime(TimeZone::UTC).date();
        let latest = within.end.checked_add(day).unwrap_or(Timestamp::MAX);
        let latest = latest.to_zoned_datetime(TimeZone::UTC).date();
        let mut periods = Vec::new();
        for date in rule.dates_until(start.date(), latest) {
            if date < earliest {
                continue;
            }
            let local = date.to_datetime(start.time());
            let Ok(zoned) = local.to_zoned_datetime(zone.clone()) else {
                break;
            };
            let start = zoned.timestamp();
            let is_over = match rule.end {
                End::Until(Until::Day(last)) => last < date,
                End::Until(Until::Local(last)) => last < local,
                End::Until(Until::Instant(last)) => last < start,
                End::Never | End::Count(_) => false,
            };
            if is_over || within.end <= start {
                break;
            }
            let end = start.checked_add(length).unwrap_or(Timestamp::MAX);
            periods.push(Period { start, end });
        }
        periods.retain(touches);
        Ok(periods)
    }
}

impl TryFrom<Raw> for Exclusion {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self, Error> {
        let name = raw.name.as_str();
        let (start, zone) = moment(name, &raw.start)?;
        let instant = |local: DateTime, zone: &str| {
            let zone = zone_of(name, zone)?;
            let zoned = local.to_zoned_datetime(zone);
            zoned.map(|zoned| zoned.timestamp()).map_err(|_| {
                wrong(
                    name,
                    &local.to_string(),
                    "a time within the years -9999 to 9999",
                )
            })
        };
        let length = raw.duration.as_deref().map(|text| match text.parse() {
            Ok(Window::Rolling { seconds }) => Ok(seconds),
            _ => Err(wrong(name, text, "a length such as `45m`, `2h` or `1d`")),
        });
        let exclusion = match (raw.end, length.transpose()?, raw.repeat) {
            (None, Some(seconds), Some(rule)) => Self::again(name, start, &zone, seconds, rule)?,
            (Some(end), None, None) => {
                let (end, end_zone) = moment(name, &end)?;
                let period = Period {
                    start: instant(start, &zone)?,
                    end: instant(end, &end_zone)?,
                };
                Self::once(name, period)?
            }
            (None, Some(seconds), None) => {
                let start = instant(start, &zone)?;
                let length = i64::try_from(seconds).map(SignedDuration::from_secs);
                let end = length
                    .ok()
                    .and_then(|length| start.checked_add(length).ok());
                let end =
                    end.ok_or_else(|| wrong(name, &format!("{seconds} s"), "a shorter time"))?;
                Self::once(name, Period { start, end })?
            }
            _ => {
                let expected = "`start` and `end`, `start` and `duration`, or `start`, `duration` and `repeat`";
                return Err(wrong(name, "other keys", expected));
            }
        };
        Ok(exclusion.only_for(raw.slos))
    }
}

impl From<Exclusion> for Raw {
    fn from(exclusion: Exclusion) -> Self {
        let Exclusion { name, slos, when } = exclusion;
        match when {
            When::Once(period) => Self {
                name,
                start: period.start.to_string(),
                end: Some(period.end.to_string()),
                duration: None,
                repeat: None,
                slos,
            },
            When::Again {
                start,
                time_zone,
                length,
                rule,
            } => Self {
                name,
                start: format!("{start}[{time_zone}]"),
                end: None,
                duration: Some(crate::alert::span(length.as_secs().unsigned_abs())),
                repeat: Some(rule),
                slos,
            },
        }
    }
}

/// A time of the clock and its zone: `2026-01-04T02:00:00[Europe/Berlin]`, or an instant.
fn moment(name: &str, text: &str) -> Result<(DateTime, String), Error> {
    let expected = "an instant such as `2026-01-04T02:00:00Z`, or a time and a zone such as `2026-01-04T02:00:00[Europe/Berlin]`";
    if let Some((local, zone)) = text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        let is_local = !local.ends_with(['Z', 'z']);
        let local = local.parse().ok().filter(|_| is_local);
        let local = local.ok_or_else(|| wrong(name, text, expected))?;
        return Ok((local, zone.to_owned()));
    }
    let instant: Timestamp = text.parse().map_err(|_| wrong(name, text, expected))?;
    let utc = instant.to_zoned_datetime(TimeZone::UTC);
    Ok((utc.datetime(), "UTC".to_owned()))
}

fn zone_of(name: &str, zone: &str) -> Result<TimeZone, Error> {
    time_zone(zone).map_err(|error| {
        Repr::Zone {
            exclusion: name.to_owned(),
            message: error.to_string(),
        }
        .into()
    })
}

fn wrong(name: &str, seen: &str, expected: &'static str) -> Error {
    Repr::Config {
        what: "exclusion",
        seen: format!("`{name}` with {seen}"),
        expected,
    }
    .into()
}

/// The excluded times of one promise: in order, apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Excluded {
    periods: Vec<Period>,
}

impl Excluded {
    /// What the exclusions leave out of a promise in a period, cut at the period's ends.
    pub(crate) fn of(exclusions: &[Exclusion], slo: &SloId, within: Period) -> Result<Self, Error> {
        let mut periods = Vec::new();
        for exclusion in exclusions
            .iter()
            .filter(|exclusion| exclusion.holds_for(slo))
        {
            periods.extend(
                exclusion
                    .periods_in(within)?
                    .into_iter()
                    .map(|period| Period {
                        start: period.start.max(within.start),
                        end: period.end.min(within.end),
                    }),
            );
        }
        Ok(Self::from_periods(periods))
    }

    pub(crate) fn from_periods(mut periods: Vec<Period>) -> Self {
        periods.sort_unstable();
        let mut apart: Vec<Period> = Vec::with_capacity(periods.len());
        for period in periods {
            match apart.last_mut() {
                Some(last) if period.start <= last.end => last.end = last.end.max(period.end),
                _ => apart.push(period),
            }
        }
        Self { periods: apart }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.periods.is_empty()
    }

    /// Whether an instant is excluded.
    pub(crate) fn contains(&self, instant: Timestamp) -> bool {
        self.covers(instant, instant)
    }

    /// Whether all of a stretch of time is excluded; a stretch without length is its instant.
    pub(crate) fn covers(&self, start: Timestamp, end: Timestamp) -> bool {
        let next = self.periods.partition_point(|period| period.start <= start);
        let before = next
            .checked_sub(1)
            .and_then(|index| self.periods.get(index));
        before.is_some_and(|period| start < period.end && end <= period.end)
    }

    /// The points whose bucket does not start in excluded time.
    pub(crate) fn keep<'p>(&self, points: &'p [SliPoint]) -> Cow<'p, [SliPoint]> {
        if self.is_empty() {
            return Cow::Borrowed(points);
        }
        let kept = points.iter().filter(|point| !self.contains(point.start));
        Cow::Owned(kept.copied().collect())
    }

    pub(crate) fn periods(&self) -> &[Period] {
        &self.periods
    }

    /// Seconds that are excluded in a period, cut to whole ones.
    pub(crate) fn seconds_in(&self, within: Period) -> u64 {
        let inside = self.periods.iter().map(|period| {
            let cut = Period {
                start: period.start.max(within.start),
                end: period.end.min(within.end),
            };
            cut.length()
        });
        inside.sum::<std::time::Duration>().as_secs()
    }
}
