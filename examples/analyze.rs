//! Analyses a person's own logs: what is wrong, where it comes from, and whether the promises are kept.
//!
//! ```text
//! cargo run --release --example analyze -- PATH… [--source DIR]… [--slo FILE] [--baseline PATH]… [--out DIR]
//! ```
//!
//! Exit code 0: the promises are met (or there are none yet), 1: one is breached, 2: an error, 3: no data.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use shape_compliance::{JudgeConfig, Status};
use shape_examples::{
    drive::read_promises,
    report,
    terminal::{Style, count, human},
};
use shape_lineage::{Git, SourceIndex, TraceOptions};
use shape_sli::{MeasureConfig, SliReport};
use shape_slo::RecommendConfig;
use shape_telemetry::{
    Analyzer, Baseline, Collector, CollectorConfig, Measurements, Reader, SourceSummary,
};
use shape_workflow::{DiagnosisReport, LATENCY_LADDER, Length, write_artifact};

const USAGE: &str = "usage: analyze PATH… [options]

  PATH              a log file (.gz too), a folder, a pattern in quotes, or - for standard input
  --source DIR      trace anomalies to the source code in DIR; may be repeated
  --slo FILE        judge these promises (OpenSLO, or the short form of shape-slo); without it promises are recommended
  --baseline PATH   logs of a healthy time to compare with; may be repeated
  --bucket LENGTH   width of a time bucket, 1m by default (100ms and more)
  --service NAME    the name in the reports, `service` by default
  --out DIR         where the JSON reports go, shape-out by default
  --now TIME        judge budgets at this RFC 3339 time; by default when the logs end
  --quiet           print only the verdict
exit code: 0 promises met, 1 breached, 2 error, 3 no data";

struct Arguments {
    paths: Vec<String>,
    sources: Vec<PathBuf>,
    slo: Option<PathBuf>,
    baseline: Vec<String>,
    bucket: Duration,
    service: String,
    out: PathBuf,
    now: Option<Timestamp>,
    quiet: bool,
}

type Failure = Box<dyn std::error::Error>;

fn arguments() -> Result<Arguments, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut parsed = Arguments {
        paths: Vec::new(),
        sources: Vec::new(),
        slo: None,
        baseline: Vec::new(),
        bucket: Duration::from_secs(60),
        service: "service".to_owned(),
        out: PathBuf::from("shape-out"),
        now: None,
        quiet: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) => parsed.paths.push(path.string()?),
            Long("source") => parsed.sources.push(PathBuf::from(parser.value()?)),
            Long("slo") => parsed.slo = Some(PathBuf::from(parser.value()?)),
            Long("baseline") => parsed.baseline.push(parser.value()?.string()?),
            Long("bucket") => {
                parsed.bucket = parser.value()?.string()?.parse::<Length>()?.get();
                if parsed.bucket < Duration::from_millis(100) {
                    return Err("--bucket: the least width is 100ms".into());
                }
            }
            Long("service") => parsed.service = parser.value()?.string()?,
            Long("out") => parsed.out = PathBuf::from(parser.value()?),
            Long("now") => {
                let text = parser.value()?.string()?;
                let time = text
                    .parse()
                    .map_err(|error| format!("--now: `{text}` is not an RFC 3339 time: {error}"))?;
                parsed.now = Some(time);
            }
            Long("quiet") | Short('q') => parsed.quiet = true,
            Long("help") | Short('h') => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
        }
    }
    if parsed.paths.is_empty() {
        return Err(format!("no log is named\n\n{USAGE}").into());
    }
    Ok(parsed)
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| analyze(&arguments)) {
        Ok(Status::Met | Status::AtRisk) => ExitCode::SUCCESS,
        Ok(Status::Breached) => ExitCode::from(1),
        Ok(Status::NoData) => ExitCode::from(3),
        Err(error) => {
            eprintln!("analyze: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because {error}");
                cause = error.source();
            }
            ExitCode::from(2)
        }
    }
}

/// Reads logs with a progress bar on standard error when that is a terminal.
fn read(paths: &[String], config: &CollectorConfig) -> (Measurements, Vec<SourceSummary>) {
    let mut collector = Collector::new(config.clone());
    let bar = std::io::stderr().is_terminal().then(|| {
        let bar = ProgressBar::new(0);
        if let Ok(style) =
            ProgressStyle::with_template("  {bytes}/{total_bytes} {bar:30} {eta} {msg}")
        {
            bar.set_style(style);
        }
        bar
    });
    collector.read_paths(paths, &mut |progress| {
        if let Some(bar) = &bar {
            bar.set_length(progress.total_bytes);
            bar.set_position(progress.done_bytes);
            bar.set_message(progress.name.to_owned());
        }
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    collector.finish()
}

fn analyze(arguments: &Arguments) -> Result<Status, Failure> {
    #[expect(
        clippy::disallowed_methods,
        reason = "programs read the clock: a year missing in a log is inferred from it"
    )]
    let today = Timestamp::now();
    let started = std::time::Instant::now();
    let style = Style::stdout();
    // The promises come first: a mistake in them must not cost the reading of ten gigabytes.
    let given = arguments.slo.as_deref().map(read_promises).transpose()?;
    let mut config = CollectorConfig::new()
        .bucket(arguments.bucket)
        .reader(Reader::new().reference(arguments.now.unwrap_or(today)));
    let promised = given
        .iter()
        .flat_map(|given| &given.slos)
        .filter_map(|slo| slo.indicator.limit());
    config = config.latency_limits(LATENCY_LADDER.into_iter().chain(promised));

    let (measurements, sources) = read(&arguments.paths, &config);
    let baseline = (!arguments.baseline.is_empty()).then(|| read(&arguments.baseline, &config));
    for source in baseline
        .iter()
        .flat_map(|(_, sources)| sources)
        .filter(|source| source.problem.is_some())
    {
        eprintln!(
            "baseline {}: {}",
            source.name,
            source.problem.as_deref().unwrap_or_default()
        );
    }
    if measurements.lines.total == 0 {
        if !arguments.quiet {
            print!("{}", report::sources(&sources, style));
        }
        println!("no data: not a single line was read");
        let unreadable = sources.iter().all(|source| source.problem.is_some());
        return if unreadable {
            Err("none of the named logs could be read".into())
        } else {
            Ok(Status::NoData)
        };
    }

    let learned = baseline
        .as_ref()
        .map(|(measurements, _)| Baseline::learn(measurements));
    let telemetry = Analyzer::default().analyze(&measurements, learned.as_ref(), sources);
    let lineage = if arguments.sources.is_empty() {
        None
    } else {
        Some(trace(&telemetry, &arguments.sources)?)
    };
    let sli = SliReport::measure(&measurements, &MeasureConfig::default());
    let end = sli
        .period
        .map_or(Timestamp::UNIX_EPOCH, |period| period.end);
    let now = arguments.now.unwrap_or(end);
    let is_given = given.is_some();
    let slos = match given {
        Some(given) => given,
        None => {
            let healthy = baseline.map(|(measurements, _)| {
                SliReport::measure(&measurements, &MeasureConfig::default())
            });
            shape_slo::recommend(
                healthy.as_ref().unwrap_or(&sli),
                &RecommendConfig::new(&arguments.service),
            )
        }
    };
    let budgets = shape_budget::assess(&slos, &sli, now, &shape_budget::BudgetConfig::default())?;
    let compliance = shape_compliance::judge(&slos, &budgets, None, &JudgeConfig::default());

    let out = &arguments.out;
    write_artifact(out, "anomalies.json", &telemetry)?;
    let diagnosis = DiagnosisReport {
        schema_version: DiagnosisReport::SCHEMA_VERSION,
        diagnoses: telemetry.diagnoses.clone(),
    };
    write_artifact(out, "diagnosis-results.json", &diagnosis)?;
    if let Some(lineage) = &lineage {
        write_artifact(out, "log-source-lineage.json", lineage)?;
    }
    write_artifact(out, "sli-metrics.json", &sli)?;
    write_artifact(out, "slo-targets.json", &slos)?;
    write_artifact(out, "error-budgets.json", &budgets)?;
    write_artifact(out, "sla-compliance.json", &compliance)?;

    if !arguments.quiet {
        let heading = |text: &str| println!("\n{}", style.bold(text));
        print!("{}", report::sources(&telemetry.sources, style));
        if let Some(period) = telemetry.period {
            println!("  {} to {}", period.start, period.end);
        }
        heading("Components");
        print!("{}", report::components(&sli, style));
        heading("Anomalies");
        print!(
            "{}",
            report::anomalies(&telemetry, lineage.as_ref(), 12, style)
        );
        if let Some(lineage) = &lineage {
            let counts = lineage.counts;
            println!(
                "  traced: {} to one line, {} ambiguous, {} not found, {} without a log line; {} statements in {} files",
                counts.unique,
                counts.ambiguous,
                counts.unmapped,
                counts.not_applicable,
                count(lineage.statements_indexed),
                count(lineage.files_indexed)
            );
            for problem in &lineage.problems {
                println!("  {} {problem}", style.warn("source:"));
            }
            if lineage.statements_indexed == 0 {
                println!(
                    "  no log statement was found in the source: is --source the right folder?"
                );
            } else if counts.unique + counts.ambiguous == 0 && 0 < counts.unmapped {
                println!(
                    "  no anomaly was traced: the source does not seem to be that of these logs"
                );
            }
        }
        if !telemetry.diagnoses.is_empty() {
            heading("Causes");
            print!("{}", report::causes(&telemetry, style));
        }
        heading(if is_given {
            "Promises"
        } else {
            "Promises, recommended from these logs"
        });
        if slos.slos.is_empty() {
            println!("  none: no component has enough requests to promise anything");
        } else {
            print!("{}", report::promises(&compliance, &slos, style));
            print!("{}", report::forecasts(&budgets));
        }
    }
    let lines = measurements.lines;
    println!(
        "\n{} lines = {} parsed + {} kept unparsed in {}; reports in {}",
        count(lines.total),
        count(lines.parsed),
        count(lines.unparsed),
        human(started.elapsed()),
        out.display()
    );
    let requests: u64 = sli
        .components
        .iter()
        .filter_map(|entry| entry.slis.first())
        .map(|sli| sli.events.total())
        .sum();
    let verdict = if is_given {
        compliance.worst()
    } else if requests == 0 {
        Status::NoData
    } else {
        Status::Met
    };
    println!(
        "{}",
        match (verdict, is_given) {
            (Status::Breached, _) => style.bad("breached: a promise is broken"),
            (Status::NoData, true) => style.warn("no data: no promise has enough events to be judged"),
            (Status::NoData, false) => style.warn("no data: no line reports the end of a request"),
            (_, false) => style.good("no promise was given; the recommended ones are proposals until someone ratifies them"),
            _ => style.good("the promises are kept"),
        }
    );
    Ok(verdict)
}

fn trace(
    telemetry: &shape_telemetry::TelemetryReport,
    roots: &[PathBuf],
) -> Result<shape_lineage::LineageReport, Failure> {
    let git = roots.first().and_then(|root| Git::open(root).ok());
    let mut builder = SourceIndex::builder();
    if let Some(git) = &git {
        builder = builder.base(git.folder());
    }
    for root in roots {
        builder = builder.root(root);
    }
    let index = builder.build()?;
    let mut options = TraceOptions::new();
    if let Some(git) = &git {
        options = options.git(git);
    }
    Ok(shape_lineage::trace(telemetry, &index, options)?)
}
