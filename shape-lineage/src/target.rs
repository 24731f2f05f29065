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
        Target::Named(name) => {
            let is_same = name == record || name.contains('.') && is_shortened(record, name);
            is_same.then_some(TargetFit::Same)
        }
        Target::Module(module) if module.is_empty() => Some(TargetFit::Unknown),
        // The libraries write the whole module path: another path is another place.
        Target::Module(module) if record.contains("::") => {
            if record == module {
                Some(TargetFit::Same)
            } else {
                is_around(record, module).then_some(TargetFit::Near)
            }
        }
        // Python names a logger after its module, Java after its class.
        Target::Module(module) if module.contains('.') => fit_dotted(record, module),
        Target::Module(module) => Some(relation(record, module)),
        // A logger of unknown name in a module of the very name is most likely that of the module.
        Target::Unknown(module) if record.contains('.') && is_shortened(record, module) => {
            Some(TargetFit::Same)
        }
        Target::Unknown(module) => Some(relation(record, module).min(TargetFit::Near)),
    }
}

/// The folder searched may lie above or below the packages, and logs shorten names from the left:
/// `o.a.zookeeper.ClientCnxn`, `zookeeper.ClientCnxn`, `ClientCnxn`.
fn fit_dotted(record: &str, module: &str) -> Option<TargetFit> {
    if is_shortened(record, module) || is_shortened(module, record) {
        return Some(TargetFit::Same);
    }
    // The logger of a class may log for those in it, unless those have their own.
    let class = without_inner(module);
    if class != module && is_shortened(record, class) {
        return Some(TargetFit::Near);
    }
    // `Outer$Inner`, `Outer$1`: a class in that of the statement.
    let outer = without_inner(record);
    if outer != record && is_shortened(outer, class) {
        return Some(TargetFit::Near);
    }
    // Another class, or another module.
    let names_a_class = |path: &str| {
        let last = last_part(path);
        last.starts_with(char::is_uppercase) && last.contains(char::is_lowercase)
    };
    let is_other = record.contains('.') || names_a_class(record) && names_a_class(class);
    (!is_other).then_some(TargetFit::Unknown)
}

fn is_shortened(short: &str, long: &str) -> bool {
    let parts = |path| str::rsplit(path, ['.', '$']);
    let mut long_parts = parts(long);
    let mut is_last = true;
    let is_match = parts(short).all(|short| {
        let is_same = long_parts.next().is_some_and(|long| {
            let is_letters = !is_last && !short.is_empty() && short.len() < 3;
            short == long || is_letters && long.starts_with(short)
        });
        is_last = false;
        is_same
    });
    is_match && !short.is_empty()
}

/// Up to the first class: those in it log by its logger.
fn without_inner(path: &str) -> &str {
    let mut end = 0;
    for part in path.split(['.', '$']) {
        end += part.len();
        if part.starts_with(char::is_uppercase) {
            return &path[..end];
        }
        end += 1;
    }
    path
}

/// The part of a target by which to look for it: the class, or the last.
pub(crate) fn last_part(target: &str) -> &str {
    let class = without_inner(target);
    class.rsplit([':', '.', '/', '$']).next().unwrap_or(class)
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
    fn java_names_loggers_after_classes() {
        let check = |record, module: &str, expected| {
            let fit = fit_target(Some(record), &Target::Module(module.to_owned()));
            assert_eq!(fit, expected, "{record} {module}");
        };
        check(
            "org.app.net.Server",
            "org.app.net.Server",
            Some(TargetFit::Same),
        );
        check("o.a.n.Server", "org.app.net.Server", Some(TargetFit::Same));
        check("net.Server", "org.app.net.Server", Some(TargetFit::Same));
        check("Server", "org.app.net.Server", Some(TargetFit::Same));
        check("Server", "org.app.net.Server.Sender", Some(TargetFit::Near));
        check(
            "Server$Sender",
            "org.app.net.Server.Sender",
            Some(TargetFit::Same),
        );
        check("Server$Sender", "org.app.net.Server", Some(TargetFit::Near));
        check("Sender", "org.app.net.Server.Sender", Some(TargetFit::Same));
        check("org.app.net.Other", "org.app.net.Server", None);
        check("o.b.n.Server", "org.app.net.Server", None);
        check("main", "org.app.net.Server", Some(TargetFit::Unknown));
        check("Client", "org.app.net.Server", None);
        assert_eq!(last_part("org.app.Server$Sender"), "Server");
        assert_eq!(last_part("a::b::c"), "c");
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
