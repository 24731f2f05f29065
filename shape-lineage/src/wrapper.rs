//! Functions that hand a text on to a logger, and who calls them.

use std::collections::BTreeMap;

use shape_telemetry::{Level, SourceLocation};

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
#[derive(Debug)]
struct Wrapper {
    class: String,
    place: SourceLocation,
    level: Option<Level>,
    before: MessageTemplate,
    after: MessageTemplate,
}

impl Wrappers {
    pub(crate) fn define(&mut self, wrapper: RawWrapper, place: SourceLocation) {
        let known = self.known.entry(wrapper.name).or_default();
        known.push(Wrapper {
            class: wrapper.class,
            place,
            level: wrapper.level,
            before: wrapper.before,
            after: wrapper.after,
        });
    }

    pub(crate) fn call(&mut self, place: SourceLocation, call: WrapperCall) {
        self.calls.insert(place, call);
    }

    /// Says of each statement that calls a wrapper where its records are written.
    pub(crate) fn resolve(self, statements: &mut Vec<LogStatement>) {
        statements.retain_mut(|statement| {
            let Some(call) = self.calls.get(&statement.location) else {
                return true;
            };
            let nearest = self.nearest(call, &statement.location.path);
            if let [wrapper] = nearest.as_slice() {
                statement.level = statement.level.or(wrapper.level);
                let mut message = wrapper.before.clone();
                if !call.gives_logger {
                    message.push_template(&statement.message);
                    message.push_template(&wrapper.after);
                }
                statement.message = message;
            }
            statement.emit_sites = nearest
                .into_iter()
                .map(|wrapper| wrapper.place.clone())
                .collect();
            !call.is_required || !statement.emit_sites.is_empty()
        });
    }

    /// The log calls of the nearest wrappers of that name: in the same class, the same file, the same package.
    fn nearest(&self, call: &WrapperCall, path: &str) -> Vec<&Wrapper> {
        let known = self.known.get(&call.name).map_or(&[][..], Vec::as_slice);
        let nearness = |wrapper: &Wrapper| {
            let is_same_file = wrapper.place.path == path;
            let is_same_class = call.class.as_ref() == Some(&wrapper.class);
            (
                is_same_file,
                is_same_file && is_same_class,
                shared_folders(&wrapper.place.path, path),
            )
        };
        let may_be = |wrapper: &&Wrapper| match &call.only_in {
            None => true,
            Some(OnlyIn::File) => wrapper.place.path == path,
            Some(OnlyIn::Stem(name)) => {
                let place = wrapper.place.path.as_str();
                let package = place.strip_suffix("/__init__.py").unwrap_or(place);
                stem(package) == name
            }
            Some(OnlyIn::Around) => {
                let folder = |path: &str| {
                    path.rsplit_once('/')
                        .map(|(folder, _)| format!("{folder}/"))
                };
                folder(&wrapper.place.path).is_some_and(|folder| path.starts_with(&folder))
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
        known
            .into_iter()
            .filter(|wrapper| Some(nearness(wrapper)) == nearest)
            .collect()
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
