//! Commands in process groups of their own, with time limits.

use std::{
    collections::BTreeMap,
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::{Cancel, CommandReport, EnvironmentError, git::tail};

/// How often a running command is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Lines of output kept in a report.
const TAIL: usize = 40;

/// A command line with where and how to run it.
pub(super) struct Shell<'a> {
    pub(super) line: &'a str,
    pub(super) folder: &'a Path,
    pub(super) env: &'a BTreeMap<String, String>,
    /// The file that takes its output.
    pub(super) output: &'a Path,
}

/// A command that runs, with everything that it has started; all of it is killed when this goes out of scope.
#[derive(Debug)]
pub(super) struct Group {
    child: Child,
    line: String,
    output: PathBuf,
    began: Instant,
    status: Option<ExitStatus>,
}

impl Shell<'_> {
    pub(super) fn spawn(&self) -> Result<Group, EnvironmentError> {
        let failed = |what: &str, error: std::io::Error| EnvironmentError::Command {
            message: format!("`{}`: {what}: {error}", self.line),
            report: None,
        };
        let open = || File::options().create(true).append(true).open(self.output);
        let stdout = open().map_err(|error| failed("cannot write its output", error))?;
        let stderr = open().map_err(|error| failed("cannot write its output", error))?;
        let mut command = Command::new("sh");
        // Git hooks set these; a build that calls git must see its own checkout.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        let child = command
            .args(["-c", self.line])
            .current_dir(self.folder)
            .envs(self.env)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0)
            .spawn()
            .map_err(|error| failed("cannot be started", error))?;
        Ok(Group {
            child,
            line: self.line.to_owned(),
            output: self.output.to_owned(),
            began: Instant::now(),
            status: None,
        })
    }

    /// Runs the command to its end. An exit code other than 0 is in the report; a time-out is an error.
    pub(super) fn run(
        &self,
        limit: Duration,
        cancel: &Cancel,
    ) -> Result<CommandReport, EnvironmentError> {
        let mut group = self.spawn()?;
        loop {
            if let Some(report) = group.report() {
                return Ok(report);
            }
            if cancel.is_cancelled() {
                return Err(EnvironmentError::Cancelled);
            }
            if limit < group.began.elapsed() {
                let report = CommandReport {
                    command: self.line.to_owned(),
                    exit_code: None,
                    duration: group.began.elapsed(),
                    output_tail: group.tail(),
                };
                return Err(EnvironmentError::Command {
                    message: format!(
                        "`{}` did not end within {} s and was stopped",
                        self.line,
                        limit.as_secs()
                    ),
                    report: Some(Box::new(report)),
                });
            }
            thread::sleep(POLL);
        }
    }
}

impl Group {
    /// The id of the process group.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the command itself still runs.
    pub(super) fn is_running(&mut self) -> bool {
        self.status().is_none()
    }

    fn status(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.status
    }

    /// The report, once it has ended.
    pub(super) fn report(&mut self) -> Option<CommandReport> {
        let status = self.status()?;
        Some(CommandReport {
            command: self.line.clone(),
            exit_code: status.code(),
            duration: self.began.elapsed(),
            output_tail: self.tail(),
        })
    }

    pub(super) fn tail(&self) -> String {
        tail_of(&self.output)
    }

    /// TERM to the whole group, a grace, KILL.
    pub(super) fn end(&mut self, grace: Duration) {
        end_group(self.child.id(), grace, || {
            self.status();
        });
        let _ = self.child.wait();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end(Duration::from_millis(500));
    }
}

/// Ends a process group; `reap` collects the leader, so that a group of one zombie counts as gone.
pub(super) fn end_group(id: u32, grace: Duration, mut reap: impl FnMut()) {
    let Some(group) = i32::try_from(id).ok().and_then(Pid::from_raw) else {
        return;
    };
    reap();
    if kill_process_group(group, Signal::TERM).is_err() {
        return;
    }
    let began = Instant::now();
    loop {
        reap();
        if test_kill_process_group(group).is_err() {
            return;
        }
        if grace < began.elapsed() {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    let _ = kill_process_group(group, Signal::KILL);
    reap();
}

/// The last lines of an output file; bytes that are not UTF-8 are replaced.
pub(super) fn tail_of(path: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};
    const BYTES: u64 = 64 * 1024;
    let Ok(mut file) = File::open(path) else {
        return String::new();
    };
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::new();
    let seeked = file.seek(SeekFrom::Start(length.saturating_sub(BYTES)));
    if seeked.is_err() || file.take(BYTES).read_to_end(&mut bytes).is_err() {
        return String::new();
    }
    tail(&String::from_utf8_lossy(&bytes), TAIL)
}

/// Sleeps, unless somebody asks to stop.
pub(super) fn sleep(length: Duration, cancel: &Cancel) -> Result<(), EnvironmentError> {
    let began = Instant::now();
    while began.elapsed() < length {
        if cancel.is_cancelled() {
            return Err(EnvironmentError::Cancelled);
        }
        thread::sleep(POLL.min(length));
    }
    Ok(())
}
