//! A service that is built, run, loaded and read by commands.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use shape_lineage::CommitId;
use shape_telemetry::{Measurements, SourceSummary};

pub use self::spec::ServiceSpec;
use self::{
    live::{Live, Slot},
    logs::Marks,
    ready::{Ready, free_port},
    shell::{Group, Shell, sleep},
    values::Values,
};
use crate::{Cancel, CommandReport, Environment, EnvironmentError, Observation, git::Git};

mod live;
mod logs;
mod ready;
mod shell;
mod spec;
mod values;

type Clock<'a> = Box<dyn Fn() -> Timestamp + 'a>;
type LogReader<'a> =
    Box<dyn FnMut(&[PathBuf]) -> Result<(Measurements, Vec<SourceSummary>), String> + 'a>;

/// An [`Environment`] whose service is a program on this machine, driven by the commands of a [`ServiceSpec`].
///
/// Every command runs in a process group of its own, and everything it started is ended (TERM, a grace, KILL) when the
/// command is done, when time is up, when somebody asks to stop, and when this value goes out of scope. Files lie
/// beneath the scratch folder only: two checkouts for the live service (one runs while the other is built), the logs
/// and the output of every run.
pub struct ProcessEnvironment<'a> {
    spec: ServiceSpec,
    git: Git,
    scratch: PathBuf,
    clock: Clock<'a>,
    reader: LogReader<'a>,
    cancel: Cancel,
    seed: u64,
    n_runs: u32,
    live: Option<Live>,
    slots: [Option<Slot>; 2],
}

impl fmt::Debug for ProcessEnvironment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessEnvironment")
            .field("spec", &self.spec)
            .field("scratch", &self.scratch)
            .field("live", &self.live)
            .finish_non_exhaustive()
    }
}

impl<'a> ProcessEnvironment<'a> {
    /// A service of a repository. `reader` turns log files into measurements; files of no interest may be left out.
    ///
    /// What a killed run has left (a live service, its checkouts) is ended and removed.
    pub fn new(
        spec: ServiceSpec,
        repository: &Path,
        scratch: &Path,
        clock: impl Fn() -> Timestamp + 'a,
        reader: impl FnMut(&[PathBuf]) -> Result<(Measurements, Vec<SourceSummary>), String> + 'a,
    ) -> Result<Self, EnvironmentError> {
        if let Some(message) = spec.mistake() {
            return Err(EnvironmentError::Unsupported { message });
        }
        let git = Git::open(repository, "SHAPE", "shape@localhost").map_err(|error| {
            EnvironmentError::Start {
                message: error.to_string(),
            }
        })?;
        fs::create_dir_all(scratch).map_err(|error| cannot("make", scratch, &error))?;
        let scratch = scratch
            .canonicalize()
            .map_err(|error| cannot("make", scratch, &error))?;
        let this = Self {
            spec,
            git,
            scratch,
            clock: Box::new(clock),
            reader: Box::new(reader),
            cancel: Cancel::new(),
            seed: 1,
            n_runs: 0,
            live: None,
            slots: [None, None],
        };
        this.end_leftovers();
        for slot in 0..2 {
            this.remove_checkout(slot);
        }
        Ok(this)
    }

    /// The flag that stops waiting commands.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// The seed of the load on the live service; each observation counts on from it. Replays get their own.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The port of the live service, while it runs.
    pub fn live_port(&self) -> Option<u16> {
        self.live.as_ref()?.values.get("port").parse().ok()
    }

    /// The checkout that the live service runs from, while it runs.
    pub fn live_checkout(&self) -> Option<&Path> {
        let live = self.live.as_ref()?;
        self.slots[live.slot]
            .as_ref()
            .map(|slot| slot.path.as_path())
    }

    /// The values for a run; its folder for logs and output is made.
    fn values(
        &mut self,
        checkout: &Path,
        label: &str,
        port: u16,
        seed: u64,
        seconds: u64,
    ) -> Result<Values, EnvironmentError> {
        let folder = self.run_folder(label)?;
        let log_dir = folder.join("logs");
        fs::create_dir_all(&log_dir).map_err(|error| cannot("make", &log_dir, &error))?;
        let mut values = Values::default();
        values.set("port", port);
        values.set("log_dir", log_dir.display());
        values.set("output", folder.join("output.log").display());
        values.set("seed", seed);
        values.set("seconds", seconds);
        values.set("checkout", checkout.display());
        Ok(values)
    }

    fn run_folder(&mut self, label: &str) -> Result<PathBuf, EnvironmentError> {
        self.n_runs += 1;
        let name: String = label
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(48)
            .collect();
        let folder = self
            .scratch
            .join("runs")
            .join(format!("{:03}-{name}", self.n_runs));
        fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
        Ok(folder)
    }

    fn env(&self, values: &Values) -> BTreeMap<String, String> {
        let mut env: BTreeMap<String, String> = values
            .0
            .iter()
            .map(|(name, value)| (format!("SHAPE_{}", name.to_uppercase()), value.clone()))
            .collect();
        for (name, value) in &self.spec.env {
            env.insert(name.clone(), values.fill(value));
        }
        env
    }

    fn command(
        &self,
        line: &str,
        folder: &Path,
        values: &Values,
        output: &Path,
        limit: Duration,
        cancel: &Cancel,
    ) -> Result<CommandReport, EnvironmentError> {
        Shell {
            line: &values.fill(line),
            folder,
            env: &self.env(values),
            output,
        }
        .run(limit, cancel)
    }

    /// Runs a command that needs no run of its own (build, test).
    fn plain(
        &mut self,
        what: &str,
        line: Option<&str>,
        checkout: &Path,
        limit: Duration,
        cancel: &Cancel,
    ) -> Result<CommandReport, EnvironmentError> {
        let Some(line) = line else {
            return Ok(CommandReport {
                command: String::new(),
                exit_code: Some(0),
                duration: Duration::ZERO,
                output_tail: format!("no `{what}` command is configured"),
            });
        };
        let folder = self.run_folder(what)?;
        let mut values = Values::default();
        values.set("checkout", checkout.display());
        values.set("seed", self.seed);
        self.command(
            line,
            checkout,
            &values,
            &folder.join("output.log"),
            limit,
            cancel,
        )
    }

    fn run_build(
        &mut self,
        checkout: &Path,
        cancel: &Cancel,
    ) -> Result<CommandReport, EnvironmentError> {
        let (line, limit) = (self.spec.build.clone(), self.spec.build_limit());
        self.plain("build", line.as_deref(), checkout, limit, cancel)
    }

    /// Starts the service and waits until it is up.
    fn start(
        &self,
        checkout: &Path,
        values: &Values,
        cancel: &Cancel,
    ) -> Result<Group, EnvironmentError> {
        let line = self.spec.start.as_deref().unwrap_or_default();
        let line = values.fill(line);
        let output = PathBuf::from(values.get("output"));
        let ready = match &self.spec.ready {
            Some(text) => Ready::parse(&values.fill(text))?,
            None => Ready::Tcp {
                address: format!("127.0.0.1:{}", values.get("port")),
            },
        };
        let mut group = Shell {
            line: &line,
            folder: checkout,
            env: &self.env(values),
            output: &output,
        }
        .spawn()?;
        self.remember(&group);
        let began = Instant::now();
        let limit = self.spec.start_limit();
        loop {
            if let Some(report) = group.report() {
                let code = report
                    .exit_code
                    .map_or("a signal".to_owned(), |code| format!("exit code {code}"));
                return Err(EnvironmentError::Start {
                    message: format!(
                        "`{line}` ended with {code} before it was ready; its last output:\n{}",
                        report.output_tail
                    ),
                });
            }
            let files = || {
                let mut files = self.log_files(values).unwrap_or_default();
                files.push(output.clone());
                files
            };
            if ready.is_up(files) {
                return Ok(group);
            }
            if cancel.is_cancelled() {
                return Err(EnvironmentError::Cancelled);
            }
            if limit < began.elapsed() {
                return Err(EnvironmentError::Start {
                    message: format!(
                        "`{line}` was not ready within {} s ({}); its last output:\n{}",
                        limit.as_secs(),
                        self.spec
                            .ready
                            .as_deref()
                            .unwrap_or("a connection to {port}"),
                        group.tail()
                    ),
                });
            }
            sleep(Duration::from_millis(20), cancel)?;
        }
    }

    fn stop(&self, checkout: &Path, values: &Values, group: &mut Group) {
        if let Some(line) = &self.spec.stop
            && group.is_running()
        {
            let output = PathBuf::from(values.get("output"));
            let polite = self.command(
                line,
                checkout,
                values,
                &output,
                self.spec.grace(),
                &Cancel::new(),
            );
            if polite.is_ok() {
                let began = Instant::now();
                while group.is_running() && began.elapsed() < self.spec.grace() {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
        group.end(self.spec.grace());
        self.forget(group);
    }

    fn patterns(&self, values: &Values) -> Vec<String> {
        self.spec
            .logs
            .iter()
            .map(|logs| values.fill(logs))
            .collect()
    }

    fn log_files(&self, values: &Values) -> Result<Vec<PathBuf>, EnvironmentError> {
        logs::find(&self.patterns(values))
    }

    /// Sends the load; an error when the command fails.
    fn send_load(
        &self,
        folder: &Path,
        values: &Values,
        output: &Path,
        seconds: u64,
    ) -> Result<(), EnvironmentError> {
        let Some(line) = &self.spec.load else {
            return sleep(Duration::from_secs(seconds), &self.cancel);
        };
        let limit = self.spec.load_limit(seconds);
        let report = self.command(line, folder, values, output, limit, &self.cancel)?;
        if report.is_success() {
            return Ok(());
        }
        Err(EnvironmentError::Command {
            message: format!(
                "the load `{}` fails: {}",
                report.command, report.output_tail
            ),
            report: Some(Box::new(report)),
        })
    }

    fn read(
        &mut self,
        label: &str,
        started_at: Timestamp,
        files: &[PathBuf],
    ) -> Result<Observation, EnvironmentError> {
        let ended_at = (self.clock)();
        if files.is_empty() {
            return Err(EnvironmentError::Logs {
                message: format!(
                    "no log line was written ({label}); `logs` names {}",
                    self.spec.logs.join(", ")
                ),
            });
        }
        let (measurements, sources) =
            (self.reader)(files).map_err(|message| EnvironmentError::Logs { message })?;
        Ok(Observation {
            label: label.to_owned(),
            started_at,
            ended_at,
            measurements,
            sources,
        })
    }
}

impl Environment for ProcessEnvironment<'_> {
    fn build(&mut self, checkout: &Path) -> Result<CommandReport, EnvironmentError> {
        let cancel = self.cancel.clone();
        self.run_build(checkout, &cancel)
    }

    fn test(&mut self, checkout: &Path) -> Result<CommandReport, EnvironmentError> {
        let (line, limit) = (self.spec.test.clone(), self.spec.test_limit());
        let cancel = self.cancel.clone();
        self.plain("test", line.as_deref(), checkout, limit, &cancel)
    }

    fn run_test(
        &mut self,
        checkout: &Path,
        commands: &[String],
    ) -> Result<CommandReport, EnvironmentError> {
        let limit = self.spec.test_limit();
        let cancel = self.cancel.clone();
        let mut last = None;
        for command in commands {
            let report = self.plain("one-test", Some(command), checkout, limit, &cancel)?;
            let is_success = report.is_success();
            last = Some(report);
            if !is_success {
                break;
            }
        }
        last.map_or_else(|| self.test(checkout), Ok)
    }

    fn replay(
        &mut self,
        checkout: &Path,
        label: &str,
        seed: u64,
    ) -> Result<Observation, EnvironmentError> {
        if !self.can_replay() {
            return Err(EnvironmentError::Unsupported {
                message: "load can not be replayed against a service that runs elsewhere"
                    .to_owned(),
            });
        }
        let seconds = self.spec.replay_seconds.unwrap_or(self.spec.load_seconds);
        let port = free_port()?;
        let values = self.values(checkout, label, port, seed, seconds)?;
        let cancel = self.cancel.clone();
        let mut group = self.start(checkout, &values, &cancel)?;
        let started_at = (self.clock)();
        let output = PathBuf::from(values.get("output")).with_file_name("load.log");
        let sent = self.send_load(checkout, &values, &output, seconds);
        let has_crashed = !group.is_running();
        self.stop(checkout, &values, &mut group);
        if has_crashed {
            return Err(EnvironmentError::Start {
                message: format!(
                    "the service ended by itself under load ({label}); its last output:\n{}",
                    group.tail()
                ),
            });
        }
        sent?;
        let files: Vec<PathBuf> = self
            .log_files(&values)?
            .into_iter()
            .filter(|path| fs::metadata(path).is_ok_and(|metadata| 0 < metadata.len()))
            .collect();
        self.read(label, started_at, &files)
    }

    fn restart(&mut self, revision: &str) -> Result<(), EnvironmentError> {
        if !self.spec.running {
            return self.start_live(revision);
        }
        let Some(line) = self.spec.restart.clone() else {
            return Err(EnvironmentError::Unsupported {
                message:
                    "the service runs elsewhere; give `restart` to put a revision into production"
                        .to_owned(),
            });
        };
        let folder = self.run_folder("restart")?;
        let mut values = Values::default();
        values.set("revision", revision);
        values.set("checkout", self.git.root().display());
        let root = self.git.root().to_owned();
        let limit = self.spec.start_limit() + self.spec.build_limit();
        let output = folder.join("output.log");
        let report = self.command(&line, &root, &values, &output, limit, &Cancel::new())?;
        if report.is_success() {
            return Ok(());
        }
        Err(EnvironmentError::Command {
            message: format!("`{}` fails: {}", report.command, report.output_tail),
            report: Some(Box::new(report)),
        })
    }

    fn observe(&mut self, label: &str) -> Result<Observation, EnvironmentError> {
        let seconds = self.spec.load_seconds;
        let (folder, values, output) = if self.spec.running {
            let mut values = Values::default();
            values.set("seed", self.seed);
            values.set("seconds", seconds);
            if let Some(port) = self.spec.port {
                values.set("port", port);
            }
            let output = self.run_folder(label)?.join("load.log");
            (self.git.root().to_owned(), values, output)
        } else {
            let Some(live) = &mut self.live else {
                return Err(EnvironmentError::Start {
                    message: "no live service runs".to_owned(),
                });
            };
            if !live.group.is_running() {
                return Err(EnvironmentError::Start {
                    message: format!(
                        "the live service has ended; its last output:\n{}",
                        live.group.tail()
                    ),
                });
            }
            let mut values = live.values.clone();
            values.set("seed", self.seed);
            let output = PathBuf::from(values.get("output")).with_file_name("load.log");
            let folder = self.slots[live.slot].as_ref().map(|slot| slot.path.clone());
            (folder.unwrap_or_default(), values, output)
        };
        self.seed = self.seed.wrapping_add(1);
        let patterns = self.patterns(&values);
        let marks = Marks::now(&patterns)?;
        let started_at = (self.clock)();
        self.send_load(&folder, &values, &output, seconds)?;
        logs::settle(&patterns);
        let phase = self.run_folder(&format!("{label} logs"))?;
        let files = marks.written_since(&patterns, &phase)?;
        self.read(label, started_at, &files)
    }

    fn runs(&mut self, revision: &str) -> Option<bool> {
        if self.spec.running {
            return None;
        }
        let revision = self.git.commit(revision).ok().flatten();
        let revision = revision.as_ref().map(CommitId::as_str);
        Some(self.live.as_mut().is_some_and(|live| {
            let slot = self.slots[live.slot].as_ref();
            live.group.is_running() && slot.map(|slot| slot.revision.as_str()) == revision
        }))
    }

    fn can_replay(&self) -> bool {
        !self.spec.running && self.spec.start.is_some() && self.spec.load.is_some()
    }

    fn can_restart(&self) -> bool {
        if self.spec.running {
            self.spec.restart.is_some()
        } else {
            self.spec.start.is_some()
        }
    }
}

impl Drop for ProcessEnvironment<'_> {
    fn drop(&mut self) {
        self.stop_live();
        for slot in 0..2 {
            if self.slots[slot].is_some() {
                self.remove_checkout(slot);
            }
        }
    }
}

fn cannot(doing: &str, path: &Path, error: &std::io::Error) -> EnvironmentError {
    EnvironmentError::Start {
        message: format!("cannot {doing} `{}`: {error}", path.display()),
    }
}
