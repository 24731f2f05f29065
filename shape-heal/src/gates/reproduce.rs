//! The reproduction: without the change, the test fails or replayed load breaks the promise.

use super::{Said, report_of};
use crate::{
    CommandReport, EnvironmentError, Error,
    candidate::Work,
    compare::figures,
    run::{Before, Run},
    worktree::Worktree,
};

impl Run<'_> {
    fn before(&mut self) -> Result<&mut Before, Error> {
        if self.before.is_none() {
            let base = self.base.clone();
            let worktree = self.worktree("before", &base)?;
            let said = match report_of(self.environment.build(worktree.path()))? {
                Ok(report) if report.is_success() => Said::yes("it builds").with(report),
                Ok(report) => Said::no(format!(
                    "the deployed revision {} does not build as it is",
                    base.short()
                ))
                .with(report),
                Err(said) => said,
            };
            self.before = Some(Before {
                worktree,
                build: said,
                own_tests: None,
                reproduction: None,
            });
        }
        self.before
            .as_mut()
            .ok_or_else(|| crate::error::Repr::Config("no worktree".to_owned()).into())
    }

    pub(super) fn reproduces(&mut self, work: &mut Work) -> Result<Said, Error> {
        let before = self.before()?;
        if before.build.passed != Some(true) {
            return Ok(before.build.clone());
        }
        let Some((path, commands)) = work.patch.as_ref().and_then(|patch| {
            let path = patch.test_path.clone()?;
            Some((path, patch.test_commands.clone()))
        }) else {
            return self.reproduces_by_load();
        };
        if commands.is_empty() && !self.own_tests_pass()? {
            return Ok(Said::no(
                "the service's own tests fail at the deployed revision already, so that they can not show the fault; \
                 give the recipe a `command` that runs only its test",
            ));
        }
        let text = work
            .worktree
            .as_ref()
            .map(|worktree| worktree.path().join(&path))
            .map(std::fs::read_to_string)
            .transpose()
            .map_err(|error| Error::state("read", path.as_str(), error))?
            .unwrap_or_default();
        let Some(before) = self.before.take() else {
            return Ok(Said::no("there is no worktree"));
        };
        before.worktree.write(&path, &text)?;
        let result = self.run_test(&before.worktree, &commands);
        before.worktree.remove_file(&path)?;
        self.before = Some(before);
        let report = match report_of(result)? {
            Ok(report) => report,
            Err(said) => return Ok(said),
        };
        let base = self.base.short();
        Ok(match report.exit_code {
            Some(0) => Said::no(format!(
                "`{path}` passes at {base} without the change: it does not show the fault"
            ))
            .with(report),
            Some(126 | 127) => {
                Said::no(format!("`{}` could not be run", report.command)).with(report)
            }
            Some(code) => {
                Said::yes(format!("`{path}` fails at {base} (exit code {code})")).with(report)
            }
            None => Said::no(format!("`{}` was ended by a signal", report.command)).with(report),
        })
    }

    fn run_test(
        &mut self,
        worktree: &Worktree,
        commands: &[String],
    ) -> Result<CommandReport, EnvironmentError> {
        if commands.is_empty() {
            self.environment.test(worktree.path())
        } else {
            self.environment.run_test(worktree.path(), commands)
        }
    }

    fn own_tests_pass(&mut self) -> Result<bool, Error> {
        let Some(before) = self.before.take() else {
            return Ok(false);
        };
        let known = before.own_tests;
        let result = match known {
            Some(known) => Ok(known),
            None => report_of(self.environment.test(before.worktree.path()))
                .map(|result| result.is_ok_and(|report| report.is_success())),
        };
        let own_tests = result.as_ref().ok().copied();
        self.before = Some(Before {
            own_tests,
            ..before
        });
        result
    }

    fn reproduces_by_load(&mut self) -> Result<Said, Error> {
        if !self.environment.can_replay() {
            return Ok(Said::no(
                "the recipe has no test and load can not be replayed: nothing shows the fault without the change",
            ));
        }
        let Some(before) = self.before.take() else {
            return Ok(Said::no("there is no worktree"));
        };
        let said = match &before.reproduction {
            Some(said) => Ok(said.clone()),
            None => self.replay_breaks_promise(&before.worktree),
        };
        let reproduction = said.as_ref().ok().cloned();
        self.before = Some(Before {
            reproduction,
            ..before
        });
        said
    }

    fn replay_breaks_promise(&mut self, worktree: &Worktree) -> Result<Said, Error> {
        let (slo, seed) = (self.breach.slo.clone(), self.settings.replay_seed);
        let label = format!("replay of {} (reproduction)", self.base.short());
        let measured = match report_of(self.environment.replay(worktree.path(), &label, seed))? {
            Ok(observation) => observation.measurements,
            Err(said) => return Ok(said),
        };
        let events = match figures(&measured, &slo.component, slo.indicator) {
            Ok(figures) => figures.events,
            Err(why) => return Ok(Said::no(why)),
        };
        let counts = format!("{} of {} good", events.good(), events.total());
        Ok(match slo.target.is_met_by(events) {
            Some(false) => Said::yes(format!(
                "replayed load breaks the promise at {}: {counts}",
                self.base.short()
            )),
            Some(true) => Said::no(format!(
                "replayed load does not break the promise: {counts}"
            )),
            None => Said::no(format!(
                "replayed load holds no request of {}",
                slo.component
            )),
        })
    }
}
