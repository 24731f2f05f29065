//! From a record to its source: emitter metadata first, then stack frames, then text.

use std::num::NonZeroU32;

use shape_telemetry::SourceLocation;

use crate::{
    EvidenceKind, LogStatement, Query, SourceFile, SourceIndex, SourceRef, Verdict, matcher::Fits,
    target::TargetFit,
};

/// More candidates than this are not an answer.
const MAX_CANDIDATES: usize = 20;

/// Where a record comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The statement, the statements, or why there is none.
    pub verdict: Verdict,
    /// How sure, in 0..=1: it orders answers, it is not a calibrated probability.
    pub confidence: f64,
    /// The values of the statement's variables in the message, by name where the source names them and by number where
    /// it does not.
    pub variables: Vec<(String, String)>,
}

impl Answer {
    fn unmapped(reason: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Unmapped {
                reason: reason.into(),
            },
            confidence: 0.0,
            variables: Vec::new(),
        }
    }
}

/// Statements that fit a message equally well.
#[derive(Clone, Debug)]
pub struct TextMatch<'i> {
    /// The statements, by path and position; never empty.
    pub statements: Vec<&'i LogStatement>,
    /// Constant characters found in the message, blanks not counted.
    pub literal_chars: u32,
    /// How sure, in 0..=1.
    pub confidence: f64,
    /// The values of the first statement's variables.
    pub variables: Vec<(String, String)>,
}

impl SourceIndex {
    /// Where a record comes from: by the position that it names, else by its stack frames, else by its text.
    pub fn locate(&self, query: &Query<'_>) -> Answer {
        if let Some(location) = query.emitter
            && let Some(answer) = self.by_emitter(query, location)
        {
            return answer;
        }
        if let Some(answer) = self.by_class_and_line(query) {
            return answer;
        }
        for frame in query.frames {
            let files = self.files_at(&frame.path, query.target);
            let places: Vec<SourceRef> = files
                .iter()
                .filter(|file| file.line(frame.line).is_some())
                .map(|file| self.place(file, frame.line))
                .collect();
            if !places.is_empty() {
                let confidence = 0.9 / share(places.len());
                let mut answer = verdict_of(places, EvidenceKind::StackFrame, confidence);
                if let Some(found) = self.match_text(query) {
                    answer.variables = found.variables;
                }
                return answer;
            }
        }
        self.by_text(query)
    }

    /// The statements whose text fits the message best, by the narrowest of level, target and amount of constant text.
    pub fn match_text(&self, query: &Query<'_>) -> Option<TextMatch<'_>> {
        let fits = self
            .matcher()
            .search(self.statements(), query)
            .or_else(|| self.search_without_prefix(query))
            .or_else(|| {
                let left = query
                    .eliminates
                    .then(|| self.matcher().eliminate(self.statements(), query));
                left.flatten()
            })?;
        let mut statements: Vec<&LogStatement> = fits
            .statements
            .iter()
            .map(|statement_idx| &self.statements()[*statement_idx])
            .collect();
        // A statement with several texts is still one place.
        statements.dedup_by(|a, b| a.location == b.location);
        Some(TextMatch {
            confidence: confidence(&fits) / share(statements.len()),
            literal_chars: fits.rank.literal_chars,
            statements,
            variables: fits.variables,
        })
    }

    /// Formats that the reader did not know leave spans and targets in the message: `request{id=3}: a::b: text`.
    fn search_without_prefix(&self, query: &Query<'_>) -> Option<Fits> {
        let mut rest = query.message;
        let mut target = query.target;
        loop {
            let (head, tail) = split_prefix(rest)?;
            if head.contains("::") && !head.contains('{') {
                target = target.or(Some(head));
            }
            rest = tail;
            let inner = Query {
                message: rest,
                target,
                ..*query
            };
            let found = self.matcher().search(self.statements(), &inner);
            if found.is_some() {
                return found;
            }
        }
    }

    fn by_text(&self, query: &Query<'_>) -> Answer {
        let Some(found) = self.match_text(query) else {
            return Answer::unmapped(if self.statements().is_empty() {
                "no log statement was found in the source"
            } else {
                "no statement has this text at this level and target"
            });
        };
        if MAX_CANDIDATES < found.statements.len() {
            return Answer::unmapped(format!(
                "{} statements have this text",
                found.statements.len()
            ));
        }
        let places = found
            .statements
            .iter()
            .map(|statement| self.source_ref(statement))
            .collect();
        let evidence = EvidenceKind::Text {
            literal_chars: found.literal_chars,
        };
        Answer {
            variables: found.variables,
            ..verdict_of(places, evidence, found.confidence)
        }
    }

    fn by_emitter(&self, query: &Query<'_>, location: &SourceLocation) -> Option<Answer> {
        let files = self.files_at(&location.path, query.target);
        let mut fitting = Vec::new();
        let mut others = Vec::new();
        for file in files {
            let here = self.statements_of(file.path()).iter().filter(|statement| {
                statement.location.line <= location.line && location.line <= statement.end_line
            });
            let mut here: Vec<&LogStatement> = here.collect();
            // Of statements that hold each other, the one that starts at the line is meant.
            if here
                .iter()
                .any(|statement| statement.location.line == location.line)
            {
                here.retain(|statement| statement.location.line == location.line);
            }
            for statement in here {
                if self.text_fits(statement, query) {
                    fitting.push(self.source_ref(statement));
                } else {
                    others.push(self.source_ref(statement));
                }
            }
            if fitting.is_empty() && others.is_empty() && file.line(location.line).is_some() {
                others.push(self.place(file, location.line));
            }
        }
        let text = self.match_text(query);
        let variables = text
            .as_ref()
            .map(|found| found.variables.clone())
            .unwrap_or_default();
        if !fitting.is_empty() {
            let confidence = 1.0 / share(fitting.len());
            let mut answer = verdict_of(fitting, EvidenceKind::EmitterMetadata, confidence);
            answer.variables = variables;
            return Some(answer);
        }
        // The text stands elsewhere in a file of that name: the source is of another version than the log.
        if let Some(found) = &text {
            let moved: Vec<SourceRef> = found
                .statements
                .iter()
                .filter(|statement| is_suffix(&statement.location.path, &location.path))
                .map(|statement| self.source_ref(statement))
                .collect();
            if !moved.is_empty() && 2 * crate::matcher::MIN_LITERAL_CHARS <= found.literal_chars {
                let evidence = EvidenceKind::Text {
                    literal_chars: found.literal_chars,
                };
                let confidence = 0.8 * found.confidence;
                return Some(Answer {
                    variables,
                    ..verdict_of(moved, evidence, confidence)
                });
            }
        }
        if others.is_empty() {
            return None;
        }
        let confidence = 0.6 / share(others.len());
        Some(verdict_of(
            others,
            EvidenceKind::EmitterMetadata,
            confidence,
        ))
    }

    /// `FastLeaderElection@774` and the like: the target names a class, a field the line in its file.
    ///
    /// Unlike a path that is little to go by: the text has to fit too.
    fn by_class_and_line(&self, query: &Query<'_>) -> Option<Answer> {
        let line: NonZeroU32 = query.fields?.get("line")?.parse().ok()?;
        let class = query.target?.rsplit('.').next()?.split('$').next()?;
        let statements = self
            .files()
            .iter()
            .filter(|file| {
                let name = file.path().rsplit('/').next().unwrap_or_default();
                name.split_once('.').is_some_and(|(stem, _)| stem == class)
            })
            .flat_map(|file| self.statements_of(file.path()))
            .filter(|statement| statement.location.line <= line && line <= statement.end_line)
            .filter(|statement| self.text_fits(statement, query));
        let mut places: Vec<&LogStatement> = statements.collect();
        places.dedup_by(|a, b| a.location == b.location);
        if places.is_empty() {
            return None;
        }
        let confidence = 0.98 / share(places.len());
        let places = places
            .into_iter()
            .map(|place| self.source_ref(place))
            .collect();
        Some(Answer {
            variables: self
                .match_text(query)
                .map_or_else(Vec::new, |found| found.variables),
            ..verdict_of(places, EvidenceKind::EmitterMetadata, confidence)
        })
    }

    fn text_fits(&self, statement: &LogStatement, query: &Query<'_>) -> bool {
        self.statements()
            .binary_search_by(|other| other.location.cmp(&statement.location))
            .is_ok_and(|statement_idx| self.matcher().fits(statement, statement_idx, query))
    }

    /// The files that a path in a log or stack trace may mean: those that agree with it in most of its last parts.
    fn files_at(&self, path: &str, target: Option<&str>) -> Vec<&SourceFile> {
        let path = path.replace('\\', "/");
        if let Some(file) = self.file(&path) {
            return vec![file];
        }
        let mut files: Vec<&SourceFile> = self
            .files()
            .iter()
            .filter(|file| is_suffix(file.path(), &path))
            .collect();
        let longest = files
            .iter()
            .map(|file| file.path().len().min(path.len()))
            .max();
        files.retain(|file| Some(file.path().len().min(path.len())) == longest);
        if 1 < files.len()
            && let Some(target) = target
        {
            let root = |path: &str| path.split("::").next().unwrap_or_default().to_owned();
            let of_target: Vec<&SourceFile> = files
                .iter()
                .copied()
                .filter(|file| root(file.module()) == root(target))
                .collect();
            if !of_target.is_empty() {
                files = of_target;
            }
        }
        files
    }

    /// A line that need not be a log statement.
    fn place(&self, file: &SourceFile, line: NonZeroU32) -> SourceRef {
        let statement = self
            .statements_of(file.path())
            .iter()
            .find(|statement| statement.location.line == line);
        if let Some(statement) = statement {
            return self.source_ref(statement);
        }
        let symbol = file.symbol_at(line);
        let (excerpt_start, excerpt) = file.excerpt(line, line);
        SourceRef {
            location: SourceLocation {
                path: file.path().to_owned(),
                line,
                column: None,
            },
            end_line: line,
            symbol: symbol.map(|(name, _)| name.to_owned()),
            symbol_lines: symbol.map(|(_, lines)| lines),
            level: None,
            template: String::new(),
            excerpt,
            excerpt_start,
            blob: file.blob().to_owned(),
        }
    }
}

fn verdict_of(mut places: Vec<SourceRef>, evidence: EvidenceKind, confidence: f64) -> Answer {
    let verdict = if places.len() == 1 {
        match places.pop() {
            Some(statement) => Verdict::Unique {
                statement,
                evidence,
            },
            None => return Answer::unmapped("no candidate"),
        }
    } else {
        Verdict::Ambiguous {
            candidates: places,
            evidence,
        }
    };
    Answer {
        verdict,
        confidence,
        variables: Vec::new(),
    }
}

/// More constant text, and a target that agrees, make an answer surer.
fn confidence(fits: &Fits) -> f64 {
    let by_text = 1.0 - 0.5 * (-f64::from(fits.rank.literal_chars) / 12.0).exp();
    let by_target = match fits.rank.target {
        TargetFit::Same => 0.99,
        TargetFit::Near => 0.97,
        TargetFit::Related => 0.93,
        TargetFit::Unknown => 0.9,
    };
    let by_level = if fits.rank.has_level_conflict() {
        0.5
    } else {
        1.0
    };
    by_text * by_target * by_level
}

fn share(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX).max(1))
}

/// Whether one path ends with the other, at a border of parts.
fn is_suffix(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_suffix(short)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('/') || short.starts_with('/'))
}

/// What stands before the first `: ` if it is a span or a target, and what follows.
fn split_prefix(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                let tail = &text[at + 1..];
                let head = &text[..at];
                if let Some(rest) = tail.strip_prefix(' ') {
                    return Some((head, rest));
                }
                // Spans are joined without a blank: `a{x=1}:b{y=2}: text`.
                if head.ends_with('}') {
                    return Some((head, tail));
                }
            }
            ' ' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}
