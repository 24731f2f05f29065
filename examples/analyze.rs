//! Analyses a person's own logs: what is wrong, where it comes from, and whether the promises are kept.
//!
//! ```text
//! cargo run --release --example analyze -- PATH… [--source DIR]… [--slo FILE] [--baseline PATH]… [--pattern LAYOUT]… [--out DIR]
//! ```
//!
//! Exit code 0: the promises are met (or there are none yet), 1: one is breached, 2: an error, 3: no data.

use std::{
    io::{IsTerminal as _, Read as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use shape_budget::{BudgetConfig, BudgetReport};
use shape_compliance::{ComplianceReport, JudgeConfig, Status};
use shape_examples::{
    complain,
    drive::{Failure, now, read_promises},
    outcome, report, say,
    terminal::{Style, count, human},
};
use shape_lineage::{Git, LineageReport, SourceIndex, TraceOptions};
use shape_sli::{MeasureConfig, SliReport};
use shape_slo::{RecommendConfig, SloSet};
use shape_telemetry::{
    Analyzer, Baseline, Collector, CollectorConfig, Measurements, Pattern, Reader, SourceSummary,
    TelemetryReport,
};
use shape_workflow::{DiagnosisReport, LATENCY_LADDER, Length, write_artifact};

const USAGE: &str = "usage: analyze PATH… [options]

  PATH              a log file (.gz and .zst too), a folder, a pattern in quotes, or - for standard input
  --source DIR      trace anomalies to the source code in DIR; may be repeated
  --slo FILE        judge these promises (OpenSLO, or the short form of shape-slo); without it promises are recommended
  --baseline PATH   what to compare with: logs of a healthy time, or a saved baseline; may be repeated
  --save-baseline FILE  write what was learned from --baseline, or else from the logs themselves
  --pattern LAYOUT  the layout of your own logs, such as '<time> <level> [<thread>] <component>: <message>'; may be
                    repeated (the formats that are known need none)
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
    save_baseline: Option<PathBuf>,
    patterns: Vec<Pattern>,
    bucket: Duration,
    service: String,
    out: PathBuf,
    now: Option<Timestamp>,
    quiet: bool,
}

fn arguments() -> Result<Arguments, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut parsed = Arguments {
        paths: Vec::new(),
        sources: Vec::new(),
        slo: None,
        baseline: Vec::new(),
        save_baseline: None,
        patterns: Vec::new(),
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
            Long("save-baseline") => {
                parsed.save_baseline = Some(PathBuf::from(parser.value()?));
            }
            Long("baseline") => parsed.baseline.push(parser.value()?.string()?),
            Long("pattern") => {
                let pattern = parser.value()?.string()?.parse();
                let pattern = pattern.map_err(|error| format!("--pattern: {error}"))?;
                parsed.patterns.push(pattern);
            }
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
                say(USAGE);
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
            complain(&format!("analyze: {}", outcome::with_causes(&*error)));
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

/// Everything that the logs came to.
struct Reports {
    telemetry: TelemetryReport,
    lineage: Option<LineageReport>,
    sli: SliReport,
    slos: SloSet,
    /// Whether the promises were given, not recommended.
    is_given: bool,
    budgets: BudgetReport,
    compliance: ComplianceReport,
}

fn analyze(arguments: &Arguments) -> Result<Status, Failure> {
    let started = std::time::Instant::now();
    let style = Style::stdout();
    // The promises come first: a mistake in them must not cost the reading of ten gigabytes.
    let given = arguments.slo.as_deref().map(read_promises).transpose()?;
    let promised = given
        .iter()
        .flat_map(|given| &given.slos)
        .filter_map(|slo| slo.indicator.limit());
    // A year that is missing in a log is inferred from now.
    let reader = Reader::new().reference(arguments.now.unwrap_or_else(now));
    let patterns = arguments.patterns.iter().cloned();
    let config = CollectorConfig::new()
        .bucket(arguments.bucket)
        .latency_limits(LATENCY_LADDER.into_iter().chain(promised))
        .reader(patterns.fold(reader, Reader::pattern));

    let (measurements, sources) = read(&arguments.paths, &config);
    let (learned, baseline) = learn(&arguments.baseline, &config)?;
    let lines = measurements.lines;
    if lines.total == 0 {
        if !arguments.quiet {
            say(report::sources(&sources, style).trim_end());
        }
        say("no data: not a single line was read");
        let unreadable =
            sources.is_empty() || sources.iter().all(|source| source.problem.is_some());
        return if unreadable {
            Err("none of the named logs could be read".into())
        } else {
            Ok(Status::NoData)
        };
    }
    if let Some(path) = &arguments.save_baseline {
        let baseline = match &learned {
            Some(learned) => learned.clone(),
            None => Baseline::learn(&measurements),
        };
        std::fs::write(path, serde_json::to_string(&baseline)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let normal = Normal {
        learned: learned.as_ref(),
        measured: baseline.as_ref(),
    };
    let reports = judge(arguments, &measurements, sources, normal, given)?;
    write(&arguments.out, &reports)?;
    if !arguments.quiet {
        show(&reports, style);
        say("");
    }
    say(&format!(
        "{} lines = {} parsed + {} kept unparsed in {}; reports in {}",
        count(lines.total),
        count(lines.parsed),
        count(lines.unparsed),
        human(started.elapsed()),
        arguments.out.display()
    ));
    let overflow = measurements.overflow();
    if !overflow.is_none() {
        say(&report::overflow(&overflow));
    }
    let (status, words) = verdict(&reports);
    say(&match status {
        Status::Breached => style.bad(words),
        Status::NoData => style.warn(words),
        Status::Met | Status::AtRisk => style.good(words),
    });
    Ok(status)
}

/// What is normal: learned, and as measured where logs and no saved baseline were given.
#[derive(Clone, Copy)]
struct Normal<'n> {
    learned: Option<&'n Baseline>,
    measured: Option<&'n Measurements>,
}

/// What these logs and saved baselines say is normal, and what was measured of the logs.
fn learn(
    paths: &[String],
    config: &CollectorConfig,
) -> Result<(Option<Baseline>, Option<Measurements>), Failure> {
    let (saved, logs): (Vec<String>, Vec<String>) =
        paths.iter().cloned().partition(|path| is_saved(path));
    let mut parts: Vec<(Baseline, String)> = Vec::new();
    for path in saved {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let baseline = Baseline::from_json(&text)
            .map_err(|error| format!("baseline {path}: {}", outcome::with_causes(&error)))?;
        if baseline.bucket_ms != config.empty().bucket_ms {
            return Err(format!(
                "baseline {path}: learned with --bucket {}ms; give the same --bucket, or learn it again",
                baseline.bucket_ms
            )
            .into());
        }
        parts.push((baseline, path));
    }
    let mut measured = None;
    if !logs.is_empty() {
        let (measurements, sources) = read(&logs, config);
        for source in sources {
            if let Some(problem) = &source.problem {
                complain(&format!("baseline {}: {problem}", source.name));
            }
        }
        parts.push((Baseline::learn(&measurements), logs.join(", ")));
        measured = Some(measurements);
    }
    let mut all: Option<Baseline> = None;
    for (baseline, name) in parts {
        all = Some(match all {
            Some(known) => known
                .merge(baseline)
                .map_err(|error| format!("baseline {name}: {error}"))?,
            None => baseline,
        });
    }
    Ok((all, measured))
}

/// Whether a file begins as a saved baseline does.
fn is_saved(path: &str) -> bool {
    const BEGIN: &[u8] = b"{\"schema_version\":";
    let mut begin = [0; BEGIN.len()];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut begin))
        .is_ok_and(|()| begin == BEGIN)
}

fn judge(
    arguments: &Arguments,
    measurements: &Measurements,
    sources: Vec<SourceSummary>,
    normal: Normal<'_>,
    given: Option<SloSet>,
) -> Result<Reports, Failure> {
    let telemetry = Analyzer::default().analyze(measurements, normal.learned, sources);
    let lineage = if arguments.sources.is_empty() {
        None
    } else {
        Some(trace(&telemetry, &arguments.sources)?)
    };
    let sli = SliReport::measure(measurements, &MeasureConfig::default());
    let is_given = given.is_some();
    let slos = given.unwrap_or_else(|| {
        let healthy = normal
            .measured
            .map(|measurements| SliReport::measure(measurements, &MeasureConfig::default()));
        let config = RecommendConfig::new(&arguments.service);
        shape_slo::recommend(healthy.as_ref().unwrap_or(&sli), &config)
    });
    // Budgets are judged when the data ends, so that the same logs give the same reports tomorrow.
    let end = sli
        .period
        .map_or(Timestamp::UNIX_EPOCH, |period| period.end);
    let budgets = shape_budget::assess(
        &slos,
        &sli,
        arguments.now.unwrap_or(end),
        &BudgetConfig::default(),
    )?;
    let compliance = shape_compliance::judge(&slos, &budgets, None, &JudgeConfig::default());
    Ok(Reports {
        telemetry,
        lineage,
        sli,
        slos,
        is_given,
        budgets,
        compliance,
    })
}

fn write(out: &Path, reports: &Reports) -> Result<(), Failure> {
    write_artifact(out, "anomalies.json", &reports.telemetry)?;
    let diagnosis = DiagnosisReport {
        schema_version: DiagnosisReport::SCHEMA_VERSION,
        diagnoses: reports.telemetry.diagnoses.clone(),
    };
    write_artifact(out, "diagnosis-results.json", &diagnosis)?;
    if let Some(lineage) = &reports.lineage {
        write_artifact(out, "log-source-lineage.json", lineage)?;
    }
    write_artifact(out, "sli-metrics.json", &reports.sli)?;
    write_artifact(out, "slo-targets.json", &reports.slos)?;
    write_artifact(out, "error-budgets.json", &reports.budgets)?;
    write_artifact(out, "sla-compliance.json", &reports.compliance)?;
    Ok(())
}

fn show(reports: &Reports, style: Style) {
    let heading = |text: &str| say(&format!("\n{}", style.bold(text)));
    let telemetry = &reports.telemetry;
    say(report::sources(&telemetry.sources, style).trim_end());
    if let Some(period) = telemetry.period {
        // Periods are half open: the last record lies right before the end.
        let last = period.end.checked_sub(SignedDuration::from_nanos(1));
        say(&format!(
            "  {} to {}",
            period.start,
            last.unwrap_or(period.end)
        ));
    }
    heading("Components");
    say(report::components(&reports.sli, style).trim_end());
    heading("Anomalies");
    say(report::anomalies(telemetry, reports.lineage.as_ref(), 12, style).trim_end());
    if let Some(lineage) = &reports.lineage {
        show_trace(lineage, style);
    }
    if !telemetry.diagnoses.is_empty() {
        heading("Causes");
        say(report::causes(telemetry, style).trim_end());
    }
    heading(if reports.is_given {
        "Promises"
    } else {
        "Promises, recommended from these logs"
    });
    if reports.slos.slos.is_empty() {
        say("  none: no component has enough requests to promise anything");
    } else {
        say(report::promises(&reports.compliance, &reports.slos, style).trim_end());
        let forecasts = report::forecasts(&reports.budgets);
        if !forecasts.is_empty() {
            say(forecasts.trim_end());
        }
    }
}

fn show_trace(lineage: &LineageReport, style: Style) {
    let counts = lineage.counts;
    say(&format!(
        "  traced: {} to one line, {} ambiguous, {} not found, {} without a log line; {} statements in {} files",
        counts.unique,
        counts.ambiguous,
        counts.unmapped,
        counts.not_applicable,
        count(lineage.statements_indexed),
        count(lineage.files_indexed)
    ));
    for problem in &lineage.problems {
        say(&format!("  {} {problem}", style.warn("source:")));
    }
    if lineage.statements_indexed == 0 {
        say("  no log statement was found in the source: is --source the right folder?");
    } else if counts.unique + counts.ambiguous == 0 && 0 < counts.unmapped {
        say("  no anomaly was traced: the source does not seem to be that of these logs");
    }
}

fn verdict(reports: &Reports) -> (Status, &'static str) {
    let availability = reports
        .sli
        .components
        .iter()
        .filter_map(|entry| entry.slis.first());
    let requests: u64 = availability.map(|sli| sli.events.total()).sum();
    let status = if reports.is_given {
        reports.compliance.worst()
    } else if requests == 0 {
        Status::NoData
    } else {
        Status::Met
    };
    let words = match (status, reports.is_given) {
        (Status::Breached, _) => "breached: a promise is broken",
        (Status::NoData, true) => "no data: no promise has enough events to be judged",
        (Status::NoData, false) => "no data: no line reports the end of a request",
        (_, false) => {
            "no promise was given; the recommended ones are proposals until someone ratifies them"
        }
        (Status::AtRisk, true) => "the promises are kept, and one is at risk",
        (Status::Met, true) => "the promises are kept",
    };
    (status, words)
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
