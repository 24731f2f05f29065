//! Pins the log statements of a repository, finds them again after edits, and measures how well that works.
//!
//! ```text
//! cargo run --release --example drift -- pin . --ledger statements.jsonl
//! cargo run --release --example drift -- verify . --ledger statements.jsonl
//! cargo run --release --example drift -- measure REPOSITORY v1.0.0 v1.1.0 v1.2.0
//! ```
//!
//! Exit code 0: all is well, 1: a statement is edited, ambiguous or lost, 2: an error, a broken ledger among them.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use shape_examples::{
    complain, say,
    terminal::{Style, table},
};
use shape_lineage::{Anchor, Drift, Git, Ledger, LedgerEntry, Rung, SourceIndex, TreeHead};

const USAGE: &str = "usage: drift pin REPOSITORY --ledger FILE
       drift verify REPOSITORY --ledger FILE [--head HEAD.json]
       drift measure REPOSITORY TAG TAG… [--verbose]

  pin      adds each log statement of the checked-out commit to the ledger and prints its head: keep that elsewhere
  verify   checks the ledger (against the head that you kept), says where each statement stands now, and adds
           a record for each that has moved
  measure  follows each log statement from tag to tag and compares with what `git diff` says of its lines;
           --verbose names those that were not found
exit code: 0 all is well, 1 statements are edited, ambiguous or lost, 2 error";

type Failure = Box<dyn std::error::Error>;

enum Task {
    Pin {
        repository: PathBuf,
        ledger: PathBuf,
    },
    Verify {
        repository: PathBuf,
        ledger: PathBuf,
        head: Option<PathBuf>,
    },
    Measure {
        repository: PathBuf,
        tags: Vec<String>,
        verbose: bool,
    },
}

fn task() -> Result<Option<Task>, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut words = Vec::new();
    let (mut ledger, mut head, mut verbose) = (None, None, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => words.push(word.string()?),
            Long("ledger") => ledger = Some(PathBuf::from(parser.value()?)),
            Long("verbose") => verbose = true,
            Long("head") => head = Some(PathBuf::from(parser.value()?)),
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut words = words.into_iter();
    let verb = words.next().ok_or("say `pin`, `verify` or `measure`")?;
    let repository = PathBuf::from(words.next().ok_or("no repository is named")?);
    let rest: Vec<String> = words.collect();
    if let ("pin" | "verify", Some(word)) = (verb.as_str(), rest.first()) {
        return Err(format!("`{word}` is one word too many for {verb}").into());
    }
    let ledger = || ledger.ok_or("no ledger is named: give --ledger FILE");
    Ok(Some(match verb.as_str() {
        "pin" => Task::Pin {
            repository,
            ledger: ledger()?,
        },
        "verify" => Task::Verify {
            repository,
            ledger: ledger()?,
            head,
        },
        "measure" if rest.len() < 2 => {
            return Err("name two tags at least: the first is pinned, the others compared".into());
        }
        "measure" => Task::Measure {
            repository,
            tags: rest,
            verbose,
        },
        other => return Err(format!("`{other}` is not `pin`, `verify` or `measure`").into()),
    }))
}

fn main() -> ExitCode {
    let result = match task() {
        Ok(None) => {
            say(USAGE);
            Ok(true)
        }
        Ok(Some(Task::Pin { repository, ledger })) => pin(&repository, &ledger),
        Ok(Some(Task::Verify {
            repository,
            ledger,
            head,
        })) => verify(&repository, &ledger, head.as_deref()),
        Ok(Some(Task::Measure {
            repository,
            tags,
            verbose,
        })) => measure(&repository, &tags, verbose),
        Err(error) => Err(format!("{error}\n\n{USAGE}").into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            complain(&format!("drift: {error}"));
            ExitCode::from(2)
        }
    }
}

fn index(git: &Git) -> Result<SourceIndex, Failure> {
    let index = SourceIndex::builder()
        .root(git.folder())
        .base(git.folder())
        .build()?;
    for problem in index.problems() {
        complain(&format!("drift: {problem}"));
    }
    Ok(index)
}

fn pin(repository: &Path, ledger: &Path) -> Result<bool, Failure> {
    let git = Git::open(repository)?;
    let changed = git.changed_paths()?;
    if let Some(path) = changed.first() {
        return Err(format!(
            "`{path}` has changes that are not committed, so that no commit has the statements; commit, then pin"
        )
        .into());
    }
    let commit = git.head()?;
    let index = index(&git)?;
    let anchors: Vec<Anchor> = index
        .statements()
        .iter()
        .filter_map(|statement| Anchor::pin(&index, statement))
        .map(|anchor| anchor.at_commit(commit.clone()))
        .collect();
    let mut ledger = Ledger::open(ledger)?;
    ledger.append_all(&anchors)?;
    complain(&format!(
        "pinned {} statements of {} files at {}; the head of the ledger, to be kept elsewhere:",
        anchors.len(),
        index.files().len(),
        commit.short()
    ));
    say(&serde_json::to_string(&ledger.head())?);
    Ok(true)
}

/// The anchors of a ledger that no other follows, as the newest of their line.
fn newest(text: &str) -> Result<Vec<Anchor>, Failure> {
    let mut anchors: BTreeMap<String, (usize, Anchor)> = BTreeMap::new();
    for (line_idx, line) in text.lines().enumerate() {
        let entry: LedgerEntry = serde_json::from_str(line)?;
        let anchor: Anchor = serde_json::from_value(entry.body).map_err(|error| {
            format!("ledger line {}: no pinned statement: {error}", line_idx + 1)
        })?;
        if let Some(parent) = &anchor.parent {
            anchors.remove(parent);
        }
        anchors.insert(anchor.id(), (line_idx, anchor));
    }
    let mut anchors: Vec<(usize, Anchor)> = anchors.into_values().collect();
    anchors.sort_by_key(|(line_idx, _)| *line_idx);
    Ok(anchors.into_iter().map(|(_, anchor)| anchor).collect())
}

fn verify(repository: &Path, ledger: &Path, head: Option<&Path>) -> Result<bool, Failure> {
    let git = Git::open(repository)?;
    let known: Option<TreeHead> = match head {
        Some(path) => {
            let text = fs::read_to_string(path)
                .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
            Some(serde_json::from_str(&text)?)
        }
        None => None,
    };
    let text = fs::read_to_string(ledger)
        .map_err(|error| format!("cannot read `{}`: {error}", ledger.display()))?;
    shape_lineage::verify_ledger(&text, known.as_ref())?;
    let index = index(&git)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut children = Vec::new();
    for anchor in newest(&text)? {
        let drift = anchor.verify_in(&index, &git)?;
        *counts.entry(drift.state()).or_default() += 1;
        if !matches!(drift, Drift::Pinned | Drift::Current) {
            say(&format!(
                "{} {:?} {drift}",
                anchor.location, anchor.template
            ));
        }
        children.extend(anchor.follow(&index));
    }
    if git.changed_paths()?.is_empty() {
        let commit = git.head()?;
        children = children
            .into_iter()
            .map(|child| child.at_commit(commit.clone()))
            .collect();
    }
    let mut ledger = Ledger::open(ledger)?;
    ledger.append_all(&children)?;
    let counts: Vec<String> = counts
        .iter()
        .map(|(state, n)| format!("{n} {state}"))
        .collect();
    complain(&format!(
        "the ledger is whole; {}; its head:",
        counts.join(", ")
    ));
    say(&serde_json::to_string(&ledger.head())?);
    Ok(!counts.iter().any(|count| {
        ["edited", "ambiguous", "lost"]
            .iter()
            .any(|state| count.ends_with(state))
    }))
}

/// Which lines of the old files `git diff` has in the new ones.
struct LineMap {
    /// By old path: the new path and the hunks, as old start, old length, new start, new length.
    files: HashMap<String, (String, Vec<[u32; 4]>)>,
}

impl LineMap {
    fn new(git: &Git, from: &str, to: &str) -> Result<Self, Failure> {
        let diff = git.run([
            "diff",
            "--no-ext-diff",
            "-U0",
            "-M30%",
            "-l0",
            from,
            to,
            "--",
        ])?;
        let mut files: HashMap<String, (String, Vec<[u32; 4]>)> = HashMap::new();
        let (mut old, mut new) = (String::new(), String::new());
        for line in diff.lines() {
            if line.starts_with("diff --git ") {
                (old, new) = (String::new(), String::new());
            } else if let Some(path) = line.strip_prefix("rename from ") {
                path.clone_into(&mut old);
            } else if let Some(path) = line.strip_prefix("rename to ") {
                path.clone_into(&mut new);
                files.insert(old.clone(), (new.clone(), Vec::new()));
            } else if let Some(path) = line.strip_prefix("--- a/") {
                path.clone_into(&mut old);
            } else if let Some(path) = line.strip_prefix("+++ ") {
                // `/dev/null` for a file that is gone.
                path.strip_prefix("b/")
                    .unwrap_or_default()
                    .clone_into(&mut new);
                files
                    .entry(old.clone())
                    .or_insert((new.clone(), Vec::new()));
            } else if let Some(hunk) = line.strip_prefix("@@ -").and_then(hunk)
                && let Some((_, hunks)) = files.get_mut(&old)
            {
                hunks.push(hunk);
            }
        }
        Ok(Self { files })
    }

    /// Where lines `first..=last` are now; `None` when one of them was changed or removed.
    fn map(&self, path: &str, first: u32, last: u32) -> Option<(&str, u32)> {
        let Some((new_path, hunks)) = self.files.get(path) else {
            return Some(("", first));
        };
        if new_path.is_empty() {
            return None;
        }
        let mut line = i64::from(first);
        for [old_start, old_len, _, new_len] in hunks {
            if *old_len == 0 {
                // Lines are put after `old_start`.
                if *old_start < first {
                    line += i64::from(*new_len);
                } else if *old_start < last {
                    return None;
                }
            } else if old_start + old_len <= first {
                line += i64::from(*new_len) - i64::from(*old_len);
            } else if *old_start <= last {
                return None;
            }
        }
        Some((new_path, u32::try_from(line).ok()?))
    }
}

/// `12,3 +13,4 @@ …`: a length that is left out is 1.
fn hunk(text: &str) -> Option<[u32; 4]> {
    let (old, rest) = text.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let side = |text: &str| {
        let (start, len) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, len.parse().ok()?))
    };
    let ((old_start, old_len), (new_start, new_len)) = (side(old)?, side(new)?);
    Some([old_start, old_len, new_start, new_len])
}

/// What became of the statements of one tag in the next.
#[derive(Default)]
struct Tally {
    n: u32,
    same_line: u32,
    unchanged: u32,
    by_rung: BTreeMap<Rung, u32>,
    edited: u32,
    ambiguous: u32,
    lost: u32,
    agree: u32,
    conflict: u32,
    abstained: u32,
    unjudged: u32,
}

fn measure(repository: &Path, tags: &[String], verbose: bool) -> Result<bool, Failure> {
    let git = Git::open(repository)?;
    let scratch = tempfile::tempdir()?;
    let checkout = |tag: &str| -> Result<SourceIndex, Failure> {
        let folder = scratch.path().join("tree");
        let tree = git.worktree_add(&folder, tag)?;
        let index = index(&tree);
        git.worktree_remove(&folder)?;
        index
    };
    let mut rows = Vec::new();
    let mut before = checkout(&tags[0])?;
    let mut has_conflicts = false;
    for pair in tags.windows(2) {
        let [from, to] = pair else { continue };
        let after = checkout(to)?;
        let lines = LineMap::new(&git, from, to)?;
        let tally = tally(&before, &after, &lines, verbose);
        has_conflicts |= 0 < tally.conflict;
        rows.push(tally.row(from, to));
        before = after;
    }
    say(table(
        &HEADER,
        &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        &rows,
        Style::stdout(),
    )
    .trim_end());
    say(
        "found: at the same line, or by a rung of the ladder; git diff: agrees / contradicts / has it where we abstain / has it not",
    );
    Ok(!has_conflicts)
}

const HEADER: [&str; 12] = [
    "from",
    "to",
    "pinned",
    "found",
    "same line",
    "context",
    "function",
    "ordinal",
    "file",
    "tree",
    "edited/ambig./lost",
    "git diff",
];

fn tally(before: &SourceIndex, after: &SourceIndex, lines: &LineMap, verbose: bool) -> Tally {
    let mut tally = Tally::default();
    for statement in before.statements() {
        let Some(anchor) = Anchor::pin(before, statement) else {
            continue;
        };
        tally.n += 1;
        let at = &anchor.location;
        let drift = anchor.verify(after);
        let found = match &drift {
            Drift::Pinned | Drift::Current => {
                tally.unchanged += 1;
                Some(at)
            }
            Drift::Moved { to, rung, .. } => {
                *tally.by_rung.entry(*rung).or_default() += 1;
                Some(to)
            }
            Drift::Edited { .. } => {
                tally.edited += 1;
                None
            }
            Drift::Ambiguous { .. } => {
                tally.ambiguous += 1;
                None
            }
            _ => {
                tally.lost += 1;
                None
            }
        };
        tally.same_line +=
            u32::from(found.is_some_and(|to| to.path == at.path && to.line == at.line));
        match (
            found,
            lines.map(&at.path, at.line.get(), anchor.end_line.get()),
        ) {
            (Some(to), Some((path, line))) => {
                let path = if path.is_empty() { &at.path } else { path };
                if (to.path.as_str(), to.line.get()) == (path, line) {
                    tally.agree += 1;
                } else {
                    tally.conflict += 1;
                    complain(&format!(
                        "conflict: {at} {:?}: we say {to}, git diff {path}:{line}",
                        anchor.template
                    ));
                }
            }
            (None, Some((path, line))) => {
                tally.abstained += 1;
                if verbose {
                    complain(&format!(
                        "{at} {:?} {drift:?}: git diff has {path}:{line}",
                        anchor.template
                    ));
                }
            }
            (found, None) => {
                tally.unjudged += 1;
                if found.is_none() && verbose {
                    complain(&format!("{at} {:?} {drift:?}", anchor.template));
                }
            }
        }
    }
    tally
}

impl Tally {
    fn row(&self, from: &str, to: &str) -> Vec<String> {
        let rung = |rung| self.by_rung.get(&rung).copied().unwrap_or_default();
        let found = self.n - self.edited - self.ambiguous - self.lost;
        let share = 100.0 * f64::from(found) / f64::from(self.n.max(1));
        vec![
            from.to_owned(),
            to.to_owned(),
            self.n.to_string(),
            format!("{found} ({share:.1} %)"),
            self.same_line.to_string(),
            (self.unchanged + rung(Rung::Context)).to_string(),
            rung(Rung::Function).to_string(),
            rung(Rung::Ordinal).to_string(),
            rung(Rung::File).to_string(),
            rung(Rung::Tree).to_string(),
            format!("{}/{}/{}", self.edited, self.ambiguous, self.lost),
            format!(
                "{}/{}/{}/{}",
                self.agree, self.conflict, self.abstained, self.unjudged
            ),
        ]
    }
}
