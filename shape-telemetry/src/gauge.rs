//! Numbers that records carry in their fields, as metrics over time.

use std::{cmp::Reverse, collections::BTreeMap, num::NonZeroU64};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{LogPosition, duration, fingerprint, hash, mine, number, widen};

/// What a numeric field said within one time bucket. Sums are of integers (millionths), so that adding them in any order
/// gives the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gauge {
    /// How many records carry the field.
    pub count: u64,
    /// The sum of the values, in millionths, as decimal text in JSON.
    #[serde(serialize_with = "as_text", deserialize_with = "of_text")]
    pub sum_micro: i128,
    /// The smallest value, in millionths.
    pub min_micro: i64,
    /// Where the smallest value stands, the first of them.
    pub min_at: LogPosition,
    /// The largest value, in millionths.
    pub max_micro: i64,
    /// Where the largest value stands, the first of them.
    pub max_at: LogPosition,
}

fn as_text<S: Serializer>(sum: &i128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(sum)
}

fn of_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| D::Error::custom(format!("`{text}` is no integer")))
}

impl Gauge {
    fn of(micro: i64, at: &LogPosition) -> Self {
        Self {
            count: 1,
            sum_micro: i128::from(micro),
            min_micro: micro,
            min_at: at.clone(),
            max_micro: micro,
            max_at: at.clone(),
        }
    }

    /// Sees one more value.
    fn see(&mut self, micro: i64, at: &LogPosition) {
        self.count += 1;
        self.sum_micro += i128::from(micro);
        self.extremes((micro, at), (micro, at));
    }

    /// The mean of the values.
    pub fn mean(&self) -> f64 {
        // Whole units and millionths apart: both are exact as long as the sum is below 2^53 units.
        let whole = i64::try_from(self.sum_micro / 1_000_000).unwrap_or(i64::MAX);
        let rest = i64::try_from(self.sum_micro % 1_000_000).unwrap_or_default();
        let sum = number::signed_to_f64(whole) + number::signed_to_f64(rest) / 1e6;
        sum / number::to_f64(self.count.max(1))
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum_micro += other.sum_micro;
        self.extremes(
            (other.min_micro, &other.min_at),
            (other.max_micro, &other.max_at),
        );
    }

    fn extremes(&mut self, min: (i64, &LogPosition), max: (i64, &LogPosition)) {
        if min < (self.min_micro, &self.min_at) {
            self.min_micro = min.0;
            self.min_at.clone_from(min.1);
        }
        if (Reverse(max.0), max.1) < (Reverse(self.max_micro), &self.max_at) {
            self.max_micro = max.0;
            self.max_at.clone_from(max.1);
        }
    }
}

/// What a value is measured in; the name of the metric ends with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// None, or the one that the name of the field tells.
    Bare,
    Milliseconds,
    Bytes,
    Percent,
}

impl Unit {
    /// Tells the hashes of a name with different units apart.
    fn mark(self) -> u64 {
        match self {
            Self::Bare => 0,
            Self::Milliseconds => 0x9e37_79b9_7f4a_7c15,
            Self::Bytes => 0x3c6e_f372_fe94_f82a,
            Self::Percent => 0xdaa6_6d2c_7ddf_743f,
        }
    }

    fn name(self, field: &str) -> String {
        let suffix = match self {
            Self::Bare => return field.to_owned(),
            Self::Milliseconds => "_ms",
            Self::Bytes => "_bytes",
            Self::Percent => "_percent",
        };
        if field.ends_with(suffix) {
            field.to_owned()
        } else {
            format!("{field}{suffix}")
        }
    }
}

/// The number that a value is, in millionths of its unit: `17`, `-0.5`, `1.5s`, `93.0KiB`, `80%`.
fn read(value: &str) -> Option<(Unit, i64)> {
    if value.is_empty() || 32 < value.len() {
        return None;
    }
    let first = value.trim_start_matches(['-', '+']).as_bytes().first()?;
    if !first.is_ascii_digit() {
        return None;
    }
    if value.len() <= 12 && value.bytes().all(|b| b.is_ascii_digit()) {
        let whole = value
            .bytes()
            .fold(0_i64, |sum, b| 10 * sum + i64::from(b - b'0'));
        return (whole < 9_000_000_000_000).then_some((Unit::Bare, 1_000_000 * whole));
    }
    if let Ok(number) = value.parse::<f64>() {
        return Some((Unit::Bare, micro(number)?));
    }
    if let Some(number) = value.strip_suffix('%') {
        return Some((Unit::Percent, micro(number.trim_end().parse().ok()?)?));
    }
    if let Some(length) = duration::parse(value) {
        return Some((
            Unit::Milliseconds,
            i64::try_from(number::nanos(length)).ok()?,
        ));
    }
    Some((Unit::Bytes, micro(mine::bytes(value)?)?))
}

/// Beyond nine trillions a number is an id.
fn micro(number: f64) -> Option<i64> {
    (number.abs() < 9e12).then(|| number::to_i64((number * 1e6).round()))
}

/// Whether a field of this name may be a metric: it is no id, no place, no part of a date.
pub(crate) fn is_metric(name: &str) -> bool {
    if 64 < name.len() {
        return false;
    }
    let start = name.rfind(['.', '_', '-', '@']).map_or(0, |at| at + 1);
    let last = name.get(start..).unwrap_or_default();
    let is_id = last.ends_with("Id") || last.ends_with("ID") || last.ends_with("Port");
    !is_id
        && !matches!(
            last.to_ascii_lowercase().as_str(),
            "id" | "ids"
                | "pid"
                | "tid"
                | "ppid"
                | "uid"
                | "gid"
                | "euid"
                | "port"
                | "line"
                | "lineno"
                | "number"
                | "no"
                | "nr"
                | "column"
                | "version"
                | "v"
                | "year"
                | "month"
                | "day"
                | "date"
                | "time"
                | "timestamp"
                | "ts"
                | "seq"
                | "sequence"
                | "thread"
                | "process"
                | "priority"
                | "code"
                | "errno"
                | "status"
                | "signal"
                | "addr"
                | "address"
                | "ip"
                | "host"
                | "client"
                | "peer"
                | "user"
                | "account"
                | "session"
                | "request"
                | "trace"
                | "span"
                | "hash"
                | "key"
                | "index"
                | "offset"
                | "level"
                | "severity"
                | "flags"
                | "facility"
                | "connection"
        )
}

/// The numeric fields of a component over time while reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauges {
    series: Vec<Series>,
    /// Hashes of names that were refused lately.
    refused: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Series {
    field: Box<str>,
    unit: Unit,
    /// The fingerprint of the name of the metric.
    print: u64,
    current: (Timestamp, Option<Gauge>),
    done: BTreeMap<Timestamp, Gauge>,
}

impl Series {
    fn end(&mut self) {
        if let Some(gauge) = self.current.1.take() {
            merge_into(&mut self.done, self.current.0, &gauge);
        }
    }
}

fn merge_into(series: &mut BTreeMap<Timestamp, Gauge>, start: Timestamp, gauge: &Gauge) {
    series
        .entry(start)
        .and_modify(|mine| mine.merge(gauge))
        .or_insert_with(|| gauge.clone());
}

impl Gauges {
    /// How many refused names are remembered.
    const REFUSED: usize = 64;

    /// Counts a field whose name may be that of a metric, and says whether its value is one; only the `max` metrics with the
    /// smallest fingerprints stay, whatever order they came in.
    pub(crate) fn add(
        &mut self,
        (field, value): (&str, &str),
        at: &LogPosition,
        start: Timestamp,
        max: usize,
    ) -> bool {
        let Some((unit, micro)) = read(value) else {
            return false;
        };
        // So few of them are looked through faster than hashed.
        let known = self
            .series
            .iter()
            .position(|series| series.unit == unit && *series.field == *field);
        let series = known
            .or_else(|| self.open(field, unit, max))
            .and_then(|index| self.series.get_mut(index));
        let Some(series) = series else {
            return true;
        };
        if series.current.0 != start {
            series.end();
            series.current.0 = start;
        }
        match &mut series.current.1 {
            Some(gauge) => gauge.see(micro, at),
            none => *none = Some(Gauge::of(micro, at)),
        }
        true
    }

    pub(crate) fn rebucket(&mut self, width_ms: NonZeroU64) {
        for series in &mut self.series {
            series.end();
            widen::rebucket(&mut series.done, width_ms, |sum, more| sum.merge(&more));
        }
    }

    /// The index of a new series, unless there is no room for it.
    #[cold]
    fn open(&mut self, field: &str, unit: Unit, max: usize) -> Option<usize> {
        let hash = hash::text(field) ^ unit.mark();
        if self.refused.contains(&hash) {
            return None;
        }
        let print = fingerprint::of(&[&unit.name(field)]);
        let mut prints: Vec<u64> = self.series.iter().map(|series| series.print).collect();
        prints.sort_unstable();
        prints.dedup();
        if prints.binary_search(&print).is_err() && max <= prints.len() {
            match prints.last() {
                Some(&largest) if print < largest => {
                    self.series.retain(|series| series.print != largest);
                }
                _ => {
                    if self.refused.len() == Self::REFUSED {
                        self.refused.clear();
                    }
                    self.refused.push(hash);
                    return None;
                }
            }
        }
        self.series.push(Series {
            field: field.into(),
            unit,
            print,
            current: (Timestamp::UNIX_EPOCH, None),
            done: BTreeMap::new(),
        });
        self.series.len().checked_sub(1)
    }

    pub(crate) fn from_map(map: BTreeMap<String, BTreeMap<Timestamp, Gauge>>) -> Self {
        let series = map.into_iter().map(|(name, done)| Series {
            print: fingerprint::of(&[&name]),
            field: name.into(),
            unit: Unit::Bare,
            current: (Timestamp::UNIX_EPOCH, None),
            done,
        });
        Self {
            series: series.collect(),
            refused: Vec::new(),
        }
    }

    pub(crate) fn into_map(self) -> BTreeMap<String, BTreeMap<Timestamp, Gauge>> {
        let mut map: BTreeMap<String, BTreeMap<Timestamp, Gauge>> = BTreeMap::new();
        for mut series in self.series {
            series.end();
            let mine = map.entry(series.unit.name(&series.field)).or_default();
            for (start, gauge) in series.done {
                merge_into(mine, start, &gauge);
            }
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_units() {
        #[track_caller]
        fn check(value: &str, expected: Option<(Unit, i64)>) {
            assert_eq!(read(value), expected, "{value}");
        }
        check("17", Some((Unit::Bare, 17_000_000)));
        check("-0.5", Some((Unit::Bare, -500_000)));
        check("1.5s", Some((Unit::Milliseconds, 1_500_000_000)));
        check("250ms", Some((Unit::Milliseconds, 250_000_000)));
        check("3µs", Some((Unit::Milliseconds, 3_000)));
        check("2KiB", Some((Unit::Bytes, 2_048_000_000)));
        check("1MB", Some((Unit::Bytes, 1_048_576_000_000)));
        check("80%", Some((Unit::Percent, 80_000_000)));
        check("10.0.0.1", None);
        check("12ab", None);
        check("", None);
        check("99999999999999999", None);
        assert_eq!(Unit::Milliseconds.name("lag"), "lag_ms");
        assert_eq!(Unit::Milliseconds.name("lag_ms"), "lag_ms");
    }

    #[test]
    fn names() {
        for name in [
            "queue_depth",
            "rss",
            "heap.used",
            "temperature",
            "open_files",
        ] {
            assert!(is_metric(name), "{name}");
        }
        for name in [
            "pid",
            "user_id",
            "orderId",
            "http.port",
            "src.line",
            "x.version",
        ] {
            assert!(!is_metric(name), "{name}");
        }
    }
}
