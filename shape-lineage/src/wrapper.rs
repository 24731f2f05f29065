//! Functions that hand a text on to a logger, and who calls them.

use std::collections::BTreeMap;

use shape_telemetry::SourceLocation;

use crate::{
    LogStatement,
    extract::{RawWrapper, WrapperCall},
};

/// The wrappers of all files and the calls of them, to be joined when all files are read.
#[derive(Debug, Default)]
pub(crate) struct Wrappers {
    /// By name: the class and the log call in it.
    known: BTreeMap<String, Vec<(String, SourceLocation)>>,
    calls: BTreeMap<SourceLocation, WrapperCall>,
}

impl Wrappers {
    pub(crate) fn define(&mut self, wrapper: RawWrapper, place: SourceLocation) {
        let known = self.known.entry(wrapper.name).or_default();
        known.push((wrapper.class, place));
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
            statement.emit_sites = self.emit_sites(call, &statement.location.path);
            !call.is_required || !statement.emit_sites.is_empty()
        });
    }

    /// The log calls of the nearest wrappers of that name: in the same class, the same file, the same package.
    fn emit_sites(&self, call: &WrapperCall, path: &str) -> Vec<SourceLocation> {
        let known = self.known.get(&call.name).map_or(&[][..], Vec::as_slice);
        let nearness = |class: &str, place: &SourceLocation| {
            let is_same_file = place.path == path;
            let is_same_class = call.class.as_deref() == Some(class);
            (
                is_same_file,
                is_same_file && is_same_class,
                shared_folders(&place.path, path),
            )
        };
        let nearest = known
            .iter()
            .map(|(class, place)| nearness(class, place))
            // A wrapper of another package is another function.
            .filter(|(is_same_file, _, n_folders)| *is_same_file || 0 < *n_folders)
            .max();
        known
            .iter()
            .filter(|(class, place)| Some(nearness(class, place)) == nearest)
            .map(|(_, place)| place.clone())
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
