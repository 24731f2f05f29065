//! The healer: its settings and its one verb.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use shape_compliance::Breach;
use shape_lineage::LineageReport;
use shape_telemetry::TelemetryReport;

use crate::{
    Approval, Cancel, EffectJournal, Environment, Error, HealEvent, HealHistory, HealOutcome,
    HealReport, Judgement, Knowledge, Mode, Observation, Patch, Policy, RecipeBook, Validated,
    error::Repr, fault::Fault, git::Git, run::Run, worktree::WorktreeFolder,
};

/// What a healer goes by.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    pub(crate) policy: Policy,
    pub(crate) recipes: RecipeBook,
    pub(crate) remote: String,
    pub(crate) branch: String,
    pub(crate) judgement: Judgement,
    pub(crate) replay_pairs: u32,
    pub(crate) replay_seed: u64,
    pub(crate) max_candidates: usize,
    pub(crate) max_observations: u32,
    pub(crate) explore_seed: Option<u64>,
    pub(crate) knowledge_path: Option<PathBuf>,
    pub(crate) history_path: Option<PathBuf>,
}

type Observer<'a> = Box<dyn FnMut(&HealEvent) + 'a>;
type BoxedApprover<'a> = Box<dyn FnMut(&Validated<Patch>) -> Option<Approval> + 'a>;

/// Heals breaches of one service in one repository.
///
/// Made by [`Healer::builder`]; see the crate's documentation for an example.
pub struct Healer<'a> {
    settings: Settings,
    repository: PathBuf,
    scratch: PathBuf,
    identity: (String, String),
    environment: &'a mut dyn Environment,
    journal: &'a mut dyn EffectJournal,
    clock: &'a dyn Fn() -> Timestamp,
    observer: Observer<'a>,
    approver: Option<BoxedApprover<'a>>,
    cancel: Cancel,
}

impl std::fmt::Debug for Healer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Healer")
            .field("repository", &self.repository)
            .field("scratch", &self.scratch)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Healer`]. All but the repository, the environment, the journal and the clock have a default.
#[derive(Debug)]
#[must_use]
pub struct HealerBuilder<'a> {
    healer: Healer<'a>,
}

impl<'a> Healer<'a> {
    /// Begins with the repository (the working copy of the service), the service, the journal and the clock.
    pub fn builder(
        repository: impl Into<PathBuf>,
        environment: &'a mut dyn Environment,
        journal: &'a mut dyn EffectJournal,
        clock: &'a dyn Fn() -> Timestamp,
    ) -> HealerBuilder<'a> {
        let repository = repository.into();
        HealerBuilder {
            healer: Self {
                scratch: std::env::temp_dir().join("shape-heal"),
                repository,
                settings: Settings {
                    mode: Mode::default(),
                    policy: Policy::default(),
                    recipes: RecipeBook::default(),
                    remote: "origin".to_owned(),
                    branch: "main".to_owned(),
                    judgement: Judgement::default(),
                    replay_pairs: 2,
                    replay_seed: 1,
                    max_candidates: 4,
                    max_observations: 3,
                    explore_seed: None,
                    knowledge_path: None,
                    history_path: None,
                },
                identity: ("SHAPE".to_owned(), "shape@localhost".to_owned()),
                environment,
                journal,
                clock,
                observer: Box::new(|_| {}),
                approver: None,
                cancel: Cancel::new(),
            },
        }
    }

    /// Heals a breach, as far as mode and guard rails allow.
    ///
    /// `telemetry` and `lineage` say what is wrong and where; `breached` is the observation that broke the promise,
    /// which new traffic is compared with. What was tried, refused, deployed and learned is in the report; an error
    /// means that healing itself could not work (no git, a dirty repository, a journal that can not be written).
    ///
    /// The local working copy is never touched: all work happens in throw-away worktrees, and only branches named
    /// `shape/heal-…` and remote-tracking branches are written in the local repository. After a deployment the user's
    /// branch is behind its remote, as after anybody's push.
    pub fn heal(
        &mut self,
        breach: &Breach,
        telemetry: &TelemetryReport,
        lineage: &LineageReport,
        breached: &Observation,
    ) -> Result<HealReport, Error> {
        let git = Git::open(&self.repository, &self.identity.0, &self.identity.1)?;
        let changed = git.changed_files()?;
        if !changed.is_empty() {
            return Err(Repr::Dirty {
                dir: git.root().to_owned(),
                files: list(&changed),
            }
            .into());
        }
        let worktrees = WorktreeFolder::open(&git, &self.scratch)?;
        let load = |path: &Option<PathBuf>| path.clone();
        let knowledge = match load(&self.settings.knowledge_path) {
            Some(path) => Knowledge::load(&path)?,
            None => Knowledge::default(),
        };
        let history = match load(&self.settings.history_path) {
            Some(path) => HealHistory::load(&path)?,
            None => HealHistory::default(),
        };
        let fault = Fault::new(breach, telemetry, lineage);
        let began = (self.clock)();
        let report = HealReport {
            schema_version: HealReport::SCHEMA_VERSION,
            breach: Some(breach.id.clone()),
            component: Some(fault.component.clone()),
            signature: fault.signature.clone(),
            anomalies: fault.anomalies.clone(),
            mode: self.settings.mode,
            started_at: began,
            ended_at: began,
            outcome: HealOutcome::Escalated,
            explanation: String::new(),
            candidates: Vec::new(),
            deployment: None,
            verification: None,
            refusals: Vec::new(),
            lessons: Vec::new(),
        };
        let head = git.line(git.root(), &["rev-parse", "HEAD"])?;
        let mut run = Run {
            settings: &self.settings,
            environment: &mut *self.environment,
            journal: &mut *self.journal,
            clock: self.clock,
            observer: &mut *self.observer,
            approver: match &mut self.approver {
                Some(approver) => Some(&mut **approver),
                None => None,
            },
            cancel: self.cancel.clone(),
            git,
            worktrees: &worktrees,
            breach,
            breached,
            fault,
            history,
            knowledge,
            report,
            base: shape_lineage::CommitId::new(&head),
            before: None,
        };
        run.heal()?;
        let mut report = run.report;
        report.ended_at = (self.clock)();
        Ok(report)
    }
}

impl<'a> HealerBuilder<'a> {
    /// How far healing may go; [`Mode::Observe`] by default.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.healer.settings.mode = mode;
        self
    }

    /// The guard rails.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.healer.settings.policy = policy;
        self
    }

    /// The recipes; only the built-in revert by default.
    pub fn recipes(mut self, recipes: RecipeBook) -> Self {
        self.healer.settings.recipes = recipes;
        self
    }

    /// The remote and the branch that are deployed from; `origin` and `main` by default.
    pub fn deploy_to(mut self, remote: &str, branch: &str) -> Self {
        remote.clone_into(&mut self.healer.settings.remote);
        branch.clone_into(&mut self.healer.settings.branch);
        self
    }

    /// The folder for throw-away worktrees. Give each service its own: two runs can not share one.
    pub fn scratch(mut self, folder: impl Into<PathBuf>) -> Self {
        self.healer.scratch = folder.into();
        self
    }

    /// The folder that `knowledge.json` and `history.json` are kept in; without one nothing is remembered, and the
    /// guard rails that count attempts see only this run.
    pub fn state(mut self, folder: &Path) -> Self {
        self.healer.settings.knowledge_path = Some(folder.join("knowledge.json"));
        self.healer.settings.history_path = Some(folder.join("history.json"));
        self
    }

    /// From which effect on a change counts.
    pub fn judgement(mut self, judgement: Judgement) -> Self {
        self.healer.settings.judgement = judgement;
        self
    }

    /// How many pairs of runs are replayed, before and after by turns, and the seed of the first; 2 and 1 by default.
    pub fn replay(mut self, pairs: u32, seed: u64) -> Self {
        self.healer.settings.replay_pairs = pairs;
        self.healer.settings.replay_seed = seed;
        self
    }

    /// At most so many candidates are built and tested; 4 by default.
    pub fn max_candidates(mut self, n: usize) -> Self {
        self.healer.settings.max_candidates = n;
        self
    }

    /// At most so many observations of new traffic before the answer is "too little to say"; 3 by default.
    pub fn max_observations(mut self, n: u32) -> Self {
        self.healer.settings.max_observations = n;
        self
    }

    /// Draws the probabilities of success from their distributions (Thompson sampling) instead of taking their means,
    /// so that a recipe with little experience gets its chance. The same seed draws the same.
    pub fn explore(mut self, seed: u64) -> Self {
        self.healer.settings.explore_seed = Some(seed);
        self
    }

    /// Name and mail address of the commits; `SHAPE <shape@localhost>` by default.
    pub fn identity(mut self, name: &str, mail: &str) -> Self {
        self.healer.identity = (name.to_owned(), mail.to_owned());
        self
    }

    /// Is told of everything that happens.
    pub fn observer(mut self, observer: impl FnMut(&HealEvent) + 'a) -> Self {
        self.healer.observer = Box::new(observer);
        self
    }

    /// Asks a person for leave to deploy where the mode or a guard rail only allows a proposal.
    pub fn approver(
        mut self,
        approver: impl FnMut(&Validated<Patch>) -> Option<Approval> + 'a,
    ) -> Self {
        self.healer.approver = Some(Box::new(approver));
        self
    }

    /// The flag that stops a run at the next safe point.
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.healer.cancel = cancel;
        self
    }

    /// Checks the settings.
    pub fn build(self) -> Result<Healer<'a>, Error> {
        let healer = self.healer;
        let settings = &healer.settings;
        let problem = if settings.replay_pairs == 0 {
            Some("0 replayed pairs prove nothing; give at least 1".to_owned())
        } else if settings.remote.is_empty() || settings.branch.is_empty() {
            Some("the remote and the branch must have a name".to_owned())
        } else if settings.remote.starts_with('-') || settings.branch.starts_with('-') {
            Some("a remote or branch can not begin with `-`".to_owned())
        } else {
            settings
                .policy
                .deny_paths
                .iter()
                .find_map(|pattern| Some((pattern, glob::Pattern::new(pattern).err()?)))
                .map(|(pattern, error)| {
                    format!("`deny_paths`: `{pattern}` is not a path pattern: {error}")
                })
        };
        problem.map_or(Ok(healer), |problem| Err(Repr::Config(problem).into()))
    }
}

/// The first names of a list, and how many more there are.
fn list(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    let more = names.len() - shown.len();
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}
