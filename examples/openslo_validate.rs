//! Checks `OpenSLO` documents by the rules of `OpenSLO`'s own validator.
//!
//! ```text
//! cargo run --release --example openslo_validate -- [--jsonl] FILE…
//! ```
//!
//! Prints one line of JSON for each file, or with `--jsonl` for each line of each file.
#![expect(clippy::print_stderr, reason = "it is a program")]

use std::{
    io::{BufRead, BufReader, BufWriter, Read, Write},
    process::ExitCode,
};

use serde::{Deserialize, Serialize};
use shape_examples::say;
use shape_slo::{OpenSloVerdict, validate_openslo};

const USAGE: &str = "usage: openslo_validate [--jsonl] FILE…

  FILE      OpenSLO documents in YAML; - reads standard input
  --jsonl   every line of the files is `{\"id\",\"yaml\"}`
prints `{\"id\",\"valid\",\"decode_error\",\"errors\":[{\"path\",\"code\"}]}` a file, or a line
exit code: 0 all valid, 1 some are not, 2 an error";

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Line {
    id: String,
    yaml: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    #[serde(flatten)]
    verdict: OpenSloVerdict,
}

/// Prints an answer; whether the documents are valid.
fn answer(out: &mut impl Write, id: &str, yaml: &str) -> Result<bool, Failure> {
    let verdict = validate_openslo(yaml);
    let is_valid = verdict.valid;
    serde_json::to_writer(&mut *out, &Answer { id, verdict })?;
    writeln!(out)?;
    Ok(is_valid)
}

fn open(path: &str) -> Result<Box<dyn BufRead>, Failure> {
    if path == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file =
        std::fs::File::open(path).map_err(|error| format!("cannot read `{path}`: {error}"))?;
    Ok(Box::new(BufReader::new(file)))
}

fn run() -> Result<ExitCode, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let (mut files, mut is_jsonl) = (Vec::new(), false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) => files.push(path.string()?),
            Long("jsonl") => is_jsonl = true,
            Long("help") | Short('h') => {
                say(USAGE);
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if files.is_empty() {
        return Err(format!("no file was named\n\n{USAGE}").into());
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut all_valid = true;
    for path in &files {
        let mut input = open(path)?;
        if !is_jsonl {
            let mut text = String::new();
            input
                .read_to_string(&mut text)
                .map_err(|error| format!("cannot read `{path}`: {error}"))?;
            all_valid &= answer(&mut out, path, &text)?;
            continue;
        }
        for (index, line) in input.lines().enumerate() {
            let line = line.map_err(|error| format!("cannot read `{path}`: {error}"))?;
            if line.trim().is_empty() {
                continue;
            }
            let line: Line = serde_json::from_str(&line)
                .map_err(|error| format!("{path}, line {}: {error}", index + 1))?;
            all_valid &= answer(&mut out, &line.id, &line.yaml)?;
        }
    }
    out.flush()?;
    Ok(if all_valid {
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
