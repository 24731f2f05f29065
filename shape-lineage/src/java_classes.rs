//! Whose loggers the variables of Java hold, when all classes are known.

use std::collections::{BTreeMap, BTreeSet};

use shape_telemetry::SourceLocation;

use crate::{
    LogStatement, Target,
    extract::{Argument, ClassFacts, LoggerSource},
};

/// A statement is listed once for each logger that it may write to; with more than this its logger is unknown.
const MAX_TARGETS: usize = 32;

/// The classes of all files and the statements that log by a variable of theirs, to be joined when all files are read.
#[derive(Debug, Default)]
pub(crate) struct JavaClasses {
    classes: BTreeMap<String, ClassFacts>,
    /// Full names by their last parts.
    by_last: BTreeMap<String, BTreeSet<String>>,
    /// The class and variable by which a statement logs.
    held: BTreeMap<SourceLocation, Held>,
    /// The loggers that constructors are given.
    given: BTreeMap<(String, Argument), BTreeSet<LoggerSource>>,
    /// The classes that extend or implement one; anonymous ones end with `$`.
    heirs: BTreeMap<String, BTreeSet<String>>,
}

/// The variable by which a statement logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Held {
    pub(crate) class: String,
    pub(crate) variable: String,
    /// Whether it is a logger even if nothing is known of it.
    pub(crate) is_sure: bool,
}

impl JavaClasses {
    pub(crate) fn add(&mut self, facts: ClassFacts) {
        let last = last_name(&facts.name).to_owned();
        let by_last = self.by_last.entry(last).or_default();
        by_last.insert(facts.name.clone());
        let known = self.classes.entry(facts.name.clone()).or_default();
        // A class may be there more than once: in a test, in another version.
        for (variable, sources) in facts.loggers {
            known.loggers.entry(variable).or_default().extend(sources);
        }
        known.given.extend(facts.given);
        known.types.extend(facts.types);
        known.private.extend(facts.private);
        for parent in facts.parents {
            if !known.parents.contains(&parent) {
                known.parents.push(parent);
            }
        }
    }

    /// Notes that a statement logs by a variable of a class.
    pub(crate) fn holds(&mut self, place: SourceLocation, held: Held) {
        self.held.insert(place, held);
    }

    /// Gives the statements the loggers that they write to, after [`Self::join`].
    pub(crate) fn resolve(self, statements: &mut Vec<LogStatement>) {
        let mut known: BTreeMap<Held, BTreeSet<Target>> = BTreeMap::new();
        let mut resolved = Vec::with_capacity(statements.len());
        for mut statement in statements.drain(..) {
            // Where a wrapper says nothing of a logger, it is that of the log call in it.
            let by_wrapper = match statement.emit_sites.as_slice() {
                [only] => self.held.get(only),
                _ => None,
            };
            let Some(held) = self.held.get(&statement.location).or(by_wrapper) else {
                resolved.push(statement);
                continue;
            };
            let targets = known
                .entry(held.clone())
                .or_insert_with(|| self.targets(&held.class, &held.variable));
            let mut targets = targets.iter();
            if let Some(last) = targets.next_back() {
                for target in targets {
                    resolved.push(LogStatement {
                        target: target.clone(),
                        ..statement.clone()
                    });
                }
                statement.target = last.clone();
            } else if !held.is_sure {
                continue;
            }
            resolved.push(statement);
        }
        *statements = resolved;
    }

    /// What is known of classes by others: their heirs, and what their constructors are given.
    pub(crate) fn join(&mut self) {
        let mut heirs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut given: BTreeMap<(String, Argument), BTreeSet<LoggerSource>> = BTreeMap::new();
        for (name, class) in &self.classes {
            for parent in &class.parents {
                if let Some(parent) = self.find(parent) {
                    heirs
                        .entry(parent.to_owned())
                        .or_default()
                        .insert(name.clone());
                }
            }
            for one in &class.given {
                if let Some(class) = self.find(&one.class) {
                    given
                        .entry((class.to_owned(), one.argument))
                        .or_default()
                        .insert(one.logger.clone());
                }
            }
        }
        self.heirs = heirs;
        self.given = given;
    }

    /// The class that a name means: the one of that name, or the only one whose name ends so.
    fn find<'c>(&'c self, name: &'c str) -> Option<&'c str> {
        if self.classes.contains_key(name) {
            return Some(name);
        }
        let mut found = self.by_last.get(last_name(name))?.iter();
        match (found.next(), found.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// The targets of what a variable of a class logs; empty where nothing is known.
    fn targets(&self, class: &str, variable: &str) -> BTreeSet<Target> {
        let mut open = vec![LoggerSource::Variable(
            class.to_owned(),
            variable.to_owned(),
        )];
        let mut seen: BTreeSet<LoggerSource> = open.iter().cloned().collect();
        let mut targets = BTreeSet::new();
        let mut is_all = true;
        while let Some(source) = open.pop() {
            let more: Vec<LoggerSource> = match source {
                LoggerSource::Class(name) => {
                    let full = self.find(&name).unwrap_or(&name);
                    targets.insert(Target::Module(full.to_owned()));
                    continue;
                }
                LoggerSource::Named(name) => {
                    targets.insert(Target::Named(name));
                    continue;
                }
                LoggerSource::Instance(class) => {
                    let (heirs, is_whole) = self.all_heirs(&class);
                    targets.insert(Target::Module(class));
                    targets.extend(heirs.into_iter().map(Target::Module));
                    is_all &= is_whole;
                    continue;
                }
                LoggerSource::Unknown => Vec::new(),
                LoggerSource::Argument(class, argument) => {
                    let given = self.given.get(&(class, argument));
                    given.into_iter().flatten().cloned().collect()
                }
                LoggerSource::Variable(class, variable) => self.held_by(&class, &variable),
            };
            is_all &= !more.is_empty();
            let new = more
                .into_iter()
                .filter(|source| seen.insert(source.clone()));
            open.extend(new);
        }
        if targets.is_empty() || MAX_TARGETS < targets.len() {
            return BTreeSet::new();
        }
        if !is_all {
            targets.insert(Target::Unknown(class.to_owned()));
        }
        targets
    }

    /// What a variable holds that a class, what it inherits from, or a class around it declares.
    fn held_by(&self, class: &str, variable: &str) -> Vec<LoggerSource> {
        let mut around = self.find(class);
        while let Some(class) = around {
            let own = class;
            let mut open = vec![own];
            let mut seen = BTreeSet::new();
            while let Some(class) = open.pop() {
                if !seen.insert(class) {
                    continue;
                }
                let Some(facts) = self.classes.get(class) else {
                    continue;
                };
                let is_seen = class == own || !facts.private.contains(variable);
                if let Some(sources) = facts.loggers.get(variable).filter(|_| is_seen) {
                    // An abstract method, or a field that heirs set: it is theirs.
                    if sources.is_empty() {
                        let (heirs, _) = self.all_heirs(class);
                        let heirs = heirs.iter().filter_map(|heir| self.classes.get(heir));
                        let theirs = heirs.filter_map(|heir| heir.loggers.get(variable));
                        return theirs.flatten().cloned().collect();
                    }
                    return sources.iter().cloned().collect();
                }
                let parents = facts.parents.iter().rev();
                open.extend(parents.filter_map(|parent| self.find(parent)));
            }
            around = class
                .rsplit_once('.')
                .map(|(outer, _)| outer)
                .filter(|outer| self.classes.contains_key(*outer));
        }
        Vec::new()
    }

    /// Whether a class, or one around it, inherits from another.
    pub(crate) fn inherits(&self, class: &str, parent: &str) -> bool {
        let mut around = Some(class);
        while let Some(class) = around {
            let mut open = vec![class];
            let mut seen = BTreeSet::new();
            while let Some(class) = open.pop() {
                if class == parent {
                    return true;
                }
                if seen.insert(class)
                    && let Some(facts) = self.classes.get(class)
                {
                    let parents = facts.parents.iter();
                    open.extend(parents.filter_map(|parent| self.find(parent)));
                }
            }
            around = class.rsplit_once('.').map(|(outer, _)| outer);
        }
        false
    }

    /// The classes that inherit from one, and whether all of them have names.
    fn all_heirs(&self, class: &str) -> (BTreeSet<String>, bool) {
        let mut found = BTreeSet::new();
        let mut is_whole = true;
        let mut open = vec![class];
        while let Some(class) = open.pop() {
            for heir in self.heirs.get(class).into_iter().flatten() {
                if heir.ends_with('$') {
                    is_whole = false;
                } else if found.insert(heir.clone()) {
                    open.push(heir);
                }
            }
        }
        (found, is_whole)
    }
}

fn last_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
