//! Source positions that a record names: by its emitter, by a class and a line, by stack frames.

use std::{borrow::Cow, num::NonZeroU32};

use shape_telemetry::SourceLocation;

use crate::{
    EvidenceKind, Found, Locator, LogStatement, Place, Query, SourceFile, SourceIndex, SourceRef,
    matcher::MIN_LITERAL_CHARS, position::NamedPosition,
};

impl<'i> Locator<'i> {
    /// By a path and a line that the record names.
    ///
    /// In the message they may be part of the text, and of another place than the statement's: the text has to fit.
    pub(crate) fn by_position(
        &mut self,
        query: &Query<'_>,
        position: &NamedPosition<'_>,
    ) -> Option<Found<'i>> {
        let index = self.index;
        let line = position.line;
        let mut rest = *query;
        rest.message = position.rest;
        let text_fits = |file: &SourceFile, statement: &LogStatement| {
            index.text_fits(file, statement, query)
                || position.is_in_text && index.text_fits(file, statement, &rest)
        };
        let mut fitting = Vec::new();
        let mut others = Vec::new();
        for file in index.files_at(position.path, query.target) {
            let here = index
                .statements_in(file)
                .iter()
                .filter(|statement| statement.location.line <= line && line <= statement.end_line);
            let mut here: Vec<&LogStatement> = here.collect();
            // Of statements that hold each other, the one that starts at the line is meant.
            if here.iter().any(|statement| statement.location.line == line) {
                here.retain(|statement| statement.location.line == line);
            }
            // A statement with several texts is still one place.
            here.dedup_by(|a, b| a.location == b.location);
            for statement in here {
                if text_fits(file, statement) {
                    fitting.push(Place::from(statement));
                } else {
                    others.push(Place::from(statement));
                }
            }
            if fitting.is_empty() && others.is_empty() && file.line(line).is_some() {
                others.push(index.place_at(file, line));
            }
        }
        if !fitting.is_empty() {
            return Some(Found::new(fitting, EvidenceKind::EmitterMetadata, 1.0));
        }
        if position.is_in_text {
            return None;
        }
        // The text stands elsewhere in a file of that name: the source is of another version than the log.
        if let Some(found) = self.match_text(query) {
            let moved: Vec<Place<'i>> = found
                .statements
                .iter()
                .filter(|statement| is_suffix(&statement.location.path, position.path))
                .map(|statement| Place::from(*statement))
                .collect();
            if !moved.is_empty() && 2 * MIN_LITERAL_CHARS <= found.literal_chars {
                let evidence = EvidenceKind::Text {
                    literal_chars: found.literal_chars,
                };
                return Some(Found::new(moved, evidence, 0.8 * found.confidence));
            }
        }
        (!others.is_empty()).then(|| Found::new(others, EvidenceKind::EmitterMetadata, 0.6))
    }

    /// `FastLeaderElection@774` and the like: the target names a class, a field the line in its file.
    ///
    /// Unlike a path that is little to go by: the text has to fit too.
    pub(crate) fn by_class_and_line(&self, query: &Query<'_>) -> Option<Found<'i>> {
        let line: NonZeroU32 = query.fields.get("line")?.parse().ok()?;
        let class = query.target?.rsplit('.').next()?.split('$').next()?;
        let index = self.index;
        let mut places: Vec<&LogStatement> = index
            .files_with_stem(class)
            .flat_map(|file| {
                let here = index.statements_in(file).iter();
                here.filter(move |statement| {
                    statement.location.line <= line
                        && line <= statement.end_line
                        && index.text_fits(file, statement, query)
                })
            })
            .collect();
        places.dedup_by(|a, b| a.location == b.location);
        if places.iter().any(|place| place.location.line == line) {
            places.retain(|place| place.location.line == line);
        }
        if places.is_empty() {
            return None;
        }
        let places = places.into_iter().map(Place::from).collect();
        Some(Found::new(places, EvidenceKind::EmitterMetadata, 0.98))
    }

    /// What text and stack frames say together: of several statements the one in a function on the stack, and where no
    /// text is known, or but little, the innermost frame that lies in the source.
    pub(crate) fn with_frames(&self, query: &Query<'_>, mut by_text: Found<'i>) -> Found<'i> {
        let is_strong = matches!(
            by_text.evidence,
            Ok(EvidenceKind::Text { literal_chars }) if 2 * MIN_LITERAL_CHARS <= literal_chars
        );
        if is_strong && by_text.places.len() == 1 {
            return by_text;
        }
        let places = by_text.places.iter();
        let mut on_stack = places.filter(|place| is_on_stack(place, query));
        // A text of a function that the trace goes through, even a short one, says what was logged there.
        if let (Some(place), None) = (on_stack.next(), on_stack.next()) {
            by_text.places = vec![*place];
            by_text.confidence = 0.9;
            return by_text;
        }
        if is_strong {
            return by_text;
        }
        self.by_frames(query).unwrap_or(by_text)
    }

    /// By the innermost stack frame that lies in the source.
    fn by_frames(&self, query: &Query<'_>) -> Option<Found<'i>> {
        let index = self.index;
        query.frames.iter().find_map(|frame| {
            let places: Vec<Place<'i>> = index
                .files_at(&frame.path, query.target)
                .into_iter()
                .filter(|file| file.line(frame.line).is_some())
                .map(|file| index.place_at(file, frame.line))
                .collect();
            (!places.is_empty()).then(|| Found::new(places, EvidenceKind::StackFrame, 0.9))
        })
    }
}

impl SourceIndex {
    fn text_fits(&self, file: &SourceFile, statement: &LogStatement, query: &Query<'_>) -> bool {
        let here = self.statements_in(file);
        let at = |other: &LogStatement| (other.location.line, other.location.column);
        let start = here.partition_point(|other| at(other) < at(statement));
        here[start..]
            .iter()
            .zip(file.statements.start + start..)
            .take_while(|(other, _)| at(other) == at(statement))
            .any(|(other, statement_idx)| self.matcher().fits(other, statement_idx, query))
    }

    /// The files that a path in a log or stack trace may mean: those that agree with it in most of its last parts.
    fn files_at(&self, path: &str, target: Option<&str>) -> Vec<&SourceFile> {
        let path = if path.contains('\\') {
            Cow::Owned(path.replace('\\', "/"))
        } else {
            Cow::Borrowed(path)
        };
        let path = path.as_ref();
        let mut files: Vec<&SourceFile> = self.files_ending_like(path).collect();
        if let Some(file) = files.iter().find(|file| file.path() == path) {
            return vec![file];
        }
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
    fn place_at<'i>(&'i self, file: &'i SourceFile, line: NonZeroU32) -> Place<'i> {
        Place {
            path: file.path(),
            line,
            statement: self
                .statements_in(file)
                .iter()
                .find(|statement| statement.location.line == line),
        }
    }

    /// A place with its excerpt, as reports carry it.
    pub(crate) fn place(&self, place: Place<'_>) -> SourceRef {
        if let Some(statement) = place.statement {
            return self.source_ref(statement);
        }
        let line = place.line;
        let file = self.file(place.path);
        let symbol = file.and_then(|file| file.symbol_at(line));
        let (excerpt_start, excerpt) =
            file.map_or((line, String::new()), |file| file.excerpt(line, line));
        SourceRef {
            location: SourceLocation {
                path: place.path.to_owned(),
                line,
                column: None,
            },
            end_line: line,
            symbol: symbol.map(|(name, _)| name.to_owned()),
            symbol_lines: symbol.map(|(_, lines)| lines),
            level: None,
            emit_sites: Vec::new(),
            template: String::new(),
            excerpt,
            excerpt_start,
            blob: file.map_or_else(String::new, |file| file.blob().to_owned()),
        }
    }
}

/// Whether a frame of the record's stack trace lies in the function of a statement.
fn is_on_stack(place: &Place<'_>, query: &Query<'_>) -> bool {
    let function = place.statement.and_then(|statement| statement.symbol_lines);
    function.is_some_and(|(first, last)| {
        query.frames.iter().any(|frame| {
            first <= frame.line && frame.line <= last && is_suffix(place.path, &frame.path)
        })
    })
}

/// The name of a file up to its first point.
pub(crate) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split_once('.').map_or(name, |(stem, _)| stem)
}

/// The name of a file with the folder that it is in, if there is one.
pub(crate) fn two_last_parts(path: &str) -> Option<&str> {
    let (folders, _) = path.rsplit_once('/')?;
    let start = folders.rfind('/').map_or(0, |before| before + 1);
    (start < folders.len()).then(|| &path[start..])
}

/// Whether one path ends with the other, at a border of parts.
pub(crate) fn is_suffix(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_suffix(short)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('/') || short.starts_with('/'))
}
