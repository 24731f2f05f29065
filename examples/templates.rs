//! Which kinds of messages a log has: from a raw log to one template a line.
//!
//! ```text
//! cargo run --release --example templates -- LOG --out OUT.csv [--no-clean-up]
//! cargo run --release --example templates -- --score DIR
//! ```
//!
//! The header of the lines is found by itself. `OUT.csv` has a row for each line of the log, in order:
//! `LineId,EventId,EventTemplate`, the template being that of the message, with `<*>` for each variable. The log is read
//! twice, first to learn and then to write, so that memory does not grow with it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io::{self, BufWriter, IsTerminal as _, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use indicatif::{ProgressBar, ProgressStyle};
use shape_examples::{complain, drive::Failure, outcome, say};
use shape_telemetry::{LogLine, Reader, SourceSummary, TemplateMiner, Templates};

const USAGE: &str = "usage: templates LOG [--out OUT.csv] [--no-clean-up] [--max N]
       templates --score DIR

  LOG            a log file (.gz too), or - for standard input
  --out FILE     where the rows go; standard output by default
  --no-clean-up  the templates as they were found, not as the annotators of public data sets write them
  --max N        how many kinds of messages are kept, 50000 by default
  --score DIR    score the templates of DIR/*/*.log against *_structured*.csv beside them, with clean-up and without
exit code: 0 done, 2 an error";

enum Task {
    Write {
        log: PathBuf,
        out: Option<PathBuf>,
        clean_up: bool,
        max: usize,
    },
    Score(PathBuf),
}

fn task() -> Result<Task, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let (mut log, mut out, mut score) = (None, None, None);
    let (mut clean_up, mut max) = (true, TemplateMiner::MAX_TEMPLATES);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if log.is_none() => log = Some(PathBuf::from(path)),
            Long("out") | Short('o') => out = Some(PathBuf::from(parser.value()?)),
            Long("no-clean-up") => clean_up = false,
            Long("max") => max = parser.value()?.parse()?,
            Long("score") => score = Some(PathBuf::from(parser.value()?)),
            Long("help") | Short('h') => {
                say(USAGE);
                std::process::exit(0);
            }
            other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
        }
    }
    match (log, score) {
        (Some(log), None) => Ok(Task::Write {
            log,
            out,
            clean_up,
            max,
        }),
        (None, Some(dir)) => Ok(Task::Score(dir)),
        (None, None) => Err(format!("no log is named\n\n{USAGE}").into()),
        (Some(_), Some(_)) => {
            Err(format!("a log and --score exclude each other\n\n{USAGE}").into())
        }
    }
}

fn main() -> ExitCode {
    let result = task().and_then(|task| match task {
        Task::Write {
            log,
            out,
            clean_up,
            max,
        } => write(&log, out.as_deref(), clean_up, max),
        Task::Score(dir) => score(&dir),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("templates: {}", outcome::with_causes(&*error)));
            ExitCode::from(2)
        }
    }
}

/// Learns the templates of a log and writes the one of each line.
fn write(log: &Path, out: Option<&Path>, clean_up: bool, max: usize) -> Result<(), Failure> {
    let source = Source::open(log)?;
    let mut miner = TemplateMiner::new().max_templates(max);
    let summary = source.read("learning", &mut |line| {
        miner.add(&line.body);
    })?;
    let kinds = miner.kinds();
    let found = miner.finish();
    let found = if clean_up { found.clean_up() } else { found };
    match out {
        Some(path) => {
            let file = File::create(path)
                .map_err(|error| format!("cannot write `{}`: {error}", path.display()))?;
            rows(&source, &found, BufWriter::new(file))?;
        }
        None => rows(&source, &found, io::stdout().lock())?,
    }
    complain(&format!(
        "{}: lines {}, format {}, templates {}{}",
        log.display(),
        summary.lines.total,
        summary.format,
        found.iter().len(),
        match found.overflow() {
            0 => String::new(),
            lines => format!(
                "; about {kinds} kinds of messages are more than --max {max}: the other {lines} lines were templated one by one"
            ),
        }
    ));
    for (what, count) in [
        ("cut", summary.lines.cut),
        ("not UTF-8", summary.lines.not_utf8),
    ] {
        if 0 < count {
            complain(&format!("lines {what}: {count}"));
        }
    }
    Ok(())
}

/// A row for each line of the log.
fn rows(source: &Source, found: &Templates, mut out: impl Write) -> Result<(), Failure> {
    writeln!(out, "LineId,EventId,EventTemplate")?;
    let mut broken = None;
    source.read("writing", &mut |line| {
        if broken.is_some() {
            return;
        }
        let template = found.find(&line.body);
        let text = cell(&template.text);
        if let Err(error) = writeln!(out, "{},{},{text}", line.number, template.id) {
            broken = Some(error);
        }
    })?;
    match broken {
        // Whoever reads the rows has seen enough.
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Some(error) => Err(error.into()),
        None => Ok(out.flush()?),
    }
}

/// A cell of a CSV file.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A log that can be read twice.
struct Source {
    name: String,
    path: PathBuf,
    /// Standard input, kept.
    _spool: Option<tempfile::NamedTempFile>,
}

impl Source {
    fn open(log: &Path) -> Result<Self, Failure> {
        let name = log.display().to_string();
        let fail = |error: io::Error| format!("cannot read `{}`: {error}", log.display());
        if log == Path::new("-") {
            let mut spool = tempfile::NamedTempFile::new()?;
            io::copy(&mut io::stdin().lock(), &mut spool).map_err(fail)?;
            return Ok(Self {
                name: "standard input".to_owned(),
                path: spool.path().to_owned(),
                _spool: Some(spool),
            });
        }
        if log.metadata().map_err(fail)?.is_dir() {
            return Err(format!("`{name}` is a folder: name one log in it").into());
        }
        Ok(Self {
            name,
            path: log.to_owned(),
            _spool: None,
        })
    }

    fn read(
        &self,
        what: &'static str,
        take: &mut dyn FnMut(&LogLine<'_>),
    ) -> Result<SourceSummary, Failure> {
        let file = File::open(&self.path)
            .map_err(|error| format!("cannot read `{}`: {error}", self.name))?;
        let bar = if io::stderr().is_terminal() {
            ProgressBar::new(file.metadata()?.len())
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(ProgressStyle::with_template(
            "  {msg} {bytes}/{total_bytes} {bar:30} {eta}",
        )?);
        bar.set_message(what);
        let summary = Reader::new().read_lines(&self.name, bar.wrap_read(file), take);
        bar.finish_and_clear();
        match &summary.problem {
            Some(problem) => Err(format!("cannot read all of `{}`: {problem}", self.name).into()),
            None => Ok(summary),
        }
    }
}

/// The four measures of Jiang et al., "A Large-Scale Evaluation for Log Parsing Techniques" (ISSTA 2024): grouping
/// accuracy, F1 of groups, parsing accuracy, F1 of templates.
type Scores = [f64; 4];

/// Scores every set of a folder.
fn score(dir: &Path) -> Result<(), Failure> {
    let entries = dir
        .read_dir()
        .map_err(|error| format!("cannot read `{}`: {error}", dir.display()))?;
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    let mut sums: [Scores; 2] = [[0.0; 4]; 2];
    let mut n_sets = 0_u32;
    say("                   with clean-up                 without");
    say("set                GA    FGA   PA    FTA         GA    FGA   PA    FTA");
    for folder in folders {
        let Some((log, truth)) = set(&folder) else {
            continue;
        };
        let truth = truth_of(&truth)?;
        let mut bodies = Vec::new();
        let mut miner = TemplateMiner::new();
        Source::open(&log)?.read("learning", &mut |line| {
            miner.add(&line.body);
            bodies.push(line.body.to_string());
        })?;
        let raw = miner.finish();
        let clean = raw.clone().clean_up();
        let both = [clean, raw].map(|found| {
            let texts: Vec<String> = bodies.iter().map(|body| found.of(body)).collect();
            measure(&truth, &texts)
        });
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        say(&row(&name, both));
        for (sum, scores) in sums.iter_mut().zip(both) {
            for (sum, score) in sum.iter_mut().zip(scores) {
                *sum += score;
            }
        }
        n_sets += 1;
    }
    if n_sets == 0 {
        return Err(format!(
            "no set in `{}`: a set is a folder with a .log and a *_structured*.csv",
            dir.display()
        )
        .into());
    }
    let means = sums.map(|sum| sum.map(|sum| sum / f64::from(n_sets)));
    say(&row(&format!("mean of {n_sets}"), means));
    Ok(())
}

fn row(name: &str, both: [Scores; 2]) -> String {
    let [clean, raw] = both.map(|scores| scores.map(|score| format!("{score:.3}")).join(" "));
    format!("{name:<18} {clean}     {raw}")
}

/// The log and the truth of a set.
fn set(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let mut files: Vec<PathBuf> = folder
        .read_dir()
        .ok()?
        .flatten()
        .map(|file| file.path())
        .collect();
    files.sort();
    let find = |fits: &dyn Fn(&str) -> bool| {
        let name = |path: &&PathBuf| {
            path.file_name()
                .is_some_and(|name| fits(&name.to_string_lossy()))
        };
        files.iter().find(name).cloned()
    };
    let truth = find(&|name| name.ends_with("_structured_corrected.csv"))
        .or_else(|| find(&|name| name.ends_with("_structured.csv")))?;
    let is_log = |name: &str| Path::new(name).extension().is_some_and(|end| end == "log");
    Some((find(&is_log)?, truth))
}

/// The template of each line.
fn truth_of(path: &Path) -> Result<Vec<String>, Failure> {
    let mut text = String::new();
    File::open(path)?
        .read_to_string(&mut text)
        .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let mut rows = csv(&text);
    let header = rows.next().unwrap_or_default();
    let column = header
        .iter()
        .position(|name| name == "EventTemplate")
        .ok_or_else(|| format!("`{}` has no column EventTemplate", path.display()))?;
    Ok(rows.map(|mut row| row.swap_remove(column)).collect())
}

/// The rows of a CSV file.
fn csv(text: &str) -> impl Iterator<Item = Vec<String>> {
    let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
    std::iter::from_fn(move || {
        chars.peek()?;
        let (mut row, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
        while let Some(c) = chars.next() {
            match c {
                '"' if is_quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
                '\r' if !is_quoted => {}
                '\n' if !is_quoted => break,
                _ => cell.push(c),
            }
        }
        row.push(cell);
        Some(row)
    })
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of lines are far below 2^52"
)]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn f1(right: usize, found: usize, there: usize) -> f64 {
    share(2 * right, found + there)
}

/// Compares the templates of lines with the true ones, group by group and text by text.
fn measure(truth: &[String], found: &[String]) -> Scores {
    let pairs: Vec<(&str, &str)> = truth
        .iter()
        .map(String::as_str)
        .zip(found.iter().map(String::as_str))
        .collect();
    let mut true_groups: BTreeMap<&str, (BTreeSet<&str>, usize)> = BTreeMap::new();
    let mut found_groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    for &(truth, found) in &pairs {
        let group = true_groups.entry(truth).or_default();
        group.0.insert(found);
        group.1 += 1;
        found_groups.entry(found).or_default().insert(truth);
        *sizes.entry(found).or_default() += 1;
    }
    let right: Vec<usize> = true_groups
        .values()
        .filter(|(texts, n_lines)| {
            texts.len() == 1 && texts.first().and_then(|text| sizes.get(text)) == Some(n_lines)
        })
        .map(|&(_, n_lines)| n_lines)
        .collect();
    let right_texts = found_groups
        .iter()
        .filter(|(text, truths)| truths.len() == 1 && truths.contains(*text))
        .count();
    [
        share(right.iter().sum(), pairs.len()),
        f1(right.len(), found_groups.len(), true_groups.len()),
        share(
            pairs.iter().filter(|(truth, found)| truth == found).count(),
            pairs.len(),
        ),
        f1(right_texts, found_groups.len(), true_groups.len()),
    ]
}
