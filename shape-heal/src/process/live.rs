//! The live service: one checkout runs while the other is built.

use std::{fs, path::PathBuf};

use super::{
    ProcessEnvironment,
    ready::{check_port, free_port},
    shell::{Group, end_group},
    values::Values,
};
use crate::{Cancel, EnvironmentError};

/// A checkout for the live service.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) path: PathBuf,
    pub(super) revision: String,
    pub(super) is_built: bool,
}

/// The live service.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) slot: usize,
    pub(super) values: Values,
    pub(super) group: Group,
}

impl ProcessEnvironment<'_> {
    /// Builds a revision and runs it as the live service; the one that runs is stopped when the new one is built.
    ///
    /// When the new one does not come up, nothing runs.
    pub fn start_live(&mut self, revision: &str) -> Result<(), EnvironmentError> {
        if self.spec.running {
            return Err(EnvironmentError::Unsupported {
                message: "the service runs elsewhere (`running = true`): it is not started here"
                    .to_owned(),
            });
        }
        let slot = self.checkout(revision)?;
        let path = self.slots[slot]
            .as_ref()
            .map(|slot| slot.path.clone())
            .unwrap_or_default();
        if !self.slots[slot].as_ref().is_some_and(|slot| slot.is_built) {
            // To take a fix back is never cut short by a wish to stop; the time limit holds.
            let report = self.run_build(&path, &Cancel::new())?;
            if !report.is_success() {
                return Err(EnvironmentError::Command {
                    message: format!("`{}` fails at {revision}", report.command),
                    report: Some(Box::new(report)),
                });
            }
            if let Some(slot) = &mut self.slots[slot] {
                slot.is_built = true;
            }
        }
        self.stop_live();
        let port = match self.spec.port {
            Some(port) => {
                check_port(port)?;
                port
            }
            None => free_port()?,
        };
        let values = self.values(&path, "live", port, self.seed, self.spec.load_seconds)?;
        let group = self.start(&path, &values, &Cancel::new())?;
        self.live = Some(Live {
            slot,
            values,
            group,
        });
        Ok(())
    }

    /// Stops the live service, if it runs.
    pub fn stop_live(&mut self) {
        if let Some(mut live) = self.live.take() {
            let path = self.slots[live.slot].as_ref().map(|slot| slot.path.clone());
            self.stop(&path.unwrap_or_default(), &live.values, &mut live.group);
        }
    }

    /// The slot that holds a revision, checked out.
    fn checkout(&mut self, revision: &str) -> Result<usize, EnvironmentError> {
        let failed = |error: crate::Error| EnvironmentError::Start {
            message: error.to_string(),
        };
        let commit = self.git.commit(revision).map_err(failed)?;
        let Some(commit) = commit else {
            return Err(EnvironmentError::Start {
                message: format!(
                    "`{revision}` is not a commit of `{}`",
                    self.git.root().display()
                ),
            });
        };
        let is_here = |slot: &Option<Slot>| {
            slot.as_ref()
                .is_some_and(|slot| slot.revision == commit.as_str())
        };
        if let Some(slot) = self.slots.iter().position(is_here) {
            return Ok(slot);
        }
        let slot = self.live.as_ref().map_or(0, |live| 1 - live.slot);
        let path = self.slot_path(slot);
        let text = path.to_string_lossy().into_owned();
        if self.slots[slot].is_some() {
            // Build output stays, so that only what changed is built.
            let root = path.as_path();
            self.git
                .text(
                    root,
                    &[
                        "checkout",
                        "--quiet",
                        "--force",
                        "--detach",
                        commit.as_str(),
                    ],
                )
                .map_err(failed)?;
        } else {
            let args = [
                "worktree",
                "add",
                "--detach",
                "--force",
                &text,
                commit.as_str(),
            ];
            self.git.text(self.git.root(), &args).map_err(failed)?;
        }
        self.slots[slot] = Some(Slot {
            path,
            revision: commit.as_str().to_owned(),
            is_built: false,
        });
        Ok(slot)
    }

    fn slot_path(&self, slot: usize) -> PathBuf {
        self.scratch.join(["live-a", "live-b"][slot])
    }

    pub(super) fn remove_checkout(&self, slot: usize) {
        let path = self.slot_path(slot);
        if path.exists() {
            let text = path.to_string_lossy().into_owned();
            let _ = self.git.attempt(
                self.git.root(),
                &["worktree", "remove", "--force", "--force", &text],
            );
            let _ = fs::remove_dir_all(&path);
            let _ = self.git.attempt(self.git.root(), &["worktree", "prune"]);
        }
    }

    /// Notes the process group of a service, with its start time, for a run that follows a kill.
    pub(super) fn remember(&self, group: &Group) {
        if let Some(started) = start_time(group.id())
            && fs::create_dir_all(self.scratch.join("groups")).is_ok()
        {
            let _ = fs::write(self.group_file(group), started);
        }
    }

    pub(super) fn forget(&self, group: &Group) {
        let _ = fs::remove_file(self.group_file(group));
    }

    fn group_file(&self, group: &Group) -> PathBuf {
        self.scratch.join("groups").join(group.id().to_string())
    }

    /// Ends the services that a killed run has left.
    pub(super) fn end_leftovers(&self) {
        let Ok(entries) = fs::read_dir(self.scratch.join("groups")) else {
            return;
        };
        for entry in entries.flatten() {
            let id = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            let started = fs::read_to_string(entry.path()).ok();
            if let Some(id) = id
                && started.is_some()
                && start_time(id) == started
            {
                end_group(id, self.spec.grace(), || {});
            }
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// When a process was started, as the kernel counts; tells it from a later one with the same id.
fn start_time(id: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in the second field may hold anything, so the fields are counted from its closing bracket.
    let fields = &text[text.rfind(')')? + 1..];
    fields.split_whitespace().nth(19).map(str::to_owned)
}
