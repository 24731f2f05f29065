//! Finds the sessions that are out of the ordinary.
//!
//! ```text
//! cargo run --release --example sessions -- IN.tsv --fit 0.5 --out OUT.tsv
//! ```
//!
//! `IN.tsv` has a header row and `session<TAB>events` in each other row, the ids of the events separated by blanks, in the order
//! of their time. The first part of the rows is learned from, without labels; the others are judged:
//! `session<TAB>score<TAB>anomalous<TAB>reason`, one row each, in their order.
#![expect(clippy::print_stderr, reason = "it is a program")]

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::ExitCode,
};

use shape_examples::say;
use shape_telemetry::SessionModel;

const USAGE: &str = "usage: sessions IN.tsv --fit FRACTION --out OUT.tsv

  IN.tsv          `session<TAB>events` with a header row, ids separated by blanks; - reads standard input
  --fit FRACTION  the share of the rows, from the first, to learn from: 0.5 by default
  --out OUT.tsv   where `session<TAB>score<TAB>anomalous<TAB>reason` goes; - for standard output
exit code: 0 written, 2 an error";

type Failure = Box<dyn std::error::Error>;

struct Arguments {
    input: String,
    fit: f64,
    out: PathBuf,
}

fn arguments() -> Result<Option<Arguments>, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let (mut input, mut out, mut fit) = (None, None, 0.5);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if input.is_none() => input = Some(path.string()?),
            Long("fit") => fit = parser.value()?.parse()?,
            Long("out") => out = Some(PathBuf::from(parser.value()?)),
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    if !(0.0 < fit && fit < 1.0) {
        return Err(
            format!("--fit {fit}: expected a fraction between 0 and 1, such as 0.5").into(),
        );
    }
    Ok(Some(Arguments {
        input: input.ok_or_else(|| format!("no sessions were named\n\n{USAGE}"))?,
        fit,
        out: out.ok_or_else(|| format!("--out is missing\n\n{USAGE}"))?,
    }))
}

/// The sessions with their events. The first row with anything in it is a header.
fn read(path: &str) -> Result<Vec<(String, String)>, Failure> {
    let input: Box<dyn Read> = if path == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(|error| format!("{path}: {error}"))?)
    };
    let (mut rows, mut has_header) = (Vec::new(), false);
    for (n, line) in BufReader::new(input).lines().enumerate() {
        let line = line.map_err(|error| format!("{path}:{}: {error}", n + 1))?;
        let line = line.trim_start_matches('\u{feff}').trim_end_matches('\r');
        if line.trim().is_empty() {
            continue;
        }
        if !has_header {
            let mut names = line
                .split('\t')
                .map(|name| name.trim().to_ascii_lowercase());
            if names.next().as_deref() != Some("session")
                || names.next().as_deref() != Some("events")
            {
                return Err(format!(
                    "{path}:{}: `{}`: expected a header `session<TAB>events`",
                    n + 1,
                    start(line)
                )
                .into());
            }
            has_header = true;
            continue;
        }
        // Columns beyond the second are none of ours: a label must not be learned from.
        let mut columns = line.split('\t');
        let (Some(session), Some(events)) = (columns.next(), columns.next()) else {
            return Err(format!(
                "{path}:{}: `{}` has no tab: expected `session<TAB>events`",
                n + 1,
                start(line)
            )
            .into());
        };
        rows.push((session.to_owned(), events.to_owned()));
    }
    Ok(rows)
}

/// The beginning of a line, for a message.
fn start(line: &str) -> String {
    let mut text: String = line.chars().take(60).collect();
    if text.len() < line.len() {
        text.push('…');
    }
    text
}

fn run() -> Result<(), Failure> {
    let Some(arguments) = arguments()? else {
        say(USAGE);
        return Ok(());
    };
    let rows = read(&arguments.input)?;
    let n_fit = share(rows.len(), arguments.fit);
    let (fit, rest) = rows.split_at(n_fit);
    if fit.is_empty() || rest.is_empty() {
        return Err(format!(
            "{}: {} sessions can not be split at {}: some are needed to learn from, some to judge",
            arguments.input,
            rows.len(),
            arguments.fit
        )
        .into());
    }
    let mut model = SessionModel::new();
    for (n, (session, events)) in fit.iter().enumerate() {
        // Rows are told apart by their number too: a session may come twice.
        model.learn(&format!("{n} {session}"), events.split_whitespace());
    }
    let detector = model.detector();
    let events: Vec<&str> = rest.iter().map(|(_, events)| events.as_str()).collect();
    let verdicts = detector.judge_log(&events);
    let mut out = String::from("session\tscore\tanomalous\treason\n");
    for ((session, _), verdict) in rest.iter().zip(&verdicts) {
        let mut reason = verdict.reasons.join("; ");
        if verdict.cut_off && reason.is_empty() {
            "the log ends before the session does".clone_into(&mut reason);
        }
        let anomalous = u8::from(verdict.anomalous);
        writeln!(
            out,
            "{session}\t{:.3}\t{anomalous}\t{reason}",
            verdict.score
        )?;
    }
    if arguments.out.as_os_str() == "-" {
        say(out.trim_end());
        return Ok(());
    }
    std::fs::write(&arguments.out, out)
        .map_err(|error| format!("{}: {error}", arguments.out.display()))?;
    let found = verdicts.iter().filter(|verdict| verdict.anomalous).count();
    say(&format!(
        "{found} of {} sessions are anomalous (score above {:.2}), learned from {} sessions; written to {}",
        rest.len(),
        detector.threshold(),
        fit.len(),
        arguments.out.display()
    ));
    Ok(())
}

/// A share of a number of rows, rounded down.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rows that fit in memory, and a share below 1"
)]
fn share(n: usize, of: f64) -> usize {
    (n as f64 * of) as usize
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sessions: {error}");
            ExitCode::from(2)
        }
    }
}
