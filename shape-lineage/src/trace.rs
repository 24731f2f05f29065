//! From anomalies to source and commits.

use std::collections::BTreeMap;

use shape_telemetry::{Anomaly, Exemplar, TelemetryReport};

#[cfg(feature = "git")]
use crate::{Anchor, CodeOwners, Git};
use crate::{
    Answer, Drift, Error, LineageReport, Query, RepositoryState, SourceIndex, SourceRef,
    SuspectCommit, Trace, TraceCounts, Verdict,
};

/// What tracing takes beside the anomalies and the source.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct TraceOptions<'a> {
    #[cfg(feature = "git")]
    git: Option<&'a Git>,
    revision: Option<&'a str>,
    baseline: Option<&'a str>,
    #[cfg(not(feature = "git"))]
    _git: std::marker::PhantomData<&'a ()>,
}

impl<'a> TraceOptions<'a> {
    /// Without a repository: no commits are suspected.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks for suspect commits in this repository.
    #[cfg(feature = "git")]
    pub fn git(mut self, git: &'a Git) -> Self {
        self.git = Some(git);
        self
    }

    /// The commit that wrote the logs; `HEAD` unless given.
    pub fn revision(mut self, deployed: &'a str) -> Self {
        self.revision = Some(deployed);
        self
    }

    /// The commit that is known to have been healthy: newer commits are more suspect.
    pub fn baseline(mut self, healthy: &'a str) -> Self {
        self.baseline = Some(healthy);
        self
    }
}

/// Traces each anomaly of a report to the source statement that wrote its log lines, and that to commits.
///
/// An anomaly is traced by its exemplars: the answer that most of them give is the answer. Anomalies without log lines
/// (a silent component) are counted as not applicable and have no trace.
///
/// # Errors
/// When git fails or a revision does not exist. What can not be traced is not an error but `Unmapped`.
pub fn trace(
    report: &TelemetryReport,
    index: &SourceIndex,
    options: TraceOptions<'_>,
) -> Result<LineageReport, Error> {
    let mut blame = Blame::new(options)?;
    let mut counts = TraceCounts::default();
    let mut traces = Vec::new();
    for anomaly in report.all_anomalies() {
        let Some((exemplars, answer)) = answer(anomaly, index) else {
            counts.not_applicable += 1;
            continue;
        };
        match &answer.verdict {
            Verdict::Unique { .. } => counts.unique += 1,
            Verdict::Ambiguous { .. } => counts.ambiguous += 1,
            Verdict::Unmapped { .. } => counts.unmapped += 1,
        }
        let background = match &answer.verdict {
            Verdict::Unique { statement, .. } => blame.background(index, statement)?,
            Verdict::Ambiguous { .. } | Verdict::Unmapped { .. } => Background::default(),
        };
        traces.push(Trace {
            anomaly: anomaly.id.clone(),
            component: anomaly.component.clone(),
            positions: exemplars
                .iter()
                .map(|exemplar| exemplar.position.clone())
                .collect(),
            message: exemplars
                .first()
                .map_or_else(String::new, |exemplar| exemplar.message.clone()),
            verdict: answer.verdict,
            confidence: answer.confidence,
            variables: answer.variables,
            drift: background.drift,
            owners: background.owners,
            suspects: background.suspects,
        });
    }
    Ok(LineageReport {
        schema_version: LineageReport::SCHEMA_VERSION,
        repository: blame.repository,
        files_indexed: count(index.files().len()),
        statements_indexed: count(index.statements().len()),
        problems: index.problems().to_vec(),
        counts,
        traces,
    })
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// The answer that most exemplars give, with these exemplars; of equals the first.
fn answer<'r>(anomaly: &'r Anomaly, index: &SourceIndex) -> Option<(Vec<&'r Exemplar>, Answer)> {
    let mut groups: BTreeMap<Vec<String>, (usize, Vec<&Exemplar>, Answer)> = BTreeMap::new();
    for (exemplar_idx, exemplar) in anomaly.exemplars.iter().enumerate() {
        let answer = index.locate(&Query::from(exemplar));
        groups
            .entry(places(&answer.verdict))
            .or_insert_with(|| (exemplar_idx, Vec::new(), answer))
            .1
            .push(exemplar);
    }
    let (_, (_, exemplars, answer)) = groups
        .into_iter()
        // An answer beats none, however many exemplars have none.
        .max_by_key(|(places, (first_idx, exemplars, _))| {
            (
                !places.is_empty(),
                exemplars.len(),
                std::cmp::Reverse(*first_idx),
            )
        })?;
    Some((exemplars, answer))
}

fn places(verdict: &Verdict) -> Vec<String> {
    let places: Vec<&SourceRef> = match verdict {
        Verdict::Unique { statement, .. } => vec![statement],
        Verdict::Ambiguous { candidates, .. } => candidates.iter().collect(),
        Verdict::Unmapped { .. } => Vec::new(),
    };
    places
        .iter()
        .map(|place| place.location.to_string())
        .collect()
}

/// What the repository knows of a statement.
#[derive(Clone, Debug, Default)]
struct Background {
    suspects: Vec<SuspectCommit>,
    owners: Vec<String>,
    drift: Option<Drift>,
}

#[cfg(feature = "git")]
struct Blame<'a> {
    options: TraceOptions<'a>,
    revision: String,
    repository: Option<RepositoryState>,
    owners: CodeOwners,
    /// Several anomalies often lead to one statement.
    known: BTreeMap<String, Background>,
}

#[cfg(feature = "git")]
impl<'a> Blame<'a> {
    fn new(options: TraceOptions<'a>) -> Result<Self, Error> {
        let mut blame = Self {
            options,
            revision: options.revision.unwrap_or("HEAD").to_owned(),
            repository: None,
            owners: CodeOwners::default(),
            known: BTreeMap::new(),
        };
        if let Some(git) = options.git {
            let commit = git.rev_parse(&blame.revision)?;
            commit.as_str().clone_into(&mut blame.revision);
            blame.owners = CodeOwners::of_commit(git, &blame.revision)?.unwrap_or_default();
            blame.repository = Some(RepositoryState {
                url: git.remote_url("origin")?,
                commit,
                is_dirty: !git.changed_paths()?.is_empty(),
            });
        }
        Ok(blame)
    }

    fn background(&mut self, index: &SourceIndex, place: &SourceRef) -> Result<Background, Error> {
        let Some(git) = self.options.git else {
            return Ok(Background::default());
        };
        let key = place.location.to_string();
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let background = Background {
            suspects: crate::suspects(git, place, &self.revision, self.options.baseline)?,
            owners: self.owners.of(&place.location.path),
            drift: drift(git, &self.revision, index, place)?,
        };
        self.known.insert(key, background.clone());
        Ok(background)
    }
}

/// Where the deployed commit has a statement of the searched source.
#[cfg(feature = "git")]
fn drift(
    git: &Git,
    deployed: &str,
    index: &SourceIndex,
    place: &SourceRef,
) -> Result<Option<Drift>, Error> {
    let path = place.location.path.as_str();
    let Some(content) = git.show(deployed, path)? else {
        return Ok(Some(Drift::Lost));
    };
    if crate::blob_id(&content) == place.blob {
        return Ok(Some(Drift::Pinned));
    }
    let anchor = index
        .statement_at(&place.location)
        .and_then(|statement| Anchor::pin(index, statement));
    Ok(anchor.map(|anchor| {
        let text = String::from_utf8_lossy(&content).into_owned();
        anchor.verify(&SourceIndex::from_sources([(path, text)]))
    }))
}

#[cfg(not(feature = "git"))]
struct Blame {
    repository: Option<RepositoryState>,
}

#[cfg(not(feature = "git"))]
impl Blame {
    fn new(_options: TraceOptions<'_>) -> Result<Self, Error> {
        Ok(Self { repository: None })
    }

    fn background(
        &mut self,
        _index: &SourceIndex,
        _place: &SourceRef,
    ) -> Result<Background, Error> {
        Ok(Background::default())
    }
}
