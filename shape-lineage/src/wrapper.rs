//! Functions that hand a text on to a logger, and who calls them.

use std::collections::BTreeMap;

use shape_telemetry::{Level, SourceLocation};

#[cfg(feature = "syntax")]
use crate::extract::percent_format;
use crate::{
    LogStatement, MessageTemplate,
    extract::{OnlyIn, RawWrapper, WrapperCall},
    place::stem,
};

/// The wrappers of all files and the calls of them, to be joined when all files are read.
#[derive(Debug, Default)]
pub(crate) struct Wrappers {
    /// By name.
    known: BTreeMap<String, Vec<Wrapper>>,
    calls: BTreeMap<SourceLocation, WrapperCall>,
}

/// A log call in a wrapper.
#[derive(Clone, Debug)]
struct Wrapper {
    class: String,
    /// The file that defines it.
    path: String,
    place: SourceLocation,
    level: Option<Level>,
    before: MessageTemplate,
    after: MessageTemplate,
    n_parameters: Option<usize>,
    only_if: Option<(usize, bool)>,
    formats: bool,
    is_of_jul: bool,
    /// The wrapper that it hands its text on to.
    via: Option<WrapperCall>,
}

/// Wrappers of wrappers of wrappers are followed this far.
const MAX_CHAIN: usize = 5;

/// Whether a class inherits from another, by their full names.
pub(crate) type Inherits<'a> = &'a dyn Fn(&str, &str) -> bool;

impl Wrappers {
    pub(crate) fn define(&mut self, wrapper: RawWrapper, place: SourceLocation) {
        let known = self.known.entry(wrapper.name).or_default();
        known.push(Wrapper {
            class: wrapper.class,
            path: place.path.clone(),
            place,
            level: wrapper.level,
            before: wrapper.before,
            after: wrapper.after,
            n_parameters: wrapper.n_parameters,
            only_if: wrapper.only_if,
            formats: wrapper.formats,
            is_of_jul: wrapper.is_of_jul,
            via: wrapper.via,
        });
    }

    pub(crate) fn call(&mut self, place: SourceLocation, call: WrapperCall) {
        self.calls.insert(place, call);
    }

    /// Says of each statement that calls a wrapper where its records are written.
    pub(crate) fn resolve(mut self, statements: &mut Vec<LogStatement>, inherits: Inherits<'_>) {
        self.follow(inherits);
        statements.retain_mut(|statement| {
            let Some(call) = self.calls.get(&statement.location) else {
                return true;
            };
            let nearest = self.nearest(call, &statement.location.path, inherits);
            if let [wrapper] = nearest.as_slice() {
                // A facade says what its levels are to the library beneath.
                statement.level = if wrapper.is_of_jul && !call.is_required {
                    wrapper.level.or(statement.level)
                } else {
                    statement.level.or(wrapper.level)
                };
                let mut message = wrapper.before.clone();
                #[cfg(feature = "syntax")]
                if wrapper.formats {
                    statement.message = percent_format(&statement.message);
                }
                if !call.gives_logger {
                    message.push_template(&statement.message);
                }
                message.push_template(&wrapper.after);
                statement.message = message;
            }
            statement.emit_sites = nearest
                .into_iter()
                .map(|wrapper| wrapper.place.clone())
                .collect();
            !call.is_required || !statement.emit_sites.is_empty()
        });
    }

    /// Puts in the place of wrappers that call others what those do.
    fn follow(&mut self, inherits: Inherits<'_>) {
        for _ in 0..MAX_CHAIN {
            let mut followed: Vec<(String, usize, Vec<Wrapper>)> = Vec::new();
            for (name, wrappers) in &self.known {
                for (idx, wrapper) in wrappers.iter().enumerate() {
                    let Some(call) = &wrapper.via else { continue };
                    let ends = self.nearest(call, &wrapper.path, inherits);
                    if ends.iter().any(|end| end.via.is_some()) {
                        continue;
                    }
                    let ends = ends.into_iter().map(|end| wrapper.ending_in(end, call));
                    followed.push((name.clone(), idx, ends.collect()));
                }
            }
            if followed.is_empty() {
                break;
            }
            // From the last on, so that the numbers of those before stay what they are.
            for (name, idx, ends) in followed.into_iter().rev() {
                if let Some(wrappers) = self.known.get_mut(&name) {
                    wrappers.splice(idx..=idx, ends);
                }
            }
        }
        for wrappers in self.known.values_mut() {
            wrappers.retain(|wrapper| wrapper.via.is_none());
        }
    }

    /// The log calls of the nearest wrappers of that name: in the same class, the same file, the same package.
    fn nearest(&self, call: &WrapperCall, path: &str, inherits: Inherits<'_>) -> Vec<&Wrapper> {
        // Only in Java a call may be one of a wrapper that its class inherits.
        #[cfg(not(feature = "java"))]
        let _ = inherits;
        let known = self.known.get(&call.name).map_or(&[][..], Vec::as_slice);
        let nearness = |wrapper: &Wrapper| {
            let is_same_file = wrapper.path == path;
            let is_same_class = call.class.as_ref() == Some(&wrapper.class);
            (
                is_same_file,
                is_same_file && is_same_class,
                shared_folders(&wrapper.path, path),
            )
        };
        let may_be = |wrapper: &&Wrapper| match &call.only_in {
            None => true,
            Some(OnlyIn::File) => wrapper.path == path,
            #[cfg(feature = "java")]
            Some(OnlyIn::Inherited) => {
                let own = call.class.as_deref().unwrap_or_default();
                wrapper.path == path || inherits(own, &wrapper.class)
            }
            #[cfg(feature = "java")]
            Some(OnlyIn::OfType(class)) => wrapper.is_of_jul && inherits(&wrapper.class, class),
            Some(OnlyIn::Stem(name)) => {
                let place = wrapper.path.as_str();
                let package = place.strip_suffix("/__init__.py").unwrap_or(place);
                stem(package) == name
            }
            Some(OnlyIn::Around) => {
                let folder = |path: &str| {
                    path.rsplit_once('/')
                        .map(|(folder, _)| format!("{folder}/"))
                };
                folder(&wrapper.path).is_some_and(|folder| path.starts_with(&folder))
            }
            Some(OnlyIn::Class(name)) => wrapper.class.rsplit('.').next() == Some(name),
        };
        let known: Vec<&Wrapper> = known.iter().filter(may_be).collect();
        let nearest = known
            .iter()
            .map(|wrapper| nearness(wrapper))
            // A wrapper of another package is another function.
            .filter(|(is_same_file, _, n_folders)| *is_same_file || 0 < *n_folders)
            .max();
        let mut known: Vec<&Wrapper> = known
            .into_iter()
            .filter(|wrapper| Some(nearness(wrapper)) == nearest)
            .collect();
        let fits = |wrapper: &&Wrapper| wrapper.n_parameters == call.n_arguments;
        if known.iter().any(fits) {
            known.retain(fits);
        }
        let may_run = |wrapper: &&Wrapper| {
            wrapper
                .only_if
                .is_none_or(|(idx, is_null)| call.nulls.contains(&idx) == is_null)
        };
        if call.n_arguments.is_some() && known.iter().any(may_run) {
            known.retain(may_run);
        }
        #[cfg(feature = "java")]
        if matches!(call.only_in, Some(OnlyIn::OfType(_)))
            && known.iter().any(|wrapper| wrapper.class != known[0].class)
        {
            known.clear();
        }
        known
    }
}

impl Wrapper {
    /// This wrapper, which calls that one, as one that logs where that one does.
    fn ending_in(&self, end: &Self, call: &WrapperCall) -> Self {
        let mut before = end.before.clone();
        let mut after = MessageTemplate::default();
        if !call.gives_logger {
            before.push_template(&self.before);
            after.push_template(&self.after);
        }
        after.push_template(&end.after);
        Self {
            place: end.place.clone(),
            level: self.level.or(end.level),
            formats: self.formats || end.formats,
            is_of_jul: end.is_of_jul,
            before,
            after,
            via: None,
            ..self.clone()
        }
    }
}

/// How many folders two paths have in common, from the left.
fn shared_folders(a: &str, b: &str) -> usize {
    let folders = |path: &str| path.matches('/').count();
    a.split('/')
        .zip(b.split('/'))
        .take_while(|(a, b)| a == b)
        .count()
        .min(folders(a))
        .min(folders(b))
}
