//! The closed loop driven by a configuration file: what `heal` and `closed_loop` have in common.

use std::{
    cell::RefCell,
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use serde::Serialize;
use shape_dashboard::Dashboard;
use shape_heal::{
    Cancel, Environment as _, EnvironmentError, HealEvent, HealOutcome, HealReport, Healer, Mode,
    Observation, ProcessEnvironment, RecipeBook,
};
use shape_lineage::{Git, LineageReport, SourceIndex, TraceOptions};
use shape_slo::{RecommendConfig, SloSet, Window};
use shape_telemetry::{Collector, CollectorConfig, Measurements, SourceSummary, TelemetryReport};
use shape_workflow::{
    Clock, ClosedLoop, Engine, EventBus, HealRequest, Journal, LoopConfig, LoopOutputs, Promises,
    Recovery, Run, RunStatus, StepContext, StepError,
};

use crate::terminal::{Style, Timeline};

/// Any error, for a person.
pub type Failure = Box<dyn std::error::Error>;

/// How to run the loop.
#[derive(Debug)]
pub struct DriveOptions {
    /// The seed of the load.
    pub seed: u64,
    /// Print JSON instead of the timeline.
    pub json: bool,
    /// Where the dashboard listens, if it shall.
    pub serve: Option<SocketAddr>,
    /// Set to stop.
    pub cancel: Cancel,
}

/// What a run of the loop came to.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// The service.
    pub service: String,
    /// `healed`, `nothing_to_heal`, `proposed`, …; `failed` when a step failed, `interrupted` when somebody stopped it.
    pub outcome: String,
    /// The state the loop ended in.
    pub state: String,
    /// Why, in one sentence.
    pub explanation: String,
    /// The folder with the reports and the journal.
    pub folder: PathBuf,
    /// The reports in it.
    pub artifacts: Vec<String>,
    /// Steps that failed, with their errors.
    pub failures: Vec<(String, String)>,
    /// What healing did.
    pub heal: Option<HealReport>,
    /// What was measured after a deployment.
    pub recovery: Option<Recovery>,
}

impl Summary {
    /// 0 healed or nothing to heal, 1 not healed, 2 error.
    pub fn exit_code(&self) -> u8 {
        match self.outcome.as_str() {
            "healed" | "nothing_to_heal" => 0,
            "failed" | "interrupted" => 2,
            _ => 1,
        }
    }
}

/// The time now.
#[expect(
    clippy::disallowed_methods,
    reason = "programs read the clock and pass it on"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The address of `--serve[=ADDR]`; without one the dashboard listens at 127.0.0.1:8088.
///
/// # Errors
/// When it is no address.
pub fn serve_address(value: Option<OsString>) -> Result<SocketAddr, Failure> {
    let text = value.map_or_else(
        || "127.0.0.1:8088".to_owned(),
        |value| value.to_string_lossy().into_owned(),
    );
    text.parse()
        .map_err(|_| format!("--serve: `{text}` is not an address like 127.0.0.1:8088").into())
}

/// A flag that Ctrl-C sets.
///
/// # Errors
/// When the signal handler can not be set.
pub fn cancel_on_ctrl_c() -> Result<Cancel, Failure> {
    let cancel = Cancel::new();
    let flag = cancel.clone();
    ctrlc::set_handler(move || flag.cancel())?;
    Ok(cancel)
}

/// A server of the dashboard that stays up until somebody asks to stop.
#[derive(Debug)]
pub struct Serving {
    handle: shape_dashboard::ServerHandle,
}

impl Serving {
    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.handle.local_addr()
    }

    /// Waits until `cancel` is set.
    pub fn wait(self, cancel: &Cancel) {
        while !cancel.is_cancelled() {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

/// Runs the loop once; the summary says how it ended, and the dashboard stays up in the returned server.
///
/// # Errors
/// When the loop can not begin: a mistake in the configuration, a repository that is not ready, a port in use.
pub fn drive(
    config: &LoopConfig,
    config_text: &str,
    options: &DriveOptions,
) -> Result<(Summary, Option<Serving>), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(now);
    let bus = EventBus::new(Arc::clone(&clock));
    let timeline = Mutex::new(Timeline::new(Style::stdout(), options.json));
    bus.on_event(move |event| {
        timeline
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .show(event);
    });
    let serving = match options.serve {
        Some(address) => {
            let dashboard = Dashboard::new(&config.service.name);
            let handle = shape_dashboard::spawn(dashboard.clone(), address)?;
            bus.on_event(move |event| dashboard.apply(event));
            Some(Serving { handle })
        }
        None => None,
    };
    if let (Some(serving), false) = (&serving, options.json) {
        crate::say(&format!("  dashboard at http://{}", serving.address()));
    }
    let session = Session::open(config, options)?;
    let summary = session.run(config_text, clock, bus)?;
    Ok((summary, serving))
}

/// What the steps of one run share.
struct Session<'c> {
    config: &'c LoopConfig,
    options: &'c DriveOptions,
    git: Git,
    collector: CollectorConfig,
    recipes: RecipeBook,
    promises: Promises,
    folder: PathBuf,
}

impl<'c> Session<'c> {
    /// Checks everything that can be checked before anything is started.
    fn open(config: &'c LoopConfig, options: &'c DriveOptions) -> Result<Self, Failure> {
        let git = Git::open(&config.repository.path)?;
        let branch = git.branch()?;
        if branch.as_deref() != Some(&config.repository.branch) {
            return Err(format!(
                "`{}` is on {}, but `repository.branch` is `{}`: check that branch out, or name the one that is deployed",
                config.repository.path.display(),
                branch.map_or_else(|| "no branch".to_owned(), |branch| format!("`{branch}`")),
                config.repository.branch
            )
            .into());
        }
        let changed = git.changed_paths()?;
        if !changed.is_empty() && config.deploy.mode != Mode::Observe {
            let listed: Vec<&str> = changed.iter().take(5).map(String::as_str).collect();
            return Err(format!(
                "`{}` has uncommitted changes in {}{}: commit or stash them, a fix is built on what is committed",
                config.repository.path.display(),
                listed.join(", "),
                if listed.len() < changed.len() { ", …" } else { "" }
            )
            .into());
        }
        if let Some(revision) = &config.baseline.revision {
            git.rev_parse(revision)
                .map_err(|error| format!("`baseline.revision`: {error}"))?;
        }
        let recipes = match &config.recipes.folder {
            Some(folder) => RecipeBook::from_dir(folder)?,
            None => RecipeBook::default(),
        };
        let promises = promises(config)?;
        let limits: Vec<_> = match &promises {
            Promises::Given(set) => set
                .slos
                .iter()
                .filter_map(|slo| slo.indicator.limit())
                .collect(),
            Promises::Recommended { .. } => Vec::new(),
        };
        let now = now();
        let collector = config.collector(now, limits);
        let folder = run_folder(&config.output.folder, now)?;
        Ok(Self {
            config,
            options,
            git,
            collector,
            recipes,
            promises,
            folder,
        })
    }

    fn read(&self, paths: &[String]) -> (Measurements, Vec<SourceSummary>) {
        let mut collector = Collector::new(self.collector.clone());
        collector.read_paths(paths, &mut |_| {});
        collector.finish()
    }

    /// Logs that lie there already.
    fn recorded(&self, label: &str, paths: &[String]) -> Result<Observation, StepError> {
        let started_at = now();
        let (measurements, sources) = self.read(paths);
        if measurements.lines.total == 0 {
            let problems: Vec<String> = sources
                .iter()
                .map(|source| {
                    format!(
                        "{}: {}",
                        source.name,
                        source.problem.as_deref().unwrap_or("empty")
                    )
                })
                .collect();
            let seen = if problems.is_empty() {
                "nothing matches".to_owned()
            } else {
                problems.join("; ")
            };
            return Err(StepError::permanent(format!(
                "no line was read from {}: {seen}",
                paths.join(", ")
            )));
        }
        Ok(Observation {
            label: label.to_owned(),
            started_at,
            ended_at: now(),
            measurements,
            sources,
        })
    }

    fn index(&self) -> Result<SourceIndex, shape_lineage::Error> {
        let root = self.git.folder();
        let builder = SourceIndex::builder().base(root);
        let roots = self.config.repository.source_roots.iter();
        roots
            .fold(builder, |builder, path| builder.root(root.join(path)))
            .build()
    }

    fn trace(&self, report: &TelemetryReport) -> Result<LineageReport, StepError> {
        let index = self.index()?;
        let mut options = TraceOptions::new().git(&self.git);
        if let Some(revision) = &self.config.baseline.revision {
            options = options.baseline(revision);
        }
        Ok(shape_lineage::trace(report, &index, options)?)
    }

    fn heal(
        &self,
        ctx: &StepContext<'_>,
        environment: &mut ProcessEnvironment<'_>,
        request: &HealRequest<'_>,
        observer: &mut dyn FnMut(&HealEvent),
    ) -> Result<HealReport, StepError> {
        let config = self.config;
        let mut journal = ctx.effects();
        let clock = now;
        let (name, mail) = author(&config.deploy.author);
        let mut healer = Healer::builder(self.git.folder(), environment, &mut journal, &clock)
            .mode(config.deploy.mode)
            .policy(config.policy())
            .recipes(self.recipes.clone())
            .deploy_to(&config.deploy.remote, &config.repository.branch)
            .identity(name, mail)
            .scratch(config.output.folder.join("worktrees"))
            .state(&config.output.folder.join("state"))
            .judgement(config.judgement())
            .replay(config.validation.replay_pairs, self.options.seed)
            .cancel(ctx.cancel().clone())
            .observer(observer)
            .build()?;
        Ok(healer.heal(
            request.breach,
            request.telemetry,
            request.lineage,
            request.breached,
        )?)
    }

    fn run(
        &self,
        config_text: &str,
        clock: Arc<dyn Clock>,
        bus: EventBus,
    ) -> Result<Summary, Failure> {
        let config = self.config;
        let reader = |files: &[PathBuf]| {
            let paths: Vec<String> = files
                .iter()
                .map(|path| path.to_string_lossy().into_owned())
                .collect();
            Ok(self.read(&paths))
        };
        let environment = ProcessEnvironment::new(
            config.service_spec(),
            self.git.folder(),
            &config.output.folder.join("service"),
            now,
            reader,
        )?
        .with_cancel(self.options.cancel.clone())
        .with_seed(self.options.seed);
        // Steps run one after another, and each uses the service for itself.
        let environment = RefCell::new(environment);

        let mut builder = ClosedLoop::builder()
            .parameters(format!("{config_text}\nseed {}", self.options.seed))
            .promises(self.promises.clone())
            .observe(|ctx| {
                if config.service.running {
                    return self.recorded("logs of the running service", &config.logs.paths);
                }
                let mut environment = environment.borrow_mut();
                let head = self.git.head()?;
                ctx.progress(None, format!("building and starting {}", head.short()));
                environment.start_live(head.as_str()).map_err(step_error)?;
                ctx.progress(None, format!("load for {}", config.service.load_time));
                environment
                    .observe(&format!("release {}", head.short()))
                    .map_err(step_error)
            })
            .trace(|_, report| self.trace(report))
            .heal(|ctx, request, observer| {
                self.heal(ctx, &mut environment.borrow_mut(), request, observer)
            })
            .remeasure(|ctx| {
                let mut environment = environment.borrow_mut();
                ctx.progress(
                    None,
                    format!("new traffic for {}", config.service.load_time),
                );
                environment.observe("after the fix").map_err(step_error)
            });
        if let Some(revision) = config.baseline.revision.as_deref() {
            let service = &environment;
            builder = builder.baseline(move |ctx| {
                let mut environment = service.borrow_mut();
                ctx.progress(None, format!("building and starting {revision}"));
                environment.start_live(revision).map_err(step_error)?;
                ctx.progress(None, format!("load for {}", config.service.load_time));
                environment
                    .observe(&format!("baseline {revision}"))
                    .map_err(step_error)
            });
        } else if !config.baseline.logs.is_empty() {
            builder = builder
                .baseline(|_| self.recorded("logs of a healthy time", &config.baseline.logs));
        }
        let mut closed_loop = builder.build()?;

        let journal = Journal::open(self.folder.join(Journal::FILE_NAME), Arc::clone(&clock))?;
        for notice in journal.notices() {
            crate::complain(&notice);
        }
        let engine = Engine::new(clock)
            .journal(journal)
            .events(bus)
            .cancel(self.options.cancel.clone());
        let run = closed_loop.run(&engine);
        let outputs = closed_loop.outputs();
        drop(closed_loop);
        environment.into_inner().stop_live();
        Ok(self.summary(&run?, outputs))
    }

    fn summary(&self, run: &Run, outputs: LoopOutputs) -> Summary {
        let heal = run.value(outputs.heal).map(Arc::unwrap_or_clone);
        let recovery = run.value(outputs.recovery).map(Arc::unwrap_or_clone);
        let failures: Vec<(String, String)> = run
            .failures()
            .map(|(step, error)| (step.to_owned(), error.to_owned()))
            .collect();
        let outcome = match (run.status(), &heal) {
            (RunStatus::Cancelled, _) => "interrupted".to_owned(),
            (_, Some(report)) => outcome_name(report.outcome).to_owned(),
            _ => "failed".to_owned(),
        };
        let explanation = match (&heal, failures.first()) {
            _ if outcome == "interrupted" => {
                "stopped; nothing is left running, and the same command continues where it was"
                    .to_owned()
            }
            (_, Some((step, error))) => format!("{step}: {error}"),
            (Some(report), None) => report.explanation.clone(),
            (None, None) => "healing did not run".to_owned(),
        };
        Summary {
            service: self.config.service.name.clone(),
            outcome,
            state: run.state().to_string(),
            explanation,
            folder: self.folder.clone(),
            artifacts: artifacts(&self.folder),
            failures,
            heal,
            recovery,
        }
    }
}

fn outcome_name(outcome: HealOutcome) -> &'static str {
    match outcome {
        HealOutcome::NothingToHeal => "nothing_to_heal",
        HealOutcome::Observed => "observed",
        HealOutcome::Proposed => "proposed",
        HealOutcome::Healed => "healed",
        HealOutcome::RolledBack => "rolled_back",
        HealOutcome::Interrupted => "interrupted",
        _ => "escalated",
    }
}

fn promises(config: &LoopConfig) -> Result<Promises, Failure> {
    if let Some(path) = &config.slo.file {
        let set = read_promises(path)?;
        return Ok(Promises::Given(set));
    }
    let window = Window::Rolling {
        seconds: config.slo.window.get().as_secs(),
    };
    Ok(Promises::Recommended {
        config: RecommendConfig::new(&config.service.name).window(window),
        ratified_by: config.slo.ratified_by.clone(),
    })
}

/// Reads an SLO file; mistakes name the file, line and column. Its promises count as ratified by the file when it was
/// last written.
///
/// # Errors
/// When it can not be read or is no SLO file.
pub fn read_promises(path: &Path) -> Result<SloSet, Failure> {
    let cannot =
        |error: std::io::Error| format!("cannot read the SLO file `{}`: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(cannot)?;
    let written = Timestamp::try_from(
        path.metadata()
            .and_then(|metadata| metadata.modified())
            .map_err(cannot)?,
    )?;
    let by = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    SloSet::from_yaml(&text, &by, written).map_err(|error| {
        error
            .to_string()
            .lines()
            .map(|line| format!("{}: {line}", path.display()))
            .collect::<Vec<_>>()
            .join("\n")
            .into()
    })
}

/// Checks everything that can be checked without starting anything; says what was found, a line each.
///
/// # Errors
/// The first mistake.
pub fn check(config: &LoopConfig) -> Result<Vec<String>, Failure> {
    let repository = Git::open(&config.repository.path)?;
    let recipes = match &config.recipes.folder {
        Some(folder) => RecipeBook::from_dir(folder)?,
        None => RecipeBook::default(),
    };
    let promises = match promises(config)? {
        Promises::Given(set) => format!("{} promises", set.slos.len()),
        Promises::Recommended { .. } => "promises are recommended from the baseline".to_owned(),
    };
    Ok(vec![
        format!("service     {}", config.service.name),
        format!(
            "repository  {} at {}",
            repository.folder().display(),
            repository.head()?.short()
        ),
        format!(
            "recipes     {}",
            recipes
                .recipes()
                .iter()
                .map(|recipe| recipe.id.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        ),
        format!("promises    {promises}"),
        format!("mode        {:?}", config.deploy.mode),
    ])
}

fn author(author: &str) -> (&str, &str) {
    author
        .split_once('<')
        .map_or((author, "shape@localhost"), |(name, mail)| {
            (name.trim(), mail.trim_end().trim_end_matches('>'))
        })
}

/// The folder of a run that was interrupted, or a new one named by the time.
fn run_folder(output: &Path, now: Timestamp) -> Result<PathBuf, Failure> {
    let mut runs: Vec<PathBuf> = std::fs::read_dir(output)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    runs.retain(|path| path.join(Journal::FILE_NAME).is_file());
    runs.sort();
    if let Some(last) = runs.pop() {
        let records = Journal::read(last.join(Journal::FILE_NAME))?;
        let is_over = records.iter().rev().find_map(|record| match &record.kind {
            shape_workflow::RecordKind::RunFinished { status, .. } => {
                Some(*status != RunStatus::Cancelled)
            }
            shape_workflow::RecordKind::RunStarted { .. } => Some(false),
            _ => None,
        });
        if is_over == Some(false) {
            return Ok(last);
        }
    }
    let name = now
        .strftime("run-%Y%m%dT%H%M%S%.3fZ")
        .to_string()
        .replace('.', "");
    let folder = output.join(name);
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make the folder `{}`: {error}", folder.display()))?;
    Ok(folder)
}

fn artifacts(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect()
        })
        .unwrap_or_default();
    names.retain(|name| {
        let extension = Path::new(name).extension();
        extension.is_some_and(|extension| extension == "json" || extension == "jsonl")
    });
    names.sort();
    names
}

/// Turns a wish to stop into what the engine understands by it.
fn step_error(error: EnvironmentError) -> StepError {
    match error {
        EnvironmentError::Cancelled => StepError::cancelled(),
        error => StepError::permanent(error),
    }
}
