//! Traces each line of a log to the source statement that wrote it.
//!
//! ```text
//! cargo run --release --example trace_source -- LOG --source DIR… --out OUT.csv
//! ```
//!
//! Exit code 0: every record was looked up, whether it was found or not, 2: an error, 3: no data.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufWriter, IsTerminal as _, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use shape_examples::terminal::{count, human};
use shape_lineage::{EvidenceKind, Locator, Query, Sequence, SourceIndex, Told};
use shape_telemetry::{Event, Reader, Sink, SourceLocation};

const USAGE: &str = "usage: trace_source LOG --source DIR… --out OUT.csv [options]

  LOG            a log file (.gz too), or - for standard input
  --source DIR   search the source code below DIR; may be repeated
  --out OUT.csv  one row for each record: log_line,verdict,candidates,evidence; - for standard output
  --certain      answer by text, frames and positions only. Without it a record whose logger is that of a module or class,
                 and whose text none of its statements has, is one of those there that have no text, if that is but one
  --stats        print how fast records are looked up, reading and writing not counted
  --quiet        print no summary
Where a wrapper logs, the candidate is the log call in it, as the runtime says; its callers are in the evidence.
Candidates are `path:line` joined by `|`, the path relative to its DIR (after the name of DIR, where several are given).
exit code: 0 every record was looked up, 2 error, 3 no data";

struct Arguments {
    log: PathBuf,
    sources: Vec<PathBuf>,
    out: PathBuf,
    certain: bool,
    stats: bool,
    quiet: bool,
}

type Failure = Box<dyn std::error::Error>;

fn arguments() -> Result<Arguments, Failure> {
    use lexopt::prelude::{Long, Short, Value};
    let mut log = None;
    let mut out = None;
    let mut sources = Vec::new();
    let (mut certain, mut stats, mut quiet) = (false, false, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if log.is_none() => log = Some(PathBuf::from(path)),
            Long("source") => sources.push(PathBuf::from(parser.value()?)),
            Long("out") | Short('o') => out = Some(PathBuf::from(parser.value()?)),
            Long("certain") => certain = true,
            Long("stats") => stats = true,
            Long("quiet") | Short('q') => quiet = true,
            Long("help") | Short('h') => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            Value(path) => {
                let path = path.to_string_lossy();
                return Err(
                    format!("only one log can be named, `{path}` is another\n\n{USAGE}").into(),
                );
            }
            other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
        }
    }
    if sources.is_empty() {
        return Err(format!("no source is named: give --source DIR\n\n{USAGE}").into());
    }
    Ok(Arguments {
        log: log.ok_or_else(|| format!("no log is named\n\n{USAGE}"))?,
        sources,
        out: out.ok_or_else(|| format!("no output is named: give --out OUT.csv\n\n{USAGE}"))?,
        certain,
        stats,
        quiet,
    })
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| run(&arguments)) {
        Ok(0) => ExitCode::from(3),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trace_source: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because {error}");
                cause = error.source();
            }
            ExitCode::from(2)
        }
    }
}

/// Traces the log and returns how many records it has.
fn run(arguments: &Arguments) -> Result<u64, Failure> {
    // Opened first: a mistake in a name must not cost the reading of the sources.
    let (input, bytes) = open(&arguments.log)?;
    let mut out = create(&arguments.out)?;
    let indexing = Instant::now();
    let spinner = bar("  {spinner} {msg} {elapsed}", 0);
    spinner.set_message("reading the source");
    let index = index(&arguments.sources)?;
    spinner.finish_and_clear();
    let indexed = indexing.elapsed();
    if index.statements().is_empty() {
        eprintln!(
            "trace_source: no log statement was found in the source: is --source the right folder?"
        );
    }

    writeln!(out, "log_line,verdict,candidates,evidence")?;
    let mut tracer = Tracer {
        locator: Locator::new(&index),
        sequence: Sequence::new(&index),
        certain: arguments.certain,
        looked_up: arguments.stats.then_some(Duration::ZERO),
        out,
        counts: [0; 3],
        problem: None,
        bar: bar("  {bytes}/{total_bytes} {bar:30} {eta}", bytes),
    };
    let tracing = Instant::now();
    let name = arguments.log.display().to_string();
    let summary = Reader::new().read(&name, input, &mut tracer);
    tracer.bar.finish_and_clear();
    let rest = std::mem::replace(&mut tracer.sequence, Sequence::new(&index));
    for told in rest.finish() {
        tracer.write(&told);
    }
    let search_time = tracing.elapsed();
    if let Some(problem) = tracer.problem.or_else(|| tracer.out.flush().err()) {
        return Err(format!("cannot write `{}`: {problem}", arguments.out.display()).into());
    }
    if let Some(problem) = summary.problem {
        return Err(format!("{name}: {problem}").into());
    }

    let [unique, ambiguous, unmapped] = tracer.counts;
    let n_records = unique + ambiguous + unmapped;
    if !arguments.quiet {
        for problem in index.problems() {
            eprintln!("source: {problem}");
        }
        let n_lines: usize = index
            .files()
            .iter()
            .map(shape_lineage::SourceFile::n_lines)
            .sum();
        eprintln!(
            "{} statements in {} lines of {} files, read in {}",
            figure(index.statements().len()),
            figure(n_lines),
            figure(index.files().len()),
            human(indexed)
        );
        eprintln!(
            "{} records in {} lines, looked up in {}: {} unique, {} ambiguous, {} unmapped",
            count(n_records),
            count(summary.lines.total),
            human(search_time),
            count(unique),
            count(ambiguous),
            count(unmapped)
        );
    }
    if let Some(looked_up) = tracer.looked_up {
        let per_second = u128::from(n_records) * 1_000_000_000 / looked_up.as_nanos().max(1);
        eprintln!(
            "looking up alone took {}: {} records a second",
            human(looked_up),
            count(u64::try_from(per_second).unwrap_or(u64::MAX))
        );
    }
    Ok(n_records)
}

fn figure(n: usize) -> String {
    count(u64::try_from(n).unwrap_or(u64::MAX))
}

/// A bar on standard error, where that is a terminal.
fn bar(template: &str, length: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// The log and its size, 0 where that is not known.
fn open(log: &Path) -> Result<(Box<dyn Read>, u64), Failure> {
    if log == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), 0));
    }
    let open = || {
        let file = File::open(log)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok((file, metadata.len()))
    };
    let (file, bytes) =
        open().map_err(|error: io::Error| format!("cannot read `{}`: {error}", log.display()))?;
    Ok((Box::new(file), bytes))
}

fn create(out: &Path) -> Result<BufWriter<Box<dyn Write>>, Failure> {
    if out == Path::new("-") {
        return Ok(BufWriter::new(Box::new(io::stdout())));
    }
    let file =
        File::create(out).map_err(|error| format!("cannot write `{}`: {error}", out.display()))?;
    Ok(BufWriter::new(Box::new(file)))
}

/// The statements of all folders, paths relative to the folder. With several folders their own names come first, so
/// that equal paths in two of them stay apart.
fn index(sources: &[PathBuf]) -> Result<SourceIndex, Failure> {
    let mut builder = SourceIndex::builder();
    if let [only] = sources {
        builder = builder.base(only);
    } else if let Some(base) = common_folder(sources)? {
        builder = builder.base(base);
    }
    for source in sources {
        builder = builder.root(source);
    }
    Ok(builder.build()?)
}

/// The folder that holds all of these.
fn common_folder(paths: &[PathBuf]) -> Result<Option<PathBuf>, Failure> {
    let mut common: Option<PathBuf> = None;
    for path in paths {
        let path = path
            .canonicalize()
            .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
        let above = path.parent().unwrap_or(&path);
        common = match common {
            None => Some(above.to_owned()),
            Some(common) => above
                .ancestors()
                .find(|ancestor| common.starts_with(ancestor))
                .map(Path::to_owned),
        };
    }
    Ok(common)
}

/// Writes a row for each record.
struct Tracer<'i> {
    locator: Locator<'i>,
    sequence: Sequence<'i, u64>,
    certain: bool,
    /// The time spent in looking up, where it is asked for.
    looked_up: Option<Duration>,
    out: BufWriter<Box<dyn Write>>,
    /// Unique, ambiguous, unmapped.
    counts: [u64; 3],
    problem: Option<io::Error>,
    bar: ProgressBar,
}

impl Sink for Tracer<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let mut query = Query::from(event);
        // Over the open Rust set and our own logs of Java and Python this is never wrong where the text is written by the
        // class or module itself; a facade between them and the logger would be named instead.
        if !self.certain {
            query = query.by_elimination();
        }
        let started = self.looked_up.map(|_| Instant::now());
        let found = self.locator.find(&query);
        if let (Some(total), Some(started)) = (&mut self.looked_up, started) {
            *total += started.elapsed();
        }
        let record = &event.record;
        let thread = record.fields.iter().find(|field| field.name == "thread");
        let thread = thread.map_or("", |field| &*field.value);
        let logger = record.target.as_deref().unwrap_or_default();
        self.sequence
            .push(thread, logger, found, event.position.line.get());
        while let Some(told) = self.sequence.pop() {
            self.write(&told);
        }
    }

    fn progress(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
    }
}

impl Tracer<'_> {
    /// Writes a row and keeps the first problem of doing so.
    fn write(&mut self, told: &Told<'_, u64>) {
        let row = self.row(told);
        if let Err(error) = row
            && self.problem.is_none()
        {
            self.problem = Some(error);
        }
    }

    fn row(&mut self, told: &Told<'_, u64>) -> io::Result<()> {
        let found = &told.found;
        // Where the runtime says that the records are written, and the callers of logging wrappers among the places.
        let (mut emitters, mut callers): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for found in &found.places {
            let emit_sites = found
                .statement
                .map_or(&[][..], |statement| statement.emit_sites.as_slice());
            let here = format!("{}:{}", found.path, found.line);
            if emit_sites.is_empty() {
                emitters.push(here);
            } else {
                emitters.extend(emit_sites.iter().map(place));
                callers.push(here);
            }
        }
        let mut seen = HashSet::new();
        emitters.retain(|place| seen.insert(place.clone()));
        // Calls of one wrapper are written by one statement: an ambiguous caller still has a unique source.
        let (verdict_idx, verdict) = match emitters.len() {
            0 => (2, "unmapped"),
            1 => (0, "unique"),
            _ => (1, "ambiguous"),
        };
        self.counts[verdict_idx] += 1;
        let mut evidence = match &found.evidence {
            Ok(EvidenceKind::EmitterMetadata) => "metadata".to_owned(),
            Ok(EvidenceKind::StackFrame) => "stack frame".to_owned(),
            Ok(EvidenceKind::Text {
                literal_chars: 0..3,
            }) => "by elimination: no other statement there is left".to_owned(),
            Ok(EvidenceKind::Text { literal_chars }) => {
                format!("text: {literal_chars} characters agree")
            }
            Ok(other) => format!("{other:?}"),
            Err(reason) => reason.to_string(),
        };
        if told.by_neighbour {
            evidence.push_str("; by the record of the same thread and logger beside it");
        }
        if !callers.is_empty() {
            evidence.push_str("; called at ");
            evidence.push_str(&callers.join("|"));
        }
        writeln!(
            self.out,
            "{},{verdict},{},{}",
            told.tag,
            cell(&emitters.join("|")),
            cell(&evidence)
        )
    }
}

fn place(location: &SourceLocation) -> String {
    format!("{}:{}", location.path, location.line)
}

/// A value as RFC 4180 wants it.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
