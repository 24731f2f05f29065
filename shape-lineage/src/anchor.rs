//! A statement pinned, and found again after edits.

use std::fmt;

use serde::{Deserialize, Serialize};
use shape_telemetry::{Level, SourceLocation};

use crate::{CommitId, LogStatement, SourceFile, SourceIndex, blob_id};

/// Lines above and below a statement that make up its context.
const CONTEXT_LINES: u32 = 3;

/// What is known of a statement at one commit; enough to find it again in another state of the source.
///
/// An anchor is never changed. When [`verify`](Self::verify) finds the statement elsewhere, [`follow`](Self::follow) gives
/// a new one that names the old one as its parent.
///
/// ```
/// use shape_lineage::{Anchor, Drift, SourceIndex};
///
/// let before = SourceIndex::from_sources([("a.rs", "fn f() {\n    info!(\"ready\");\n}\n")]);
/// let anchor = Anchor::pin(&before, &before.statements()[0]).ok_or("not of this index")?;
///
/// let after = SourceIndex::from_sources([("a.rs", "// New.\nfn f() {\n    info!(\"ready\");\n}\n")]);
/// let Drift::Moved { to, .. } = anchor.verify(&after) else {
///     return Err("not found".into());
/// };
/// assert_eq!(to.line.get(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// The version of this format.
    pub schema_version: u32,
    /// The commit, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// Where the statement starts.
    pub location: SourceLocation,
    /// Its last line.
    pub end_line: std::num::NonZeroU32,
    /// Hash of the file as git stores it.
    pub blob: String,
    /// The enclosing function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The message template.
    pub template: String,
    /// Hash of the statement's lines, blanks joined.
    pub statement_hash: String,
    /// Hash of the statement with the lines around it, blanks joined.
    pub context_hash: String,
    /// How many statements have this very context; where there are several, the context does not tell them apart.
    pub n_in_context: u32,
    /// The place among the statements of the same file, function, level and template, from 0.
    pub ordinal: u32,
    /// How many such statements there are.
    pub n_equal: u32,
    /// The place among all statements of the function, from 0.
    pub place_in_symbol: u32,
    /// How many statements the function has.
    pub n_in_symbol: u32,
    /// The anchor that this one follows, by its [`id`](Self::id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// How a moved statement was found; later rungs are less sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rung {
    /// The statement with the lines around it stood once in the source, and does so now.
    Context,
    /// Its file and function have one statement of this text.
    Function,
    /// Its file and function have as many statements of this text as before; it is the one in the same place.
    Ordinal,
    /// Its file has one statement of this text.
    File,
    /// The source has one statement of this text.
    Tree,
}

/// Where a pinned statement is in another state of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
#[non_exhaustive]
pub enum Drift {
    /// The commit that the anchor names has this very file; so it will be for ever.
    Pinned,
    /// The file is byte for byte as it was.
    Current,
    /// The statement stands elsewhere, or the file around it changed.
    Moved {
        /// Where it stood.
        from: SourceLocation,
        /// Where it stands.
        to: SourceLocation,
        /// How it was found.
        rung: Rung,
    },
    /// Its function has another text in its place.
    Edited {
        /// Where that stands.
        to: SourceLocation,
    },
    /// Several statements may be it.
    Ambiguous {
        /// Where they stand.
        candidates: Vec<SourceLocation>,
    },
    /// There is no such statement.
    Lost,
}

impl Drift {
    /// The state in a word, as JSON has it: `moved` for example.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Current => "current",
            Self::Moved { .. } => "moved",
            Self::Edited { .. } => "edited",
            Self::Ambiguous { .. } => "ambiguous",
            Self::Lost => "lost",
        }
    }
}

/// ```
/// use shape_lineage::Drift;
///
/// let text = r#"{"state": "moved", "from": {"path": "a.rs", "line": 3},
///     "to": {"path": "a.rs", "line": 7}, "rung": "function"}"#;
/// let drift: Drift = serde_json::from_str(text)?;
/// assert_eq!(drift.to_string(), "moved from a.rs:3 to a.rs:7, the only one of its text in its function");
/// assert_eq!(Drift::Pinned.to_string(), "pinned");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.state())?;
        match self {
            Self::Pinned | Self::Current | Self::Lost => Ok(()),
            Self::Moved { from, to, rung } => write!(f, " from {from} to {to}, {rung}"),
            Self::Edited { to } => write!(f, " at {to}"),
            Self::Ambiguous { candidates } => {
                for (index, place) in candidates.iter().enumerate() {
                    f.write_str(if index == 0 { ": one of " } else { ", " })?;
                    place.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Context => "with the lines around it",
            Self::Function => "the only one of its text in its function",
            Self::Ordinal => "by its place among those of its text in its function",
            Self::File => "the only one of its text in its file",
            Self::Tree => "the only one of its text in the source",
        })
    }
}

impl Anchor {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// Pins a statement of an index; `None` when it is of another.
    pub fn pin(index: &SourceIndex, statement: &LogStatement) -> Option<Self> {
        let file = index.file(&statement.location.path)?;
        let template = statement.template();
        let equal = same_key(index, statement, &template);
        let context_hash = hash_lines(file, statement, CONTEXT_LINES);
        let in_context = index
            .statements_saying(statement.level, &template)
            .filter(|other| has_context(index, other, &context_hash));
        let place = |statements: &[&LogStatement]| {
            let at = statements.iter().position(|other| *other == statement)?;
            u32::try_from(at).ok()
        };
        let in_symbol = of_symbol(index, statement);
        Some(Self {
            schema_version: Self::SCHEMA_VERSION,
            commit: None,
            location: statement.location.clone(),
            end_line: statement.end_line,
            blob: file.blob().to_owned(),
            symbol: statement.symbol.clone(),
            level: statement.level,
            statement_hash: hash_lines(file, statement, 0),
            n_in_context: u32::try_from(in_context.count()).unwrap_or(u32::MAX),
            context_hash,
            template,
            ordinal: place(&equal)?,
            n_equal: n(&equal),
            place_in_symbol: place(&in_symbol)?,
            n_in_symbol: n(&in_symbol),
            parent: None,
        })
    }

    /// Says of which commit the source was.
    #[must_use]
    pub fn at_commit(mut self, commit: CommitId) -> Self {
        self.commit = Some(commit);
        self
    }

    /// Says which anchor this one follows.
    #[must_use]
    pub fn following(mut self, parent: &Self) -> Self {
        self.parent = Some(parent.id());
        self
    }

    /// A hash of all that the anchor says.
    pub fn id(&self) -> String {
        // The members are written in the order of the type, so that equal anchors have equal ids.
        let text = serde_json::to_vec(self).unwrap_or_default();
        blob_id(&text)
    }

    /// Whether the commit that the anchor names has the file as it was pinned: then the anchor is right for ever.
    ///
    /// # Errors
    /// When git fails, or does not have the commit.
    #[cfg(feature = "git")]
    pub fn is_pinned(&self, git: &crate::Git) -> Result<bool, crate::Error> {
        let Some(commit) = &self.commit else {
            return Ok(false);
        };
        let content = git.show(commit.as_str(), &self.location.path)?;
        Ok(content.is_some_and(|content| blob_id(&content) == self.blob))
    }

    /// Where the statement is in another state of the source; `Pinned` where that state is the anchor's own commit.
    ///
    /// # Errors
    /// When git fails, or does not have the anchor's commit.
    #[cfg(feature = "git")]
    pub fn verify_in(&self, index: &SourceIndex, git: &crate::Git) -> Result<Drift, crate::Error> {
        let drift = self.verify(index);
        let is_here = drift == Drift::Current && self.commit.as_ref() == Some(&git.head()?);
        Ok(if is_here && self.is_pinned(git)? {
            Drift::Pinned
        } else {
            drift
        })
    }

    /// Where the statement is in another state of the source.
    pub fn verify(&self, index: &SourceIndex) -> Drift {
        if index
            .file(&self.location.path)
            .is_some_and(|file| file.blob() == self.blob)
        {
            return Drift::Current;
        }
        let all: Vec<&LogStatement> = index
            .statements_saying(self.level, &self.template)
            .collect();
        let of_file: Vec<&LogStatement> = all
            .iter()
            .copied()
            .filter(|statement| statement.location.path == self.location.path)
            .collect();
        let of_function: Vec<&LogStatement> = of_file
            .iter()
            .copied()
            .filter(|statement| statement.symbol == self.symbol)
            .collect();
        let in_context: Vec<&LogStatement> = all
            .iter()
            .copied()
            .filter(|statement| has_context(index, statement, &self.context_hash))
            .collect();
        let moved = |to: &LogStatement, rung| Drift::Moved {
            from: self.location.clone(),
            to: to.location.clone(),
            rung,
        };
        let by_place = usize::try_from(self.ordinal)
            .ok()
            .filter(|_| n(&of_function) == self.n_equal)
            .and_then(|at| of_function.get(at).copied());
        if let [to] = in_context.as_slice()
            && self.n_in_context == 1
        {
            // One of a row of equals is gone: around the next one stand the same lines now.
            if n(&of_function) < self.n_equal && has_like(index, to, &of_function) {
                return ambiguous(&of_function);
            }
            // Blocks that changed places: the lines around say one, the order the other.
            return match by_place {
                Some(other) if other != *to && of_function.contains(to) => ambiguous(&[to, other]),
                _ => moved(to, Rung::Context),
            };
        }
        // Of several, as many as before: a copy of the file elsewhere does not shift the count.
        match (by_place, of_function.as_slice()) {
            (Some(to), [_]) => return moved(to, Rung::Function),
            (Some(to), _) => return moved(to, Rung::Ordinal),
            (None, []) => {}
            (None, several) => return ambiguous(several),
        }
        match (of_file.as_slice(), all.as_slice()) {
            ([to], _) => return moved(to, Rung::File),
            ([], [to]) => return moved(to, Rung::Tree),
            ([], []) => {}
            ([], several) | (several, _) => return ambiguous(several),
        }
        self.edited(index)
    }

    /// The statement pinned where [`verify`](Self::verify) finds it now, with this anchor as the parent; `None` unless
    /// it has moved.
    pub fn follow(&self, index: &SourceIndex) -> Option<Self> {
        let Drift::Moved { to, .. } = self.verify(index) else {
            return None;
        };
        let statement = index.statement_at(&to)?;
        Some(Self::pin(index, statement)?.following(self))
    }

    /// Another text in the same place of the same function.
    fn edited(&self, index: &SourceIndex) -> Drift {
        let in_symbol: Vec<&LogStatement> = index
            .statements_of(&self.location.path)
            .iter()
            .filter(|statement| self.symbol.is_some() && statement.symbol == self.symbol)
            .collect();
        let at = usize::try_from(self.place_in_symbol).unwrap_or(usize::MAX);
        match in_symbol.get(at) {
            Some(to) if n(&in_symbol) == self.n_in_symbol => Drift::Edited {
                to: to.location.clone(),
            },
            _ => Drift::Lost,
        }
    }
}

fn n(statements: &[&LogStatement]) -> u32 {
    u32::try_from(statements.len()).unwrap_or(u32::MAX)
}

fn ambiguous(statements: &[&LogStatement]) -> Drift {
    Drift::Ambiguous {
        candidates: statements
            .iter()
            .map(|statement| statement.location.clone())
            .collect(),
    }
}

fn of_symbol<'i>(index: &'i SourceIndex, statement: &LogStatement) -> Vec<&'i LogStatement> {
    index
        .statements_of(&statement.location.path)
        .iter()
        .filter(|other| other.symbol == statement.symbol)
        .collect()
}

fn has_context(index: &SourceIndex, statement: &LogStatement, hash: &str) -> bool {
    index
        .file(&statement.location.path)
        .is_some_and(|file| hash_lines(file, statement, CONTEXT_LINES) == hash)
}

/// Whether one of the other statements stands among the lines around a statement.
fn has_like(index: &SourceIndex, statement: &LogStatement, others: &[&LogStatement]) -> bool {
    let Some(file) = index.file(&statement.location.path) else {
        return false;
    };
    let here = statement.location.line;
    others.iter().any(|other| {
        let (first, last) = (here.min(other.location.line), here.max(other.location.line));
        let is_text = |line: &u32| {
            std::num::NonZeroU32::new(*line)
                .and_then(|line| file.line(line))
                .is_some_and(|text| !text.trim().is_empty())
        };
        let between = (first.get() + 1..=last.get()).filter(is_text);
        let limit = usize::try_from(CONTEXT_LINES).unwrap_or_default();
        first != last && between.take(limit + 1).count() <= limit
    })
}

fn same_key<'i>(
    index: &'i SourceIndex,
    statement: &LogStatement,
    template: &str,
) -> Vec<&'i LogStatement> {
    let mut equal = of_symbol(index, statement);
    equal.retain(|other| other.level == statement.level && other.template() == template);
    equal
}

/// A hash of a statement's lines and so many lines around, blanks joined and blank lines left out.
fn hash_lines(file: &SourceFile, statement: &LogStatement, n_around: u32) -> String {
    let words = |line: u32| {
        let line = std::num::NonZeroU32::new(line)?;
        let words: Vec<&str> = file.line(line)?.split_whitespace().collect();
        Some(words.join(" "))
    };
    let around = usize::try_from(n_around).unwrap_or_default();
    let mut above: Vec<String> = (1..statement.location.line.get())
        .rev()
        .map_while(words)
        .filter(|line| !line.is_empty())
        .take(around)
        .collect();
    above.reverse();
    let own = (statement.location.line.get()..=statement.end_line.get()).filter_map(words);
    let below = (statement.end_line.get() + 1..)
        .map_while(words)
        .filter(|line| !line.is_empty())
        .take(around);
    let text: Vec<String> = above.into_iter().chain(own).chain(below).collect();
    blob_id(text.join("\n").as_bytes())
}
