//! Scores metric series for anomalies, in the layout of the Numenta Anomaly Benchmark.
//!
//! ```text
//! cargo run --release --example nab -- DATA_DIR OUT_DIR [--threshold SURPRISE] [--rest ROWS]
//! ```
//!
//! Reads every `DATA_DIR/<category>/<file>.csv` (`timestamp,value`) row by row, from the past alone, and writes
//! `OUT_DIR/<category>/<file>.csv` (`timestamp,value,anomaly_score`) for a scorer. A score of 0.5 and more is an alarm.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use shape_examples::{complain, say};
use shape_telemetry::{MetricConfig, MetricDetector, MetricReason};

const USAGE: &str = "usage: nab DATA_DIR OUT_DIR [--threshold SURPRISE] [--rest ROWS]

  DATA_DIR     a folder of CSV files with the columns `timestamp` and `value`, in folders by category or not
  OUT_DIR      where the scores go: the same folders and files, with the columns timestamp,value,anomaly_score
  --threshold  what an alarm takes, as -log10 of a probability; 2.1 by default
  --rest       rows without another alarm after one, 150 by default
exit code: 0 all series scored, 2 an error";

struct Arguments {
    data: PathBuf,
    out: PathBuf,
    config: MetricConfig,
}

fn arguments() -> Result<Option<Arguments>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut folders = Vec::new();
    let mut config = MetricConfig::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if folders.len() < 2 => folders.push(PathBuf::from(path)),
            Long("threshold") => config = config.threshold(parser.value()?.parse()?),
            Long("rest") => config = config.rest(parser.value()?.parse()?),
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    let [data, out] = <[PathBuf; 2]>::try_from(folders)
        .map_err(|_| format!("DATA_DIR and OUT_DIR are both needed\n\n{USAGE}"))?;
    Ok(Some(Arguments { data, out, config }))
}

fn main() -> ExitCode {
    let done = match arguments() {
        Ok(None) => {
            say(USAGE);
            Ok(())
        }
        Ok(Some(arguments)) => run(&arguments),
        Err(error) => Err(error.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            complain(&format!("nab: {message}"));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let Arguments { data, out, config } = arguments;
    let mut files = Vec::new();
    find(data, &mut files)?;
    files.sort();
    if files.is_empty() {
        return Err(format!("no .csv file in `{}`", data.display()));
    }
    let (mut rows, mut alarms, mut busy) = (0, 0, Duration::ZERO);
    for file in &files {
        let name = file.strip_prefix(data).unwrap_or(file);
        let text = fs::read_to_string(file)
            .map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
        let series = Series::read(&text).map_err(|error| format!("{}:{error}", file.display()))?;
        let start = Instant::now();
        let scored = series.score(*config);
        busy += start.elapsed();
        let target = out.join(name);
        write(&target, &scored.csv)?;
        say(&format!("{:<64} {}", name.display(), scored.says()));
        rows += scored.rows;
        alarms += scored.alarms.values().sum::<usize>();
    }
    let each = busy.as_secs_f64() * 1e6 / f64::from(u32::try_from(rows).unwrap_or(u32::MAX).max(1));
    say(&format!(
        "{} series, {rows} rows, {alarms} alarms; {each:.1} µs a row; scores in {}",
        files.len(),
        out.display()
    ));
    Ok(())
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let wrong = |error| format!("cannot read the folder `{}`: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "csv") {
            files.push(path);
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

/// The rows of a file: the time, and the cells as they stand there.
struct Series<'t> {
    rows: Vec<(Timestamp, &'t str, &'t str)>,
}

/// What became of a series.
struct Scored {
    csv: String,
    rows: usize,
    without_value: usize,
    alarms: BTreeMap<MetricReason, usize>,
}

impl<'t> Series<'t> {
    /// Errors begin with the number of the line.
    fn read(text: &'t str) -> Result<Self, String> {
        let mut lines = text.trim_start_matches('\u{feff}').lines().zip(1_u32..);
        let (header, _) = lines.next().ok_or("1: an empty file")?;
        let column = |name: &str| {
            cells(header)
                .position(|cell| cell == name)
                .ok_or_else(|| format!("1: no column `{name}` in `{header}`"))
        };
        let (time, value) = (column("timestamp")?, column("value")?);
        let mut rows = Vec::new();
        for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            let text = cells(line).nth(time).unwrap_or_default();
            let at = instant(text).ok_or_else(|| {
                format!("{number}: `{text}` is no time such as 2014-04-01 00:00:00")
            })?;
            rows.push((at, text, cells(line).nth(value).unwrap_or_default()));
        }
        Ok(Self { rows })
    }

    /// A row without a finite value is no row for the detector; it scores 0.
    fn score(&self, config: MetricConfig) -> Scored {
        let mut detector = MetricDetector::new(config);
        let mut scored = Scored {
            csv: String::from("timestamp,value,anomaly_score\n"),
            rows: self.rows.len(),
            without_value: 0,
            alarms: BTreeMap::new(),
        };
        for &(at, time, value) in &self.rows {
            let judged = value.parse().ok().and_then(|x| detector.push(at, x).ok());
            if judged.is_none() {
                scored.without_value += 1;
            }
            if let Some(reason) = judged.filter(|row| row.alarm).and_then(|row| row.reason) {
                *scored.alarms.entry(reason).or_default() += 1;
            }
            let score = judged.map_or(0.0, |row| row.score);
            let _ = writeln!(scored.csv, "{time},{value},{score}");
        }
        scored
    }
}

impl Scored {
    fn says(&self) -> String {
        let reasons: Vec<String> = self
            .alarms
            .iter()
            .map(|(reason, count)| format!("{reason} {count}"))
            .collect();
        let missing = match self.without_value {
            0 => String::new(),
            n => format!(", {n} without a value"),
        };
        let alarms: usize = self.alarms.values().sum();
        format!(
            "{:>6} rows{missing}, {alarms:>3} alarms  {}",
            self.rows,
            reasons.join(", ")
        )
    }
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

/// A time without a zone is taken as UTC.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    })
}
