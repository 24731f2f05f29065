//! Says when alerts on an error budget would have fired over recorded counts.
//!
//! ```text
//! cargo run --release --example alerts -- COUNTS.csv --target 99.9% --window 30d
//! ```
//!
//! Prints `{"page":{"first":M,"last":M}|null,"ticket":…}`: the first and the last minute at which each would have fired.
//! The counts of minute 7 are complete, and judged, at minute 8.
#![expect(clippy::print_stderr, reason = "it is a program")]

use std::{io::Read as _, process::ExitCode};

use shape_budget::{AlertRule, parse_minute_counts, replay};
use shape_examples::say;
use shape_slo::{Target, Window};

const USAGE: &str = "usage: alerts COUNTS.csv --target 99.9% [--window 30d] [--confidence 95%]

  COUNTS.csv     `minute,good,bad`, one row a minute; - reads standard input
  --target       the promised share of good events
  --window       the window of the promise, 30d by default
  --confidence   how sure a page about few events must be, 95% by default
exit code: 0 printed, 2 an error";

type Failure = Box<dyn std::error::Error>;

struct Arguments {
    counts: String,
    target: Target,
    window_seconds: u64,
    confidence: f64,
}

fn arguments() -> Result<Option<Arguments>, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let (mut counts, mut target) = (None, None);
    let mut window = Window::rolling_days(30);
    let mut confidence: Target = "95%".parse()?;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if counts.is_none() => counts = Some(path.string()?),
            Long("target") => target = Some(parser.value()?.string()?.parse()?),
            Long("window") => window = parser.value()?.string()?.parse()?,
            Long("confidence") => confidence = parser.value()?.string()?.parse()?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    let Window::Rolling { seconds } = window else {
        return Err(format!("--window `{window}`, expected a rolling window such as `30d`").into());
    };
    Ok(Some(Arguments {
        counts: counts.ok_or_else(|| format!("no counts were named\n\n{USAGE}"))?,
        target: target.ok_or_else(|| format!("--target is missing\n\n{USAGE}"))?,
        window_seconds: seconds,
        confidence: confidence.ratio(),
    }))
}

fn run() -> Result<(), Failure> {
    let Some(arguments) = arguments()? else {
        say(USAGE);
        return Ok(());
    };
    let path = &arguments.counts;
    let text = if path == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(path).map_err(|error| format!("cannot read `{path}`: {error}"))?
    };
    let counts = parse_minute_counts(&text).map_err(|error| format!("{path}: {error}"))?;
    if counts.is_empty() {
        return Err(format!("{path}: no counts, expected rows of `minute,good,bad`").into());
    }
    let fired = replay(
        &counts,
        arguments.target,
        arguments.window_seconds,
        &AlertRule::SRE_WORKBOOK,
        arguments.confidence,
    )?;
    say(&serde_json::to_string(&fired)?);
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
