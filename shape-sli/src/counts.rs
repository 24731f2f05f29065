//! Counts of events in CSV.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{Error, Events, error::Repr};

/// A row of counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CountRow {
    /// The time that the row begins with.
    pub start: Timestamp,
    /// The events.
    pub events: Events,
    /// Every other column, by name; empty values are left out.
    pub labels: BTreeMap<String, String>,
}

/// Reads counts: columns `time`, `good` and `total` (or `good` and `bad`, or `bad` and `total`), and labels.
///
/// A first row of names says which column is which; without one the columns are `time,good,total`. Times are RFC 3339 or
/// seconds since the epoch. Values may stand in quotes (RFC 4180). Rows come out in the order of the text.
///
/// # Errors
///
/// At the first row that is none, with its line.
///
/// ```
/// use shape_sli::{Events, parse_counts};
///
/// let rows = parse_counts("time,route,good,bad\n2026-11-24T08:00:00Z,/orders,9971,29\n")?;
/// assert_eq!(rows[0].events, Events::new(9_971, 10_000)?);
/// assert_eq!(rows[0].labels["route"], "/orders");
///
/// let error = parse_counts("time,good,total\n0,7,5\n").unwrap_err();
/// assert_eq!(error.to_string(), "line 2: 7 good events out of only 5");
/// # Ok::<(), shape_sli::Error>(())
/// ```
pub fn parse_counts(text: &str) -> Result<Vec<CountRow>, Error> {
    let mut rows = Vec::new();
    let mut columns = None;
    for (line, row) in (1..).zip(text.lines()) {
        let row = row.trim().trim_start_matches('\u{feff}');
        if row.is_empty() {
            continue;
        }
        let wrong = |message: String| Error::from(Repr::Counts { line, message });
        let fields = fields(row).map_err(|message| wrong(message.to_owned()))?;
        let is_header =
            columns.is_none() && row.starts_with(|c: char| c.is_alphabetic() || c == '"');
        let known = match &mut columns {
            Some(known) => known,
            None if is_header => {
                columns = Some(Columns::of(&fields).map_err(wrong)?);
                continue;
            }
            empty => empty.insert(Columns::usual()),
        };
        rows.push(known.row(&fields).map_err(wrong)?);
    }
    Ok(rows)
}

/// What each column is.
struct Columns {
    names: Vec<String>,
}

impl Columns {
    fn usual() -> Self {
        Self {
            names: ["time", "good", "total"].map(ToOwned::to_owned).to_vec(),
        }
    }

    fn of(fields: &[String]) -> Result<Self, String> {
        let has = |name: &str| fields.iter().any(|field| field == name);
        let counts = ["good", "bad", "total"]
            .into_iter()
            .filter(|name| has(name));
        if !has("time") || counts.count() < 2 {
            return Err(format!(
                "the columns `{}`, expected `time` and two of `good`, `bad` and `total`",
                fields.join(",")
            ));
        }
        Ok(Self {
            names: fields.to_vec(),
        })
    }

    fn row(&self, fields: &[String]) -> Result<CountRow, String> {
        if fields.len() != self.names.len() {
            return Err(format!(
                "{} columns, expected {}: `{}`",
                fields.len(),
                self.names.len(),
                self.names.join(",")
            ));
        }
        let mut start = None;
        let (mut good, mut bad, mut total) = (None, None, None);
        let mut labels = BTreeMap::new();
        for (name, value) in self.names.iter().zip(fields) {
            let count = || -> Result<Option<u64>, String> {
                let count = value.parse();
                count
                    .map(Some)
                    .map_err(|_| format!("`{}` as `{name}`, expected a whole number", shown(value)))
            };
            match name.as_str() {
                "time" => start = Some(time(value)?),
                "good" => good = count()?,
                "bad" => bad = count()?,
                "total" => total = count()?,
                _ if value.is_empty() => {}
                _ => {
                    labels.insert(name.clone(), value.clone());
                }
            }
        }
        let events = match (good, bad, total) {
            (Some(good), None, Some(total)) => Events::new(good, total),
            (None, Some(bad), Some(total)) => {
                let good = total.checked_sub(bad);
                let good = good.ok_or_else(|| format!("{bad} bad events out of only {total}"))?;
                Events::new(good, total)
            }
            (Some(good), Some(bad), total) => {
                let events = Events::from_good_bad(good, bad);
                if total.is_some_and(|total| total != events.total()) {
                    return Err(format!(
                        "{good} good and {bad} bad events, which are not {} together",
                        total.unwrap_or(0)
                    ));
                }
                Ok(events)
            }
            _ => return Err("no counts".to_owned()),
        };
        Ok(CountRow {
            start: start.ok_or("no time")?,
            events: events.map_err(|error| error.to_string())?,
            labels,
        })
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    let parsed = match text.parse::<i64>() {
        Ok(second) => Timestamp::from_second(second).ok(),
        Err(_) => text.parse().ok(),
    };
    parsed.ok_or_else(|| {
        format!(
            "`{}` as `time`, expected RFC 3339 or seconds since the epoch",
            shown(text)
        )
    })
}

fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The fields of a row; those in quotes may hold commas, and `""` for a quote.
fn fields(row: &str) -> Result<Vec<String>, &'static str> {
    let mut fields = Vec::new();
    let mut rest = row;
    loop {
        let mut field = String::new();
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            loop {
                let (part, after) = rest.split_once('"').ok_or("a quote that does not end")?;
                field.push_str(part);
                rest = after;
                match rest.strip_prefix('"') {
                    Some(more) => {
                        field.push('"');
                        rest = more;
                    }
                    None => break,
                }
            }
            rest = rest.trim_start();
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err("text after a quoted value");
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            field.push_str(rest[..end].trim());
            rest = &rest[end..];
        }
        fields.push(field);
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Ok(fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        for text in [
            "0,9971,10000",
            "time,good,total\n0,9971,10000",
            "time,good,bad\n1970-01-01T00:00:00Z,9971,29",
            "total,bad,time\r\n10000,29,0\r\n",
            "\u{feff}\"time\",\"good\",\"total\",\"bad\"\n\n0,9971,10000,29\n",
        ] {
            let rows = parse_counts(text).unwrap();
            assert_eq!(rows.len(), 1, "{text}");
            assert_eq!(rows[0].events, Events::from_good_bad(9_971, 29), "{text}");
            assert_eq!(rows[0].start, Timestamp::UNIX_EPOCH);
            assert!(rows[0].labels.is_empty());
        }
        let rows = parse_counts("time,good,bad,who,why\n0,1,0,\"a, \"\"b\"\"\",\n").unwrap();
        assert_eq!(
            rows[0].labels,
            BTreeMap::from([("who".to_owned(), "a, \"b\"".to_owned())])
        );
        assert!(parse_counts("").unwrap().is_empty());
    }

    #[test]
    fn wrong_rows_say_where_and_why() {
        for (text, message) in [
            ("0,1", "line 1: 2 columns, expected 3: `time,good,total`"),
            (
                "0,1,1\nx,1,1",
                "line 2: `x` as `time`, expected RFC 3339 or seconds since the epoch",
            ),
            ("0,-1,1", "line 1: `-1` as `good`, expected a whole number"),
            (
                "time,bad,total\n0,2,1",
                "line 2: 2 bad events out of only 1",
            ),
            (
                "time,good,bad,total\n0,2,1,4",
                "line 2: 2 good and 1 bad events, which are not 4 together",
            ),
            (
                "time,good\n0,2",
                "line 1: the columns `time,good`, expected `time` and two of `good`, `bad` and `total`",
            ),
            ("0,\"1,1", "line 1: a quote that does not end"),
            ("0,\"1\"x,1", "line 1: text after a quoted value"),
        ] {
            assert_eq!(parse_counts(text).unwrap_err().to_string(), message);
        }
    }
}
