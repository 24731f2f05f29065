//! The loop as a file: which repository, how the service is built, run and loaded, what is promised, how far to go.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde::Deserialize;
use shape_budget::BudgetPolicy;
use shape_heal::{Freeze, Judgement, Mode, OverspentPolicy, Policy, ServiceSpec};
use shape_telemetry::{CollectorConfig, ComponentRule, OutcomeRule, Period, Reader};

/// A mistake in a configuration file: where, what was seen, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}:{column}: {message}", file.display())]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 when the file could not be read at all.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What was seen and what is expected.
    pub message: String,
}

/// Limits at which slow requests are counted exactly when nothing else is said.
pub const LATENCY_LADDER: [Duration; 13] = {
    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
    [
        ms(1),
        ms(2),
        ms(5),
        ms(10),
        ms(20),
        ms(50),
        ms(100),
        ms(200),
        ms(500),
        ms(1_000),
        ms(2_000),
        ms(5_000),
        ms(10_000),
    ]
};

/// A length of time written as `250ms`, `8s`, `5m`, `6h` or `28d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Length(Duration);

impl Length {
    /// As a duration.
    pub fn get(self) -> Duration {
        self.0
    }

    const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl std::str::FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a length of time; write a whole number and a unit: 250ms, 8s, 5m, 6h, 28d"
            )
        };
        let digits = text
            .trim()
            .find(|c: char| !c.is_ascii_digit())
            .ok_or_else(wrong)?;
        let (number, unit) = text.trim().split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let millis = match unit.trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        number
            .checked_mul(millis)
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(wrong)
    }
}

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        for (unit, size) in [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1_000),
        ] {
            if millis != 0 && millis.is_multiple_of(size) {
                return write!(f, "{}{unit}", millis / size);
            }
        }
        write!(f, "{millis}ms")
    }
}

/// The whole configuration; paths are relative to the folder of the file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoopConfig {
    /// The service.
    pub service: ServiceConfig,
    /// Its repository.
    pub repository: RepositoryConfig,
    /// Its logs.
    pub logs: LogsConfig,
    /// Which records belong to which component, first rule first; without rules the record's target decides.
    #[serde(default)]
    pub components: Vec<ComponentRule>,
    /// What records say about requests, first rule first; the built-in rules come last.
    #[serde(default)]
    pub outcomes: Vec<OutcomeRule>,
    /// What healthy looks like.
    #[serde(default)]
    pub baseline: BaselineConfig,
    /// What is promised.
    #[serde(default)]
    pub slo: SloConfig,
    /// What may be tried.
    #[serde(default)]
    pub recipes: RecipesConfig,
    /// How a fix is proved.
    #[serde(default)]
    pub validation: ValidationConfig,
    /// How a fix is deployed.
    #[serde(default)]
    pub deploy: DeployConfig,
    /// What healing must never do.
    #[serde(default)]
    pub guards: GuardsConfig,
    /// Where reports go.
    #[serde(default)]
    pub output: OutputConfig,
}

/// `[service]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// Its name, for people.
    pub name: String,
    /// Whether it runs already, so that it is neither started nor loaded here.
    #[serde(default)]
    pub running: bool,
    /// Shell command that builds a checkout; it runs in the checkout's top folder.
    #[serde(default)]
    pub build: Option<String>,
    /// Shell command that runs the service's tests in a checkout.
    #[serde(default)]
    pub test: Option<String>,
    /// Shell command that starts the service from a checkout and stays in the foreground.
    #[serde(default)]
    pub start: Option<String>,
    /// How to see that it is ready: `tcp` (the port accepts) or a URL that answers 2xx.
    #[serde(default)]
    pub ready: Option<String>,
    /// How long it may take to become ready.
    #[serde(default = "thirty_seconds")]
    pub ready_timeout: Length,
    /// Shell command that loads the service for `load_time` and then exits with 0.
    #[serde(default)]
    pub load: Option<String>,
    /// How long one phase of load lasts; `{seconds}` in `load`.
    #[serde(default = "eight_seconds")]
    pub load_time: Length,
    /// Shell command that stops the service politely, before it is sent SIGTERM.
    #[serde(default)]
    pub stop: Option<String>,
    /// Shell command that puts `{revision}` into production; only with `running = true`.
    #[serde(default)]
    pub restart: Option<String>,
    /// A fixed port; without it a free one is chosen for each run. `{port}` in the commands.
    #[serde(default)]
    pub port: Option<u16>,
    /// How long the service has to end after SIGTERM.
    #[serde(default = "two_seconds")]
    pub stop_grace: Length,
    /// How long a build or a test run may take.
    #[serde(default = "ten_minutes")]
    pub command_timeout: Length,
    /// Environment variables for all commands.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// `[repository]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryConfig {
    /// The checkout.
    pub path: PathBuf,
    /// The branch that is deployed.
    #[serde(default = "main_branch")]
    pub branch: String,
    /// Folders with source code, relative to `path`.
    #[serde(default = "here")]
    pub source_roots: Vec<PathBuf>,
}

/// `[logs]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogsConfig {
    /// Files, folders or globs; `{log_dir}` is the folder of the present run.
    pub paths: Vec<String>,
    /// The width of a time bucket.
    #[serde(default = "one_second")]
    pub bucket: Length,
    /// Limits at which slow requests are counted exactly; a promise on latency uses one of them.
    #[serde(default = "latency_ladder")]
    pub latency_limits: Vec<Length>,
}

/// `[baseline]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineConfig {
    /// A revision known to be healthy; it is built and run under the same load first.
    #[serde(default)]
    pub revision: Option<String>,
    /// Or logs of a healthy time.
    #[serde(default)]
    pub logs: Vec<String>,
}

/// `[slo]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SloConfig {
    /// The promises; without a file they are recommended from the baseline.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// Who stands behind recommended promises; without a name they stay proposals and trigger nothing.
    #[serde(default)]
    pub ratified_by: Option<String>,
    /// The window of recommended promises.
    #[serde(default = "four_weeks")]
    pub window: Length,
}

/// `[recipes]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipesConfig {
    /// The folder with recipe files; without it only reverting is known.
    #[serde(default)]
    pub folder: Option<PathBuf>,
}

/// `[validation]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationConfig {
    /// A further shell command that has to succeed in the changed checkout.
    #[serde(default)]
    pub command: Option<String>,
    /// Pairs of replayed load, one run without and one with the change each.
    #[serde(default = "two")]
    pub replay_pairs: u32,
    /// How long one replay lasts.
    #[serde(default = "six_seconds")]
    pub replay_time: Length,
    /// The significance level of the tests.
    #[serde(default = "one_percent")]
    pub significance: f64,
}

/// `[deploy]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployConfig {
    /// `observe`, `propose` or `auto`.
    #[serde(default)]
    pub mode: Mode,
    /// The remote that fixes are pushed to.
    #[serde(default = "origin")]
    pub remote: String,
    /// The author of the commits, `Name <mail>`.
    #[serde(default = "author")]
    pub author: String,
}

/// `[guards]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardsConfig {
    /// Attempts to deploy for the same fault in 24 hours.
    #[serde(default = "max_attempts")]
    pub max_attempts: usize,
    /// The pause after an attempt that failed; it doubles with each further one.
    #[serde(default = "fifteen_minutes")]
    pub cooldown: Length,
    /// The longest pause.
    #[serde(default = "six_hours")]
    pub max_cooldown: Length,
    /// After so many fixes of a component taken back in 24 hours, fixes are only proposed.
    #[serde(default = "breaker")]
    pub breaker: usize,
    /// Files that a fix may touch, the generated test not counted.
    #[serde(default = "max_files")]
    pub max_files: usize,
    /// Lines that a fix may add and remove, the generated test not counted.
    #[serde(default = "max_lines")]
    pub max_lines: u64,
    /// Paths that a fix must not touch, as patterns.
    #[serde(default = "deny_paths")]
    pub deny_paths: Vec<String>,
    /// Recipes that may deploy by themselves in mode `auto`, as patterns of their ids; the others propose.
    #[serde(default = "auto_recipes")]
    pub auto_recipes: Vec<String>,
    /// What may deploy by itself when the error budget is overspent: `allow_all`, `revert_only` or `propose_only`.
    #[serde(default)]
    pub overspent: OverspentPolicy,
    /// What is allowed at which remaining error budget: a name and steps `{ left_at_most = "50%", allow = "fixes" }`.
    #[serde(default)]
    pub budget: Option<BudgetPolicy>,
    /// Whether a fix may deploy by itself although no load can be replayed.
    #[serde(default = "allow_without_replay")]
    pub allow_without_replay: bool,
    /// While this file exists healing does nothing.
    #[serde(default)]
    pub kill_switch: Option<PathBuf>,
    /// Times without deployments, each `START/END` as RFC 3339 instants.
    #[serde(default)]
    pub freeze: Vec<FreezeTime>,
}

/// A time without deployments, written `2026-12-24T00:00:00Z/2027-01-02T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FreezeTime(Period);

impl TryFrom<String> for FreezeTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let instants = text.split_once('/').and_then(|(start, end)| {
            Some(Period {
                start: start.trim().parse().ok()?,
                end: end.trim().parse().ok()?,
            })
        });
        match instants {
            Some(period) if period.start < period.end => Ok(Self(period)),
            _ => Err(format!(
                "`{text}` is not a time without deployments; write START/END, for example 2026-12-24T00:00:00Z/2027-01-02T00:00:00Z"
            )),
        }
    }
}

/// `[output]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputConfig {
    /// The folder for reports, journal, what was learned, and throw-away checkouts.
    #[serde(default = "shape_out")]
    pub folder: PathBuf,
}

macro_rules! defaults {
    ($($name:ident -> $type:ty = $value:expr;)*) => { $(fn $name() -> $type { $value })* };
}
defaults! {
    one_second -> Length = Length::from_secs(1);
    two_seconds -> Length = Length::from_secs(2);
    six_seconds -> Length = Length::from_secs(6);
    eight_seconds -> Length = Length::from_secs(8);
    thirty_seconds -> Length = Length::from_secs(30);
    ten_minutes -> Length = Length::from_secs(600);
    fifteen_minutes -> Length = Length::from_secs(900);
    four_weeks -> Length = Length::from_secs(28 * 86_400);
    main_branch -> String = "main".to_owned();
    origin -> String = "origin".to_owned();
    author -> String = "SHAPE <shape@localhost>".to_owned();
    here -> Vec<PathBuf> = vec![PathBuf::from(".")];
    two -> u32 = 2;
    one_percent -> f64 = 0.01;
    six_hours -> Length = Length::from_secs(6 * 3_600);
    shape_out -> PathBuf = PathBuf::from("shape-out");
    max_attempts -> usize = Policy::default().max_attempts;
    breaker -> usize = Policy::default().breaker;
    max_files -> usize = Policy::default().max_files;
    max_lines -> u64 = Policy::default().max_lines;
    deny_paths -> Vec<String> = Policy::default().deny_paths;
    auto_recipes -> Vec<String> = Policy::default().auto_recipes;
    allow_without_replay -> bool = Policy::default().allow_without_replay;
    latency_ladder -> Vec<Length> = LATENCY_LADDER.into_iter().map(Length).collect();
}

macro_rules! default_by_serde {
    ($($type:ty),*) => { $(impl Default for $type {
        fn default() -> Self {
            toml::from_str("").expect("invariant: every key of the section has a default")
        }
    })* };
}
default_by_serde!(
    SloConfig,
    ValidationConfig,
    DeployConfig,
    GuardsConfig,
    OutputConfig
);

impl LoopConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// When the file can not be read, is not TOML, has an unknown or missing key or a wrong value, or contradicts
    /// itself: each with the line.
    pub fn from_path(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
            file: path.to_owned(),
            line: 0,
            column: 0,
            message: format!("cannot read the configuration: {error}"),
        })?;
        let mut config = Self::from_toml(&text, path)?;
        config.resolve(
            path.parent()
                .filter(|parent| !parent.as_os_str().is_empty())
                .unwrap_or(Path::new(".")),
        );
        Ok(config)
    }

    /// Reads TOML text; `path` names it in errors. Paths stay as written.
    pub fn from_toml(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let at = |offset: usize, message: String| {
            let before = text.get(..offset).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            ConfigError {
                file: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
                message,
            }
        };
        let config: Self = toml::from_str(text).map_err(|error| {
            at(
                error.span().map_or(0, |span| span.start),
                error.message().to_owned(),
            )
        })?;
        config
            .check()
            .map_err(|(key, message)| at(offset_of(text, &key), message))
    }

    /// The service for a [`shape_heal::ProcessEnvironment`].
    pub fn service_spec(&self) -> ServiceSpec {
        let service = &self.service;
        let seconds = |length: Length| length.get().as_secs().max(1);
        let mut spec = ServiceSpec::default();
        spec.running = service.running;
        spec.build.clone_from(&service.build);
        spec.test = match (&service.test, &self.validation.command) {
            (Some(test), Some(more)) => Some(format!("{{ {test}\n}} && {{ {more}\n}}")),
            (test, more) => test.clone().or_else(|| more.clone()),
        };
        spec.start.clone_from(&service.start);
        spec.ready.clone_from(&service.ready);
        spec.load.clone_from(&service.load);
        spec.stop.clone_from(&service.stop);
        spec.restart.clone_from(&service.restart);
        spec.port = service.port;
        spec.logs.clone_from(&self.logs.paths);
        spec.env.clone_from(&service.env);
        spec.load_seconds = seconds(service.load_time);
        spec.replay_seconds = Some(seconds(self.validation.replay_time));
        spec.build_limit_seconds = seconds(service.command_timeout);
        spec.test_limit_seconds = seconds(service.command_timeout);
        spec.start_limit_seconds = seconds(service.ready_timeout);
        spec.stop_grace_seconds = seconds(service.stop_grace);
        spec
    }

    /// From which effect on a change counts.
    pub fn judgement(&self) -> Judgement {
        let mut judgement = Judgement::default();
        judgement.alpha = self.validation.significance;
        judgement
    }

    /// The guard rails.
    pub fn policy(&self) -> Policy {
        let guards = &self.guards;
        let mut policy = Policy::default();
        policy.max_attempts = guards.max_attempts;
        policy.cooldown_seconds = guards.cooldown.get().as_secs();
        policy.max_cooldown_seconds = guards.max_cooldown.get().as_secs();
        policy.breaker = guards.breaker;
        policy.max_files = guards.max_files;
        policy.max_lines = guards.max_lines;
        policy.deny_paths.clone_from(&guards.deny_paths);
        policy.auto_recipes.clone_from(&guards.auto_recipes);
        policy.overspent = guards.overspent;
        policy.budget.clone_from(&guards.budget);
        policy.allow_without_replay = guards.allow_without_replay;
        policy.kill_switch.clone_from(&guards.kill_switch);
        policy.freezes = guards
            .freeze
            .iter()
            .map(|FreezeTime(period)| Freeze {
                start: period.start,
                end: period.end,
                reason: String::new(),
            })
            .collect();
        policy
    }

    /// How logs are read and measured; `reference` tells the year of times that have none, and `limits` are latency
    /// limits of promises, counted beside those of the configuration.
    pub fn collector(
        &self,
        reference: Timestamp,
        limits: impl IntoIterator<Item = Duration>,
    ) -> CollectorConfig {
        let own = self.logs.latency_limits.iter().map(|limit| limit.get());
        CollectorConfig::new()
            .bucket(self.logs.bucket.get())
            .latency_limits(own.chain(limits))
            .component_rules(self.components.iter().cloned())
            .outcome_rules(self.outcomes.iter().cloned())
            .reader(Reader::new().reference(reference))
    }

    /// Makes every path absolute or relative to the working folder instead of to `base`.
    fn resolve(&mut self, base: &Path) {
        let join = |path: &mut PathBuf| *path = base.join(&*path);
        join(&mut self.repository.path);
        join(&mut self.output.folder);
        for path in [
            &mut self.slo.file,
            &mut self.recipes.folder,
            &mut self.guards.kill_switch,
        ]
        .into_iter()
        .flatten()
        {
            join(path);
        }
        for pattern in self.logs.paths.iter_mut().chain(&mut self.baseline.logs) {
            if !pattern.starts_with("{log_dir}") {
                *pattern = base.join(&*pattern).to_string_lossy().into_owned();
            }
        }
    }

    /// Checks what one key alone can not tell: `(key, message)` of the first mistake.
    fn check(self) -> Result<Self, (Vec<&'static str>, String)> {
        let fail = |key: &[&'static str], message: &str| Err((key.to_vec(), message.to_owned()));
        let service = &self.service;
        if service.name.trim().is_empty() {
            return fail(
                &["service", "name"],
                "`service.name` is empty; give the service a name",
            );
        }
        if service.running {
            for (key, value) in [("start", &service.start), ("load", &service.load)] {
                if value.is_some() {
                    let message = format!(
                        "`service.{key}` contradicts `service.running = true`: a running service is neither started nor loaded; remove one of them"
                    );
                    return Err((vec!["service", key], message));
                }
            }
            if self.baseline.revision.is_some() {
                return fail(
                    &["baseline", "revision"],
                    "`baseline.revision` needs a service that can be started; with `service.running = true` name `baseline.logs`",
                );
            }
        } else {
            if service.start.is_none() || service.load.is_none() {
                return fail(
                    &["service"],
                    "`[service]` needs `start` and `load`, or `running = true` for a service that runs already",
                );
            }
            if service.restart.is_some() {
                return fail(
                    &["service", "restart"],
                    "`service.restart` is for `running = true`; a service with `start` is restarted by itself",
                );
            }
        }
        if self.baseline.revision.is_some() && !self.baseline.logs.is_empty() {
            return fail(
                &["baseline", "logs"],
                "`baseline.logs` and `baseline.revision` are both given; keep one",
            );
        }
        if self.slo.file.is_none()
            && self.baseline.revision.is_none()
            && self.baseline.logs.is_empty()
        {
            return fail(
                &["slo"],
                "nothing says what is promised: name `slo.file`, or a baseline (`baseline.revision` or `baseline.logs`) to recommend promises from",
            );
        }
        if self.slo.file.is_some() && self.slo.ratified_by.is_some() {
            return fail(
                &["slo", "ratified_by"],
                "`slo.ratified_by` is for recommended promises; those of `slo.file` are ratified by being written there",
            );
        }
        if self.deploy.mode != Mode::Observe && service.test.is_none() {
            return fail(
                &["deploy", "mode"],
                "a fix is only proposed or deployed when the service's tests pass: name `service.test`",
            );
        }
        if self.logs.paths.is_empty() {
            return fail(
                &["logs", "paths"],
                "`logs.paths` is empty; name the files the service writes",
            );
        }
        if self.logs.bucket.get() < Duration::from_millis(100) {
            return fail(&["logs", "bucket"], "`logs.bucket` is below 100ms");
        }
        let significance = self.validation.significance;
        if !(0.0 < significance && significance < 0.5) {
            return fail(
                &["validation", "significance"],
                "`validation.significance` lies between 0 and 0.5, for example 0.01",
            );
        }
        if self.validation.replay_pairs == 0 {
            return fail(
                &["validation", "replay_pairs"],
                "`validation.replay_pairs` is at least 1",
            );
        }
        Ok(self)
    }
}

/// The byte offset of a key path in TOML text, of its longest part that exists.
fn offset_of(text: &str, key: &[&str]) -> usize {
    let Ok(document) = toml::de::DeTable::parse(text) else {
        return 0;
    };
    let mut offset = 0;
    let mut table = Some(document.get_ref());
    for part in key {
        let Some((name, value)) =
            table.and_then(|table| table.iter().find(|(name, _)| name.get_ref() == part))
        else {
            break;
        };
        offset = name.span().start;
        table = value.get_ref().as_table();
    }
    offset
}
