//! Whether a record's target and a statement's target go together.

use crate::Target;

/// How well targets go together; larger is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TargetFit {
    /// Nothing known speaks for or against it.
    Unknown,
    /// The record names a part of the module, or the crate.
    Related,
    /// The record names a module around the statement's, or its last part.
    Near,
    /// The record names the statement's target.
    Same,
}

/// How well they go together; `None` when they can not.
pub(crate) fn fit_target(record: Option<&str>, statement: &Target) -> Option<TargetFit> {
    let Some(record) = record else {
        return Some(TargetFit::Unknown);
    };
    match statement {
        Target::Named(name) => (name == record).then_some(TargetFit::Same),
        Target::Module(module) if module.is_empty() => Some(TargetFit::Unknown),
        // The libraries write the whole module path: another path is another place.
        Target::Module(module) if record.contains("::") => {
            if record == module {
                Some(TargetFit::Same)
            } else {
                is_around(record, module).then_some(TargetFit::Near)
            }
        }
        // Python names a logger after its module; the folder searched may lie above or below the packages.
        Target::Module(module) if module.contains('.') => {
            if ends_with(module, record) || ends_with(record, module) {
                Some(TargetFit::Same)
            } else {
                (!record.contains('.')).then_some(TargetFit::Unknown)
            }
        }
        Target::Module(module) => Some(relation(record, module)),
        Target::Unknown(module) => Some(relation(record, module).min(TargetFit::Near)),
    }
}

fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether one module lies in the other.
fn is_around(a: &str, b: &str) -> bool {
    let (outer, inner) = if a.len() < b.len() { (a, b) } else { (b, a) };
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.starts_with("::") || rest.starts_with('.'))
}

fn relation(record: &str, module: &str) -> TargetFit {
    if record == module {
        return TargetFit::Same;
    }
    if module.is_empty() {
        return TargetFit::Unknown;
    }
    let parts = |path| {
        let all = str::split(path, [':', '.', '/', '$']);
        all.filter(|part: &&str| !part.is_empty())
    };
    let same = |a: Option<&str>, b: Option<&str>| match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a == b,
    };
    let last = parts(record).next_back();
    let is_single = parts(record).count() == 1;
    let same_last = last.is_some() && same(last, parts(module).next_back());
    if is_around(record, module) || same_last && is_single {
        TargetFit::Near
    } else if parts(module).any(|part| same(last, Some(part)))
        || same(parts(record).next(), parts(module).next())
    {
        TargetFit::Related
    } else {
        TargetFit::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_narrow_the_search() {
        let check = |record, module: &str, sure, unsure| {
            let record = Some(record);
            assert_eq!(fit_target(record, &Target::Module(module.to_owned())), sure);
            assert_eq!(
                fit_target(record, &Target::Unknown(module.to_owned())),
                Some(unsure)
            );
        };
        check("a::b", "a::b", Some(TargetFit::Same), TargetFit::Near);
        check("a::b", "a::b::c", Some(TargetFit::Near), TargetFit::Near);
        check("a::b", "a::c", None, TargetFit::Related);
        check("a::b", "x::y", None, TargetFit::Unknown);
        check("b", "a::b", Some(TargetFit::Near), TargetFit::Near);
        check("sshd", "a::b", Some(TargetFit::Unknown), TargetFit::Unknown);
    }

    #[test]
    fn python_names_loggers_after_modules() {
        let check = |record, module: &str, expected| {
            let fit = fit_target(Some(record), &Target::Module(module.to_owned()));
            assert_eq!(fit, expected, "{record} {module}");
        };
        check("web.app", "web.app", Some(TargetFit::Same));
        check("web.app", "lib.web.app", Some(TargetFit::Same));
        check("lib.web.app", "web.app", Some(TargetFit::Same));
        check("web.other", "web.app", None);
        check("web.app.x", "web.app", None);
        check("__main__", "web.app", Some(TargetFit::Unknown));
    }
}
