//! Reports whether a service keeps its promises, from counts alone, and answers what the budget was at a time, and why.
//!
//! ```text
//! cargo run --release --example service_report -- COUNTS.csv --slo slo.yaml --out report
//! cargo run --release --example service_report -- COUNTS.csv --slo slo.yaml --at 2026-11-12T00:00:00Z
//! ```
//!
//! Writes `report.json`, `report.md`, `report.html`, the history `sla-history.jsonl` and what would be posted to a receiver
//! of Alertmanager webhooks, `notifications.json`. Everything is replayed as it would have been lived through: the promises
//! are judged every hour, an incident is opened, mitigated and resolved when that became known.
#![expect(clippy::print_stderr, reason = "it is a program")]

use std::{fs, io::Read as _, path::PathBuf, process::ExitCode};

use jiff::{SignedDuration, Timestamp};
use shape_budget::{BudgetConfig, BudgetPolicy, BudgetReport, BudgetRule, Exclusion, assess_slo};
use shape_compliance::{
    ComplianceReport, Contract, Entry, Fact, History, HistoryFile, JudgeConfig, Notification,
    NotifyConfig, Status, judge, notifications,
};
use shape_examples::say;
use shape_sli::{Events, SliPoint};
use shape_slo::{CalendarUnit, SloSet, Window, parse_history};

const USAGE: &str = "usage: service_report COUNTS.csv --slo FILE [--out DIR] [--at TIME [--known-at TIME]]

  COUNTS.csv     `time,good,total`, times as RFC 3339 or in seconds since 1970; - reads standard input
  --slo          the promises, as native YAML or OpenSLO v1; each is judged on these counts
  --out          the folder for report.json, report.md, report.html, sla-history.jsonl and notifications.json
  --at           answer what the budget was at this time, and why, instead of writing
  --known-at     the answer from what was known at this time; what was known then and what is known now by default
  --exclusions   times that count neither for nor against, a JSON array (see `shape_budget::Exclusion`)
  --corrections  what became known later, `known_at,time,good,total,reason`
  --policy       what may be changed at which remaining budget, JSON (see `shape_budget::BudgetPolicy`)
  --contract     a contract to settle for each whole month: amazon-s3, aws-compute, google-bigtable, google-interconnect,
                 azure-vm, or a JSON file (see `shape_compliance::Contract`)
  --fee          the monthly fee for --contract, 100.00 by default
  --now          the time of the report, the end of the counts by default
exit code: 0 all promises hold, 1 one is broken, 2 an error";

type Failure = Box<dyn std::error::Error>;

#[derive(Default)]
struct Arguments {
    counts: String,
    slo: String,
    out: Option<PathBuf>,
    at: Option<Timestamp>,
    known_at: Option<Timestamp>,
    exclusions: Option<String>,
    corrections: Option<String>,
    policy: Option<String>,
    contract: Option<String>,
    fee_cents: u64,
    now: Option<Timestamp>,
}

fn arguments() -> Result<Option<Arguments>, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut read = Arguments {
        fee_cents: 10_000,
        ..Arguments::default()
    };
    let mut parser = lexopt::Parser::from_env();
    let time = |option: &str, text: String| -> Result<Option<Timestamp>, Failure> {
        let expected = "expected a time such as 2026-11-24T08:00:00Z";
        Ok(Some(
            text.parse()
                .map_err(|_| format!("{option} `{text}`, {expected}"))?,
        ))
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if read.counts.is_empty() => read.counts = path.string()?,
            Long("slo") => read.slo = parser.value()?.string()?,
            Long("out") => read.out = Some(parser.value()?.into()),
            Long("at") => read.at = time("--at", parser.value()?.string()?)?,
            Long("known-at") => read.known_at = time("--known-at", parser.value()?.string()?)?,
            Long("now") => read.now = time("--now", parser.value()?.string()?)?,
            Long("exclusions") => read.exclusions = Some(parser.value()?.string()?),
            Long("corrections") => read.corrections = Some(parser.value()?.string()?),
            Long("policy") => read.policy = Some(parser.value()?.string()?),
            Long("contract") => read.contract = Some(parser.value()?.string()?),
            Long("fee") => {
                let fee = parser.value()?.string()?;
                read.fee_cents = cents(&fee)
                    .ok_or_else(|| format!("--fee `{fee}`, expected an amount such as 100.00"))?;
            }
            Long("help") | Short('h') => return Ok(None),
            other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
        }
    }
    for (name, text) in [("COUNTS.csv", &read.counts), ("--slo FILE", &read.slo)] {
        if text.is_empty() {
            return Err(format!("{name} is missing\n\n{USAGE}").into());
        }
    }
    if read.out.is_none() && read.at.is_none() {
        return Err(format!("neither --out nor --at says what is wanted\n\n{USAGE}").into());
    }
    Ok(Some(read))
}

/// `100`, `99.95`: whole cents, never through a float.
fn cents(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let part: u64 = part.parse().ok().filter(|_| part.len() == 2)?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(part)
}

fn text_of(path: &str) -> Result<String, Failure> {
    if path == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(path).map_err(|error| format!("cannot read `{path}`: {error}").into())
}

fn json<T: serde::de::DeserializeOwned>(path: &str) -> Result<T, Failure> {
    serde_json::from_str(&text_of(path)?).map_err(|error| format!("{path}: {error}").into())
}

/// All that the program works with.
struct Service {
    promises: SloSet,
    points: Vec<SliPoint>,
    bucket_ms: u64,
    now: Timestamp,
    config: BudgetConfig,
    judging: JudgeConfig,
    /// What became known, in order.
    entries: Vec<Entry>,
}

impl Service {
    fn read(arguments: &Arguments) -> Result<Self, Failure> {
        let path = &arguments.counts;
        let points = parse_history(&text_of(path)?).map_err(|error| format!("{path}: {error}"))?;
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return Err(format!("{path}: no counts, expected rows of `time,good,total`").into());
        };
        // The width of a bucket is the smallest distance of two.
        let distances = points
            .windows(2)
            .map(|pair| pair[1].start.duration_since(pair[0].start));
        let width = distances.filter(|width| !width.is_zero()).min();
        let width = width.unwrap_or(SignedDuration::from_mins(1));
        let (start, end) = (first.start, last.start.checked_add(width)?);
        let file = &arguments.slo;
        let promises = SloSet::from_yaml(&text_of(file)?, file, start)
            .map_err(|error| format!("{file}: {error}"))?;
        let exclusions: Vec<Exclusion> = match &arguments.exclusions {
            Some(path) => json(path)?,
            None => Vec::new(),
        };
        let policy = arguments
            .policy
            .as_deref()
            .map(json::<BudgetPolicy>)
            .transpose()?;
        let mut service = Self {
            bucket_ms: u64::try_from(width.as_millis())?,
            now: arguments.now.unwrap_or(end),
            config: BudgetConfig::new().budget_rules(BudgetRule::USUAL)?,
            judging: JudgeConfig::new().policies(policy),
            entries: Vec::new(),
            promises,
            points,
        };
        service.learn(start, &exclusions, arguments.corrections.as_deref())?;
        Ok(service)
    }

    /// The history as it became known: promises and exclusions first, counts when their bucket ends, corrections later.
    fn learn(
        &mut self,
        start: Timestamp,
        exclusions: &[Exclusion],
        corrections: Option<&str>,
    ) -> Result<(), Failure> {
        let width = SignedDuration::from_millis(i64::try_from(self.bucket_ms)?);
        let mut entries: Vec<Entry> = Vec::new();
        let mut add = |known_at, fact| entries.push(Entry { known_at, fact });
        for slo in &self.promises.slos {
            let slo = Box::new(slo.clone());
            add(start, Fact::Promise { from: start, slo });
        }
        for exclusion in exclusions {
            let exclusion = Box::new(exclusion.clone());
            add(start, Fact::Excluded { exclusion });
        }
        for point in &self.points {
            for slo in &self.promises.slos {
                let (slo, start, events) = (slo.id.clone(), point.start, point.events);
                add(
                    start.checked_add(width)?,
                    Fact::Counts { slo, start, events },
                );
            }
        }
        let path = corrections.unwrap_or_default();
        let text = corrections.map(text_of).transpose()?.unwrap_or_default();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || (index == 0 && line.starts_with("known_at")) {
                continue;
            }
            let row = || {
                let mut fields = line.splitn(5, ',').map(str::trim);
                let known_at: Timestamp = fields.next()?.parse().ok()?;
                let start: Timestamp = fields.next()?.parse().ok()?;
                let (good, total) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
                Some((
                    known_at,
                    start,
                    Events::new(good, total).ok()?,
                    fields.next()?,
                ))
            };
            let (known_at, start, events, reason) = row().ok_or_else(|| {
                format!(
                    "{path}:{}: `{line}`, expected `known_at,time,good,total,reason`",
                    index + 1
                )
            })?;
            for slo in &self.promises.slos {
                let (slo, reason) = (slo.id.clone(), reason.to_owned());
                add(
                    known_at,
                    Fact::Correction {
                        slo,
                        start,
                        events,
                        reason,
                    },
                );
            }
        }
        entries.sort_by_key(|entry| entry.known_at);
        self.entries = entries;
        self.config = self.config.clone().exclusions(exclusions.to_vec());
        Ok(())
    }

    /// Judges every hour up to now, and says what changed on the way.
    fn live(&self) -> Result<(ComplianceReport, Vec<Entry>, Vec<Notification>), Failure> {
        let telling = NotifyConfig::new(&self.promises.service, "on-call");
        let (mut previous, mut changes, mut told): (
            Option<ComplianceReport>,
            Vec<Entry>,
            Vec<Notification>,
        ) = (None, Vec::new(), Vec::new());
        let mut at = self.points.first().map_or(self.now, |point| point.start);
        let mut points = self.points.clone();
        let mut corrections = self.entries.iter().peekable();
        while at < self.now {
            at = at.checked_add(SignedDuration::from_hours(1))?.min(self.now);
            while let Some(entry) = corrections.next_if(|entry| entry.known_at <= at) {
                if let Fact::Correction { start, events, .. } = &entry.fact
                    && let Ok(index) = points.binary_search_by_key(start, |point| point.start)
                {
                    points[index].events = *events;
                }
            }
            let seen = points.partition_point(|point| point.start < at);
            let mut budgets = Vec::new();
            for slo in &self.promises.slos {
                let points = &points[..seen];
                budgets.push(assess_slo(
                    slo,
                    points,
                    Events::NONE,
                    self.bucket_ms,
                    at,
                    &self.config,
                )?);
            }
            let budgets = BudgetReport {
                schema_version: BudgetReport::SCHEMA_VERSION,
                now: at,
                budgets,
            };
            let report = judge(&self.promises, &budgets, previous.as_ref(), &self.judging);
            let facts = History::changes(previous.as_ref(), &report);
            changes.extend(facts.into_iter().map(|fact| Entry { known_at: at, fact }));
            told.extend(notifications(previous.as_ref(), &report, &telling));
            previous = Some(report);
        }
        let report = previous.ok_or("the report's time is not after the first counts")?;
        Ok((report, changes, told))
    }

    fn answer(&self, at: Timestamp, known_at: Option<Timestamp>) -> Result<(), Failure> {
        let mut history = History::new(self.bucket_ms);
        for entry in &self.entries {
            history.add(entry.known_at, entry.fact.clone())?;
        }
        let config = BudgetConfig::new();
        for slo in &self.promises.slos {
            say(&format!("{} at {at}", slo.id));
            let asked = match known_at {
                Some(known_at) => vec![(format!("as known at {known_at}"), known_at)],
                None => vec![
                    ("as known then".to_owned(), at),
                    ("as known now".to_owned(), Timestamp::MAX),
                ],
            };
            let mut last: Option<Vec<String>> = None;
            for (name, known_at) in asked {
                match history.budget_at(&slo.id, at, known_at, &config)? {
                    None => say(&format!("  {name}: nothing was promised")),
                    Some(answer) if last.as_ref() == Some(&answer.because) => {
                        say(&format!("  {name}: the same"));
                    }
                    Some(answer) => {
                        say(&format!("  {name}:"));
                        for line in &answer.because {
                            say(&format!("    {line}"));
                        }
                        last = Some(answer.because);
                    }
                }
            }
        }
        Ok(())
    }
}

type Named = (&'static str, fn() -> Contract);

/// The contracts that are known by name.
const CONTRACTS: [Named; 5] = [
    ("amazon-s3", Contract::amazon_s3_standard),
    ("aws-compute", Contract::aws_compute_region),
    ("google-bigtable", Contract::google_bigtable_multi_cluster),
    ("google-interconnect", Contract::google_interconnect),
    ("azure-vm", Contract::azure_virtual_machines_zones),
];

fn contract(name: &str) -> Result<Contract, Failure> {
    if let Some((_, known)) = CONTRACTS.iter().find(|(known, _)| *known == name) {
        return Ok(known());
    }
    json(name).map_err(|error| {
        let known = CONTRACTS.map(|(known, _)| known).join(", ");
        format!("--contract `{name}`, neither one of {known} nor a file: {error}").into()
    })
}

/// What a contract pays for each month that the counts cover whole.
fn settle(
    service: &Service,
    contract: &Contract,
    fee_cents: u64,
    exclusions: &[Exclusion],
) -> Result<(), Failure> {
    let month = Window::Calendar {
        unit: CalendarUnit::Month,
        time_zone: "UTC".to_owned(),
    };
    let Some(first) = service.points.first() else {
        return Ok(());
    };
    let mut at = first.start;
    let mut is_any = false;
    while at < service.now {
        let period = month.period_at(at)?;
        if first.start <= period.start && period.end <= service.now {
            is_any = true;
            let settled = contract.settle(&service.points, period, exclusions, fee_cents)?;
            say(&format!(
                "{}: {}",
                period.start.strftime("%Y-%m"),
                settled.explanation
            ));
        }
        at = period.end;
    }
    if !is_any {
        say("the contract settles whole months, of which the counts hold none");
    }
    Ok(())
}

fn run() -> Result<ExitCode, Failure> {
    let Some(arguments) = arguments()? else {
        say(USAGE);
        return Ok(ExitCode::SUCCESS);
    };
    // Whatever is wrong with what was given is said before anything is written.
    let contract = arguments.contract.as_deref().map(contract).transpose()?;
    let service = Service::read(&arguments)?;
    if let Some(at) = arguments.at {
        service.answer(at, arguments.known_at)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (report, changes, told) = service.live()?;
    let folder = arguments.out.unwrap_or_default();
    let write = |name: &str, text: &str| -> Result<(), Failure> {
        let path = folder.join(name);
        fs::write(&path, text)
            .map_err(|error| format!("cannot write `{}`: {error}", path.display()))?;
        say(&format!("wrote {}", path.display()));
        Ok(())
    };
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
    write("report.json", &report.to_json()?)?;
    write("report.md", &report.to_markdown())?;
    write("report.html", &report.to_html())?;
    write(
        "notifications.json",
        &(serde_json::to_string_pretty(&told)? + "\n"),
    )?;

    let path = folder.join(History::FILE_NAME);
    // A report of the same counts is the same history: written anew.
    let _ = fs::remove_file(&path);
    let mut file = HistoryFile::open(&path, service.bucket_ms)?;
    let mut entries = [service.entries.clone(), changes].concat();
    entries.sort_by_key(|entry| entry.known_at);
    file.import(entries)?;
    say(&format!("wrote {}", path.display()));

    say("");
    for entry in &report.statuses {
        say(&format!(
            "{:<10} {}: {}",
            entry.status.to_string(),
            entry.slo,
            entry.explanation
        ));
    }
    for record in file.history().breaches() {
        let end = record
            .resolved_at
            .map_or("goes on".to_owned(), |at| format!("until {at}"));
        say(&format!(
            "incident   {} {end}; {}",
            record.id, record.evidence
        ));
    }
    if let Some(contract) = &contract {
        let exclusions = service.config.own_exclusions();
        settle(&service, contract, arguments.fee_cents, exclusions)?;
    }
    Ok(match report.worst() {
        Status::Breached => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
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
