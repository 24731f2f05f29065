//! Recommends a target from a history of counts, and says how much the history supports it.
//!
//! ```text
//! cargo run --release --example recommend_target -- HISTORY.csv --window 28d --confidence 95% --risk 5%
//! ```
//!
//! Prints JSON: the target, the bound it was rounded down from, how it was found and the confidence it really has.
#![expect(clippy::print_stderr, reason = "it is a program")]

use std::{io::Read as _, process::ExitCode};

use shape_examples::say;
use shape_slo::{Target, Window, back_test, parse_history, recommend_target};

const USAGE: &str = "usage: recommend_target HISTORY.csv [--window 28d] [--confidence 95%] [--risk 5%] [--back-test]

  HISTORY.csv    `time,good,total`, times as RFC 3339 or in seconds since 1970, in any order;
                 rows of one time add up; - reads standard input
  --window       the window of the promise in whole days, 28d by default
  --confidence   how sure the target should be, 95% by default
  --risk         the share of later windows that may miss it, 5% by default
  --back-test    recommend from the first half of the history, and judge that by the windows of the second
exit code: 0 a target, 1 the history supports none, 2 an error";

type Failure = Box<dyn std::error::Error>;

struct Arguments {
    history: String,
    window_seconds: u64,
    confidence: f64,
    risk: f64,
    back_test: bool,
}

fn share(option: &str, text: &str) -> Result<f64, Failure> {
    // A share is read as a target is: digit by digit, above 0 and at most 1.
    let share: Target = text
        .parse()
        .map_err(|_| format!("{option} `{text}`, expected a percentage such as `95%`"))?;
    Ok(share.ratio())
}

fn arguments() -> Result<Option<Arguments>, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut history = None;
    let mut window = Window::rolling_days(28);
    let (mut confidence, mut risk, mut back_test) = (0.95, 0.05, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if history.is_none() => history = Some(path.string()?),
            Long("window") => window = parser.value()?.string()?.parse()?,
            Long("confidence") => {
                confidence = share("--confidence", &parser.value()?.string()?)?;
            }
            Long("risk") => risk = share("--risk", &parser.value()?.string()?)?,
            Long("back-test") => back_test = true,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    let Window::Rolling { seconds } = window else {
        return Err(format!("--window `{window}`, expected a rolling window such as `28d`").into());
    };
    Ok(Some(Arguments {
        history: history.ok_or_else(|| format!("no history was named\n\n{USAGE}"))?,
        window_seconds: seconds,
        confidence,
        risk,
        back_test,
    }))
}

fn run() -> Result<ExitCode, Failure> {
    let Some(arguments) = arguments()? else {
        say(USAGE);
        return Ok(ExitCode::SUCCESS);
    };
    let path = &arguments.history;
    let text = if path == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(path).map_err(|error| format!("cannot read `{path}`: {error}"))?
    };
    let history = parse_history(&text).map_err(|error| format!("{path}: {error}"))?;
    let (window, confidence, risk) = (
        arguments.window_seconds,
        arguments.confidence,
        arguments.risk,
    );
    let target = if arguments.back_test {
        let judged = back_test(&history, window, confidence, risk)?;
        say(&serde_json::to_string_pretty(&judged)?);
        judged.recommendation.target
    } else {
        let proposal = recommend_target(&history, window, confidence, risk)?;
        say(&serde_json::to_string_pretty(&proposal)?);
        proposal.target
    };
    Ok(if target.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
