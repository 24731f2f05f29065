//! Which commits may have brought what a traced line reports.

use std::{collections::BTreeMap, num::NonZeroU32};

use crate::{
    CommitId, Error, Git, SourceIndex, SourceRef, SuspectCommit,
    git::Commit,
    tokens::{n_changed, same_behaviour, same_tokens},
};

/// Reports carry no more suspects than this.
const MAX_SUSPECTS: usize = 20;

/// How near to the traced line a commit changed the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Folder,
    File,
    Function,
    Statement,
}

#[derive(Debug)]
struct Finding {
    commit: Commit,
    nearness: Nearness,
    kept: Kept,
    /// Tokens changed in the function, or in the statement without one.
    n_changed: usize,
}

/// The commits that may have brought what `place` reports, most suspect first.
///
/// Candidates are the commits that changed the statement or its function, by `git log -L` at `revision`, and, where a
/// `baseline` revision is known to be good, the commits since then that changed the same file or folder. Reformatting
/// does not hide the commit behind it: changes that keep every token rank last, and those that keep every call, operator
/// and constant (renames) rank low. So do commits that healing made, and the root.
///
/// # Errors
/// When a revision does not exist or git fails. A place that `revision` does not have (a file not yet committed) has no
/// suspects, which is no error.
pub fn suspects(
    git: &Git,
    place: &SourceRef,
    revision: &str,
    baseline: Option<&str>,
) -> Result<Vec<SuspectCommit>, Error> {
    let mut history = History {
        git,
        found: BTreeMap::new(),
        order: Vec::new(),
    };
    let Some((path, content)) = committed(git, revision, &place.location.path)? else {
        return Ok(Vec::new());
    };
    let lines = place_in(place, &path, &content);
    if let Some(lines) = lines {
        // The function first: a reformat moves tokens over the border of a statement's lines, seldom over a function's.
        if let Some(symbol) = lines.symbol {
            history.add_lines(revision, &path, symbol, Nearness::Function)?;
        }
        history.add_lines(revision, &path, lines.statement, Nearness::Statement)?;
    }
    let baseline = baseline
        .map(|baseline| git.rev_parse(baseline))
        .transpose()?;
    let mut since = Vec::new();
    if let Some(baseline) = &baseline {
        let range = format!("{baseline}..{revision}");
        since = git
            .log_paths(&range, &[])?
            .into_iter()
            .map(|commit| commit.id)
            .collect();
        for commit in git.log_paths(&range, &[&path])? {
            history.add_file(commit, &path, Nearness::File)?;
        }
        if let Some((folder, _)) = path.rsplit_once('/') {
            for commit in git.log_paths(&range, &[folder])? {
                history.add_file(commit, folder, Nearness::Folder)?;
            }
        }
    }
    Ok(history.ranked(baseline.as_ref(), &since))
}

/// What a change leaves as it was.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    tokens: bool,
    /// Calls, operators and constants.
    behaviour: bool,
}

impl Kept {
    fn of(path: &str, before: &str, after: &str) -> Self {
        let tokens = same_tokens(path, before, after);
        Self {
            tokens,
            behaviour: tokens || !before.is_empty() && same_behaviour(path, before, after),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            tokens: self.tokens || other.tokens,
            behaviour: self.behaviour || other.behaviour,
        }
    }
}

struct History<'a> {
    git: &'a Git,
    found: BTreeMap<CommitId, Finding>,
    /// As found, newest first for each way of looking.
    order: Vec<CommitId>,
}

impl History<'_> {
    fn add_lines(
        &mut self,
        revision: &str,
        path: &str,
        (start, end): (NonZeroU32, NonZeroU32),
        nearness: Nearness,
    ) -> Result<(), Error> {
        for change in self.git.log_line_range(revision, path, start, end)? {
            let mut kept = Kept::of(path, &change.before, &change.after);
            if !kept.tokens && !change.before.is_empty() {
                // A reformat may move tokens over the border of the range; the whole file tells.
                kept = kept.or(self.kept_in_file(&change.commit, &change.path)?);
            }
            let n_changed = n_changed(path, &change.before, &change.after);
            self.add(Finding {
                commit: change.commit,
                nearness,
                kept,
                n_changed,
            });
        }
        Ok(())
    }

    fn add_file(&mut self, commit: Commit, path: &str, nearness: Nearness) -> Result<(), Error> {
        if self.found.contains_key(&commit.id) {
            return Ok(());
        }
        let kept = match nearness {
            Nearness::Folder => Kept::default(),
            _ => self.kept_in_file(&commit, path)?,
        };
        self.add(Finding {
            commit,
            nearness,
            kept,
            n_changed: 0,
        });
        Ok(())
    }

    fn add(&mut self, finding: Finding) {
        if let Some(known) = self.found.get_mut(&finding.commit.id) {
            known.nearness = known.nearness.max(finding.nearness);
            known.n_changed = known.n_changed.max(finding.n_changed);
        } else {
            self.order.push(finding.commit.id.clone());
            self.found.insert(finding.commit.id.clone(), finding);
        }
    }

    /// What a commit leaves as it was in a whole file.
    fn kept_in_file(&self, commit: &Commit, path: &str) -> Result<Kept, Error> {
        let Some(parent) = commit.parents.first() else {
            return Ok(Kept::default());
        };
        let before = self.git.show(parent.as_str(), path)?;
        let after = self.git.show(commit.id.as_str(), path)?;
        let (Some(before), Some(after)) = (before, after) else {
            return Ok(Kept::default());
        };
        let (before, after) = (
            String::from_utf8_lossy(&before),
            String::from_utf8_lossy(&after),
        );
        Ok(Kept::of(path, &before, &after))
    }

    fn ranked(mut self, baseline: Option<&CommitId>, since: &[CommitId]) -> Vec<SuspectCommit> {
        let mut findings: Vec<Finding> = std::mem::take(&mut self.order)
            .iter()
            .filter_map(|id| self.found.remove(id))
            .collect();
        // Newest first; commits of the same second stay in the order of the history.
        let position = |id: &CommitId| since.iter().position(|other| other == id);
        findings.sort_by(|a, b| {
            b.commit.time.cmp(&a.commit.time).then_with(|| {
                let (a, b) = (position(&a.commit.id), position(&b.commit.id));
                a.unwrap_or(usize::MAX).cmp(&b.unwrap_or(usize::MAX))
            })
        });
        let n = findings.len();
        let mut suspects: Vec<SuspectCommit> = findings
            .into_iter()
            .enumerate()
            .map(|(newest_idx, finding)| {
                let since_baseline = since.contains(&finding.commit.id);
                let newness = share(n - newest_idx, n);
                finding.judge(baseline.is_some(), since_baseline, newness)
            })
            .collect();
        suspects.sort_by(|a, b| b.score.total_cmp(&a.score));
        suspects.truncate(MAX_SUSPECTS);
        suspects
    }
}

impl Finding {
    fn judge(self, has_baseline: bool, since_baseline: bool, newness: f64) -> SuspectCommit {
        let mut score = match (self.nearness, has_baseline, since_baseline) {
            (Nearness::Statement, true, true) => 0.85,
            (Nearness::Function, true, true) => 0.8,
            (Nearness::Statement, true, false) => 0.25,
            (Nearness::Function, true, false) => 0.2,
            (Nearness::Statement, false, _) => 0.6,
            (Nearness::Function, false, _) => 0.55,
            (Nearness::File, ..) => 0.45,
            (Nearness::Folder, ..) => 0.15,
        };
        score += 0.1 * share(self.n_changed, self.n_changed + 20);
        if !has_baseline {
            score += 0.1 * newness;
        }
        let mut words = vec![match self.nearness {
            Nearness::Statement => "changed the traced statement",
            Nearness::Function => "changed the function around the traced statement",
            Nearness::File => "changed the same file",
            Nearness::Folder => "changed a file in the same folder",
        }];
        if has_baseline {
            words.push(if since_baseline {
                "since the baseline"
            } else {
                "before the baseline"
            });
        }
        let is_root = self.commit.parents.is_empty();
        let is_ours = self
            .commit
            .trailers()
            .iter()
            .any(|(key, _)| key.starts_with("Shape-"));
        if self.kept.tokens {
            score *= 0.1;
            words.push("but kept every token (a reformat)");
        } else if self.kept.behaviour {
            score *= 0.4;
            words.push("but kept every call, operator and constant (a rename)");
        }
        if is_ours {
            score *= 0.1;
            words.push("but was made by healing (it carries a `Shape-` trailer)");
        }
        if is_root {
            score *= 0.2;
            words.push("as the first commit, which can not be reverted");
        }
        SuspectCommit {
            reason: words.join(" "),
            summary: self.commit.summary,
            author: self.commit.author,
            time: self.commit.time,
            id: self.commit.id,
            is_root,
            only_whitespace: self.kept.tokens,
            since_baseline,
            score: score.clamp(0.0, 1.0),
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    let float = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 {
        0.0
    } else {
        float(part) / float(whole)
    }
}

/// The file of `revision` that a path means, and its content. A path that is relative to a folder inside the repository
/// is found by its end, if that is unmistakable.
fn committed(git: &Git, revision: &str, path: &str) -> Result<Option<(String, String)>, Error> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if let Some(content) = git.show(revision, path)? {
        return Ok(Some((path.to_owned(), text(content))));
    }
    let output = git.run(["ls-tree", "-r", "-z", "--name-only", revision])?;
    let listing = String::from_utf8_lossy(&output.stdout);
    let end = format!("/{path}");
    let mut matches = listing.split('\0').filter(|name| name.ends_with(&end));
    let (Some(found), None) = (matches.next(), matches.next()) else {
        return Ok(None);
    };
    let content = git.show(revision, found)?;
    Ok(content.map(|content| (found.to_owned(), text(content))))
}

/// First and last line.
type Lines = (NonZeroU32, NonZeroU32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PlaceLines {
    statement: Lines,
    symbol: Option<Lines>,
}

/// The lines of `place` in a file's committed content, which may differ from the working tree's.
fn place_in(place: &SourceRef, path: &str, content: &str) -> Option<PlaceLines> {
    let as_given = PlaceLines {
        statement: (place.location.line, place.end_line),
        symbol: place.symbol_lines,
    };
    if crate::blob_id(content.as_bytes()) == place.blob {
        return Some(as_given);
    }
    let index = SourceIndex::from_sources([(path, content)]);
    let file = index.file(path)?;
    let moved = index
        .statements()
        .iter()
        .filter(|statement| !place.template.is_empty() && statement.template() == place.template)
        .min_by_key(|statement| {
            let line = statement.location.line.get();
            let is_elsewhere = statement.symbol_tail() != place.symbol.as_deref().map(tail);
            (is_elsewhere, line.abs_diff(place.location.line.get()))
        });
    if let Some(statement) = moved {
        return Some(PlaceLines {
            statement: (statement.location.line, statement.end_line),
            symbol: statement.symbol_lines,
        });
    }
    // Not a log statement: the nearest line with the same text.
    let n_above = place.location.line.get() - place.excerpt_start.get();
    let wanted = place
        .excerpt
        .lines()
        .nth(usize::try_from(n_above).ok()?)?
        .trim();
    let line = (1_u32..)
        .map_while(NonZeroU32::new)
        .map_while(|line| Some((line, file.line(line)?)))
        .filter(|(_, text)| !wanted.is_empty() && text.trim() == wanted)
        .map(|(line, _)| line)
        .min_by_key(|line| line.get().abs_diff(place.location.line.get()))?;
    Some(PlaceLines {
        statement: (line, line),
        symbol: file.symbol_at(line).map(|(_, lines)| lines),
    })
}

fn tail(symbol: &str) -> &str {
    symbol.rsplit([':', '.']).next().unwrap_or(symbol)
}

impl crate::LogStatement {
    fn symbol_tail(&self) -> Option<&str> {
        self.symbol.as_deref().map(tail)
    }
}
