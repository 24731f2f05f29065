//! Logs whose columns a header names: W3C extended (IIS, `CloudFront`), Zeek, and separated values.

use std::borrow::Cow;

use jiff::Timestamp;

use super::Stage;
use crate::{
    Field, Format, Level, Record, Sink, number,
    parse::time::{self, Context},
};

/// What a column becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Time,
    /// A date, whose time of day stands in another column.
    Date,
    TimeOfDay,
    Level,
    Target,
    Message,
    /// A duration whose unit the writer's documentation says: milliseconds, or seconds where there is a point.
    TimeTaken,
    Other,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    W3c,
    Zeek,
    Separated,
}

/// The columns that hold now; a later header changes them.
pub(super) struct Table {
    dialect: Dialect,
    separator: u8,
    columns: Vec<Column>,
    /// The date of W3C's `#Date:`, for logs with a time of day alone.
    date: String,
    /// Whether the header of separated values is still to come.
    is_header_next: bool,
}

impl Table {
    pub(super) fn expect_header(&mut self) {
        self.is_header_next = true;
    }

    /// The table that the first lines show.
    pub(super) fn detect(lines: &[&str]) -> Option<Self> {
        let directive =
            |line: &&&str| line.starts_with("#Fields:") || line.starts_with("#fields\t");
        if let Some(header) = lines.iter().find(directive) {
            let mut table = Self {
                dialect: Dialect::W3c,
                separator: b' ',
                columns: Vec::new(),
                date: String::new(),
                is_header_next: false,
            };
            table.directive(header);
            return Some(table);
        }
        let (header, rest) = lines.split_first()?;
        let separator = [b',', b';', b'\t', b'|']
            .into_iter()
            .max_by_key(|&separator| memchr::memchr_iter(separator, header.as_bytes()).count())?;
        let cells = cells(header, separator);
        let mut columns: Vec<Column> = cells
            .iter()
            .map(|cell| column(cell, Dialect::Separated))
            .collect();
        // A time beside a date is that of the day.
        if columns.iter().any(|column| column.role == Role::Date) {
            for column in &mut columns {
                if column.role == Role::Time {
                    column.role = Role::TimeOfDay;
                }
            }
        }
        // Windows' Event Viewer gives the message a column, but no name.
        let has_message = columns.iter().any(|column| column.role == Role::Message);
        let is_wider = |row: &&str| self::cells(row, separator).len() == columns.len() + 1;
        if !has_message && !rest.is_empty() && rest.iter().take(5).any(is_wider) {
            columns.push(Column {
                name: "message".to_owned(),
                role: Role::Message,
            });
        }
        let has = |role| columns.iter().any(|column| column.role == role);
        let named = cells.iter().all(|cell| is_heading(cell));
        let tells = has(Role::Message) || has(Role::Level) || has(Role::Target);
        let is_header =
            (has(Role::Time) || has(Role::Date)) && tells && named && 3 <= columns.len();
        let fits = rest
            .iter()
            .take(5)
            .any(|row| self::cells(row, separator).len() == columns.len() || row.contains('"'));
        (is_header && fits).then_some(Self {
            dialect: Dialect::Separated,
            separator,
            columns,
            date: String::new(),
            is_header_next: false,
        })
    }

    /// Takes a `#` line.
    fn directive(&mut self, line: &str) {
        if let Some(names) = line.strip_prefix("#Fields:") {
            self.dialect = Dialect::W3c;
            self.columns = names
                .split_ascii_whitespace()
                .map(|name| column(name, Dialect::W3c))
                .collect();
        } else if let Some(names) = line.strip_prefix("#fields\t") {
            self.dialect = Dialect::Zeek;
            self.columns = names
                .split('\t')
                .map(|name| column(name, Dialect::Zeek))
                .collect();
        } else if let Some(date) = line.strip_prefix("#Date:") {
            date.trim()
                .split(' ')
                .next()
                .unwrap_or_default()
                .clone_into(&mut self.date);
        }
    }

    pub(super) fn block(
        &mut self,
        text: &str,
        last: bool,
        stage: &mut Stage<'_>,
        sink: &mut dyn Sink,
    ) -> usize {
        let mut at = 0;
        while at < text.len() {
            let line = stage.line(text, at);
            let is_directive = self.dialect != Dialect::Separated && line.text.starts_with('#');
            let is_blank = line.text.trim_ascii().is_empty();
            let is_header = self.dialect == Dialect::Separated && self.is_header_next && !is_blank;
            if is_directive || is_header || is_blank {
                self.is_header_next &= !is_header;
                if is_directive {
                    self.directive(line.text);
                }
                stage.done(1, line.next - at, line.cut);
                at = line.next;
                continue;
            }
            // A quoted cell may reach over the end of the line.
            let mut end = at + line.text.len();
            let mut next = line.next;
            if self.dialect == Dialect::Separated && !line.cut {
                match row_end(text.get(at..).unwrap_or_default(), stage.reader.max_line) {
                    Row::Ends(length) => {
                        end = at + length;
                        next = (end + 1).min(text.len());
                    }
                    Row::IsOpen if !last => return at,
                    // A quote that never closes is one of the text.
                    Row::IsOpen | Row::IsTooLong => {}
                }
            }
            let row = text.get(at..end).unwrap_or_default();
            let row = row.strip_suffix('\r').unwrap_or(row);
            if let Some(record) = self.record(row, stage.context()) {
                let place = stage.place();
                let lines = memchr::memchr_iter(b'\n', row.as_bytes()).count() + 1;
                stage.done(number::len(lines), next - at, line.cut);
                stage.emit(record, place, "", sink);
                at = next;
            } else {
                stage.leave(line, at);
                at = line.next;
            }
        }
        text.len()
    }

    /// The record of a row with a cell for each column.
    fn record<'a>(&self, row: &'a str, context: &Context) -> Option<Record<'a>> {
        let cells = self.split(row);
        if cells.len() != self.columns.len() {
            return None;
        }
        let mut record = Record::new(self.format(), "");
        let (mut date, mut clock) = (Cow::Borrowed(self.date.as_str()), None);
        let mut method = None;
        for (column, cell) in self.columns.iter().zip(cells) {
            if matches!(&*cell, "" | "-" | "(empty)") {
                continue;
            }
            let cell = match column.role {
                Role::Time if record.time.is_none() => match moment(&cell, context) {
                    Some(time) => {
                        record.time = Some(time);
                        continue;
                    }
                    None => cell,
                },
                Role::Date => {
                    date = Cow::Owned(cell.into_owned());
                    continue;
                }
                Role::TimeOfDay => {
                    clock = Some(cell);
                    continue;
                }
                Role::Level if record.level.is_none() => {
                    record.level = Level::from_word(&cell);
                    if record.level.is_some() {
                        continue;
                    }
                    cell
                }
                Role::Target if record.target.is_none() => {
                    record.target = Some(cell);
                    continue;
                }
                Role::Message if record.message.is_empty() => {
                    record.message = cell;
                    continue;
                }
                Role::TimeTaken => {
                    let unit = if cell.contains('.') { "s" } else { "ms" };
                    Cow::Owned(format!("{cell}{unit}"))
                }
                _ => cell,
            };
            if column.name == "method" {
                method = Some(cell.clone());
            }
            if column.name == "path" && record.message.is_empty() {
                record.message = match &method {
                    Some(method) => Cow::Owned(format!("{method} {cell}")),
                    None => cell.clone(),
                };
            }
            record.fields.push(Field {
                name: Cow::Owned(column.name.clone()),
                value: cell,
                of_span: false,
            });
        }
        if record.time.is_none() {
            // W3C writes its times in UTC.
            let utc = Context {
                utc_offset_s: if self.dialect == Dialect::W3c {
                    0
                } else {
                    context.utc_offset_s
                },
                ..*context
            };
            record.time = match clock {
                Some(clock) => moment(&format!("{date} {clock}"), &utc),
                None => moment(&date, &utc),
            };
        }
        Some(record)
    }

    fn format(&self) -> Format {
        match self.dialect {
            Dialect::W3c => Format::W3c,
            Dialect::Zeek => Format::Zeek,
            Dialect::Separated => Format::Csv,
        }
    }

    fn split<'a>(&self, row: &'a str) -> Vec<Cow<'a, str>> {
        match self.dialect {
            // CloudFront writes tabs under a header with blanks.
            Dialect::W3c if row.contains('\t') => row.split('\t').map(Cow::Borrowed).collect(),
            Dialect::Zeek => row.split('\t').map(Cow::Borrowed).collect(),
            Dialect::W3c | Dialect::Separated => cells(row, self.separator),
        }
    }
}

/// A time as tables have it: any ISO form, an epoch, a date alone.
fn moment(cell: &str, context: &Context) -> Option<Timestamp> {
    let found = |result: Result<(&str, Timestamp), _>| match result {
        Ok((rest, time)) if rest.trim().is_empty() => Some(time),
        _ => None::<Timestamp>,
    };
    found(time::iso(cell, context).map_err(|_| ()))
        .or_else(|| found(time::american(cell, context).map_err(|_| ())))
        .or_else(|| (9 <= cell.len()).then(|| time::epoch(cell)).flatten())
        .or_else(|| {
            let (date, clock) = cell.split_once(' ')?;
            let whole = if clock.len() == 5 {
                format!("{date} {clock}:00")
            } else {
                return None;
            };
            found(time::iso(&whole, context).map_err(|_| ()))
        })
}

fn is_heading(cell: &str) -> bool {
    (1..=64).contains(&cell.len())
        && cell.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@'))
        && !cell.contains(['=', '{', '['])
}

fn column(name: &str, dialect: Dialect) -> Column {
    let lower = name.trim().to_ascii_lowercase();
    let (role, short) = match dialect {
        Dialect::W3c => w3c(&lower),
        Dialect::Zeek => zeek(&lower),
        Dialect::Separated => (separated(&lower), None),
    };
    Column {
        name: short.unwrap_or(name.trim()).to_owned(),
        role,
    }
}

/// What a column of W3C's is, and the name that other web logs give it.
fn w3c(name: &str) -> (Role, Option<&'static str>) {
    let short = match name {
        "date" => return (Role::Date, None),
        "time" => return (Role::TimeOfDay, None),
        "time-taken" => return (Role::TimeTaken, Some("duration")),
        "cs-method" => "method",
        "cs-uri-stem" => "path",
        "sc-status" => "status",
        "c-ip" => "client",
        "sc-bytes" => "size",
        "cs-username" => "user",
        "cs(user-agent)" => "agent",
        "cs(referer)" => "referrer",
        "s-computername" => "host",
        _ => return (Role::Other, None),
    };
    (Role::Other, Some(short))
}

fn zeek(name: &str) -> (Role, Option<&'static str>) {
    match name {
        "ts" => (Role::Time, None),
        "uri" => (Role::Other, Some("path")),
        "status_code" => (Role::Other, Some("status")),
        _ => (Role::Other, None),
    }
}

fn separated(name: &str) -> Role {
    match name {
        "date" => Role::Date,
        "time" | "timestamp" | "@timestamp" | "ts" | "datetime" | "date_time" | "date time"
        | "date and time" | "timecreated" | "timegenerated" | "time_generated" | "eventtime"
        | "event_time" | "log_time" | "created_at" | "_time" => Role::Time,
        "level" | "severity" | "loglevel" | "log_level" | "log level" | "leveldisplayname"
        | "level_name" | "entrytype" => Role::Level,
        "logger" | "component" | "target" | "source" | "module" | "providername" | "provider"
        | "logger_name" => Role::Target,
        "message" | "msg" | "description" | "text" | "details" | "_raw" => Role::Message,
        _ => Role::Other,
    }
}

/// The cells of a row; a cell in quotes may hold separators, and two quotes for one.
fn cells(row: &str, separator: u8) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::new();
    let bytes = row.as_bytes();
    let mut at = 0;
    loop {
        if bytes.get(at) == Some(&b'"')
            && let Some((cell, next)) = quoted(row, at, separator)
        {
            cells.push(cell);
            if next == bytes.len() {
                return cells;
            }
            at = next + 1;
        } else {
            let rest = row.get(at..).unwrap_or_default();
            let end = memchr::memchr(separator, rest.as_bytes());
            let cell = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            cells.push(Cow::Borrowed(if separator == b' ' {
                cell
            } else {
                cell.trim()
            }));
            match end {
                Some(end) => at += end + 1,
                None => return cells,
            }
        }
    }
}

/// The cell in quotes at an offset, and where the separator behind it stands, or the end.
fn quoted(row: &str, at: usize, separator: u8) -> Option<(Cow<'_, str>, usize)> {
    let bytes = row.as_bytes();
    let mut end = at + 1;
    let mut doubled = false;
    loop {
        end += memchr::memchr(b'"', bytes.get(end..)?)?;
        if bytes.get(end + 1) != Some(&b'"') {
            break;
        }
        doubled = true;
        end += 2;
    }
    let is_end = bytes.get(end + 1).is_none_or(|&b| b == separator);
    let inside = row.get(at + 1..end)?;
    let cell = if doubled {
        Cow::Owned(inside.replace("\"\"", "\""))
    } else {
        Cow::Borrowed(inside)
    };
    is_end.then_some((cell, end + 1))
}

enum Row {
    /// At this many bytes, before the line end.
    Ends(usize),
    /// The text ends inside quotes.
    IsOpen,
    IsTooLong,
}

/// Where a row ends: at the first line end with an even number of quotes before it.
fn row_end(text: &str, max: usize) -> Row {
    let mut open = false;
    for at in memchr::memchr2_iter(b'"', b'\n', text.as_bytes()) {
        if max < at {
            return Row::IsTooLong;
        }
        match text.as_bytes().get(at) {
            Some(b'"') => open = !open,
            _ if !open => return Row::Ends(at),
            _ => {}
        }
    }
    if open {
        Row::IsOpen
    } else {
        Row::Ends(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_row() {
        let cells = |row| cells(row, b',').join("|");
        assert_eq!(
            cells("a, b ,\"c,d\",\"e \"\"f\"\"\",\"\","),
            "a|b|c,d|e \"f\"||"
        );
        assert_eq!(cells("\"a\"b,c"), "\"a\"b|c");
        assert_eq!(cells("\"open,c"), "\"open|c");
        assert_eq!(cells(""), "");
    }

    #[test]
    fn a_header_must_say_what_a_log_has() {
        let detect = |lines: &[&str]| Table::detect(lines).map(|table| table.columns.len());
        assert_eq!(
            detect(&["time,level,message", "2026-03-01,info,x"]),
            Some(3)
        );
        assert_eq!(
            detect(&["Level;Date and Time;Source;Event ID", "a;b;c;d"]),
            Some(4)
        );
        assert_eq!(detect(&["time,level,message", "no comma here"]), None);
        assert_eq!(
            detect(&["hello, this is, a message", "and, one, more"]),
            None
        );
        assert_eq!(detect(&["time,level,message"]), None);
        assert_eq!(detect(&["# a comment", "x"]), None);
    }
}
