//! How fast a log is read, mined and analysed, stage by stage: one line of JSON each.
//!
//! ```text
//! cargo run --release --example throughput -- FILE [--threads N]
//! ```
//!
//! - `scan` reads the file and finds the ends of its lines: the ceiling.
//! - `parse` finds the format, decodes times and splits fields: bytes to records.
//! - `mine` finds the templates of the messages, which are parsed before and not timed.
//! - `analyze` is the whole: bytes to a report with anomalies and diagnoses. Only this stage uses `--threads`.
//!
//! `cpu_mb_per_s` and `cpu_lines_per_s` count the time of the processor in all threads, so that other programs hardly
//! matter; `lines_per_s` counts the time on the wall, which is what threads shorten. MB is 10⁶ bytes.
//!
//! Exit code 0, or 2 for an error.

use std::{
    fs::File,
    io::{self, Read as _},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::json;
use shape_examples::{complain, say};
use shape_telemetry::{Analyzer, Collector, CollectorConfig, Event, Reader, TemplateMiner};

const USAGE: &str = "usage: throughput FILE [--threads N]

  FILE         a log; the larger, the steadier the figures (a hundred megabytes are plenty)
  --threads N  threads of the stage `analyze`, 1 by default
prints {\"stage\":\"scan|parse|mine|analyze\",\"cpu_mb_per_s\":…,\"lines_per_s\":…,…} a stage
exit code: 0, or 2 for an error";

type Failure = Box<dyn std::error::Error>;

struct Arguments {
    file: PathBuf,
    threads: NonZeroUsize,
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| stages(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("throughput: {error}"));
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let (mut file, mut threads) = (None, NonZeroUsize::MIN);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            Long("threads") => {
                let text = parser.value()?.string()?;
                threads = text
                    .parse()
                    .map_err(|_| format!("--threads: `{text}` is not a number from 1"))?;
            }
            Long("help") | Short('h') => {
                say(USAGE);
                std::process::exit(0);
            }
            other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
        }
    }
    let file = file.ok_or_else(|| format!("no log is named\n\n{USAGE}"))?;
    Ok(Arguments { file, threads })
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()).into())
}

fn stages(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.file;
    let name = path.display().to_string();
    let one = NonZeroUsize::MIN;
    let (scanned, took) = timed(|| scan(open(path)?));
    let (bytes, lines) = scanned?;
    let stage = |name, took: Took, threads| show(name, took, bytes, lines, threads);
    stage("scan", took, one);

    // Times without a year lie before the file was last written.
    let written = std::fs::metadata(path)?.modified()?;
    let reader = Reader::new().reference(Timestamp::try_from(written)?);
    let input = open(path)?;
    let mut timed_records = 0_u64;
    let (summary, took) = timed(|| {
        reader.read(&name, input, &mut |event: &Event<'_>| {
            timed_records += u64::from(event.record.time.is_some());
        })
    });
    if let Some(problem) = summary.problem {
        return Err(format!("`{name}`: {problem}").into());
    }
    stage("parse", took, one);
    complain(&format!(
        "format {}, {lines} lines, {timed_records} records with a time",
        summary.format
    ));

    let mut mining = Mining::default();
    reader.read(&name, open(path)?, &mut |event: &Event<'_>| {
        mining.message(&event.record.message);
    });
    mining.mine();
    stage("mine", mining.took, one);
    complain(&format!("{} kinds of messages", mining.miner.kinds()));

    let input = open(path)?;
    let (report, took) = timed(|| {
        let config = CollectorConfig::new()
            .reader(reader)
            .threads(arguments.threads);
        let mut collector = Collector::new(config);
        collector.read(&name, input);
        let (measurements, sources) = collector.finish();
        Analyzer::default().analyze(&measurements, None, sources)
    });
    stage("analyze", took, arguments.threads);
    complain(&format!(
        "{} templates, {} anomalies{}",
        report.templates.len(),
        report.anomalies.len(),
        peak().map_or_else(String::new, |peak| format!(", at most {peak} of memory")),
    ));
    Ok(())
}

/// Bytes and lines of a file.
fn scan(mut file: File) -> Result<(u64, u64), Failure> {
    let mut block = vec![0; 1 << 16];
    let (mut bytes, mut lines, mut last) = (0, 0, b'\n');
    loop {
        let n = match file.read(&mut block) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let read = block.get(..n).unwrap_or_default();
        lines += u64::try_from(memchr::memchr_iter(b'\n', read).count())?;
        bytes += u64::try_from(n)?;
        last = read.last().copied().unwrap_or(last);
    }
    if bytes == 0 {
        return Err("the file is empty: there is nothing to measure".into());
    }
    Ok((bytes, lines + u64::from(last != b'\n')))
}

/// Messages that wait to be mined, so that only the mining is timed.
#[derive(Default)]
struct Mining {
    miner: TemplateMiner,
    text: String,
    ends: Vec<usize>,
    took: Took,
}

impl Mining {
    fn message(&mut self, message: &str) {
        self.text.push_str(message);
        self.ends.push(self.text.len());
        if 1 << 18 < self.text.len() {
            self.mine();
        }
    }

    fn mine(&mut self) {
        let ((), took) = timed(|| {
            let mut start = 0;
            for &end in &self.ends {
                self.miner
                    .add(self.text.get(start..end).unwrap_or_default());
                start = end;
            }
        });
        self.took.cpu += took.cpu;
        self.took.wall += took.wall;
        self.text.clear();
        self.ends.clear();
    }
}

/// How long something took.
#[derive(Clone, Copy, Default)]
struct Took {
    cpu: Duration,
    wall: Duration,
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (cpu, wall) = (cpu(), Instant::now());
    let result = work();
    let took = Took {
        cpu: self::cpu().saturating_sub(cpu),
        wall: wall.elapsed(),
    };
    (result, took)
}

/// The processor time of this process, all threads together.
#[cfg(unix)]
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Where the processor time is not known, the time on the wall.
#[cfg(not(unix))]
fn cpu() -> Duration {
    use std::sync::OnceLock;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

fn show(stage: &str, took: Took, bytes: u64, lines: u64, threads: NonZeroUsize) {
    let per_second = |n: u64, took: Duration| {
        let ns = u128::from(n) * 1_000_000_000 / took.as_nanos().max(1);
        u64::try_from(ns).unwrap_or(u64::MAX)
    };
    let line = json!({
        "stage": stage,
        "cpu_mb_per_s": per_second(bytes, took.cpu) / 1_000_000,
        "lines_per_s": per_second(lines, took.wall),
        "cpu_lines_per_s": per_second(lines, took.cpu),
        "threads": threads,
    });
    say(&line.to_string());
}

/// The most memory that this process had, where the system tells.
fn peak() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kb: u64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(format!("{} MB", kb * 1_024 / 1_000_000))
}
