//! From a record to its source: emitter metadata first, then stack frames, then text.

use std::{borrow::Cow, collections::BTreeSet, num::NonZeroU32};

use shape_telemetry::SourceLocation;

#[cfg(feature = "javascript")]
use crate::position::NamedPosition;
use crate::{
    EvidenceKind, LogStatement, Query, SourceIndex, SourceRef, Verdict,
    matcher::{Fits, Scratch},
    position::named_position,
    target::TargetFit,
};
#[cfg(feature = "java")]
use crate::{
    exception::{may_catch, thrown_in},
    extract::Beneath,
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
    /// Where the records were written, if the statements are calls of a logging wrapper: the log calls in the wrapper,
    /// which a runtime would name. The statements themselves are the callers.
    pub emit_sites: Vec<SourceLocation>,
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

/// Where a record comes from, without excerpt and variables: what is needed to count and list answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<'i> {
    /// The places that fit equally well: none is unmapped, one is unique, several are ambiguous.
    pub places: Vec<Place<'i>>,
    /// How they were found, or why there is none.
    pub evidence: Result<EvidenceKind, Cow<'static, str>>,
    /// How sure, in 0..=1.
    pub confidence: f64,
}

/// A line of source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place<'i> {
    /// The path as the index names it.
    pub path: &'i str,
    /// The line, from 1.
    pub line: NonZeroU32,
    /// The log statement that starts there, if one does.
    pub statement: Option<&'i LogStatement>,
}

impl<'i> From<&'i LogStatement> for Place<'i> {
    fn from(statement: &'i LogStatement) -> Self {
        Self {
            path: &statement.location.path,
            line: statement.location.line,
            statement: Some(statement),
        }
    }
}

impl<'i> Found<'i> {
    fn unmapped(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            places: Vec::new(),
            evidence: Err(reason.into()),
            confidence: 0.0,
        }
    }

    /// Equals share the confidence.
    pub(crate) fn new(places: Vec<Place<'i>>, evidence: EvidenceKind, confidence: f64) -> Self {
        Self {
            confidence: confidence / share(places.len()),
            places,
            evidence: Ok(evidence),
        }
    }
}

/// Looks up many records in an index, faster than [`SourceIndex::locate`] does one: it keeps memory and what it learned
/// of targets from one record to the next. Answers do not depend on the records before.
///
/// ```
/// use shape_lineage::{Locator, Query, SourceIndex};
///
/// let index = SourceIndex::from_sources([(
///     "src/main.rs",
///     r#"fn main() { log::info!("listening on {addr}") }"#,
/// )]);
/// let mut locator = Locator::new(&index);
/// let found = locator.find(&Query::message("listening on 127.0.0.1:80"));
/// assert_eq!(found.places[0].line.get(), 1);
/// ```
#[derive(Debug)]
pub struct Locator<'i> {
    pub(crate) index: &'i SourceIndex,
    scratch: Scratch,
}

impl<'i> Locator<'i> {
    /// A locator of an index's statements.
    pub fn new(index: &'i SourceIndex) -> Self {
        Self {
            index,
            scratch: Scratch::default(),
        }
    }

    /// Where a record comes from: by the position that it names, else by its stack frames, else by its text.
    pub fn find(&mut self, query: &Query<'_>) -> Found<'i> {
        #[cfg(feature = "javascript")]
        if let Some(frames) = self.index.originals(query.frames) {
            return self.find_mapped(&query.frames(&frames));
        }
        self.find_mapped(query)
    }

    /// Where a record comes from whose frames are those of the sources.
    fn find_mapped(&mut self, query: &Query<'_>) -> Found<'i> {
        let position = named_position(query);
        #[cfg(feature = "javascript")]
        let original = position.and_then(|position| self.index.original_of(&position));
        #[cfg(feature = "javascript")]
        let position = match (position, &original) {
            (Some(position), Some(place)) => Some(NamedPosition {
                path: &place.path,
                line: place.line,
                ..position
            }),
            (position, _) => position,
        };
        if let Some(position) = position
            && let Some(found) = self.by_position(query, &position)
        {
            return found;
        }
        if let Some(found) = self.by_class_and_line(query) {
            return found;
        }
        let by_text = self.by_text(query);
        #[cfg(feature = "java")]
        let by_text = self.by_exception(query, by_text);
        if query.frames.is_empty() {
            return by_text;
        }
        // The frames lead to where something failed; the statement that says so is another, if its text is known.
        self.with_frames(query, by_text)
    }

    /// The same with excerpts and the values of variables.
    pub fn locate(&mut self, query: &Query<'_>) -> Answer {
        let found = self.find(query);
        let index = self.index;
        let mut places: Vec<SourceRef> = found
            .places
            .iter()
            .map(|place| index.place(*place))
            .collect();
        let evidence = match found.evidence {
            Ok(evidence) => evidence,
            Err(reason) => {
                return Answer {
                    verdict: Verdict::Unmapped {
                        reason: reason.into_owned(),
                    },
                    confidence: 0.0,
                    variables: Vec::new(),
                    emit_sites: Vec::new(),
                };
            }
        };
        let verdict = match (places.len(), places.pop()) {
            (1, Some(statement)) => Verdict::Unique {
                statement,
                evidence,
            },
            (_, last) => {
                places.extend(last);
                Verdict::Ambiguous {
                    candidates: places,
                    evidence,
                }
            }
        };
        let variables = self.match_text(query).map(|found| found.variables);
        let statements = found.places.iter().filter_map(|place| place.statement);
        let emit_sites: BTreeSet<SourceLocation> = statements
            .flat_map(|statement| statement.emit_sites.iter().cloned())
            .collect();
        Answer {
            emit_sites: emit_sites.into_iter().collect(),
            verdict,
            confidence: found.confidence,
            variables: variables.unwrap_or_default(),
        }
    }

    /// The statements whose text fits the message best, by the narrowest of level, target and amount of constant text.
    pub fn match_text(&mut self, query: &Query<'_>) -> Option<TextMatch<'i>> {
        let (fits, rest) = self.fits(query)?;
        let matcher = self.index.matcher();
        let (statements, confidence) = self.statements(&fits);
        Some(TextMatch {
            literal_chars: fits.rank.literal_chars,
            variables: matcher.variables(self.index.statements(), &rest, &fits),
            statements,
            confidence,
        })
    }

    /// The statements that fit, each once, and how sure that is.
    fn statements(&self, fits: &Fits) -> (Vec<&'i LogStatement>, f64) {
        let all = self.index.statements();
        let of = |statement_idx: &usize| &all[*statement_idx];
        let mut statements: Vec<&LogStatement> = fits.statements.iter().map(of).collect();
        // A statement with several texts is still one place.
        statements.dedup_by(|a, b| a.location == b.location);
        let confidence = confidence(fits) / share(statements.len());
        (statements, confidence)
    }

    /// What fits, with the query that found it: the record's, or what is left of it without a prefix.
    fn fits<'q>(&mut self, query: &Query<'q>) -> Option<(Fits, Query<'q>)> {
        let matcher = self.index.matcher();
        let statements = self.index.statements();
        if let Some(fits) = matcher.search(statements, query, &mut self.scratch) {
            return Some((fits, *query));
        }
        self.without_prefix(query).or_else(|| {
            let eliminates = query.eliminates;
            let left = eliminates.then(|| matcher.eliminate(statements, query));
            left.flatten().map(|fits| (fits, *query))
        })
    }

    /// Formats that the reader did not know leave spans and targets in the message: `request{id=3}: a::b: text`.
    fn without_prefix<'q>(&mut self, query: &Query<'q>) -> Option<(Fits, Query<'q>)> {
        let mut rest = *query;
        loop {
            let (head, tail) = split_prefix(rest.message)?;
            if head.contains("::") && !head.contains('{') {
                rest.target = rest.target.or(Some(head));
            }
            rest.message = tail;
            let matcher = self.index.matcher();
            let found = matcher.search(self.index.statements(), &rest, &mut self.scratch);
            if let Some(fits) = found {
                return Some((fits, rest));
            }
        }
    }

    /// Of several statements those whose records may have the exception beneath them that this one has.
    #[cfg(feature = "java")]
    fn by_exception(&self, query: &Query<'_>, mut found: Found<'i>) -> Found<'i> {
        if found.places.len() < 2 {
            return found;
        }
        let Some(thrown) = thrown_in(query.beneath) else {
            return found;
        };
        let index = self.index;
        let may_be = |place: &Place<'i>| {
            let file = index.file(place.path);
            let known = file
                .zip(place.statement)
                .and_then(|(file, statement)| file.beneath_at(&statement.location));
            match known {
                None => true,
                Some(Beneath::Nothing) => false,
                Some(Beneath::Caught(classes)) => {
                    classes.iter().any(|class| may_catch(class, thrown))
                }
            }
        };
        let left: Vec<Place<'i>> = found.places.iter().copied().filter(may_be).collect();
        if !left.is_empty() && left.len() < found.places.len() {
            found.confidence *= share(found.places.len()) / share(left.len());
            found.places = left;
        }
        found
    }

    fn by_text(&mut self, query: &Query<'_>) -> Found<'i> {
        let Some((fits, _)) = self.fits(query) else {
            return Found::unmapped(if self.index.statements().is_empty() {
                "no log statement was found in the source"
            } else {
                "no statement has this text at this level and target"
            });
        };
        let (statements, confidence) = self.statements(&fits);
        if MAX_CANDIDATES < statements.len() {
            return Found::unmapped(format!("{} statements have this text", statements.len()));
        }
        Found {
            places: statements.into_iter().map(Place::from).collect(),
            evidence: Ok(EvidenceKind::Text {
                literal_chars: fits.rank.literal_chars,
            }),
            confidence,
        }
    }
}

impl SourceIndex {
    /// Where a record comes from: by the position that it names, else by its stack frames, else by its text.
    ///
    /// For many records a [`Locator`] is faster.
    pub fn locate(&self, query: &Query<'_>) -> Answer {
        Locator::new(self).locate(query)
    }

    /// The statements whose text fits the message best, by the narrowest of level, target and amount of constant text.
    pub fn match_text(&self, query: &Query<'_>) -> Option<TextMatch<'_>> {
        Locator::new(self).match_text(query)
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

/// What stands before the first `: ` if it is a span or a target, or in brackets at the start, and what follows.
fn split_prefix(text: &str) -> Option<(&str, &str)> {
    if let Some(inner) = text.strip_prefix('[') {
        return inner
            .split_once("] ")
            .filter(|(head, _)| !head.contains('['));
    }
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
