//! A service as data: the commands that build, test, start and load it.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

/// How a service is built, tested, started, loaded and stopped; every key of the table `[service]` in a configuration.
///
/// Commands run by `sh -c` in a checkout of the service. In commands, environment values, `ready` and `logs` these
/// stand for themselves: `{port}`, `{log_dir}`, `{output}`, `{seed}`, `{seconds}`, `{checkout}`, `{revision}`; the
/// commands have the same as `SHAPE_PORT`, `SHAPE_LOG_DIR` and so on. `${port}` is the shell's and left alone.
///
/// ```
/// use shape_heal::ServiceSpec;
///
/// let spec: ServiceSpec = toml::from_str(
///     r#"
///     build = "cargo build --release"
///     test = "cargo test --release"
///     start = "target/release/shop --port {port} --log-dir {log_dir}"
///     ready = "http://127.0.0.1:{port}/health"
///     load = "target/release/shop-load --port {port} --seed {seed} --seconds {seconds}"
///     load_seconds = 20
///     "#,
/// )?;
/// assert_eq!(spec.logs, ["{log_dir}/**/*"]);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ServiceSpec {
    /// The service runs elsewhere: it is not started, stopped or replayed here, only observed (and restarted where
    /// `restart` says how).
    pub running: bool,
    /// Builds a checkout; without one there is nothing to build.
    pub build: Option<String>,
    /// Runs all tests of a checkout; without one nothing is tested.
    pub test: Option<String>,
    /// Runs the service of a built checkout in the foreground.
    pub start: Option<String>,
    /// How to see that it is up: `http://HOST:PORT/PATH` (2xx or 3xx), `tcp://HOST:PORT`, `log:TEXT` (in its output or
    /// logs). By default a connection to `{port}` on the loopback.
    pub ready: Option<String>,
    /// Sends requests for `{seconds}` seconds, the same for the same `{seed}`.
    pub load: Option<String>,
    /// Stops it politely, before it is sent a TERM signal.
    pub stop: Option<String>,
    /// Puts `{revision}` into production, for a service that runs elsewhere.
    pub restart: Option<String>,
    /// The port of the live service; by default a free one. Replays always get a free one.
    pub port: Option<u16>,
    /// The log files, as patterns. Output of the service itself is in `{output}`.
    pub logs: Vec<String>,
    /// More environment variables for all commands.
    pub env: BTreeMap<String, String>,
    /// How long new traffic is sent, or watched where there is no `load`.
    pub load_seconds: u64,
    /// How long load is replayed; by default as long as `load_seconds`.
    pub replay_seconds: Option<u64>,
    /// A build that takes longer is stopped.
    pub build_limit_seconds: u64,
    /// Tests that take longer are stopped.
    pub test_limit_seconds: u64,
    /// A service that is not up by then is stopped.
    pub start_limit_seconds: u64,
    /// Load that goes on for so long after its time is stopped.
    pub load_grace_seconds: u64,
    /// How long the service may take to end after a TERM signal before it is killed.
    pub stop_grace_seconds: u64,
}

impl Default for ServiceSpec {
    fn default() -> Self {
        Self {
            running: false,
            build: None,
            test: None,
            start: None,
            ready: None,
            load: None,
            stop: None,
            restart: None,
            port: None,
            logs: vec!["{log_dir}/**/*".to_owned()],
            env: BTreeMap::new(),
            load_seconds: 10,
            replay_seconds: None,
            build_limit_seconds: 900,
            test_limit_seconds: 900,
            start_limit_seconds: 30,
            load_grace_seconds: 30,
            stop_grace_seconds: 5,
        }
    }
}

impl ServiceSpec {
    pub(super) fn build_limit(&self) -> Duration {
        Duration::from_secs(self.build_limit_seconds)
    }

    pub(super) fn test_limit(&self) -> Duration {
        Duration::from_secs(self.test_limit_seconds)
    }

    pub(super) fn start_limit(&self) -> Duration {
        Duration::from_secs(self.start_limit_seconds)
    }

    pub(super) fn load_limit(&self, seconds: u64) -> Duration {
        Duration::from_secs(seconds.saturating_add(self.load_grace_seconds))
    }

    pub(super) fn grace(&self) -> Duration {
        Duration::from_secs(self.stop_grace_seconds)
    }

    /// What contradicts itself, if anything.
    pub(super) fn mistake(&self) -> Option<String> {
        let text = if self.running && self.start.is_some() {
            "`running = true` and `start` contradict each other: a running service is not started here"
        } else if !self.running && self.restart.is_some() {
            "`restart` is for `running = true`; otherwise `start` is used again"
        } else if !self.running && self.start.is_none() {
            "give `start` (how to run the service), or `running = true` when it runs elsewhere"
        } else if !self.running && self.load.is_none() {
            "give `load` (how to send requests): without it a service that is started here has no traffic"
        } else if self.logs.is_empty() {
            "`logs` names no file"
        } else if self.running && self.logs.iter().any(|logs| logs.contains("{log_dir}")) {
            "`logs` must name the files of the running service; `{log_dir}` is for one that is started here"
        } else {
            return None;
        };
        Some(text.to_owned())
    }
}
